"""A glass-box reverse-mode automatic differentiation engine: every number can be seen."""

from typing import TYPE_CHECKING

from autograd._compiler.compile import compile as compile
from autograd._compiler.compile import pure
from autograd._compiler.fresh import fresh
from autograd._compiler.replay.assign import assign
from autograd._compiler.replay.block import block, blocked, is_own
from autograd._core.declare import primitive
from autograd._core.modes import detect_anomaly, no_grad
from autograd._core.node import Node
from autograd._core.order import topological_sort
from autograd._core.primitive import TABLE, Primitive
from autograd._core.tracing import CompileError, compiling, validate
from autograd._core.trees import deeper
from autograd._grad.backward import backward
from autograd._grad.directions import elementwise_grad, hvp, jvp
from autograd._grad.leaves import Leaves
from autograd._grad.transforms import grad, hessian, jacobian, value_and_grad, vjp
from autograd._nodes.tensor import Tensor
from autograd._nodes.value import Value
from autograd._ops.activations import *
from autograd._ops.arrange import *
from autograd._ops.convolution import *
from autograd._ops.decompositions import *
from autograd._ops.derived import *
from autograd._ops.elementwise import *
from autograd._ops.facts import *
from autograd._ops.functions import *
from autograd._ops.linalg import *
from autograd._ops.manipulation import *
from autograd._ops.matrices import *
from autograd._ops.products import *
from autograd._ops.sorting import *
from autograd._ops.special import *
from autograd._ops.statistical import *
from autograd._views import cell as _cell  # noqa: F401 - a notebook shows a node by its drawing

from ._ops import activations as _activations
from ._ops import arrange as _arrange
from ._ops import convolution as _convolution
from ._ops import decompositions as _decompositions
from ._ops import derived as _derived
from ._ops import elementwise as _elementwise
from ._ops import facts as _facts
from ._ops import functions as _functions
from ._ops import keywords as _keywords  # noqa: F401 - gives rows the keywords of NumPy's functions
from ._ops import linalg as _linalg
from ._ops import manipulation as _manipulation
from ._ops import matrices as _matrices
from ._ops import products as _products
from ._ops import sorting as _sorting
from ._ops import special as _special
from ._ops import statistical as _statistical

# Not in __all__: `import *` must not replace Python's own.
abs, pow, round = _elementwise.abs_, _elementwise.pow_, _elementwise.rounded
any, all = _facts.any_, _facts.all_
max, min, sum = _statistical.max_, _statistical.min_, _statistical.sum_
# Parts of derivatives: seen in graphs of second derivatives and in compiled code.
tanh_slope, sigmoid_slope, atan_slope = _elementwise.tanh_slope, _elementwise.sigmoid_slope, _elementwise.atan_slope
slogdet_parts, qr_parts = _decompositions.slogdet_parts, _decompositions.qr_parts
eigh_parts, svd_parts = _decompositions.eigh_parts, _decompositions.svd_parts
erf_slope, sinc_slope = _special.erf_slope, _special.sinc_slope
order, sorted_by = _sorting.order, _sorting.sorted_by
softmax_centered, log_softmax_back = _statistical.softmax_centered, _statistical.log_softmax_back

if TYPE_CHECKING:
    from autograd._checks.gradcheck import gradcheck, gradcheck_module
    from autograd._compiler.replay.replay import Replay
    from autograd._compiler.replay.whole import WholeStep
    from autograd._views.draw.draw import draw
    from autograd._views.explain.explain import explain
    from autograd._views.live.live import live
    from autograd._views.steps.steps import steps
    from autograd.picture.drawing import Drawing

    __version__: str
else:
    _LATER = {
        "Drawing": "picture.drawing", "Replay": "_compiler.replay.replay", "WholeStep": "_compiler.replay.whole",
        "draw": "_views.draw.draw", "explain": "_views.explain.explain", "gradcheck": "_checks.gradcheck",
        "gradcheck_module": "_checks.gradcheck", "live": "_views.live.live", "steps": "_views.steps.steps",
    }  # fmt: skip
    """What is imported when somebody asks for it: views, checks and the compiler are half of the package."""

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name in _LATER:
            globals()[name] = found = getattr(import_module(f"autograd.{_LATER[name]}"), name)
            return found
        if name in ("fft", "linalg", "special", "stats"):
            return import_module(f"autograd.{name}")
        if name == "__version__":
            # Its library takes as long to import as this package.
            from importlib.metadata import PackageNotFoundError, version

            try:
                return version("glassgrad")
            except PackageNotFoundError:
                # A checkout that was never installed.
                return "unknown"
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *_LATER})


__all__ = [
    "TABLE", "CompileError", "Drawing", "Leaves", "Node", "Primitive", "Replay", "Tensor", "Value", "WholeStep",
    "assign", "backward", "block", "blocked", "compiling", "deeper", "detect_anomaly", "draw", "elementwise_grad",
    "explain", "fresh", "grad", "gradcheck", "gradcheck_module", "hessian", "hvp", "is_own", "jacobian", "jvp", "live",
    "no_grad", "primitive", "pure", "steps", "topological_sort", "validate", "value_and_grad", "vjp",
]  # fmt: skip
__all__ += _activations.__all__
__all__ += _arrange.__all__
__all__ += _convolution.__all__
__all__ += _decompositions.__all__
__all__ += _derived.__all__
__all__ += _elementwise.__all__
__all__ += _facts.__all__
__all__ += _functions.__all__
__all__ += _linalg.__all__
__all__ += _manipulation.__all__
__all__ += [name for name in _matrices.__all__ if name not in __all__]
__all__ += _products.__all__
__all__ += _sorting.__all__
__all__ += _special.__all__
__all__ += _statistical.__all__

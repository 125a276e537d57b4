"""A glass-box reverse-mode automatic differentiation engine: every number can be seen."""

from typing import TYPE_CHECKING

from autograd._checks.gradcheck import gradcheck, gradcheck_module
from autograd._compiler.compile import compile as compile
from autograd._compiler.fresh import fresh
from autograd._compiler.replay.assign import assign
from autograd._compiler.replay.block import block, blocked, is_own
from autograd._compiler.replay.replay import Replay
from autograd._core.declare import primitive
from autograd._core.modes import detect_anomaly, no_grad
from autograd._core.node import Node
from autograd._core.order import topological_sort
from autograd._core.primitive import TABLE, Primitive
from autograd._core.tracing import CompileError, compiling, validate
from autograd._core.trees import deeper
from autograd._grad.backward import backward
from autograd._grad.transforms import grad, hessian, hvp, jacobian, value_and_grad, vjp
from autograd._nodes.tensor import Tensor
from autograd._nodes.value import Value
from autograd._ops.activations import elu, gelu, leaky_relu, log_softmax, log_sum_exp, silu, softmax, take
from autograd._ops.convolution import conv, conv_input, conv_weight, overlap_add, windows
from autograd._ops.elementwise import (
    add,
    atan,
    ceil,
    clip,
    cos,
    cosh,
    divide,
    equal,
    exp,
    expm1,
    floor,
    greater,
    greater_equal,
    less,
    less_equal,
    log,
    log1p,
    maximum,
    minimum,
    multiply,
    negative,
    not_equal,
    positive,
    relu,
    sigmoid,
    sign,
    sin,
    sinh,
    softplus,
    sqrt,
    square,
    subtract,
    tan,
    tanh,
    trunc,
    weighted_sum,
    where,
)
from autograd._ops.linalg import matmul, matrix_transpose
from autograd._ops.manipulation import (
    astype,
    broadcast_to,
    concat,
    expand_dims,
    getitem,
    item,
    pad,
    permute_dims,
    reshape,
    scatter,
    squeeze,
    stack,
)
from autograd._ops.statistical import centered, cumsum, logsumexp, mean, norm, prod, std, var
from autograd._views.draw.draw import draw
from autograd._views.explain.explain import explain
from autograd._views.steps.steps import steps
from autograd.picture.drawing import Drawing

from ._ops import elementwise as _elementwise
from ._ops import statistical as _statistical

# Not in __all__: `import *` must not replace Python's own.
abs, pow, round = _elementwise.abs_, _elementwise.pow_, _elementwise.round_
max, min, sum = _statistical.max_, _statistical.min_, _statistical.sum_
# Parts of derivatives: seen in graphs of second derivatives and in compiled code.
tanh_slope, sigmoid_slope, atan_slope = _elementwise.tanh_slope, _elementwise.sigmoid_slope, _elementwise.atan_slope
softmax_centered, log_softmax_back = _statistical.softmax_centered, _statistical.log_softmax_back

if TYPE_CHECKING:
    __version__: str
else:

    def __getattr__(name: str) -> str:
        """Look the version up when it is asked for: what can do so takes as long to import as all of this."""
        if name == "__version__":
            from importlib.metadata import PackageNotFoundError, version

            try:
                return version("glassgrad")
            except PackageNotFoundError:
                # A checkout that was never installed.
                return "unknown"
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "TABLE",
    "CompileError",
    "Drawing",
    "Node",
    "Primitive",
    "Replay",
    "Tensor",
    "Value",
    "add",
    "assign",
    "astype",
    "atan",
    "backward",
    "block",
    "blocked",
    "broadcast_to",
    "ceil",
    "centered",
    "clip",
    "compiling",
    "concat",
    "conv",
    "conv_input",
    "conv_weight",
    "cos",
    "cosh",
    "cumsum",
    "deeper",
    "detect_anomaly",
    "divide",
    "draw",
    "elu",
    "equal",
    "exp",
    "expand_dims",
    "explain",
    "expm1",
    "floor",
    "fresh",
    "gelu",
    "getitem",
    "grad",
    "gradcheck",
    "gradcheck_module",
    "greater",
    "greater_equal",
    "hessian",
    "hvp",
    "is_own",
    "item",
    "jacobian",
    "leaky_relu",
    "less",
    "less_equal",
    "log",
    "log1p",
    "log_softmax",
    "log_sum_exp",
    "logsumexp",
    "matmul",
    "matrix_transpose",
    "maximum",
    "mean",
    "minimum",
    "multiply",
    "negative",
    "no_grad",
    "norm",
    "not_equal",
    "overlap_add",
    "pad",
    "permute_dims",
    "positive",
    "primitive",
    "prod",
    "relu",
    "reshape",
    "scatter",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "sinh",
    "softmax",
    "softplus",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "steps",
    "subtract",
    "take",
    "tan",
    "tanh",
    "topological_sort",
    "trunc",
    "validate",
    "value_and_grad",
    "var",
    "vjp",
    "weighted_sum",
    "where",
    "windows",
]

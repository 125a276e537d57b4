"""A glass-box reverse-mode automatic differentiation engine: every number can be seen."""

from typing import TYPE_CHECKING

from . import _arrays, _compile, _elementwise
from ._arrays import (
    astype,
    broadcast_to,
    centered,
    concat,
    cumsum,
    expand_dims,
    getitem,
    item,
    logsumexp,
    matmul,
    matrix_transpose,
    mean,
    norm,
    pad,
    permute_dims,
    prod,
    reshape,
    scatter,
    squeeze,
    stack,
    std,
    var,
)
from ._backward import (
    backward,
    topological_sort,
)
from ._block import (
    block,
    blocked,
    is_own,
)
from ._draw import (
    draw,
)
from ._drawing import (
    Drawing,
)
from ._elementwise import (
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
from ._explain import (
    explain,
)
from ._fresh import fresh
from ._functional import (
    grad,
    hessian,
    hvp,
    jacobian,
    value_and_grad,
    vjp,
)
from ._functions import (
    elu,
    gelu,
    leaky_relu,
    log_softmax,
    log_sum_exp,
    silu,
    softmax,
    take,
)
from ._gradcheck import (
    gradcheck,
    gradcheck_module,
)
from ._modes import (
    detect_anomaly,
    no_grad,
)
from ._node import (
    Node,
)
from ._primitive import (
    TABLE,
    Primitive,
    primitive,
)
from ._replay import (
    Replay,
    assign,
)
from ._steps import (
    steps,
)
from ._tensor import (
    Tensor,
)
from ._tracing import (
    CompileError,
    compiling,
    validate,
)
from ._trees import (
    deeper,
)
from ._value import (
    Value,
)
from ._windows import (
    conv,
    conv_input,
    conv_weight,
    overlap_add,
    windows,
)

# Not in __all__: `import *` must not replace Python's own.
abs, pow, round = _elementwise.abs_, _elementwise.pow_, _elementwise.round_
max, min, sum = _arrays.max_, _arrays.min_, _arrays.sum_
# Parts of derivatives: seen in graphs of second derivatives and in compiled code.
tanh_slope, sigmoid_slope, atan_slope = _elementwise.tanh_slope, _elementwise.sigmoid_slope, _elementwise.atan_slope
softmax_centered, log_softmax_back = _arrays.softmax_centered, _arrays.log_softmax_back
compile = _compile.compile

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

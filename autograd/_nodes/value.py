"""`Value`: a node that holds one float."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd._core import floats
from autograd._core.masked import check_unmasked
from autograd._core.modes import active
from autograd._core.names import plain
from autograd._core.node import kinds
from autograd._core.primitive import TABLE
from autograd._core.tracing import made, read, write
from autograd._core.types import Data
from autograd._ops.elementwise import add, divide, multiply, subtract
from autograd.files import brief

from .micrograd import refuse_children
from .operators import Operators


class Value(Operators):
    """One number in a computation graph: it remembers its inputs, so that its gradient can be found.

    `data` is anything that is a real number (an int, a float, a NumPy scalar); `label` names it in pictures and errors.
    Raises TypeError for text, complex numbers, lists and arrays.

    >>> w, x = Value(3.0, label="w"), Value(-1.0, label="x")
    >>> y = w * x + 1
    >>> y.backward()
    >>> y.data, w.grad, x.grad
    (-2.0, -1.0, 3.0)
    """

    __slots__ = ()

    def __init__(self, data: float, label: str = "", _op: str = "") -> None:
        self._data = _number(data)
        self._grad = 0.0
        self.op = self._b = None
        if label:
            if isinstance(label, (tuple, set)):
                # micrograd's Value(data, children, op); without children that is a leaf.
                refuse_children()
            self.label = label
        if active:
            made(self, data)

    @property
    def data(self) -> float:
        """The number; that of a leaf may be set, as an optimizer does."""
        if active:
            read(self, ".data")
        number: float = self._data
        return number

    @data.setter
    def data(self, data: float) -> None:
        if self.op is not None:
            raise AttributeError(
                f"this Value was computed by {self.op.name}, so its data cannot be set: set the data of a leaf and "
                f"compute again; for a difference by hand add h, (y + h), and compute what follows from that"
            )
        if active:
            write(self)
        self._data = _number(data)

    @property
    def grad(self) -> float:
        """The derivative of the loss that `backward()` was called on with respect to this number; 0.0 before."""
        if active:
            read(self, ".grad")
        grad: float = self._grad
        return grad

    @grad.setter
    def grad(self, grad: float | None) -> None:
        self._grad = 0.0 if grad is None else _number(grad)

    @property
    def ndim(self) -> int:
        """The number of axes, as of a Tensor: 0."""
        return 0

    @property
    def size(self) -> int:
        """The number of elements, as of a Tensor: 1."""
        return 1

    def item(self) -> float:
        """Return the number."""
        if active:
            read(self, ".item()")
        number: float = self._data
        return number

    def __bool__(self) -> bool:
        if active:
            read(self, "bool()")
        return bool(self._data)

    def __format__(self, spec: str) -> str:
        if active:
            read(self, "print or format")
        return format(self._data, spec) if spec else repr(self)

    def __repr__(self) -> str:
        if active:
            read(self, "print or format")
        op = "" if self.op is None else f", op={self.op.name}"
        label = plain(f", label={self.label!r}") if self.label else ""
        return f"Value(data={self._data}, grad={self._grad}{op}{label})"


def _number(data: Data) -> float:
    """Return a real number as a float; raise TypeError for anything else."""
    number = data
    if hasattr(data, "dtype") and getattr(data, "shape", None) == ():
        check_unmasked(data, "the number of a Value")
        number = float(data) if getattr(data.dtype, "kind", "") == "f" else data.item()
    if isinstance(number, (int, float)):
        try:
            return float(number)
        except OverflowError:
            pass
    if isinstance(data, Operators):
        advice = "it is a node already; use .detach() for a leaf"
    elif isinstance(data, str):
        advice = "convert text with float()"
    else:
        advice = "use Tensor for lists and arrays" if hasattr(data, "__len__") else "give an int or a float"
    raise TypeError(f"a Value holds one real number; got {brief(data)} of type {type(data).__name__}: {advice}")


kinds["float"] = Value


_LEAN = """
def {name}(self, other):
    if active:
        return general({a}, {b})
    kind = type(other)
    if kind is Value:
        second = other._data
    elif kind is float or kind is int:
        second = other
    else:
        return general({a}, {b})
    first = self._data
    node = new(Value)
    node._data = {result}
    node._grad = 0.0
    node.op = primitive
    node._a = {a}
    node._b = {b}
    node._x = {x}
    node._y = {y}
    return node
"""


def _lean(name: str, general: Callable[..., Any], result: str, reflected: bool) -> Callable[[Value, Any], Value]:
    """Return an operator of Values as one straight piece of code, twice as fast as the general way round."""
    a, b, x, y = ("other", "self", "second", "first") if reflected else ("self", "other", "first", "second")
    scope: dict[str, Any] = {
        # Errors name the line outside of this package.
        "__name__": __name__,
        "Value": Value,
        "active": active,
        "general": general,
        "ieee_divide": floats.divide,
        "new": object.__new__,
        "primitive": TABLE[general.__name__],
    }
    exec(_LEAN.format(name=name, a=a, b=b, x=x, y=y, result=result.format(x=x, y=y)), scope)
    method: Callable[[Value, Any], Value] = scope[name]
    return method


for _name, _operation, _result in (
    ("add", add, "{x} + {y}"),
    ("sub", subtract, "{x} - {y}"),
    ("mul", multiply, "{x} * {y}"),
    ("truediv", divide, "{x} / {y} if {y} else ieee_divide({x}, {y})"),
):
    setattr(Value, f"__{_name}__", _lean(f"__{_name}__", _operation, _result, reflected=False))
    setattr(Value, f"__r{_name}__", _lean(f"__r{_name}__", _operation, _result, reflected=True))

"""The operators, methods and protocols of NumPy that `Value` and `Tensor` share, all found in the table."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from autograd._core import copies
from autograd._core.modes import active, replaying, tracing
from autograd._core.node import Node, leaf
from autograd._core.tracing import read
from autograd._core.types import Operand, Raw
from autograd._grad.backward import backward
from autograd._grad.kinks import meet_tie
from autograd._ops import elementwise, functions, linalg
from autograd._ops.elementwise import (  # fmt: skip
    abs_,
    add,
    divide,
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    multiply,
    negative,
    not_equal,
    positive,
    pow_,
    rounded,
    subtract,
)
from autograd._ops.facts import logical_and, logical_not, logical_or, logical_xor

from . import micrograd, numpys
from .truth import Truth


def compared(operation: Callable[..., Any], a: Operand, b: Operand) -> Any:
    """Compare data: a plain bool, or a NumPy array of them; in a function that is being compiled, a node."""
    if active and tracing.get() is not None:
        return operation(a, b)
    a, b = (x.data if isinstance(x, Node) else x for x in (a, b))
    meet_tie(a, b)
    return operation(a, b)


def alike(operation: Callable[..., Any], a: Node, b: Operand) -> Any:
    """Compare like `compared`; the result of `==` and `!=` for two nodes has no truth value.

    Python asks for it when a list of nodes is searched, where identity is meant.
    """
    if not isinstance(b, Node):
        return compared(operation, a, b)
    try:
        result = compared(operation, a, b)
    except ValueError as error:
        raise ValueError(
            f"nodes of shape {a.shape} and {b.shape} have no elements to compare; for the same node write a is b, and "
            f"any(p is q for q in nodes) in place of p in nodes"
        ) from error
    return result if isinstance(result, Node) else _undecided(result)


COMPARISONS = {vars(row)["primitive"] for row in (equal, greater, greater_equal, less, less_equal, not_equal)}
"""The rows whose results are truths, also those of the functions of logic while a function is compiled."""


def of_truths(operation: Callable[..., Any], *operands: Operand) -> Any:
    """Return `&`, `|`, `^` or `~` of truths; raise TypeError for nodes that are none."""
    if any(isinstance(x, Node) and x.op not in COMPARISONS for x in operands):
        raise TypeError(
            f"& | ^ ~ are for comparisons, such as (a > 0) & ~(b > 0), not for numbers of nodes: of these write "
            f"{operation.__name__}({', '.join('ab'[: len(operands)])})"
        )
    return operation(*operands)


both, either = partial(of_truths, logical_and), partial(of_truths, logical_or)
one_of, no = partial(of_truths, logical_xor), partial(of_truths, logical_not)


class Operators(Node):
    """A node with operators."""

    __slots__ = ()

    # The functions themselves: a method around each would be one more call for every operation.
    __add__ = add
    __sub__ = subtract
    __mul__ = multiply
    __truediv__ = divide
    __pow__ = pow_
    __matmul__ = linalg.matmul
    __mod__ = functions.remainder
    __floordiv__ = functions.floor_divide
    __neg__ = negative
    __pos__ = positive
    __abs__ = abs_

    def __radd__(self, other: Operand) -> Operand:
        return add(other, self)

    def __rsub__(self, other: Operand) -> Operand:
        return subtract(other, self)

    def __rmul__(self, other: Operand) -> Operand:
        return multiply(other, self)

    def __rtruediv__(self, other: Operand) -> Operand:
        return divide(other, self)

    def __rpow__(self, other: Operand) -> Operand:
        return pow_(other, self)

    def __rmatmul__(self, other: Operand) -> Operand:
        return linalg.matmul(other, self)

    def __rmod__(self, other: Operand) -> Operand:
        return functions.remainder(other, self)

    def __rfloordiv__(self, other: Operand) -> Operand:
        return functions.floor_divide(other, self)

    def __divmod__(self, other: Operand) -> tuple[Operand, Operand]:
        return functions.floor_divide(self, other), functions.remainder(self, other)

    def __rdivmod__(self, other: Operand) -> tuple[Operand, Operand]:
        return functions.floor_divide(other, self), functions.remainder(other, self)

    def __round__(self, decimals: int | None = None) -> Operand:
        return rounded(self, decimals or 0)

    def __and__(self, other: Operand) -> Operand:
        return both(self, other)

    def __or__(self, other: Operand) -> Operand:
        return either(self, other)

    def __xor__(self, other: Operand) -> Operand:
        return one_of(self, other)

    def __invert__(self) -> Operand:
        return no(self)

    # Whichever truth is first.
    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __lt__(self, other: Operand) -> Operand:
        return compared(less, self, other)

    def __le__(self, other: Operand) -> Operand:
        return compared(less_equal, self, other)

    def __gt__(self, other: Operand) -> Operand:
        return compared(greater, self, other)

    def __ge__(self, other: Operand) -> Operand:
        return compared(greater_equal, self, other)

    def __eq__(self, other: object) -> Any:
        return alike(equal, self, other) if comparable(other) else NotImplemented

    def __ne__(self, other: object) -> Any:
        return alike(not_equal, self, other) if comparable(other) else NotImplemented

    __hash__ = object.__hash__

    __copy__ = copies.copy_of
    __deepcopy__ = copies.deep_copy_of
    __reduce_ex__ = copies.pickled

    exp = elementwise.exp
    log = elementwise.log
    sqrt = elementwise.sqrt
    sin = elementwise.sin
    cos = elementwise.cos
    tanh = elementwise.tanh
    sigmoid = elementwise.sigmoid
    relu = elementwise.relu
    abs = elementwise.abs_
    clip = elementwise.clip

    def backward(self) -> None:
        """Add the gradient of this scalar to `.grad` of every leaf below it; see `autograd.backward`."""
        if active:
            read(self, ".backward()")
        backward(self)

    def zero_grad(self) -> None:
        """Set `.grad` to zero."""
        self._grad = 0.0

    def detach(self) -> Operand:
        """Return a leaf with the same data, which no gradient passes.

        >>> Value(2.0).exp().detach().op is None
        True
        """
        if active and (trace := tracing.get()) is not None:
            return trace.detached(self)
        if active and (step := replaying.get()) is not None:
            return step.detached(self)
        return leaf(self.snapshot())

    @property
    def _prev(self) -> tuple[Node, ...]:
        """The inputs in order, as in micrograd: constants are leaves, new ones each time."""
        return micrograd.inputs_of(self)

    @property
    def _op(self) -> str:
        """The operation as micrograd writes it: +, *, **2, ReLU, tanh; empty for a leaf."""
        return micrograd.spelling(self)

    def _backward(self) -> None:
        """Add to `.grad` of each input what this node's own `.grad` is worth there, once, as in micrograd.

        >>> a, b = Value(2.0), Value(-3.0)
        >>> c = a * b
        >>> c.grad = 1.0
        >>> c._backward()
        >>> a.grad, b.grad
        (-3.0, 2.0)
        """
        micrograd.send(self)

    def __float__(self) -> float:
        raise TypeError(
            f"float(), int(), '%.2f' and the functions of math would lose the gradient of a {type(self).__name__}: use "
            f"the function of the same name in autograd (autograd.exp for math.exp), or .item() for the bare number"
        )

    def __int__(self) -> int:
        return int(float(self))

    def conjugate(self) -> Operand:
        """Return the node itself, as its numbers are real: np.var of a list of nodes asks for it."""
        return self

    def copy(self) -> Operand:
        """Return a node with the same numbers, which the gradient goes through."""
        return positive(self)

    @property
    def _mask(self) -> Any:
        # A masked array that is computed with a node would read its raw data, and lose the gradient.
        raise TypeError("a masked array does not compute with nodes: give masked.filled(...), an array of numbers")

    def __array_ufunc__(self, ufunc: Callable[..., Any], method: str, *inputs: Operand, **kwargs: object) -> Any:
        return numpys.call_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(
        self, func: Callable[..., Any], types: Collection[type], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        return numpys.call(func, args, kwargs)


def comparable(other: object) -> bool:
    """Tell whether `==` compares data: anything numeric does; None or a string is simply not equal."""
    return isinstance(other, (Node, int, float)) or hasattr(other, "dtype")


def _undecided(result: Raw) -> Any:
    """Return a comparison of two nodes, a bool or an array of bools, without a truth value."""
    if isinstance(result, bool):
        return Truth(result)
    from .truths import truths

    return truths(result)

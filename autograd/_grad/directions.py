"""Derivatives along a direction, without a matrix: `hvp`, `jvp`; and of functions that work element by element."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from autograd._core.data import shape
from autograd._core.node import Node
from autograd._core.trees import CONTAINERS, flatten, paired
from autograd._core.types import Operand, Tree
from autograd._ops.statistical import sum_

from .rules import raw_of
from .transforms import grad, output, vjp


def hvp(f: Callable[[Tree], Tree]) -> Callable[[Tree, Tree], Tree]:
    """Return the function of (x, v) that computes the Hessian of a scalar f at x, times v, without a matrix.

    v and the result have the structure and the shapes of x. Raises ValueError for another v.

    >>> hvp(lambda x: x[0] ** 2 * x[1])([3.0, 5.0], [1.0, 0.0])
    [10.0, 6.0]
    """

    def product(x: Tree, v: Tree) -> Any:
        direction = _items_as(x, v)

        def along(x: Tree) -> Any:
            slopes = zip(flatten(grad(f)(x)), direction)
            return sum((g * d if g.shape == () else sum_(g * d) for g, d in slopes), start=0.0)

        return grad(along)(x)

    return wraps(f)(product)


def _items_as(x: Tree, v: Tree) -> list[Any]:
    """Return the items of the structure v in the order of those of x; raise ValueError if v is not like x."""
    pairs = list(paired(x, v))
    for part, own in pairs:
        if isinstance(part, CONTAINERS) or isinstance(own, CONTAINERS) or shape(part) != shape(own):
            raise ValueError(
                f"this needs a direction v of the structure and the shapes of x, which is {_form(part)}; got "
                f"{_form(own)}"
            )
    return [own for _, own in pairs]


def _form(tree: Tree) -> str:
    """Return the kind of a structure as text, for an error."""
    if isinstance(tree, dict):
        return f"a dict of {', '.join(map(repr, tree)):.60}"
    if isinstance(tree, (list, tuple)):
        return f"a {type(tree).__name__} of length {len(tree)}"
    return f"of shape {shape(tree)}"


def jvp(f: Callable[[Tree], Tree], x: Tree, v: Tree) -> tuple[Operand, Operand]:
    """Return f(x), and how it changes along the direction v: the Jacobian times v, without a matrix.

    v has the structure and the shapes of x. The gradient that `vjp` returns is linear in the one that it is given, and
    the derivative of one by the other is the answer: two backward sweeps. Raises ValueError for another v.

    >>> jvp(lambda x: x[0] ** 2 * x[1], [3.0, 5.0], [1.0, 0.0])
    (45.0, 30.0)
    """
    direction = _items_as(x, v)
    y, pull_back = vjp(f, x)

    def along(u: Operand) -> Any:
        slopes = zip(flatten(pull_back(u)[0]), direction)
        return sum((g * d if g.shape == () else sum_(g * d) for g, d in slopes), start=0.0)

    slope = grad(along)(0.0 * (y.detach() if isinstance(y, Node) else y))
    return y, slope if isinstance(y, Node) else raw_of(slope)


def elementwise_grad(f: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Tree]:
    """Return the function that computes the derivative of each element, for f that works element by element.

    It is the gradient of the sum of what f returns; arguments as in `value_and_grad`.

    >>> import numpy
    >>> elementwise_grad(square)(numpy.array([1.0, 2.0, 3.0])).tolist()
    [2.0, 4.0, 6.0]
    """

    @wraps(f)
    def total(*args: Tree, **kwargs: object) -> Any:
        out = output(f(*args, **kwargs), f)
        return sum_(out) if out.shape else out

    return grad(total, argnums)

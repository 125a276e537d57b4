"""Products of vectors, matrices and arrays, each a line over `matmul`, `multiply` and `sum`.

>>> x, y = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
>>> dot(x, y).item(), inner(x, y).item(), vdot(x, y).item(), vecdot(x, y).item()
(11.0, 11.0, 11.0, 11.0)
>>> outer(x, y).data.tolist(), kron(x, y).data.tolist()
([[3.0, 4.0], [6.0, 8.0]], [3.0, 4.0, 6.0, 8.0])
>>> trace(outer(x, y)).item(), tensordot(outer(x, y), y, axes=1).data.tolist()
(11.0, [25.0, 50.0])
>>> einsum("i,j->ji", x, y).data.tolist(), einsum("ii", outer(x, y)).item()
([[3.0, 6.0], [4.0, 8.0]], 11.0)
>>> cross(Tensor([1.0, 0.0, 0.0]), [0.0, 1.0, 0.0]).data.tolist()
[0.0, 0.0, 1.0]
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

from autograd._core.data import shape
from autograd._core.types import Operand
from autograd.files import brief

from .arrange import diagonal, moveaxis, ravel, roll
from .linalg import matmul
from .manipulation import permute_dims, reshape
from .operands import as_array, as_floats, axes_of, axis_of
from .statistical import sum_

__all__ = ["cross", "dot", "einsum", "inner", "kron", "outer", "tensordot", "trace", "vdot", "vecdot"]


def dot(a: Operand, b: Operand) -> Any:
    """Return the product of NumPy's dot: over the last axis of `a` and the second-last, or only, axis of `b`."""
    a, b = as_array(a), as_array(b)
    if not shape(a) or not shape(b):
        return a * b
    if len(shape(b)) <= 2 and len(shape(a)) <= 2:
        return matmul(a, b)
    return tensordot(a, b, axes=((-1,), (-min(len(shape(b)), 2),)))


def inner(a: Operand, b: Operand) -> Any:
    """Return the sum of products over the last axes of both."""
    a, b = as_array(a), as_array(b)
    return a * b if not shape(a) or not shape(b) else tensordot(a, b, axes=((-1,), (-1,)))


def vdot(a: Operand, b: Operand) -> Any:
    """Return the sum of all products of elements."""
    return matmul(ravel(as_array(a)), ravel(as_array(b)))


def vecdot(a: Operand, b: Operand, *, axis: int = -1) -> Any:
    """Return the sum of products over `axis`, of arrays that broadcast but for that."""
    a, b = as_array(a), as_array(b)
    lengths = [shape(x)[axis_of(x, axis)] for x in (a, b)]
    if lengths[0] != lengths[1]:
        raise ValueError(f"vecdot of shape {shape(a)} and {shape(b)} over axis {axis}: the lengths differ")
    return sum_(a * b, axis=axis)


def outer(a: Operand, b: Operand) -> Any:
    """Return the matrix of all products of an element of `a` and one of `b`."""
    return reshape(as_array(a), shape=(-1, 1)) * ravel(as_array(b))


def kron(a: Operand, b: Operand) -> Any:
    """Return `b` times each element of `a`, in its place."""
    a, b = as_array(a), as_array(b)
    rank = max(len(shape(a)), len(shape(b)))
    n, m = ((1,) * (rank - len(shape(x))) + shape(x) for x in (a, b))
    wide = reshape(a, shape=tuple(k for pair in zip(n, (1,) * rank) for k in pair))
    fine = reshape(b, shape=tuple(k for pair in zip((1,) * rank, m) for k in pair))
    return reshape(wide * fine, shape=tuple(i * j for i, j in zip(n, m)))


def trace(a: Operand, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Return the sum of the diagonal number `offset` of two axes."""
    return sum_(diagonal(a, offset, axis1, axis2), axis=-1)


def cross(a: Operand, b: Operand, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """Return the vectors that are perpendicular to two vectors of length 3 each.

    These lie along the axes `axisa` and `axisb`, and the result along `axisc`; `axis` is all three.
    """
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis,) * 3
    a, b = moveaxis(as_array(a), axisa, -1), moveaxis(as_array(b), axisb, -1)
    if shape(a)[-1] != 3 or shape(b)[-1] != 3:
        raise ValueError(
            f"cross takes vectors of length 3; along the axes, the lengths are {shape(a)[-1]} and {shape(b)[-1]}"
        )
    return moveaxis(roll(a, -1, -1) * roll(b, 1, -1) - roll(a, 1, -1) * roll(b, -1, -1), -1, axisc)


def tensordot(a: Operand, b: Operand, axes: int | Sequence[Any] = 2) -> Any:
    """Return the sum of products over pairs of axes: the last `axes` of `a` with the first of `b`, or two lists."""
    a, b = as_array(a), as_array(b)
    if not isinstance(axes, Sequence):
        axes = operator.index(axes)
        first, second = tuple(range(len(shape(a)) - axes, len(shape(a)))), tuple(range(axes))
    else:
        first, second = (axes_of(x, k) for x, k in zip((a, b), axes))
    if [shape(a)[k] for k in first] != [shape(b)[k] for k in second]:
        raise ValueError(f"tensordot of shape {shape(a)} and {shape(b)} over axes {brief(axes)}: lengths differ")
    rows, columns = ([k for k in range(len(shape(x))) if k not in over] for x, over in ((a, first), (b, second)))
    n = math.prod(shape(a)[k] for k in first)
    left = reshape(permute_dims(a, axes=(*rows, *first)), shape=(math.prod(shape(a)[k] for k in rows), n))
    right = reshape(permute_dims(b, axes=(*second, *columns)), shape=(n, math.prod(shape(b)[k] for k in columns)))
    return reshape(matmul(left, right), shape=(*(shape(a)[k] for k in rows), *(shape(b)[k] for k in columns)))


def einsum(subscripts: Any, *operands: Any, optimize: object = False) -> Any:
    """Return the sum of products that `subscripts` name, such as "ij,jk->ik"; without -> as in NumPy.

    A letter names an axis, ... all axes that are not named; letters that the result has not are summed over. Operands
    are multiplied from left to right, each pair as matrices; NumPy's `optimize` is taken, and changes nothing. Its
    other form is, too: in einsum(a, [0, 1], b, [1, 2], [0, 2]) numbers name axes, and ... is Ellipsis.
    Raises ValueError for subscripts that do not fit.
    """
    if not isinstance(subscripts, str) and operands and all(isinstance(x, (list, tuple)) for x in operands[::2]):
        subscripts, operands = _in_letters([subscripts, *operands])
    terms, result = _terms(subscripts, list(as_floats(*operands)))
    (letters, total), *others = terms
    for k, (more, factor) in enumerate(others, 1):
        later = set(result).union(*(names for names, _ in others[k:]))
        letters, total = _joined(letters, total, more, factor, later)
    over = tuple(k for k, letter in enumerate(letters) if letter not in result)
    total = sum_(total, axis=over) if over else total
    left = [letter for letter in letters if letter in result]
    return permute_dims(total, axes=tuple(left.index(letter) for letter in result)) if left != result else total


def _in_letters(given: list[Any]) -> tuple[str, tuple[Any, ...]]:
    """Return the usual form of arguments that alternate between operands and lists of numbers."""
    operands, lists = given[:-1:2] if len(given) % 2 else given[::2], given[1::2]
    texts = ["".join("..." if k is ... else chr(ord("a") + k) for k in names) for names in lists]
    result = "->" + "".join("..." if k is ... else chr(ord("a") + k) for k in given[-1]) if len(given) % 2 else ""
    return ",".join(texts) + result, tuple(operands)


def _terms(subscripts: Any, operands: list[Any]) -> tuple[list[tuple[list[str], Any]], list[str]]:
    """Return for each operand the names of its axes, each once, and it without repeated axes; and those of the result.

    Axes that ... stands for are named by numbers from the last.
    """
    if not isinstance(subscripts, str):
        raise TypeError(f"einsum takes subscripts such as 'ij,jk->ik' first; got {brief(subscripts)}")
    given, arrow, wanted = subscripts.replace(" ", "").partition("->")
    parts = given.split(",")
    if len(parts) != len(operands):
        raise ValueError(f"einsum {subscripts!r} names {len(parts)} operands; got {len(operands)}")
    named = [_named(part, len(shape(x)), subscripts) for part, x in zip(parts, operands)]
    dots = sorted({name for names in named for name in names if name.isdigit()}, key=int, reverse=True)
    letters = [name for names in named for name in names if not name.isdigit()]
    if arrow:
        before, _, after = wanted.partition("...")
        result = [*before, *(dots if "..." in wanted else []), *after]
        if not set(result) - set(dots) <= set(letters) or len(set(result)) < len(result):
            raise ValueError(f"the result of einsum {subscripts!r} must name axes of the operands, each once")
    else:
        result = [*dots, *sorted({letter for letter in letters if letters.count(letter) == 1})]
    return [_without_repeats(names, x) for names, x in zip(named, operands)], result


def _named(part: str, rank: int, subscripts: str) -> list[str]:
    before, dots, after = part.partition("...")
    free = rank - len(before) - len(after)
    if free < 0 or (free and not dots) or not (before + after).isalpha() * bool(before + after) + (not before + after):
        raise ValueError(f"einsum {subscripts!r}: {part!r} does not name the {rank} axes of its operand")
    return [*before, *(str(k) for k in reversed(range(free))), *after]


def _without_repeats(names: list[str], x: Any) -> tuple[list[str], Any]:
    """Return the diagonal of axes that have one name."""
    for name in dict.fromkeys(names):
        while names.count(name) > 1:
            first, second = [k for k, other in enumerate(names) if other == name][:2]
            if shape(x)[first] != shape(x)[second]:
                raise ValueError(f"einsum: two axes of the name {name!r} have different lengths, in shape {shape(x)}")
            x = diagonal(x, 0, first, second)
            names = [other for k, other in enumerate(names) if k not in (first, second)] + [name]
    return names, x


def _joined(a: list[str], x: Any, b: list[str], y: Any, later: set[str]) -> tuple[list[str], Any]:
    """Return the product of two operands, summed over the axes that nobody names later: a product of matrices."""
    shared = [name for name in a if name in b]
    both, over = [n for n in shared if n in later], [n for n in shared if n not in later]
    rows, columns = [n for n in a if n not in b], [n for n in b if n not in a]
    lengths = {name: max(n for names, of in ((a, x), (b, y)) for m, n in zip(names, shape(of)) if m == name)
               for name in a + b}  # fmt: skip
    if any(n not in (1, lengths[m]) for names, of in ((a, x), (b, y)) for m, n in zip(names, shape(of))):
        raise ValueError(f"einsum: axes of one name have different lengths, in shapes {shape(x)} and {shape(y)}")
    if any(shape(x)[a.index(n)] != shape(y)[b.index(n)] for n in shared):
        # An axis of length 1 broadcasts.
        left = reshape(_ordered(x, a, [*both, *over, *rows]), shape=_fit(x, a, [*both, *over, *rows], len(columns)))
        right = _ordered(y, b, [*both, *over, *columns])
        right = reshape(right, shape=(*shape(right)[: len(shared)], *(1,) * len(rows), *shape(right)[len(shared) :]))
        total = left * right
        total = sum_(total, axis=tuple(range(len(both), len(shared)))) if over else total
        return [*both, *rows, *columns], total
    size = {k: math.prod(lengths[n] for n in k) for k in map(tuple, (rows, over, columns))}
    stack = tuple(lengths[n] for n in both)
    left = reshape(_ordered(x, a, [*both, *rows, *over]), shape=(*stack, size[tuple(rows)], size[tuple(over)]))
    right = reshape(_ordered(y, b, [*both, *over, *columns]), shape=(*stack, size[tuple(over)], size[tuple(columns)]))
    names = [*both, *rows, *columns]
    return names, reshape(matmul(left, right), shape=tuple(lengths[n] for n in names))


def _ordered(x: Any, names: list[str], wanted: list[str]) -> Any:
    return permute_dims(x, axes=tuple(names.index(name) for name in wanted))


def _fit(x: Any, names: list[str], wanted: list[str], more: int) -> tuple[int, ...]:
    return (*(shape(x)[names.index(name)] for name in wanted), *(1,) * more)

"""The table of primitives, second half: operations on whole arrays. Rows read as in the first half.

Broadcasting is undone where gradients are added up, so a rule may return any shape that the argument broadcasts to.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from autograd._core.data import shape
from autograd._core.data import shape as shape_of
from autograd._core.declare import primitive
from autograd._core.primitive import REAL, Operation, unchanged
from autograd._core.trees import CONTAINERS
from autograd._core.types import Dtype, Index, Namespace, Operand, Raw

from .elementwise import where
from .examples import ALL

# The table is read by its rows, which a formatter would cut into one line an argument.
# fmt: off

__all__ = [
    "astype", "broadcast_to", "concat", "expand_dims", "getitem", "item", "pad", "permute_dims", "reshape",
    "scatter", "squeeze", "stack",
]


def flip(x: Operand, axis: int) -> Any:
    """Reverse `x` along `axis`."""
    return getitem(x, index=(slice(None),) * (axis % len(shape(x))) + (slice(None, None, -1),))


def cut(g: Operand, parts: tuple[Any, ...], axis: int | None) -> list[Any]:
    """Cut `g` into the pieces for the parts of a concatenation, of the flattened parts if `axis` is None."""
    if axis is None:
        flat = [reshape(part, shape=(math.prod(shape(part)),)) for part in parts]
        return [like(piece, part) for piece, part in zip(cut(g, tuple(flat), 0), parts)]
    before = (slice(None),) * (axis % len(shape(g)))
    ends = list(accumulate(shape(part)[axis] for part in parts))
    return [getitem(g, index=(*before, slice(start, end))) for start, end in zip([0, *ends], ends)]


def through_floats(g: Operand, out: Operand, a: Operand, dtype: Dtype) -> Any:
    """Pass a gradient on, but 0 to numbers that became integers or truths, which do not change with them."""
    import numpy

    return g if numpy.dtype(dtype).kind == "f" else where(False, g, 0.0)


def converted(xp: Namespace, a: Raw, dtype: Dtype) -> Any:
    import numpy

    # NumPy reads a list as the fields of a record.
    if isinstance(dtype, CONTAINERS) or numpy.dtype(dtype).kind not in "biuf":
        raise TypeError("a node holds real numbers, and nothing else")
    return xp.asarray(a).astype(dtype)


def like(g: Operand, a: Operand) -> Any:
    """Give `g` the shape of `a`."""
    return reshape(g, shape=shape(a))


def expanded(xp: Namespace, a: Raw, shape: tuple[int, ...]) -> Any:
    if len(shape) < len(shape_of(a)):
        raise ValueError("broadcasting adds axes, and takes none away")
    # NumPy's broadcast_to is slow to start and returns a view that nothing may write to.
    out = xp.empty(shape, xp.asarray(a).dtype)
    out[...] = a
    return out


def unpadded(lengths: tuple[int, ...], pad_width: int | Sequence[Any]) -> tuple[slice, ...]:
    """Return the index that undoes `pad`."""
    import numpy

    widths = numpy.broadcast_to(numpy.asarray(pad_width), (len(lengths), 2)).tolist()
    return tuple(slice(before, before + n) for n, (before, _) in zip(lengths, widths))


def written_index(index: Index) -> str:
    """Return an index as it stands between the brackets."""
    if isinstance(index, tuple):
        return ", ".join(map(written_index, index)) or "()"
    if isinstance(index, slice):
        first, last, step = ("" if part is None else str(part) for part in (index.start, index.stop, index.step))
        return f"{first}:{last}" + (f":{step}" if step else "")
    return "..." if index is ... else str(index.tolist() if hasattr(index, "tolist") else index)


PLACES = {int, bool, slice, type(None), type(...)}
"""The classes of what names no element twice, in an index."""


def put(xp: Namespace, a: Raw, shape: tuple[int, ...], index: Index) -> Any:
    out = xp.zeros(shape, xp.asarray(a).dtype)
    parts = index if isinstance(index, tuple) else (index,)
    if PLACES.issuperset(map(type, parts)):
        out[index] = a
    else:
        # An integer array may name an element twice; only add.at counts it twice.
        xp.add.at(out, index, a)
    return out


reshape = primitive(
    "reshape", lambda xp, a, *, shape: xp.reshape(a, shape),
    lambda g, out, a, shape: like(g, a),
    elementwise=False, domain=(REAL,), examples=((((3, 4),), {"shape": (2, 6)}), (((3, 4),), {"shape": (-1,)})),
)
permute_dims: Operation = primitive(
    "permute_dims", lambda xp, a, *, axes=None: xp.asarray(a).T if axes is None else xp.transpose(a, axes),
    lambda g, out, a, axes=None:
        permute_dims(g, axes=axes and tuple(sorted(range(len(axes)), key=lambda k: axes[k] % len(axes)))),
    written=lambda a, axes=None: f"{a}.T" if axes is None else f"permute_dims({a}, axes={axes})",
    elementwise=False, domain=(REAL,),
    examples=(ALL, (((2, 1, 3),), {"axes": (1, 2, 0)}), (((2, 1, 3),), {"axes": (-1, 0, -2)})),
)
expand_dims = primitive(
    "expand_dims", lambda xp, a, *, axis: xp.expand_dims(a, axis),
    lambda g, out, a, axis: like(g, a),
    elementwise=False, domain=(REAL,), examples=((((3,),), {"axis": 0}), (((3,),), {"axis": (0, -1)})),
)
squeeze = primitive(
    "squeeze", lambda xp, a, *, axis=None: xp.squeeze(a, axis),
    lambda g, out, a, axis=None: like(g, a),
    elementwise=False, domain=(REAL,), examples=((((1, 3, 1),), {}), (((1, 3, 1),), {"axis": 0})),
)
broadcast_to: Operation = primitive(
    "broadcast_to", lambda xp, a, *, shape: expanded(xp, a, shape), unchanged,
    elementwise=False, domain=(REAL,), examples=((((3,),), {"shape": (2, 3)}), (((2, 1),), {"shape": (2, 3)})),
)
concat = primitive(
    "concat", lambda xp, *parts, axis=0: xp.concatenate(parts, axis=axis),
    lambda g, out, *parts, axis=0: cut(g, parts, axis),
    elementwise=False, domain=(REAL,), examples=((((2, 3), (1, 3)), {}), (((3, 2), (3, 1)), {"axis": -1})),
)
stack = primitive(
    "stack", lambda xp, *parts, axis=0: xp.stack(parts, axis=axis),
    lambda g, out, *parts, axis=0:
        [getitem(g, index=(slice(None),) * (axis % len(shape(g))) + (k,)) for k in range(len(parts))],
    elementwise=False, domain=(REAL,), examples=((((3,), (3,)), {}), (((2, 3), (2, 3), (2, 3)), {"axis": -1})),
)
getitem: Operation = primitive(
    "getitem", lambda xp, a, *, index: xp.asarray(a)[index],
    lambda g, out, a, index: scatter(g, shape=shape(a), index=index),
    written=lambda a, index: f"{a}[{written_index(index)}]",
    elementwise=False, domain=(REAL,), note="Elements named twice get both gradients.",
    examples=tuple((((4, 3),), {"index": i}) for i in (
        1, -1, slice(1, 3), (slice(None), 0), (slice(None, None, -1), None), ([0, 2, 0],), ([0, 0], [1, 1]), ...,
    )),
)
scatter: Operation = primitive(
    "scatter", lambda xp, a, *, shape, index: put(xp, a, shape, index),
    lambda g, out, a, shape, index: getitem(g, index=index),
    elementwise=False, domain=(REAL,), note="Zeros of `shape`, with `a` added at `index`.",
    examples=((((2,),), {"shape": (4,), "index": slice(1, 3)}), (((3,),), {"shape": (2,), "index": ([0, 1, 0],)})),
)
pad = primitive(
    "pad", lambda xp, a, *, pad_width: xp.pad(a, pad_width),
    lambda g, out, a, pad_width: getitem(g, index=unpadded(shape(a), pad_width)),
    elementwise=False, domain=(REAL,), note="Adds zeros around `a`; `pad_width` as in NumPy.",
    examples=((((2, 3),), {"pad_width": ((1, 0), (0, 2))}), (((2, 3),), {"pad_width": 1})),
)
astype: Operation = primitive(
    "astype", lambda xp, a, *, dtype: converted(xp, a, dtype), through_floats,
    elementwise=False, domain=(REAL,), examples=((((3,),), {"dtype": "float64"}),),
    note="The result holds floats; numbers that became whole ones, or truths, have the derivative 0.",
)
item = primitive(
    "item", lambda xp, a: xp.asarray(a).item(),
    lambda g, out, a: broadcast_to(g, shape=shape(a)),
    elementwise=False, domain=(REAL,), examples=((((),), {}), (((1, 1),), {})), note="A Value from one element.",
)

"""The one door for users' data: rows by their position, from lists, arrays, tables and tensors."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from autograd import Node, deeper
from autograd.files import brief

from .types import Array, Dtype, Nested, Numbers, Rows

LISTS = (list, tuple, range)
CHUNK = 2**20
"""The numbers that are looked through at a time: a memory map may be larger than the memory."""


def rows(data: Rows, what: str = "X") -> Rows:
    """Return data as rows of numbers by position: an array with its dtype, or lists for lists.

    Arrays, memory maps, Series and DataFrames, tensors of PyTorch and all else that NumPy can read become arrays; the
    labels of an index mean nothing. Raises ValueError for text, dates, missing or masked numbers, and TypeError for
    an object without rows; `what` is the name of the data in the message.

    >>> rows(range(3)), rows(((1.0, 2.0), (3.0, 4.0)))
    ([0, 1, 2], [[1.0, 2.0], [3.0, 4.0]])
    """
    if isinstance(data, LISTS):
        return _listed(data, what, ())
    array = held(data, what)
    if array is not None:
        return _numbers(array, what, ())
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _listed(list(data), what, ())
    raise TypeError(f"{what} must be a list or an array with a row for each sample; got {brief(data)}")


class SparseRows:
    """The rows of a sparse matrix of SciPy: those that are picked by their numbers, or by a slice, become an array."""

    def __init__(self, matrix: Any) -> None:
        self.matrix, self.shape, self.ndim, self.dtype = matrix.tocsr(), matrix.shape, 2, matrix.dtype

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, numbers: Any) -> Array:
        found: Array = self.matrix[numbers].toarray()
        return found


def inputs(data: Rows, what: str = "X") -> Rows:
    """Return data as `rows` does, and a sparse matrix of SciPy as `SparseRows`.

    >>> from scipy.sparse import csr_array
    >>> len(inputs(csr_array([[1.0, 0.0], [0.0, 2.0]]))), inputs([3, 4])
    (2, [3, 4])
    """
    if not hasattr(data, "tocsr") or len(data.shape) != 2:
        return rows(data, what)
    if data.dtype.kind not in "fiub":
        raise ValueError(f"{what} is a sparse matrix of {data.dtype}, which are no real numbers")
    return SparseRows(data)


def pick(data: Rows, numbers: Sequence[int]) -> Rows:
    """Return the rows with the given `numbers`, from 0, as a list, an array or a table like the data.

    >>> pick(["a", "b", "c"], [2, 0])
    ['c', 'a']
    """
    if isinstance(data, LISTS):
        return [data[k] for k in numbers]
    if hasattr(data, "iloc"):
        return data.iloc[numbers]
    if isinstance(data, SparseRows):
        return data[numbers]
    array = data if _is_torch(data) else held(data, "the data")
    return pick(list(data), numbers) if array is None else array[numbers]


def arranged(data: Rows, of_values: bool) -> Rows:
    """Return rows as a network takes them: for a network of Tensors, lists become an array.

    Rows of different lengths stay a list.
    """
    if of_values or not isinstance(data, list):
        return data
    import numpy

    try:
        return _numbers(numpy.array(data), "the data", ())
    except ValueError:
        return data


def computed_with(data: Rows, dtype: Dtype | None) -> Rows:
    """Return rows as a network computes with them: no sparse ones, and fractions in a `dtype` if one is given."""
    data = data[:] if isinstance(data, SparseRows) else data
    is_other = dtype is not None and getattr(getattr(data, "dtype", None), "kind", "") == "f"
    return data.astype(dtype, copy=False) if is_other else data


def dtype_of(parameters: Iterable[Node]) -> Dtype | None:
    """Return the type of a network's numbers if all of them have fewer digits than double precision, else None.

    >>> from nn import MLP
    >>> dtype_of(MLP(2, [1]).parameters()) is None
    True
    """
    found = {getattr(node, "dtype", None) for node in parameters}
    narrow = len(found) == 1 and getattr(next(iter(found)), "itemsize", 8) < 8
    return found.pop() if narrow else None


def joined(parts: list[Any], sizes: list[int]) -> Numbers:
    """Return the outputs of all batches, whose numbers of samples are `sizes`, as those of one batch.

    A network may return several outputs, each with a row for each sample. Raises ValueError for others.

    >>> joined([[1.0, 2.0], [3.0]], [2, 1])
    [1.0, 2.0, 3.0]
    """
    if len(parts) == 1:
        return parts[0]
    if all(hasattr(part, "__len__") and len(part) == size for part, size in zip(parts, sizes)):
        if isinstance(parts[0], list):
            return [row for part in parts for row in part]
        import numpy

        return numpy.concatenate(parts)
    if all(isinstance(part, list) for part in parts):
        return [joined(list(pieces), sizes) for pieces in zip(*parts)]
    raise ValueError("metrics need an output for each sample; compute this one in a callback, from predict(model, X)")


def fault(data: Rows, what: str) -> str:
    """Return where the first nan or inf stands in data, as `rows` returns them, or nothing.

    >>> fault([[1.0, 2.0], [3.0, math.nan]], "X")
    'X holds nan in row 1, column 1'
    """
    if isinstance(data, LISTS):
        return _fault(data, what, ())
    if data.dtype.kind != "f":
        return ""
    import numpy

    step = max(1, CHUNK // max(1, math.prod(data.shape[1:])))
    for start in range(0, len(data), step):
        part = data[start : start + step]
        if not numpy.isfinite(part).all():
            first = tuple(map(int, numpy.argwhere(~numpy.isfinite(part))[0]))
            return f"{what} holds {part[first]:g}{_where((start + first[0], *first[1:]))}"
    return ""


def _fault(item: Nested, what: str, place: tuple[int, ...]) -> str:
    if isinstance(item, LISTS):
        return next(filter(None, (_fault(part, what, (*place, k)) for k, part in enumerate(item))), "")
    if getattr(item, "shape", ()):
        return next(filter(None, (_fault(part, what, (*place, k)) for k, part in enumerate(item))), "")
    return "" if math.isfinite(item) else f"{what} holds {item:g}{_where(place)}"


def _listed(data: Iterable[Any], what: str, place: tuple[int, ...]) -> list[Any]:
    deeper(len(place))
    return [
        item if type(item) is float or type(item) is int else _plain(item, what, (*place, k))
        for k, item in enumerate(data)
    ]


def _plain(item: Nested, what: str, place: tuple[int, ...]) -> Numbers:
    """Return something in a list as a list, an array or a number."""
    if isinstance(item, LISTS):
        return _listed(item, what, place)
    if isinstance(item, Node):
        return item.data
    array = held(item, what, place)
    if array is not None:
        # An array without dimensions is a number again.
        return _numbers(array, what, place)[()]
    if isinstance(item, (int, float)):
        return item
    if hasattr(item, "__float__"):
        return float(item)
    raise ValueError(_no_number(item, what, place))


def _is_torch(data: object) -> bool:
    return hasattr(data, "detach") and hasattr(data, "cpu") and hasattr(data, "numpy")


def held(data: Nested, what: str, place: tuple[int, ...] = ()) -> Any:
    """Return the array that an object holds, or None; raise ValueError for masked numbers."""
    if isinstance(data, Node):
        data = data.data
    if _is_torch(data):
        return data.detach().cpu().numpy()
    if hasattr(data, "toarray"):
        raise ValueError(f"{what} is a sparse matrix, which a network does not compute with: give {what}.toarray()")
    if not hasattr(data, "__array__"):
        return data.to_numpy() if hasattr(data, "to_numpy") else None
    import numpy

    if isinstance(data, numpy.ma.MaskedArray):
        masked = numpy.argwhere(numpy.ma.getmaskarray(data))
        if len(masked):
            where = _where((*place, *map(int, masked[0])))
            raise ValueError(f"{what} is masked{where}: leave such rows out, or put a number there with filled(...)")
        data = data.data
    return numpy.asarray(data)


def check_unmasked(data: Nested, what: str) -> None:
    """Raise ValueError for masked numbers in data: some take the numbers under the mask.

    >>> import numpy
    >>> check_unmasked(numpy.ma.array([1.0, 2.0], mask=[False, True]), "X")
    Traceback (most recent call last):
    ValueError: X is masked in row 1: leave such rows out, or put a number there with filled(...)
    """
    import numpy

    for part in data if isinstance(data, (list, tuple)) else [data]:
        if isinstance(part, numpy.ma.MaskedArray):
            held(part, what)


def _numbers(array: Array, what: str, place: tuple[int, ...]) -> Any:
    """Return an array that holds real numbers; raise ValueError, with the place, for another."""
    if array.dtype.kind in "fiub":
        return array
    import numpy

    if array.dtype.kind == "O":
        for index in numpy.ndindex(array.shape):
            item = array[index]
            held(item, what, (*place, *index))
            if not isinstance(item, (int, float)) and not hasattr(item, "__float__"):
                raise ValueError(_no_number(item, what, (*place, *index)))
        found = numpy.array(array.tolist())
        return found if found.dtype.kind in "fiub" else array.astype(float)
    first = (0,) * array.ndim
    raise ValueError(_no_number(array[first] if array.size else array.dtype, what, (*place, *first)))


def _no_number(item: object, what: str, place: tuple[int, ...]) -> str:
    if item is None or type(item).__name__ in ("NAType", "NaTType"):
        return f"{what} has no number{_where(place)} ({brief(item, 40)}): leave such rows out, or put a number there"
    advice = "[classes.index(name) for name in y]" if what.endswith("y") else "a number, such as that of a class,"
    return f"{what} holds {brief(item, 40)}{_where(place)}, which is no number: give {advice} in its place"


def _where(place: tuple[int, ...]) -> str:
    """Return the place of a number in words; rows and columns are counted from 0, as in an index."""
    if len(place) > 2:
        return f" at {list(place)}"
    return "".join(f"{sep}{name} {k}" for sep, name, k in zip((" in ", ", "), ("row", "column"), place))


def shape_of(x: Nested, depth: int = 0) -> tuple[int, ...]:
    """Return the shape of a number, a node, an array or nested lists; raise ValueError for ragged lists."""
    if not isinstance(x, (list, tuple)):
        shape: tuple[int, ...] = getattr(x, "shape", ())
        return shape
    inside = deeper(depth)
    inner = {shape_of(part, inside) for part in x}
    if len(inner) > 1:
        raise ValueError(f"lists of different lengths: the shapes inside are {sorted(inner)}")
    return (len(x), *(inner.pop() if inner else ()))

"""Raw numbers and arrays: their shape and their bits, and NumPy when the first array appears."""

from __future__ import annotations

from typing import Any

from .trees import flatten, mapped
from .types import Array, Operand, Raw, Setting, Shape

NUMBERS = frozenset((float, int, bool))

PLAIN = frozenset((int, bool, float, str, type(None), slice, type(...)))
"""Settings of these classes are kept as they are."""

ARRAYS: set[type] = set()

SCALARS: set[type] = set()
"""The class of a number that a reduction of NumPy's returns, once NumPy is imported."""


def bits(data: Raw) -> tuple[Any, ...]:
    """Return a key that is the same for raw data that agree to the last bit."""
    return (data.shape, data.dtype.str, data.tobytes()) if hasattr(data, "dtype") else (float(data).hex(),)


def same_bits(a: Array, b: Array) -> bool:
    """Tell whether two arrays have the same shape, dtype and bits."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if type(a) in ARRAYS and type(b) in ARRAYS and a.dtype.kind in "biuf" and a.itemsize <= 8:
        # As integers, which makes no copies: to compare two texts of 15 MiB takes ten times as long.
        return bool((a.view(f"u{a.itemsize}") == b.view(f"u{b.itemsize}")).all())
    return bool(a.tobytes() == b.tobytes())


def read_only(data: Raw) -> Raw:
    """Return an array that nobody can write to, a number as it is."""
    if type(data) not in ARRAYS:
        return data
    view = data.view()
    view.flags.writeable = False
    return view


def numpy_module() -> Any:
    """Import NumPy when the first array appears."""
    if not _imported:
        import numpy

        ARRAYS.add(numpy.ndarray)
        SCALARS.add(numpy.float64)
        # A C library such as glibc returns the memory of every large array to the system, and has to get it back, page
        # by page, for the next, until it has seen one of 31 MiB come and go: training on large batches takes twice as
        # long before. No page of this one is ever touched.
        numpy.empty(31 << 20, numpy.uint8)
        _imported.append(numpy)
    return _imported[0]


_imported: list[Any] = []


def keep(data: Raw) -> Raw:
    """Return a constant for a graph: an array that somebody could still write to is copied."""
    frozen = not hasattr(data, "dtype") or (data.base is None and not data.flags.writeable)
    return data if frozen else data.copy("K")


def keep_setting(setting: Setting) -> Setting:
    """Return a setting for a graph, with a copy of each array in it that somebody could still write to.

    NumPy's numbers become Python's, which sources can name and JAX takes for a shape.
    """
    if type(setting) is tuple:
        # An index, mostly.
        return tuple([item if type(item) in PLAIN else mapped(_kept, item, 1) for item in setting])
    return mapped(_kept, setting)


def _kept(item: Any) -> Any:
    kind = type(item)
    if kind.__name__ == "ndarray":
        return keep(item)
    return item.item() if kind.__module__ == "numpy" and isinstance(item, numpy_module().generic) else item


def shape(x: Operand) -> Shape:
    """Return the shape of a node, an array or a number."""
    given = getattr(x, "shape", ())
    # A class of NumPy's, which may be a setting, has an attribute of the name.
    return given if type(given) is tuple else ()


def has_varying(item: Setting) -> bool:
    """Tell whether there is an array in a setting that differs from call to call."""
    return any(map(is_varying, flatten(item)))


def is_varying(item: object) -> bool:
    """Tell whether something is an array that differs from call to call."""
    return type(item).__name__ == "Varying" and hasattr(item, "dtype")


def uniform(data: Raw) -> Any:
    """Return a number as it is, of an array of equal elements one of them, and None for other arrays."""
    if isinstance(data, (float, int)):
        return data
    if not data.size or not (data == data.flat[0]).all():
        return None
    # Zero and minus zero are equal, but other numbers.
    alike = data.flat[0] != 0 or data.tobytes() == data.size * data.flat[0].tobytes()
    return data.flat[0].item() if alike else None

"""Names for the types of parameters, which signatures and `help` show.

Data are floats in one graph and arrays in another, and nearly every function takes both: a union of the two would need
a cast in each of them. So a type checker reads the names without a type of their own as Any; people read what they say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy

    Array: TypeAlias = numpy.ndarray[Any, Any]
else:
    # NumPy is imported when the first array appears.
    Array = Any
"""An array of NumPy's."""

Raw: TypeAlias = Any
"""A number or an array, as a node holds it; in a function that is being compiled, a symbol of one."""

Data: TypeAlias = Any
"""Data to make a node from: a real number, an array, or a list of numbers, nested for more axes."""

Operand: TypeAlias = Any
"""A node, a number or an array, as an operation takes and returns them."""

Tree: TypeAlias = Any
"""Lists, tuples and dicts, inside each other, of items; or an item alone."""

Item: TypeAlias = Any
"""A node, a number or an array in a tree; or any other object, such as text, that is passed through as it is."""

Axis: TypeAlias = int | tuple[int, ...] | None
"""An axis of an array, several, or None for all of them."""

Shape: TypeAlias = tuple[int, ...]
"""The lengths of the axes; empty for a number."""

Index: TypeAlias = Any
"""An index as in `x[index]`: an integer, a slice, None, ..., an array, or a tuple of these."""

Dtype: TypeAlias = Any
"""The type of an array's elements: its name, or its class in NumPy."""

Setting: TypeAlias = Any
"""The value of a static setting of an operation: an axis, a shape, an index, a name."""

Settings: TypeAlias = Mapping[str, Any]
"""The static settings of an operation by name."""

Namespace: TypeAlias = Any
"""The `xp` of a forward function, with the functions of the Array API: NumPy, that of floats, or one of symbols."""

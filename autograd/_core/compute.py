"""The forward function of a row, computed on raw numbers and arrays."""

from __future__ import annotations

from autograd.files import brief

from . import floats
from .data import ARRAYS, NUMBERS, numpy_module, read_only, shape
from .modes import active, anomaly, without_warnings
from .primitive import Primitive
from .types import Raw, Settings


def compute(op: Primitive, raw: list[Raw], settings: Settings) -> Raw:
    """Compute the data of a node from raw numbers and arrays."""
    if op.elementwise and NUMBERS.issuperset(map(type, raw)):
        return float(op.forward(floats, *raw, **settings))
    return forward_arrays(op, raw, settings)


def forward_arrays(op: Primitive, raw: list[Raw], settings: Settings) -> Raw:
    """Compute on arrays; an error of NumPy's gets the name of the operation and the shapes."""
    numpy = numpy_module()
    if op.foreign:
        raw = [read_only(data) for data in raw]
    try:
        if active and anomaly.get():
            # NumPy's warnings would say less than detect_anomaly is about to.
            out = without_warnings(op.forward)(numpy, *raw, **settings)
        else:
            out = op.forward(numpy, *raw, **settings)
    except (ValueError, TypeError, IndexError) as error:
        shapes = " and ".join(str(shape(data)) for data in raw)
        given = "".join(f", {name}={brief(setting)}" for name, setting in settings.items())
        raise type(error)(f"{op.name} of shape {shapes}{given}: {error}") from error
    return as_data(op, out, raw)


def as_data(op: Primitive, out: Raw, raw: list[Raw]) -> Raw:
    """Return the result of a forward function as a node holds it: a float, or an array of floats."""
    if type(out) in NUMBERS:
        return float(out)
    if not hasattr(out, "dtype"):
        raise TypeError(f"the forward function of {op.name} must return an array or a number; got {brief(out)}")
    if out.dtype.kind != "f":
        # A comparison is recorded as numbers, of the precision that went in.
        precise = [data.dtype for data in raw if hasattr(data, "dtype") and data.dtype.kind == "f"]
        return numpy_module().asarray(out, max(precise, default=numpy_module().dtype(float)))
    return out if type(out) in ARRAYS else numpy_module().asarray(out)

"""The search for the first nan or infinity, with the node and the line of code that made it: `detect_anomaly`."""

from __future__ import annotations

import linecache
import math
import sys
from functools import lru_cache
from types import FrameType

from .names import name_of
from .node import Node
from .types import Operand, Raw


def check(node: Node) -> None:
    """Note where the node was made; raise FloatingPointError if its data holds a nan or an infinity."""
    node._source = user_line()
    bad = not_finite(node._data)
    if bad is None:
        return
    names = [name_of(item) for item in node.inputs]
    assert node.op is not None
    made = node.op.text(*names, **node.settings)
    where = [f"{name} = {arg}" for name, arg in zip(names, node.args) if isinstance(arg, float)]
    already = [name for name, arg in zip(names, node.args) if not_finite(arg) is not None]
    raise FloatingPointError(
        f"{name_of(node) if node.label else made} is {bad}"
        + (f" at {', '.join(where)}" if where else "")
        + (f" ({already[0]} already was not finite)" if already else "")
        + f"; made at {node.source}"
    )


def check_gradient(g: Operand, position: int, node: Node) -> None:
    """Raise FloatingPointError if the gradient that `node` sends to its input at `position` is not finite."""
    bad = not_finite(g._data if isinstance(g, Node) else g)
    if bad is not None:
        assert node.op is not None
        raise FloatingPointError(
            f"the gradient that {name_of(node)} sends to {name_of(node.inputs[position])} is {bad}; "
            + (f"made at {node.source}" if node.source else "run the forward pass inside detect_anomaly() for its line")
        )


def not_finite(data: Raw) -> float | None:
    """Return the first nan or infinity in raw data, None if all numbers are finite."""
    if isinstance(data, (float, int)):
        return None if math.isfinite(data) else float(data)
    import numpy

    bad = data[~numpy.isfinite(data)]
    return float(bad.flat[0]) if bad.size else None


def user_line() -> str:
    """Return `file:line: code` of the innermost frame that is not in this package or in `nn`."""
    return written_place(user_place())


def user_place() -> tuple[str, int]:
    """Return the file and the line of the innermost frame that is not in this package or in `nn`."""
    frame = user_frame()
    return frame.f_code.co_filename, frame.f_lineno


def user_frame() -> FrameType:
    """Return the innermost frame that is not in this package or in `nn`."""
    frame = sys._getframe(2)
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
    return frame


@lru_cache(512)
def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in ("autograd", "nn")


def written_place(place: tuple[str, int]) -> str:
    """Return `file:line: code` for a place."""
    code = linecache.getline(*place).strip().rstrip(":")
    return f"{place[0]}:{place[1]}" + (f": {code}" if code else "")

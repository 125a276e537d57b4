"""Passes that shorten a recorded computation without changing a bit of any result, node by node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from autograd._core import floats
from autograd._core.data import NUMBERS, has_varying, is_varying, shape, uniform
from autograd._core.modes import without_warnings
from autograd._core.node import MANY, Node, leaf
from autograd._core.primitive import ANY, TABLE
from autograd._core.trees import deeper
from autograd._core.types import Operand, Raw, Tree
from autograd._ops.manipulation import broadcast_to

Pass = Callable[[Node, dict[Any, Node]], Any]
"""Returns the node itself, or another node or raw data that may stand for it."""

LARGE = 1 << 15
"""Bytes from which the memory of an array counts: smaller ones come from the allocator's own store."""

_BROADCAST = TABLE[broadcast_to.__name__]


def shortened(nodes: Iterable[Node], became: dict[Node, Any], counts: Counter[str]) -> None:
    """Find a shorter stand-in for each node; inputs come before results. Count the nodes that each pass removes."""
    known: dict[Any, Node] = {}
    for node in nodes:
        found = _looked_up(node, became, known)
        if found is not None:
            became[node], again = found
            counts["computed already"] += again
            continue
        new: Any = relinked(node, [became.get(i, i) if isinstance(i, Node) else i for i in node.inputs])
        for name, each in PASSES.items():
            before, new = new, each(new, known)
            if new is not before and each is not narrow:
                counts[name] += 1
                break
        became[node] = new


def _looked_up(node: Node, became: dict[Node, Any], known: dict[Any, Node]) -> tuple[Node, bool] | None:
    """Return the node to stand for one of at most two floats, and whether it is an earlier one; None for others.

    It is the last pass alone, for operations to which no other applies: nearly all of a long scalar program.
    """
    op, a, b = node.op, node._a, node._b
    if type(node._data) is not float or b is MANY or op is None or not op.elementwise:
        return None
    first = became.get(a, a) if isinstance(a, Node) else a
    second = became.get(b, b) if isinstance(b, Node) else b
    one, two = isinstance(first, Node), isinstance(second, Node)
    x, y = first._data if one else first, second._data if two else second
    if not (one or two) or type(x) not in NUMBERS or (type(y) not in NUMBERS and b is not None):
        return None
    for position, special, _ in op.identities:
        if special is ANY or not (two if position else one):
            return None
    key: Any = id(first) if one else exact(x)
    key = (op, key, ()) if b is None else (op, key, id(second) if two else exact(y), ())
    earlier = known.get(key)
    if earlier is not None:
        return earlier, True
    new = node
    if first is not a or second is not b:
        new = leaf(node._data)
        new.op, new._a, new._b, new._x, new._y = op, first, second, x, y
    known[key] = new
    return new, False


def live(nodes: Iterable[Node], results: Iterable[Any]) -> list[Node]:
    """Return the nodes that a result depends on, in their order: all others are dead code."""
    nodes = list(dict.fromkeys(nodes))
    wanted = {item for item in results if isinstance(item, Node)}
    for node in reversed(nodes):
        if node in wanted:
            wanted.update([item for item in node.inputs if isinstance(item, Node)])
    return [node for node in nodes if node in wanted]


def narrow(node: Node, known: dict[Any, Node]) -> Any:
    """Use a small array in place of its stretched copy, where the operation stretches it anyway."""
    assert node.op is not None
    if not node.op.elementwise or type(node._data) is float:
        return node
    for position, item in enumerate(node.inputs):
        small = _unstretched(item)
        if small is item:
            continue
        args = [i._data if isinstance(i, Node) else i for i in node.inputs]
        args[position] = small._data if isinstance(small, Node) else small
        import numpy

        out = numpy.asarray(without_warnings(node.op.forward)(numpy, *args, **node.settings))
        # A comparison is True where the node holds 1.0.
        (dtype, *form), (recorded, *wanted) = _form(out), _form(node._data)
        if form == wanted and dtype in (recorded, bool):
            node = relinked(node, [small if k == position else i for k, i in enumerate(node.inputs)])
    return node


def _unstretched(item: Operand) -> Any:
    if isinstance(item, Node):
        return item.inputs[0] if item.op is _BROADCAST else item
    value = uniform(item) if shape(item) else None
    return item if value is None else value


def fold(node: Node, known: dict[Any, Node]) -> Any:
    """Compute a node now if it depends on constants alone."""
    if any(isinstance(item, Node) for item in node.inputs) or any(map(has_varying, node.settings.values())):
        return node
    return node._data


def apply_identities(node: Node, known: dict[Any, Node]) -> Any:
    """Replace an operation on a special number by its equal, `1.0 * b` by `b`, as the table's identities say."""
    assert node.op is not None
    for position, special, rewrite in node.op.identities:
        given = node.inputs[position]
        if special is ANY or (not isinstance(given, Node) and uniform(given) == special):
            simpler = rewrite(*node.inputs)
            data = simpler._data if isinstance(simpler, Node) else simpler
            if _form(data) == _form(node._data):
                if any(simpler is item for item in node.inputs) or not isinstance(simpler, Node):
                    return simpler
                return common(simpler, known)
    return node


def _form(data: Raw) -> tuple[Any, ...]:
    """Return dtype, shape, and how many elements apart neighbours lie: in another order, a sum ends in other digits."""
    steps = tuple(step // data.itemsize for step in data.strides) if shape(data) else ()
    # An array of one number is equal to a float, and so is its dtype to the class.
    return getattr(data, "dtype", float), shape(data), steps, hasattr(data, "dtype")


def common(node: Node, known: dict[Any, Node]) -> Any:
    """Take an earlier node that the same operation computed from the same inputs."""
    assert node.op is not None
    settings = tuple((name, exact(item)) for name, item in node.settings.items())
    return known.setdefault((node.op, *map(exact, node.inputs), settings), node)


PASSES: dict[str, Pass] = {
    "constants computed": fold,
    "arrays not stretched": narrow,
    "exact identities": apply_identities,
    "computed already": common,
}
PASS_NAMES = ("constants computed", "exact identities", "computed already")


def relinked(node: Node, inputs: list[Any]) -> Node:
    """Return a node with other inputs that hold the same numbers, or the node itself if they are the same."""
    if node.op is None or all(a is b for a, b in zip(inputs, node.inputs)):
        return node
    args = tuple(item._data if isinstance(item, Node) else item for item in inputs)
    # A view of an input must be a view of the other input, as it will be when it runs.
    moved = any(a is not b and _holds_view(node._data, a, b) for a, b in zip(node.args, args))
    new = leaf(rule_of(node)(*args, **node.settings) if moved else node._data)
    new.link(node.op, tuple(inputs), args, node.settings)
    return new


def _holds_view(data: Raw, before: Raw, now: Raw) -> bool:
    """Tell whether `data` is a view of an array, or might be a view of one with another order in memory."""
    if not shape(data) or not shape(before) or not shape(now):
        return False
    import numpy

    return numpy.may_share_memory(data, before) or before.strides != now.strides


def hollow(nodes: Iterable[Node]) -> None:
    """Let go of the numbers in large arrays, whose shapes are all that is needed from now on."""
    for node in nodes:
        if NUMBERS.issuperset(map(type, (node._data, *node.args))):
            continue
        node._data = _hollowed(node._data)
        if node.op is not None:
            node.link(node.op, node.inputs, tuple(map(_hollowed, node.args)), node.settings)


def _hollowed(data: Raw) -> Any:
    if type(data) in NUMBERS or data.nbytes < LARGE:
        return data
    import numpy

    return numpy.broadcast_to(numpy.zeros((), data.dtype), data.shape)


def on_floats(node: Node) -> bool:
    """Tell whether the operation of a node works on floats, not on arrays."""
    assert node.op is not None
    return node.op.elementwise and NUMBERS.issuperset(map(type, node.args))


def rule_of(node: Node) -> Callable[..., Any]:
    """Return the function that applies the operation of a node to other numbers."""
    assert node.op is not None
    forward = node.op.forward
    if on_floats(node):
        return lambda *raw, **settings: float(forward(floats, *raw, **settings))
    import numpy

    # One number of an array is a float already.
    dtype = getattr(node._data, "dtype", None)
    as_recorded = partial(numpy.asarray, dtype=dtype) if dtype else float
    return lambda *raw, **settings: as_recorded(forward(numpy, *raw, **settings))


def exact(item: Tree, depth: int = 0) -> Any:
    """Return a key that differs for different inputs or settings: numbers by all their bits, nodes by identity."""
    if isinstance(item, Node) or is_varying(item):
        return id(item)
    if isinstance(item, (tuple, list)):
        inside = deeper(depth)
        return (type(item), *[exact(part, inside) for part in item])
    if isinstance(item, slice):
        return (slice, item.start, item.stop, item.step)
    if isinstance(item, dict):
        inside = deeper(depth)
        return tuple([(name, exact(part, inside)) for name, part in item.items()])
    if shape(item):
        return (item.shape, item.dtype.str, item.tobytes())
    return (type(item), repr(item))

"""`explain`: the chain rule from one node to the loss, every factor with its formula and its number."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextvars import Context
from math import prod
from typing import Any, NamedTuple

from autograd._core.modes import without_warnings
from autograd._core.names import name_of
from autograd._core.node import Node
from autograd._grad.rules import one_like
from autograd._views.derivative import Derivative, derivative, written_out
from autograd._views.draw.draw import colors
from autograd._views.formula import is_one_number, unique
from autograd._views.latex import latex_text
from autograd._views.network import names_in_network
from autograd.files import brief

from .explanation import Explanation, Factor, Line, Path, show
from .paths import Link, Stations, letter, numbered, pull_through

PATHS = 8
"""More paths than these are not listed, but taken together layer by layer."""

ENDS = 6
"""Of a path longer than twice this, this many factors are shown at either end."""

LARGE = 1000
"""An expression of more nodes is not written down."""

SIDE_BY_SIDE = 3
"""Of more nodes in one layer, the first alone is written down."""

INPUTS = 12
"""Of more inputs, the first are listed."""

READABLE = 60
"""A longer formula is cut."""

ELIDED = Derivative("…", r"\cdots", None)


def explain(loss: Node, wrt: Node) -> Explanation:
    """Explain the derivative of a loss by a node: the product along every path, and the sum of these.

    `loss` is a scalar, `wrt` any node that it was computed from. A factor is the derivative of one named node by the
    next; for arrays, where that would be a large matrix, the formula says how the gradient g so far is changed.
    More than 8 paths are taken together, layer by layer. Sets no gradients, and needs none.
    Raises TypeError for an object that is no node, ValueError for a loss that is no scalar or does not use `wrt`.

    >>> w, x = Value(3.0, label="w"), Value(2.0, label="x")
    >>> print(explain(tanh(w * x - 5) ** 2, wrt=w))
    dJ/dw = 1.2794, along 1 path
    <BLANKLINE>
      w = 3, x = 2
      z = w * x - 5 = 1
      y = tanh(z)   = 0.761594
      J = y ** 2    = 0.580026
    <BLANKLINE>
      dJ/dw =  dJ/dy  ·    dy/dz    · dz/dw
            =  2 * y  · (1 - y * y) ·   x
            = 1.52319 ·   0.419974  ·   2
            = 1.2794
    """
    for name, node in (("loss", loss), ("wrt", wrt)):
        if not isinstance(node, Node):
            raise TypeError(
                f"explain takes a loss and the node to differentiate it by, Values or Tensors; {name} is {brief(node)} "
                f"of type {type(node).__name__}"
            )
    if loss.shape != ():
        raise ValueError(
            f"explain needs a scalar loss; the shape is {loss.shape}. Reduce it first, e.g. with .sum() or .mean()"
        )
    stations = Stations(loss, wrt)
    if loss not in stations.station:
        raise ValueError(
            f"the loss was not computed from {name_of(wrt)}: wrt must be a node of its graph, the very object, and no "
            f"no_grad(), detach() or .data may lie between"
        )
    # A context of its own: without anomaly detection, whatever the caller has switched.
    return Context().run(_explained, stations)


@without_warnings
def _explained(stations: Stations) -> Explanation:
    total = stations.count()
    listed = total <= PATHS
    every = (stations.along(path) for path in stations.paths()) if listed else [stations.layers()]
    chains = [_ends(links, stations) for links in every]
    # From the source up, path by path: the order in which a reader meets them.
    links = [link for some, _ in chains for link in reversed(some) if link]
    shown = dict.fromkeys(node for link in links for node in (*link.leaving, *link.arriving)) or {stations.root: None}
    index = {node: k for k, node in enumerate(stations.order)}
    more: dict[Node, int] = {}
    for link in links:
        new = [node for node in link.arriving if node not in link.leaving]
        several = len(new) > SIDE_BY_SIDE
        more.update((node, len(new) - 1 if several else 0) for node in (new[:1] if several else new))
    expressions = {node: stations.expression(node) for node in sorted(more, key=index.__getitem__)}
    names = _names(stations, list(shown), expressions)
    page = _Page(
        stations, names, expressions, any(node.shape for node in stations.stations), index, colors(stations.order)
    )
    paths = [Path(tuple(link and _factor(page, link) for link in some), value) for some, value in chains]
    value = paths[0].value
    for path in paths[1:]:
        value = value + path.value
    lines = (*_inputs(page), *(_line(page, node, more[node]) for node in expressions))
    loss, wrt = names[stations.root], names[stations.source]
    return Explanation(loss, wrt, value, total, listed, page.arrays, tuple(paths), lines)


class _Page(NamedTuple):
    """The data that all parts of an explanation are written from."""

    stations: Stations
    names: dict[Any, str]
    expressions: dict[Node, list[Node]]
    arrays: bool
    order: dict[Node, int]
    colors: dict[Node, str]


def _ends(links: Iterable[Link], stations: Stations) -> tuple[list[Link | None], Any]:
    """Return the first and the last links of a chain, None for those between, and the gradient at its end."""
    first: list[Link | None] = []
    last: deque[Link] = deque(maxlen=ENDS)
    left_out, value = False, one_like(stations.root)
    for link in links:
        value = link.leaving.get(stations.source)
        if len(first) < ENDS:
            first.append(link)
        else:
            left_out = left_out or len(last) == ENDS
            last.append(link)
    return [*first, *([None] if left_out else []), *last], value


def _names(stations: Stations, shown: list[Node], expressions: dict[Node, list[Node]]) -> dict[Any, str]:
    """Name every node and array constant that a reader meets, by its label or by a letter for its part."""
    names: dict[Any, str] = {node: _clean(label) for node, label in unique(stations.order, {}).items()}
    parts = names_in_network(stations.order)
    names |= parts
    keys = dict.fromkeys([*shown, *(key for node in expressions for key, _ in _given(expressions[node]))])
    letters = {
        key: letter(key, stations.user.get(key), bool(parts)) if isinstance(key, Node) else "c"
        for key in keys
        if key not in names
    }
    return names | numbered(letters, set(names.values()))


def _given(expression: list[Node]) -> Iterator[tuple[Any, Any]]:
    """Yield the inputs of an expression that need a name, as keys of `names`, with their data.

    Numbers need none: unlabelled leaves and constants are written as they are.
    """
    inside = set(expression)
    for node in expression:
        for position, (given, arg) in enumerate(zip(node.inputs, node.args)):
            if isinstance(given, Node):
                if given not in inside and (given.op or given.label or not is_one_number(node, arg)):
                    yield given, arg
            elif not is_one_number(node, arg):
                yield (node, position), arg


def _clean(label: str) -> str:
    """Return a label as one short line."""
    shown = "".join(c if c.isprintable() else " " for c in label)
    return shown if len(shown) <= 30 else shown[:29] + "…"


def _inputs(page: _Page) -> Iterator[Line]:
    """Yield a line for each node and array that goes into the expressions: first leaves, then results."""
    given: dict[Any, Any] = {page.stations.source: page.stations.source._data}
    for expression in page.expressions.values():
        given.update((key, arg) for key, arg in _given(expression) if key not in page.stations.stations)
    nodes = [key for key in given if isinstance(key, Node)]
    nodes.sort(key=lambda node: (node.op is not None, page.order[node]))
    keys = [*nodes, *(key for key in given if not isinstance(key, Node))]
    for key in keys[:INPUTS]:
        yield Line(page.names[key], "", "", show(given[key]))
    if len(keys) > INPUTS:
        yield Line(f"and {len(keys) - INPUTS} more", "", "", "")


def _line(page: _Page, node: Node, more: int) -> Line:
    name = f"{page.names[node]} (and {more} more)" if more else page.names[node]
    expression = page.expressions[node]
    formula = written_out(expression, page.names) if len(expression) <= LARGE else ELIDED
    return Line(name, _cut(formula.text), formula.latex, show(node._data))


def _cut(text: str) -> str:
    """Return a formula of readable length, cut between words if there is more than one."""
    if len(text) <= READABLE:
        return text
    end = text.rfind(" ", 1, READABLE - 2)
    return f"{text[:end]} …" if end > 0 else f"{text[: READABLE - 1]}…"


def _factor(page: _Page, link: Link) -> Factor:
    """Return the derivative of one cut by the next."""
    stations, names = page.stations, page.names
    upper, lower = (tuple(names[node] for node in cut) for cut in (link.arriving, link.leaving))
    if link.step is None:
        rows, columns = (sum(prod(node.shape) for node in cut) for cut in (link.arriving, link.leaving))
        size, whole = f"{rows} × {columns}", rows * columns <= 4 and not page.arrays
        return Factor(upper, lower, (), size, latex_text(size), _matrix(stations, link) if whole else "…", "")
    station, below, entry = link.step
    positions = [k for k, given in enumerate(entry.inputs) if given is below]
    held: tuple[str, ...] = ()
    if sum(below in others for others in stations.below.values()) > 1:
        others = (node for node in stations.below[station] if node is not below)
        held = tuple(names[node] for node in others if stations.leads_to(node, below))
    arriving, (left,) = link.arriving[station] if page.arrays else None, link.leaving.values()
    if len(page.expressions[station]) <= LARGE:
        formula = derivative(page.expressions[station], {(entry, k) for k in positions}, names, arriving)
    else:
        data = pull_through(stations.route(link.step), [below], one_like(station))[below]
        formula = ELIDED._replace(data=data)
    number = show(left if page.arrays else formula.data)
    return Factor(upper, lower, held, _cut(formula.text), formula.latex, number, page.colors[entry])


def _matrix(stations: Stations, link: Link) -> str:
    """Return the Jacobian matrix between two cuts of few numbers; a number in both has the derivative 1."""
    rows = []
    for upper in link.arriving:
        slopes = {upper: 1.0}
        if upper not in link.leaving:
            slopes = pull_through(stations.parts[upper], stations.below[upper], one_like(upper))
        rows.append(f"[{', '.join(show(slopes.get(lower, 0.0)) for lower in link.leaving)}]")
    return rows[0] if len(rows) == 1 else f"[{', '.join(rows)}]"

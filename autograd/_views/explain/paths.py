"""The paths from one node to a scalar: the nodes worth naming, the number of paths, the gradients along them.

An expression such as `w0 + w1 * x1` is one step of the chain rule, as on a blackboard, though it is several nodes: an
unlabelled result of arithmetic that is used once, by more arithmetic, is no station of its own. It is one where paths
would otherwise run side by side between the same two stations. Nothing here recurses over the graph.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from itertools import count
from typing import Any, NamedTuple

from autograd._core.data import shape
from autograd._core.node import Node
from autograd._core.order import topological_sort
from autograd._core.types import Raw
from autograd._grad.rules import one_like
from autograd._grad.sweep import sweep

MANY_PATHS = 10**100
"""Counting stops here: the numbers themselves would fill the memory."""


class Step(NamedTuple):
    """One factor of a path: the derivative of the station `upper` by `lower`, which goes in at `entry`."""

    upper: Node
    lower: Node
    entry: Node


class Link(NamedTuple):
    """The gradients between two cuts: those that arrive at the upper one and leave the lower; `step`, if it is one."""

    arriving: dict[Node, Any]
    leaving: dict[Node, Any]
    step: Step | None


class Stations:
    """The part of a graph between `source` and `root`, as stations and steps between them."""

    def __init__(self, root: Node, source: Node) -> None:
        self.root, self.source = root, source
        self.order = topological_sort(root)
        self.uses: dict[Node, int] = {}
        self.user: dict[Node, Node] = {}
        reached = {source}
        for node in self.order:
            for given in node.inputs:
                if isinstance(given, Node):
                    self.uses[given] = self.uses.get(given, 0) + 1
                    self.user[given] = node
                    if given in reached:
                        reached.add(node)
        self.between = [node for node in self.order if node in reached]
        self.stations = self._stations()
        self.station: dict[Node, Node] = {}
        """The station of each node between: the one whose expression it is part of."""
        for node in reversed(self.between):
            self.station[node] = node if node in self.stations else self.station[self.user[node]]
        self.below: dict[Node, dict[Node, Node]] = {node: {} for node in self.stations}
        """For each station the stations that go into its expression, with the node where they do."""
        self.parts: dict[Node, list[Node]] = {node: [] for node in self.stations}
        """For each station the nodes of its expression through which paths lead, inputs first."""
        for node in self.between:
            if node is not source:
                station = self.station[node]
                self.parts[station].append(node)
                for given in node.inputs:
                    if isinstance(given, Node) and given in self.stations:
                        self.below[station][given] = node

    def merges(self, node: Node) -> bool:
        """Tell whether a node is no station of its own, but part of the expression that uses it."""
        if node is self.root or node is self.source or node.label or self.uses.get(node) != 1:
            return False
        return is_arithmetic(node) and is_arithmetic(self.user[node])

    def _stations(self) -> dict[Node, None]:
        """Return the stations, inputs first. Where two branches of an expression start alike, both are stations."""
        found: dict[Node, None] = {}
        starts: dict[Node, set[Node]] = {}
        between = set(self.between)
        for node in self.between:
            sets: dict[Node, set[Node]] = {}
            for branch in node.inputs if node is not self.source else ():
                if isinstance(branch, Node) and branch in between and branch not in sets:
                    sets[branch] = {branch} if branch in found else starts.pop(branch)
            open_branches = [branch for branch in sets if branch not in found]
            shared = [a for a in open_branches if any(a is not b and not sets[a].isdisjoint(sets[b]) for b in sets)]
            for branch in shared:
                found[branch] = None
                sets[branch] = {branch}
            # The largest takes in the others, so that a sum of n terms takes time n log n.
            union = max(sets.values(), key=len, default={node})
            for some in sets.values():
                if some is not union:
                    union |= some
            if self.merges(node):
                starts[node] = union
            else:
                found[node] = None
        return {node: None for node in self.between if node in found}

    def count(self) -> int:
        """Return the number of paths, at most MANY_PATHS, without walking them."""
        counts = {self.source: 1}
        for station, lower in self.below.items():
            if station is not self.source:
                counts[station] = min(sum(counts[node] for node in lower), MANY_PATHS)
        return counts[self.root]

    def paths(self) -> Iterator[list[Step]]:
        """Yield every path, as its steps from the root down to the source."""
        path: list[Step] = []
        ahead = [iter(self.below[self.root].items())]
        if self.root is self.source:
            yield []
        while ahead:
            lower, entry = next(ahead[-1], (None, None))
            if lower is None or entry is None:
                ahead.pop()
                if path:
                    path.pop()
                continue
            path.append(Step(self.station[entry], lower, entry))
            if lower is self.source:
                yield list(path)
                path.pop()
            else:
                ahead.append(iter(self.below[lower].items()))

    def route(self, step: Step) -> list[Node]:
        """Return the nodes that a step leads through, from its entry to the upper station."""
        nodes = [step.entry]
        while nodes[-1] is not step.upper:
            nodes.append(self.user[nodes[-1]])
        return nodes

    def along(self, path: list[Step]) -> Iterator[Link]:
        """Yield the links of a path, with the gradient of the root, 1, as it changes on the way."""
        arriving = {self.root: one_like(self.root)}
        for step in path:
            leaving = pull_through(self.route(step), [step.lower], arriving[step.upper])
            yield Link(arriving, leaving, step)
            arriving = leaving

    def layers(self) -> Iterator[Link]:
        """Yield the links between cuts through the graph, from the root down.

        A station stands in a cut if a path leads through it to one that was above. Between two cuts lies one Jacobian
        matrix, and in the product of all of them are all paths.
        """
        level = {self.source: 0}
        for station, lower in self.below.items():
            if station is not self.source:
                level[station] = 1 + max(level[node] for node in lower)
        levels: list[list[Node]] = [[] for _ in range(level[self.root] + 1)]
        for station in level:
            levels[level[station]].append(station)
        arriving = {self.root: one_like(self.root)}
        for stations in reversed(levels[1:]):
            leaving = dict(arriving)
            for station in stations:
                arrived = leaving.pop(station)
                for node, g in pull_through(self.parts[station], self.below[station], arrived).items():
                    leaving[node] = leaving[node] + g if node in leaving else g
            (upper, *others), (under, *more) = arriving, leaving
            yield Link(arriving, leaving, None if others or more else Step(upper, under, self.below[upper][under]))
            arriving = leaving

    def expression(self, station: Node) -> list[Node]:
        """Return all nodes of a station's expression, inputs first, the station last."""
        nodes = [station]
        for node in nodes:
            inputs = (given for given in node.inputs if isinstance(given, Node))
            nodes += [given for given in inputs if given not in self.stations and self.merges(given)]
        return nodes[::-1]

    def leads_to(self, upper: Node, lower: Node) -> bool:
        """Tell whether a path leads from `lower` to `upper`."""
        seen = [upper]
        known = set(seen)
        for node in seen:
            more = [given for given in self.below[node] if given not in known]
            seen += more
            known.update(more)
        return lower in known


def is_arithmetic(node: Node) -> bool:
    """Tell whether an operation is written between or before its arguments, as `a + b` and `-a` are."""
    return node.op is not None and isinstance(node.op.written, str) and not node.settings


def letter(node: Node, user: Node | None, beside: bool = False) -> str:
    """Return the letter by which a node without a label is called, as on a blackboard.

    Arithmetic that goes into a function is z, as is that of a layer of arrays with its bias; what a function returns
    is y, other arithmetic a, a leaf x; what nothing uses is the loss J. What stands `beside` a network is a: there z
    is the sum of a neuron, and y what is wanted.
    """
    if user is None:
        return "J"
    if node.op is None:
        return "x"
    if beside:
        return "a"
    assert user.op is not None
    function = user.op.elementwise and user.op.arity == 1 and not is_arithmetic(user)
    weighted = " + " in node.op.text(*["x"] * len(node.inputs), **node.settings)
    biased = shape(node._data) and any(isinstance(x, Node) and x.mark[2] == "bias" for x in node.inputs)
    return "z" if biased or (function and (weighted or is_arithmetic(node))) else "a" if is_arithmetic(node) else "y"


def numbered(letters: Mapping[Any, str], taken: Collection[str]) -> dict[Any, str]:
    """Name each key by its letter, with a number if several have that letter, and by no taken name."""
    alone = {one: many == 1 and one not in taken for one, many in Counter(letters.values()).items()}
    numbers = {one: count(1) for one in alone}
    names: dict[Any, str] = {}
    for key, one in letters.items():
        several = (f"{one}{k}" for k in numbers[one])
        names[key] = one if alone[one] else next(name for name in several if name not in taken)
    return names


def pull_through(nodes: list[Node], lower: Collection[Node], g: Raw) -> dict[Node, Any]:
    """Pull a gradient of the last node back through all nodes; return the gradient of each node below."""
    adjoints = {nodes[-1]: g}
    for _ in sweep(nodes, adjoints, wanted={*nodes, *lower}):
        pass
    return {node: adjoints.get(node, 0.0 * one_like(node)) for node in lower}

"""Derivatives as formulas: the rules of the table, run on symbols, and the recorded result written down."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextvars import Context
from typing import Any, NamedTuple

from autograd._core.data import shape
from autograd._core.modes import without_warnings
from autograd._core.node import Node
from autograd._core.order import topological_sort
from autograd._core.types import Operand, Raw
from autograd._grad.rules import one_like
from autograd._grad.sweep import sweep
from autograd._nodes.tensor import Tensor
from autograd._nodes.value import Value
from autograd._ops.elementwise import greater, greater_equal, less, less_equal

from .formula import LONG, formula, is_one_number
from .latex import latex_formula, latex_label, latex_text
from .numbers import data_text

Edge = tuple[Node, int]
"""A node and the position of one of its inputs."""


class Derivative(NamedTuple):
    """A derivative, or a gradient g as it is sent back: as text, as LaTeX, and its raw data."""

    text: str
    latex: str
    data: Any


class _Comparisons:
    """Comparisons that are recorded, so that a formula says `where(y > 0, 1, 0)`, not 1 or 0."""

    __slots__ = ()

    def __gt__(self, other: Operand) -> Any:
        return greater(self, other)

    def __ge__(self, other: Operand) -> Any:
        return greater_equal(self, other)

    def __lt__(self, other: Operand) -> Any:
        return less(self, other)

    def __le__(self, other: Operand) -> Any:
        return less_equal(self, other)


class _Number(_Comparisons, Value):
    __slots__ = ()


class _Array(_Comparisons, Tensor):
    __slots__ = ()


def local(node: Node, position: int, names: Mapping[Any, str], g: Raw | None = None) -> Derivative:
    """Return the derivative of a node by one of its inputs, as the formula that the table gives.

    With `g`, the raw gradient of the node, it is what that becomes when it is sent back to the input: the formula has
    `g` in it. Without, it is the derivative itself; for arrays, of which that would be a large matrix, g is all ones.
    `names` gives names to nodes, and to array constants by (node, position); labels are used for others.

    >>> x = Value(0.5, label="x")
    >>> y = tanh(x)
    >>> local(y, 0, {y: "y"}).text
    '1 - y * y'
    """
    return derivative([node], {(node, position)}, names, g)


def derivative(
    expression: Sequence[Node], edges: Collection[Edge], names: Mapping[Any, str], g: Raw | None = None
) -> Derivative:
    """Return the derivative of an expression by its inputs at `edges`; names and `g` as for `local`.

    `expression` is nodes in topological order, the result last; all their other inputs are written by name.
    """
    # A context of its own: recording, and without anomaly detection, whatever the caller has switched.
    return Context().run(_derivative, expression, edges, names, g)


def written_out(expression: Sequence[Node], names: Mapping[Any, str]) -> Derivative:
    """Return the last node of an expression as a formula of the inputs of the expression."""
    out, called, _ = _copied(expression, (), names, symbolic=False)
    del called[out]
    return _written(out, called, simplify=False)


@without_warnings
def _derivative(
    expression: Sequence[Node], edges: Collection[Edge], names: Mapping[Any, str], g: Raw | None
) -> Derivative:
    root = expression[-1]
    scalar = all(node.shape == () for node in expression) and all(shape(n.inputs[k]) == () for n, k in edges)
    scalar = scalar and g is None
    raw = one_like(root) if g is None else g
    for symbolic in (True, False):
        found = _on_symbols(expression, edges, names, None if scalar else raw, symbolic)
        if found is not None:
            return found
    out, called, targets = _copied(expression, edges, names, symbolic=False)
    name = called.pop(out)
    text = f"d{name}/d{called[targets[0]]} at {formula(out, called)}"
    return Derivative(text, latex_text(text), _pulled(out, targets, raw, recorded=False))


def _on_symbols(
    expression: Sequence[Node], edges: Collection[Edge], names: Mapping[Any, str], g: Raw | None, symbolic: bool
) -> Derivative | None:
    """Run the rules on symbols; None if they cannot be: nodes know no math.cos(x), which raw numbers do."""
    out, called, targets = _copied(expression, edges, names, symbolic)
    # The gradient of a number with respect to itself is 1, by which nothing need be multiplied.
    arriving = one_like(out) if g is None else _symbol(g, symbolic)
    if g is not None:
        called[arriving] = "g"
    try:
        return _written(_pulled(out, targets, arriving, recorded=True), called)
    except Exception:
        return None


def _pulled(out: Node, targets: list[Node], g: Operand, recorded: bool) -> Any:
    """Return the gradient `g` of `out`, pulled back to the targets and added up there."""
    order = topological_sort(out)
    wanted = set(targets)
    for node in order:
        if any(isinstance(given, Node) and given in wanted for given in node.inputs):
            wanted.add(node)
    adjoints = {out: g}
    for _ in sweep([node for node in order if node in wanted], adjoints, recorded, wanted):
        pass
    found = [adjoints[target] for target in targets if target in adjoints]
    total = found[0] if found else 0.0 * one_like(targets[0])
    for more in found[1:]:
        total = total + more
    return total


def _written(result: Operand, called: Mapping[Node, str], simplify: bool = True) -> Derivative:
    identifiers = {node: f"_{k}_" for k, node in enumerate(called)}
    shown = {identifiers[node]: latex_label(name) for node, name in called.items()}
    times = r"\odot" if any(node.shape for node in called) else r"\,"
    text, latex = formula(result, called, simplify), formula(result, identifiers, simplify, calls=True)
    latex = latex_formula(latex, shown, times) if len(text) <= LONG else r"\cdots"
    return Derivative(text, latex, result._data if isinstance(result, Node) else result)


def _copied(
    expression: Sequence[Node], edges: Collection[Edge], names: Mapping[Any, str], symbolic: bool
) -> tuple[Node, dict[Node, str], list[Node]]:
    """Copy an expression onto symbols; return its last node, the symbols' names, and the symbols at `edges`.

    The copy holds the data of the original at the time it was computed. Numbers without a name stay numbers.
    """
    copies: dict[Node, Node] = {}
    symbols: dict[tuple[Any, ...], Node] = {}
    called: dict[Node, str] = {}
    targets: list[Node] = []
    for node in expression:
        inputs: list[Any] = []
        for position, (given, arg) in enumerate(zip(node.inputs, node.args)):
            target = (node, position) in edges
            name = names.get(given) or given.label if isinstance(given, Node) else names.get((node, position))
            if isinstance(given, Node) and given in copies:
                inputs.append(copies[given])
                continue
            plain = not isinstance(given, Node) or given.op is None
            if plain and not name and not target and is_one_number(node, arg):
                inputs.append(arg)
                continue
            # A node whose data changed between two uses is two symbols; a target is no other input.
            key = (given if isinstance(given, Node) else (node, position), id(arg), target)
            if key not in symbols:
                symbols[key] = _symbol(arg, symbolic)
                called[symbols[key]] = name or ("x" if isinstance(given, Node) else data_text(arg))
                targets += [symbols[key]] * target
            inputs.append(symbols[key])
        assert node.op is not None
        copies[node] = _symbol(node._data, symbolic)
        copies[node].link(node.op, tuple(inputs), node.args, node.settings)
    out = copies[expression[-1]]
    called[out] = names.get(expression[-1]) or expression[-1].label or "y"
    return out, called, targets


def _symbol(data: Raw, symbolic: bool) -> Node:
    kinds = (_Number, _Array) if symbolic else (Value, Tensor)
    node: Node = object.__new__(kinds[type(data) is not float])
    node._data = data
    node._grad = 0.0
    node.op = None
    return node

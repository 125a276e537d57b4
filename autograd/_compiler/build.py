"""The program of a recorded call."""

from __future__ import annotations

from collections import Counter
from typing import Any

from autograd._core.modes import record
from autograd._core.names import name_of
from autograd._core.node import Node
from autograd._core.order import topological_sort
from autograd._core.tracing import traced
from autograd._grad.rules import one_like
from autograd._grad.transforms import Differentiated, note_kinks, pull

from .passes import live, shortened
from .program import Part, Program, nodes_in
from .record import Recording, replaced, roll


def program_of(
    recording: Recording, parts: Differentiated | None, name: str, counts: Counter[str], rolled: bool
) -> Program:
    """Return the shortened program of a recorded call, with its gradient if it is to be differentiated.

    If it may be `rolled`, what a graph of scalars repeats is computed as arrays.
    """
    trace, arguments, positional, result = recording
    inputs = nodes_in([tree for _, tree in arguments])
    out: Any = None
    aux = None
    if parts is not None:
        out, aux = parts.loss(result, ())
    wanted = None
    if parts is not None:
        parts.positions(positional)
        wanted = parts.targets([tree for _, tree in arguments[:positional]])
    targets = nodes_in(wanted)
    results = [out, *nodes_in(aux)] if out is not None else nodes_in(result)
    counts["operations recorded"] = len(trace.nodes)
    packs, arrays = roll(trace, results, arguments, targets) if rolled else ([], {})
    if packs:
        if out is not None:
            # Of the new nodes nothing tells which are gradients.
            note_kinks(trace, topological_sort(out, until=set(targets)), targets)
        aux, result, out = (replaced(tree, arrays) for tree in (aux, result, out))
        counts["operations re-rolled"] = len(trace.nodes)
    forward = len(trace.nodes)
    if parts is not None:
        if not out.label:
            trace.names.setdefault(out, "J")
        held = {node: Part(pack.node, k) for pack in packs for k, node in enumerate(pack.leaves)}
        sources = list(dict.fromkeys(held[t].node if t in held else t for t in targets))
        with record(), traced(trace):
            found = dict(zip(sources, pull(out, sources, one_like(out))[0]))
        found.update({t: Part(found[held[t].node], held[t].place) for t in targets if t in held})
        result = ((out, aux) if parts.has_aux else out, replaced(wanted, found))
    counts["operations recorded"] += len(trace.nodes) - forward
    became: dict[Node, Any] = {leaf: leaf._data for leaf in trace.made}
    shortened(trace.nodes, became, counts)
    result = replaced(result, became)
    nodes = live([new for node in trace.nodes if isinstance(new := became[node], Node) and new.op], nodes_in(result))
    known = {*inputs, *nodes, *(pack.node for pack in packs)}
    captured = [item for node in nodes for item in node.inputs if isinstance(item, Node) and item not in known]
    captured += [item for item in nodes_in(result) if item not in known]
    first = {new for node in trace.nodes[:forward] if isinstance(new := became[node], Node)}
    program = Program(
        name, arguments, list(dict.fromkeys(captured)), packs, nodes, sum(n in first for n in nodes), result
    )
    # The gradient has no names but its own.
    for node in trace.nodes[:forward]:
        new, wish = became[node], node.label or trace.names.get(node, "")
        if isinstance(new, Node) and wish:
            program.names.setdefault(new, wish)
    program.names.update({node: name_of(node) for node in captured})
    program.names.update({pack.node: pack.name for pack in packs})
    for g, (of, by) in trace.adjoints.items():
        new, of, by = became.get(g, g), became.get(of, of), became.get(by, by)
        # The gradient for an array that is the same at every call has no name of its own.
        if isinstance(new, Node) and isinstance(of, Node) and isinstance(by, Node):
            program.adjoints.setdefault(new, (of, by))
    return program

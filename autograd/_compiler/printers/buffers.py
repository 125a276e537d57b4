"""Large arrays that nothing needs any more are written over, which saves asking for new memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograd._compiler.passes import LARGE
from autograd._compiler.rules.expressions import Expression, Let, Line, Lines, called, literal, name
from autograd._core.node import Node
from autograd._core.types import Array

_UFUNCS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "@": "matmul"}


def written_over(
    written: list[tuple[Node, Lines]], results: Iterable[Node], truths: set[Node], borrowed: set[Node]
) -> tuple[list[tuple[Node, Lines]], int]:
    """Return the lines with `out=` where a result may take the place of an array that nothing needs any more.

    Also returns how many there are. `results` are needed to the end; `truths` are arrays of True and False, whatever
    their nodes hold; `borrowed` may be inputs of theirs as they are.
    """
    if not any(map(is_large, [node for node, _ in written])):
        return written, 0
    import numpy

    owners: dict[Node, set[Node]] = {}
    """For each node the nodes whose memory it may show; nobody may write to the memory of leaves and constants."""
    last: dict[Node, int] = {}
    for k, (node, _) in enumerate(written):
        arrays = [i for i in node.inputs if isinstance(i, Node) and type(i._data) is not float]
        shown = arrays if node in borrowed else [i for i in arrays if numpy.may_share_memory(node._data, i._data)]
        owners[node] = {of for item in shown for of in owners.get(item, {item})}
        if not shown and node not in borrowed:
            owners[node] = {node}
        last.update((of, k) for item in arrays for of in owners.get(item, {item}))
    last.update((of, len(written)) for node in results for of in owners.get(node, {node}))
    made = {node for node, _ in written if owners[node] == {node}}
    free: dict[tuple[Any, ...], list[Node]] = {}
    out = []
    count = 0
    for k, (node, lines) in enumerate(written):
        data = node._data
        arrays = [i for i in node.inputs if isinstance(i, Node) and type(i._data) is not float]
        done = list(dict.fromkeys(of for i in arrays for of in owners.get(i, {i}) if last[of] == k and of in made))
        if node in made and is_large(node):
            call, bits = _with_out(lines[-1])
            if call is not None:
                like = _form(data)
                here = [i for i in done if _form(i._data) == like and i not in truths]
                taken = None
                if here and call.what != ("matmul",):
                    taken = here[0]
                    done = [i for i in done if i is not taken]
                elif free.get(like):
                    taken = free[like].pop()
                if taken is not None:
                    array = name(taken)
                    result = called("array", call.parts, [("out", _view(array, bits) if bits else array)], *call.what)
                    whole = _view(result, literal(data.dtype.name)) if bits else result
                    lines = [*lines[:-1], Let(name(node), whole)]
                    count += 1
        for item in done:
            if item._data.nbytes >= LARGE and item not in truths:
                free.setdefault(_form(item._data), []).append(item)
        out.append((node, lines))
    return out, count


def _form(data: Array) -> tuple[Any, ...]:
    # In another order in memory, what is computed from it may end in other digits.
    return data.shape, data.dtype.str, data.strides


def is_large(node: Node) -> bool:
    """Tell whether the memory of a node's array counts."""
    return type(node._data) is not float and node._data.nbytes >= LARGE


def _with_out(line: Line) -> tuple[Expression | None, Expression | None]:
    """Return the call in a line as one that takes `out=`, or None; and, if it works on bits, their dtype."""
    # A line that decides is of a node that may be borrowed.
    assert isinstance(line, Let)
    tree = line.value
    inner = tree.parts[0] if tree.kind == "method" and tree.what == ("view",) else tree
    if inner is not tree and inner.kind == "array" and inner.what[1:] == ("dtype",):
        *args, dtype = inner.parts
        return _ufunc(called("array", args, what=inner.what[0])), dtype
    return _ufunc(tree), None


def _ufunc(tree: Expression) -> Expression | None:
    """Return an operation on arrays as the call of a universal function, or None."""
    import numpy

    if tree.kind == "infix" and tree.what in _UFUNCS:
        return called("array", tree.parts, what=_UFUNCS[tree.what])
    if tree.kind == "prefix" and tree.what == "-":
        return called("array", tree.parts, what="negative")
    if tree.kind == "array" and len(tree.what) == 1 and isinstance(getattr(numpy, tree.what[0], None), numpy.ufunc):
        return tree
    return None


def _view(array: Expression, dtype: Expression) -> Expression:
    return called("method", [array, dtype], what="view")

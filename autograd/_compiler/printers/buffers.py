"""Large arrays that nothing needs any more are written over, so that memory need not be asked for again."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

from autograd._compiler.passes import LARGE
from autograd._compiler.rules.tidy import Lines
from autograd._core.node import Node

_UFUNCS: dict[type, str] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.USub: "negative",
    ast.MatMult: "matmul",
}  # fmt: skip


def written_over(
    written: list[tuple[Node, Lines]], results: Iterable[Node], truths: set[Node], name_of: Callable[[Node], str]
) -> list[tuple[Node, Lines]]:
    """Return the lines with `out=` where the result of an operation may take the place of an array that is done with.

    `results` are needed to the end; `truths` are arrays of True and False, whatever their nodes hold.
    """
    if all(type(node._data) is float or node._data.nbytes < LARGE for node, _ in written):
        return written
    import numpy

    owner: dict[Node, Node] = {}
    """For each node the one whose memory it shows; leaves and constants own what nobody may write to."""
    last: dict[Node, int] = {}
    for k, (node, _) in enumerate(written):
        shown = [i for i in node.inputs if isinstance(i, Node) and numpy.may_share_memory(node._data, i._data)]
        owner[node] = owner.get(shown[0], shown[0]) if shown else node
        for item in node.inputs:
            if isinstance(item, Node):
                last[owner.get(item, item)] = k
    for node in results:
        last[owner.get(node, node)] = len(written)
    made = {node for node, _ in written}
    free: dict[tuple[Any, Any], list[Node]] = {}
    out = []
    for k, (node, lines) in enumerate(written):
        data = node._data
        inputs = {owner.get(i, i) for i in node.inputs if isinstance(i, Node) and type(i._data) is not float}
        done = [i for i in inputs if last[i] == k and i in made and owner[i] is i]
        if owner[node] is node and type(data) is not float and data.nbytes >= LARGE:
            call, bits = _with_out(lines[-1])
            if call is not None:
                like = (data.shape, data.dtype.str)
                here = [i for i in done if (i._data.shape, i._data.dtype.str) == like and i not in truths]
                taken = None
                if here and call.func.attr != "matmul":
                    taken = here[0]
                    done = [i for i in done if i is not taken]
                elif free.get(like):
                    taken = free[like].pop()
                if taken is not None:
                    name = ast.Name(name_of(taken), ast.Load())
                    call.keywords = [ast.keyword("out", _view(name, bits) if bits else name)]
                    assign = lines[-1]
                    assert isinstance(assign, ast.Assign)
                    result = _view(call, ast.Constant(data.dtype.name)) if bits else call
                    lines = [*lines[:-1], ast.Assign(assign.targets, result, lineno=0)]
        for item in done:
            if item._data.nbytes >= LARGE and item not in truths:
                free.setdefault((item._data.shape, item._data.dtype.str), []).append(item)
        out.append((node, lines))
    return out


def _with_out(line: ast.stmt) -> tuple[Any, Any]:
    """Return the call that a line makes, as one that takes `out=`, or None; and, if it works on bits, their dtype."""
    tree: Any = line.value if isinstance(line, ast.Assign) else None
    viewed = isinstance(tree, ast.Call) and isinstance(tree.func, ast.Attribute) and tree.func.attr == "view"
    inner = tree.func.value if viewed else None
    if isinstance(inner, ast.Call) and [keyword.arg for keyword in inner.keywords] == ["dtype"]:
        return _ufunc(ast.Call(inner.func, inner.args, [])), inner.keywords[0].value
    return _ufunc(tree), None


def _ufunc(tree: ast.expr | None) -> Any:
    """Return an operation on arrays as the call of a universal function, or None."""
    import numpy

    if isinstance(tree, ast.BinOp) and type(tree.op) in _UFUNCS:
        return _call(_UFUNCS[type(tree.op)], tree.left, tree.right)
    if isinstance(tree, ast.UnaryOp) and type(tree.op) in _UFUNCS:
        return _call(_UFUNCS[type(tree.op)], tree.operand)
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Attribute) and not tree.keywords:
        name = ast.unparse(tree.func)
        if isinstance(getattr(numpy, name.removeprefix("np."), None), numpy.ufunc) and name.startswith("np."):
            return _call(tree.func.attr, *tree.args)
    return None


def _view(array: ast.expr, dtype: ast.expr) -> ast.Call:
    return ast.Call(ast.Attribute(array, "view", ast.Load()), [dtype], [])


def _call(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Attribute(ast.Name("np", ast.Load()), name, ast.Load()), list(args), [])

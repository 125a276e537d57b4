"""What the compiler does in two ways for speed is done alike: recording, text and instructions of floats."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from autograd import TABLE, Value, compile, detect_anomaly, no_grad, primitive, value_and_grad, weighted_sum
from autograd._compiler.lower import lean as lean_lower
from autograd._compiler.lower.lower import lowered
from autograd._compiler.printers import fold, lean, python
from autograd._compiler.printers.text import Printer
from autograd._core.tracing import Trace, traced

ELEMENTWISE = [made for made in TABLE.values() if made.elementwise and made.forward.__module__.startswith("autograd.")]


def bits(data: Any) -> str:
    return float(data).hex()


@pytest.mark.parametrize("switch", [nullcontext, no_grad, detect_anomaly])
@pytest.mark.parametrize("made", ELEMENTWISE, ids=[made.name for made in ELEMENTWISE])
def test_recording(made: Any, switch: Any) -> None:
    """`lean` beside `apply` in a function that is being compiled: the operations that are noted."""
    count, x = made.arity or 2, 1.5 if made.name == "acosh" else 0.5
    for args in ([Value(x) for _ in range(count)], [Value(x), *[1] * (count - 1)]):
        noted = []
        for f in (made.function, lambda *args: made.apply(args, {})):
            with traced(trace := Trace()), switch():
                f(args) if made.arity is None else f(*args)
            noted.append([(node.op, *map(bits, node.args), bits(node._data)) for node in trace.nodes])
            assert all(node.inputs[0] is args[0] for node in trace.nodes[:1])
        assert noted[0] == noted[1]
        assert len(noted[0]) == (2 if switch is no_grad else 1)


@st.composite
def programs(draw: st.DrawFn) -> tuple[list[float], list[tuple[Any, list[int]]]]:
    """Draw numbers to begin with, and operations, each with the places of its arguments."""
    leaves = draw(st.lists(st.floats(-2.0, 2.0), min_size=1, max_size=3))
    steps = []
    for k in range(len(leaves), len(leaves) + draw(st.integers(1, 12))):
        made = draw(st.sampled_from(ELEMENTWISE))
        count = made.arity or 3
        steps.append((made, draw(st.lists(st.integers(0, k - 1), min_size=count, max_size=count))))
    return leaves, steps


def run(steps: list[tuple[Any, list[int]]], nodes: list[Any]) -> None:
    for made, places in steps:
        args = [nodes[place] for place in places]
        nodes.append(made.function(args) if made.arity is None else made.function(*args))


@pytest.mark.parametrize("rows", [[], pytest.param(ELEMENTWISE, marks=pytest.mark.slow)], ids=["a user's", "every"])
def test_the_instructions_of_operations_on_floats(rows: list[Any]) -> None:
    """`lower/lean` beside `lower`: on other arguments, and on one in two places."""

    def rule(g: Any, out: Any, *args: Any) -> Any:
        return g

    deciding = primitive("deciding", lambda xp, x, y: x * y if x > y else 1.0, rule, rule)

    def f(x: Any, y: Any, z: Any) -> list[Any]:
        found = []
        for made in [*rows, deciding.primitive]:  # type: ignore[attr-defined]
            for args in ((x, y, z), (z, x, y), (x, x, y)):
                given = args[: made.arity or 3]
                found.append(made.function(given) if made.arity is None else made.function(*given))
        return found

    fast = compile(f)
    fast(0.5, 0.75, 0.25)
    program = fast._last().program
    listing = lowered(program)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lean_lower, "key_of", lambda node: None)
        assert lowered(program) == listing


@pytest.mark.slow
@given(program=programs())
def test_the_text_of_a_program_on_floats(program: tuple[list[float], list[tuple[Any, list[int]]]]) -> None:
    """`printers/lean` beside `folded` and `Printer`: the same rows, under the same names."""
    leaves, steps = program

    def loss(xs: list[Any]) -> Any:
        nodes = [*xs]
        run(steps, nodes)
        return weighted_sum([0.0, *[x for node in nodes for x in (node, 1.0)]])

    def plainly(program: Any, written: Any, names: Any, printer: Printer) -> Any:
        nodes = zip(program.nodes, written, strict=True)
        lines = [(node, lean.filled(template, args, node)) for node, (template, args) in nodes]
        folded, listed = fold.folded(program, lines)
        rows = [printer.rows(each) for _, each in folded]
        passes = rows[: program.forward], rows[program.forward :]
        return *([row for some in part for row in some] for part in passes), listed

    texts = []
    for rows in (lean.rows, plainly):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(python, "lean_rows", rows)
            fast = compile(value_and_grad(loss))
            try:
                fast(leaves)
            except (ArithmeticError, ValueError):
                reject()
            texts.append(fast.source)
    assert texts[0] == texts[1]

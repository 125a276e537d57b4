"""Every written formula is read back and computed: a parenthesis that is missing or misplaced changes the number."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import TABLE, Value, explain, steps
from autograd._views.draw.draw import items_of
from autograd._views.explain.explanation import _cells
from autograd._views.steps.step import product

FUNCTIONS_OF_THE_TABLE: list[Any] = [
    op.function
    for op in TABLE.values()
    if op.elementwise and op.arity in (1, 2) and op.name != "clip" and not op.name.endswith("_slope")
]
ARITHMETIC: list[Any] = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / b,
    lambda a, b: -a,
    lambda a, b: a**2,
    lambda a, b: a**-1,
    lambda a, b: 2 - a,
    lambda a, b: -1.5 * a,
    lambda a, b: autograd.weighted_sum([a, b, a]),
]
NUMBERS = [k / 8 for k in range(-16, 17) if k]


@st.composite
def losses(draw: st.DrawFn) -> tuple[Value, Value]:
    """Draw a node computed from x and other numbers, and x."""
    x = Value(draw(st.sampled_from(NUMBERS)), label="x")
    nodes: list[Any] = [
        x,
        Value(draw(st.sampled_from(NUMBERS)), label="y"),
        Value(draw(st.sampled_from(NUMBERS))),
        -0.75,
    ]
    for k in range(draw(st.integers(1, 6))):
        operation = draw(st.sampled_from(draw(st.sampled_from([ARITHMETIC, FUNCTIONS_OF_THE_TABLE]))))
        primitive = getattr(operation, "primitive", None)
        arguments = [draw(st.sampled_from(nodes)) for _ in range(primitive.arity if primitive else 2)]
        node = operation(*arguments)
        if isinstance(node, Value) and math.isfinite(node.data) and 1e-3 < abs(node.data) < 1e3:
            node.label = draw(st.sampled_from(["", f"u{k}"]))
            nodes.append(node)
    return 1 * nodes[-1] + x * nodes[-2], x


def python(latex: str) -> str:
    """Return a formula in LaTeX as Python reads it."""
    tokens = iter(re.findall(r"\\[A-Za-z]+|\\\S|[A-Za-z]+|[\d.]+|\S", latex))

    def group(end: str = "}") -> str:
        found = ""
        for token in tokens:
            if token == end:
                break
            found += piece(token)
        return found

    def braced() -> str:
        assert next(tokens) == "{"
        return group()

    def quotient() -> str:
        assert next(tokens) == r"\frac"
        found = f"(({braced()}) // ({braced()}))"
        assert [next(tokens), next(tokens)] == [r"\right", r"\rfloor"]
        return found

    def piece(token: str) -> str:
        match token:
            case r"\frac":
                return f"(({braced()}) / ({braced()}))"
            case r"\sqrt":
                return f"sqrt({braced()})"
            case r"\left":
                opening = next(tokens)
                return quotient() if opening == r"\lfloor" else {"(": "(", "|": "abs(", "[": "["}[opening]
            case r"\right":
                return {")": ")", "|": ")", "]": "]"}[next(tokens)]
            case r"\begin":
                return f"{braced()}("
            case r"\end":
                return ")" * len(braced()[:1])
            case r"\text":
                return braced()[:0]
            case "^":
                return f" ** ({braced()})"
            case "_" | r"\operatorname" | r"\mathrm":
                return braced().replace(r"\_", "_")
            case "{":
                return group()
            case "=":
                return " == "
        same = {
            r"\,": " * ", r"\cdot": " * ", r"\times": " * ", r"\\": ", ", "&": ", ", r"\_": "_",
            r"\arctan": "atan", r"\arcsin": "asin", r"\arccos": "acos", r"\bmod": " % ",
            r"\max": "maximum", r"\min": "minimum", r"\ge": ">=", r"\le": "<=", r"\ne": "!=",
        }  # fmt: skip
        return same.get(token) or token.removeprefix("\\")

    return group("")


FUNCTIONS: dict[str, Any] = {name: op.function for name, op in TABLE.items()}
FUNCTIONS |= {"nan": math.nan, "inf": math.inf}
FUNCTIONS["cases"] = lambda a, condition, b, *_: autograd.where(condition, a, b)


def check(text: str, names: dict[str, float], number: float) -> None:
    """Fail if a formula, read back, is not that number."""
    # Two signs in a row are read by Python, and by nobody else.
    assert not re.search(r"[-+*/@·] *[-+]", re.sub(r"(\d)e[-+]", r"\1e", text)), text
    found = float(eval(text, {**FUNCTIONS, **names}))
    assert found == pytest.approx(number, rel=1e-3, abs=1e-3, nan_ok=True), f"{text} with {names}"


@given(losses())
def test_explanations_mean_what_they_say(drawn: tuple[Value, Value]) -> None:
    found = explain(*drawn)
    numbers = {line.name: float(line.number) for line in found.lines}
    for line in found.lines:
        if line.formula and "…" not in line.formula:
            check(line.formula, numbers, numbers[line.name])
            check(python(line.formula_latex), numbers, numbers[line.name])
    for path in found.paths if found.listed else ():
        formulas, factors = (" * ".join(cells) for cells in zip(*_cells(path)))
        check(factors, {}, path.value)
        if "…" not in formulas:
            check(formulas, numbers, path.value)
        for factor in path.factors:
            if factor and "…" not in factor.formula:
                check(factor.formula, numbers, float(factor.number))
                check(python(factor.formula_latex), numbers, float(factor.number))


@given(losses())
def test_steps_mean_what_they_say(drawn: tuple[Value, Value]) -> None:
    walk = steps(drawn[0])
    numbers = {walk.names[node]: data for node, data in walk.data.items()}
    numbers |= {step.name: step.result for step in walk if step.phase == "forward"}
    for step in walk:
        if step.phase == "forward":
            check(step.formula, numbers, step.result)
            check(step.numbers, {}, step.result)
        for sent in step.sent:
            names, factors, _ = product(step, sent)
            check(names.removeprefix(f"{step.gradient} · "), numbers, sent.local or 0.0)
            check(names.replace(step.gradient, "g").replace("·", "*"), {**numbers, "g": step.result}, sent.contribution)
            check(factors.replace("·", "*"), {}, sent.contribution)


@given(losses())
def test_titles_in_a_drawing_mean_what_they_say(drawn: tuple[Value, Value]) -> None:
    order = autograd.topological_sort(drawn[0])
    numbers = {node.label or f"n{k}": node.data for k, node in enumerate(order)}
    titles = [item.title for item in items_of(order, {}, {}, set(), {}) if item.kind == "operation"]
    assert titles
    for title in titles:
        name, formula = title.split(" = ", 1)
        check(formula, numbers, numbers[name])

"""What `compile(f, backend="javascript")` and the data of a page say; a browser runs them in tests/browser."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import CompileError, Tensor, Value, compile, tanh, value_and_grad
from autograd._compiler.rows import key_of, row_of, script
from autograd._views.live.data import live_data, numbers


def source(f: Any, *args: Any) -> str:
    fast = compile(f, backend="javascript")
    fast(*args)
    return fast.source


def test_the_source_of_a_loss() -> None:
    def loss(w: Any, x: Any) -> Any:
        z = w * x
        return (tanh(z) - 1) ** 2

    fast = compile(value_and_grad(loss), backend="javascript")
    assert fast(0.0, 2.0) == compile(value_and_grad(loss))(0.0, 2.0)
    helper, text = fast.source.split("\n\n")
    assert helper.startswith("// Math.tanh takes twice as long.\nfunction tanh(x) {\n")
    assert text == (
        "function loss(w, x) {\n"
        "  // forward\n"
        "  const z = w * x;\n"
        "  const t1 = tanh(z) - 1;\n"
        "  const J = t1 * t1;\n"
        "  // backward\n"
        "  const dJ_dt1 = 2 * t1;\n"
        "  const t2 = Math.cosh(z);\n"
        "  const dJ_dz = dJ_dt1 * (1 / t2 / t2);\n"
        "  const dJ_dw = dJ_dz * x;\n"
        "  return [J, dJ_dw];\n"
        "}\n"
    )
    assert fast.source._repr_markdown_() == f"```javascript\n{fast.source}```"


def test_a_layer_is_a_product_and_a_loop() -> None:
    text = source(lambda X, W, b: tanh(X @ W + b), np.ones((3, 2)), np.ones((2, 4)), np.ones(4))
    assert "matmul(t1, X, W, 3, 2, 4);" in text
    assert "t3[i * 4 + j] = tanh(t1[i * 4 + j] + b[j]);" in text.replace("t2[", "t3[")
    few = source(lambda X, W: X @ W, np.ones((3, 2)), np.ones((2, 1)))
    assert "for (let j = 0; j < 2; j++) s += X[i * 2 + j] * W[j];" in few


def test_names_that_javascript_keeps_to_itself() -> None:
    def f(function: Any, θ: Any, i: Any, x: Any) -> Any:
        new = function * θ
        Math = (new + x).sum()
        return Math * i

    text = source(f, 2.0, 3.0, 4.0, np.ones(3))
    assert "(function_2, θ, i, x)" in text
    assert "const new_2 = function_2 * θ;" in text
    assert "Math_2" in text
    assert "for (let j = 0; j < 3; j++)" in text


def test_large_tables_are_loops() -> None:
    """A transposition, a slice, a pad and a reversal of 10,000 elements are a line each."""

    def f(x: Any) -> Any:
        return autograd.pad(x[::-1].T[1:, ::2], pad_width=((1, 0), (0, 2))) * 2.0

    assert len(source(f, np.ones((100, 100)))) < 500
    places = np.random.default_rng(0).permutation(20)
    assert "const T1 = Int32Array.of(" in source(lambda x: x[places] * 1.5, np.ones(20))


@pytest.fixture
def declare() -> Any:
    return lambda forward, rule=None, **more: autograd.primitive("own", forward, rule, **more)


@pytest.mark.parametrize(
    ("forward", "said"),
    [
        (lambda xp, a: xp.partition(a, 1), "computes more than where elements come from"),
        (lambda xp, a: np.linalg.inv(a), "cannot be written down"),
        (lambda xp, a: xp.ldexp(a, 2), "no instruction says"),
    ],
)
def test_a_rule_that_cannot_be_said_is_named_with_its_line(declare: Any, forward: Any, said: str) -> None:
    own = declare(forward, elementwise=False)
    with pytest.raises(CompileError, match=said) as caught:
        source(lambda x: own(x) * 1.0, np.eye(3))
    line = forward.__code__.co_firstlineno
    assert str(caught.value).startswith("the rule of own, ")
    assert f"{__file__}:{line}: " in str(caught.value)


def test_math_on_a_symbol_is_refused(declare: Any) -> None:
    own = declare(lambda xp, a: math.sin(a))
    with pytest.raises(CompileError, match=r"the rule of own, .*test_javascript.py:\d+: .*math.sin"):
        source(lambda x: own(x) * 2.0, 0.5)


def test_a_function_that_javascript_has_not(declare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(autograd._compiler.printers.js.scalars.FUNCTIONS, "atan")
    with pytest.raises(CompileError, match="JavaScript has no function atan"):
        source(lambda x: autograd.atan(x), 0.5)


def test_arguments_that_are_no_numbers() -> None:
    text = source(lambda x, how, more: x * more[1]["w"], 2.0, "fast", ["a", {"w": 3.0, "b": None}])
    assert 'function f(x, how, more) {\n  const [, {"w": w}] = more;\n  return x * w;\n}' in text


def test_results_that_javascript_has_not() -> None:
    with pytest.raises(CompileError, match="JavaScript has nothing for a result"):
        source(lambda x: (x * 2.0, b"bytes"), 0.5)


def test_backends_are_listed() -> None:
    with pytest.raises(ValueError, match="choose 'numpy', 'native', 'jax', 'javascript'"):
        compile(tanh, backend="wasm")


def perceptron() -> Any:
    w, x = Value(3.0, label="w"), Value(2.0, label="x")
    return (w * x - 5) ** 2, w, x


def test_rows_are_shared_and_say_what_they_send() -> None:
    loss, _, x = perceptron()
    product = loss.inputs[0].inputs[0]
    assert key_of(product) == key_of(x * 7.0 * x)
    assert key_of(product) != key_of(x * 7.0)
    row = row_of(product)
    assert row.sends == [True, True]
    assert "slopes(a, b, out) {\n  return [b, a];\n}" in row.text
    assert row_of(x * 7.0).sends == [True, False]
    assert script([row]).startswith('const ROWS = (() => {\nreturn {\n"r0": {op: "multiply",')


def test_a_rule_that_decides_by_a_number_is_named(declare: Any) -> None:
    def slope(g: Any, out: Any, a: Any) -> Any:
        return g if a > 0 else -g

    own = declare(lambda xp, a: abs(a), slope)
    with pytest.raises(CompileError, match=r"test_javascript.py:\d+: return g if a > 0 else -g") as caught:
        live_data(own(Value(2.0)) * 2.0)
    assert "own" in caught.value.__notes__[0]


def test_a_rule_that_hides_its_decision_is_refused(declare: Any) -> None:
    def slope(g: Any, out: Any, a: Any) -> Any:
        try:
            return g if a > 0 else -g
        except CompileError:
            return g

    own = declare(lambda xp, a: abs(a), slope)
    with pytest.raises(CompileError, match="this line reads the number"):
        live_data(own(Value(2.0)) * 2.0)


def test_the_data_of_a_graph() -> None:
    loss, w, x = perceptron()
    w.data = 100.0
    live = live_data(loss, "title", rate=0.5)
    assert live.data["format"] == "glassgrad-live/1"
    assert live.data["title"] == "title"
    assert live.data["update"] == {"rate": 0.5, "parameters": [0]}
    assert live.data["loss"] == 4
    nodes = live.data["nodes"]
    # What was recorded, whatever has changed since.
    assert nodes[0] == {"name": "w", "shape": [], "data": 3.0, "kind": "parameter"}
    assert nodes[1]["kind"] == "input"
    assert nodes[3]["args"] == [2, {"c": 5.0}]
    assert (nodes[4]["text"], nodes[4]["slopes"]) == ("«0» ** 2", ["2 * «0»", None])
    assert live_data(loss, rate=0.5, parameters=[x]).data["update"]["parameters"] == [1]
    assert live_data(loss).data["update"] is None


def test_leaves_without_gradient_are_constants() -> None:
    x, mask = Tensor([1.0, -1.0], label="x"), Tensor([1.0, 0.0], label="mask")
    nodes = live_data(autograd.where(mask, x, np.array([math.inf, 2.0])).sum()).data["nodes"]
    assert {node["name"]: node["kind"] for node in nodes if "kind" in node} == {"mask": "constant", "x": "input"}
    [chosen] = [node for node in nodes if node.get("text", "").startswith("where")]
    assert chosen["args"][2]["shape"] == [2]
    assert base64.b64decode(chosen["args"][2]["c"]["f64"]) == np.array([math.inf, 2.0]).tobytes()


def test_numbers_as_json() -> None:
    assert numbers(2.0) == 2.0
    assert numbers(np.ones((2, 2))) == [1.0] * 4
    assert set(numbers(np.ones(65))) == set(numbers(math.nan)) == {"f64"}
    assert numbers(np.float32(0.5)) == 0.5


def test_hostile_names_are_data() -> None:
    hostile = '</script><!-- "\u2028\u2029'
    live = live_data(Value(1.0, label=hostile) * 2.0, hostile)
    assert not {"<", "\u2028", "\u2029"} & set(live.json())
    assert json.loads(live.json())["title"] == hostile


def test_what_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TypeError, match=r"live needs a Value or a Tensor; got 2\.0 of type float"):
        live_data(2.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"live needs a scalar loss; the shape is \(2,\)"):
        live_data(Tensor([1.0, 2.0]) * 2.0)
    with pytest.raises(ValueError, match="there is nothing to change"):
        live_data(Value(2.0))
    monkeypatch.setattr("autograd._views.live.data.MOST", 3)
    with pytest.raises(ValueError, match="this graph has 4 nodes, and a page shows at most 3: take fewer samples"):
        live_data(Value(1.0) + 1.0 + 1.0 + 1.0)


def test_keys_of_results_are_what_they_are_in_python() -> None:
    fast = compile(lambda p: {"__proto__": p * 2, "b": p * 3}, backend="javascript")
    fast(1.0)
    assert 'return {["__proto__"]: ' in fast.source
    same = compile(lambda p: {1: p * 2, "1": p * 3}, backend="javascript")
    with pytest.raises(CompileError, match="not all different in JavaScript"):
        same(1.0)

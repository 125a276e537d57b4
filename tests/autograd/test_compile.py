"""`compile`: the same numbers as the eager engine, to the bit; readable source; and loud where it cannot."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from bitwise import bits
from hypothesis import given

import autograd
from autograd import (
    TABLE,
    Tensor,
    Value,
    exp,
    grad,
    log,
    primitive,
    relu,
    sigmoid,
    tanh,
    value_and_grad,
    where,
)
from autograd._core.trees import flatten
from autograd.testing import Graph, graphs

OWN = [made for made in TABLE.values() if made.forward.__module__.startswith("autograd.")]

compiled = autograd.compile


def total(graph: Graph) -> Any:
    """Return the function that adds up all that a graph computes."""

    def loss(*inputs: Any) -> Any:
        results = graph(*inputs)
        parts = [r if r.shape == () else autograd.sum(r) for r in flatten(results)]
        out = parts[0]
        for part in parts[1:]:
            out = out + part
        return out if isinstance(out, Value) else autograd.item(out)

    return loss


@pytest.mark.slow
@given(graph=graphs(OWN))
def test_random_graphs_to_the_bit(graph: Graph) -> None:
    f = value_and_grad(total(graph), argnums=tuple(range(len(graph.inputs))))
    fast = compiled(f, backend="numpy")
    with np.errstate(all="ignore"):
        expected = f(*graph.inputs)
        assert bits(fast(*graph.inputs)) == bits(expected), fast.source
        moved = [x + 1 / 128 for x in graph.inputs]
        assert bits(fast(*moved)) == bits(f(*moved)), fast.source
    assert fast.compilations == 1


@pytest.mark.slow
@given(graph=graphs(OWN, max_operations=4))
def test_second_derivatives_to_the_bit(graph: Graph) -> None:
    def slopes(*inputs: Any) -> Any:
        gradients = grad(total(graph), argnums=tuple(range(len(inputs))))(*inputs)
        return sum(g * 0.5 if g.shape == () else autograd.sum(g * 0.5) for g in gradients)

    fast = compiled(slopes, backend="numpy")
    with np.errstate(all="ignore"):
        nodes = [Value(x) if np.ndim(x) == 0 else Tensor(x) for x in graph.inputs]
        assert bits(fast(*graph.inputs)) == bits(slopes(*nodes).data), fast.source


@pytest.mark.slow
@given(graph=graphs(OWN))
def test_the_source_runs_alone(graph: Graph) -> None:
    """With math and NumPy, which it imports, and nothing else; the same text at every compilation."""
    fast, again = compiled(graph), compiled(graph)
    with np.errstate(all="ignore"):
        expected = fast(*graph.inputs)
        again(*graph.inputs)
        assert fast.source == again.source
        if not fast._last().program.given:
            scope: dict[str, Any] = {}
            exec(fast.source, scope)
            try:
                found = scope["Graph"](*graph.inputs)
            except (ArithmeticError, ValueError):
                # Python's floats raise where IEEE 754 has a result.
                return
            assert bits(found) == bits(expected)


class Number(float):
    """A number that is more than that."""


class TestSource:
    def test_the_perceptron_of_the_seminar(self) -> None:
        """Every line is the chain rule as it is done by hand."""

        def loss(w0: Any, w1: Any, w2: Any, x1: Any, x2: Any) -> Any:
            z = w0 + w1 * x1 + w2 * x2
            y_hat = tanh(z)
            return (y_hat - 1) ** 2

        fast = compiled(value_and_grad(loss, argnums=(0, 1, 2)))
        J, slopes = fast(1.0, 3.0, -2.0, -1.0, 2.0)
        y = math.tanh(-6)
        g = 2 * (y - 1) / math.cosh(-6) ** 2
        assert pytest.approx((y - 1) ** 2, rel=1e-15) == J
        assert slopes == pytest.approx((g, -g, 2 * g), rel=1e-13)
        assert (
            fast.source
            == """\
import math


def loss(w0, w1, w2, x1, x2):
    # forward
    z = w0 + w1 * x1 + w2 * x2
    y_hat = math.tanh(z)
    t1 = y_hat - 1
    J = t1 ** 2
    # backward
    dJ_dt1 = 2.0 * t1
    _t2_0 = math.cosh(z)
    t2 = 1 / _t2_0 / _t2_0
    dJ_dz = dJ_dt1 * t2
    dJ_dw2 = dJ_dz * x2
    dJ_dw1 = dJ_dz * x1
    return (J, (dJ_dz, dJ_dw1, dJ_dw2))
"""
        )

    def test_a_layer_of_tensors(self) -> None:
        def loss(W: Any, b: Any, X: Any) -> Any:
            h = relu(X @ W + b)
            return (h * h).mean()

        rng = np.random.default_rng(0)
        W, b, X = rng.normal(size=(3, 2)), rng.normal(size=2), rng.normal(size=(4, 3))
        fast = compiled(value_and_grad(loss, argnums=(0, 1)))
        J, (dW, db) = fast(W, b, X)
        z = X @ W + b
        dz = np.where(z > 0, 2 * z / 8, 0)
        assert np.allclose([J], [(np.maximum(z, 0) ** 2).mean()], rtol=1e-15)
        assert np.allclose(dW, X.T @ dz, rtol=1e-13)
        assert np.allclose(db, dz.sum(0), rtol=1e-13)
        assert "    t1 = X @ W + b\n    h = np.maximum(t1, 0.0)\n" in fast.source
        assert "    dJ_dW = X.T @ dJ_dt1\n" in fast.source, fast.source

    def test_names(self) -> None:
        """Labels come before names of variables, and these before numbers; no name is Python's own, or taken twice."""
        w = Value(2.0, label="w(1)_1,2")
        lambda_ = Value(3.0, label="lambda")

        def f(x: Any, sum: Any) -> Any:
            t1 = w * x
            h = [t1 + k for k in range(2)]
            other = h[0] * h[1]
            other.label = "y hat"
            return other * sum * lambda_, math.inf

        fast = compiled(f)
        assert fast(1.0, 2.0) == (2 * 3 * 2 * 3, math.inf)
        assert "def f(x, sum_2, w1_1_2, lambda_2):" in fast.source
        for line in (
            "t1 = w1_1_2 * x",
            "h_1 = t1 + 1",
            "y_hat = h_0 * h_1",
            "t2 = y_hat * sum_2 * lambda_2",
            "return (t2, math.inf)",
        ):
            assert line in fast.source, fast.source

    def test_names_that_python_reads_alike(self) -> None:
        pairs = [
            ("\N{MICRO SIGN}", "\N{GREEK SMALL LETTER MU}"),
            ("x²", "x2"),
            ("²", "2"),
            ("a\N{COMBINING ACUTE ACCENT}", "á"),
        ]
        for one, other in [
            *pairs,
            ("x\N{VULGAR FRACTION ONE HALF}", "\N{CIRCLED DIGIT ONE}"),
            ("x\N{TAMIL NUMBER TEN}", ""),
        ]:
            a, b = Value(2.0, label=one), Value(3.0, label=other)
            fast = compiled(lambda x, a=a, b=b: (a * x + b, a - b))
            assert fast(5.0) == (13.0, -1.0), fast.source
        scope: dict[str, Any] = {}
        exec("f = lambda x: x * 2", scope)
        scope["f"].__name__ = "\N{MICRO SIGN}"
        assert compiled(scope["f"])(2.0) == 4.0

    def test_structures(self) -> None:
        def f(p: Any, *more: Any, mode: str, q: Any = 0.0) -> Any:
            return {"a": [p["w"][0] * q, p["b"] + more[0]], "b": (more[1][1], None, mode)}

        fast = compiled(f)
        expected = {"a": [6.0, 9.0], "b": (8.0, None, "up")}
        assert fast({"w": [2.0, 0.0], "b": 4.0}, 5, (7.0, 8.0), q=3.0, mode="up") == expected
        assert fast({"w": [Value(2.0), 0.0], "b": np.float64(4.0)}, 5.0, (7.0, 8.0), q=3.0, mode="up") == expected

    def test_large_arrays_are_written_over(self) -> None:
        x = np.random.default_rng(0).normal(size=(100, 100))
        fast = compiled(lambda x: exp(tanh(x + 1) * 2).sum())
        assert fast(x) == pytest.approx(np.exp(np.tanh(x + 1) * 2).sum(), rel=1e-14)
        assert fast.source.count("out=t") == 3
        assert compiled(lambda x: tanh(x + 1))(x[0]).shape == (100,)

    def test_the_slope_of_a_square_is_what_one_would_write(self) -> None:
        fast = compiled(value_and_grad(lambda x: (x**2).mean()))
        assert fast(np.array([3.0, -1.0, 0.0, 2.0]))[1].tolist() == [1.5, -0.5, 0.0, 1.0]
        assert "    # backward\n    dJ_dx = 0.5 * x\n" in fast.source

    def test_sums_run_in_the_order_of_the_engine(self) -> None:
        rng = np.random.default_rng(3)
        f = value_and_grad(lambda x, c: autograd.sin(x.T * 2 + c).sum(), argnums=(0, 1))
        fast = compiled(f)
        for _ in range(20):
            x, c = rng.normal(size=(7, 5)), rng.normal()
            assert fast(x, c)[1][1] == f(x, c)[1][1]

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_what_is_selected_is_written_over(self, dtype: Any) -> None:
        x = np.random.default_rng(0).normal(size=(100, 100)).astype(dtype)
        x[0, :3] = np.inf, -np.inf, 0.0
        f = value_and_grad(lambda x: (exp(-autograd.relu(x))).sum())
        fast = compiled(f)
        np.testing.assert_array_equal(fast(x)[1], f(x)[1])
        assert fast(x)[1].dtype == dtype
        assert f", out=dJ_dt1.view('int{x.itemsize * 8}')).view('{x.dtype}')" in fast.source

    def test_what_is_given_and_returned_is_never_written_over(self) -> None:
        x = np.random.default_rng(0).normal(size=(100, 100))
        before = x.copy()

        def f(x: Any) -> Any:
            y = x + 1
            return x, y, y.T, exp(y), tanh(exp(y)), x.T, x[:1]

        fast = compiled(f)
        results = fast(x)
        assert (x == before).all()
        for found, right in zip(results, f(Tensor(x)), strict=True):
            assert (found == right.data).all()
        for result in results:
            result[...] = 0.0
        assert (x == before).all()
        for found, right in zip(fast(x), f(Tensor(x)), strict=True):
            assert (found == right.data).all()

    def test_a_rule_that_cannot_be_written_down_is_called(self) -> None:
        def forward(xp: Any, x: Any) -> Any:
            count = 0
            while x > 1:
                x, count = x / 2, count + 1
            return x * 2**count

        odd = primitive("halved", forward, lambda g, out, x: g)
        f = value_and_grad(lambda x: odd(x) * 3)
        fast = compiled(f)
        assert fast(20.0) == f(20.0) == (60.0, 3.0)
        assert fast(2.0) == f(2.0)
        assert "def f(x, halved):" in fast.source
        del TABLE["halved"]

    def test_arrays_among_the_settings_of_such_a_rule_have_names(self) -> None:
        def forward(xp: Any, x: Any, *, parts: Any) -> Any:
            return math.floor(x) * parts[0] * parts[1][0]

        scaled = primitive("scaled", forward, lambda g, out, x, *, parts: g * parts[0] * parts[1][0])
        large = np.arange(3.0, 40.0)
        for kind in (tuple, list):
            f = value_and_grad(lambda x, kind=kind: scaled(x, parts=kind([2.0, large])) * 3)
            fast = compiled(f)
            assert fast(20.0) == f(20.0) == (360.0, 18.0)
            assert "parts=(2.0, c1)" in fast.source or "parts=[2.0, c1]" in fast.source
        del TABLE["scaled"]

    @pytest.mark.parametrize(
        "kind", [int, "int", Number, Number(2.0), np.float32, np.dtype("f4"), np.sin, len, {"a": 1}, None]
    )
    def test_whatever_is_a_setting_of_such_a_rule_is_itself(self, kind: Any) -> None:
        """A class became the text 'object'."""
        met = []

        def forward(xp: Any, x: Any, *, kind: Any) -> Any:
            met.append(kind)
            return math.floor(x) * 2.0

        odd = primitive("odd", forward, lambda g, out, x, *, kind: g)
        fast = compiled(lambda x: odd(x, kind=kind))
        assert (fast(3.5), fast(4.5)) == (6.0, 8.0)
        assert all(type(item) is type(kind) and item == kind for item in met)
        del TABLE["odd"]

    def test_a_rule_that_decides_by_a_number(self) -> None:
        bent = primitive(
            "bent", lambda xp, x: xp.exp(x) if x > 0 else x + 1, lambda g, out, x: where(x > 0, g * out, g)
        )
        f = value_and_grad(lambda x: bent(x))
        fast = compiled(f)
        for x in (2.0, -3.0, 0.0):
            assert fast(x) == f(x)
        assert "math.exp(x) if x > 0 else x + 1" in fast.source
        del TABLE["bent"]

    def test_shown(self) -> None:
        fast = compiled(lambda x: x * 2)
        with pytest.raises(RuntimeError, match="call it once, then look at its source"):
            _ = fast.source
        assert repr(fast) == "<compiled <lambda>: 0 signatures>"
        fast(1.0)
        fast(np.ones(2))
        assert repr(fast) == "<compiled <lambda>: 2 signatures>"
        assert fast.source._repr_markdown_().startswith("```python\ndef f(x):")
        assert "operations left" in fast.report()
        assert fast.graph.op.name == "multiply"
        same = compiled(lambda x: (3.0, "text"))
        same(1.0)
        with pytest.raises(ValueError, match="returned the same whatever it was given"):
            _ = same.graph


class TestFloats:
    """Python's floats raise where IEEE 754 has a result; a compiled function gives that result."""

    @pytest.mark.parametrize(
        ("f", "x"),
        [
            (lambda x: 1 / x, 0.0),
            (lambda x: 1 / x, -0.0),
            (exp, 1000.0),
            (log, 0.0),
            (log, -1.0),
            (lambda x: x**-1, 0.0),
            (lambda x: x**0.5, -1.0),
            (lambda x: x**1.5, 1e300),
            (lambda x: x * math.inf, 0.0),
            (sigmoid, -1000.0),
            (lambda x: autograd.maximum(x, 1.0), math.nan),
            (lambda x: autograd.minimum(1.0, x), math.nan),
            (lambda x: autograd.clip(x, min=0.0, max=1.0), math.nan),
            (lambda x: autograd.sign(x), -0.0),
            (lambda x: autograd.floor(x), -0.0),
            (lambda x: autograd.round(x), math.inf),
        ],
    )
    def test_edges(self, f: Any, x: float) -> None:
        eager = value_and_grad(f)
        fast = compiled(eager)
        for number in (0.5, x, 0.5):
            assert bits(fast(number)) == bits(eager(number)), fast.source

    @pytest.mark.filterwarnings("ignore:divide by zero")
    def test_zeros_of_both_signs_are_not_one_number(self) -> None:
        zeros = np.array([0.0, -0.0])
        assert compiled(lambda x: x / zeros)(1.0).tolist() == [math.inf, -math.inf]

    def test_leaves_that_were_made_inside(self) -> None:
        assert compiled(lambda x: x * Value(3.0) + Tensor([1.0]).sum())(2.0) == 7.0

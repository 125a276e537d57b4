"""`compile`: the same numbers as the eager engine, to the bit; readable source; and loud where it cannot."""

from __future__ import annotations

import math
import random
import sys
import time
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import (
    TABLE,
    CompileError,
    Tensor,
    Value,
    compiling,
    detect_anomaly,
    exp,
    grad,
    leaky_relu,
    log,
    log_softmax,
    no_grad,
    primitive,
    relu,
    sigmoid,
    tanh,
    validate,
    value_and_grad,
    where,
)
from autograd._core.trees import flatten
from autograd.testing import Graph, graphs

OWN = [made for made in TABLE.values() if made.forward.__module__.startswith("autograd.")]
compiled = autograd.compile


def bits(tree: Any) -> list[bytes]:
    """Return every number of a structure to the bit; a nan is a nan."""
    arrays = [np.asarray(item, float) for item in flatten(tree)]
    return [np.where(np.isnan(a), np.nan, a).tobytes() for a in arrays]


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


class TestChanges:
    """Nothing that a function uses beside its arguments is ever out of date."""

    def test_parameters_are_read_at_every_call(self) -> None:
        w, W = Value(2.0), Tensor([1.0, 2.0])
        fast = compiled(value_and_grad(lambda x: (w * x * W).sum().item_() if False else w * x, wrt=[w]))
        assert fast(3.0) == (6.0, [3.0])
        w.data = 5.0
        assert fast(3.0) == (15.0, [3.0])
        double = compiled(lambda x: W * x)
        assert double(1.0).tolist() == [1.0, 2.0]
        W.data[0] = 7.0
        assert double(1.0).tolist() == [7.0, 2.0]
        assert double.compilations == 1

    def test_everything_else_is_compared(self) -> None:
        scale, array, listed, table = 2.0, np.ones(2), [1.0, 2.0], {"a": 1.0}

        class Holder:
            factor = 1.0

        holder, other = Holder(), Holder()
        holder.factor = other.factor = 1.0
        helper = partial(lambda x, c: x * c, c=holder)
        helper = partial(lambda x, h: x * h.factor, h=holder)

        def f(x: Any) -> Any:
            return helper(x) * scale * array * listed[1] * table["a"] * _factor

        fast = compiled(f)

        def check() -> None:
            assert fast(1.0).tolist() == f(Value(1.0)).data.tolist()

        check()
        for change in range(6):
            if change == 0:
                scale = 3.0
            elif change == 1:
                array[0] = 5.0
            elif change == 2:
                listed[1] = 9.0
            elif change == 3:
                table["a"] = 4.0
            elif change == 4:
                holder.factor = 11.0
            else:
                globals()["_factor"] = 2.0
            check()
            assert fast.compilations == change + 2
        scale = float("3.0")
        check()
        assert fast.compilations == 7
        globals()["_factor"] = 1.0

    @pytest.mark.slow
    @pytest.mark.filterwarnings("ignore:<lambda> was compiled")
    def test_the_shape_and_the_kind(self) -> None:
        fast = compiled(lambda x: (x * x).sum() if x.shape else x * x)
        assert fast(3.0) == 9.0
        assert fast(np.ones(2)) == 2.0
        assert fast(np.ones(3, "float32")).dtype == "float32"
        assert fast(np.arange(3)) == 5.0
        assert fast.compilations == 4
        for n in range(80):
            fast(np.ones(n + 4))
        assert repr(fast) == "<compiled <lambda>: 64 signatures>"

    def test_an_argument_that_depends_on_a_parameter_is_refused(self) -> None:
        w, other = Value(3.0, label="w"), Value(5.0)
        eager = value_and_grad(lambda x: x * w, wrt=[w])
        fast = compiled(eager)
        assert fast(other * 2) == (30.0, [10.0])
        for x in (w, tanh(w * 2)):
            with pytest.raises(
                CompileError, match=r"test_compile.py:\d+: fast\(x\): an argument .* depends on w, which"
            ):
                fast(x)
            with pytest.raises(CompileError, match="Compute it inside the function, or give its"):
                compiled(eager)(x)

    @pytest.mark.slow
    def test_parameters_behind_nodes_from_outside(self) -> None:
        weights = [Value(0.1 * k) for k in range(40)]
        doubled = [w * 2 for w in weights]
        eager = value_and_grad(lambda X: sum(tanh(x * w) for w in doubled for x in X), wrt=weights)
        X = [0.1 * k for k in range(20)]
        assert compiled(eager)(X)[1] == pytest.approx(eager(X)[1], rel=1e-12)

    def test_the_result_beside_a_pull_back(self) -> None:
        def f(x: Any) -> Any:
            y, pull_back = autograd.vjp(lambda a: a * x, 2.0)
            return y * x + pull_back(1.0)[0]

        fast = compiled(value_and_grad(f))
        for x in (3.0, 5.0):
            assert fast(x) == value_and_grad(f)(x) == (2 * x * x + x, 2 * x + 1)

    @pytest.mark.parametrize("backend", ["numpy", "javascript"])
    def test_the_gradient_for_an_array_that_is_the_same_at_every_call(self, backend: str) -> None:
        weights = np.ones((3, 2))
        of_sum = grad(lambda w, X: tanh(X @ w).sum())

        def f(X: Any, g: Any) -> Any:
            return autograd.vjp(lambda w: X @ w, weights)[1](g)[0] + of_sum(weights, X)

        fast = autograd.compile(f, backend=backend)
        for seed in range(2):
            rng = np.random.default_rng(seed)
            X, g = rng.normal(size=(4, 3)), rng.normal(size=(4, 2))
            assert fast(X, g) == pytest.approx(f(X, g), rel=1e-14)

    def test_what_no_gradient_passes(self) -> None:
        w = Value(2.0)

        def f(x: Any) -> Any:
            with no_grad():
                c = w * x
            return c * x + x.detach() * w

        eager = value_and_grad(f, wrt=[w])
        assert compiled(eager)(3.0) == (2 * 3 * 3 + 3 * 2, [3.0])
        x_slope = compiled(value_and_grad(f))(3.0)
        assert x_slope == (24.0, 6.0)


_factor = 1.0


def _draws(x: Any) -> Any:
    return x * random.random()


def _counts(x: Any, calls: list[int] = []) -> Any:  # noqa: B006
    calls.append(1)
    for _ in calls:
        x = x * 2
    return x


_turns = [False, True]


def _takes_turns(x: Any) -> Any:
    _turns.reverse()
    return x if _turns[0] else 1.0


def _swaps_two(x: Any) -> Any:
    """Swap two of many elements; NumPy writes an index of so many without those in the middle."""
    index, k = np.arange(2000), random.randrange(10, 1900)
    index[k], index[k + 1] = k + 1, k
    return (x * np.ones(2000))[index] * np.arange(2000.0)


def _tries(f: Any) -> Any:
    try:
        return f()
    except RuntimeError:
        return 1.0


_own, _numpys = random.Random(0), np.random.default_rng(0)


REFUSED: list[tuple[str, Any, str]] = [
    ("if", lambda x: x if x > 0 else -x, r"test_compile.py:\d+: .* reads the number of greater with bool\(\)"),
    ("and", lambda x: x * (x > 0 and x < 1), r"where\(condition, a, b\)"),
    ("item", lambda x: x * x.item(), r"with .item\(\)"),
    ("data", lambda x: x * x.data, r"reads the number of x with .data"),
    ("print", lambda x: print(x), "print it outside the function"),
    ("format", lambda x: f"{x:.2f}", "print it outside the function"),
    ("set", lambda x: setattr(x, "data", 1.0), "sets the data of x, which would happen once"),
    ("backward", lambda x: (x * x).backward(), "compile value_and_grad"),
    ("grad", lambda x: x.grad, "compile value_and_grad"),
    ("random", _draws, "another number when the function is called again .* pass them as an argument"),
    ("clock", lambda x: x + time.perf_counter(), "so with the time"),
    ("past", _counts, "another operation when the function is called again"),
    ("result", lambda x: (x, random.random()), r"test_compile.py:\d+: .* <lambda> returns something else when"),
    ("input or number", _takes_turns, r"test_compile.py:\d+: def _takes_turns\(x.* returns something else when"),
    ("rare", lambda x: x * 2 if random.random() < 1e-9 else x, r"py:\d+: .* <lambda> draws random numbers, so it"),
    ("rare of NumPy", lambda x: x * 2 if np.random.random() < 1e-9 else x, "draws random numbers"),  # noqa: NPY002
    ("rare of its own", lambda x: x * 2 if _own.random() < 1e-9 else x, r"fresh\(...\)"),
    ("rare of NumPy's own", lambda x: x * 2 if _numpys.random() < 1e-9 else x, "draws random numbers"),
    ("rare of an object", partial(lambda rng, x: x * 2 if rng.random() < 1e-9 else x, random.Random(0)), "^functools"),
    ("caught", lambda x: _tries(lambda: x * 2 if x > 0 else x), r"reads the number of greater with bool\(\)"),
    ("caught set", lambda x: _tries(lambda: setattr(x, "data", 1.0)), "sets the data of x"),
    (
        "object",
        lambda x: [x, object()],
        r"test_compile.py:\d+: .* <lambda> takes or returns <object .* of type object, so",
    ),
    ("set of nodes", lambda x: {x}, "of type set, so it cannot be compiled. Return numbers, arrays, nodes, text"),
    ("generator", lambda x: (x * k for k in range(3)), "of type generator"),
    ("array of objects", lambda x: (x, np.array([None])), "of type ndarray"),
    ("complex", lambda x: (x, 1j), "of type complex"),
    ("key", lambda x: {"a": {(1, frozenset()): x}}, "of type frozenset.* of which the keys are text or numbers"),
    ("index", _swaps_two, "another operation when the function is called again"),
]


@pytest.mark.parametrize("kind", [float, np.asarray])
@pytest.mark.parametrize(("f", "message"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_cannot_be_compiled_is_refused(f: Any, message: str, kind: Any) -> None:
    """Never a stale constant: the error names the line, and says what to write instead."""
    with pytest.raises(CompileError, match=message):
        compiled(f)(kind(0.5))


@pytest.mark.parametrize(
    "change",
    [
        lambda tree: tree["a"].reverse(),
        lambda tree: tree["a"].append(1.0),
        lambda tree: tree.update(b=tree["b"] * 2),
        lambda tree: tree.pop("b"),
    ],
)
def test_an_argument_that_is_changed_is_refused(change: Any) -> None:
    """Else what is inside the argument would be mistaken for something else."""

    def f(tree: Any) -> Any:
        change(tree)
        return tree["a"][0] - 2 * tree["a"][1]

    tree = {"a": [1.0, 5.0], "b": 3.0}
    with pytest.raises(CompileError, match=r"def f\(tree.*: f changes a list or a dict that it is given, so it cannot"):
        compiled(f)(tree)
    with pytest.raises(CompileError, match="that it is given"):
        compiled(f)(tree=tree)
    assert tree == {"a": [1.0, 5.0], "b": 3.0}


def test_a_generator_with_a_seed_inside_is_no_chance() -> None:
    def f(x: Any) -> Any:
        random.seed(3)
        return x * random.random() + random.Random(4).random()

    fast = compiled(f)
    assert fast(2.0) == fast(2.0) == f(2.0)


class TestErrors:
    def test_arguments(self) -> None:
        with pytest.raises(TypeError, match="compile takes a function; got 3"):
            compiled(3)
        with pytest.raises(TypeError, match=r"takes numbers, arrays, nodes, .*; got <object.* of type object"):
            compiled(lambda x: x)(object())
        with pytest.raises(ValueError, match="unknown backend 'fortran'; choose 'numpy', 'native', 'jax'"):
            compiled(lambda x: x, backend="fortran")

    def test_a_loop_over_an_argument(self) -> None:
        with pytest.raises(TypeError) as caught:
            compiled(lambda x, n: [x * k for k in range(n)])(1.0, 3)
        assert "how often a loop runs" in caught.value.__notes__[0]

    def test_argnums_are_positional(self) -> None:
        f = value_and_grad(lambda a, b, c: a * 2 + b * 3 + c * 5, argnums=-1)
        assert compiled(f)(1.0, 2.0, c=3.0) == f(1.0, 2.0, c=3.0) == (23.0, 3.0)
        with pytest.raises(ValueError, match="argnums=-1 but 0 positional arguments were given"):
            compiled(f)(a=1.0, b=2.0, c=3.0)

    def test_an_error_of_the_function_is_its_own(self) -> None:
        with pytest.raises(ZeroDivisionError):
            compiled(lambda x: x * (1 // 0))(1.0)
        with pytest.raises(ValueError, match="needs a function that returns a scalar"):
            compiled(value_and_grad(lambda x: x * 2))(np.ones(2))

    def test_an_anomaly_is_named(self) -> None:
        fast = compiled(value_and_grad(lambda x: log(x)))
        assert fast(0.0)[0] == -math.inf
        assert fast(2.0) == (math.log(2), 0.5)
        with detect_anomaly(), pytest.raises(FloatingPointError, match="log"):
            fast(0.0)
        with detect_anomaly():
            assert fast(1.0) == (0.0, 1.0)


class TestInside:
    def test_a_compiled_function_inside_another(self) -> None:
        inner = compiled(lambda x: x * x)
        outer = compiled(lambda x: inner(x) + 1)
        assert outer(3.0) == 10.0
        assert inner.compilations == 0

    def test_compiling(self) -> None:
        seen = []

        def f(x: Any) -> Any:
            seen.append(compiling())
            return x

        compiled(f)(1.0)
        f(1.0)
        assert seen == [True, True, False]

    def test_validate(self) -> None:
        def positive(x: Any) -> None:
            if np.min(x) <= 0:
                raise ValueError("not positive")

        def f(x: Any, more: Any) -> Any:
            validate(positive, x)
            validate(positive, [more[1], x])
            validate(positive, x - 10)
            return x * more[1]

        fast = compiled(f)
        assert fast(2.0, [0.0, 1.0]) == 2.0
        for bad in ((-1.0, [0.0, 1.0]), (2.0, [1.0, -1.0])):
            with pytest.raises(ValueError, match="not positive"):
                fast(*bad)
        keyword = compiled(f)
        with pytest.raises(ValueError, match="not positive"):
            keyword(x=-1.0, more=[1.0, 1.0])

    def test_a_selection_is_made_at_every_call(self) -> None:
        fast = compiled(lambda x: leaky_relu(x) + log_softmax([x, -x, 2 * x])[0])
        for x in (1.5, -2.5, 0.0):
            assert fast(x) == pytest.approx(
                (leaky_relu(Value(x)) + log_softmax([Value(x), -x, 2 * x])[0]).data, rel=1e-14
            )


@pytest.mark.slow
@given(x=st.floats(-3, 3), y=st.floats(-3, 3))
def test_per_neuron_code_runs_over_a_batch(x: float, y: float) -> None:
    """The function is written for numbers; columns in their place compute every sample at once."""

    def neuron(w: Any, x1: Any, x2: Any) -> Any:
        return sigmoid(w[0] + w[1] * x1 + w[2] * x2)

    w = [0.1, -0.4, 0.7]
    batch = compiled(neuron)(w, np.array([x, y]), np.array([y, x]))
    one = compiled(neuron)
    assert batch == pytest.approx([one(w, x, y), one(w, y, x)], rel=1e-14)


class TestRepetition:
    """What is written for each neuron and each sample is computed as arrays, with the same numbers."""

    @staticmethod
    def score(p: Any, sample: Any) -> Any:
        """An MLP(2, [16, 16, 1]) on a flat list of 337 parameters."""
        ahead = iter(p)
        h = list(sample)
        for size in (16, 16):
            layer = [(next(ahead), [next(ahead) for _ in h]) for _ in range(size)]
            h = [relu(sum((w * x for w, x in zip(weights, h)), w0)) for w0, weights in layer]
        return next(ahead) + sum(next(ahead) * x for x in h)

    def loss(self, p: Any, X: Any, y: Any) -> Any:
        errors = [(self.score(p, x) - t) ** 2 for x, t in zip(X, y)]
        return sum(errors) / len(errors) + 1e-3 * sum(w * w for w in p)

    def data(self) -> tuple[Any, Any, Any]:
        rng = random.Random(0)
        X = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(30)]
        return [rng.gauss(0, 0.5) for _ in range(337)], X, [x1 * x2 for x1, x2 in X]

    @pytest.mark.slow
    def test_numbers(self) -> None:
        p, X, y = self.data()
        eager = value_and_grad(self.loss)
        fast = compiled(eager)
        J, slopes = fast(p, X, y)
        assert (J, slopes) == (pytest.approx(eager(p, X, y)[0], rel=1e-12), pytest.approx(eager(p, X, y)[1], rel=1e-10))
        assert "p = np.array(p)\n" in fast.source
        assert "return (J, dJ_dp.tolist())" in fast.source
        assert fast.source.count("\n") < 150
        assert "operations re-rolled" in fast.report()
        moved = [w + 0.01 for w in p]
        assert fast(moved, X, y)[1] == pytest.approx(eager(moved, X, y)[1], rel=1e-10)

    @pytest.mark.covers
    @pytest.mark.slow
    def test_structures_of_parameters(self) -> None:
        p, X, y = self.data()
        X, y = X[:10], y[:10]

        def nested(tree: Any, X: Any, y: Any) -> Any:
            return self.loss([*tree["first"], *(w for row in tree["rest"] for w in row)], X, y)

        tree = {"first": p[:5], "rest": [p[5:50], p[50:]]}
        J, slopes = compiled(value_and_grad(nested))(tree, X, y)
        expected = value_and_grad(nested)(tree, X, y)
        assert pytest.approx(expected[0], rel=1e-12) == J
        assert list(flatten(slopes)) == pytest.approx(list(flatten(expected[1])), rel=1e-10)
        assert slopes.keys() == tree.keys()

    @pytest.mark.slow
    def test_parameters_from_outside(self) -> None:
        p, X, y = self.data()
        weights = [Value(w, label=f"w{k}") for k, w in enumerate(p)]
        eager = value_and_grad(lambda X, y: self.loss(weights, X, y), wrt=weights)
        fast = compiled(eager)
        for _ in range(2):
            J, slopes = fast(X, y)
            expected, right = eager(X, y)
            assert pytest.approx(expected, rel=1e-12) == J
            assert slopes == pytest.approx(right, rel=1e-10)
            for w, g in zip(weights, slopes):
                w.data -= 0.1 * g
        assert fast.compilations == 1

    @pytest.mark.slow
    def test_columns_in_place_of_numbers(self) -> None:
        p, X, y = self.data()
        x1, x2 = np.array(X).T

        def loss(p: Any, x1: Any, x2: Any, y: Any) -> Any:
            return ((self.score(p, [x1, x2]) - y) ** 2).mean()

        fast = compiled(value_and_grad(loss))
        J, slopes = fast(p, x1, x2, np.array(y))
        expected, right = value_and_grad(loss)(p, x1, x2, np.array(y))
        assert pytest.approx(expected, rel=1e-12) == J
        assert slopes == pytest.approx(right, rel=1e-10)
        assert fast.source.count("@") >= 4

    @pytest.mark.slow
    def test_results_of_every_sample(self) -> None:
        p, X, _ = self.data()
        fast = compiled(lambda p, X: [self.score(p, x) for x in X])
        assert fast(p, X) == pytest.approx([self.score(p, x) for x in X], rel=1e-12)
        assert fast(p, [[math.inf, 0.0]] * 30)[0] == pytest.approx(self.score(p, [math.inf, 0.0]), nan_ok=True)

    @pytest.mark.covers
    @pytest.mark.slow
    def test_without_numpy_it_stays_as_it_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        p, X, y = self.data()
        monkeypatch.setitem(sys.modules, "numpy", None)
        fast = compiled(self.loss)
        assert fast(p, X[:2], y[:2]) == pytest.approx(self.loss(p, X[:2], y[:2]), rel=1e-12)
        assert "np." not in fast.source

    @pytest.mark.covers
    @pytest.mark.slow
    def test_a_few_numbers_stay_floats(self) -> None:
        """These are faster than arrays of a few numbers."""
        p, X, y = self.data()

        def loss(p: Any, X: Any, y: Any) -> Any:
            h = [[tanh(p[0] + p[1] * a + p[2] * b), tanh(p[3] + p[4] * a + p[5] * b)] for a, b in X]
            return sum((p[6] + p[7] * c + p[8] * d - t) ** 2 for (c, d), t in zip(h, y))

        fast = compiled(loss)
        # Of nodes, as from Python 3.12 on `sum` corrects the roundings of floats.
        assert fast(p[:9], X[:8], y[:8]) == loss([*map(Value, p[:9])], X[:8], y[:8]).data
        assert "np." not in fast.source
        assert fast(p[:9], X * 4, y * 4) == pytest.approx(loss(p[:9], X * 4, y * 4), rel=1e-12)
        assert "np." in fast.source


def test_the_report_counts_what_was_recorded_once() -> None:
    def f(w: Any, x: Any) -> Any:
        return 1.0 * tanh(w * x) + tanh(w * x)

    fast = autograd.compile(f)
    fast(0.5, 2.0)
    rows = dict(line.rsplit(maxsplit=1) for line in fast.report().splitlines())
    assert {name.strip(): int(count) for name, count in rows.items()} | {"milliseconds to compile": 0} == {
        "operations recorded": 6,
        "computed already": 2,
        "exact identities": 1,
        "arrays written over": 0,
        "arrays allocated": 0,
        "operations left": 3,
        "milliseconds to compile": 0,
        "signatures compiled": 1,
    }


@pytest.mark.parametrize("same", [lambda x: x * 1.0, lambda x: +x, lambda x: where(True, x, 0.0), lambda x: x.detach()])
def test_views_of_what_equals_an_argument_are_views_of_it(same: Any) -> None:
    """An exact identity puts the argument itself in place of a copy."""
    x = np.asfortranarray(np.random.default_rng(0).normal(size=(100, 90)))
    before = x.copy()
    fast = compiled(lambda x: (exp(same(x).T.reshape(-1)).sum(), same(x)[1:], same(x)[1:].T[0]))
    for result in fast(x)[1:]:
        result[...] = 0.0
    assert (x == before).all()


class TestLayouts:
    """The layout of an array in memory decides what is a view, and in which order NumPy adds."""

    ROWS = np.random.default_rng(0).normal(size=(100, 90))
    COLUMNS = np.asfortranarray(ROWS)

    @pytest.mark.parametrize(("first", "then"), [(ROWS, COLUMNS), (COLUMNS, ROWS)])
    @pytest.mark.parametrize("turned", [False, True])
    def test_arguments_are_neither_written_to_nor_returned(self, first: Any, then: Any, turned: bool) -> None:
        fast = compiled(lambda x: (exp((x.T if turned else x).reshape(-1)).sum(), x.reshape(-1), x.T.reshape(-1)))
        for x in (first, then):
            before = x.copy()
            for result in fast(x)[1:]:
                result[...] = 0.0
            assert (x == before).all()

    @pytest.mark.parametrize(("first", "then"), [(ROWS, COLUMNS), (COLUMNS, ROWS)])
    def test_parameters(self, first: Any, then: Any) -> None:
        W = Tensor(first)
        fast = compiled(lambda x: exp((W * x).reshape(-1)).sum() + (W * x).reshape(-1)[0])
        assert bits(fast(2.0)) == bits((exp((W * 2.0).reshape(-1)).sum() + W[0, 0] * 2.0).data)
        W.data = then
        assert bits(fast(2.0)) == bits((exp((W * 2.0).reshape(-1)).sum() + W[0, 0] * 2.0).data)

    def test_a_look_at_the_numbers_keeps_the_layout(self) -> None:
        x = self.COLUMNS.astype("float32")
        fast, t = compiled(lambda x: where(x > 0, x, 0.1).sum()), Tensor(x)
        assert t.data.strides == x.strides
        assert bits(fast(x)) == bits(where(t > 0, t, 0.1).sum().data)

    def test_a_comparison_has_the_precision_of_what_is_compared(self) -> None:
        x = np.array(0.5, "float32")
        assert compiled(lambda x: (x < 1) * x)(x).dtype == "float32"
        assert compiled(lambda x: (x.mean() < 1) * x)(x[None]).dtype == "float32"

    @pytest.mark.parametrize("kind", ["float64", "float32"])
    def test_sums_of_every_layout_to_the_bit(self, kind: str) -> None:
        x = self.ROWS.astype(kind)
        fast = compiled(lambda x: x.sum() + x.mean(axis=0))
        for laid in (x, np.asfortranarray(x), x[::2], x[:, 1::2], x.T[::-1], np.broadcast_to(x[0], (5, 90))):
            assert bits(fast(laid)) == bits((Tensor(laid).sum() + Tensor(laid).mean(axis=0)).data)

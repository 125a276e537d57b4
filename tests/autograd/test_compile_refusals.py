"""What a compiled function refuses, and what it follows: changes, choices, draws, arguments."""

from __future__ import annotations

import math
import random
import time
from functools import partial
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import (
    CompileError,
    Tensor,
    Value,
    detect_anomaly,
    grad,
    log,
    no_grad,
    tanh,
    value_and_grad,
)

compiled = autograd.compile


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
                CompileError, match=r"test_compile_refusals.py:\d+: fast\(x\): an argument .* depends on w, which"
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
    ("if", lambda x: x if x > 0 else -x, r"test_compile_refusals.py:\d+: .* reads the number of greater with bool\(\)"),
    ("and", lambda x: x * (x > 0 and x < 1), r"where\(condition, a, b\)"),
    ("item", lambda x: x * x.item(), r"with .item\(\)"),
    ("data", lambda x: x * x.data, r"reads the number of x with .data"),
    ("place", lambda x: Tensor([1.0, 2.0])[x], r"of x with an index.*y\[:, None\] == np.arange"),
    ("print", lambda x: print(x), "print it outside the function"),
    ("format", lambda x: f"{x:.2f}", "print it outside the function"),
    ("set", lambda x: setattr(x, "data", 1.0), "sets the data of x, which would happen once"),
    ("backward", lambda x: (x * x).backward(), "compile value_and_grad"),
    ("grad", lambda x: x.grad, "compile value_and_grad"),
    ("random", _draws, "another number when the function is called again .* pass them as an argument"),
    ("clock", lambda x: x + time.perf_counter(), "so with the time"),
    ("past", _counts, "another operation when the function is called again"),
    (
        "result",
        lambda x: (x, random.random()),
        r"test_compile_refusals.py:\d+: .* <lambda> returns something else when",
    ),
    (
        "input or number",
        _takes_turns,
        r"test_compile_refusals.py:\d+: def _takes_turns\(x.* returns something else when",
    ),
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
        r"test_compile_refusals.py:\d+: .* <lambda> takes or returns <object .* of type object, so",
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


@pytest.mark.slow
@pytest.mark.covers
def test_a_gradient_for_true_is_a_number() -> None:
    """True is the same at every call of a program, but no gradient of anything."""
    f = value_and_grad(lambda x, y: x * x * y[0] + y[1], argnums=(0, 1))
    for given in [(2.0, [3.0, 1.0]), (True, [3.0, 1.0]), (2.0, [3.0, False])]:
        assert repr(compiled(f)(*given)) == repr(f(*given))
    with pytest.raises(TypeError, match="a Value holds one real number; got None"):
        compiled(f)(None, [3.0, 1.0])
    with pytest.raises(ValueError, match="1 positional arguments"):
        compiled(f)(2.0)

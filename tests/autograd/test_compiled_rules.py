"""`compile` on rules, settings, structures and surroundings of many kinds: what is written computes the same."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import TABLE, CompileError, Tensor, Value, exp, primitive, value_and_grad
from autograd._core.trees import flatten

compiled = autograd.compile


def agree(f: Callable[..., Any], *args: Any) -> Any:
    """Compare the compiled function with f itself, and return it."""
    fast = compiled(f)
    found, expected = list(flatten(fast(*args))), list(flatten(f(*args)))
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, getattr(b, "data", b), strict=isinstance(a, np.ndarray))
    return fast


@pytest.fixture
def declare() -> Iterator[Callable[..., Any]]:
    """Declares a primitive for the time of the test."""
    known = set(TABLE)
    yield lambda forward, rule=None, **more: primitive("own", forward, rule, **more)
    for name in set(TABLE) - known:
        del TABLE[name]


class TestRules:
    def test_python_s_own_abs_and_len(self, declare: Any) -> None:
        own = declare(lambda xp, a: abs(a) / len(a), elementwise=False)
        assert "abs(x) / 3" in agree(lambda x: own(x), np.array([1.0, -2.0, 4.0])).source

    def test_a_number_one_way_and_a_truth_the_other_is_called(self, declare: Any) -> None:
        own = declare(lambda xp, a: a > 1 if a > 0 else a)
        fast = agree(lambda x: own(x) + 1, 2.0)
        assert fast(-3.0) == -2.0
        assert "(x, own):" in fast.source

    def test_a_function_that_floats_do_not_have(self, declare: Any) -> None:
        own = declare(lambda xp, a: (xp.cbrt if hasattr(xp, "cbrt") else math.cbrt)(a))
        assert agree(lambda x: own(x) * 2, 8.0)(27.0) == pytest.approx(6.0)

    def test_numbers_of_numpy_s_as_settings(self) -> None:
        x = np.arange(6.0)
        fast = agree(lambda a: autograd.reshape(a, shape=(np.int64(2), np.int8(3))).sum(axis=np.int64(1)), x)
        assert "int64" not in fast.source

    def test_keywords_that_say_none_or_false(self, declare: Any) -> None:
        """They stand in the source where the function's own default is another."""
        x = np.array([[3.0, 1.0], [2.0, 0.0], [5.0, 7.0]])
        joined = agree(lambda a, b: autograd.concat([a, b], axis=None), x, x)
        assert "np.concatenate((a, b), axis=None)" in joined.source
        rule = lambda xp, a: xp.sort(a, axis=None) + xp.linalg.svd(a, full_matrices=False)[0].sum(keepdims=False)  # noqa: E731
        own = declare(rule, elementwise=False)
        source = agree(lambda x: own(x), x).source
        assert "axis=None" in source
        assert "full_matrices=False" in source
        assert "keepdims" not in source

    def test_sums_in_place(self, declare: Any) -> None:
        def sums(xp: Any, a: Any) -> Any:
            out = xp.zeros(a.shape, a.dtype)
            out[1:] += a[:-1]
            out[0] = a[1] + out[1]
            return out

        own = declare(sums, elementwise=False)
        source = agree(lambda x: own(x), np.array([1.0, 2.0, 4.0])).source
        assert "[1:] += x[:-1]" in source
        assert "[0] = x[1] + _" in source

    def test_a_division_by_an_example_that_is_zero(self, declare: Any) -> None:
        own = declare(lambda xp, a: 1 / a if a > 0 else a)
        fast = compiled(lambda x: own(x))
        assert [fast(x) for x in (0.0, 4.0, -1.0)] == [0.0, 0.25, -1.0]

    def test_a_choice_between_several_lines(self, declare: Any) -> None:
        def forward(xp: Any, a: Any) -> Any:
            if a > 0:
                b = xp.exp(a)
                return b * b + a
            return a

        own = declare(forward)
        fast = agree(lambda x: own(x) * 2, 0.5)
        assert fast(-2.0) == -4.0
        assert "if x > 0:" in fast.source

    def test_a_setting_that_cannot_be_written_down(self, declare: Any) -> None:
        class Shift:
            by = 2.0

        own = declare(lambda xp, a, *, shift: a + shift.by)
        from fractions import Fraction

        half = primitive("half", lambda xp, a: a * Fraction(1, 2), None)
        assert agree(lambda x: half(x), 3.0)(5.0) == 2.5
        shift = Shift()
        fast = agree(lambda x: own(x, shift=shift) * own(x, shift=shift), 3.0)
        assert fast(1.0) == 9.0

    def test_settings_that_nobody_can_write(self, declare: Any) -> None:
        own = declare(lambda xp, a, *, most: a + 1 if a < most else a)
        fast = agree(lambda x: own(x, most=1 << 1100), 2.0)
        assert "own" in fast.source
        kept = primitive("kept", lambda xp, a, *, kind: a.astype(kind).astype(float), None, elementwise=False)
        agree(lambda x: kept(x, kind=object) * 2, np.array([1.0, 2.0]))

    def test_one_that_sorts_symbols_as_objects(self, declare: Any) -> None:
        own = declare(lambda xp, a: np.sort(a), elementwise=False)
        fast = agree(lambda x: own(x), np.array([1.0, 3.0, 2.0]))
        assert fast(np.array([3.0, 1.0, 2.0])).tolist() == [1.0, 2.0, 3.0]

    def test_one_that_cannot_be_written_down_twice(self, declare: Any) -> None:
        own = declare(lambda xp, a: np.array([float(math.floor(x)) for x in a.tolist()]), elementwise=False)
        fast = agree(lambda x: own(x) + own(x * 2), np.array([1.5, 2.5]))
        assert fast.source.count("own(") == 2

    def test_one_that_cannot_be_written_down_of_floats_and_of_arrays(self, declare: Any) -> None:
        own = declare(lambda xp, a: xp.sin(a) > int(xp.exp(0.0)) - 1)
        args = 0.5, np.array([1.0, -2.0, 3.0]), np.array([1.0, -2.0], np.float32)

        def f(a: Any, b: Any, c: Any) -> Any:
            own_ = own(a)
            own_.label = "own"
            return own_ * 0.5, own(b), own(c), own(b) * 3

        fast = compiled(f)
        nodes = Value(args[0]), Tensor(args[1]), Tensor(args[2])
        for found, expected in zip(fast(*args), f(*nodes), strict=True):
            np.testing.assert_array_equal(found, expected.data, strict=isinstance(found, np.ndarray))
        assert "(a, b, c, own_2, own_3, own_4):" in fast.source

    def test_primitives_of_one_name(self, declare: Any) -> None:
        one = declare(lambda xp, a: a * 2)
        other = declare(lambda xp, a: a * 3)
        agree(lambda x: one(x) + other(x), 2.0)

    @pytest.mark.filterwarnings("ignore:overflow")
    @pytest.mark.parametrize("x", [2.0, -2.0, np.array([2.0, -2.0]), np.array([2, -2], "float32")])
    def test_integers_count_as_floats(self, declare: Any, x: Any) -> None:
        """A zero of Python's integers has no sign, and a power of one no end."""
        own = declare(lambda xp, a: a.astype(int) if hasattr(a, "astype") else 3 if a > 0 else a)
        long = primitive("long", lambda xp, a: int(a * 2) if type(a) is float else xp.sign(a).astype("uint8"), None)

        def f(x: Any) -> Any:
            zero, count = autograd.where(x > 0, 0, x), autograd.where(x > 0, 1, x)
            most = autograd.maximum(x, 1), autograd.minimum(-1, x), autograd.clip(x, min=-1, max=1)
            return -zero, (count * 10) ** 400, zero, *most, own(x), long(x), own(x) * 10**10 * 10**10

        fast = compiled(f)
        sign = compiled(lambda x: autograd.where(x > 0, 1, -1))(x)
        assert type(sign) is type(x)
        assert (sign == np.sign(x)).all()
        for found, expected in zip(fast(x), f(Value(x) if type(x) is float else Tensor(x)), strict=True):
            np.testing.assert_array_equal(found, expected.data, strict=True)
            assert type(found) in (float, np.ndarray)
            assert (np.signbit(found) == np.signbit(expected.data)).all()

    def test_truths_in_several_lines(self, declare: Any) -> None:
        def forward(xp: Any, a: Any) -> Any:
            if a > 0:
                b = a * a
                return b * b > b
            return a < -1

        own = declare(forward)
        fast = agree(lambda x: own(x) * 2, 2.0)
        assert (fast(0.5), fast(-2.0), fast(-0.5)) == (0.0, 2.0, 0.0)

    @pytest.mark.slow
    def test_a_long_sum_has_several_lines(self) -> None:
        w = [0.5 * k for k in range(4001)]
        agree(value_and_grad(lambda w: autograd.weighted_sum([w[0], *w[1:], *w[:4000]])), w)

    def test_only_a_sum_is_a_line_of_many_operations(self) -> None:
        def chain(x: Any, y: Any) -> Any:
            total, product = x * y, x
            for k in range(60):
                total, product = total - product * x * x * y * y * (0.5 + k), product * y / x
            return total + product

        fast = agree(chain, 1.25, 0.75)
        values = [line.split(" = ")[1] for line in fast.source.splitlines() if " = " in line]
        terms = [re.split(" [-+] ", value) for value in values]
        assert max(map(len, terms)) == 50
        assert max(len(re.findall(r" [*/] ", term)) for parts in terms for term in parts) == 5

    def test_what_a_rule_computes_in_vain(self, declare: Any) -> None:
        def forward(xp: Any, a: Any) -> Any:
            xp.exp(a)
            return a + 1

        own = declare(forward)
        assert "exp" not in agree(lambda x: own(x), 2.0).source

    def test_a_mapping_as_setting(self, declare: Any) -> None:
        own = declare(lambda xp, a, *, more: a * more["by"])
        fast = agree(lambda x: own(x, more={"by": 3.0}) + own(x, more={"by": 4.0}), 2.0)
        assert fast(1.0) == 7.0

    def test_a_function_of_what_is_no_symbol(self, declare: Any) -> None:
        own = declare(lambda xp, a: a * xp.sum([1.0, 2.0]), elementwise=False)
        agree(lambda x: own(x), np.array([1.0, 2.0]))

    @pytest.mark.parametrize(
        "f",
        [
            lambda x: autograd.maximum(x, True),
            lambda x: autograd.minimum(x, False),
            lambda x: autograd.clip(x, True, None) + autograd.clip(x, -5.0, False),
            lambda x: autograd.where(x - x, 1.0 < 2.0, x),
            lambda x: autograd.maximum(x, False) * autograd.where(x > 0, True, False),
        ],
    )
    @pytest.mark.parametrize("x", [3.5, -3.5, 0.5])
    def test_truths_among_numbers(self, f: Any, x: float) -> None:
        agree(f, x)
        agree(value_and_grad(f), x)

    @pytest.mark.parametrize(
        "forward",
        [
            lambda xp, a: xp.maximum(a, -1),
            lambda xp, a: xp.not_equal(a, a),
            lambda xp, a: xp.equal(xp.greater(a, 0), xp.less(a, 1)),
            lambda xp, a: xp.greater(a, 0) + 1,
            lambda xp, a: 1 if a > 0 else 0.5 * a,
            lambda xp, a: a * 2 if isinstance(a, float) else a * 3,
            lambda xp, a: a * np.float32(0.1),
            lambda xp, a: a + np.float64(0.1),
        ],
    )
    @pytest.mark.parametrize("elementwise", [True, False])
    def test_rules_on_a_float(self, declare: Any, forward: Any, elementwise: bool) -> None:
        own = declare(forward, lambda g, out, a: g * 2.0, elementwise=elementwise)
        fast = agree(value_and_grad(lambda x: own(x) * x * 0.1), 0.5)
        found = fast(0.3)
        assert found == value_and_grad(lambda x: own(x) * x * 0.1)(0.3)
        assert not elementwise or set(map(type, flatten(found))) == {float}

    @pytest.mark.parametrize(
        "forward",
        [
            lambda xp, a: a * np.float64(0.1),
            lambda xp, a: a * np.float32(0.1),
            lambda xp, a: a * np.float16(0.1),
            lambda xp, a: a * np.array(0.1, np.float32),
            lambda xp, a: a * np.array([0.1, 0.2], np.float32),
            lambda xp, a: a * np.array([0.1, 0.2]),
            lambda xp, a: a * 0.1,
        ],
    )
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_numbers_keep_their_precision(self, declare: Any, forward: Any, dtype: Any) -> None:
        own = declare(forward, elementwise=False)
        agree(lambda x: own(x), np.array([1.0, 3.0], dtype))

    @pytest.mark.parametrize(
        "forward",
        [
            lambda xp, a: xp.cov(a, rowvar=False),
            lambda xp, a: a * xp.linspace(0.0, 1.0, 3, endpoint=False),
            lambda xp, a: xp.add.reduce(a, axis=None),
            lambda xp, a: xp.linalg.svd(a, compute_uv=False),
            lambda xp, a: xp.sum(a, where=False),
            lambda xp, a: xp.concatenate((a, a), axis=None),
        ],
    )
    def test_none_and_false_where_they_are_not_usual(self, declare: Any, forward: Any) -> None:
        own = declare(forward, elementwise=False)
        fast = agree(lambda a: own(a), np.arange(9.0).reshape(3, 3) ** 2)
        assert re.search(r"=(False|None)\b", fast.source)

    def test_what_is_usual_is_not_written(self) -> None:
        fast = agree(lambda a: autograd.sum(a, axis=None, keepdims=False), np.ones((2, 3)))
        assert "a.sum()" in fast.source

    def test_slopes_that_are_constant_and_not_finite(self) -> None:
        agree(value_and_grad(lambda w: autograd.where(False, w * math.inf, 1.0)), 2.0)
        agree(value_and_grad(lambda w: w * math.nan * 0.0), 1.0)
        C = np.array([math.nan, 1.0])
        agree(value_and_grad(lambda w: autograd.where(np.array([False, True]), C * w, 1.0).sum()), np.ones(2))


class TestArrays:
    def test_a_rule_that_may_return_what_it_is_given(self, declare: Any) -> None:
        """Neither an argument nor a parameter is written to, and no result is one of them."""
        own = declare(lambda xp, a: a * 2 if a[0, 0] > 0 else a, elementwise=False)
        given, w = -np.ones((64, 64)), Tensor(np.ones((64, 64)))
        for f in (
            lambda x: own(x) * 3.0,
            lambda x: own(w) * x,
            lambda x: own(x * 1.5).T * 3.0 + x * 1.5,
            lambda x: own(x),
            lambda x: own(x).T,
        ):
            fast = agree(f, np.ones((64, 64)))
            w.data = -np.ones((64, 64))
            agree(f, given)
            found = fast(given)
            np.testing.assert_array_equal(found, getattr(f(given), "data", f(given)))
            assert (given == -1).all()
            assert (w.data == -1).all()
            assert not np.shares_memory(found, given)
            w.data = np.ones((64, 64))

    def test_a_line_that_waits_reads_no_array_that_was_written_over(self) -> None:
        x = np.linspace(0, 1, 5000)
        fast = agree(lambda x: (exp(x)[:4] * 2.0) + (x * 3.0)[:4], x)
        assert "out=" in fast.source
        agree(lambda x: exp(x)[:4].sum() * 2.0 + ((x * 3.0) * 5.0)[:4].sum() + exp(x * 2.0)[-1], x)

    def test_memory_is_taken_in_the_same_order_alone(self) -> None:
        K = np.ones((64, 64))
        x = np.random.default_rng(0).normal(size=(64, 64))
        fast = agree(lambda x: (exp(x.T) * K).sum(axis=0), x)
        np.testing.assert_array_equal(compiled(lambda x: exp(x.T) * K)(x).strides, (np.exp(x.T) * K).strides)
        assert fast(x).shape == (64,)

    def test_a_large_negative(self) -> None:
        fast = agree(lambda x: -(x * 3) + -(x + 1), np.linspace(-1, 1, 5000))
        assert "np.negative(t1, out=t1)" in fast.source

    def test_decisions_and_bits_of_large_arrays(self, declare: Any) -> None:
        def forward(xp: Any, a: Any) -> Any:
            if (a > 0).all():
                b = xp.sqrt(a)
                return b * b + a
            return (a + 1.0).view("float64")

        own = declare(forward, elementwise=False)
        fast = agree(lambda x: own(x * 2) * 3, np.linspace(-1, 1, 5000))
        x = np.linspace(1, 2, 5000)
        np.testing.assert_array_equal(fast(x), (np.sqrt(x * 2) * np.sqrt(x * 2) + x * 2) * 3)
        bits = primitive("bits", lambda xp, a: (a + 1.0).view("float64"), None, elementwise=False)
        agree(lambda x: bits(x * 2) * 3, x)

    def test_a_computed_number_beside_a_large_array(self) -> None:
        agree(lambda x, c: exp(x * 0.5) * (c * 2), np.linspace(-1, 1, 5000), 3.0)

    def test_large_indices_are_given_from_outside_and_small_ones_of_another_type_written(self) -> None:
        x, many = np.linspace(0, 1, 200), np.arange(200)[::-1].copy()
        few = np.array([0, 2, 5, 1, 1, 1, 3, 4, 8], dtype=np.int32)
        fast = agree(lambda x: (x[many], x[few], x[many] * 2), x)
        assert "dtype='int32'" in fast.source
        assert "array([199, 198" not in fast.source

    def test_empty_constants_keep_their_shapes_and_kinds(self) -> None:
        none, rows = np.array([], dtype=int), np.zeros((0, 2))
        fast = agree(lambda x: (x[none], x[none[:, None]], rows, (x + rows).T), np.ones(2))
        assert [part.shape for part in fast(np.ones(2))] == [(0,), (0, 1), (0, 2), (2, 0)]

    def test_a_small_constant_keeps_its_order_in_memory(self) -> None:
        """Products of a matrix and of its transpose in memory may differ in the last digit."""
        for seed in range(20):
            A = np.asfortranarray(np.random.default_rng(seed).normal(size=(30, 5)))[:10]
            agree(value_and_grad(lambda w, A=A: ((A @ w) ** 2).sum()), np.linspace(-1, 1, 5) ** 3)

    def test_one_large_constant_used_twice(self) -> None:
        c = np.linspace(0, 1, 100)
        assert "(x, c1):" in agree(lambda x: (x * c, (x + c).sum()), np.ones(100)).source

    def test_results_by_the_table_are_copies(self) -> None:
        x, W = np.ones(2), Tensor([1.0, 2.0])
        fast = compiled(lambda x, a: [(x, x, x[1:], W), {"a": 1 / a, "none": None}])
        (*results, own), _ = fast(x, 0.0)
        for k, result in enumerate(results):
            result[...] = k + 5.0
        own[...] = 9.0
        assert [part.tolist() for part in (x, W.data, *results)] == [
            [1.0, 1.0],
            [1.0, 2.0],
            [5.0, 5.0],
            [6.0, 6.0],
            [7.0],
        ]

    def test_results_by_the_table_where_floats_raise(self) -> None:
        fast = compiled(lambda x, a: {"sum": (x * 2).sum() + 1 / a, "array": x / 2})
        assert fast(np.array([1.0, 2.0]), 0.0)["sum"] == math.inf
        assert fast(np.array([1.0, 2.0]), 2.0)["sum"] == 6.5
        assert fast(np.array([1.0, 2.0], np.float32), 0.0)["array"].dtype == np.float32


class TestStructures:
    def test_a_builtin_and_an_object_that_is_called(self) -> None:
        class Twice:
            def __call__(self, x: Any) -> Any:
                return x * 2

        odd = Twice()
        odd.__signature__ = 3  # type: ignore[attr-defined]
        assert compiled(odd)(2.0) == 4.0

    def test_empty_fixed_and_nested(self) -> None:
        assert agree(lambda x, more: x * 2, 1.0, [])(3.0, []) == 6.0
        fast = compiled(lambda x, more, kind: x * more[1][0] * more[1][2] if kind == "all" else x)
        assert fast(2.0, [None, (3.0, True, 4.0)], "all") == 24.0
        assert fast(2.0, [None, (3.0, True, 4.0)], "x") == 2.0
        assert compiled(lambda d: d["a"] * d["b"][0])({"a": 2.0, "b": [3.0, True], "c": []}) == 6.0

    def test_numbers_of_numpy_and_keys(self) -> None:
        agree(lambda d: [d[1, "a"], np.float64(1.5), np.int32(3), np.float32(0.5), np.bool_(True)], {(1, "a"): 2.0})
        fast = compiled(lambda d: {(1, None): d["'\n"], -2.5: np.arange(3)})
        assert list(fast({"'\n": 2.0})) == [(1, None), -2.5]
        with pytest.raises(CompileError, match="of type ellipsis"):
            compiled(lambda d: d[...])({...: 2.0})

    def test_a_loss_with_a_label(self) -> None:
        def f(x: Any) -> Any:
            J = x * x
            J.label = "loss"
            return J

        fast = agree(value_and_grad(f), 3.0)
        assert "return (loss, dloss_dx)" in fast.source

    def test_a_gradient_that_is_constant(self) -> None:
        assert "* 6.0" in agree(value_and_grad(lambda x: (x * x) * (Value(2.0) * 3)), 4.0).source

    @pytest.mark.covers
    @pytest.mark.slow
    def test_gradients_of_numbers_that_do_not_count(self) -> None:
        p = [float(k) for k in range(60)]

        def loss(p: Any, X: Any) -> Any:
            rows = [[p[k] * x * x + p[k + 20] for k in range(20)] for x in X]
            return sum(sum(row) for row in rows) + sum(p[40:])

        fast = compiled(value_and_grad(loss))
        J, slopes = fast(p, [1.0, 2.0, 3.0] * 4)
        assert pytest.approx(value_and_grad(loss)(p, [1.0, 2.0, 3.0] * 4)[0], rel=1e-12) == J
        assert slopes[0] == pytest.approx(value_and_grad(loss)(p, [1.0, 2.0, 3.0] * 4)[1][0])

        def other(p: Any, q: Any, a: Any, X: Any) -> Any:
            line = sum(0.5 * k * v for k, v in enumerate([*q["first"], *q["rest"]]))
            return loss([*p, *p[:20]], X) + line + 1 / a

        more = value_and_grad(other, argnums=(0, 1, 2))
        fast = compiled(more)
        for a in (2.0, 0.0):
            args = p[:40], {"first": p[:10], "rest": p[10:40]}, a, [1.0, 2.0, 3.0] * 4
            found, expected = list(flatten(fast(*args))), list(flatten(more(*args)))
            assert found == pytest.approx(expected, rel=1e-10)
        assert "operations re-rolled" in fast.report()

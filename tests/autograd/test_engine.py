"""The graph itself: order, freeing, repeated and threaded backward passes, data that change."""

from __future__ import annotations

import asyncio
import copy
import gc
import random
import threading
import tracemalloc
import weakref
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Tensor, Value, grad, maximum, no_grad, primitive, tanh, topological_sort


def test_topological_order_is_that_of_the_expression() -> None:
    a, b, c = (Value(1.0, label=name) for name in "abc")
    order = topological_sort(a * b + (c + a))
    assert [node.label or node.op.name for node in order] == ["a", "b", "multiply", "c", "add", "add"]


@given(seed=st.integers(0, 10**6))
def test_every_node_comes_after_its_inputs(seed: int) -> None:
    rng = random.Random(seed)
    nodes: list[Any] = [Value(rng.random()) for _ in range(3)]
    for _ in range(30):
        nodes.append(rng.choice(nodes) * rng.choice(nodes) + rng.random())
    order = topological_sort(nodes[-1])
    place = {node: k for k, node in enumerate(order)}
    assert all(place[i] < place[node] for node in order for i in node.inputs if isinstance(i, Value))
    assert order == topological_sort(nodes[-1])


@pytest.mark.slow
def test_a_chain_of_300_000_nodes() -> None:
    x = Value(1.0)
    y = x
    for _ in range(300_000):
        y = y + 1.0
    y.backward()
    assert (y.data, x.grad) == (300_001.0, 1.0)
    assert len(topological_sort(y)) == 300_001
    assert grad(lambda x, y=y: y + x)(1.0).data == 1.0
    gone = weakref.ref(y.inputs[0].inputs[0])
    gc.disable()
    try:
        del y
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.slow
@pytest.mark.parametrize("of", [Value, Tensor])
def test_a_graph_is_freed_by_reference_counting_alone(of: Any) -> None:
    gc.disable()
    try:
        w = of(0.5)
        loss = tanh(w * 2.0) ** 2 + autograd.exp(w)
        loss.backward()
        inner = weakref.ref(loss.inputs[0])
        del loss
        assert inner() is None
        second = grad(grad(lambda x: tanh(x) ** 2))
        second(0.3)
        gc.collect()
        second(0.3)
        assert gc.collect() == 0
    finally:
        gc.enable()


@pytest.mark.slow
def test_memory_of_a_million_nodes_stays_small() -> None:
    tracemalloc.start()
    y = Value(1.0)
    for _ in range(100_000):
        y = y + 1.0
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size / 100_000 < 250


def test_leaves_accumulate_and_interior_nodes_start_afresh() -> None:
    w = Value(3.0)
    y = w * w
    z = y + y
    z.backward()
    z.backward()
    assert (w.grad, y.grad, z.grad) == (24.0, 2.0, 1.0)
    t = Tensor([3.0])
    u = t * t
    v = (u + u).sum()
    v.backward()
    v.backward()
    assert (t.grad.tolist(), u.grad.tolist(), v.grad.item()) == ([24.0], [2.0], 1.0)
    t.zero_grad()
    assert t.grad.tolist() == [0.0]


def test_a_value_may_be_computed_from_tensors() -> None:
    for combine in (
        lambda n, v: n * v,
        lambda n, v: v * n,
        lambda n, v: autograd.exp(n) * v,
        lambda n, v: autograd.where(1.0, n, v) * v,
        lambda n, v: autograd.weighted_sum([n, v, 2.0]) * v,
    ):
        t, v = Tensor([0.5, 1.0]), Value(3.0)
        y = combine(autograd.item(t.sum()), v)
        assert type(y) is Value
        y.backward()
        a, b = Value(1.5), Value(3.0)
        combine(a, b).backward()
        assert t.grad.tolist() == [a.grad, a.grad]
        assert v.grad == b.grad


def test_a_rule_that_returns_a_float_for_an_array_of_no_axes() -> None:
    x = Tensor([1.0, 2.0])
    total = x.sum(axis=0)
    (maximum(total, total * 3) * 2).backward()
    assert x.grad.tolist() == [6.0, 6.0]


def test_an_interior_node_without_gradient_is_reset() -> None:
    w = Value(1.5)
    y = w * 2
    (y * y).backward()
    assert y.grad == 6.0
    z = autograd.floor(y) + w
    z.backward()
    assert y.grad == 0.0
    a = Tensor([1.5]) * 2
    (a * a).sum().backward()
    autograd.sum(autograd.floor(a)).backward()
    assert a.grad.tolist() == [0.0]


def test_a_gradient_may_be_changed_in_place_without_touching_others() -> None:
    a, b = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
    total = a + b
    total.sum().backward()
    a.grad *= 10
    assert b.grad.tolist() == [1.0, 1.0]
    assert total.grad.tolist() == [1.0, 1.0]
    with pytest.raises(ValueError, match="read-only"):
        total.grad[0] = 5.0


class TestChangedData:
    """A gradient is always that of the forward pass which was recorded, or an error."""

    def test_of_a_value(self) -> None:
        w = Value(3.0)
        y = w * w
        w.data = 100.0
        y.backward()
        assert w.grad == 6.0

    def test_of_a_tensor_set_anew_or_written_to(self) -> None:
        for change in ("set", "in place", "alias", "one element"):
            w = Tensor([3.0])
            alias = w.data
            y = (w * w).sum()
            if change == "set":
                w.data = np.array([100.0])
            elif change == "in place":
                w.data -= 50.0
            elif change == "alias":
                alias[0] = 100.0
                assert w.data[0] == 100.0
            else:
                w.data[0] = 100.0
            y.backward()
            assert w.grad.tolist() == [6.0], change

    def test_of_a_constant_array_and_of_an_index(self) -> None:
        w, x, index = Tensor([3.0, 4.0]), np.array([2.0, 2.0]), np.array([0, 0])
        y = (w * x)[index].sum()
        x[:] = 100.0
        index[:] = 1
        y.backward()
        assert w.grad.tolist() == [4.0, 0.0]

    def test_the_array_given_to_a_tensor_is_its_own(self) -> None:
        x = np.array([1.0, 2.0])
        t = Tensor(x)
        x[0] = 100.0
        assert t.data.tolist() == [1.0, 2.0]

    def test_data_of_a_result_cannot_be_changed(self) -> None:
        y, t = Value(1.0) * 2, Tensor([1.0]) * 2
        with pytest.raises(AttributeError, match="computed by multiply"):
            y.data = 5.0
        with pytest.raises(AttributeError, match="computed by multiply"):
            t.data = np.array([5.0])
        with pytest.raises(ValueError, match="read-only"):
            t.data[0] = 5.0

    def test_the_second_derivative_says_that_it_cannot_be_had(self) -> None:
        for make, changed in ((Value, 5.0), (Tensor, 5.0)):
            w = make(3.0, label="w")

            def f(x: Any, w: Any = w, changed: Any = changed) -> Any:
                y = x * w * w
                w.data = changed
                return y

            with pytest.raises(RuntimeError, match="data of w changed"):
                grad(f)(1.0)
            assert grad(f)(1.0).item() == 25.0

    def test_the_classic_loop_updates_in_place(self) -> None:
        w = Tensor([1.0, 2.0])
        for _ in range(3):
            w.zero_grad()
            (w * w).sum().backward()
            w.data -= 0.25 * w.grad
        assert w.data.tolist() == [0.125, 0.25]


def test_numbers_without_a_node_stay_numbers() -> None:
    found = [autograd.weighted_sum([1.0, 2.0, 3.0]), autograd.exp(0.0), autograd.add(1.0, 2)]
    assert found == [7.0, 1.0, 3.0]
    assert {*map(type, found)} == {float}


class TestModes:
    def test_no_grad_records_nothing(self) -> None:
        w, t = Value(2.0), Tensor([2.0])
        with no_grad():
            results = [w * 3, tanh(w), t * 3, w + t, autograd.weighted_sum([w, w, 2.0])]
        assert all(node.op is None for node in results)
        assert (w * 3).op is not None

    def test_no_grad_is_a_decorator_and_survives_errors(self) -> None:
        @no_grad()
        def f(x: Any) -> Any:
            return x / x if x.data else {}["missing"]

        assert f(Value(1.0)).op is None
        with pytest.raises(KeyError):
            f(Value(0.0))
        assert (Value(1.0) + 1).op is not None

    def test_grad_works_inside_no_grad(self) -> None:
        with no_grad():
            assert grad(lambda x: x * x)(3.0) == 6.0
            assert (Value(1.0) * 2).op is None

    def test_threads_have_their_own_switch(self) -> None:
        inside, outside = threading.Event(), threading.Event()
        seen: list[bool] = []

        def other() -> None:
            inside.wait()
            seen.append((Value(1.0) * 2).op is not None)
            outside.set()

        thread = threading.Thread(target=other)
        thread.start()
        with no_grad():
            inside.set()
            outside.wait()
            seen.append((Value(1.0) * 2).op is None)
        thread.join()
        assert seen == [True, True]

    def test_asyncio_tasks_have_their_own_switch(self) -> None:
        async def without() -> bool:
            with no_grad():
                await asyncio.sleep(0)
                return (Value(1.0) * 2).op is None

        async def recorded() -> bool:
            await asyncio.sleep(0)
            return (Value(1.0) * 2).op is not None

        async def both() -> list[bool]:
            return await asyncio.gather(without(), recorded(), without(), recorded())

        assert asyncio.run(both()) == [True] * 4

    @pytest.mark.slow
    def test_threads_that_share_parameters_lose_no_gradient(self) -> None:
        w = Value(2.0)

        def work() -> None:
            for _ in range(200):
                (w * 3).backward()
                assert grad(grad(tanh))(0.5) == pytest.approx(-0.7268619813835874)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert w.grad == 8 * 200 * 3


class TestAnomalies:
    def test_the_first_bad_number_is_named_with_its_line(self) -> None:
        p = Value(0.0, label="p")
        with (
            autograd.detect_anomaly(),
            pytest.raises(FloatingPointError, match=r"log\(p\) is -inf at p = 0.0.*test_engine"),
        ):
            autograd.log(p)  # this line is named
        with autograd.detect_anomaly(), pytest.raises(FloatingPointError, match="this line too"):
            Tensor([1.0, 0.0], label="x") / 0.0  # this line too

    def test_what_was_bad_before_is_said(self) -> None:
        x = Value(float("nan"), label="x")
        with autograd.detect_anomaly(), pytest.raises(FloatingPointError, match="x already was not finite"):
            x + 1

    @pytest.mark.parametrize("recorded_inside", [True, False])
    def test_a_bad_gradient_is_named(self, recorded_inside: bool) -> None:
        x = Value(0.0, label="x")
        if recorded_inside:
            with autograd.detect_anomaly():
                y = autograd.sqrt(x) * 2
                with pytest.raises(
                    FloatingPointError, match=r"gradient that sqrt sends to x is inf; made at .*test_eng"
                ):
                    y.backward()
        else:
            y = autograd.sqrt(x) * 2
            with autograd.detect_anomaly(), pytest.raises(FloatingPointError, match="run the forward pass inside"):
                y.backward()

    def test_finite_numbers_pass(self) -> None:
        t = Tensor([1.0, 2.0], label="t")
        with autograd.detect_anomaly():
            y = (t * t).sum()
            y.backward()
        assert t.grad.tolist() == [2.0, 4.0]
        assert "test_engine.py" in y.source


def test_two_runs_agree_to_the_last_bit() -> None:
    def run() -> list[float]:
        rng = random.Random(0)
        w = [Value(rng.random()) for _ in range(20)]
        y = sum(a * b for a in w for b in w if a is not b)
        tanh(y * 1e-3).backward()
        return [v.grad for v in w]

    assert run() == run()


def test_deep_copies_are_independent() -> None:
    w, t = Value(2.0, label="w"), Tensor([1.0])
    w2, t2 = copy.deepcopy((w, t))
    w2.data, t2.data = 5.0, [7.0]
    assert (w.data, t.data.tolist(), w2.label) == (2.0, [1.0], "w")
    assert copy.deepcopy(w * 2).op is (w * 2).op


class TestOwnPrimitive:
    def test_a_forward_that_returns_a_number_or_none(self) -> None:
        count = primitive("count", lambda xp, a: len(a), None, elementwise=False)
        assert count(Tensor([1.0, 2.0])).data == 2.0
        nothing = primitive("nothing", lambda xp, a: None, None, elementwise=False)
        with pytest.raises(TypeError, match="of nothing must return an array or a number; got None"):
            nothing(Tensor([1.0, 2.0]))

    """One declaration gives an operation everything that the others have."""

    def test_backward_second_derivative_and_drawing(self) -> None:
        cube = primitive("cube", lambda xp, x: x * x * x, lambda g, out, x: g * 3 * x * x)
        x = Value(2.0, label="x")
        y = cube(x)
        y.backward()
        assert (y.data, x.grad) == (8.0, 12.0)
        assert grad(grad(cube))(2.0) == 12.0
        assert grad(grad(grad(cube)))(2.0) == 6.0
        assert grad(lambda t: autograd.sum(cube(t)))(np.array([1.0, 2.0])).tolist() == [3.0, 12.0]
        assert 'label="cube"' in autograd.draw(y).dot
        assert cube.__doc__ == "cube(x)."

    def test_numpys_function_of_that_name_finds_it(self) -> None:
        with pytest.raises(TypeError, match="declare one with autograd"):
            np.spacing(Tensor(2.0))
        primitive("spacing", lambda xp, x: xp.abs(x) * 2.0**-53, lambda g, out, x: g * autograd.sign(x))
        assert np.spacing(Tensor(2.0)).item() == 2.0**-52

    def test_several_arguments_and_settings(self) -> None:
        scaled = primitive(
            "scaled_difference",
            lambda xp, a, b, *, by=1.0: (a - b) * by,
            lambda g, out, a, b, by=1.0: g * by,
            lambda g, out, a, b, by=1.0: -g * by,
        )
        assert grad(lambda a: scaled(a, 1.0, by=3.0))(2.0) == 3.0
        assert grad(lambda b: scaled(2.0, b, 5.0))(2.0) == -5.0
        a = Value(2.0)
        scaled(a, a * 2, by=2.0).backward()
        assert a.grad == -2.0

    def test_floats_that_raise_follow_ieee_in_rules(self) -> None:
        reciprocal = primitive("reciprocal_", lambda xp, x: xp.divide(1.0, x), lambda g, out, x: -g / x**2)
        x = Value(0.0)
        reciprocal(x).backward()
        assert x.grad == -float("inf")
        y = Value(0.0)
        (reciprocal(y) + Tensor([1.0])).sum().backward()
        assert y.grad == -float("inf")

    def test_a_float_made_from_arrays_is_a_value(self) -> None:
        dot = primitive(
            "dot_to_float",
            lambda xp, a, b: float(xp.dot(a, b)),
            lambda g, out, a, b: g * b,
            lambda g, out, a, b: g * a,
            elementwise=False,
        )
        total = primitive(
            "total_of_all",
            lambda xp, *parts: float(sum(xp.sum(p) for p in parts)),
            lambda g, out, *parts: [g * np.ones(np.shape(p)) for p in parts],
            elementwise=False,
        )
        for combine, expected in ((dot, [3.0, 4.0]), (lambda a, b: total([a, b]), [1.0, 1.0])):
            a, b, v = Tensor([1.0, 2.0]), Tensor([3.0, 4.0]), Value(2.0)
            y = combine(a, b) * v
            assert type(y) is Value
            y.backward()
            assert a.grad.tolist() == [2 * e for e in expected]

    def test_declaring_again_replaces(self) -> None:
        primitive("again", lambda xp, x: x * 2, lambda g, out, x: g * 2)
        again = primitive("again", lambda xp, x: x * 3, lambda g, out, x: g * 3)
        assert again(1.0) == 3.0
        assert again(Value(1.0)).op is autograd.TABLE["again"]

    @pytest.mark.parametrize(
        ("error", "message", "declare"),
        [
            (ValueError, "already declared in autograd", lambda: primitive("exp", lambda xp, x: x, None)),
            (ValueError, "must be an identifier", lambda: primitive("my op", lambda xp, x: x, None)),
            (TypeError, "needs 1 rules; got 2", lambda: primitive("f", lambda xp, x: x, None, None)),
            (TypeError, "wrap it in a lambda", lambda: primitive("f", np.exp, None)),
        ],
    )
    def test_mistakes_in_a_declaration(self, error: type[Exception], message: str, declare: Any) -> None:
        with pytest.raises(error, match=message):
            declare()

    def test_a_rule_of_the_wrong_shape_or_kind_fails_loudly(self) -> None:
        shrunk = primitive("shrunk", lambda xp, x: x * 2, lambda g, out, x: g.sum())
        with pytest.raises(ValueError, match=r"rule of shrunk for argument 0 returned shape \(\)"):
            shrunk(Tensor([1.0, 2.0])).sum().backward()
        grown = primitive("grown", lambda xp, x: x * 2, lambda g, out, x: np.ones(5))
        with pytest.raises(ValueError, match=r"returned shape \(5,\)"):
            grown(Tensor(1.0)).sum().backward()
        held = Value(2.0)
        leaky = primitive("leaky", lambda xp, x: x * 2, lambda g, out, x: g * held)
        with pytest.raises(TypeError, match="made from its arguments"):
            leaky(Tensor(1.0)).backward()
        roots = primitive("roots", lambda xp, x: x, lambda g, out, x: g * (-2.0) ** 0.5)
        with pytest.raises(TypeError, match="real number"):
            roots(Value(1.0) + Tensor(0.0)).backward()


def test_an_operator_on_floats_is_found_where_it_was_written() -> None:
    said = r"^1 / x is inf at x = 0.0; made at .*test_engine.py:\d+: .*1 / Value"
    with autograd.detect_anomaly(), pytest.raises(FloatingPointError, match=said):
        1 / Value(0.0, label="x")

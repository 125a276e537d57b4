"""Blocks of a replayed step: functions that are recorded once for each structure of their arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd import Replay, Tensor, Value, block, no_grad, tanh


def weighed(w: Any, xs: Any, c: float = 1.0) -> Any:
    """Return several numbers, as one of our functions does."""
    return [tanh(w * x) * c for x in xs]


class TestBlocks:
    @pytest.mark.parametrize("xs", [[0.1, 0.2], (1, 2), np.array([0.5, 1.5]), [[0.5], [1.0]], [0.1, [2.0]]])
    def test_are_recorded_once(self, xs: Any) -> None:
        calls = 0

        def of(w: Any, xs: Any, c: float) -> Any:
            nonlocal calls
            calls += 1
            flat = [x[0] if isinstance(x, list) else x for x in xs]
            return weighed(w, flat, c)

        def f(leaves: Any, c: float) -> Any:
            (w,) = leaves
            ys = block(of, w, xs, c=c)
            return sum(ys) * 2.0 + ys[0], ys

        run, w, v = Replay(), Value(0.5), Value(0.5)
        for k in range(12):
            J, out = run(lambda k=k: f([w], 0.9**k), w.zero_grad)
            v.zero_grad()
            expected, ys = f([v], 0.9**k)
            expected.backward()
            assert (J, w.grad) == pytest.approx((expected.data, v.grad), rel=1e-12)
            assert out == pytest.approx([y.data for y in ys], rel=1e-12)
        assert run.stopped == ""
        # Once recorded, and once in each of the steps that are compared; all others are of the steps as written.
        assert calls < 12 + 12

    def test_results_may_be_kept(self) -> None:
        run, w, kept = Replay(), Value(0.5), []

        def f() -> Any:
            ys = block(weighed, w, [1.0, 2.0])
            kept.append(ys[1])
            return sum(ys), None

        for _ in range(5):
            run(f, w.zero_grad)
            w.data = w.data + 0.25
        assert [y.data for y in kept] == pytest.approx([np.tanh(1.0 + 0.5 * k) for k in range(5)], rel=1e-12)
        assert [y.grad for y in kept] == [1.0] * 5
        # The leaf holds something else now; the step is computed from what it held.
        w.zero_grad()
        kept[-1].backward()
        assert w.grad == pytest.approx(2 * (1 - np.tanh(3.0) ** 2), rel=1e-12)
        assert kept[-1].inputs[0].inputs[0].op.name == "multiply"

    def test_what_decides_by_a_number_is_none(self) -> None:
        def deciding(w: Any, x: float) -> Any:
            return w * x if x > 0 else w

        run, w = Replay(), Value(0.5)
        for x in (1.0, -1.0, 1.0, -1.0, 2.0):
            J, _ = run(lambda x=x: (block(deciding, w, x) * 2.0, None), w.zero_grad)
            assert (x if x > 0 else 1.0) == J

    def test_what_returns_no_node_of_its_own_is_none(self) -> None:
        run, w = Replay(), Value(0.5)
        for _ in range(4):
            J, _ = run(lambda: (block(lambda w: w, w) * 2.0, None), w.zero_grad)
            assert J == 1.0

    def test_without_nodes_with_tensors_and_under_no_grad(self) -> None:
        run, w = Replay(), Tensor([0.5])

        def f() -> Any:
            assert block(weighed, 2.0, [1.0]) == [np.tanh(2.0)]
            with no_grad():
                assert block(weighed, Value(2.0), [1.0])[0].op is None
            assert block(lambda s: s, {1: 2}) == {1: 2}
            return block(weighed, w, [1.0])[0].sum(), None

        for _ in range(4):
            run(f, w.zero_grad)
        assert run.compilations == 1

    def test_a_node_from_outside(self) -> None:
        run, w = Replay(), Value(0.5)
        outside = w * 2.0
        for _ in range(3):
            J, _ = run(lambda: (block(weighed, outside, [1.0])[0] * 1.0, None), w.zero_grad)
            assert np.tanh(1.0) == J
            assert w.grad == pytest.approx(2 * (1 - np.tanh(1.0) ** 2))

    def test_nodes_of_several_origins(self) -> None:
        run, w, v = Replay(), Value(0.5), Value(0.25)

        def f() -> Any:
            y = w * 2.0
            return sum(block(weighed, w, [1.0, y, v, v])) + sum(block(weighed, v, [w, w])), None

        for _ in range(4):
            run(f, lambda: (w.zero_grad(), v.zero_grad()))
        found = w.grad, v.grad
        w.zero_grad()
        v.zero_grad()
        f()[0].backward()
        assert found == pytest.approx((w.grad, v.grad), rel=1e-12)
        assert run.compilations == 1

    def test_a_cut_inside(self) -> None:
        kept: list[Any] = []

        def cut(w: Any, x: float) -> Any:
            return w * (w * x).detach()

        run, w = Replay(), Value(0.5)

        def f() -> Any:
            kept.append(block(cut, w, 2.0))
            return kept[-1] * 1.0, None

        for _ in range(4):
            J, _ = run(f, w.zero_grad)
            assert (J, w.grad) == (0.5, 1.0)
        w.data = 7.0
        w.zero_grad()
        kept[-1].backward()
        assert w.grad == 1.0

    def test_what_it_computes_of_numbers_alone(self) -> None:
        run, w, kept = Replay(), Value(0.5), []

        def f() -> Any:
            kept.append(block(_by_a_number, w, 0.25))
            return kept[-1] * 1.0, [w, kept[-1]]

        for _ in range(4):
            _, found = run(f, w.zero_grad)
            assert found == [0.5, 0.5 * np.tanh(0.5)]
        w.data = 7.0
        assert kept[-1].args == (0.5, np.tanh(0.5))

    def test_modules_that_hold_something_else(self) -> None:
        class Part:
            def __init__(self, node: Any) -> None:
                self.node = node

            def as_block(self) -> Any:
                return "part", [self.node]

        for w in (Value(2.0), Tensor([2.0])):
            run, part = Replay(), Part(w)
            for _ in range(4):
                run(lambda part=part: (_square(part), None), w.zero_grad)
                assert np.asarray(w.grad).tolist() in (4.0, [4.0])


def _by_a_number(w: Any, x: float) -> Any:
    return w * tanh(x * 2.0)


def _squared(part: Any) -> Any:
    return part.node * part.node


def _square(part: Any) -> Any:
    J = block(_squared, part)
    return J if isinstance(J, Value) else J.sum()

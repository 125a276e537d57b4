"""A replayed step in which something is other than before: it is noticed, and computed as it is written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Replay, Tensor, Value, exp, primitive, validate
from autograd._compiler.replay.replay import CREDIT


class TestSomethingElse:
    def test_errors_are_those_of_the_step(self) -> None:
        run, w = Replay(), Tensor([1.0, 2.0])
        for n in (2, 2, 2, 3):
            if n == 3:
                with pytest.raises(ValueError, match=r"multiply of shape \(2,\) and \(3,\)"):
                    run(lambda n=n: ((w * np.ones(n)).sum(), None), w.zero_grad)
            else:
                run(lambda n=n: ((w * np.ones(n)).sum(), None), w.zero_grad)
        with pytest.raises(IndexError):
            run(lambda: (w[np.array([7])].sum(), None), w.zero_grad)
        with pytest.raises(TypeError, match="multiply got 'a'"):
            run(lambda: (w * "a", None), w.zero_grad)

    def test_an_index_that_gets_too_large(self) -> None:
        run, w = Replay(), Tensor([1.0, 2.0])
        for k in (0, 1, 0, 1):
            run(lambda k=k: (w[np.array([k])].sum(), None), w.zero_grad)
        with pytest.raises(IndexError):
            run(lambda: (w[np.array([2])].sum(), None), w.zero_grad)

    def test_what_cannot_be_differentiated(self) -> None:
        w, run = Value(2.0), Replay()
        for J in (w, 3.0):
            with pytest.raises((ValueError, AttributeError)):
                run(lambda J=J: (J, None), w.zero_grad)

    def test_not_finite_is_done_as_written(self) -> None:
        run, w = Replay(), Value(1.0)
        for x in (1.0, 2.0, 3.0, 0.0, 4.0):
            J, _ = run(lambda x=x: (w / x, None), w.zero_grad)
            assert J == w.grad == (1 / x if x else float("inf"))

    def test_arrays_that_are_not_finite_are_done_as_written(self) -> None:
        run, w = Replay(), Tensor([1.0])
        for x in (1.0, 2.0, 3.0, 0.0, 4.0):
            with np.errstate(all="ignore"):
                J, _ = run(lambda x=x: ((w / x).sum(), None), w.zero_grad)
            assert J == w.grad[0] == (1 / x if x else float("inf"))

    def test_python_raises_where_arrays_do_not(self) -> None:
        run, w = Replay(), Value(1.0)
        for x in (1.0, 2.0, 3.0, 800.0):
            J, _ = run(lambda x=x: (exp(w * x), None), w.zero_grad)
        assert J == w.grad == float("inf")

    def test_numpy_that_raises(self) -> None:
        run, w = Replay(), Tensor([1.0])
        with np.errstate(all="raise"):
            run(lambda: ((w * 2.0).sum(), None), w.zero_grad)
        with autograd.detect_anomaly():
            run(lambda: ((w * 2.0).sum(), None), w.zero_grad)
        assert run.compilations == 0
        assert w.grad.tolist() == [2.0]

    def test_steps_that_never_repeat_end_it_with_the_line(self) -> None:
        run, w = Replay(), Value(1.0)
        for n in range(40):

            def f(n: int = n) -> Any:
                J = w * 1.0
                for _ in range(n):
                    J = J + w
                return J, None

            J, _ = run(f, w.zero_grad)
            assert J == w.grad == n + 1
        assert "test_replay_changes.py:" in run.stopped
        assert "J = J + w: this line computes something else from step to step" in run.stopped
        assert run.compilations <= CREDIT

    def test_a_setting_that_cannot_be_compared(self) -> None:
        class Odd:
            pass

        scaled = primitive("scaled_oddly", lambda xp, x, *, by: x * 2.0, lambda g, out, x, by: g * 2.0)
        run, w = Replay(), Tensor([1.0])
        for _ in range(12):
            run(lambda: (scaled(w, by=Odd()).sum(), None), w.zero_grad)
            assert w.grad.tolist() == [2.0]
        assert "is no setting that can be compared" in run.stopped

    def test_settings_of_many_kinds(self) -> None:
        taken = primitive(
            "taken_so", lambda xp, x, *, how: x * how[1][0], lambda g, out, x, how: g * how[1][0], elementwise=False
        )
        how = (slice(0, 2), [2.0], np.float32, np.array(3), None, "a")
        run, w = Replay(), Tensor([1.0])
        for _ in range(4):
            run(lambda: (taken(w, how=how).sum(), None), w.zero_grad)
            assert w.grad.tolist() == [2.0]

    def test_an_index_that_decides_the_shape(self) -> None:
        repeated = primitive(
            "repeated",
            lambda xp, x, *, times: xp.repeat(x, times),
            lambda g, out, x, times: autograd.stack([g[: times[0]].sum(), g[times[0] :].sum()]),
            elementwise=False,
        )
        run, w = Replay(), Tensor([1.0, 2.0])
        for k in range(12):
            times = np.array([1 + k % 3, 2])
            J, _ = run(lambda times=times: (repeated(w, times=times).sum(), None), w.zero_grad)
            assert times[0] + 4.0 == J
            assert w.grad.tolist() == times.tolist()

    def test_a_rule_that_computes_from_an_index_is_not_relied_on(self) -> None:
        chosen = primitive(
            "chosen",
            lambda xp, x, *, at: x[at],
            lambda g, out, x, at: autograd.scatter(g, shape=x.shape, index=(at + 0,)),
            elementwise=False,
        )
        run, w = Replay(), Tensor([1.0, 2.0, 3.0])
        for k in range(4):
            run(lambda k=k: (chosen(w, at=np.array([k % 3])).sum(), None), w.zero_grad)
            assert w.grad.tolist() == [float(i == k % 3) for i in range(3)]
        assert "a rule computes from an index" in run.stopped

    def test_a_program_that_finds_something_else_is_not_used(self) -> None:
        seen: list[int] = []

        def rule(g: Any, out: Any, x: Any) -> Any:
            seen.append(0)
            return g * float(len(seen))

        odd = primitive("odd_rule", lambda xp, x: x * 1.0, rule)
        run, w = Replay(), Tensor([1.0])
        run(lambda: (odd(w).sum(), None), w.zero_grad)
        assert "came out otherwise when it was compiled" in run.stopped
        run(lambda: (odd(w).sum(), None), w.zero_grad)
        assert w.grad.tolist() == [float(len(seen))]

    def test_checks_of_numbers_that_come_later(self) -> None:
        def positive(x: Any) -> None:
            if not x.data > 0:
                raise ValueError("not positive")

        run, w = Replay(), Value(2.0)

        def f(x: float) -> Any:
            y = w * x
            validate(positive, y)
            return y, None

        for x in (1.0, 2.0, 3.0):
            run(lambda x=x: f(x), w.zero_grad)
        with pytest.raises(ValueError, match="not positive"):
            run(lambda: f(-1.0), w.zero_grad)
        assert run.compilations == 1

    def test_a_dict_of_outputs(self) -> None:
        run, w = Replay(), Value(2.0)
        for _ in range(3):
            _, found = run(lambda: (w * 2.0, {"a": w * 3.0}), w.zero_grad)
        assert {key: node.data for key, node in found.items()} == {"a": 6.0}

    def test_a_compiled_function_and_a_backward_inside(self) -> None:
        fast = autograd.compile(lambda x: x * 2.0)
        run, w = Replay(), Value(3.0)

        def f() -> Any:
            y = w * w
            (w * 5.0).backward()
            assert w.grad == 5.0
            return y * fast(y), None

        for _ in range(5):
            J, _ = run(f, w.zero_grad)
            w.zero_grad()
            assert J == 162.0

"""Steps that are replayed: their numbers, what they keep, and every way of doing something else."""

from __future__ import annotations

import copy
import pickle
import threading
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Replay, Tensor, Value, exp, no_grad, tanh, where

rng = np.random.default_rng(0)


class Pair:
    """The same leaves twice: those of a replay, and those of steps as they are written."""

    def __init__(self, *leaves: Any) -> None:
        self.run = Replay()
        self.leaves = leaves
        self.written = copy.deepcopy(leaves)

    def step(self, f: Any, *given: Any) -> Any:
        """Do a step both ways, compare, and move the leaves; return what the replay did."""

        def zero(leaves: Any = self.leaves) -> None:
            for node in leaves:
                node.zero_grad()

        found = self.run(lambda: f(self.leaves, *given), zero)
        zero(self.written)
        J, out = f(self.written, *given)
        J.backward()
        assert found[0] == pytest.approx(J.item(), rel=1e-12)
        np.testing.assert_allclose(
            found[1], autograd._compiler.replay.forms.raw(autograd._compiler.replay.forms.copied(out)), rtol=1e-12
        )
        for own, other in zip(self.leaves, self.written):
            np.testing.assert_allclose(own.grad, other.grad, rtol=1e-12, atol=1e-14)
            own.data, other.data = own.data - 0.1 * own.grad, other.data - 0.1 * other.grad
        return found

    def steps(self, f: Any, data: Any, programs: int = 1) -> None:
        """Do a step for each of `data`, which take so many programs."""
        for given in data:
            self.step(f, *given)
        assert self.run.stopped == ""
        assert self.run.compilations == programs


def weights() -> tuple[Tensor, Tensor]:
    return Tensor(rng.normal(size=(4, 3)), "W"), Tensor(np.zeros(3), "b")


def batches(n: int = 8, dtype: Any = int) -> list[tuple[Any, Any]]:
    return [(rng.normal(size=(5, 4)), rng.integers(0, 3, 5).astype(dtype)) for _ in range(n)]


class TestOneProgramForAll:
    def test_data_and_indices_differ_from_step_to_step(self) -> None:
        def f(leaves: Any, X: Any, t: Any) -> Any:
            W, b = leaves
            z = X @ W + b
            return -autograd.log_softmax(z)[np.arange(5), t.astype(int)].mean(), z

        Pair(*weights()).steps(f, batches(dtype="uint8"))

    def test_a_coefficient_that_is_annealed_and_a_mask(self) -> None:
        def f(leaves: Any, X: Any, t: Any, c: Any) -> Any:
            W, b = leaves
            z = (X @ W + b) * (t == 1)[:, None]
            return (z**2).mean() + c * (W * W).sum(), z

        Pair(*weights()).steps(f, [(*batch, 0.9**k) for k, batch in enumerate(batches())])

    def test_an_integer_that_changes_is_written_once_more(self) -> None:
        def f(leaves: Any, X: Any, k: int) -> Any:
            W, b = leaves
            return ((X @ W + b) ** 2).mean() * k, W * 1

        Pair(*weights()).steps(f, [(X, 1 + k // 4) for k, (X, _) in enumerate(batches())], programs=2)

    def test_many_integers_that_change_one_by_one(self) -> None:
        def f(leaves: Any, *factors: int) -> Any:
            (w,) = leaves
            J = w * w
            for k in factors:
                J = J * k
            return J, None

        data = [tuple(2 if k < n else 1 for k in range(6)) for n in range(7)]
        Pair(Value(0.5)).steps(lambda *given: (f(*given)[0], 1.0), data, programs=3)

    def test_of_values(self) -> None:
        def f(leaves: Any, x: float, flag: bool) -> Any:
            w, b = leaves
            y = tanh(w * x + b) - np.float64(0.25)
            return (y - 0.5) ** 2 * True, [y, (y,)]

        pair = Pair(Value(0.3), Value(0.1))
        pair.steps(lambda *a: (f(*a)[0], f(*a)[1][0]), [(0.1 * k, True) for k in range(6)])

    def test_two_ways_are_two_programs(self) -> None:
        def f(leaves: Any, x: float) -> Any:
            (w,) = leaves
            y = w * x
            return (y * y if y.item() > 0 else exp(y)), y

        Pair(Value(0.3)).steps(f, [((-1.0) ** k,) for k in range(8)], programs=2)

    def test_a_leaf_that_changes_within_a_step_counts_with_both_numbers(self) -> None:
        def f(leaves: Any) -> Any:
            (w,) = leaves
            J = w * 3.0
            w.data = w.data * 0.5
            return J * w, J

        Pair(Value(2.0)).steps(f, [()] * 4)

    def test_another_leaf_in_the_place_of_one(self) -> None:
        run, leaves = Replay(), [Value(float(k)) for k in range(5)]
        for w in leaves:
            run(lambda w=w: (w * w, None), lambda: None)
        assert [w.grad for w in leaves] == [0.0, 2.0, 4.0, 6.0, 8.0]
        assert run.compilations == 1

    def test_leaves_that_the_step_makes(self) -> None:
        def f(leaves: Any, X: Any, t: Any) -> Any:
            W, b = leaves
            z = Tensor(X) @ W + b + Value(0.5)
            return ((z - t[:, None]) ** 2).mean(), z

        Pair(*weights()).steps(f, batches())

    def test_masks_with_as_many_elements(self) -> None:
        def f(leaves: Any, X: Any, mask: Any) -> Any:
            W, b = leaves
            z = (X @ W + b)[mask]
            return (z**2).sum(), z

        masks = [rng.permutation(5) < 2 for _ in range(6)]
        Pair(*weights()).steps(f, [(X, mask) for (X, _), mask in zip(batches(), masks)])

    def test_what_is_cut_off(self) -> None:
        def f(leaves: Any, X: Any, t: Any) -> Any:
            W, b = leaves
            z = X @ W + b
            with no_grad():
                scale = (z * z).mean() + 1.0
            return ((z - z.detach().mean()) ** 2 / scale).mean() + (W.detach() * W).sum(), z

        Pair(*weights()).steps(f, batches())

    def test_what_is_cut_off_and_then_changed(self) -> None:
        def f(leaves: Any) -> Any:
            (w,) = leaves
            cut = (w * 2.0).detach()
            J = w * cut
            cut.data = 5.0
            return J + w * cut, cut

        pair = Pair(Value(0.5))
        for _ in range(9):
            pair.step(lambda leaves: (f(leaves)[0], 1.0))
        assert "changed since" in pair.run.stopped

    def test_a_gradient_inside_the_loss(self) -> None:
        def f(leaves: Any, X: Any, t: Any) -> Any:
            W, b = leaves
            slope = autograd.grad(lambda x: tanh(x @ W + b).sum())(Tensor(X))
            return (slope**2).sum() + (W * W).sum(), slope

        pair = Pair(*weights())
        for given in batches():
            pair.step(f, *given)
        assert pair.run.stopped == ""


class TestWhatIsKept:
    def test_nodes_hold_what_they_held(self) -> None:
        kept: list[Any] = []

        def f(leaves: Any, X: Any) -> Any:
            W, b = leaves
            h = X @ W
            z = tanh(h + b)
            kept.append((h, z))
            return (z**2).mean(), z

        pair = Pair(*weights())
        pair.steps(f, [(X,) for X, _ in batches()])
        for (h, z), (h2, z2) in zip(kept[::2], kept[1::2]):
            for name in ("data", "grad"):
                np.testing.assert_allclose(getattr(h, name), getattr(h2, name), rtol=1e-12)
                np.testing.assert_allclose(getattr(z, name), getattr(z2, name), rtol=1e-12)
            assert (z.op.name, z.inputs[0].op.name, z.shape, len(z)) == ("tanh", "add", (5, 3), 5)
            assert z.inputs[0].inputs[0] is h
            np.testing.assert_allclose(z.args[0], z2.args[0], rtol=1e-12)

    def test_a_loss_may_be_kept_and_differentiated_later(self) -> None:
        run, w, kept = Replay(), Value(3.0), []

        def f() -> Any:
            kept.append(w * w)
            return kept[-1], None

        for _ in range(5):
            run(f, w.zero_grad)
            w.data = w.data + 1.0
        assert [J.data for J in kept] == [9.0, 16.0, 25.0, 36.0, 49.0]
        w.zero_grad()
        kept[3].backward()
        assert w.grad == 12.0
        assert pickle.loads(pickle.dumps(kept[4])).data == copy.deepcopy(kept[4]).data == 49.0

    def test_a_leaf_that_was_made_and_kept_has_its_gradient(self) -> None:
        run, w, kept = Replay(), Value(3.0), []

        def f() -> Any:
            x = Value(2.0)
            kept.append(x)
            return w * x, None

        for _ in range(5):
            run(f, w.zero_grad)
        assert [x.grad for x in kept] == [3.0] * 5
        assert run.compilations == 1

    def test_too_many_are_told(self) -> None:
        run, w, kept = Replay(), Value(0.5), []

        def f() -> Any:
            kept[:] = [w * float(k) for k in range(20)]
            return sum(kept), None

        for _ in range(20):
            run(f, w.zero_grad)
            assert [node.grad for node in kept] == [1.0] * 20
        assert run.stopped.startswith("the step keeps 20 nodes, such as multiply")

    def test_in_a_thread(self) -> None:
        run, w = Replay(), Value(3.0)

        def f() -> Any:
            y, found = w * w, []
            thread = threading.Thread(target=lambda: found.append(y + 1.0))
            thread.start()
            thread.join()
            return y * found[0], None

        for _ in range(30):
            J, _ = run(f, w.zero_grad)
            assert (J, w.grad) == (90.0, 6 * 10 + 9 * 6)
        assert "was computed outside of the step" in run.stopped

    def test_assigned_data_come_with_the_rest(self) -> None:
        run, w, mean = Replay(), Value(3.0), Value(0.0)

        def f(read: bool) -> Any:
            y = w * 2.0
            autograd.assign(mean, mean * 0.5 + y)
            if read:
                assert mean.data > 5.0
            return y * y + mean.detach() * 0.0, mean * 1.0

        for k in range(8):
            expected = mean.data * 0.5 + 6.0
            _, found = run(lambda k=k: f(k % 2 == 1), w.zero_grad)
            assert mean.data == found == expected
        with no_grad():
            autograd.assign(mean, w)
        assert mean.data == 3.0

    def test_assigned_data_of_another_kind(self) -> None:
        run, w, last = Replay(), Tensor([1.0, 2.0]), Tensor(np.zeros(2, "f"))

        def f() -> Any:
            autograd.assign(last, w * 2.0)
            return (w * w).sum(), None

        for _ in range(4):
            run(f, w.zero_grad)
        assert last.data.dtype == "float32"
        assert last.data.tolist() == [2.0, 4.0]


def test_large_constants_of_a_program() -> None:
    def f(leaves: Any, X: Any, t: Any) -> Any:
        W, b = leaves
        z = X @ W + b
        return -autograd.log_softmax(z)[np.arange(100), t].mean(), z

    data = [(rng.normal(size=(100, 4)), rng.integers(0, 3, 100)) for _ in range(4)]
    Pair(*weights()).steps(f, data)


def test_what_came_before_is_used_as_it_is_written() -> None:
    run, w, mean = Replay(), Value(0.5), Value(0.0)
    before = w * 2.0

    def f() -> Any:
        autograd.assign(mean, w)
        J = before * w
        assert J.detach().data == 0.5
        return J + w.detach(), None

    for _ in range(3):
        J, _ = run(f, w.zero_grad)
        assert (J, w.grad, mean.data) == (1.0, 2.0, 0.5)


def test_a_choice_by_a_mask_of_nodes() -> None:
    def f(leaves: Any, X: Any, t: Any) -> Any:
        W, b = leaves
        z = X @ W + b
        return where(z > 0, z, 0.1 * z).sum() + ((z > 0.5) * z).mean(), z

    Pair(*weights()).steps(f, batches())


@pytest.mark.parametrize("dtype", [float, "float32", np.float32, np.dtype(float)])
def test_classes_of_numbers_as_settings(dtype: Any) -> None:
    def f(leaves: Any, X: Any, t: Any) -> Any:
        W, b = leaves
        z = (X @ W + b).astype(dtype)
        return (z * z).mean().astype(float), z

    run, leaves = Replay(), weights()
    for given in batches(4):
        run(lambda given=given: f(leaves, *given), lambda: None)
    assert run.stopped == ""
    assert run.compilations == 1


def test_an_index_that_is_written_to_after_it_was_used() -> None:
    x, index, factor = Tensor([1.0, 2.0, 3.0]), np.array([0, 1]), np.array(2.0)
    y = (autograd.take(x, index) * factor).sum()
    index[:], factor[...] = 2, 5.0
    y.backward()
    assert x.grad.tolist() == [2.0, 2.0, 0.0]


def test_truths_that_differ_from_step_to_step() -> None:
    def f(leaves: Any, chosen: bool) -> Any:
        (w,) = leaves
        return w * w * chosen + w, None

    Pair(Value(0.5)).steps(lambda leaves, chosen: (f(leaves, chosen)[0], 1.0), [(k % 3 == 0,) for k in range(8)], 2)

"""Groups of parameters, frozen ones, lists that change, states that do not fit, and clipping."""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd import Tensor, Value, steps
from nn import (
    MLP,
    SGD,
    Adam,
    BatchNorm,
    Conv2d,
    Layer,
    LayerNorm,
    Optimizer,
    RMSProp,
    Sequential,
    clip_grad_norm,
    clip_grad_value,
    cosine,
    fit,
    load,
    mse,
    save,
)  # fmt: skip

X = np.random.default_rng(0).normal(size=(24, 2))
Y = X[:, 0] * X[:, 1]
MAKERS: dict[str, Callable[..., Optimizer]] = {
    "sgd": lambda p, **more: SGD(p, **{"lr": 0.05, "momentum": 0.9, "weight_decay": 0.01, **more}),
    "nesterov": lambda p, **more: SGD(p, **{"lr": 0.05, "momentum": 0.9, "nesterov": True, **more}),
    "adam": lambda p, **more: Adam(p, **{"lr": 0.01, "weight_decay": 0.1, **more}),
    "rmsprop": lambda p, **more: RMSProp(p, **{"lr": 0.01, "weight_decay": 0.1, **more}),
}
EACH = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
FORMS = pytest.mark.parametrize("of", [Value, Tensor])


def descend(optimizer: Optimizer, nodes: list[Any], count: int) -> None:
    """Take steps on the sum of w^3, of which each parameter has its own part."""
    for _ in range(count):
        for node in nodes:
            node.zero_grad()
            (node * node * node).backward()
        optimizer.step()


def moved(make: Callable[..., Optimizer], start: float, count: int, of: Any = Value, **settings: Any) -> float:
    w = of(start)
    descend(make([w], **settings), [w], count)
    return float(w.data)


@EACH
@FORMS
class TestGroups:
    def test_each_group_moves_by_its_own_settings(self, make: Any, of: Any) -> None:
        a, b, c = of(1.5), of(1.2), of(1.1)
        optimizer = make([{"params": [a, b], "lr": 0.02}, {"params": c, "weight_decay": 0.3} | {"params": [c]}])
        descend(optimizer, [a, b, c], 3)
        assert float(a.data) == moved(make, 1.5, 3, of, lr=0.02)
        assert float(b.data) == moved(make, 1.2, 3, of, lr=0.02)
        assert float(c.data) == moved(make, 1.1, 3, of, weight_decay=0.3)
        assert "2 groups" in repr(optimizer)

    def test_their_rates_follow_that_of_the_optimizer(self, make: Any, of: Any) -> None:
        a, b = of(1.5), of(1.5)
        optimizer = make([{"params": [a]}, {"params": [b], "lr": 0.02}])
        optimizer.lr /= 2
        descend(optimizer, [a, b], 2)
        assert float(b.data) == pytest.approx(moved(make, 1.5, 2, of, lr=0.01), rel=1e-14)
        optimizer.param_groups[1]["lr"] *= 4
        optimizer.add_param_group({"params": [c := of(1.5)], "lr": 0.02})
        descend(optimizer, [c], 1)
        assert float(c.data) == pytest.approx(moved(make, 1.5, 1, of, lr=0.02), rel=1e-14)
        assert optimizer._by_group()[1][0]["lr"] == pytest.approx(0.04)

    def test_a_state_with_groups_goes_on_to_the_bit(self, make: Any, of: Any) -> None:
        def run(breaks: bool) -> list[float]:
            a, b = of(1.5), of(1.2)
            optimizer = make([{"params": [a]}, {"params": [b], "lr": 0.02}])
            descend(optimizer, [a, b], 3)
            if breaks:
                state = pickle.loads(pickle.dumps(optimizer.state_dict()))
                optimizer = make([a, b], lr=0.5)
                optimizer.load_state_dict(state)
            descend(optimizer, [a, b], 3)
            return [float(a.data), float(b.data)]

        assert run(True) == run(False)


@EACH
def test_groups_in_training_follow_a_schedule_and_come_back_from_a_file(make: Any, tmp_path: Path) -> None:
    def network() -> tuple[Any, Optimizer]:
        model = MLP(2, [3, 1], "tanh", of=Tensor, seed=1)
        first, second = model.layers
        return model, make([{"params": second.parameters()}, {"params": first.parameters(), "lr": 0.001}])

    def train(model: Any, optimizer: Any, epochs: int, history: Any = None) -> Any:
        return fit(
            model, X, Y, loss=mse, optimizer=optimizer, epochs=epochs, batch_size=8, schedule=cosine(12),
            history=history, seed=1, compile=False,
        )  # fmt: skip

    model, optimizer = network()
    train(model, optimizer, 8)
    part, first = network()
    history = train(part, first, 4)
    save(tmp_path / "a", part, first, history)
    found = load(tmp_path / "a")
    assert [len(group["params"]) for group in found.optimizer.param_groups] == [2, 2]
    train(found.model, found.optimizer, 8, found.history)
    for a, b in zip(model.parameters(), found.model.parameters(), strict=True):
        np.testing.assert_array_equal(a.data, b.data)


class TestLists:
    @EACH
    def test_a_parameter_given_twice_moves_once(self, make: Any) -> None:
        w = Value(1.5)
        descend(make([w, w, w]), [w], 3)
        assert w.data == moved(make, 1.5, 3)

    @EACH
    @FORMS
    @pytest.mark.parametrize("how", ["assigned", "deleted", "reversed", "group"])
    def test_memory_stays_with_its_parameter(self, make: Any, of: Any, how: str) -> None:
        a, b = of(1.5), of(1.2)
        optimizer = make([a, b])
        descend(optimizer, [a, b], 2)
        if how == "assigned":
            optimizer.parameters = [b]
        elif how == "deleted":
            del optimizer.parameters[0]
        elif how == "group":
            optimizer.param_groups[0]["params"] = [b]
        else:
            optimizer.parameters.reverse()
        still = float(a.data)
        descend(optimizer, [a, b], 2)
        assert float(b.data) == moved(make, 1.2, 4, of)
        assert float(a.data) == (moved(make, 1.5, 4, of) if how == "reversed" else still)
        # It goes on where it was.
        optimizer.parameters = [a, b]
        descend(optimizer, [a], 2 if how != "reversed" else 0)
        assert float(a.data) == moved(make, 1.5, 4, of)
        assert optimizer.counts[0] == 4

    @EACH
    def test_one_that_comes_later_starts_at_its_own_beginning(self, make: Any) -> None:
        a, b = Value(1.5), Value(1.2)
        optimizer = make([a])
        descend(optimizer, [a], 50)
        optimizer.parameters.append(b)
        descend(optimizer, [b], 2)
        assert b.data == moved(make, 1.2, 2)

    @EACH
    def test_one_that_was_taken_out_comes_back_in_another_group(self, make: Any) -> None:
        a, b = Value(1.5), Value(1.2)
        optimizer = make([a, b])
        del optimizer.parameters[0]
        descend(optimizer, [b], 1)
        optimizer.add_param_group({"params": [a], "lr": 0.02})
        descend(optimizer, [a, b], 2)
        assert (a.data, b.data) == (moved(make, 1.5, 2, lr=0.02), moved(make, 1.2, 3))
        with pytest.raises(ValueError, match="in two groups"):
            optimizer.add_param_group({"params": [a]})

    def test_copies_and_pickles_move_their_own(self) -> None:
        model = MLP(2, [1], of=Tensor, seed=0)
        optimizer = Adam(model.parameters(), lr=0.1)
        for kept in (copy.deepcopy((model, optimizer)), pickle.loads(pickle.dumps((model, optimizer)))):
            other, its = kept
            its.zero_grad()
            other([1.0, 2.0]).backward()
            its.step()
            assert not np.array_equal(other.layers[0].w.data, model.layers[0].w.data)

    @pytest.mark.parametrize(
        ("error", "message", "wrong"),
        [
            (TypeError, "put this dict into a list", lambda w: SGD({"params": [w]})),
            (ValueError, "a parameter is in two groups", lambda w: SGD([{"params": [w]}, {"params": [w]}])),
            (ValueError, "a group of SGD has \"params\" and may have lr, .*; got 'lr'", lambda w: SGD([{"lr": 0.1}])),
            (ValueError, "a group of SGD .*; got 'params', 'rate'", lambda w: SGD([{"params": [w], "rate": 0.1}])),
            (ValueError, "lr must be a positive number; got -1", lambda w: SGD([{"params": [w], "lr": -1}])),
            (ValueError, "nesterov needs a momentum", lambda w: SGD([{"params": [w], "nesterov": True}])),
            (ValueError, "nesterov must be True or False; got 'no'", lambda w: SGD([w], nesterov="no")),
            (ValueError, "betas must be two numbers", lambda w: Adam([w], betas=0.9)),
            (ValueError, "there are no parameters", lambda w: SGD([{"params": []}])),
            (TypeError, "a parameter must be a Value or Tensor", lambda w: SGD([{"params": [w]}, w])),
            (TypeError, "SGD needs parameters; got one Value", lambda w: SGD([{"params": w}])),
            (AttributeError, "append", lambda w: SGD([w]).param_groups.append({})),
        ],
    )
    def test_misuse(self, error: Any, message: str, wrong: Any) -> None:
        with pytest.raises(error, match=message):
            wrong(Value(1.0))


@EACH
class TestStates:
    def test_memory_of_another_shape_is_refused(self, make: Any) -> None:
        w, other = Tensor([1.0, 2.0]), Tensor([1.0, 2.0, 3.0])
        optimizer, larger = make([w]), make([other])
        for node, one in ((w, optimizer), (other, larger)):
            (node * node).sum().backward()
            one.step()
        before = optimizer.state_dict()
        name = optimizer.kept[0]
        for memory in (larger.state_dict()[name], [0.5], [np.array([1j, 1j])], ["ab"], [w], [None]):
            with pytest.raises(ValueError, match=rf"{name} must have an entry of shape \(2,\) for a parameter"):
                optimizer.load_state_dict({**before, name: memory})
        for wrong, message in (
            ({"lr": -1.0}, "lr must be"),
            ({"steps": -1}, "steps must be a whole number"),
            ({"counts": [1.5]}, "each of counts must be"),
            ({"counts": []}, "counts has 0 entries"),
            ({"param_groups": [{"params": [0], "rate": 1.0}]}, "a group of .*; got 'params', 'rate'"),
            ({"param_groups": [{"params": [0, 0]}]}, "the place of each parameter once"),
            ({"param_groups": [{"params": [0], "lr": math.nan}]}, "lr must be"),
        ):
            with pytest.raises(ValueError, match=message):
                optimizer.load_state_dict({**before, **wrong})
        after = optimizer.state_dict()
        np.testing.assert_array_equal(after.pop(name)[0], before.pop(name)[0])
        assert str(after) == str(before)


class TestFrozen:
    @EACH
    @FORMS
    def test_one_that_is_frozen_stays_and_goes_on_later(self, make: Any, of: Any) -> None:
        a, b = of(1.5), of(1.2)
        optimizer = make([a, b])
        descend(optimizer, [a, b], 2)
        a.frozen = True
        still = float(a.data)
        descend(optimizer, [a, b], 3)
        assert float(a.data) == still
        a.frozen = False
        descend(optimizer, [a, b], 2)
        assert (float(a.data), float(b.data)) == (moved(make, 1.5, 4, of), moved(make, 1.2, 7, of))

    @pytest.mark.covers
    @pytest.mark.slow
    @pytest.mark.parametrize("compile", [True, False])
    @FORMS
    def test_a_frozen_layer_is_not_trained(self, of: Any, compile: bool) -> None:
        model = MLP(2, [3, 1], "tanh", of=of, seed=0)
        first = model.layers[0]
        assert first.freeze() is first
        assert len(model.parameters()) == (13 if of is Value else 4)
        before = model.state_dict()
        optimizer = Adam(model.parameters(), lr=0.01, weight_decay=0.1)
        fit(model, X, Y, loss=mse, optimizer=optimizer, epochs=30, compile=compile, clip_grad_norm=0.1)
        for name, data in model.state_dict().items():
            assert np.array_equal(data, before[name]) == name.startswith("layers.0")
        model.unfreeze()
        fit(model, X, Y, loss=mse, optimizer=optimizer, epochs=2)
        assert not np.array_equal(first.parameters()[1].data, next(iter(before.values())))
        model.freeze()
        with pytest.raises(ValueError, match="all parameters that the optimizer moves are frozen"):
            fit(model, X, Y, loss=mse, optimizer=optimizer, epochs=2)

    def test_it_survives_files_forms_copies_and_pickles(self, tmp_path: Path) -> None:
        def frozen(model: Any) -> list[str]:
            return [name for name, node in model.named_parameters() if node.frozen]

        model = Sequential(Layer(2, 3), BatchNorm(3), LayerNorm(3), Layer(3, 1))
        model.layers[0].freeze()
        model.layers[1].freeze()
        layers, scales = model.layers[0], model.layers[1]
        names = {f"layers.0.{name}" for name, _ in layers.named_parameters()} | {
            f"layers.1.{name}" for name, _ in scales.named_parameters()
        }
        save(tmp_path / "a", model)
        into = Sequential(Layer(2, 3), BatchNorm(3), LayerNorm(3), Layer(3, 1)).freeze()
        for same in (
            load(tmp_path / "a").model, load(tmp_path / "a", into=into).model, copy.deepcopy(model), copy.copy(model),
            pickle.loads(pickle.dumps(model)), model.to(Value), model.to(Tensor).to(Value),
        ):  # fmt: skip
            assert set(frozen(same)) == names
        assert frozen(model.to(Tensor)) == ["layers.0.w0", "layers.0.w", "layers.1.w", "layers.1.w0"]
        assert frozen(Conv2d(1, 1, 1).freeze().to(Tensor)) == ["w0", "w"]

    @pytest.mark.parametrize("layer", [lambda: Layer(2, 2), lambda: BatchNorm(2)])
    def test_a_tensor_is_frozen_whole(self, layer: Any) -> None:
        model = layer()
        model.parameters()[-1].frozen = True
        with pytest.raises(ValueError, match="some of these weights are frozen and some are not"):
            model.to(Tensor)

    def test_only_leaves_are_frozen(self) -> None:
        y = Value(1.0) * 2
        assert not y.frozen
        with pytest.raises(AttributeError, match=r"computed by multiply; only a leaf can be frozen: use detach\(\)"):
            y.frozen = True

    def test_steps_shows_that_it_does_not_move(self) -> None:
        w = Value(2.0, label="w")
        loss = w * w
        loss.label = "J"
        w.frozen = True
        assert steps(loss, SGD([w], lr=0.1))[-1].result == 2.0


class TestClipping:
    def test_a_frozen_gradient_does_not_count(self) -> None:
        a, b = Value(3.0), Value(4.0)
        (a * 3 + b * 4).backward()
        b.frozen = True
        assert clip_grad_norm([a, b], 1.0) == 3.0
        assert (a.grad, b.grad) == (1.0, 4.0)

    def test_one_that_is_given_twice_counts_once(self) -> None:
        a = Value(3.0)
        (a * 4).backward()
        assert clip_grad_norm([a, a], 2.0) == 4.0
        assert a.grad == 2.0

    @pytest.mark.parametrize("bad", [math.nan, math.inf])
    @FORMS
    def test_a_gradient_that_is_no_number_is_said_to_be_so(self, of: Any, bad: float) -> None:
        a, b = of(1.0, label="a"), of(1.0, label="b")
        a.grad, b.grad = 1.0, bad
        with pytest.raises(FloatingPointError, match=rf"the norm of the gradient of b is {bad}"):
            clip_grad_norm([a, b], 1.0)
        assert (a.grad, str(float(b.grad))) == (1.0, str(bad))
        b.label = ""
        with pytest.raises(FloatingPointError, match=f"the norm of the gradient is {bad}"):
            clip_grad_norm([a, b], 1.0)

    def test_a_norm_beyond_all_floats(self) -> None:
        w = Tensor([1.0, 1.0])
        w.grad = np.array([1.7e308, 1.7e308])
        with pytest.raises(FloatingPointError, match="is inf"):
            clip_grad_norm([w], 1.0)

    def test_by_value(self) -> None:
        a, b, c = Value(1.0), Tensor([1.0, 2.0, 3.0]), Value(1.0)
        a.grad, b.grad, c.grad = -3.0, [0.5, -2.0, math.inf], 9.0
        c.frozen = True
        clip_grad_value([a, b, c], np.float32(1.0))
        assert (a.grad, b.grad.tolist(), c.grad) == (-1.0, [0.5, -1.0, 1.0], 9.0)
        b.grad = [0.0, math.nan, 9.0]
        with pytest.raises(FloatingPointError, match="the gradient of a parameter holds nan"):
            clip_grad_value([a, b], 1.0)
        for wrong in (0, -1.0, "1", True, math.nan):
            with pytest.raises(ValueError, match="clip_value must be a positive number; got"):
                clip_grad_value([a], wrong)

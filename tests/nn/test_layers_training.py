"""Dropout, BatchNorm and LayerNorm: both forms alike, compiled and not, against numbers worked out by hand."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, Value, gradcheck, no_grad, value_and_grad
from nn import (
    SGD,
    BatchNorm,
    Dropout,
    Layer,
    LayerNorm,
    Module,
    Sequential,
    buffer_updates,
    cross_entropy,
    fit,
    mse,
    predict,
    update_buffer,
)

X = np.random.default_rng(0).normal(size=(12, 3)).tolist()
y = [k % 2 for k in range(12)]


def net(of: Any, seed: Any = 5) -> Sequential:
    return Sequential(
        Layer(3, 5, "tanh", of=of, seed=1),
        BatchNorm(5, of=of),
        Dropout(0.4, seed=seed),
        LayerNorm(5, of=of),
        Dropout(0.2, seed=seed),
        Layer(5, 2, of=of, seed=2),
    )


def trained(model: Sequential, compile: bool) -> tuple[Sequential, list[float]]:
    data = (X, y) if model.layers[0].of is Value else (np.array(X), np.array(y))
    optimizer = SGD(model.parameters(), lr=0.05, momentum=0.9)
    return model, fit(
        model, *data, loss=cross_entropy, optimizer=optimizer, epochs=8, batch_size=4, compile=compile, seed=0
    ).loss


@pytest.mark.slow
@pytest.mark.parametrize("of", [Value, Tensor])
@pytest.mark.parametrize("compile", [True, False])
@pytest.mark.parametrize("generator", [int, random.Random, np.random.default_rng])
def test_one_history_in_both_forms_compiled_or_not(of: Any, compile: bool, generator: Any) -> None:
    model, history = trained(net(of, generator(5)), compile)
    expected, losses = trained(net(Tensor, generator(5)), False)
    assert history == pytest.approx(losses, rel=1e-10)
    assert len(set(losses)) == 8
    np.testing.assert_allclose(predict(model, X), predict(expected, X), rtol=1e-10)
    for own, other in zip(model.to(Tensor).named_buffers(), expected.named_buffers(), strict=True):
        assert own[0] == other[0]
        np.testing.assert_allclose(own[1].data, other[1].data, rtol=1e-10)


def test_validation_is_as_after_training() -> None:
    """It drops nothing, uses the running statistics, and leaves them and the generators as they are."""
    model, other = net(Tensor), net(Tensor)
    histories = [
        fit(
            one,
            np.array(X),
            np.array(y),
            loss=cross_entropy,
            optimizer=SGD(one.parameters(), lr=0.1),
            epochs=3,
            seed=0,
            validation=validation,
        )
        for one, validation in ((model, (np.array(X) + 5.0, np.array(y))), (other, None))
    ]
    assert histories[0].loss == histories[1].loss
    assert np.array_equal(predict(model, X), predict(other, X))
    assert histories[0]["val_loss"][-1] == cross_entropy(predict(model, np.array(X) + 5.0), y)
    model.train()
    model.layers[0].eval()
    assert np.array_equal(predict(model, X), predict(other, X))
    assert [layer.training for layer in model.layers] == [False, True, True, True, True, True]


class TestDropout:
    def test_what_is_left_is_scaled_up(self) -> None:
        x = np.ones(100_000)
        out = Dropout(0.3, seed=1)(x)
        assert set(out.tolist()) == {0.0, 1 / 0.7}
        assert np.mean(out == 0) == pytest.approx(0.3, abs=0.01)
        assert np.mean(out) == pytest.approx(1.0, abs=0.01)

    def test_both_forms_choose_alike(self) -> None:
        values = Dropout(0.5, seed=2)([[Value(1.0)] * 3, [Value(2.0)] * 3])
        tensor = Dropout(0.5, seed=2)(Tensor([[1.0] * 3, [2.0] * 3]))
        assert [[v.data for v in row] for row in values] == tensor.data.tolist()
        assert Dropout(0.5, seed=2)([1.0] * 6) == Dropout(0.5, seed=2)(np.ones(6)).tolist()

    def test_anew_at_every_call_and_from_the_generator_that_is_given(self) -> None:
        rng, other = random.Random(7), random.Random(7)
        layer = Dropout(0.5, seed=rng)
        first, second = layer(np.ones(40)), layer(np.ones(40))
        assert not np.array_equal(first, second)
        assert layer.rng is rng
        again = Dropout(0.5, seed=other)
        assert np.array_equal(again(np.ones(40)), first)
        assert rng.getstate() != other.getstate()

    def test_after_training_it_does_nothing(self) -> None:
        layer = Dropout(0.5)
        layer.eval()
        x = [1.0, 2.0]
        assert layer(x) is x
        assert Dropout(0.0)(x) is x

    def test_precision(self) -> None:
        assert Dropout(0.5)(Tensor(np.ones(3, "float32"))).dtype == np.float32

    @pytest.mark.slow
    def test_gradients_to_order_two(self) -> None:
        def loss(x: Any) -> Any:
            return autograd.item(autograd.sum(Dropout(0.5, seed=3)(x) ** 3))

        assert gradcheck(loss, np.array(X), order=2)

    def test_another_p_is_compiled_anew(self) -> None:
        layer = Dropout(0.5, seed=1)
        fast = autograd.compile(lambda x: layer(x))
        assert set(fast(np.ones(50)).tolist()) == {0.0, 2.0}
        layer.p = 0.75
        assert set(fast(np.ones(50)).tolist()) == {0.0, 4.0}
        layer.eval()
        assert set(fast(np.ones(50)).tolist()) == {1.0}
        assert fast.compilations == 3

    def test_a_copy_draws_from_a_generator_of_its_own(self) -> None:
        shared = random.Random(1)
        model = net(Value, shared)
        other = model.to(Tensor)
        assert other.layers[2].rng is other.layers[4].rng is not shared
        expected = [[v.data for v in row] for row in model(X)]
        np.testing.assert_allclose(other(X).data, expected, rtol=1e-12)

    @pytest.mark.parametrize("p", [1.0, -0.1, "half"])
    def test_misuse(self, p: Any) -> None:
        with pytest.raises(ValueError, match="p must be the part of the numbers that is dropped, from 0 to below 1"):
            Dropout(p)

    def test_without_seeds_the_layers_of_a_network_draw_apart(self) -> None:
        class Own(Module):
            def __init__(self) -> None:
                self.first, self.second = Dropout(0.5), Sequential(Dropout(0.5))

        def masks(network: Module) -> list[Any]:
            return [part([1.0] * 64) for part in network.modules() if isinstance(part, Dropout)]

        for network in (Own(), Sequential(Dropout(0.5), Sequential(Dropout(0.5)))):
            first, second = masks(network)
            assert first != second
            assert masks(network.train()) not in ([first, second], [second, first])
        network = Sequential(Dropout(0.5), Dropout(0.5))
        assert masks(network.to(Tensor)) == masks(network)

    @pytest.mark.parametrize("seed", ["a", 1.5, np.random.RandomState(0)])
    def test_a_seed_that_is_none(self, seed: Any) -> None:
        with pytest.raises(ValueError, match=r"seed must be a whole number, a random.Random or a generator of numpy"):
            Dropout(0.5, seed=seed)


class TestBatchNorm:
    @pytest.mark.parametrize("of", [Value, Tensor])
    def test_running_statistics_by_hand(self, of: Any) -> None:
        layer = BatchNorm(2, of=of, momentum=0.25)
        layer([[1.0, 0.0], [3.0, 4.0]])
        # The means are 2 and 2; the variances 1 and 4, unbiased 2 and 8.
        assert numbers(layer.running_mean) == [0.5, 0.5]
        assert numbers(layer.running_var) == [0.75 + 0.5, 0.75 + 2.0]
        layer([[0.0, 0.0], [0.0, 8.0]])
        assert numbers(layer.running_mean) == [0.375, 0.375 + 1.0]
        assert numbers(layer.running_var) == [0.9375, 0.75 * 2.75 + 8.0]
        layer.eval()
        before = numbers(layer.running_mean)
        out = layer([[0.375, 2.375]])
        assert numbers(layer.running_mean) == before
        flat = out.data.tolist()[0] if of is Tensor else [v.data for v in out[0]]
        assert flat == pytest.approx([0.0, 1.0 / (2.75 * 0.75 + 8.0 + 1e-5) ** 0.5])

    def test_images(self) -> None:
        layer = BatchNorm(2, of=Tensor, eps=0.0)
        x = np.random.default_rng(0).normal(3.0, 2.0, size=(4, 2, 3, 5))
        out = layer(x).data
        np.testing.assert_allclose(out.mean(axis=(0, 2, 3)), 0.0, atol=1e-14)
        np.testing.assert_allclose(out.var(axis=(0, 2, 3)), 1.0)
        np.testing.assert_allclose(layer.running_var.data, 0.9 + 0.1 * x.var(axis=(0, 2, 3), ddof=1))

    def test_statistics_are_no_parameters_but_are_kept(self) -> None:
        for of, n, names in ((Tensor, 2, 2), (Value, 4, 4)):
            layer = BatchNorm(2, of=of)
            assert len(layer.parameters()) == n
            assert len(dict(layer.named_buffers())) == names
            assert all("running" in name for name, _ in layer.named_buffers())
            layer([[1.0, 0.0], [3.0, 4.0]])
            fresh = BatchNorm(2, of=of)
            fresh.load_state_dict(layer.state_dict())
            assert fresh.state_dict().keys() == layer.state_dict().keys()
            assert numbers(fresh.running_mean) == numbers(layer.running_mean) == [0.2, 0.2]
        with pytest.raises(ValueError, match="missing running_mean, running_var"):
            BatchNorm(2, of=Tensor).load_state_dict({"w": [1.0, 1.0], "w0": [0.0, 0.0]})

    def test_no_gradient_passes_the_running_statistics(self) -> None:
        layer = BatchNorm(2, of=Tensor)
        autograd.sum(layer(Tensor([[1.0, 0.0], [3.0, 5.0]])) ** 3).backward()
        assert not layer.running_mean.grad.any()

    def test_both_forms_and_back(self) -> None:
        layer = BatchNorm(3, momentum=0.5, number=2)
        layer(X)
        layer.w[1].data = 3.0
        for other in (layer.to(Tensor), layer.to(Tensor).to(Value)):
            assert repr(other) == f"BatchNorm(3, of={other.of.__name__})"
            for name in ("w", "w0", "running_mean", "running_var"):
                assert numbers(getattr(other, name)) == numbers(getattr(layer, name))
        assert [p.label for p in layer.parameters()][:2] == ["w(2)_1,1", "w(2)_1,2"]

    @pytest.mark.slow
    def test_twice_in_one_step(self) -> None:
        """The second use goes on from what the first has left, compiled or not."""
        models = [BatchNorm(3, of=Tensor) for _ in range(2)]
        for layer, compile in zip(models, (True, False), strict=True):
            model = Sequential(layer, layer, Layer(3, 2, of=Tensor, seed=1))
            trained(Sequential(Layer(3, 3, of=Tensor, seed=2), *model.layers), compile)
        for name in ("running_mean", "running_var"):
            np.testing.assert_allclose(getattr(models[0], name).data, getattr(models[1], name).data, rtol=1e-10)

    @pytest.mark.parametrize(
        ("message", "wrong"),
        [
            ("two numbers or more of each channel", lambda: BatchNorm(2)([[1.0, 2.0]])),
            ("two numbers or more of each channel", lambda: BatchNorm(2, of=Tensor)([[1.0, 2.0]])),
            (r"takes \(n, 2\) or \(n, 2, ...\); got shape \(2,\)", lambda: BatchNorm(2, of=Tensor)([1.0, 2.0])),
            (r"takes \(n, 2\) or", lambda: BatchNorm(2, of=Tensor)([[1.0, 2.0, 3.0]] * 2)),
            ("takes a batch, a list of samples of 2 numbers", lambda: BatchNorm(2)([1.0, 2.0])),
            ("a sample has 2 inputs here; got 3", lambda: BatchNorm(2)([[1.0, 2.0, 3.0]] * 2)),
            ("momentum must be above 0", lambda: BatchNorm(2, momentum=0.0)),
            ("eps must be 0 or a positive number; got -1", lambda: BatchNorm(2, eps=-1)),
            ("made of=Value", lambda: BatchNorm(2, of=float)),  # type: ignore[arg-type]
        ],
    )
    def test_misuse(self, message: str, wrong: Any) -> None:
        with pytest.raises(ValueError, match=message):
            wrong()


class TestLayerNorm:
    def test_by_hand(self) -> None:
        layer = LayerNorm(2, eps=0.0)
        assert [v.data for v in layer([1.0, 5.0])] == [-1.0, 1.0]
        layer.w[0].data, layer.w0[1].data = 3.0, 0.5
        assert [[v.data for v in row] for row in layer([[1.0, 5.0], [2.0, 0.0]])] == [[-3.0, 1.5], [3.0, -0.5]]
        np.testing.assert_allclose(layer.to(Tensor)([[1.0, 5.0], [2.0, 0.0]]).data, [[-3.0, 1.5], [3.0, -0.5]])
        assert [v.data for v in layer.to(Tensor).to(Value)([1.0, 5.0])] == [-3.0, 1.5]

    def test_over_several_axes(self) -> None:
        x = np.random.default_rng(0).normal(size=(3, 2, 4, 4))
        out = LayerNorm((2, 4, 4), of=Tensor, eps=0.0)(x).data
        np.testing.assert_allclose(out.mean(axis=(1, 2, 3)), 0.0, atol=1e-14)
        np.testing.assert_allclose(out.var(axis=(1, 2, 3)), 1.0)

    def test_misuse(self) -> None:
        with pytest.raises(ValueError, match=r"samples of shape \(3,\); got shape \(2, 2\)"):
            LayerNorm(3, of=Tensor)([[1.0, 2.0]] * 2)
        with pytest.raises(ValueError, match="a sample has 3 inputs here; got 2"):
            LayerNorm(3)([1.0, 2.0])
        with pytest.raises(ValueError, match="of Values a sample has one axis"):
            LayerNorm((2, 3))
        with pytest.raises(ValueError, match="eps must be 0 or a positive number; got nan"):
            LayerNorm(3, eps=float("nan"))
        with pytest.raises(ValueError, match=r"n_in must be the length of an axis, or of the last axes; got \(\)"):
            LayerNorm((), of=Tensor)


@pytest.mark.slow
@pytest.mark.parametrize("layer", [BatchNorm(3), LayerNorm(3)])
def test_gradients_of_values_to_order_two(layer: Any) -> None:
    def loss(*numbers: Any) -> Any:
        rows = [list(numbers[k : k + 3]) for k in (0, 3, 6)]
        return sum((k + 1) * item**3 for k, row in enumerate(layer(rows)) for item in row)

    assert gradcheck(loss, *(x for row in X[:3] for x in row), order=2)


class TestBuffers:
    def test_a_step_of_ones_own_that_is_compiled(self) -> None:
        layer = BatchNorm(3, of=Tensor)

        def step(x: Any) -> Any:
            with buffer_updates() as updates:
                J = mse(layer(x), np.ones((12, 3)))
            return J, [updates[buffer] for _, buffer in layer.named_buffers()]

        fast = autograd.compile(value_and_grad(step, wrt=layer.parameters(), has_aux=True))
        (_, (mean, _)), _ = fast(np.array(X))
        assert not layer.running_mean.data.any()
        np.testing.assert_allclose(mean, 0.1 * np.mean(X, axis=0))

    def test_without_it_compiling_is_refused(self) -> None:
        layer = BatchNorm(3, of=Tensor)
        with pytest.raises(autograd.CompileError, match="sets the data of running_mean"):
            autograd.compile(lambda x: layer(x))(np.array(X))

    def test_nested_and_without_recording(self) -> None:
        count = Value(0.0)
        with no_grad():
            update_buffer(count, lambda old: old + 1)
        with buffer_updates() as outer:
            with buffer_updates() as inner:
                update_buffer(count, lambda old: old + 1)
                update_buffer(count, lambda old: old * 10)
            update_buffer(count, lambda old: old - 1)
        assert (count.data, inner[count].data, outer[count].data) == (1.0, 20.0, 0.0)


def numbers(x: Any) -> list[float]:
    return x.data.tolist() if isinstance(x, Tensor) else [item.data for item in x]

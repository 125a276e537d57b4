"""Layers of images and sequences: shapes, gradients to order two, training, and misuse."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, Value, gradcheck_module
from nn import (
    SGD,
    AvgPool2d,
    BatchNorm,
    Conv1d,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    GlobalMaxPool2d,
    Layer,
    LayerNorm,
    MaxPool2d,
    Module,
    Sequential,
    cross_entropy,
    fit,
    mse,
    predict,
)

rng = np.random.default_rng(0)
IMAGES = rng.normal(size=(3, 2, 6, 5))
SEQUENCES = rng.normal(size=(3, 2, 7))

LAYERS: list[Any] = [
    pytest.param(Conv1d(2, 4, 3, "tanh", stride=2, padding="same", groups=2), SEQUENCES, (3, 4, 4), id="Conv1d"),
    pytest.param(Conv1d(2, 3, 2, padding=((1, 0),), dilation=2), SEQUENCES, (3, 3, 6), id="Conv1d dilated"),
    pytest.param(Conv2d(2, 3, 3, "tanh", padding=1), IMAGES, (3, 3, 6, 5), id="Conv2d"),
    pytest.param(Conv2d(2, 4, (2, 3), stride=(2, 1), groups=2), IMAGES, (3, 4, 3, 3), id="Conv2d in groups"),
    pytest.param(MaxPool2d(2), IMAGES, (3, 2, 3, 2), id="MaxPool2d"),
    pytest.param(MaxPool2d((3, 2), stride=1, padding="same"), IMAGES, (3, 2, 6, 5), id="MaxPool2d same"),
    pytest.param(AvgPool2d(2, stride=1, padding=1), IMAGES, (3, 2, 7, 6), id="AvgPool2d"),
    pytest.param(GlobalAvgPool2d(), IMAGES, (3, 2), id="GlobalAvgPool2d"),
    pytest.param(GlobalMaxPool2d(), IMAGES, (3, 2), id="GlobalMaxPool2d"),
    pytest.param(Flatten(), IMAGES, (3, 60), id="Flatten"),
    pytest.param(BatchNorm(2, of=Tensor), IMAGES, IMAGES.shape, id="BatchNorm"),
    pytest.param(LayerNorm((6, 5), of=Tensor), IMAGES, IMAGES.shape, id="LayerNorm"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("layer", "x", "shape"), LAYERS)
def test_shapes_and_gradients_to_order_two(layer: Any, x: Any, shape: tuple[int, ...]) -> None:
    assert layer(x).shape == shape
    assert layer(x.tolist()).shape == shape
    weights = np.random.default_rng(1).normal(size=shape)

    def loss(x: Any) -> Any:
        return autograd.item(autograd.sum(autograd.tanh(layer(x)) * weights))

    assert autograd.gradcheck(loss, x, order=2)
    if layer.parameters():
        assert gradcheck_module(layer, lambda y_hat, y: autograd.sum(autograd.tanh(y_hat) * y), x, weights)


def test_a_convolution_by_hand() -> None:
    layer = Conv2d(1, 1, 2, "relu")
    layer.w.data, layer.w0.data = [[[[1.0, 2.0], [3.0, 4.0]]]], [-40.0]
    x = [[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]]
    # Not reversed: 1*1 + 2*2 + 3*4 + 4*5 = 37, and 1*2 + 2*3 + 3*5 + 4*6 = 47.
    assert layer(x).data.tolist() == [[[[0.0, 7.0]]]]


def test_initialisation_is_that_of_a_layer() -> None:
    """He's and Glorot's deviations count all inputs of a filter, and all outputs of a number."""
    he = Conv2d(8, 64, 5, "relu", groups=2)
    assert np.std(he.w.data) == pytest.approx(math.sqrt(2 / (4 * 25)), rel=0.03)
    glorot = Conv2d(8, 64, 5, groups=2)
    assert np.std(glorot.w.data) == pytest.approx(math.sqrt(2 / (4 * 25 + 32 * 25)), rel=0.03)
    assert not glorot.w0.data.any()
    same, other = Conv2d(2, 3, 3, seed=4), Conv2d(2, 3, 3, seed=5)
    assert np.array_equal(same.w.data, Conv2d(2, 3, 3, seed=4).w.data)
    assert not np.array_equal(same.w.data, other.w.data)
    assert Conv2d(1, 1, 1, init=0.0).w.data.item() == 0.0


def cnn(seed: int = 0) -> Sequential:
    return Sequential(
        Conv2d(1, 4, 3, "relu", padding="same", seed=seed),
        BatchNorm(4, of=Tensor),
        MaxPool2d(2),
        Dropout(0.25, seed=seed),
        Conv2d(4, 6, 3, "relu", seed=seed),
        AvgPool2d(2),
        Flatten(),
        LayerNorm(6, of=Tensor),
        Layer(6, 3, of=Tensor, seed=seed),
    )


X = np.random.default_rng(2).normal(size=(40, 1, 8, 8))
y = np.random.default_rng(3).integers(0, 3, 40)


def trained(**options: Any) -> tuple[Sequential, Any]:
    model = cnn()
    optimizer = SGD(model.parameters(), lr=0.05, momentum=0.9)
    return model, fit(model, X, y, loss=cross_entropy, optimizer=optimizer, epochs=6, seed=0, **options)


@pytest.mark.slow
@pytest.mark.parametrize("batch_size", [8, 16])
def test_compiled_training_is_the_same(batch_size: int) -> None:
    """Weights, running statistics and the last, smaller batch included; batches of 16 leave one of 8."""
    (a, fast), (b, slow) = (trained(batch_size=batch_size, compile=choice) for choice in (True, False))
    assert fast.loss == pytest.approx(slow.loss, rel=1e-10)
    assert fast.loss[-1] < fast.loss[0]
    for name, data in a.state_dict().items():
        np.testing.assert_allclose(data, b.state_dict()[name], rtol=1e-10, err_msg=name)
    assert np.array_equal(predict(a, X), predict(a, X))


def test_summary() -> None:
    model = cnn()
    cells = [re.split(r" {2,}", line.strip()) for line in model.summary((1, 8, 8)).splitlines()]
    assert cells[0] == ["layer", "output", "parameters"]
    images, rows = ["4 × 8 × 8"] * 2 + ["4 × 4 × 4"] * 2 + ["6 × 2 × 2", "6 × 1 × 1"], ["6", "6", "3"]
    assert [row[-2] for row in cells[2:-2]] == [*images, *rows]
    assert [row[-1] for row in cells[2:-2]] == ["40", "8", "0", "0", "222", "0", "0", "12", "21"]
    assert [row[-2] for row in (re.split(r" {2,}", line) for line in model.summary().splitlines()[2:4])] == ["4", "4"]
    assert all(part.training for part in model.modules())
    assert Layer(2, 3, of=Value).summary((2,)).splitlines()[2].split()[-2:] == ["3", "9"]
    assert Sequential(Layer(2, 1, of=Value), list).summary((2,)).splitlines()[3].split()[-2:] == ["1", "0"]
    with pytest.raises(ValueError, match="this layer takes"):
        cnn().summary((3, 8, 8))


def test_copies_and_kinds() -> None:
    model = cnn()
    other = model.to(Tensor)
    assert np.array_equal(model.eval()(X).data, other.eval()(X).data)
    other.layers[0].w.data = other.layers[0].w.data + 1.0
    assert not np.array_equal(model(X).data, other(X).data)
    assert [p.label for p in other.layers[4].parameters()] == ["w(3)_0", "w(3)"]
    with pytest.raises(ValueError, match="Conv2d is made of Tensors alone"):
        model.to(Value)


def test_the_arguments_can_be_read_off() -> None:
    """Every layer keeps its constructor's arguments under their names, and its text shows them."""
    import inspect

    for case in LAYERS:
        layer: Module = case.values[0]
        for name in inspect.signature(type(layer)).parameters:
            assert hasattr(layer, name), (type(layer).__name__, name)
        assert repr(layer).startswith(type(layer).__name__ + "(")


@pytest.mark.parametrize(
    ("message", "wrong"),
    [
        (
            r"takes \(n, 1, height, width\); got shape \(2, 8, 8\).*x\[:, None\]",
            lambda: Conv2d(1, 2, 3)(np.ones((2, 8, 8))),
        ),
        (r"takes \(n, 3, height, width\); got shape \(2, 1, 8, 8\)", lambda: Conv2d(3, 2, 3)(np.ones((2, 1, 8, 8)))),
        (r"takes \(n, 1, length\); got shape \(4, 4\)\.$", lambda: Conv1d(1, 2, 3)(np.ones((4, 4)))),
        (r"takes \(n, channels, height, width\)", lambda: MaxPool2d(2)(np.ones((2, 8)))),
        (r"Flatten takes a batch", lambda: Flatten()(np.ones(3))),
        (r"a window that reaches over 3 x 3 does not fit into 2 x 2", lambda: Conv2d(1, 1, 3)(np.ones((1, 1, 2, 2)))),
        (r"groups=2 must divide the channels in and out, 2 and 3", lambda: Conv2d(2, 3, 1, groups=2)),
        (r"size of the window must be a number, or 1, one an axis", lambda: Conv1d(2, 3, (1, 2))),
        (r"size must be a whole number from 1; got 0", lambda: Conv2d(2, 3, 0)),
        (r"size must be a whole number from 1; got 2.5", lambda: Conv2d(2, 3, 2.5)),  # type: ignore[arg-type]
        (r"n_in must be a whole number from 1", lambda: Conv2d(0, 3, 1)),
        (r"unknown activation", lambda: Conv2d(1, 3, 1, "rely")),
    ],
)
def test_misuse(message: str, wrong: Any) -> None:
    with pytest.raises(ValueError, match=message):
        wrong()


def test_loss_of_a_network_without_a_batch_axis_left() -> None:
    model = Sequential(Conv2d(1, 2, 3, "relu"), GlobalAvgPool2d(), Layer(2, 1, of=Tensor), lambda y_hat: y_hat[:, 0])
    J = mse(model(X), y.astype(float))
    J.backward()
    assert all(np.any(p.grad) for p in model.parameters())

"""Networks of float32, sparse samples, and samples so many that they are computed in parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd import Tensor, Value
from nn import (
    MLP,
    SGD,
    Adam,
    BatchNorm,
    Conv2d,
    Flatten,
    Layer,
    LayerNorm,
    MaxPool2d,
    Module,
    Sequential,
    cross_entropy,
    fit,
    hinge,
    load,
    mse,
    predict,
    save,
)
from nn._training import parts as predicting
from nn._training.probabilities import logistic

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 6))
Y = {
    mse: X[:, 0] - X[:, 1],
    logistic: (X[:, 0] > 0).astype(int),
    cross_entropy: np.digitize(X[:, 0], [-0.5, 0.5]),
    hinge: np.where(X[:, 0] > 0, 1, -1),
}


def types(model: Any, optimizer: Any) -> set[str]:
    """Return the types of all numbers that a training leaves behind."""
    kept = [memory for name in optimizer.kept for memory in optimizer.state_dict()[name]]
    parameters = model.parameters()
    return {item.dtype.name for item in [*model.state_dict().values(), *(p.grad for p in parameters), *kept]}


@pytest.mark.parametrize("loss", Y, ids=lambda loss: loss.__name__)
@pytest.mark.parametrize("epochs", [pytest.param(25, marks=pytest.mark.slow), 3])
def test_a_network_of_float32_learns_as_one_of_float64(loss: Any, epochs: int) -> None:
    """Whatever the data are; from 100 steps on it is compiled."""
    outputs = 3 if loss is cross_entropy else 1
    losses = []
    for dtype, data, form in (("float64", X, np.array), ("float32", X, np.array), ("float32", X.tolist(), list)):
        model = MLP(6, [8, outputs], "tanh", of=Tensor, seed=1, dtype=dtype)
        optimizer = Adam(model.parameters(), lr=0.01)
        history = fit(
            model, data, form(Y[loss]), loss=loss, optimizer=optimizer, epochs=epochs, batch_size=15, seed=0,
            weight=np.ones(60), validation=(data[:20], form(Y[loss][:20])),
        )  # fmt: skip
        assert types(model, optimizer) == {dtype}
        assert predict(model, data).dtype == dtype
        losses.append([*history["loss"], *history["val_loss"]])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)
    assert losses[1] == losses[2]


@pytest.mark.parametrize("kind", ["float64", "uint8", "int64", "list"])
def test_every_layer_computes_in_float32(kind: str) -> None:
    model = Sequential(
        Conv2d(1, 2, 3, padding=1, seed=0), MaxPool2d(2), Flatten(), LayerNorm(8, of=Tensor), Layer(8, 2, of=Tensor),
        BatchNorm(2, of=Tensor),
    )  # fmt: skip
    images = rng.integers(0, 9, (5, 1, 4, 4))
    data = images.tolist() if kind == "list" else images.astype(kind)
    assert predict(model, data).dtype == "float64"
    narrow = model.astype("float32")
    assert predict(narrow, data).dtype == "float32"
    np.testing.assert_allclose(predict(narrow, data), predict(model, data), rtol=1e-4, atol=1e-5)
    first: Any = LayerNorm(8, of=Tensor).astype("float32")
    assert first(np.arange(16).reshape(2, 8)).dtype == "float32"


def test_another_type_is_a_copy_that_keeps_all_else(tmp_path: Any) -> None:
    model = MLP(2, [3, 1], "tanh", of=Tensor, seed=0)
    model.layers[0].freeze()
    narrow = model.astype(np.float32)
    assert narrow is not model
    assert {p.dtype.name for p in model.parameters()} == {"float64"}
    for node, other in zip(model.parameters(), narrow.parameters(), strict=True):
        assert (node.label, node.mark, node.frozen) == (other.label, other.mark, other.frozen)
        assert (other.data == node.data.astype("float32")).all()
    save(tmp_path / "a", narrow)
    assert {p.dtype.name for p in load(tmp_path / "a").model.parameters()} == {"float32"}
    back = narrow.astype("float64")
    assert (back.layers[0].w.data == narrow.layers[0].w.data).all()
    assert back.layers[0].w.dtype == "float64"
    assert type(MLP(2, [1]).astype("float64").parameters()[0]) is Value


def test_other_types_are_refused() -> None:
    with pytest.raises(ValueError, match=r"float64 or float32; got 'float16'"):
        MLP(2, [1], of=Tensor).astype("float16")
    with pytest.raises(ValueError, match=r"got 3"):
        MLP(2, [1], of=Tensor, dtype=3)
    with pytest.raises(TypeError, match=r"Python's floats, which have no float32; make the network of=Tensor"):
        MLP(2, [1], dtype="float32")


@pytest.mark.parametrize("batch_size", [16, None])
def test_sparse_samples_are_trained_on_as_dense_ones(batch_size: int | None) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    S = sparse.random(60, 6, density=0.3, random_state=0, format="coo")
    found = set()
    for data in (S.toarray(), S, S.tocsr(), sparse.csc_array(S)):
        model = MLP(6, [8, 1], of=Tensor, seed=1)
        history = fit(
            model, data, Y[mse], loss=mse, optimizer=SGD(model.parameters(), lr=0.1), epochs=2, seed=0,
            batch_size=batch_size, validation=(data, Y[mse]), progress=False,
        )  # fmt: skip
        found.add((predict(model, data).tobytes(), *history["loss"], *history["val_loss"]))
    assert len(found) == 1
    model = MLP(6, [1], seed=1)
    assert predict(model, S) == predict(model, S.toarray())
    streamed = [(S.tocsr()[:30], Y[mse][:30]), (S.tocsr()[30:], Y[mse][30:])]
    assert fit(model, streamed, loss=mse, optimizer=SGD(model.parameters(), lr=0.1), epochs=1)["loss"][0] > 0
    with pytest.raises(ValueError, match=r"X is a sparse matrix of complex128, which are no real numbers"):
        predict(model, S.astype(complex))
    S.data[3] = np.nan
    with pytest.raises(FloatingPointError, match=rf"X holds nan in row {S.row[3]}, column {S.col[3]}"):
        fit(model, S, Y[mse], loss=mse, optimizer=SGD(model.parameters(), lr=0.1), epochs=1)


class Spread(Module):
    """A layer of somebody's own, which looks at the whole batch."""

    def __call__(self, x: Any) -> Any:
        return x - x.mean(axis=0)


def test_many_samples_are_computed_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    plain = Layer.__call__

    def watched(self: Any, x: Any) -> Any:
        sizes.append(len(x))
        return plain(self, x)

    own = MLP(6, [8, 2], "tanh", of=Tensor, seed=0)
    by_function = MLP(6, [8, 2], lambda z: z - z.mean(axis=0), of=Tensor, seed=0)
    of_others = Sequential(Layer(6, 8, of=Tensor, seed=0), Spread())
    with_function = Sequential(Layer(6, 8, of=Tensor, seed=0), lambda z: z - z.mean(axis=0))
    networks = (own, by_function, of_others, with_function)
    whole = [predict(model, X) for model in networks]
    monkeypatch.setattr(predicting, "AT_ONCE", 32 * 25)
    monkeypatch.setattr(Layer, "__call__", watched)
    np.testing.assert_allclose(predict(own, X), whole[0], rtol=1e-14)
    assert sizes == [25, 25, 25, 25, 10, 10]
    for model, before in zip(networks[1:], whole[1:], strict=True):
        sizes.clear()
        assert (predict(model, X) == before).all()
        assert set(sizes) == {60}
    # One sample is no list of samples, however long it is.
    monkeypatch.setattr(predicting, "AT_ONCE", 32)
    assert predict(own, X[0]).shape == (2,)
    sizes.clear()
    monkeypatch.setattr(predicting, "AT_ONCE", 32 * 25)
    fit(own, X[:15], X[:15, :2], loss=mse, optimizer=SGD(own.parameters(), lr=0.1), epochs=2, validation=(X, X[:, :2]))
    assert sizes == [15, 15, 25, 25, 25, 25, 10, 10] * 2

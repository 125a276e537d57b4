"""Training: histories that can be worked out by hand, both forms alike, and every way of going wrong."""

from __future__ import annotations

import functools
import random
import sys
from typing import Any

import numpy as np
import pytest

from autograd import Tensor, Value
from nn import (
    MLP,
    SGD,
    History,
    Layer,
    Sequential,
    accuracy,
    binary_cross_entropy,
    cross_entropy,
    fit,
    hinge,
    mse,
    predict,
)

rng = random.Random(0)
X = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(40)]
y = [1 if a * b > 0 else 0 for a, b in X]


def bce(z: Any, target: Any) -> Any:
    return binary_cross_entropy(z, target, from_logits=True)


def train(of: Any = Value, **changed: Any) -> tuple[Any, History]:
    model = MLP(2, [4, 1], "tanh", of=of, seed=0)
    data = (X, y) if of is Value else (np.array(X), np.array(y))
    options: dict[str, Any] = {
        "loss": bce,
        "optimizer": SGD(model.parameters(), lr=0.5, momentum=0.9),
        "epochs": 6,
        "seed": 0,
        "batch_size": 16,
        "metrics": (accuracy,),
        "validation": data,
    }
    return model, fit(model, *data, **{**options, **changed})


@pytest.mark.slow
def test_both_forms_have_the_same_history() -> None:
    (a, values), (b, tensors) = train(), train(Tensor)
    assert set(values) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    for name in values:
        assert values[name] == pytest.approx(tensors[name], rel=1e-10)
    assert predict(a, X) == pytest.approx(predict(b, X), rel=1e-10)
    assert values.loss[-1] < values.loss[0]
    assert values["val_accuracy"][-1] == accuracy(predict(a, X), y)
    assert values.epochs == 6
    assert repr(values).startswith("History(6 epochs, 16 samples a step: loss 0.")
    assert repr(History(loss=[])) == "History(0 epochs)"


@pytest.mark.slow
def test_a_run_is_repeated_to_the_last_bit() -> None:
    assert train()[1] == train()[1]
    assert train(seed=1)[1] != train()[1]


def test_two_steps_worked_out_by_hand() -> None:
    model = Sequential(Layer(1, 1, of=Tensor, init=0.0))
    history = fit(model, [[1.0], [2.0]], [[2.0], [4.0]], loss=mse, optimizer=SGD(model.parameters(), lr=0.1), epochs=2)
    # w = w0 = 0: J = (4 + 16) / 2, dJ/dw = -2 (2 + 8) / 2, dJ/dw0 = -2 (2 + 4) / 2; then w = 1, w0 = 0.6
    assert history.loss == pytest.approx([10.0, (0.4**2 + 1.4**2) / 2])


def test_the_last_batch_may_be_smaller_and_counts_less() -> None:
    model = Sequential(Layer(1, 1, of=Tensor, init=0.0))
    tiny = SGD(model.parameters(), lr=1e-300)
    target = [[0.0], [0.0], [3.0]]
    history = fit(model, [[0.0]] * 3, target, loss=mse, optimizer=tiny, epochs=1, batch_size=2)
    assert history.loss == pytest.approx([3.0])


def test_the_optimizer_need_not_be_told_of_every_parameter() -> None:
    model = MLP(2, [4, 1])
    head = model.layers[1]
    before = model.layers[0].perceptrons[0].w0.data
    fit(model, X, y, loss=bce, optimizer=SGD(head.parameters(), lr=0.1), epochs=1)
    assert model.layers[0].perceptrons[0].w0.data == before


def test_an_interrupt_leaves_the_history_so_far(capsys: pytest.CaptureFixture[str]) -> None:
    calls = 0

    def interrupted(z: Any, target: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise KeyboardInterrupt
        return bce(z, target)

    history = History()
    with pytest.raises(KeyboardInterrupt):
        train(loss=interrupted, batch_size=None, validation=None, history=history)
    assert history.epochs == 3
    assert "stopped after 3 of 6 epochs" in capsys.readouterr().err


def test_a_loss_that_is_not_finite_stops_with_advice() -> None:
    model = MLP(1, [1], of=Tensor)
    wild = SGD(model.parameters(), lr=1e200)
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match=r"in epoch 2: .*\(lr=1e\+199 in place of"):
        fit(model, [[1.0], [2.0]], [1.0, 2.0], loss=mse, optimizer=wild, epochs=5)
    assert model.training is False
    tame = SGD(model.parameters(), lr=1e160)
    model.load_state_dict(MLP(1, [1], of=Tensor).state_dict())
    data = ([[1.0], [2.0]], [1.0, 2.0])
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match=r"the validation loss is inf in epoch 1: "):
        fit(model, *data, loss=mse, optimizer=tame, epochs=1, validation=data)


@pytest.mark.parametrize("where", ["terminal", "notebook", "without tqdm", "nowhere"])
def test_progress_is_shown_where_somebody_looks(
    where: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if where in ("terminal", "without tqdm"):
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    if where == "notebook":
        monkeypatch.setitem(sys.modules, "ipykernel", sys)
    if where == "without tqdm":
        monkeypatch.setitem(sys.modules, "tqdm", None)
    train(epochs=2)
    shown = capsys.readouterr().err
    assert ("2/2" in shown and "loss=" in shown) == (where in ("terminal", "notebook"))
    train(epochs=2, progress=False)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("message", "changed"),
    [
        ("epochs must be a whole number from 1; got 0", {"epochs": 0}),
        ("batch_size must be a whole number from 1", {"batch_size": 0}),
        ("the optimizer moves no parameter of this model", {"optimizer": SGD([Value(1.0)])}),
        ("validation X has 40, y has 3", {"validation": (X, [1, 0, 1])}),
        (r"validation must be a pair \(X, y\), a stream of batches, or None; got", {"validation": X}),
        ("each of metrics needs a name of its own.*<lambda>", {"metrics": [lambda *_: 0.0, lambda *_: 1.0]}),
        ("each of metrics needs a name of its own.*partial", {"metrics": [functools.partial(accuracy)]}),
    ],
)
def test_mistakes_are_told(message: str, changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=message):
        train(**changed)


@pytest.mark.parametrize("name", ["metrics", "callbacks"])
@pytest.mark.parametrize("given", [accuracy, "accuracy", [3]])
def test_one_function_is_no_list_of_them(name: str, given: Any) -> None:
    with pytest.raises(TypeError, match=rf"{name} must be a list of functions, such as \[f\]; got"):
        train(**{name: given})


@pytest.mark.parametrize("given", ["hinge", None])
def test_a_loss_or_an_optimizer_that_is_none_is_told(given: Any) -> None:
    with pytest.raises(TypeError, match=rf"loss must be a function \(y_hat, y\) such as nn.hinge; got {given!r}"):
        train(loss=given)
    with pytest.raises(TypeError, match=rf"optimizer must be an Optimizer: SGD\(model.*; got {given!r}"):
        train(optimizer=given)
    with pytest.raises(TypeError, match=r"optimizer must be an Optimizer: .*; got <class"):
        train(optimizer=SGD)


def test_a_callback_may_return_anything() -> None:
    _, history = train(epochs=3, callbacks=[lambda history: np.ones(2), lambda history: 1.0])
    assert history.epochs == 3
    assert train(epochs=3, callbacks=[lambda history: np.bool_(history.epochs == 2)])[1].epochs == 2


def test_data_that_are_none_are_told() -> None:
    model = MLP(1, [1])
    for a, b, error in (([], [], ValueError), (3.0, 4.0, TypeError)):
        with pytest.raises(error, match=r"X (and y need|must be a list or an array with) a row for each sample"):
            fit(model, a, b, loss=mse, optimizer=SGD(model.parameters()), epochs=1)


def test_predict_records_nothing_and_keeps_the_form() -> None:
    assert isinstance(predict(MLP(2, [1]), X)[0], float)
    assert isinstance(predict(MLP(2, [3]), X)[0], list)
    assert predict(MLP(2, [3], of=Tensor), X).shape == (40, 3)


@pytest.mark.slow
@pytest.mark.parametrize("of", [Value, Tensor])
@pytest.mark.parametrize(("loss", "outputs"), [(mse, 1), (hinge, 1), (cross_entropy, 3), (bce, 1)])
@pytest.mark.parametrize("batch_size", [None, 8])
def test_a_compiled_training_has_the_same_history(of: Any, loss: Any, outputs: int, batch_size: Any) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 2))
    y = {"mse": X[:, 0] * X[:, 1], "hinge": np.sign(X[:, 0]), "bce": (X[:, 0] > 0) * 1.0}.get(
        loss.__name__, rng.integers(0, 3, 20)
    )
    histories, epochs = [], 25 if batch_size is None else 9
    for compile in (True, False):
        model = MLP(2, [6, outputs], "tanh", of=of, seed=1)
        optimizer = SGD(model.parameters(), lr=0.1, momentum=0.5)
        more: Any = {"epochs": epochs, "batch_size": batch_size, "compile": compile, "seed": 0}
        histories.append(fit(model, X, y, loss=loss, optimizer=optimizer, **more))
    assert histories[0].loss == pytest.approx(histories[1].loss, rel=1e-10, abs=1e-12)


def test_bad_labels_in_a_later_batch() -> None:
    model = MLP(1, [1], of=Tensor)
    X, y = np.ones((30, 1)), np.ones(30)
    y[20] = 0.5
    with pytest.raises(ValueError, match="hinge needs labels -1 and"):
        fit(model, X, y, loss=hinge, optimizer=SGD(model.parameters()), epochs=1, batch_size=1)


def test_what_cannot_be_compiled_trains_all_the_same() -> None:
    calls = 0

    def odd(y_hat: Any, y: Any) -> Any:
        nonlocal calls
        calls += 1
        J = mse(y_hat, y)
        for _ in range(calls):
            J = J + 0.0
        return J

    model = MLP(1, [1])
    with pytest.warns(UserWarning, match=r"without compiling, which is slower: .*py:\d+: J = J \+ 0.0: this l"):
        history = fit(model, [[0.0], [1.0]], [1.0, 3.0], loss=odd, optimizer=SGD(model.parameters(), lr=0.1), epochs=30)
    assert history.loss[-1] < history.loss[0]
    assert calls == 30

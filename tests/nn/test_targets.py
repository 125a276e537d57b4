"""Losses of whatever targets, options and infinities there are: right in every form, compiled or not, or refused."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from mpmath import mp
from oracles import assert_close

import autograd
from autograd import Tensor, Value, compile, grad
from nn import MLP, SGD, binary_cross_entropy, cross_entropy, fit, hinge, huber, l1, l2, mae, mse
from nn.data import one_hot

logistic = functools.partial(binary_cross_entropy, from_logits=True)
WAYS = list(itertools.product(["Values", "Tensor"], ["eager", "compiled"], ["kept", "given"]))
"""Targets are kept by the function, as constants, or given to it, as nodes where it is compiled."""


def values_and_slopes(loss: Callable[..., Any], z: Any, y: Any, way: tuple[str, str, str]) -> tuple[float, Any]:
    """Return a loss of predictions z and its derivatives, in the shape of z."""
    of, run, where = way
    z = np.asarray(z, float)
    if of == "Values":
        y = y.tolist() if isinstance(y, np.ndarray) else y
        flat = z.ravel().tolist()

        def nested(numbers: Any) -> Any:
            return np.array([*numbers, None], object)[:-1].reshape(z.shape).tolist()

        def f(numbers: Any, target: Any = y) -> Any:
            return loss(nested(numbers), target)

        argument: Any = flat
    else:
        y = np.asarray(y)

        def f(numbers: Any, target: Any = y) -> Any:
            return loss(numbers, target)

        argument = z
    function = autograd.value_and_grad(f)
    function = compile(function) if run == "compiled" else function
    value, slopes = function(argument, y) if where == "given" else function(argument)
    return float(value), np.array(slopes).reshape(z.shape)


def number(J: Any) -> float:
    return J.item() if isinstance(J, (Value, Tensor)) else float(J)


def by_hand(
    z: Any, y: Any, weight: Any = None, class_weight: Any = None, ignore_index: Any = None, label_smoothing: float = 0.0
) -> float:
    """The cross-entropy as PyTorch's manual has it, sample by sample, by loops."""
    z = np.asarray(z, float)
    n, k = z.shape
    w = np.ones(k) if class_weight is None else np.asarray(class_weight, float)
    total = divisor = 0.0
    for i in range(n):
        log_p = z[i] - z[i].max() - math.log(np.exp(z[i] - z[i].max()).sum())
        if np.ndim(y) == 2:
            t, counts = (1 - label_smoothing) * np.asarray(y)[i] + label_smoothing / k, 1.0
            cost = -sum(t[c] * w[c] * log_p[c] for c in range(k) if t[c] * w[c])
        elif y[i] == ignore_index:
            continue
        else:
            counts = w[int(y[i])]
            cost = -(1 - label_smoothing) * counts * log_p[int(y[i])] if counts else 0.0
            cost -= label_smoothing / k * sum(w * log_p) if label_smoothing else 0.0
        total += cost * (1 if weight is None else weight[i])
        divisor += counts
    return total / divisor if divisor else 0.0


def slopes_by_hand(z: Any, *rest: Any, **options: Any) -> Any:
    z = np.asarray(z, float)
    found = np.zeros_like(z)
    for i in np.ndindex(z.shape):
        step = np.zeros_like(z)
        step[i] = 1e-5
        found[i] = (by_hand(z + step, *rest, **options) - by_hand(z - step, *rest, **options)) / 2e-5
    return found


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS, ids=" ".join)
@pytest.mark.parametrize(
    "options",
    [
        {"class_weight": [0.5, 2.0, 0.0]},
        {"ignore_index": 1},
        {"ignore_index": -100},
        {"label_smoothing": 0.1},
        {"class_weight": [0.5, 2.0, 1.0], "ignore_index": -100, "label_smoothing": 0.2},
        {"weight": [1.0, 0.0, 2.5, 1.0], "class_weight": [3.0, 1.0, 2.0]},
        {"weight": [1.0, 0.0, 2.5, 1.0], "ignore_index": 2, "label_smoothing": 0.3},
    ],
    ids=str,
)
@pytest.mark.parametrize("labels", [[0, 1, 2, 1], "rows"], ids=str)
def test_options_in_the_terms_of_the_field(options: dict[str, Any], labels: Any, way: tuple[str, str, str]) -> None:
    rng = np.random.default_rng(3)
    z = rng.normal(size=(4, 3)) * 2
    y: Any = rng.dirichlet(np.ones(3), 4) if labels == "rows" else np.array(labels)
    if labels == "rows" and "ignore_index" in options:
        with pytest.raises(ValueError, match=r"ignore_index is one of the class numbers in y \(n,\); got"):
            cross_entropy(z, y, **options)
        return
    if options.get("ignore_index") == -100:
        y[1] = -100
    value, slopes = values_and_slopes(functools.partial(cross_entropy, **options), z, y, way)
    assert value == pytest.approx(by_hand(z, y, **options), rel=1e-12)
    assert_close(slopes, slopes_by_hand(z, y, **options), 1e-7)


@given(data=st.data())
def test_options_at_random(data: st.DataObject) -> None:
    n, k = data.draw(st.integers(1, 4)), data.draw(st.integers(2, 4))
    numbers = st.floats(-5, 5)
    z = np.array(data.draw(st.lists(st.lists(numbers, min_size=k, max_size=k), min_size=n, max_size=n)))
    y = np.array(data.draw(st.lists(st.integers(-1, k - 1), min_size=n, max_size=n)))
    some = st.lists(st.sampled_from([0.0, 0.5, 1.0, 3.0]), min_size=k, max_size=k)
    options = {
        "class_weight": data.draw(st.none() | some),
        "label_smoothing": data.draw(st.sampled_from([0.0, 0.1, 0.7])),
        "weight": data.draw(st.none() | st.just(list(range(n)))),
        "ignore_index": -1,
    }
    # A mean over samples whose weights are all 0 is not defined.
    assume(options["class_weight"] is None or any(options["class_weight"][k] for k in y if k >= 0))
    expected = pytest.approx(by_hand(z, y, **options), rel=1e-9, abs=1e-12)
    assert cross_entropy(z, y, **options) == expected
    assert cross_entropy(Tensor(z), y.astype(float), **options).item() == expected
    assert float(cross_entropy(z.tolist(), y.tolist(), **options)) == expected


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_nothing_but_ignored_samples_cost_nothing(way: tuple[str, str, str]) -> None:
    loss = functools.partial(cross_entropy, ignore_index=-100, class_weight=[1.0, 2.0])
    value, slopes = values_and_slopes(loss, [[1.0, 2.0], [-math.inf, 4.0]], np.array([-100, -100]), way)
    assert value == 0.0
    assert_close(slopes, np.zeros((2, 2)), 0)


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
@pytest.mark.parametrize(
    "y", [np.array([1, 0]), np.array([[0.0, 1.0, 0.0], [0.75, 0.25, 0.0]])], ids=["numbers", "rows"]
)
@pytest.mark.parametrize("options", [{}, {"class_weight": [1.0, 2.0, 3.0]}], ids=str)
def test_a_masked_class_is_none(y: Any, options: Any, way: tuple[str, str, str]) -> None:
    z = np.array([[0.0, 1.0, -math.inf], [2.0, 0.5, -math.inf]])
    kept = {name: numbers[:2] for name, numbers in options.items()}
    value, slopes = values_and_slopes(functools.partial(cross_entropy, **options), z, y, way)
    expected = (z[:, :2], y[:, :2] if y.ndim == 2 else y)
    assert value == pytest.approx(by_hand(*expected, **kept), rel=1e-12)
    assert_close(slopes, np.hstack([slopes_by_hand(*expected, **kept), np.zeros((2, 1))]), 1e-7)


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
@pytest.mark.parametrize("y", [np.array([1]), np.array([[0.0, 1.0]]), np.array([[0.5, 0.5]])], ids=str)
@pytest.mark.parametrize("z", [[[1.0, -math.inf]], [[-math.inf, -math.inf]]], ids=str)
def test_the_class_that_is_masked_costs_infinitely_much(z: Any, y: Any, way: tuple[str, str, str]) -> None:
    assert values_and_slopes(cross_entropy, z, y, way)[0] == math.inf


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_certain_logits_of_two_classes(way: tuple[str, str, str]) -> None:
    value, slopes = values_and_slopes(logistic, [math.inf, -math.inf], np.array([1.0, 0.0]), way)
    assert (value, slopes.tolist()) == (0.0, [0.0, 0.0])
    assert values_and_slopes(logistic, [math.inf, -math.inf], np.array([0.0, 0.5]), way)[0] == math.inf


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS, ids=" ".join)
@pytest.mark.parametrize("gap", [1.0, 40.0, 200.0, 700.0])
def test_tails_keep_their_digits(gap: float, way: tuple[str, str, str]) -> None:
    """The slope of the logit of the right class is p - 1, of the others p."""
    with mp.workdps(50):
        tail = float(1 / (1 + mp.exp(mp.mpf(gap))))
    exact = functools.partial(pytest.approx, rel=1e-12, abs=0)
    for y in (np.array([0]), np.array([[1.0, 0.0]])):
        _, slopes = values_and_slopes(cross_entropy, [[gap, 0.0]], y, way)
        assert slopes.ravel().tolist() == exact([-tail, tail])
        _, slopes = values_and_slopes(cross_entropy, [[0.0, gap]], y, way)
        assert slopes.ravel().tolist() == exact([tail - 1, 1 - tail])
    _, slopes = values_and_slopes(logistic, [gap, -gap, gap, -gap], np.array([1.0, 0.0, 0.0, 1.0]), way)
    assert slopes.tolist() == exact([-tail / 4, tail / 4, (1 - tail) / 4, (tail - 1) / 4])
    _, slopes = values_and_slopes(binary_cross_entropy, [tail, 1 - tail], np.array([0.0, 1.0]), way)
    assert slopes.tolist() == exact([0.5 / (1 - tail), -0.5 / (1 - tail)])


@pytest.mark.slow
@pytest.mark.parametrize("of", [Value, Tensor])
@pytest.mark.parametrize("run", [lambda f: f, compile])
def test_huber_is_smooth_where_it_is_zero(of: Any, run: Any) -> None:
    for error, second in ((0.0, 1.0), (0.5, 1.0), (-0.5, 1.0), (3.0, 0.0), (-3.0, 0.0)):

        def f(x: Any) -> Any:
            return huber(x, 2.0, delta=2.0)

        at = 2.0 + error if of is Value else np.array(2.0 + error)
        assert float(run(grad(grad(f)))(at)) == second
        assert float(run(grad(f))(at)) == max(-2.0, min(2.0, error))


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS, ids=" ".join)
@pytest.mark.parametrize("pos_weight", [3.0, [0.5, 2.0], 0])
@pytest.mark.parametrize("from_logits", [True, False])
def test_pos_weight(pos_weight: Any, from_logits: bool, way: tuple[str, str, str]) -> None:
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(3, 2)), rng.choice([0.0, 1.0, 0.25], size=(3, 2))

    def hand(z: Any) -> Any:
        p = 1 / (1 + np.exp(-z)) if from_logits else z
        return -np.mean(np.asarray(pos_weight) * y * np.log(p) + (1 - y) * np.log(1 - p))

    z = z if from_logits else 1 / (1 + np.exp(-z))
    loss = functools.partial(binary_cross_entropy, from_logits=from_logits, pos_weight=pos_weight)
    value, slopes = values_and_slopes(loss, z, y, way)
    assert value == pytest.approx(hand(z), rel=1e-12)
    steps = [np.eye(1, 6, k).reshape(3, 2) * 1e-6 for k in range(6)]
    assert_close(slopes.ravel(), [(hand(z + s) - hand(z - s)) / 2e-6 for s in steps], 1e-6)


LOSSES = {"mse": mse, "mae": mae, "huber": huber, "hinge": hinge, "binary_cross_entropy": binary_cross_entropy}
FORMS = {
    "list": lambda x: x.tolist(),
    "rows of one": lambda x: x[:, None].tolist(),
    "array": lambda x: x,
    "column": lambda x: x[:, None],
    "Tensor": Tensor,
    "Tensor of a column": lambda x: Tensor(x[:, None]),
    "Values": lambda x: [Value(v) for v in x],
    "rows of Values": lambda x: [[Value(v)] for v in x],
    "list of Tensors": lambda x: [Tensor(v) for v in x],
    "list of arrays": lambda x: list(x[:, None]),
    "list of Tensors of one": lambda x: [Tensor([v]) for v in x],
    "tuple": lambda x: tuple(x.tolist()),
    "objects": lambda x: x.astype(object),
    "array of Values": lambda x: np.array([Value(v) for v in x], object),
    "Series": lambda x: pd.Series(x, index=[2, 0, 1]),
    "DataFrame": lambda x: pd.DataFrame({"y": x}),
}


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("p_form", FORMS.values(), ids=FORMS)
def test_n_numbers_in_every_form(name: str, p_form: Any) -> None:
    p, y, weight = np.array([0.25, 0.875, 0.5]), np.array([1.0, -1.0 if name == "hinge" else 0.0, 1.0]), [1.0, 2.0, 0.5]
    expected = pytest.approx(np.mean([w * LOSSES[name](*pair) for w, *pair in zip(weight, p.tolist(), y.tolist())]))
    for y_form in FORMS.values():
        assert number(LOSSES[name](p_form(p), y_form(y), weight=weight)) == expected
        assert number(LOSSES[name](p_form(p), y_form(y), weight=np.array(weight)[:, None])) == expected


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int64", "float32", "float16"])
@pytest.mark.parametrize("of", [Tensor, Value, float])
def test_targets_of_every_kind_of_number(name: str, dtype: str, of: Any) -> None:
    p, y = np.array([0.25, 0.75]), np.array([1, 1 if name == "hinge" else 0])
    expected = LOSSES[name](p, y.astype(float))
    made = Tensor(p) if of is Tensor else [of(v) for v in p]
    for target in (y.astype(dtype), list(y.astype(dtype)), pd.Series(y.astype(dtype))):
        assert number(LOSSES[name](made, target)) == pytest.approx(expected, rel=1e-15)
    assert number(LOSSES[name](list(p.astype("float16")), y.astype(dtype))) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(
    "loss",
    [
        *(functools.partial(loss, y=[[1, 1], [1, 1]], weight=[1, 2]) for loss in LOSSES.values()),
        functools.partial(cross_entropy, y=[0, 1], class_weight=[1, 2], label_smoothing=0.1, weight=[0.1, 2]),
        functools.partial(cross_entropy, y=[[0.1, 0.9], [1, 0]], class_weight=[1, 2], label_smoothing=0.1),
        functools.partial(cross_entropy, y=[0, 1], ignore_index=1),
        functools.partial(logistic, y=[[0.1, 0.9], [1, 0]], pos_weight=[0.1, 2]),
    ],
)
def test_single_precision_stays_single(loss: Any) -> None:
    z = Tensor(np.array([[0.25, 0.5], [0.75, 0.5]], "float32"))
    J = loss(z)
    J.backward()
    assert (J.dtype, z.grad.dtype) == ("float32", "float32")


def test_whole_numbers_do_not_wrap_around() -> None:
    small, large = np.array([3, 250], "uint8"), np.array([5, 5], "uint8")
    assert mse(small, large) == (4 + 245**2) / 2
    assert mae(small, large.tolist()) == 247 / 2
    assert mse(np.array([True, False]), np.array([False, False])) == 0.5
    with pytest.raises(ValueError, match=r"hinge needs labels -1 and \+1; got 32767"):
        hinge(np.array([1.0]), np.array([32767], "int16"))


@pytest.mark.parametrize("name", [*LOSSES, "cross_entropy"])
@pytest.mark.parametrize("of", [Value, Tensor])
def test_targets_have_gradients(name: str, of: Any) -> None:
    """Their own, also where they are 0: distillation trains both networks."""
    z, y = np.array([[0.3, 0.6], [0.9, 0.2]]), np.array([[0.0, 1.0], [0.75, 0.25]])
    if name == "hinge":
        y = np.array([[1.0, -1.0], [1.0, 1.0]])
    loss = LOSSES.get(name, cross_entropy)
    nodes = Tensor(y) if of is Tensor else [[Value(v) for v in row] for row in y]
    J = loss(Tensor(z) if of is Tensor else [[Value(v) for v in row] for row in z], nodes)
    J.backward()
    found = nodes.grad if of is Tensor else [[v.grad for v in row] for row in nodes]
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    expected = {
        "mse": -2 * (z - y) / 4,
        "mae": -np.sign(z - y) / 4,
        "huber": (y - z) / 4,
        "hinge": np.where(y * z < 1, -z, 0) / 4,
        "binary_cross_entropy": np.log((1 - z) / z) / 4,
        "cross_entropy": -log_p / 2,
    }
    assert_close(found, expected[name], 1e-12)


@pytest.mark.parametrize("run", ["eager", "compiled"])
def test_a_mean_whose_sum_overflows_is_the_same_compiled(run: str) -> None:
    value, slopes = values_and_slopes(mae, [1.7e308, 1.7e308, 1.0], np.zeros(3), ("Values", run, "kept"))
    assert value == pytest.approx(1.7e308 / 1.5, rel=1e-15)
    assert slopes.tolist() == [1 / 3] * 3


def test_a_single_sample() -> None:
    for form in (float, Value, Tensor, np.float32, np.array):
        J = mse(form(3.0), 1)
        assert number(J) == 4.0
    expected = by_hand([[1.0, 2.0, 0.0]], [[0.5, 0.25, 0.25]])
    assert cross_entropy([1.0, 2.0, 0.0], [0.5, 0.25, 0.25]) == pytest.approx(expected, rel=1e-14)
    assert cross_entropy(Tensor([1.0, 2.0, 0.0]), 1).item() == pytest.approx(by_hand([[1.0, 2.0, 0.0]], [1]), rel=1e-14)
    weighted = cross_entropy(Tensor([1.0, 2.0, 0.0]), np.array(1), class_weight=[1.0, 5.0, 1.0], label_smoothing=0.1)
    again = by_hand([[1.0, 2.0, 0.0]], [1], class_weight=[1.0, 5.0, 1.0], label_smoothing=0.1)
    assert weighted.item() == pytest.approx(again, rel=1e-14)


@pytest.mark.slow
@pytest.mark.parametrize("of", [Value, Tensor])
@pytest.mark.parametrize(
    "loss",
    [
        functools.partial(cross_entropy, class_weight=[1.0, 3.0, 0.5]),
        functools.partial(cross_entropy, ignore_index=-100),
        functools.partial(cross_entropy, label_smoothing=0.1),
        lambda z, y: huber(z, [[t, t, t] for t in y] if isinstance(y, list) else y[:, None] * np.ones(3), delta=0.5),
        lambda z, y: logistic(z, one_hot([0, 2, 2, 1]), pos_weight=[1.0, 2.0, 3.0]),
    ],
)  # fmt: skip
def test_options_train_the_same_compiled(of: Any, loss: Any) -> None:
    X = np.random.default_rng(0).normal(size=(4, 2))
    y = [0, 2, -100, 1] if getattr(loss, "keywords", {}).get("ignore_index") else [0, 2, 2, 1]
    ends = []
    for faster in (True, False):
        model = MLP(2, [3, 3], "tanh", of=of, seed=1)
        sgd = SGD(model.parameters(), lr=0.1)
        history = fit(model, X, y, loss=loss, optimizer=sgd, epochs=40, batch_size=4, compile=faster, progress=False)
        ends.append(history.loss)
    assert_close(*ends, 1e-9)
    assert ends[0][-1] < ends[0][0]


@pytest.mark.slow
@pytest.mark.parametrize("loss", [mse, logistic, cross_entropy])
@pytest.mark.parametrize("of", [Value, Tensor])
def test_labels_of_every_form_train_the_same(of: Any, loss: Any) -> None:
    X = np.random.default_rng(0).normal(size=(12, 2))
    y = (X[:, 0] > 0).astype(int)
    ends = []
    for labels in (
        y,
        y[:, None],
        y.tolist(),
        y == 1,
        (y == 1).tolist(),
        y.astype("uint8"),
        pd.Series(y, range(12)[::-1]),
    ):
        model = MLP(2, [2 if loss is cross_entropy else 1], of=of, seed=1)
        sgd = SGD(model.parameters(), lr=0.1)
        ends.append(
            fit(model, X, labels, loss=loss, optimizer=sgd, epochs=10, batch_size=4, seed=0, progress=False).loss
        )
    assert_close(ends[1:], ends[:1] * 6, 1e-12)


@pytest.mark.parametrize("of", [Value, Tensor])
@pytest.mark.parametrize("compiled", [True, False])
def test_fit_notices_a_second_softmax_or_sigmoid(of: Any, compiled: bool) -> None:
    for loss, sizes, output, message in ((cross_entropy, [3], "softmax", DOUBLE), (logistic, [1], "sigmoid", TWICE)):
        model = MLP(2, sizes, output=output, of=of, seed=1)
        sgd = SGD(model.parameters(), lr=0.1)
        with pytest.raises(ValueError, match=message):
            fit(model, np.eye(2), [0, 1], loss=loss, optimizer=sgd, epochs=120, compile=compiled, progress=False)


def softmax_lists(rows: Any) -> Any:
    return [autograd.softmax([Value(z) for z in row]) for row in rows]


ROWS = [[1.0, 2.0, 3.0], [3.0, 1.0, 0.0]]
DOUBLE = "takes the softmax itself, and these logits are the output of one already: leave that out"
TWICE = "takes the sigmoid itself, and y_hat is the output of one already: leave out from_logits=True"
ONE = r"two classes at least; got one output, shape \(.*\): its loss is binary_cross_entropy"


@pytest.mark.parametrize(
    ("message", "wrong"),
    [
        (DOUBLE, lambda: cross_entropy(autograd.softmax(Tensor(ROWS)), [0, 1])),
        (DOUBLE, lambda: cross_entropy(autograd.softmax(Tensor(ROWS[0])), 0)),
        (DOUBLE, lambda: cross_entropy(softmax_lists(ROWS), [0, 1])),
        (DOUBLE, lambda: cross_entropy(softmax_lists(ROWS)[0], 1)),
        (DOUBLE, lambda: cross_entropy(MLP(2, [3, 2], output="softmax", of=Tensor)(np.ones((4, 2))), [0, 1, 0, 1])),
        (DOUBLE, lambda: cross_entropy(MLP(2, [3, 2], output="softmax")([[1.0, 2.0]]), [1])),
        (DOUBLE, lambda: compile(lambda z: cross_entropy(autograd.softmax(z), [0, 1]))(np.array(ROWS))),
        (DOUBLE, lambda: compile(lambda z: cross_entropy([autograd.softmax(z)], [0]))([1.0, 2.0])),
        (TWICE, lambda: logistic(autograd.sigmoid(Tensor([1.0])), [1])),
        (TWICE, lambda: logistic([autograd.sigmoid(Value(1.0))], [1])),
        (TWICE, lambda: logistic(MLP(2, [1], output="sigmoid", of=Tensor)([[0.0, 1.0]]), [1])),
        (ONE, lambda: cross_entropy(Tensor([[2.0], [1.0]]), [0, 1])),
        (ONE, lambda: cross_entropy(Tensor([[2.0], [1.0]]), [[0], [1]])),
        (ONE, lambda: cross_entropy(Tensor([2.0, 1.0]), [[0], [1]])),
        (ONE, lambda: cross_entropy([Value(2.0)], [0])),
        (ONE, lambda: cross_entropy([[Value(2.0)], [Value(1.0)]], [0, 1])),
        ("as many targets of 0 and 1 may be samples of one output", lambda: cross_entropy([2.0, -1.0, 3.0], [0, 1, 0])),
        ("as many targets of 0 and 1 may be samples", lambda: cross_entropy(Tensor([2.0, 3.0]), np.array([1.0, 1.0]))),
        (r"rows of probabilities.*got \[1, 2\]", lambda: cross_entropy([Value(2.0), Value(3.0)], [1, 2])),
        (r"rows of probabilities.*got \[1, 1, 0\]", lambda: cross_entropy(Tensor(ROWS[:1]), [[1.0, 1.0, 0.0]])),
        (r"rows of probabilities.*got \[1.5, -0.5, 0\]", lambda: cross_entropy(ROWS[:1], [[1.5, -0.5, 0.0]])),
        (r"got \[0, 0, 0\]", lambda: cross_entropy(Tensor(ROWS[:1]), np.zeros((1, 3)))),
        (r"got \[0.5, nan, 0.5\]", lambda: cross_entropy(Tensor(ROWS[:1]), np.array([[0.5, np.nan, 0.5]]))),
        (r"got \[1, 1\]", lambda: cross_entropy([[Value(1.0), Value(2.0)]], [[Value(1.0), Value(1.0)]])),
        (r"got \[1, 1\]", lambda: compile(lambda z, y: cross_entropy(z, y))(np.ones((1, 2)), np.ones((1, 2)))),
        (r"got \[1, 1\]", lambda: compile(lambda z, y: cross_entropy([z], [y]))([1.0, 2.0], [1.0, 1.0])),
        ("may be samples of one output", lambda: compile(cross_entropy)(np.ones(2), np.array([0.0, 1.0]))),
        ("class numbers from 0 to 2.*; got 0.5", lambda: cross_entropy(Tensor(ROWS), [0.5, 1])),
        ("class numbers from 0 to 2.*; got nan", lambda: cross_entropy(Tensor(ROWS), [math.nan, 1])),
        ("0 to 2, .* or -100 for what is ignored; got -1", lambda: cross_entropy(ROWS, [0, -1], ignore_index=-100)),
        ("ignore_index is one of the class numbers", lambda: cross_entropy(ROWS, [0, 1], ignore_index=[0, 1])),
        ("label_smoothing must be .* from 0 to 1; got 1.5", lambda: cross_entropy(ROWS, [0, 1], label_smoothing=1.5)),
        (r"class_weight has shape \(3,\) here; got \(2,\)", lambda: cross_entropy(ROWS, [0, 1], class_weight=[1, 2])),
        (r"class_weight has shape \(3,\) here; got \(\)", lambda: cross_entropy(ROWS, [0, 1], class_weight=2.0)),
        (
            "class_weight of .* finite number from 0; got -1",
            lambda: cross_entropy(ROWS, [0, 1], class_weight=[1, -1, 1]),
        ),
        (r"pos_weight has shape \(\) or \(1,\) here; got \(2,\)", lambda: logistic([0.5], [1], pos_weight=[1, 2])),
        ("pos_weight of .* finite number from 0; got -2", lambda: logistic([0.5], [1], pos_weight=-2)),
        (r"got logits \(2, 3\) and y \(2, 2\)", lambda: cross_entropy(ROWS, [[1, 0], [0, 1]])),
        (r"got logits \(0, 3\) and y \(0,\)", lambda: cross_entropy(np.ones((0, 3)), [])),
        (r"got logits \(\) and y \(\)", lambda: cross_entropy(2.0, 1)),
        (r"got logits \(1, 1, 2\)", lambda: cross_entropy(np.ones((1, 1, 2)), np.ones((1, 1, 2)))),
        (r"y_hat has shape \(2,\), y has \(1, 2\)", lambda: mse([1.0, 2.0], [[1.0, 2.0]])),
        (r"y_hat has shape \(2, 2\), y has \(2,\)", lambda: mse([Tensor([1.0, 2.0])] * 2, [1.0, 2.0])),
        (r"each sample, shape \(2,\); got shape \(1, 2\)", lambda: mse([1.0, 2.0], [1.0, 2.0], weight=[[1, 2]])),
        ("delta must be a positive number; got -1", lambda: huber([1.0], [0.0], delta=Value(-1.0))),
        ("delta must be a positive number; got nan", lambda: huber([1.0], [0.0], delta=math.nan)),
    ],
)
def test_what_would_be_wrong_is_refused_in_a_sentence(message: str, wrong: Any) -> None:
    with pytest.raises(ValueError, match=message) as found:
        wrong()
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("loss", [*LOSSES.values(), cross_entropy])
@pytest.mark.parametrize("make", [lambda x: x, np.array, Tensor, lambda x: [[Value(v) for v in row] for row in x]])
def test_names_of_classes_are_no_numbers(loss: Any, make: Any) -> None:
    for y in (["cat", "dog"], np.array(["cat", "dog"]), pd.Series(["cat", "dog"]), [["cat"], ["dog"]]):
        with pytest.raises(ValueError, match=r"y holds .*'(cat|dog)'.*, which is no number"):
            loss(make([[0.5, 0.25], [0.25, 0.5]]), y)
    for y in (None, object(), 1j, [None, 1], [1j, 2], np.ma.array([1.0, 0.0], mask=[0, 1]), np.array([1j, 1])):
        with pytest.raises((TypeError, ValueError), match=r"y holds|y must be|y is masked|y has|y \(\)"):
            loss(make([[0.5, 0.25], [0.25, 0.5]]), y)


def test_logits_that_a_node_divides_are_logits() -> None:
    """A temperature is no softmax."""
    T = Value(2.0)
    row = [Value(1.0) / T, Value(2.0) / T, 3.0 / T]
    assert cross_entropy([row], [1]).data == pytest.approx(by_hand([[0.5, 1.0, 1.5]], [1]), rel=1e-12)
    assert cross_entropy(autograd.log_softmax(Tensor(ROWS)), [0, 1]).item() == pytest.approx(by_hand(ROWS, [0, 1]))


def test_penalties_count_a_parameter_once() -> None:
    w, v = Value(2.0), Tensor([1.0, -3.0])
    assert (l1([w, v, w]).item(), l2([v, w, v]).item(), l2(v).item(), l1(w).item()) == (6.0, 14.0, 10.0, 2.0)
    for wrong in ([2.0], [np.ones(3)], ["w"]):
        with pytest.raises(TypeError, match="a penalty is on parameters: give a module or a list of nodes; got"):
            l2(wrong)


def test_one_hot_targets_cost_what_class_numbers_cost() -> None:
    assert cross_entropy(ROWS, one_hot([0, 1], 3)) == cross_entropy(ROWS, [0, 1])

"""Arrays of every kind as data, constants and indices: right, or refused in a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, Value, compile, grad
from autograd._core.data import numpy_module, same_bits
from autograd._core.masked import check_unmasked
from nn import MLP, SGD, Layer, accuracy, cross_entropy, fit, mse, plots, predict
from nn.data import one_hot

NUMBERS = np.array([[1.0, 2.0], [3.0, 0.0]])
MASKED = np.ma.array(NUMBERS, mask=[[False, False], [False, True]])
HOLDERS = (MASKED, [MASKED[0], MASKED[1]], [[1.0, 2.0], [3.0, np.ma.masked]], MASKED.astype(object))


def set_data(kind: Callable[[Any], Any], name: str, data: Any) -> None:
    setattr(kind(NUMBERS if kind is Tensor else 1.0), name, data)


def train(X: Any, y: Any, weight: Any = None) -> Any:
    model = MLP(2, [2], of=Tensor, seed=0)
    optimizer = SGD(model.parameters(), lr=0.1)
    return fit(model, X, y, loss=mse, optimizer=optimizer, epochs=1, weight=weight, progress=False)


WITH = {
    "data of a Tensor": Tensor,
    "data that are set": lambda x: set_data(Tensor, "data", x),
    "a gradient": lambda x: set_data(Tensor, "grad", x),
    "a second factor": lambda x: Tensor(NUMBERS) * x if hasattr(x, "dtype") else Tensor(NUMBERS) * Tensor(x),
    "a first factor": lambda x: x * Tensor(NUMBERS) if hasattr(x, "dtype") else autograd.multiply(x, Tensor(NUMBERS)),
    "a matrix in a product": lambda x: autograd.matmul(x, Tensor(NUMBERS)),
    "a factor of a Value": lambda x: Value(2.0) * (x if hasattr(x, "dtype") else np.ma.array(MASKED)),
    "a function of NumPy": lambda x: np.add(Tensor(NUMBERS), x),
    "part of a concatenation": lambda x: autograd.concat([Tensor(NUMBERS), x]),
    "a condition": lambda x: autograd.where(x, Tensor(NUMBERS), 0.0),
    "an index": lambda x: Tensor(NUMBERS)[x if isinstance(x, list) else x.astype(int)],
    "an argument of grad": grad(lambda x: (x * x).sum()),
    "an argument that is compiled": lambda x: compile(lambda a, b: autograd.sum(a * b))(Tensor(x), 1.0),
    "a constant that is compiled": lambda x: compile(lambda a: (a * x).sum())(Tensor(NUMBERS)),
    "an input of layers": MLP(2, [1], of=Tensor, seed=0),
    "an input of neurons": MLP(2, [1], seed=0),
    "samples to predict": lambda x: predict(MLP(2, [1], of=Tensor, seed=0), x),
    "X": lambda x: train(x, NUMBERS),
    "y": lambda x: train(NUMBERS, x),
    "weights of samples": lambda x: train(NUMBERS, NUMBERS, x[1] if isinstance(x, list) else x[1, :]),
    "targets": lambda x: mse(Tensor(NUMBERS), x),
    "weights of a loss": lambda x: mse(Tensor(NUMBERS)[0], NUMBERS[0], weight=x[1] if isinstance(x, list) else x[1, :]),
    "classes": lambda x: cross_entropy(Tensor(NUMBERS), x[1] if isinstance(x, list) else x[1, :]),
    "class numbers": lambda x: one_hot(x[1] if isinstance(x, list) else x[1, :]),
    "scores": lambda x: accuracy(x, [0, 1]),
    "a state": lambda x: Layer(2, 2, of=Tensor).load_state_dict({"w0": [0.0, 0.0], "w": x}),
    "a state of PyTorch": lambda x: Layer(2, 2, of=Tensor).from_torch({"0.weight": x, "0.bias": [0.0, 0.0]}),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Warning. converting a masked")
@pytest.mark.parametrize("holder", HOLDERS, ids=["array", "rows", "number", "objects"])
@pytest.mark.parametrize("use", WITH.values(), ids=WITH)
def test_what_lies_under_a_mask_is_never_computed_with(use: Callable[[Any], Any], holder: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"mask|--|None") as told:
        use(holder)
    assert len(str(told.value).splitlines()) == 1


def test_a_masked_number_is_no_number() -> None:
    for use in (Value, Tensor, lambda x: set_data(Value, "data", x), lambda x: set_data(Value, "grad", x)):
        with pytest.raises(ValueError, match="is masked in places"):
            use(np.ma.masked)


def test_a_masked_array_never_takes_the_data_out_of_a_node() -> None:
    """NumPy's masked arrays read an attribute `_data`, of whatever they are computed with."""
    whole = np.ma.array([1.0, 2.0])
    for node in (Value(2.0), Tensor([2.0, 3.0])):
        for compute in (lambda a, b: a * b, lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a / b, np.ma.add):
            with pytest.raises(TypeError, match=r"give masked.filled\(...\), an array of numbers"):
                compute(whole, node)
        assert (node * whole).op.name == "multiply"


def test_arrays_in_which_nothing_is_masked_are_arrays() -> None:
    whole = np.ma.array(NUMBERS)
    assert Tensor(whole).data.tolist() == (Tensor(np.ones((2, 2))) * whole).data.tolist() == NUMBERS.tolist()
    assert type(Tensor(whole).data) is np.ndarray
    for held in (whole, [whole[0], 1.0], [[1.0], (2, True)], whole.astype(object), "text", None, 1.0):
        check_unmasked(held, "it")


@pytest.mark.parametrize("operation", ["*", "@", "+", "-"])
def test_a_matrix_of_numpys_is_told_apart(operation: str) -> None:
    with pytest.warns(PendingDeprecationWarning):
        matrix = np.matrix(NUMBERS)
    for text in (f"a {operation} b", f"b {operation} a"):
        with pytest.raises(TypeError, match=re.escape("give numpy.asarray(m), and write that product as @")):
            eval(text, {"a": matrix, "b": Tensor(NUMBERS)})
    assert Tensor(matrix).data.tolist() == NUMBERS.tolist()


KINDS = ("?", "i1", "u1", ">i2", "i8", "u8", "f2", ">f2", "f4", ">f4", "f8", ">f8", "g")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "look",
    [
        lambda a: a,
        np.asfortranarray,
        lambda a: np.repeat(a, 2, axis=1)[:, ::2],
        lambda a: a[::-1].copy()[::-1],
        lambda a: np.broadcast_to(a, (1, 2, 2))[0],
    ],
    ids=["plain", "columns", "gaps", "reversed", "read-only"],
)
def test_numbers_are_the_same_however_they_are_held(kind: str, look: Callable[[Any], Any]) -> None:
    data = look((NUMBERS > 0 if kind == "?" else NUMBERS).astype(kind))
    expected = data.astype(float)
    for made in (Tensor(data), Tensor(np.ones((2, 2))) * data, data * Tensor(np.ones((2, 2)))):
        assert made.data.tolist() == expected.tolist()
        assert made.dtype in ("f8", "f4")
    w = Tensor(np.zeros((2, 2)))
    w.data = data
    assert w.data.tolist() == expected.tolist()
    x = Tensor(np.ones((2, 2)))
    (x * data).sum().backward()
    assert x.grad.tolist() == expected.tolist()
    assert (Value(float(expected[0, 1])) * data[0, 1]).data == Value(data[0, 1]).data * expected[0, 1]
    assert type(Value(data[0, 1]).data) is float


REFUSED = (
    np.array([(1.0, 2.0)], [("a", "f8"), ("b", "f8")]), np.rec.array([(1.0, 2.0)], [("a", "f8"), ("b", "f8")]),
    NUMBERS + 0j, NUMBERS.astype("i8").astype("M8[s]"), NUMBERS.astype("i8").astype("m8[s]"), NUMBERS.astype(str),
    NUMBERS.astype(object), np.zeros((2, 2), "V8"), np.array([[1.0, None]]),
)  # fmt: skip


@pytest.mark.parametrize("data", REFUSED, ids=lambda data: str(data.dtype.kind))
def test_what_holds_no_real_numbers_is_refused(data: Any) -> None:
    uses: tuple[Callable[[Any], Any], ...] = (
        Tensor, Value, lambda x: Tensor(NUMBERS) * x, lambda x: x * Tensor(NUMBERS), lambda x: Value(1.0) + x,
        autograd.exp, lambda x: set_data(Tensor, "data", x), lambda x: set_data(Value, "data", x),
    )  # fmt: skip
    for use in uses:
        with pytest.raises(TypeError, match="number") as told:
            use(data)
        assert len(str(told.value).splitlines()) == 1


def test_one_hot_takes_one_number_a_sample() -> None:
    for y in (NUMBERS, np.array(1), [[0], [1]]):
        with pytest.raises(ValueError, match=r"one_hot takes n class numbers, shape \(n,\); got shape"):
            one_hot(y)


@pytest.mark.parametrize("rows", [MASKED, [MASKED[0], MASKED[1]]], ids=["array", "rows"])
def test_scikit_learn_would_take_what_lies_under_the_mask(rows: Any) -> None:
    from nn.sklearn import NeuralNetClassifier, NeuralNetRegressor

    y = np.ma.array([0, 1], mask=[False, True])
    for make in (NeuralNetClassifier, NeuralNetRegressor):
        fitted = make(epochs=1, random_state=0).fit(
            np.ma.array(NUMBERS), ["a", "b"] if "C" in make.__name__ else [0, 1]
        )
        for use in (
            partial(make(epochs=1).fit, rows, [0, 1]), partial(make(epochs=1).fit, NUMBERS, y),
            partial(make(epochs=1).fit, NUMBERS, [0, 1], y), partial(fitted.predict, rows),
        ):  # fmt: skip
            with pytest.raises(ValueError, match="is masked in row 1"):
                use()


def test_settings_are_no_masked_numbers() -> None:
    w = [Tensor(NUMBERS)]
    for setting in ("lr", "momentum", "weight_decay"):
        with pytest.raises(ValueError, match="got masked"):
            SGD(w, **{"lr": 0.1, setting: np.ma.masked})
    assert SGD(w, lr=np.ma.array(0.5)).lr == 0.5


def test_figures_leave_out_what_is_masked() -> None:
    with pytest.raises(ValueError, match="X is masked in row 1, column 1"):
        plots.decision_boundary(lambda points: [a for a, _ in points], MASKED, [0, 1])
    images = np.ma.array(np.ones((2, 1, 3, 3)), mask=np.arange(18).reshape(2, 1, 3, 3) % 2 == 0)
    for figure in (plots.filters(images), plots.feature_maps(images[:, 0])):
        assert figure.axes[0].images[0].get_array().mask.sum() == 5


def test_what_tells_arrays_apart() -> None:
    one = np.array([1.0, -0.0, np.nan])
    assert same_bits(one, one.copy())
    assert not same_bits(one, np.array([1.0, 0.0, np.nan]))
    assert not same_bits(one, one[:2])
    assert not same_bits(one, one.astype(np.float32))
    assert same_bits(one + 1j, one + 1j)
    assert not same_bits(one + 1j, one - 1j)


OUTSIDE = np.linspace(-2.0, 3.0, 100).reshape(20, 5)
OTHER = OUTSIDE


def bound_before() -> Callable[[Any], Any]:
    largest = OUTSIDE.max
    return lambda w: (OUTSIDE * w).sum() * largest()


@pytest.mark.parametrize(
    "make",
    [
        lambda: lambda w: (OUTSIDE * w).sum() * (2.0 if OTHER is OUTSIDE else 1.0),
        lambda: lambda w: (globals()["OUTSIDE"] * w).sum() + (OUTSIDE * w).sum(),
        lambda: lambda w: (OUTSIDE * w).sum() * OUTSIDE.flat[0],
        bound_before,
    ],
)
def test_an_array_from_outside_that_changes(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that reads an array in two ways is never half stale."""
    monkeypatch.setitem(globals(), "OUTSIDE", OUTSIDE.copy())
    monkeypatch.setitem(globals(), "OTHER", OUTSIDE)
    f = autograd.value_and_grad(make())
    fast, w = compile(f), np.ones(5)
    fast(w)
    for change in (lambda: OUTSIDE.__setitem__((0, 0), 9.0), lambda: monkeypatch.setitem(globals(), "OTHER", None)):
        change()
        for found, expected in zip(fast(w), f(w), strict=True):
            np.testing.assert_array_equal(found, getattr(expected, "data", expected))


def test_numpy_comes_with_the_first_array(monkeypatch: pytest.MonkeyPatch) -> None:
    """And chapters with the first look at them: most programs read no more than one."""
    monkeypatch.setattr("autograd._core.data._imported", [])
    assert numpy_module() is np
    assert autograd.__getattr__("fft") is autograd.fft


@pytest.mark.parametrize("dtype", [[("x", float)], [], {}, "U3", complex])
def test_a_node_has_no_other_numbers(dtype: Any) -> None:
    with pytest.raises(TypeError, match="a node holds real numbers, and nothing else"):
        Tensor(NUMBERS).astype(dtype)

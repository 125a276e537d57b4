"""`fit(..., backend="jax")`: the same numbers as NumPy's, on one device and on many, in one process and in several."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from itertools import chain, islice
from itertools import count as count_from
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from autograd import CompileError, Tensor, Value
from nn import MLP, SGD, CSVLogger, History, Optimizer, fit, mse, predict

jax = pytest.importorskip("jax")

from devices import compared  # noqa: E402 - it needs JAX as well

from nn._core.order import batches_of  # noqa: E402
from nn._training.devices import plan  # noqa: E402
from nn._training.devices.agreement import BEGIN, END, FAILED, LEFT, STEP, STOP, Agreement  # noqa: E402
from nn._training.devices.mesh import Mesh  # noqa: E402
from nn._training.devices.rule import Rule  # noqa: E402

X = np.random.default_rng(0).normal(size=(48, 4))
Y = np.random.default_rng(1).normal(size=48)


def train(model: Any = None, optimizer: Any = None, data: Any = (X, Y), **options: Any) -> History:
    model = model or MLP(4, [3, 1], of=Tensor, seed=1)
    optimizer = optimizer or SGD(model.parameters(), lr=0.1)
    settings: dict[str, Any] = {"loss": mse, "epochs": 2, "batch_size": 16, "progress": False, "backend": "jax"}
    return fit(model, *data, optimizer=optimizer, **(settings | options))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "dtype", "within"),
    [
        pytest.param("dropout, norms, Adam, warm-up, cosine", "float64", 1e-12, marks=pytest.mark.covers),
        pytest.param("accumulate, clipping, groups", "float64", 1e-12, marks=pytest.mark.covers),
        ("weights, l1, l2, RMSProp", "float32", 1e-5),
    ],
)
def test_the_numbers_are_those_of_numpy(name: str, dtype: str, within: float) -> None:
    """The last one in two trainings, the second of which goes on."""
    assert max(compared(name, dtype, resumed=dtype == "float32")) < within


@pytest.mark.slow
def test_two_processes_train_as_one() -> None:
    """Each of them reads its own rows."""
    script = Path(__file__).parent.parent / "devices.py"
    command = [sys.executable, str(script), "--processes", "2", "--devices", "2", "frozen, a stream"]
    environment = {name: text for name, text in os.environ.items() if not name.startswith("COV_")}
    paths = os.pathsep.join([str(script.parent), str(script.parent.parent), environment.get("PYTHONPATH", "")])
    done = subprocess.run(command, env=environment | {"PYTHONPATH": paths}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    name, *found = eval(done.stdout.strip().splitlines()[-1])
    assert name == "frozen, a stream"
    assert max(found) < 1e-12


@pytest.mark.slow
@pytest.mark.covers
def test_several_processes_in_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any) -> None:
    """What each of two processes does, which here has all devices of both."""
    monkeypatch.setattr("nn._training.devices.engine.processes", lambda: 2)
    monkeypatch.setattr("jax.process_index", lambda: 1)
    model, alone = (MLP(4, [3, 1], of=Tensor, seed=1) for _ in range(2))
    path = tmp_path / "log.csv"
    validation = [(X[:8], Y[:8]), (X[8:16], Y[8:16])]
    train(model, callbacks=[CSVLogger(path)], validation=validation)
    train(alone, backend="numpy")
    np.testing.assert_allclose(model.layers[0].w.data, alone.layers[0].w.data, rtol=1e-12)
    assert not path.exists()
    with pytest.raises(KeyboardInterrupt):
        train(model, callbacks=[lambda history: os.kill(os.getpid(), signal.SIGINT)])
    assert "stopped" not in capsys.readouterr().err


def test_arrays_of_several_processes_are_cut_and_fetched() -> None:
    mesh = Mesh(jax.devices()[:2], 2)
    rows = np.arange(8.0).reshape(4, 2)
    np.testing.assert_array_equal(mesh.fetch(mesh.put(rows)), rows)
    np.testing.assert_array_equal(mesh.fetch(mesh.cut(rows, 4)), rows)
    np.testing.assert_array_equal(mesh.fetch(mesh.cut(rows, 3)), rows)
    np.testing.assert_array_equal(mesh.fetch(mesh.joined(rows)), rows)


def agreement(monkeypatch: pytest.MonkeyPatch, *others: int) -> Agreement:
    """Return that of a process whose other one says the same, or what is given."""
    found = Agreement(2)
    monkeypatch.setattr(found, "_told", lambda numbers: [numbers, list(others) or numbers])
    return found


def test_processes_that_do_the_same_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    agreement(monkeypatch).begin(b"12345678")
    agreement(monkeypatch).reach(STEP, 4, 16)
    with pytest.raises(KeyboardInterrupt):
        agreement(monkeypatch, STOP, 0, 0).reach(STEP, 4, 16)
    with pytest.raises(KeyboardInterrupt):
        Agreement(1).reach(STOP)


@pytest.mark.parametrize(
    ("other", "own", "told"),
    [
        ([FAILED, 0, 0], [STEP, 4, 16], "process 1 ended with an error, which it tells"),
        ([LEFT, 0, 0], [BEGIN, 5], "process 1 left the training alone"),
        ([STEP, 3, 16], [STEP, 4, 16], "now they have 4 of 16 rows, 3 of 16 rows"),
        ([END, 0, 0], [STEP, 4, 16], "now they have 4 of 16 rows, none left"),
        ([BEGIN, 7, 0], [BEGIN, 5], "the processes have different parameters or optimizers"),
    ],
)
def test_processes_that_part_are_told_why(
    other: list[int], own: list[int], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RuntimeError, match=told):
        agreement(monkeypatch, *other).reach(*own)


def test_a_process_that_ends_tells_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[int] = []
    found = Agreement(2)
    monkeypatch.setattr(found, "_told", lambda numbers: said.append(numbers[0]) or [numbers, numbers])

    def run(error: BaseException) -> None:
        with found.kept():
            raise error

    for error in (ValueError("mine"), GeneratorExit()):
        found._over = False
        with pytest.raises(type(error)):
            run(error)
    assert said == [FAILED, LEFT]
    with pytest.raises(ValueError, match="known to all"):
        run(ValueError("known to all"))
    gone = type("JaxRuntimeError", (RuntimeError,), {})
    with pytest.raises(RuntimeError, match="another process has ended, or the network between them has: reset"):
        run(gone("reset by peer\nmore"))
    assert said == [FAILED, LEFT]


def steps_by_hand(model: Any, optimizer: Any, count: int) -> None:
    """Do the first steps of `train` with the seed 0."""
    epochs = (batches_of(48, 16, 0, epoch) for epoch in count_from(0))
    for rows in islice(chain.from_iterable(epochs), count):
        model.zero_grad()
        mse(model(X[list(rows)]), Y[list(rows)].reshape(-1, 1)).backward()
        optimizer.step()


@pytest.mark.slow
@pytest.mark.parametrize("small", [pytest.param(False, marks=pytest.mark.covers), True])
def test_ctrl_c_ends_after_whole_steps(small: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "SMALL", plan.SMALL if small else 0)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    model, other = (MLP(4, [3, 1], of=Tensor, seed=1) for _ in range(2))
    optimizer, same = (SGD(m.parameters(), lr=0.1, momentum=0.5) for m in (model, other))

    def schedule(epochs: float) -> float:
        if epochs == 1 + 2 / 3:
            os.kill(os.getpid(), signal.SIGINT)
        return 1.0

    try:
        with pytest.raises(KeyboardInterrupt):
            train(model, optimizer, schedule=schedule, epochs=10**6, seed=0)
    finally:
        signal.signal(signal.SIGINT, before)
    assert optimizer.steps == (3 if small else 4)
    assert optimizer.counts == [optimizer.steps] * 4
    steps_by_hand(other, same, optimizer.steps)
    np.testing.assert_allclose(model.layers[0].w.data, other.layers[0].w.data, rtol=1e-12)


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"backend": "torch"}, ValueError, "backend must be 'numpy' or 'jax'; got 'torch'"),
        ({"backend": "numpy", "devices": 2}, ValueError, "devices are those of backend='jax'; got devices=2"),
        ({"devices": 99}, ValueError, r"devices=99 are more than there are: jax.devices\(\) has"),
        ({"devices": []}, ValueError, "devices must be a number, or a list of different devices"),
        ({"devices": "two"}, ValueError, "devices must be a whole number from 1, a list"),
        ({"devices": 4, "batch_size": 2}, ValueError, "a batch of 2 rows is smaller than 4 devices: take batch_size=4"),
        (
            {"devices": 4, "batch_size": 18},
            ValueError,
            "18 rows cannot be shared out evenly.*devices=3",
        ),
        ({"model": MLP(4, [1])}, TypeError, r"this network has Values: give model.to\(Tensor\)"),
        ({"loss": lambda a, b: mse(a, b) * float(a.sum().data)}, CompileError, "this line reads the number of"),
        ({"data": ([[1.0] * k for k in range(1, 49)], Y)}, TypeError, "samples here are lists of different lengths"),
    ],
)
def test_what_cannot_be_trained_is_told(options: dict[str, Any], error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told) as raised:
        train(**options)
    if error is CompileError:
        assert "With backend='numpy' they run as they are written" in raised.value.__notes__[0]


def test_several_processes_train_on_all_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nn._training.devices.mesh.processes", lambda: 2)
    with pytest.raises(ValueError, match="several processes train on all of their devices: leave out devices=1"):
        train(devices=1)


def test_jax_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nn._training.engines.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"backend='jax' needs jax: pip install 'glassgrad\[jax\]'"):
        train()


class Own(Optimizer):
    """An optimizer of a user's, by a function of a gradient."""

    kept = ("speeds",)

    def __init__(self, parameters: Any, rule: Callable[[Any, Any], Any], **more: Any) -> None:
        super().__init__(parameters, lr=0.5)
        self.rule, self.more = rule, more

    def change(self, k: int) -> Any:
        self.speeds[k] = 0.5 * self.speeds[k] + self.rule(self, self.parameters[k].grad)  # type: ignore[attr-defined]
        return -self.lr / self.counts[k] * self.speeds[k]  # type: ignore[attr-defined]


class Whole(SGD):
    def step(self) -> None:
        super().step()


def once(optimizer: Optimizer) -> tuple[Any, Any]:
    """Return a parameter after a step of an optimizer, on arrays of JAX and of NumPy."""
    (parameter,) = optimizer.parameters
    parameter.grad = g = np.array([1.0, -2.0])
    with jax.enable_x64(True):
        rule = Rule(optimizer)
        move = jax.jit(lambda p, g, m, lr: rule.moved([p], [g], {"speeds": [m]}, [1.0], 1.0, lr)[0][0])
        found = np.asarray(move(parameter.data, g, np.zeros(2), np.float64(optimizer.lr)))
    optimizer.step()
    return found, parameter.data


def test_a_users_own_optimizer_is_traced_as_it_is() -> None:
    np.testing.assert_allclose(*once(Own([Tensor([1.0, 2.0])], lambda own, g: g / (abs(g) + 0.5), key=lambda: 0)))


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (lambda own, g: g if g.sum() > 0 else -g, "does what JAX cannot run.*decide by no number"),
        (lambda own, g: np.sign(g), "does what JAX cannot run"),
        (lambda own, g: own.parameters[0].label and g, "use data and grad of a parameter alone"),
        (lambda own, g: own.more.update(n=1) or g, "changes more, which JAX would do once"),
        (lambda own, g: setattr(own, "new", g) or g, "changes new, which JAX would do once"),
    ],
)
def test_an_optimizer_that_jax_cannot_run_is_told(rule: Any, told: str) -> None:
    with pytest.raises(TypeError, match=told):
        once(Own([Tensor([1.0, 2.0])], rule))
    with pytest.raises(TypeError, match="Whole has a step of its own"):
        once(Whole([Tensor([1.0, 2.0])]))


@pytest.mark.slow
@pytest.mark.covers
def test_numbers_that_are_not_finite_stop_before_the_step() -> None:
    model = MLP(4, [3, 1], of=Tensor, seed=1)
    before = model.state_dict()
    bad = X.copy()
    bad[:, 2] = np.nan
    with pytest.raises(FloatingPointError, match="the loss is nan in epoch 1, as X holds nan in row 0, column 2"):
        train(model, data=(bad, Y))
    assert all(np.array_equal(before[name], data) for name, data in model.state_dict().items())
    optimizer = SGD(model.parameters(), lr=0.1)
    with pytest.raises(FloatingPointError, match=r"the norm of the gradient of .* is nan, which no clipping mends"):
        train(model, optimizer, loss=lambda a, b: (a * 0.0).sum() ** 0.5, clip_grad_norm=1.0)
    assert (optimizer.steps, optimizer.counts) == (0, [0, 0, 0, 0])
    with pytest.raises(ValueError, match="needs the probabilities y_hat between 0 and 1"):
        train(loss=lambda a, b: nn.binary_cross_entropy(a * 9.0, b), data=(X, (Y > 0) * 1.0))
    with pytest.raises(ValueError, match="needs the probabilities y_hat between 0 and 1"):
        train(
            loss=lambda a, b: nn.binary_cross_entropy(a / 1e3 + 0.5, b), data=(X, (Y > 0) * 1.0),
            validation=(X * 1e6, (Y > 0) * 1.0),
        )  # fmt: skip


class Odd(nn.Module):
    """Remembers something that is no buffer."""

    def __init__(self) -> None:
        self.w = Tensor([1.0, 0.0, 0.0, 0.0])
        self.seen = [Tensor([0.0])]

    def __call__(self, x: Any) -> Any:
        nn.update_buffer(STRANGE, lambda old: old + 1.0)
        return (x * self.w).sum(axis=1)


STRANGE = Tensor([0.0])


def test_a_buffer_of_nobody_is_told() -> None:
    with pytest.raises(TypeError, match=r"update_buffer sets .* which is no buffer of the network"):
        train(Odd())


@pytest.mark.slow
@pytest.mark.covers
def test_what_a_callback_changes_holds_from_then_on() -> None:
    found = []
    for backend in ("jax", "numpy"):
        model, state = MLP(4, [3, 1], of=Tensor, seed=1), {"c": 1.0}
        target = Tensor([0.5])
        optimizer = SGD(model.parameters(), lr=0.1)

        def change(history: History, state: Any = state, target: Any = target, optimizer: Any = optimizer) -> None:
            state["c"] = 2.0 if history.epochs > 1 else 1.0
            target.data, optimizer.lr = target.data * 2, optimizer.lr / 2

        def loss(y_hat: Any, y: Any, state: Any = state, target: Any = target) -> Any:
            return mse(y_hat, y) * state["c"] + mse(y_hat.mean(axis=0, keepdims=True), target)

        devices = jax.devices()[1:3] if backend == "jax" else None
        history = train(
            model, optimizer, loss=loss, callbacks=[change], epochs=3, backend=backend, devices=devices, seed=0
        )
        found.append([*history.loss, *model.layers[0].w.data.ravel()])
    np.testing.assert_allclose(*found, rtol=1e-12)


@pytest.mark.slow
@pytest.mark.covers
def test_parameters_that_a_callback_takes_out_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nn._training.devices.programs.OFTEN", 1)
    found = []
    for backend in ("jax", "numpy"):
        model, state = MLP(4, [3, 1], of=Tensor, seed=1), {"c": 1.0}
        optimizer = SGD(model.parameters(), lr=0.1)

        def change(history: History, optimizer: Any = optimizer, model: Any = model, state: Any = state) -> None:
            if history.epochs == 1:
                optimizer.parameters = [model.layers[1].w, model.layers[0].w]
            state["c"] = 2.0 if history.epochs > 1 else 1.0

        def loss(y_hat: Any, y: Any, state: Any = state) -> Any:
            return mse(y_hat, y) * state["c"]

        with (
            pytest.warns(UserWarning, match="was compiled anew 1 times, at last because of a change of")
            if (backend == "jax")
            else nullcontext()
        ):
            train(model, optimizer, loss=loss, callbacks=[change], epochs=3, backend=backend, seed=0)
        found.append(np.concatenate([data.ravel() for data in model.state_dict().values()]))
    np.testing.assert_allclose(*found, rtol=1e-12)


@pytest.mark.slow
@pytest.mark.covers
def test_predict_on_many_devices() -> None:
    model = MLP(4, [3, 2], of=Tensor, seed=1)
    np.testing.assert_allclose(predict(model, X, backend="jax"), predict(model, X), rtol=1e-12)
    with pytest.raises(TypeError, match="this network has Values"):
        predict(MLP(4, [1], of=Value), X, backend="jax")
    with pytest.raises(ValueError, match="backend must be"):
        predict(model, X, backend="torch")  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.covers
def test_whole_numbers_and_sparse_samples_have_the_type_of_the_network() -> None:
    whole = pytest.importorskip("scipy.sparse").csr_matrix((X * 9).astype(int))
    ends = []
    for backend in ("numpy", "jax"):
        model = MLP(4, [3, 1], of=Tensor, seed=1, dtype="float32")
        history = train(model, data=(X > 0, Y), validation=(whole, Y), epochs=1, backend=backend)
        ends.append([history["val_loss"], predict(model, whole, backend=backend)])
    assert ends[1][1].dtype == "float32"
    np.testing.assert_allclose(ends[1][0], ends[0][0], rtol=1e-5)
    np.testing.assert_allclose(ends[1][1], ends[0][1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "bool"])
def test_targets_that_would_wrap_around_in_numpy_are_refused(dtype: str) -> None:
    with pytest.raises(TypeError, match=r"give y.astype\(int\)"):
        train(data=(X, (Y > 0).astype(dtype)), loss=lambda a, b: mse(a, -1 * b))

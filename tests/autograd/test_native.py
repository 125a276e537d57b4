"""Machine code computes what NumPy does: every row, on every processor that this one can stand in for."""

from __future__ import annotations

import math
import os
import platform
import threading
from functools import lru_cache
from itertools import permutations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from rows import cases, numbers

import autograd
from autograd import TABLE, Tensor, Value, relu, tanh, value_and_grad, where
from autograd._compiler.backends import machine, memory, native
from autograd._compiler.backends.backends import BACKENDS, pays
from autograd._compiler.lower import instructions as to
from autograd._compiler.lower.lower import lowered
from autograd._compiler.missed import MISSED
from autograd._compiler.printers import native as printer
from autograd._compiler.printers.llvm.scalars import CHEAP
from autograd._compiler.printers.llvm.target import Target
from autograd._core.trees import flatten
from nn import MLP, cross_entropy

llvm = pytest.importorskip("llvmlite")

TARGETS = {
    "host": None,
    "sse2": Target("x86-64", "", 16, False),
    "avx": Target("x86-64", "+avx", 32, False),
    "avx2": Target("x86-64", "+avx2,+fma", 32, True),
}
X86 = platform.machine().lower() in ("x86_64", "amd64")


@pytest.fixture(autouse=True)
def _own_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASSGRAD_CACHE", "")


@pytest.fixture(params=TARGETS)
def target(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make machine code for a processor that may have less than this one."""
    given = TARGETS[request.param]
    if given is not None:
        if not X86 or not all(
            machine._llvm().get_host_cpu_features().get(name[1:]) for name in given.features.split(",") if name
        ):
            pytest.skip("this is another processor")
        monkeypatch.setattr(native, "host", lambda: given)
    return str(request.param)


def on_machine(f: Any) -> Any:
    return autograd.compile(f, backend="native")


def agree(f: Any, *args: Any, rtol: float = 1e-14, atol: float = 1e-15) -> Any:
    """Compare machine code with NumPy's source, by the thin call as well, and return it."""
    fast, plain = on_machine(f), autograd.compile(f, backend="numpy")
    for _ in range(2):
        found, expected = [*flatten(fast(*args))], [*flatten(plain(*args))]
        for a, b in zip(found, expected, strict=True):
            if isinstance(b, (float, np.ndarray)):
                np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)
                assert np.shape(a) == np.shape(b)
                assert type(a) is type(b)
                assert isinstance(b, float) or a.dtype == b.dtype
            else:
                assert a == b
    assert fast.machine, fast.report()
    return fast


class Row:
    """A row of the table on arguments of one example."""

    def __init__(self, name: str, shapes: Any, settings: Any, dtype: str) -> None:
        self.op, self.settings = TABLE[name], dict(settings)
        given = [numbers(self.op, k, form) for k, form in enumerate(shapes)]
        self.args = [a if type(a) is float else a.astype(dtype) for a in given]
        inputs = [Value(a) if type(a) is float else Tensor(a) for a in self.args]
        self.weights = np.linspace(0.5, 1.5, math.prod(self(inputs).shape)).reshape(self(inputs).shape)

    def __call__(self, xs: Any) -> Any:
        return self.op.apply((xs,) if self.op.arity is None else tuple(xs), self.settings)

    def exact(self) -> bool:
        """Tell whether the row does nothing but what IEEE 754 rounds correctly, element by element."""
        if not self.op.elementwise:
            return False
        fast = autograd.compile(lambda *xs: self(xs), backend="numpy")
        fast(*self.args)
        functions = {step.function for step in lowered(fast._last().program).code if isinstance(step, to.Ew)}
        return functions <= CHEAP


def rows() -> list[Row]:
    """Return every row on an example, and elementwise ones on arrays of more than a vector, in both precisions."""
    found: dict[Any, Row] = {}
    for case in cases():
        name, shapes, settings = case.values
        if TABLE[name].elementwise and not TABLE[name].examples:
            for dtype in ("float64", "float32"):
                found[name, dtype] = Row(name, [(37,)] * len(shapes), {}, dtype)
        elif name not in found:
            found[name] = Row(name, shapes, settings, "float64")
    return [*found.values()]


def made_by(rows: list[Row]) -> Any:
    """Return the function that does all rows."""
    return lambda all_args: [row(args) for row, args in zip(rows, all_args)]


def alike(row: Row, found: Any, expected: Any) -> None:
    told = f"{row.op.name} {[np.shape(a) for a in row.args]}"
    rtol, atol = (2e-5, 1e-5) if np.asarray(expected).dtype == "float32" else (1e-13, 1e-14)
    assert np.shape(found) == np.shape(expected), told
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol, err_msg=told)


@lru_cache(1)
def elementwise() -> Any:
    """Return the elementwise rows, which of them must agree to the bit, their program, and what NumPy computes."""
    found = [row for row in rows() if row.op.elementwise]
    plain = autograd.compile(made_by(found), backend="numpy")
    expected = plain([row.args for row in found])
    return found, [row.exact() for row in found], plain._last().program, expected


@pytest.mark.slow
def test_elementwise_rows_to_the_bit(target: str) -> None:
    found, exact, program, expected = elementwise()
    made = native.Native(program)([row.args for row in found])
    for row, same, y, z in zip(found, exact, made, expected, strict=True):
        if same:
            np.testing.assert_array_equal(y, z, err_msg=row.op.name)
        alike(row, y, z)


@pytest.mark.slow
def test_reductions_of_arrays_that_lie_in_any_order() -> None:
    """Vectors run along the loop that costs least, whose results may lie anywhere."""
    x = np.random.default_rng(0).normal(size=(2, 3, 17, 4))
    ways = [(order, axes) for order in list(permutations(range(4)))[5::9] for axes in ((0,), (1, 2), (-2, -1))]

    def f(x: Any) -> Any:
        moved = [((x + 1.0).transpose(*order), axes) for order, axes in ways]
        pooled = autograd.windows(x, size=(2, 2), stride=2)
        return [
            [(y.max(axis=axes), y.sum(axis=axes), y.cumsum(axis=axes[0])) for y, axes in moved],
            [pooled.max(axis=(-2, -1)), pooled.sum(axis=-1), x[:1, :1, 0, 0].cumsum(axis=0)],
        ]

    fast = on_machine(f)
    found = [*flatten(fast(x))]
    assert fast.machine
    moved = [((x + 1).transpose(order), axes) for order, axes in ways]
    expected = [r for y, axes in moved for r in (y.max(axes), y.sum(axes), y.cumsum(axes[0]))]
    pooled = np.lib.stride_tricks.sliding_window_view(x, (2, 2), (-2, -1))[:, :, ::2, ::2]
    expected += [pooled.max((-2, -1)), pooled.sum(-1), x[:1, :1, 0, 0]]
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-14)


@pytest.mark.slow
@pytest.mark.covers
def test_every_row_value_and_gradient() -> None:
    found = rows()
    of_all = made_by(found)

    def f(all_args: Any) -> Any:
        made = of_all(all_args)
        return sum((y * row.weights).sum() if row.weights.shape else y * 1.25 for row, y in zip(found, made)), made

    plain, args = autograd.compile(value_and_grad(f, has_aux=True), backend="numpy"), [row.args for row in found]
    (_, expected), right = plain(args)
    (_, made), slopes = native.Native(plain._last().program)(args)
    for row, y, z, g, h in zip(found, made, expected, slopes, right, strict=True):
        for a, b in [(y, z), *zip(g, h, strict=True)]:
            alike(row, a, b)


@pytest.mark.slow
@pytest.mark.covers
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_sums_and_products(target: str, dtype: str) -> None:
    rng = np.random.default_rng(0)
    x, A, B = (rng.normal(size=form).astype(dtype) for form in ((3000,), (13, 33), (33, 10)))
    v = rng.normal(size=33).astype(dtype)

    def f(x: Any, A: Any, B: Any, v: Any) -> Any:
        return [
            x.sum(), (x * x)[:77].sum(), A.sum(axis=0), A.sum(axis=1), A @ B, B.T @ A.T, A @ v, v @ B, v @ v, A.T @ A,
            A[:, :3] @ B[:3], (A[:, None, :5] * B[None, :7, :5]).sum(axis=(1, 2)),
        ]  # fmt: skip

    plain = autograd.compile(f, backend="numpy")
    expected = plain(x, A, B, v)
    sizes = f(*(Tensor(np.abs(a)) for a in (x, A, B, v)))
    for a, b, size in zip(native.Native(plain._last().program)(x, A, B, v), expected, sizes, strict=True):
        unit = 1e-15 if dtype == "float64" else 5e-7
        assert (np.abs(np.asarray(a) - b) <= unit * np.asarray(size.data)).all()


FUNCTIONS = ["exp", "expm1", "log", "log1p", "sin", "cos", "tanh"]


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_in_line_are_within_an_ulp(name: str) -> None:
    import mpmath

    rng = np.random.default_rng(0)
    x = np.concatenate([
        rng.normal(size=99), rng.uniform(-30, 30, 200), rng.uniform(-800, 800, 100), 10.0 ** rng.uniform(-320, 300, 99),
        np.pi / 2 * np.arange(100), 1 + rng.normal(size=100) * 1e-8, rng.uniform(0, 1, 99),
        [0.14486178985531062, 5e-324, 2.2e-308, 1e5, 1e22, 40.0, 709.7, -37.5],
    ])  # fmt: skip
    if name.startswith("log"):
        x = x[x > (-1 if name[-1] == "p" else 0)]
    with np.errstate(all="ignore"):
        results = on_machine(lambda x: getattr(autograd, name)(x))(x)
    with mpmath.workprec(1300):
        for given, found in zip(x, results, strict=True):
            exact = getattr(mpmath, name)(mpmath.mpf(float(given)))
            if abs(exact) > mpmath.mpf(1.7976931348623157e308):
                assert found == math.copysign(math.inf, exact)
            else:
                assert abs(mpmath.mpf(float(found)) - exact) < mpmath.mpf(math.ulp(float(exact))), given


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_in_line_of_special_numbers(name: str) -> None:
    x = np.array([0.0, -0.0, math.inf, -math.inf, math.nan, -1.0, -2.0, 1e300])
    with np.errstate(all="ignore"):
        found, expected = on_machine(lambda x: getattr(autograd, name)(x))(x), getattr(np, name)(x)
    np.testing.assert_allclose(found, expected, rtol=1e-15)
    assert (np.signbit(found) == np.signbit(expected))[~np.isnan(expected)].all()


def loss(p: Any, X: Any, y: Any) -> Any:
    s = (relu(X @ p["w1"] + p["b1"]) @ p["w2"]).reshape(-1)
    return relu(1 - y * s).mean() + 0.1 * sum((q * q).sum() for q in p.values())


rng = np.random.default_rng(0)
DATA = rng.normal(size=(11, 2)), np.sign(rng.normal(size=11))
P = {"w1": rng.normal(size=(2, 5)), "b1": rng.normal(size=5), "w2": rng.normal(size=(5, 1))}


def test_a_network() -> None:
    fast = agree(value_and_grad(loss), P, *DATA)
    assert "run as machine code" in fast.report()
    assert "define void @program(ptr %table)" in fast.machine
    assert "; assembly" in fast.machine
    assert "t1 = X @ p_w1" in fast.source or "@" in fast.source


def test_numbers_structures_and_captured_nodes() -> None:
    bias, scale, many = Value(0.25), Tensor([0.5, 2.0]), [Value(0.1 * k) for k in range(20)]

    def f(w: Any, x: Any, how: Any, more: Any) -> Any:
        z = sum(a * b for a, b in zip(w, more[0])) + bias
        twice = x * scale
        return [z, w[0], tanh(z)], {"x": twice, "same": twice, "none": None, "it": x, "text": "a"}, (how, more[1][0])

    args = [0.5, 1.5, 2.0], np.array([3.0, 4.0]), None, ([1.0] * 9, (2.0,))
    fast = agree(f, *args)
    bias.data, scale.data = 1.0, np.array([1.0, 3.0])
    assert fast(*args)[0][0] == f(*args)[0][0].data
    found = fast(*args)[1]
    assert found["x"] is not found["same"]
    assert found["it"] is not args[1]
    np.testing.assert_array_equal(found["x"], [3.0, 12.0])
    # What is not exactly alike takes the long way.
    assert fast([0.5, 1.5, True], *args[1:])[0][0] == fast([0.5, 1.5, 1.0], *args[1:])[0][0]
    np.testing.assert_array_equal(fast(args[0], np.array([3, 9, 4])[::2], *args[2:])[1]["x"], [3.0, 12.0])

    def together(x: Any) -> Any:
        return sum(tanh(p * x + q) for p, q in zip(many, reversed(many)))

    step = value_and_grad(together, wrt=many)
    fast = agree(step, 0.5, rtol=1e-12)
    many[3].data = -2.0
    np.testing.assert_allclose([*flatten(fast(0.5))], [*flatten(step(0.5))], rtol=1e-12)


def test_a_list_that_is_not_as_long_takes_the_long_way() -> None:
    f = on_machine(lambda w: sum(x * x for x in w))
    assert f([1.0] * 9) == f([1.0] * 9) == 9.0
    assert f([1.0] * 10) == 10.0
    assert f([1.0] * 8 + [2]) == 12.0
    assert f(tuple([1.0] * 9)) == 9.0
    assert f([1.0] * 9) == 9.0
    thin = f._used.thin
    assert thin(([2.0] * 9,)) == 36.0
    others: list[Any] = [[1.0] * 8 + [2], [1.0] * 8 + [np.float64(2.0)], [1.0] * 10, "text", (1.0,) * 9]
    assert [thin((given,)) for given in others] == [MISSED] * 5


@pytest.mark.covers
@pytest.mark.slow
def test_a_tuple_of_slopes() -> None:
    def f(p: Any) -> Any:
        return sum(tanh(w * k) + w * w for w in p for k in range(1, 20))

    p = tuple(0.1 * k for k in range(1, 13))
    agree(value_and_grad(f), p)


class Marked(np.ndarray):
    """An array of a class of its own."""


def test_arrays_that_are_others_take_the_long_way() -> None:
    f = on_machine(lambda x, a: (x * a["b"]).sum())
    x, b = np.ones((2, 3)), np.ones(3, "float32")
    assert f(x, {"b": b}) == 6.0
    thin = f._used.thin
    assert thin((x * 2, {"b": b})) == 12.0
    whole = np.ones((2, 6))
    others: list[Any] = [x[0], x[None], x[:, :2], np.ones((3, 2)), np.ones((2, 3), "float32"), np.ones((2, 3), int)]
    others += [whole[:, ::2], np.ones((3, 2)).T, x.view(Marked), x.tolist(), 1.0, None, np.float64(1.0)]
    assert [thin((given, {"b": b})) for given in others] == [MISSED] * len(others)
    assert [thin((x, given)) for given in ({"b": x[0]}, {"c": b}, {"b": b, "c": b}, [b])] == [MISSED] * 4
    x.resize((3, 2), refcheck=False)
    assert thin((x, {"b": b})) is MISSED


def test_axes_of_length_1_may_have_any_step_in_memory() -> None:
    X, y = np.arange(6.0).reshape(3, 2), np.arange(3.0)[:, None]
    fast = agree(value_and_grad(lambda w, X, y: ((X @ w - y) ** 2).sum()), np.ones((2, 1)), X, y)
    assert fast._used.thin((np.ones((2, 1)), X, y)) is not MISSED
    # A gap has to be closed first.
    assert fast._used.thin((np.ones((2, 1)), np.zeros((3, 4))[:, ::2], y)) is MISSED


def test_infinite_slopes_take_care() -> None:
    f = value_and_grad(lambda x: (autograd.sqrt(x) * 0.0 + x * x).sum())
    x = np.array([0.0, 1.0, 2.0])
    fast = on_machine(f)
    for _ in range(2):
        np.testing.assert_array_equal(fast(x)[1], f(x)[1])


def test_truths_choices_and_decisions() -> None:
    def f(x: Any, y: Any) -> Any:
        chosen = where(x > 0.5, where(y < x, x, -y), x * y)
        return chosen, autograd.clip(x, min=0.25), x**2, x % 0.75, x // 0.5, autograd.sign(x), autograd.maximum(x, y)

    x = np.array([0.75, 0.0, -0.0, math.nan, math.inf, -math.inf, -1.25, 3.0, 0.5])
    with np.errstate(all="ignore"):
        agree(f, x, x[::-1].copy())
        agree(f, x.astype("f"), x[::-1].astype("f"), rtol=1e-6)
    huge = np.full(9, 1e308)
    with np.errstate(all="ignore"):
        assert on_machine(lambda x: x.mean())(huge) == 1e308


def test_movements() -> None:
    places = np.array([3, 0, 0, 2, 5])

    def f(x: Any) -> Any:
        return x[places], x.cumsum(axis=0), x.T, autograd.concat([x, x[:2]]), x[::-1, 1], x[places, 0] * x[:5, 1]

    x = np.arange(14.0).reshape(7, 2) ** 2
    agree(f, x)
    agree(autograd.grad(lambda x: sum((y * y).sum() for y in f(x))), x)
    agree(f, np.asfortranarray(x))
    agree(lambda x: (x[:0].sum(), x[:0] * 2, x.sum(axis=1), x.prod(axis=0), x.max()), x)


def test_what_cannot_be_written_is_run_by_numpy() -> None:
    fast = on_machine(lambda x: autograd.linalg.solve(x, x[0]))
    np.testing.assert_allclose(fast(np.eye(2) * 2), [1.0, 0.0])
    assert "run by NumPy, not as machine code: the rule of solve: no instruction says linalg.solve" in fast.report()
    assert fast.machine == ""


def test_who_asks_for_nothing_gets_it_where_it_pays() -> None:
    def deep(x: Any) -> Any:
        for _ in range(30):
            x = tanh(x * 0.5 + 0.25)
        return x.sum()

    x = np.linspace(-1, 1, 9)
    fast, short = autograd.compile(value_and_grad(deep)), autograd.compile(tanh)
    np.testing.assert_allclose(fast(x)[1], value_and_grad(deep)(x)[1], rtol=1e-13)
    short(x)
    assert (bool(fast.machine), bool(short.machine)) == (True, False)
    wide = autograd.compile(lambda x: deep((x @ x.T)[0]))
    wide(np.zeros((500, 300)))
    assert not wide.machine
    # To move so many elements is no product of matrices, and wide ones may add up little.
    for little in (lambda x: deep(autograd.concat([x.T, x.T])), lambda x: deep(x[:, :1] @ x)):
        fast = autograd.compile(little)
        fast(np.zeros((1, 6_000)))
        assert pays(fast._last().program)


def test_machine_code_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "kept"
    monkeypatch.setenv("GLASSGRAD_CACHE", str(folder))
    x = np.arange(5.0)

    def cached() -> bool:
        fast = on_machine(lambda x: x * 3.0 + 1.0)
        np.testing.assert_array_equal(fast(x), x * 3 + 1)
        return bool(fast._last().function._machine.cached)

    assert not cached()
    assert cached()
    with monkeypatch.context() as other:
        # Another printer may write another program, and another memory is read in other places.
        other.setattr(printer, "_printers", lambda: "")
        assert not cached()
        other.setattr(machine, "_form", lambda: "")
        assert not cached()
        other.undo()
        there = memory.layout()
        other.setattr(native, "layout", lambda: there._replace(flags=there.flags + 4))
        assert not cached()
    assert printer._printers.__wrapped__() == printer._printers() != ""
    assert machine._form.__wrapped__() == machine._form() != ""
    first, *others = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    for file in others:
        file.unlink()
    assert cached()
    (file,) = folder.iterdir()
    assert file == first
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert not cached()
    if os.name == "posix":
        file.chmod(0o666)
        assert not cached()
        file.unlink()
        file.symlink_to(tmp_path / "other")
        assert not cached()
        folder.chmod(0o777)
        assert machine.folder() is None
        assert not cached()
        folder.chmod(0o700)
    monkeypatch.setattr(machine, "MOST_KEPT", 1)
    for k in range(2):
        machine._keep(f"{k}", b"")
    assert len([*folder.glob("*.object")]) <= 1


def test_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("GLASSGRAD_CACHE", str(file))
    assert machine.folder() is None
    monkeypatch.delenv("GLASSGRAD_CACHE")
    for system, name in (("linux", "XDG_CACHE_HOME"), ("win32", "LOCALAPPDATA"), ("darwin", "HOME")):
        monkeypatch.setattr(machine.sys, "platform", system)
        monkeypatch.setenv(name, str(tmp_path / system))
        found = machine.folder()
        assert found is not None
        assert found.is_relative_to(tmp_path / system)
    monkeypatch.setattr(machine, "replace_file", lambda *given: (_ for _ in ()).throw(OSError))
    machine._keep("0", b"")
    monkeypatch.undo()
    monkeypatch.setenv("GLASSGRAD_CACHE", str(tmp_path / "kept"))
    monkeypatch.setattr(machine.os, "replace", lambda *given: (_ for _ in ()).throw(OSError))
    machine._keep("0", b"")
    assert not [*(tmp_path / "kept").iterdir()]


def test_threads_have_memory_of_their_own() -> None:
    fast = on_machine(value_and_grad(loss))
    many = [{name: q * (1 + k) for name, q in P.items()} for k in range(8)]
    expected = [fast(p, *DATA) for p in many]
    wrong: list[Any] = []

    def run(k: int) -> None:
        for _ in range(50):
            found = fast(many[k], *DATA)
            same = found[0] == expected[k][0] and all((found[1][name] == expected[k][1][name]).all() for name in P)
            wrong.extend([] if same else [k])

    threads = [threading.Thread(target=run, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_surroundings_are_looked_at_by_the_thin_call() -> None:
    factor = 2.0

    def f(x: Any) -> Any:
        return x * factor

    fast = on_machine(f)
    x = np.ones(3)
    assert fast(x)[0] == fast(x)[0] == 2.0
    factor = 3.0
    assert fast(x)[0] == 3.0
    assert fast._used.thin((x, x)) is MISSED
    with autograd.detect_anomaly():
        assert fast(x)[0] == 3.0
    assert fast(x=x)[0] == 3.0


@pytest.mark.usefixtures("monkeypatch")
def test_python_that_keeps_things_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for place in (native, memory):
        monkeypatch.setattr(place, "layout", lambda: None)
    agree(value_and_grad(loss), P, *DATA)


def test_a_network_of_tensors_with_classes() -> None:
    model = MLP(3, [5, 4], "tanh", of=Tensor)
    X, y = rng.normal(size=(6, 3)), np.array([0, 1, 2, 3, 0, 1])
    step = value_and_grad(lambda X: cross_entropy(model(X), y), wrt=model.parameters())
    agree(step, X, rtol=1e-13)


def test_llvmlite_that_does_not_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: Any) -> Any:
        raise RuntimeError("no target")

    monkeypatch.setattr(native, "Machine", broken)
    fast = on_machine(tanh)
    assert fast(np.zeros(2)).tolist() == [0.0, 0.0]
    assert "not as machine code: no target" in fast.report()
    assert set(BACKENDS) == {"numpy", "native", "jax", "javascript"}


def test_steps_of_training_run_as_machine_code() -> None:
    def trained(machine: bool) -> tuple[Any, Any]:
        layers = [Tensor(P["w1"]), Tensor(P["b1"]), Tensor(P["w2"])]
        run, losses = autograd.Replay(machine=machine), []
        for k in range(6):
            X, y = DATA[0] + 0.1 * k, DATA[1]

            def step(X: Any = X, y: Any = y) -> Any:
                return loss(dict(zip(P, layers)), Tensor(X), y), None

            losses.append(run(step, lambda: [p.zero_grad() for p in layers])[0])
            for p in layers:
                p.data = p.data - 0.1 * p.grad
        places = [run._root]
        while places[-1].after:
            places.append(next(iter(places[-1].after.values())))
        found = {type(program.function) for place in places for program in place.programs.values() if program}
        return losses, found

    (fast, kinds), (plain, others) = trained(True), trained(False)
    np.testing.assert_allclose(fast, plain, rtol=1e-12)
    assert native.Native in kinds
    assert native.Native not in others


@pytest.mark.slow
@pytest.mark.parametrize("chosen", ["where", "times", "index", "rows"])
def test_masks_of_steps_that_run_as_machine_code(chosen: str) -> None:
    """The mask of each step is another one: how many are chosen may stay the same or differ."""
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=(6, 4)), rng.normal(size=(4, 5))
    masks = [np.roll(np.arange(24) % (3 + k // 4) == 0, k).reshape(6, 4) for k in range(8)]

    def trained(machine: bool) -> list[Any]:
        w, v = Tensor(weights), Tensor(P["b1"])
        run, found = autograd.Replay(machine=machine), list[Any]()
        for mask in masks:

            def step(mask: Any = mask) -> Any:
                h = Tensor(x)
                for _ in range(10):
                    h = tanh(h + 0.1)
                if chosen == "where":
                    h = autograd.where(mask, h, 0.5)
                elif chosen == "times":
                    h = h * mask
                elif chosen == "rows":
                    h = h[mask[:, 0]]
                z = tanh(h @ w + v)
                return ((z * z).mean() if chosen != "index" else z[:, :4][mask].sum()), None

            found.append(run(step, lambda: [p.zero_grad() for p in (w, v)])[0])
            for p in (w, v):
                p.data = p.data - 0.1 * p.grad
        assert run.stopped == ""
        assert run.compilations > 0
        return [*found, w.data, v.data]

    found = trained(True)
    for fast, plain in zip(found, trained(False)):
        np.testing.assert_allclose(fast, plain, rtol=1e-12)
    # By hand, the first loss.
    h = x
    for _ in range(10):
        h = np.tanh(h + 0.1)
    m = masks[0]
    h = {"where": np.where(m, h, 0.5), "times": h * m, "rows": h[m[:, 0]], "index": h}[chosen]
    z = np.tanh(h @ weights + P["b1"])
    assert found[0] == pytest.approx(z[:, :4][m].sum() if chosen == "index" else (z * z).mean(), rel=1e-12)


class Pair(NamedTuple):
    a: Any
    b: Any


def test_structures_that_only_the_long_way_takes() -> None:
    fast = agree(lambda p, how: (p.a * p.b, how), Pair(2.0, np.ones(3)), "text")
    assert fast._used.thin is None
    fast = agree(lambda x: (Pair(x, [x * 2, None, True]), {"a": x[0], 3: "b"}), np.ones(3))
    assert fast._used.thin is None
    agree(lambda w: ({"sum": w["a"][0] + w["b"], "it": True}, (w["b"],)), {"a": (1.0,), "b": 2.0})


@pytest.mark.slow
@pytest.mark.covers
def test_a_network_of_values() -> None:
    model = MLP(2, [16, 16, 1], "tanh")
    X, y = rng.normal(size=(8, 2)).tolist(), np.sign(rng.normal(size=8)).tolist()

    def f(X: Any) -> Any:
        return sum(out * t for out, t in zip(model(X), y))

    step = value_and_grad(f, wrt=model.parameters())
    fast = agree(step, X, rtol=1e-12, atol=1e-14)
    before = fast(X)[0]
    model.parameters()[3].data += 0.5
    after = fast(X)
    assert after[0] != before
    np.testing.assert_allclose([*flatten(after)], [*flatten(step(X))], rtol=1e-12, atol=1e-14)
    assert "operations re-rolled" in fast.report()
    assert fast._used.thin is not None

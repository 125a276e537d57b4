"""Programs and rows in JavaScript, run in a real browser, against the engine: all of a test's in one page."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from rows import cases, numbers
from scripts import ENGINE, RUNNER, Job, given_to, job, leaves, played, script_of, worst

import autograd
from autograd import TABLE, Tensor, Value, value_and_grad
from autograd._compiler.lower.interpret import scalar_function
from autograd._compiler.printers.js.helpers import HELPERS
from autograd._compiler.printers.js.scalars import FUNCTIONS, Text, as_number
from autograd._views.live.data import live_data
from autograd.testing import Graph, graphs

pytestmark = pytest.mark.slow
Visit = Callable[..., Any]

GRAPHS = int(os.environ.get("GLASSGRAD_GRAPHS", "40"))
"""How many random graphs are tried."""

CLOSE = 4e-15
"""How far a result may be from the engine's, relative to the largest of them."""

EMPTY = "<!doctype html><html lang=en><title>JavaScript</title>"


def in_page(visit: Visit, jobs: list[Job]) -> list[Any]:
    """Run jobs in a page."""
    given = [{"source": job.source, "name": job.name, "args": job.args} for job in jobs]
    found: list[Any] = visit(EMPTY).evaluate(RUNNER, given)
    return found


def agree(visit: Visit, jobs: list[Job], least: float = 1e-300) -> float:
    """Compare what a page computes with what is expected; return the largest difference."""
    differences = {job.title: worst(job, found, least) for job, found in zip(jobs, in_page(visit, jobs), strict=True)}
    assert {title: d for title, d in differences.items() if d > CLOSE} == {}
    return max(differences.values())


def row_job(name: str, shapes: Any, given: Any, title: str) -> Job:
    op = TABLE[name]
    args = [numbers(op, k, form) for k, form in enumerate(shapes)]
    several = op.arity is None

    def value(*xs: Any) -> Any:
        return op.apply((xs,) if several else xs, dict(given))

    weights = np.random.default_rng(0).normal(
        size=value(*[Value(a) if type(a) is float else Tensor(a) for a in args]).shape
    )

    def f(*xs: Any) -> Any:
        y = value(*xs)
        return ((y * weights).sum() if weights.shape else y * float(weights)), y

    return job(title, value_and_grad(f, argnums=tuple(range(len(args))), has_aux=True), *args)


@pytest.mark.covers
def test_every_row_value_and_gradient(visit: Visit) -> None:
    agree(visit, [row_job(*case.values, title=str(case.id)) for case in cases()])


def is_written(module: str) -> bool:
    """Tell whether a row is of the table, and not computed by LAPACK."""
    return module.startswith("autograd.") and not module.endswith("decompositions")


def random_graphs() -> list[Graph]:
    """Return random graphs; Hypothesis draws them, and nothing is asked of them yet."""
    found: list[Graph] = []

    @settings(max_examples=GRAPHS, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(graph=graphs([op for op in TABLE.values() if is_written(op.forward.__module__)]))
    def collect(graph: Graph) -> None:
        found.append(graph)

    collect()
    return found


def total(graph: Graph) -> Any:
    """Return the function that adds up all results of a graph."""

    def f(*xs: Any) -> Any:
        results = graph(*xs)
        parts = [item.sum() if item.shape else item for item in (results if isinstance(results, list) else [results])]
        return sum(parts[1:], parts[0])

    return f


def test_random_graphs_and_their_engine(visit: Visit) -> None:
    """A program and a page of each; in the page, every leaf is changed and what follows is compared."""
    jobs, games = [], []
    for k, graph in enumerate(random_graphs()):
        inputs = [x if type(x) is float else np.asarray(x, float) for x in graph.inputs]
        jobs.append(job(f"{k}: {graph!r}", value_and_grad(total(graph), argnums=tuple(range(len(inputs)))), *inputs))
        games.append(played(total(graph), inputs))
    agree(visit, jobs, least=1.0)
    page = visit(EMPTY)
    for game, found in zip(games, page.evaluate(script_of(games)), strict=True):
        game.check(found, within=1e-12)


NUMBERS = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    2.0,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    3.0,
    1e-310,
    -1e300,
    1e300,
    0.1,
    710.0,
    math.inf,
    -math.inf,
    math.nan,
]


@pytest.mark.covers
def test_scalar_functions_on_special_numbers(visit: Visit) -> None:
    """The interpreter's scalar functions are the reference; the sign of zero counts."""
    args = {
        1: [(x,) for x in NUMBERS],
        2: [*product(NUMBERS, NUMBERS)],
        3: [(c, 1.0, x) for c in NUMBERS for x in NUMBERS],
    }
    jobs, expected = [], []
    for name, write in FUNCTIONS.items():
        function = scalar_function(name)
        count = next(n for n in (1, 2, 3) if takes(function, n))
        body = as_number(write(*(Text(letter) for letter in "xyz"[:count]))).text
        helpers = "\n".join(HELPERS.values())
        source = f"{helpers}\nfunction f(...rows) {{ return rows.map(([x, y, z]) => {body}); }}\n"
        jobs.append(Job(name, source, "f", [[repr_js(x) for x in row] for row in args[count]], []))
        expected.append([float(function(*row)) for row in args[count]])
    for one, found, wanted in zip(jobs, in_page(visit, jobs), expected, strict=True):
        got = [part[0] for part in leaves(found)]
        for row, a, b in zip(one.args, got, wanted, strict=True):
            same = math.isclose(a, b, rel_tol=1e-15, abs_tol=5e-324) and math.copysign(1, a) == math.copysign(1, b)
            assert same or (a != a and b != b), (one.title, row, a, b)


PRODUCTS = """
function all() {
  const wrong = [], turned = (a, m, n) => a.map((_, place) => a[place % m * n + Math.floor(place / m)]);
  for (let rows = 0; rows < 6; rows++) for (let inner = 1; inner < 4; inner++)
  for (let columns = 4; columns < 10; columns++) {
    const a = Float64Array.from({length: rows * inner}, (_, n) => n * n % 7 - 3);
    const b = Float64Array.from({length: inner * columns}, (_, n) => n % 5 - 1.5);
    const out = new Float64Array(rows * columns + 2).fill(9), other = out.slice();
    const at = [0, 1, rows], bt = [0, 1, inner];
    matmul(out, a, b, rows, inner, columns, undefined, undefined, 1);
    matmul(other, turned(a, rows, inner), turned(b, inner, columns), rows, inner, columns, at, bt, 1);
    const wanted = Array.from({length: rows * columns}, (_, place) => {
      const i = Math.floor(place / columns), j = place % columns;
      return Array.from({length: inner}, (_, k) => a[i * inner + k] * b[k * columns + j]).reduce((s, x) => s + x, 0);
    });
    for (const one of [out, other]) if (String(one) !== String([9, ...wanted, 9])) wrong.push([rows, inner, columns]);
  }
  return wrong.length;
}
"""


def test_products_of_matrices_of_all_sizes(visit: Visit) -> None:
    """Blocks of rows and columns: whole ones, and those at the ends; matrices as they are and transposed."""
    [found] = in_page(visit, [Job("matmul", HELPERS["matmul"] + PRODUCTS, "all", [], [])])
    assert leaves(found)[0][0] == 0


def test_sorting_with_ties_and_nan(visit: Visit) -> None:
    x = np.array([[2.0, math.nan, -1.0, 2.0], [math.nan, 5.0, -1.0, math.inf], [2.0, -math.inf, 3.0, math.nan]])
    ways = [
        (lambda x, k=k: (autograd.sort(x, axis=k), autograd.argsort(x, axis=k), autograd.argmax(x, axis=k)))
        for k in (None, 0, 1)
    ]
    agree(visit, [job(f"{k}", f, x) for k, f in enumerate(ways)])
    back = value_and_grad(lambda x: (autograd.sort(x, axis=0) * [1.0, 2.0, 3.0, 4.0]).sum())
    agree(visit, [job("back", back, np.array([[1.0, 2.0, 2.0, 0.0], [1.0, 2.0, 1.0, -1.0], [0.0, 2.0, 2.0, -1.0]]))])


def takes(function: Any, count: int) -> bool:
    try:
        function(*[1.0] * count)
    except TypeError:
        return False
    return True


def repr_js(x: float) -> str:
    return repr(x).replace("nan", "NaN").replace("inf", "Infinity")


def own_primitives() -> list[tuple[str, Any, list[Any]]]:
    """Return three users' primitives, with arguments."""
    gelu = autograd.primitive(
        "my_gelu", lambda xp, a: 0.5 * a * (1 + xp.tanh(0.7978845608028654 * (a + 0.044715 * a * a * a))),
        lambda g, out, a: g * (0.5 * (1 + autograd.tanh(0.7978845608028654 * (a + 0.044715 * a**3))) + a / 2
        / autograd.cosh(0.7978845608028654 * (a + 0.044715 * a**3)) ** 2 * 0.7978845608028654 * (1 + 0.134145 * a * a)),
    )  # fmt: skip
    elu = autograd.primitive(
        "my_elu", lambda xp, a: a if a > 0 else xp.exp(a) - 1, lambda g, out, a: g * autograd.where(a > 0, 1.0, out + 1)
    )
    pairs = autograd.primitive(
        "my_pairs", lambda xp, a, b: xp.concatenate([a[::2] @ b, a[1::2] @ b]),
        lambda g, out, a, b: autograd.stack([g[0] * b, g[2] * b, g[1] * b, g[3] * b]),
        lambda g, out, a, b: g[0] * a[0] + g[1] * a[2] + g[2] * a[1] + g[3] * a[3],
        elementwise=False,
    )  # fmt: skip
    r = np.random.default_rng(1)
    return [
        ("gelu of numbers", lambda x, y: gelu(x) * y, [0.7, -1.3]),
        ("gelu of arrays", lambda x: gelu(x).sum(), [r.normal(size=(3, 4))]),
        ("an if, one way", lambda x: elu(x) * 2.0, [0.5]),
        ("an if, the other way", lambda x: elu(x) * 2.0, [-0.5]),
        ("an array rule", lambda a, b: (pairs(a, b) ** 2).sum(), [r.normal(size=(4, 3)), r.normal(size=3)]),
    ]


@pytest.mark.covers
def test_primitives_of_users(visit: Visit) -> None:
    own = own_primitives()
    agree(visit, [job(title, value_and_grad(f, argnums=tuple(range(len(args)))), *args) for title, f, args in own])
    games = [played(f, args) for _, f, args in own]
    for game, found in zip(games, visit(EMPTY).evaluate(script_of(games)), strict=True):
        game.check(found, within=1e-12)


def frexp(xp: Any, a: Any) -> Any:
    return xp.frexp(a)[0] * xp.frexp(a)[1]


def written(xp: Any, a: Any) -> Any:
    out = xp.zeros((3, 4))
    out[1:, ::2] = a
    out[0] = a[1, 0]
    copy = out * 2.0
    xp.add.at(out, ([0, 0, 2], [1, 1, 3]), a[0, 0])
    return xp.concatenate([out.reshape(-1), copy.T.reshape(-1)])


def scattered(xp: Any, a: Any) -> Any:
    out = xp.zeros(5, dtype=a.dtype)
    xp.add.at(out, [3, 1, 1, 4], a.reshape(-1))
    out[[2, 0]] = out[[1, 3]]
    out[1:] = out[1:] + out[:-1]
    return out


def repeated(xp: Any, a: Any) -> Any:
    out = xp.zeros(4, dtype=a.dtype)
    xp.add.at(out, [1, 1, 3, 3], a.reshape(-1))
    twice = out[[1, 1, 3, 3]] * 2.0
    return twice + 1.0 / twice


def of_one(xp: Any, a: Any) -> Any:
    b = a[0, :1] * 2.0
    c = b + xp.tanh(b)
    return xp.exp(-c) * c


def decided(xp: Any, a: Any) -> Any:
    return a[:, ::-1] * 2.0 if xp.sum(a) > 0 else xp.clip(a, -0.25, 0.25)


RULES: list[tuple[Any, dict[str, Any]]] = [
    (frexp, {"elementwise": True}), (written, {}), (scattered, {}), (decided, {}),
    (lambda xp, a: xp.cumsum(a > 0, dtype=float) + xp.cumsum(a), {}),
    (lambda xp, a: (xp.sum(a > 0, axis=0, dtype=float) > 0) & (xp.prod(a, axis=0) < 0) | (a[0] == 0), {}),
    (lambda xp, a: xp.any(a > 0, axis=1) * a[:, 0] + xp.all(a > -1, axis=1), {}),
    (lambda xp, a: xp.where(a > 0, a, xp.full((2, 2), 2.5)) * xp.asarray([[math.inf, 1.0], [-0.0, math.nan]]), {}),
    (lambda xp, a: xp.pad(a, 1).T[1:] @ xp.ones((4, 5)), {}), (lambda xp, a: xp.max(a[:0], axis=1), {}),
    (lambda xp, a: xp.sum(a[:, :0], axis=1) + xp.max(a, initial=7.0), {}), (lambda xp, a: a[:, :0] @ a[:0], {}),
    (lambda xp, a: a.reshape(4), {}), (lambda xp, a: xp.copysign(a, -1.0), {"elementwise": True}),
    (lambda xp, a: xp.concatenate([a[:0], a * 2.0]), {}), (lambda xp, a: a[0, :0] @ a[0, :0], {}),
    (lambda xp, a: xp.tile(a.reshape(-1), 3) + xp.tile(xp.concatenate([a.reshape(-1), a[0]]), 2), {}),
    (lambda xp, a: xp.sum(a[:0]) + a, {}), (lambda xp, a: a[:, :0] @ xp.ones((0, 5)), {}),
    (lambda xp, a: a[[1, 0, 1]] @ a, {}), (lambda xp, a: xp.cumsum(a[0, :1]), {}), (of_one, {}),
    (lambda xp, a: xp.sum(a[:, :1], axis=1) + xp.all(a[:, :1] > 0, axis=1), {}),
    (lambda xp, a: xp.stack([xp.asarray(1.0), a[0, 0]]), {}), (lambda xp, a: a[:, :1] @ a[:1], {}),
    (repeated, {}), (lambda xp, a: xp.where(a, a * 0.1 + 1.0, 2.0) / 3.0, {}),
    (lambda xp, a: ~(a > 0) * 1.0 + xp.isnan(a), {}), (lambda xp, a: a.ravel() @ a.ravel(), {}),
]  # fmt: skip
"""Rules that do one thing each, most of which no row of the table does."""


@pytest.mark.covers
def test_rules_of_all_kinds_on_hard_numbers(visit: Visit) -> None:
    """NumPy computes the same; single precision as well, where each operation is rounded."""
    jobs = []
    arrays = [np.array([[0.5, -1.5], [2.5, 0.1]]), np.array([[-0.25, -3.0], [0.0, -0.0]])]
    arrays += [np.array([[math.inf, math.nan], [-3e7, 1e-310]]), arrays[0].astype(np.float32)]
    for k, (forward, more) in enumerate(RULES):
        own = autograd.primitive(f"own{k}", forward, None, **({"elementwise": False} | more))
        one = job(f"rule {k}", lambda x, own=own: own(x), arrays[0])
        for n, x in enumerate(arrays[:3]):
            with np.errstate(all="ignore"):
                expected = own(Tensor(x)).data
            jobs.append(one._replace(title=f"{one.title}, array {n}", args=[given_to(x)], expected=[expected]))
        if forward is not frexp:
            jobs.append(job(f"rule {k}, single", lambda x, own=own: own(x), arrays[3]))
    agree(visit, jobs)


@pytest.mark.covers
def test_structures_constants_and_repetition(visit: Visit) -> None:
    r = np.random.default_rng(0)
    X, y = r.normal(size=(40, 2)), r.normal(size=40)
    w = [Value(x, label=f"w{k}") for k, x in enumerate((0.1, 0.2, -0.3))]

    def over_samples(w: Any) -> Any:
        J = 0.0
        for x, t in zip(X, y):
            J = J + (autograd.tanh(w[0] + w[1] * x[0] + w[2] * x[1]) - t) ** 2
        return J

    def several(p: Any, x: Any, fixed: Any) -> Any:
        z = p["W"] @ x + p["b"][0]
        return {
            "z": z,
            "same": [x, x],
            "n": 3,
            "none": None,
            "more": (z.sum(), X[0], fixed[1]),
            "x": x.reshape(-1, 1),
            "buffer": (z * 2.0).reshape(1, 2),
        }

    jobs = [
        job("rolled", value_and_grad(over_samples), [0.1, 0.2, -0.3]),
        job("rolled, captured", lambda x: over_samples(w) * x, 2.0),
        job("constants", lambda x: x * X[:2] + np.array([[math.nan, math.inf], [-0.0, 1e-320]]), r.normal(size=(2, 2))),
    ]
    agree(visit, jobs)
    fast = autograd.compile(several, backend="javascript")
    args = ({"W": np.eye(2), "b": [1.0, 2.0]}, np.array([3.0, 4.0]), (0.5, 2.0))
    fast(*args)
    script = f"""() => {{ {fast.source}
const x = Float64Array.of(3, 4), given = [{{W: Float64Array.of(1, 0, 0, 1), b: [1, 2]}}, x, [0.5, 2]];
const first = several(...given);
const again = several({{W: Float64Array.of(1, 2, 3, 4), b: [5, 6]}}, x.map(Math.exp), [7, 8]);
again.z.fill(9); again.same[0].fill(9);
return JSON.stringify([first, x], (key, item) => ArrayBuffer.isView(item) ? Array.from(item) : item); }}"""
    found, x = json.loads(visit(EMPTY).evaluate(script))
    assert found == {
        "z": [4.0, 5.0], "same": [[3.0, 4.0]] * 2, "n": 3, "none": None, "more": [9.0, X[0].tolist(), 2.0],
        "x": [3.0, 4.0], "buffer": [8.0, 10.0],
    }  # fmt: skip
    assert x == [3.0, 4.0]


@pytest.mark.covers
def test_leaves_are_set_tried_and_reset(visit: Visit) -> None:
    w, b = Tensor([[1.0, 2.0]], label="w"), Value(0.5, label="b")
    live = live_data(autograd.log((w * 3.0).sum() + b), rate=0.1)
    script = f"""() => {{ {ENGINE} {live.rows}
const engine = makeEngine({live.json()}, ROWS), name = name => engine.nodes.findIndex(node => node.name === name);
const [w, b] = [name("w"), name("b")], told = [], stop = engine.onChange(() => told.push(engine.value[engine.loss]));
const failed = task => {{ try {{ task(); return null; }} catch (error) {{ return String(error); }} }};
const before = engine.value[w], first = engine.value[engine.loss];
const tried = [engine.trial(w, 1, 1), engine.trial(b, 1)], still = engine.value[engine.loss] === first;
engine.setAll([[w, 5, 0], [b, -2, 0]]);
const after = [Array.from(before), Array.from(engine.value[w]), engine.value[engine.loss]];
engine.set(b, -1000); const bad = {{...engine.bad, name: engine.nodes[engine.bad.k].row}};
engine.reset(); const reset = engine.value[engine.loss];
engine.descend(0.1); const moved = Array.from(engine.value[w]), fixed = engine.value[b];
stop(); engine.reset();
const errors = [() => engine.set(engine.loss, 1), () => engine.set(w, 1, 2), () => engine.set(b, "abc")].map(failed);
return {{first, tried, still, after, bad, reset, moved, fixed, told: told.length, errors, now: engine.bad}}; }}"""
    found = visit(EMPTY).evaluate(script)
    assert found["first"] == found["reset"] == pytest.approx(math.log(9.5))
    assert found["tried"] == pytest.approx([math.log(12.5), math.log(10.5)])
    assert found["still"]
    assert found["after"] == [[1.0, 2.0], [5.0, 2.0], pytest.approx(math.log(19.0))]
    # The sum of all is negative, so its logarithm is the first that is no number.
    assert found["bad"]["what"] == "value"
    assert found["moved"] == pytest.approx([1 - 0.3 / 9.5, 2 - 0.3 / 9.5])
    assert found["fixed"] == 0.5
    assert found["told"] == 4
    assert found["now"] is None
    assert found["errors"][0].startswith("RangeError: node")
    assert found["errors"][1] == "RangeError: w has 2 numbers, none at 2"
    assert found["errors"][2] == "TypeError: a leaf is set to a number, not to abc"

"""Sources in JavaScript and their engine, run in a browser, all of a test's in one page, or in Node.js."""

from __future__ import annotations

import json
import math
import subprocess
from typing import Any, NamedTuple

import numpy as np

import autograd
from autograd import Tensor, Value
from autograd._core.order import topological_sort
from autograd._core.trees import flatten
from autograd._views.live.data import live_data
from autograd.web.page import text_of

ENGINE = "\n".join(text_of(f"{name}.js") for name in ("numbers", "engine"))

RUNNER = """jobs => jobs.map(job => {
  const text = x => {
    if (typeof x !== "number") throw `not a number: ${x}`;
    return Object.is(x, -0) ? "-0" : String(x);
  };
  const plain = x => ArrayBuffer.isView(x) ? {array: Array.from(x, text)}
    : x === null || typeof x !== "object" ? text(x) : Object.values(x).map(plain);
  const items = x => Object.fromEntries(Object.entries(x).map(([k, v]) => [k, given(v)]));
  const given = x => typeof x === "string" ? Number(x) : Array.isArray(x) ? x.map(given)
    : "array" in x ? Float64Array.from(x.array, Number) : items(x);
  try { return plain(new Function(job.source + "return " + job.name)()(...job.args.map(given))); }
  catch (error) { return String(error); }
})"""
"""What each function returns for its arguments, as nested lists; or the error."""


class Job(NamedTuple):
    """A source, the arguments of its function, and what it should return."""

    title: str
    source: str
    name: str
    args: list[Any]
    expected: list[Any]


def job(title: str, f: Any, *args: Any) -> Job:
    """Return a function compiled for arguments, with what the function itself returns."""
    fast = autograd.compile(f, backend="javascript")
    fast(*args)
    program = fast._last().program
    outside = [node._data for node in program.captured]
    outside += [pack.data({}) for pack in program.packs if pack.captured]
    with np.errstate(all="ignore"):
        expected = [getattr(item, "data", item) for item in flatten(f(*nodes(args)))]
    given = [given_to(item) for item in (*args, *outside)]
    return Job(title, fast.source, program.name, given, expected)


def nodes(tree: Any) -> Any:
    """Return arguments as nodes, so that a number is not computed by NumPy."""
    if isinstance(tree, (list, tuple)):
        return type(tree)(map(nodes, tree))
    if isinstance(tree, dict):
        return {key: nodes(item) for key, item in tree.items()}
    return Value(tree) if type(tree) is float else Tensor(tree)


def given_to(item: Any) -> Any:
    """Return an argument for the runner: numbers as text, as JSON has no nan."""
    if isinstance(item, (list, tuple)):
        return [*map(given_to, item)]
    if isinstance(item, dict):
        return {key: given_to(part) for key, part in item.items()}
    return {"array": [_text(float(x)) for x in np.reshape(item, -1)]} if np.shape(item) else _text(float(item))


def _text(x: float) -> str:
    return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(repr(x), repr(x))


def worst(job: Job, found: Any, least: float = 1e-300) -> float:
    """Return the largest difference of a job's results, relative to the largest element of all.

    A result is a sum of others, in another order: 1 - 0.9 has the rounding of 1. Where all of them may be nothing but
    rounding, `least` is the number that they are compared with.
    """
    assert not str(found).startswith(("not a", "Syntax", "Type", "Reference", "Range")), (
        f"{job.title}: {found}\n{job.source}"
    )
    parts = [*map(np.array, leaves(found))]
    assert len(parts) == len(job.expected), (job.title, found, job.expected, job.source)
    a, b = (np.concatenate([np.reshape(part, -1) for part in tree]) for tree in (parts, job.expected))
    return difference(a, b, least)


def difference(a: Any, b: Any, least: float = 1e-300) -> float:
    """Return the largest difference relative to the largest finite element; infinite where one alone is nan."""
    b = np.asarray(b, float)
    assert a.shape == b.shape, (a.shape, b.shape)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    if same.all():
        return 0.0
    if not np.isfinite(a[~same]).all() or not np.isfinite(b[~same]).all():
        return math.inf
    return float(np.abs(a - b)[~same].max() / max(np.abs(b[np.isfinite(b)]).max(), least))


def leaves(tree: Any) -> list[Any]:
    """Return the numbers and the lists of numbers of a result, one after the other."""
    if isinstance(tree, dict):
        return [[*map(float, tree["array"])]]
    return [leaf for item in tree for leaf in leaves(item)] if isinstance(tree, list) else [[float(tree)]]


def in_node(jobs: list[Job]) -> list[Any]:
    """Run jobs in Node.js."""
    text = json.dumps([{"source": job.source, "name": job.name, "args": job.args} for job in jobs])
    script = f"const run = {RUNNER}; console.log(JSON.stringify(run(JSON.parse(require('fs').readFileSync(0)))))"
    done = subprocess.run(["node", "-e", script], input=text, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


class Played(NamedTuple):
    """A page's engine at work: the graph, the changes of its leaves, and what it should hold after each."""

    data: str
    rows: str
    changes: list[tuple[int, float, int]]
    expected: list[list[tuple[Any, Any]]]

    def check(self, found: Any, within: float) -> None:
        """Compare values and gradients of all nodes after every change, relative to the largest of the graph."""
        for (values, gradients), wanted in zip(found, self.expected, strict=True):
            arrived = [["0"] * np.size(g) if made is None else made for made, (_, g) in zip(gradients, wanted)]
            for made, those in ((values, [data for data, _ in wanted]), (arrived, [g for _, g in wanted])):
                parts = [np.array(part, float) for part in made], [np.reshape(part, -1) for part in those]
                assert difference(*map(np.concatenate, parts)) <= within, (self.rows, self.data)


def played(f: Any, inputs: list[Any], changes: int = 3) -> Played:
    """Return the page of f on inputs, each of which is changed in turn."""
    leaves = nodes(inputs)
    live = live_data(f(*leaves))
    rng = np.random.default_rng(0)
    places = {node: k for k, node in enumerate(live.order)}
    steps, expected = [], [recomputed(f, live.order, leaves, inputs)]
    data = [np.array(x, float) for x in inputs]
    for k, node in [(k, node) for k, node in enumerate(leaves) if node in places][:changes]:
        place = int(rng.integers(data[k].size))
        data[k].reshape(-1)[place] *= 1 + 1e-3 * rng.uniform()
        steps.append((places[node], float(data[k].reshape(-1)[place]), place))
        given = [float(x) if type(old) is float else x.copy() for x, old in zip(data, inputs)]
        expected.append(recomputed(f, live.order, leaves, given))
    return Played(live.json(), live.rows, steps, expected)


def recomputed(f: Any, order: list[Any], leaves: list[Any], inputs: list[Any]) -> list[tuple[Any, Any]]:
    """Return data and gradient of every node of a graph, for other inputs."""
    given = nodes(inputs)
    with np.errstate(all="ignore"):
        loss = f(*given)
        loss.backward()
    other = topological_sort(loss)
    assert len(other) == len(order)
    return [(node.data, node.grad) for node in other]


def script_of(games: list[Played]) -> str:
    """Return the script that plays all of them, and returns the values and gradients after each change."""
    calls = ", ".join(
        f"(() => {{ {game.rows} return play({game.data}, ROWS, {json.dumps(game.changes)}); }})()" for game in games
    )
    return f"""() => {{ {ENGINE}
const plain = x => x === null ? null : typeof x === "number" ? [String(x)] : Array.from(x, String);
function play(data, rows, changes) {{
  const engine = makeEngine(data, rows), now = () => [engine.value.map(plain), engine.gradient.map(plain)];
  return [now(), ...changes.map(change => {{ engine.set(...change); return now(); }})];
}}
return [{calls}]; }}"""

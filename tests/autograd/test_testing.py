"""The kit for users: what its strategies draw, and what a person sees when a rule is wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

import autograd
from autograd import Tensor, Value, gradcheck, primitive, tanh, where
from autograd.testing import Graph, broadcastable_shapes, check_primitive, graphs, plugin, tensors, values
from autograd.testing._graphs import Place, Step

INTERVALS = [(-np.inf, np.inf), (0.0, np.inf), (-np.inf, -2.0), (-1.0, 1.0), (1e-9, 2e-9), (5.0, 1e6)]


@pytest.mark.parametrize("domain", INTERVALS)
def test_numbers_lie_inside_their_domain(domain: tuple[float, float]) -> None:
    @given(value=values(domain), tensor=tensors((2, 2), domain=domain))
    def check(value: Value, tensor: Tensor) -> None:
        assert domain[0] < value.data < domain[1]
        assert (tensor.data > domain[0]).all()
        assert (tensor.data < domain[1]).all()

    check()


@given(data=st.data())
def test_tensors_have_the_shape_and_the_precision_asked_for(data: st.DataObject) -> None:
    shapes = data.draw(broadcastable_shapes(3))
    np.broadcast_shapes(*shapes)
    t = data.draw(tensors(st.sampled_from(shapes), "float32"))
    assert t.dtype == np.float32
    assert t.shape in shapes


@pytest.mark.slow
@given(graph=graphs())
def test_graphs_stay_where_they_are_smooth_and_finite(graph: Graph) -> None:
    assert graph.inputs
    for node in graph.nodes():
        assert np.isfinite(node.data).all()  # type: ignore[attr-defined]
    used = {arg.line for line in graph.lines if isinstance(line, Step) for arg in line.args if isinstance(arg, Place)}
    assert all(k in used for k, line in enumerate(graph.lines) if not isinstance(line, Step))


REACHED: dict[str, Any] = {
    "shared sub-expressions": lambda g: any(len(set(places)) < len(places) for places in map(_places, _steps(g))),
    "constants": lambda g: any(len(_places(step)) < len(step.args) for step in _steps(g)),
    "floats and arrays": lambda g: len({type(x) for x in g.inputs}) == 2,
    "broadcasting": lambda g: len({np.shape(x) for x in g.inputs}) == 3,
    "several results": lambda g: len(g.nodes()) == 2,
    "depth": lambda g: len(_steps(g)) == 8,
}


@pytest.mark.slow
@pytest.mark.parametrize("feature", REACHED)
def test_graphs_share_mix_and_broadcast(feature: str) -> None:
    """Each of these is found by looking for it: the strategy reaches it."""
    find(graphs(), REACHED[feature], settings=settings(phases=[Phase.generate], max_examples=1000))


def _steps(graph: Graph) -> list[Step]:
    return [line for line in graph.lines if isinstance(line, Step)]


def _places(step: Step) -> list[Place]:
    return [arg for arg in step.args if isinstance(arg, Place)]


def test_a_graph_reads_as_formulas_and_shows_itself() -> None:
    square, add = autograd.TABLE["square"], autograd.TABLE["add"]
    graph = Graph([2.0, 3.0, Step(square, (Place(0),), {}), Step(add, (Place(1), 1.5), {})])
    assert repr(graph) == "a = 2.0\nout = a ** 2\nb = 3.0\nout2 = b + 1.5"
    assert [node.data for node in graph.nodes()] == [4.0, 4.5]  # type: ignore[attr-defined]
    assert [node.data for node in graph(Value(1.0), Value(2.0))] == [1.0, 3.5]
    bundle = graph._repr_mimebundle_()
    assert bundle["text/plain"] == repr(graph)
    assert "svg" in bundle["text/html"]
    report = gradcheck(graph, *graph.inputs)
    assert [entry.where for entry in report.entries] == ["a", "b"]


def wrong_tanh() -> Any:
    return primitive("wrong_tanh", lambda xp, x: xp.tanh(x), lambda g, out, x: 1.01 * g * (1 - out * out))


def message(operation: Any) -> str:
    with pytest.raises(AssertionError) as failure:
        check_primitive(operation)
    assert not getattr(failure.value, "__notes__", [])
    return str(failure.value)


def test_a_wrong_rule_is_shown_in_the_smallest_computation() -> None:
    assert message(wrong_tanh()).startswith(
        "wrong_tanh has a wrong derivative:\na = 0.5\nout = wrong_tanh(a)\nfail: 1 derivative in "
    )
    assert message("wrong_tanh").endswith(": 1.01 times what it should be")


def test_in_a_notebook_it_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    notebook = SimpleNamespace(get_ipython=lambda: object(), display=SimpleNamespace(display=shown.append))
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    message(wrong_tanh())
    assert [repr(graph) for graph in shown] == ["a = 0.5\nout = wrong_tanh(a)"]


@pytest.mark.slow
def test_in_a_large_graph_too() -> None:
    wrong = wrong_tanh()
    graph = find(graphs([wrong, tanh, "multiply", "sum"]), lambda g: gradcheck(g, *g.inputs).verdict == "fail")
    assert repr(graph) == "a = 0.5\nout = wrong_tanh(a)"


@pytest.mark.covers
@pytest.mark.slow
def test_a_wrong_unbroadcast() -> None:
    """The engine undoes broadcasting; a rule that does so itself, and wrongly, is told from its shape."""

    def by_b(g: Any, out: Any, a: Any, b: Any) -> Any:
        return (g * a).sum(axis=0) if getattr(b, "shape", ()) else g * a

    scaled = primitive("scaled", lambda xp, a, b: a * b, lambda g, out, a, b: g * b, by_b)
    text = message(scaled)
    assert text.startswith("scaled cannot be differentiated:\na = ")
    assert "out = scaled(a, b)" in text
    assert "the rule of scaled for argument 1 returned shape" in text


WRONG: list[tuple[str, Any, str]] = [
    (
        "hidden kink",
        lambda: primitive("hinge_", lambda xp, x: xp.maximum(x, 0.0), lambda g, out, x: where(out > 0, g, 0.0)),
        "has no derivative here; declare it with kink=",
    ),
    (
        "hidden kink of the derivative",
        lambda: primitive("softsign_", lambda xp, x: x / (1 + abs(x)), lambda g, out, x: g / (1 + abs(x)) ** 2),
        "has no second derivative here; declare it with kink=",
    ),
    (
        "no domain",
        lambda: primitive("root", lambda xp, x: xp.sqrt(x), lambda g, out, x: g / (2 * out)),
        "cannot be checked here; is its domain right?",
    ),
    (
        "second order only",
        lambda: primitive("rough", lambda xp, x: xp.sin(x), lambda g, out, x: g * np.cos(getattr(x, "data", x))),
        "second derivative",
    ),
    (
        "floats only",
        lambda: primitive("odd", lambda xp, x: x * (1 if hasattr(x, "shape") else 2), lambda g, out, x: g * out / x),
        "differs between its forms",
    ),
    (
        "by the type of a number",
        lambda: primitive("sly", lambda xp, x: x * (2 if type(x) is float else 3), lambda g, out, x: g * out / x),
        "differs when it is compiled",
    ),
    (
        "noise only",
        lambda: primitive("noisy", lambda xp, x: x * 1e-12 + 1e9, lambda g, out, x: g * 1e-12),
        "could not be checked: undecided for all inputs tried",
    ),
    (
        "nothing finite",
        lambda: primitive("void", lambda xp, x: x * np.inf, lambda g, out, x: g),
        "cannot be checked: no inputs in its domain and away from its kinks give a finite result",
    ),
    (
        "a random one",
        lambda: primitive("dice", lambda xp, x: x * np.random.random(), lambda g, out, x: g * out / x),  # noqa: NPY002
        "draws from a global random generator",
    ),
]


@pytest.mark.covers
@pytest.mark.slow
@pytest.mark.parametrize(("make", "said"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_what_else_can_be_wrong_with_a_primitive(make: Any, said: str) -> None:
    assert said in message(make())


@pytest.mark.covers
@pytest.mark.slow
def test_right_ones_pass_in_every_form() -> None:
    cube = primitive("cube", lambda xp, x: x * x * x, lambda g, out, x: g * 3 * x * x)
    check_primitive(cube, max_examples=5)
    total = primitive(
        "total", lambda xp, a: a.sum(), lambda g, out, a: autograd.broadcast_to(g, shape=a.shape),
        elementwise=False, examples=((((3,),), {}), (((2, 3),), {})),
    )  # fmt: skip
    check_primitive(total, max_examples=5)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: check_primitive(print), "is no primitive"),
        (lambda: check_primitive("nothing"), "is no primitive"),
        (lambda: find(graphs([len]), lambda g: True), "is no primitive"),
        (lambda: tensors((), "int8"), "dtype must be"),
        (lambda: values((1.0, 1.0)), "low < high"),
    ],
)
def test_errors_say_what_to_do(call: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()


def test_an_array_operation_without_examples() -> None:
    bare = primitive("bare", lambda xp, a: a.sum(), lambda g, out, a: g, elementwise=False)
    with pytest.raises(ValueError, match="needs examples to be tested with"):
        check_primitive(bare)


TESTS = """
import pytest
from autograd import primitive
from autograd.testing import check_primitive

cube = primitive("cube", lambda xp, x: x * x * x, lambda g, out, x: g * 3 * x * x)
wrong = primitive("wrong", lambda xp, x: x * x * x, lambda g, out, x: g * 2 * x * x)

def test_gradients(own_primitive):
    check_primitive(own_primitive)

def test_nothing_else():
    pass
"""


@pytest.mark.slow
def test_the_plugin_runs_a_test_for_every_own_primitive(tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "autograd.testing.plugin", "--rootdir", str(tmp_path)]
    run = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "test_gradients[wrong]" in run.stdout
    assert "wrong has a wrong derivative" in run.stdout
    assert "1 failed, 2 passed" in run.stdout


def test_the_plugin_asks_only_for_own_primitives() -> None:
    class Metafunc:
        """What pytest hands to a plugin."""

        def __init__(self, *names: str) -> None:
            self.fixturenames = names
            self.called: list[Any] = []

        def parametrize(self, name: str, values: list[Any], ids: list[str]) -> None:
            self.called = [name, ids]

    wrong_tanh()
    asking, other = Metafunc("own_primitive"), Metafunc("tmp_path")
    plugin.pytest_generate_tests(asking)
    plugin.pytest_generate_tests(other)
    assert asking.called == ["own_primitive", ["wrong_tanh"]]
    assert other.called == []

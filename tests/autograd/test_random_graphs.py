"""Random graphs from the table of primitives: the engine against numerical derivatives, and against itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from autograd import TABLE, Tensor, Value, gradcheck, primitive
from autograd._checks.weights import weigher, weighted_gradient
from autograd._core.trees import flatten
from autograd._grad.transforms import trace
from autograd.testing import Graph, check_primitive, graphs
from autograd.testing._graphs import Place, Step

OWN = [made for made in TABLE.values() if made.forward.__module__.startswith("autograd.")]


@pytest.mark.slow
@pytest.mark.parametrize("made", OWN, ids=[made.name for made in OWN])
def test_every_primitive(made: Any) -> None:
    """First and second derivatives of each, of floats, of arrays and of arrays that broadcast."""
    check_primitive(made, max_examples=settings.default.max_examples // 5)


@pytest.mark.slow
@given(graph=graphs(OWN))
def test_gradients_of_random_graphs(graph: Graph) -> None:
    report = gradcheck(graph, *graph.inputs)
    event(report.verdict)
    assert report.verdict in ("pass", "undecided"), report


@pytest.mark.slow
@given(graph=graphs(OWN, max_operations=3))
def test_second_derivatives_of_random_graphs(graph: Graph) -> None:
    report = gradcheck(graph, *graph.inputs, order=2)
    event(report.verdict)
    assert report.verdict in ("pass", "undecided"), report


@pytest.mark.slow
@given(data=st.data())
def test_a_wrong_rule_in_a_random_graph_never_passes(data: st.DataObject) -> None:
    """One rule is 1 % wrong; wherever that shows in the gradient, the check says so."""
    wrong = primitive("wrong_tanh", lambda xp, x: xp.tanh(x), lambda g, out, x: 1.01 * g * (1 - out * out))
    graph = data.draw(graphs([*OWN, *[wrong] * 20]))
    steps = [line._replace(primitive=TABLE["tanh"]) if getattr(line, "primitive", None) is TABLE["wrong_tanh"] else line
             for line in graph.lines]  # fmt: skip
    found, right = (_gradient(each, graph.inputs) for each in (graph, Graph(steps)))
    if np.abs(found - right).max() > 1e-7 * np.abs(right).max():
        report = gradcheck(graph, *graph.inputs)
        event(report.verdict)
        assert report.verdict in ("fail", "undecided"), report


def _gradient(graph: Graph, inputs: list[Any]) -> np.ndarray:
    """Return all derivatives of the weighted sum of a graph's results, which is what gradcheck checks."""
    nodes = trace(inputs)
    outputs = list(flatten(graph(*nodes)))
    return np.concatenate([np.ravel(g) for g in weighted_gradient(outputs, weigher(0)(outputs), nodes)])


@given(graph=graphs([made for made in OWN if made.elementwise]))
def test_values_and_tensors_agree(graph: Graph) -> None:
    """Every number as a Value of its own, or as the only element of a Tensor: the same results, the same gradients."""
    numbers = [x for line in graph.lines for x in (line.args if isinstance(line, Step) else [line])]
    if any(np.ndim(x) for x in numbers if not isinstance(x, Place)):
        return
    values, tensors = [Value(x) for x in graph.inputs], [Tensor(x) for x in graph.inputs]
    for value, tensor in zip(flatten(graph(*values)), flatten(graph(*tensors)), strict=True):
        assert value.data == pytest.approx(tensor.item(), rel=1e-12, abs=1e-12)
        value.backward()
        tensor.backward()
    for value, tensor in zip(values, tensors, strict=True):
        assert value.grad == pytest.approx(tensor.grad.item(), rel=1e-9, abs=1e-9)


@pytest.mark.slow
@given(graph=graphs(OWN))
def test_a_run_is_reproducible_to_the_bit(graph: Graph) -> None:
    def gradients() -> list[bytes]:
        nodes = graph.nodes()
        for node in nodes:
            (node if node.shape == () else node.sum()).backward()  # type: ignore[attr-defined]
        return [np.asarray(node.grad).tobytes() for node in nodes]

    assert gradients() == gradients()

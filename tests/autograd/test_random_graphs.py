"""Random graphs from the table of primitives: the engine against numerical derivatives, and against itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import event, given

from autograd import TABLE, Tensor, Value, gradcheck
from autograd._functional import flatten
from autograd.testing import Graph, check_primitive, graphs
from autograd.testing._graphs import Step

OWN = [made for made in TABLE.values() if made.forward.__module__.startswith("autograd.")]


@pytest.mark.parametrize("made", OWN, ids=[made.name for made in OWN])
def test_every_primitive(made: Any) -> None:
    """First and second derivatives of each, of floats, of arrays and of arrays that broadcast."""
    check_primitive(made)


@given(graph=graphs(OWN))
def test_gradients_of_random_graphs(graph: Graph) -> None:
    report = gradcheck(graph, *graph.inputs)
    event(report.verdict)
    assert report.verdict in ("pass", "undecided"), report


@given(graph=graphs(OWN, max_operations=3))
def test_second_derivatives_of_random_graphs(graph: Graph) -> None:
    report = gradcheck(graph, *graph.inputs, order=2)
    event(report.verdict)
    assert report.verdict in ("pass", "undecided"), report


@given(graph=graphs([made for made in OWN if made.elementwise]))
def test_values_and_tensors_agree(graph: Graph) -> None:
    """Every number as a Value of its own, or as the only element of a Tensor: the same results, the same gradients."""
    if any(np.ndim(x) for line in graph.lines for x in (line.args if isinstance(line, Step) else [line])):
        return
    values, tensors = [Value(x) for x in graph.inputs], [Tensor(x) for x in graph.inputs]
    for value, tensor in zip(flatten(graph(*values)), flatten(graph(*tensors)), strict=True):
        assert value.data == pytest.approx(tensor.item(), rel=1e-12, abs=1e-12)
        value.backward()
        tensor.backward()
    for value, tensor in zip(values, tensors, strict=True):
        assert value.grad == pytest.approx(tensor.grad.item(), rel=1e-9, abs=1e-9)


@given(graph=graphs(OWN))
def test_a_run_is_reproducible_to_the_bit(graph: Graph) -> None:
    def gradients() -> list[bytes]:
        nodes = graph.nodes()
        for node in nodes:
            (node if node.shape == () else node.sum()).backward()  # type: ignore[attr-defined]
        return [np.asarray(node.grad).tobytes() for node in nodes]

    assert gradients() == gradients()

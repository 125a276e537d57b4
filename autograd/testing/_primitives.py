"""`check_primitive`: one call that property-tests a primitive."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from .._functional import trace
from .._gradcheck import gradcheck
from .._primitive import Primitive, leaf, shape
from ._graphs import Graph, forms, row, single
from ._strategies import broadcastable_shapes

SAME = 8 * 2.0**-52
"""Forms of one operation agree to so many roundings."""


def check_primitive(operation: Any, max_examples: int = 25) -> None:
    """Property-test a primitive in all its forms, and show the smallest computation in which it is wrong.

    The forms are floats, arrays, arrays that broadcast (of an elementwise primitive) or its own `examples`. In each, up
    to `max_examples` random inputs in its domain and away from its kinks are tried: first and second derivatives are
    compared with numerical ones (see `gradcheck`), Values with Tensors. `operation` is the function that `primitive`
    returned, or its name.
    Raises AssertionError with the computation if anything is wrong, ValueError for what is no primitive or for one that
    needs `examples` and has none.

    >>> from autograd.testing import check_primitive
    >>> check_primitive(tanh)
    >>> wrong = primitive("wrong_tanh", lambda xp, x: xp.tanh(x), lambda g, out, x: 1.01 * g * (1 - out * out))
    >>> check_primitive(wrong)
    Traceback (most recent call last):
    AssertionError: wrong_tanh has a wrong derivative:
    a = 0.5
    out = wrong_tanh(a)
    fail: 1 derivative in ... calls of the function
      fail at a: analytic 0.7943122..., numerical 0.7864477... ± ...: 1.01 times what it should be
    """
    made = row(operation)
    for graphs in _forms(made):
        _try(made, graphs, max_examples)


def _try(made: Primitive, graphs: st.SearchStrategy[Graph], max_examples: int) -> None:
    verdicts: set[str] = set()

    @settings(
        max_examples=max_examples,
        deadline=None,
        database=None,
        derandomize=True,
        report_multiple_bugs=False,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(graphs)
    def check(graph: Graph) -> None:
        verdicts.add(_verdict(made, graph))

    try:
        check()
    except AssertionError as error:
        # Hypothesis adds notes for those who know it; the message alone holds the smallest computation.
        raise AssertionError(str(error)) from None
    except Unsatisfiable as error:
        where = "no inputs in its domain and away from its kinks give a finite result"
        raise AssertionError(f"{made.name} cannot be checked: {where}") from error
    if "pass" not in verdicts:
        raise AssertionError(f"{made.name} could not be checked: {' or '.join(sorted(verdicts))} for all inputs tried")


def _forms(made: Primitive) -> list[st.SearchStrategy[Graph]]:
    found: list[st.SearchStrategy[Graph]] = [single(made, example) for example in forms(made)]
    if made.elementwise and made.arity is not None:
        own: Any = forms(made)[0][1]
        found.append(single(made, (((3,),) * made.arity, own)))
        if made.arity > 1:
            found.append(broadcastable_shapes(made.arity).flatmap(lambda shapes: single(made, (shapes, own))))
    return found


def _verdict(made: Primitive, graph: Graph) -> str:
    """Return the verdict on one computation; raise AssertionError if it is wrong."""
    try:
        report = gradcheck(graph, *graph.inputs, order=2)
    except Exception as error:
        raise AssertionError(
            f"{made.name} cannot be differentiated:\n{graph}\n{type(error).__name__}: {error}"
        ) from error
    if report.verdict == "fail":
        raise AssertionError(f"{made.name} has a wrong derivative:\n{graph}\n{report}")
    if report.verdict == "non-differentiable":
        raise AssertionError(
            f"{made.name} has no derivative here; declare it with kink=..., a function of its arguments that is zero "
            f"there:\n{graph}\n{report}"
        )
    assert report.verdict != "invalid", f"{made.name} cannot be checked here; is its domain right?\n{graph}\n{report}"
    value = graph(*trace(graph.inputs))
    if made.elementwise and all(not shape(x) for x in graph.inputs):
        array = graph(*(leaf(_array(x)) for x in graph.inputs)).item()
        close = math.isclose(value.data, array, rel_tol=SAME, abs_tol=1e-300)
        assert close, f"{made.name} of a Value is {value.data!r}, of a Tensor {array!r}:\n{graph}"
    return report.verdict


def _array(x: float) -> Any:
    import numpy

    return numpy.asarray(x)

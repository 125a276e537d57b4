"""`check_primitive`: one call that property-tests a primitive."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from autograd import Tensor, Value
from autograd._checks.gradcheck import gradcheck
from autograd._compiler.compile import compile
from autograd._core.data import shape
from autograd._core.node import kinds
from autograd._core.primitive import Primitive
from autograd._core.signature import as_raw
from autograd._core.trees import flatten

from ._graphs import Graph, forms, row, single
from ._strategies import broadcastable_shapes

SAME = 8 * 2.0**-52
"""How many roundings forms of one operation may differ by."""


class WrongPrimitive(AssertionError):
    """A mistake that `check_primitive` found; `graph` is the smallest computation that shows it."""

    __module__ = "autograd.testing"

    def __init__(self, message: str, graph: Graph) -> None:
        super().__init__(message)
        self.graph = graph


def check_primitive(operation: Callable[..., Any] | str | Primitive, max_examples: int = 25) -> None:
    """Property-test a primitive in all its forms, and show the smallest computation in which it is wrong.

    The forms are floats, arrays, arrays that broadcast (of an elementwise primitive) or its own `examples`. In each, up
    to `max_examples` random inputs in its domain and away from its kinks are tried: first and second derivatives are
    compared with numerical ones (see `gradcheck`), Values with Tensors, recorded with compiled. `operation` is the
    function that `primitive` returned, or its name.
    Raises WrongPrimitive, an AssertionError, with the computation if anything is wrong (in a notebook it is drawn,
    too), AssertionError if nothing could be checked, ValueError for an unknown primitive, and for one that needs
    `examples` and has none.

    >>> from autograd.testing import check_primitive
    >>> check_primitive(tanh)
    >>> wrong = primitive("tanh_wrong", lambda xp, x: xp.tanh(x), lambda g, out, x: 1.01 * g * (1 - out * out))
    >>> check_primitive(wrong)
    Traceback (most recent call last):
    autograd.testing.WrongPrimitive: tanh_wrong has a wrong derivative:
    a = 0.5
    out = tanh_wrong(a)
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
    except WrongPrimitive as error:
        notebook = sys.modules.get("IPython")
        if notebook and notebook.get_ipython():
            notebook.display.display(error.graph)
        # Hypothesis adds notes for those who know it; the message alone holds the smallest computation.
        raise WrongPrimitive(str(error), error.graph) from None
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
    """Return the verdict on one computation; raise WrongPrimitive if it is wrong."""

    def wrong(what: str, detail: object) -> WrongPrimitive:
        return WrongPrimitive(f"{made.name} {what}:\n{graph}\n{detail}", graph)

    try:
        report = gradcheck(graph, *graph.inputs, order=2)
    except Exception as error:
        raise wrong("cannot be differentiated", f"{type(error).__name__}: {error}") from error
    if report.verdict == "fail":
        raise wrong("has a wrong derivative", report)
    if report.verdict == "invalid":
        raise wrong("cannot be checked here; is its domain right?", report)
    if report.verdict == "non-differentiable":
        kink = "declare it with kink=..., a function of its arguments that is zero there"
        which = "second derivative" if gradcheck(graph, *graph.inputs) else "derivative"
        raise wrong(f"has no {which} here; {kink}", report)
    eager = as_raw(graph(*[kinds["array" if shape(x) else "float"](x) for x in graph.inputs]))
    with numpy.errstate(all="ignore"):
        fast = compile(graph)(*graph.inputs)
    if not all(numpy.array_equal(a, b, equal_nan=True) for a, b in zip(flatten(eager), flatten(fast))):
        raise wrong("differs when it is compiled", f"recorded it is {eager!r}, compiled {fast!r}")
    if made.elementwise and all(not shape(x) for x in graph.inputs):
        value, array = (graph(*map(kind, graph.inputs)).item() for kind in (Value, Tensor))
        if not math.isclose(value, array, rel_tol=SAME, abs_tol=SAME):
            raise wrong("differs between its forms", f"of a Value it is {value!r}, of a Tensor {array!r}")
    return report.verdict

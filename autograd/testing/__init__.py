"""Property tests of gradients: strategies for Hypothesis, random graphs, and a check of one's own primitives.

Needs Hypothesis, which `pip install hypothesis` installs.
"""

try:
    import hypothesis  # noqa: F401
except ImportError as error:  # pragma: no cover - the tests need it themselves
    raise ImportError("autograd.testing needs Hypothesis: pip install hypothesis") from error

from autograd._checks.gradcheck import gradcheck, gradcheck_module

from ._graphs import Graph, graphs
from ._primitives import WrongPrimitive, check_primitive
from ._strategies import broadcastable_shapes, tensors, values

__all__ = [
    "Graph",
    "WrongPrimitive",
    "broadcastable_shapes",
    "check_primitive",
    "gradcheck",
    "gradcheck_module",
    "graphs",
    "tensors",
    "values",
]

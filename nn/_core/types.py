"""Names of types, which annotations use and `help` shows.

A name stands for Any where the data come in more forms than a union of types can list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import TYPE_CHECKING, Any, Literal, SupportsIndex

from autograd import Node

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]
    """An array of NumPy."""
    Generator = numpy.random.Generator
    """A generator of random numbers, of NumPy."""
else:
    # NumPy is imported where it is in use.
    Array = Generator = Any

Rows = Any
"""Data with a row for each sample: a list, an array, a memory map, a table or a tensor of PyTorch."""

Batches = Any
"""A stream: batches (X, y) or (X, y, weight) that can be iterated, or a function of the epoch that returns some."""

Targets = Any
"""The answers that a network is to give, one a sample, held like Rows: numbers, labels, or rows of probabilities."""

Labels = Any
"""The labels of all classes, numbers or texts, in a list or an array."""

Weights = Any
"""Numbers from 0, one for each sample, class or column: a list, an array, a series or a node."""

ClassWeights = Mapping[Any, float] | Literal["balanced"]
"""The weight of each class by its label, or weights by how often each class occurs."""

Input = Any
"""A sample or a batch that a layer takes: numbers or nodes in lists, an array, a Tensor or a table."""

Output = Any
"""The result of a layer or a network: a node, an array, or lists of nodes or numbers."""

Cost = Any
"""The result of a loss or a penalty: one number, which is a node if it was computed from nodes."""

Operand = Any
"""Numbers inside a loss: a number, a node, an array, or lists of numbers and nodes."""

Numbers = Any
"""Numbers without nodes around them: a float, an array, or lists of floats."""

Nested = Any
"""Numbers, nodes or labels: alone, in an array, or in lists inside each other."""

Json = Any
"""Data that JSON can hold: None, a bool, a number, a text, a list of these or a dict of these by text."""

Dtype = Any
"""The type of numbers of a network: "float32" or "float64", as text or as NumPy has it."""

Unchecked = Any
"""A setting as a user gives it, before it is checked."""

Parameters = Iterable[Node | Mapping[str, Any]]
"""Leaf nodes, or groups of them: dicts with "params" and settings of their own."""

Loss = Callable[..., Cost]
"""A function (y_hat, y), or (y_hat, y, *, weight=None), that returns a Cost."""

Metric = Callable[[Output, Targets], Any]
"""A function (y_hat, y) of raw outputs and targets that returns a number."""

Activation = str | Callable[[Any], Any]
"""A name in ACTIVATIONS, or the function itself."""

Seed = SupportsIndex | Random | Generator | None
"""Where random numbers come from: a whole number, a generator, or None for the source that `nn.seed` sets."""

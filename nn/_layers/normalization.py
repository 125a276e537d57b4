"""Normalisation over a batch and over a sample, of Values and of Tensors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import ModuleType
from typing import Any, TypeVar

from autograd import Node, Tensor, Value, mean, reshape, sqrt, var
from autograd.files import brief
from nn._core.settings import real
from nn._core.types import Input, Operand, Output, Unchecked

from .batches import Form, as_array, as_values, count, form, is_batch
from .buffers import update_buffer
from .dense import copy_without, frozen_whole, layer_number, put_number
from .marks import mark_parameters, marked
from .module import Module
from .portable import Graph, Portable, built_in

L = TypeVar("L", bound=Module)

SCALE = ("w", "w0")
"""The parameters of a normalisation."""


@built_in
class BatchNorm(Portable):
    """Each input, or channel, scaled to mean 0 and variance 1 over the batch, then w * x + w0.

    Takes batches (n, n_in) and, of Tensors, (n, n_in, length) and (n, n_in, height, width): the mean is over all axes
    but the second. In training the mean and the variance of the batch are used, and `running_mean` and `running_var`
    move towards them, by the part `momentum`; after training these are used (Ioffe and Szegedy 2015). As elsewhere,
    the running variance is the unbiased one, divided by n - 1. `eps` is added to the variance. `of` and `number` as for
    `Layer`. Raises ValueError for other shapes and settings, and in training for a single number a channel, which has
    no variance.

    >>> [[round(y.data, 3) for y in row] for row in BatchNorm(2)([[1.0, 0.0], [3.0, 4.0]])]
    [[-1.0, -1.0], [1.0, 1.0]]
    """

    buffers = ("running_mean", "running_var")
    _torch_state = (*SCALE, *buffers)

    def __init__(
        self, n_in: int, *, of: Form = Value, momentum: float = 0.1, eps: float = 1e-5, number: int | str = ""
    ) -> None:
        self.n_in = self.n_out = count(n_in, "n_in")
        self.of, self.number, self.eps = form(of), layer_number(number), checked_eps(eps)
        self.momentum = real("momentum", momentum, lambda momentum: 0 < momentum <= 1, "above 0 and at most 1")
        self.w, self.w0 = scale_and_shift((n_in,), of, number)
        if of is Tensor:
            self.running_mean: Any = Tensor([0.0] * n_in, "running_mean")
            self.running_var: Any = Tensor([1.0] * n_in, "running_var")
        else:
            self.running_mean = [Value(0.0, "running_mean") for _ in range(n_in)]
            self.running_var = [Value(1.0, "running_var") for _ in range(n_in)]

    def __call__(self, x: Input) -> Output:
        """Return the batch, normalised, in its shape."""
        return marked(self._of_tensor(x) if self.of is Tensor else self._of_values(x), self.number)

    def _of_tensor(self, x: Input) -> Output:
        x = as_array(x, self.w.dtype)
        if len(x.shape) < 2 or x.shape[1] != self.n_in:
            raise ValueError(f"this layer takes (n, {self.n_in}) or (n, {self.n_in}, ...); got shape {x.shape}")
        inner = (self.n_in,) + (1,) * (len(x.shape) - 2)
        middle, spread = reshape(self.running_mean, shape=inner), reshape(self.running_var, shape=inner)
        if self.training:
            axes = (0, *range(2, len(x.shape)))
            n = math.prod(x.shape) // self.n_in
            middle, spread = mean(x, axis=axes, keepdims=True), var(x, axis=axes, keepdims=True)
            self._keep(self.running_mean, reshape(middle, shape=(self.n_in,)), n)
            self._keep(self.running_var, reshape(spread, shape=(self.n_in,)) * (n / max(n - 1, 1)), n)
        return (x - middle) / sqrt(spread + self.eps) * reshape(self.w, shape=inner) + reshape(self.w0, shape=inner)

    def _of_values(self, x: Input) -> Output:
        x = as_values(x, self.n_in)
        if not is_batch(x):
            raise ValueError(f"this layer takes a batch, a list of samples of {self.n_in} numbers; got one sample")
        columns = []
        for k, column in enumerate(zip(*x)):
            middle, spread = self.running_mean[k], self.running_var[k]
            if self.training:
                n = len(column)
                middle, spread = moments(column)
                self._keep(self.running_mean[k], middle, n)
                self._keep(self.running_var[k], spread * (n / max(n - 1, 1)), n)
            scale = sqrt(spread + self.eps)
            columns.append([(item - middle) / scale * self.w[k] + self.w0[k] for item in column])
        return [list(row) for row in zip(*columns)]

    def _keep(self, running: Node, new: Operand, n: int) -> None:
        """Move a running mean or variance towards that of a batch, of n numbers a channel."""
        if n < 2:
            raise ValueError(
                "in training BatchNorm needs two numbers or more of each channel, for a variance; take another batch "
                "size, with which the last batch of an epoch is no single sample either"
            )
        new = new.detach() if isinstance(new, (Value, Tensor)) else new
        update_buffer(running, lambda old: old * (1 - self.momentum) + new * self.momentum)

    def put_number(self, number: int | str) -> None:
        """Number a layer that has no number yet: it stands in the labels of the parameters."""
        put_number(self, number)

    def to(self, kind: Form) -> BatchNorm:
        """Return the same layer, with the same numbers, made of `kind`: Value or Tensor."""
        fresh = BatchNorm(self.n_in, of=kind, number=self.number)
        return converted(self, fresh, (*SCALE, *self.buffers))

    def _write_onnx(self, graph: Graph) -> None:
        tensors = (self.w, self.w0, self.running_mean, self.running_var)
        graph.add("BatchNormalization", *tensors, epsilon=self.eps)

    def _make_torch(self, nn: Any) -> list[Any]:
        # PyTorch has a class for each number of axes; one that takes any is made of the same parts.
        class AnyBatchNorm(nn.modules.batchnorm._BatchNorm):  # type: ignore[misc]
            def _check_input_dim(self, x: Input) -> None:
                """Take any number of axes."""

        return [AnyBatchNorm(self.n_in, eps=self.eps, momentum=self.momentum)]

    def __repr__(self) -> str:
        return f"BatchNorm({self.n_in}, of={self.of.__name__})"


@built_in
class LayerNorm(Portable):
    """The numbers of each sample scaled to mean 0 and variance 1, then w * x + w0, element by element.

    `n_in` is the length of the last axis or, of Tensors, the lengths of the last axes, over which the mean is taken
    together (Ba et al. 2016). Takes a sample or a batch. `eps` is added to the variance; `of` and `number` as for
    `Layer`. Raises ValueError for other shapes and settings.

    >>> [round(y.data, 3) for y in LayerNorm(2)([1.0, 3.0])]
    [-1.0, 1.0]
    """

    _torch_state = SCALE

    def __init__(
        self, n_in: int | tuple[int, ...], *, of: Form = Value, eps: float = 1e-5, number: int | str = ""
    ) -> None:
        self.of, self.number, self.eps = form(of), layer_number(number), checked_eps(eps)
        listed: Any = n_in.tolist() if hasattr(n_in, "tolist") else n_in
        self.lengths = tuple(count(n, "n_in") for n in (listed if isinstance(listed, (tuple, list)) else (listed,)))
        self.n_in = self.n_out = self.lengths if isinstance(listed, (tuple, list)) else self.lengths[0]
        if not self.lengths:
            raise ValueError(f"n_in must be the length of an axis, or of the last axes; got {brief(n_in)}")
        if of is Value and len(self.lengths) != 1:
            raise ValueError(f"of Values a sample has one axis, so n_in is a number; got {brief(n_in)}")
        self.w, self.w0 = scale_and_shift(self.lengths, of, number)

    def __call__(self, x: Input) -> Output:
        """Return the sample or the batch, normalised, in its shape."""
        if self.of is Tensor:
            x = as_array(x, self.w.dtype)
            if tuple(x.shape[-len(self.lengths) :]) != self.lengths:
                raise ValueError(f"this layer takes samples of shape {self.lengths}; got shape {x.shape}")
            axes = tuple(range(-len(self.lengths), 0))
            middle, spread = mean(x, axis=axes, keepdims=True), var(x, axis=axes, keepdims=True)
            return marked((x - middle) / sqrt(spread + self.eps) * self.w + self.w0, self.number)
        x = as_values(x, self.lengths[0])
        y = [self._normalised(sample) for sample in x] if is_batch(x) else self._normalised(x)
        return marked(y, self.number)

    def _normalised(self, sample: Input) -> list[Any]:
        middle, spread = moments(sample)
        scale = sqrt(spread + self.eps)
        return [(item - middle) / scale * w + w0 for item, w, w0 in zip(sample, self.w, self.w0)]

    def put_number(self, number: int | str) -> None:
        """Number a layer that has no number yet: it stands in the labels of the parameters."""
        put_number(self, number)

    def to(self, kind: Form) -> LayerNorm:
        """Return the same layer, with the same numbers, made of `kind`: Value or Tensor."""
        return converted(self, LayerNorm(self.n_in, of=kind, number=self.number), SCALE)

    def _write_onnx(self, graph: Graph) -> None:
        graph.add("LayerNormalization", self.w, self.w0, axis=-len(self.lengths), epsilon=self.eps)

    def _make_torch(self, nn: ModuleType) -> list[Any]:
        return [nn.LayerNorm(self.lengths, eps=self.eps)]

    def __repr__(self) -> str:
        return f"LayerNorm({self.n_in}, of={self.of.__name__})"


def scale_and_shift(lengths: tuple[int, ...], of: Form, number: int | str) -> tuple[Any, Any]:
    """Return ones and zeros, labelled as the weights and the biases of neurons with one input each."""
    layer = f"({number})" if number else ""
    if of is Value:
        places = range(1, lengths[0] + 1)
        w, w0 = [Value(1.0, f"w{layer}_1,{k}") for k in places], [Value(0.0, f"w{layer}_0,{k}") for k in places]
        for k in places:
            mark_parameters(w[k - 1], w0[k - 1], number, k)
        return w, w0
    ones = Tensor([1.0] * math.prod(lengths)).data.reshape(lengths)
    whole, shift = Tensor(ones, f"w{layer}"), Tensor(ones * 0.0, f"w{layer}_0")
    mark_parameters(whole, shift, number)
    return whole, shift


def checked_eps(eps: Unchecked) -> float:
    return real("eps", eps, lambda eps: 0 <= eps < math.inf, "0 or a positive number")


def moments(values: Sequence[Any]) -> tuple[Any, Any]:
    """Return the mean and the variance of a list of Values or numbers."""
    middle = sum(values) / len(values)
    return middle, sum((item - middle) ** 2 for item in values) / len(values)


def converted(layer: L, fresh: L, names: tuple[str, ...]) -> L:
    """Return a copy of a layer whose nodes with these `names` have the form of those of a `fresh` layer."""
    made: L = copy_without(layer, ("of", *names))
    for name in ("of", *names):
        setattr(made, name, getattr(fresh, name))
    for name in names:
        give(getattr(layer, name), getattr(made, name))
    return made


def give(own: Tensor | list[Value], other: Tensor | list[Value]) -> None:
    """Copy the data and the `frozen` of a Tensor, or of a list of Values, to another one."""
    nodes = [own] if isinstance(own, Tensor) else own
    numbers = own.data if isinstance(own, Tensor) else [item.data for item in own]
    if isinstance(other, Tensor):
        other.data, other.frozen = numbers, frozen_whole(nodes)
    else:
        for k, item in enumerate(other):
            item.data, item.frozen = float(numbers[k]), nodes[k % len(nodes)].frozen

"""Layers of images (n, channels, height, width) and sequences (n, channels, length), of Tensors only."""

from __future__ import annotations

import math
from copy import deepcopy
from types import ModuleType
from typing import Any

import autograd
from autograd import Tensor, conv, mean, reshape, windows
from autograd.files import brief
from nn._core.random import generator
from nn._core.settings import whole
from nn._core.types import Activation, Dtype, Input, Output, Seed, Unchecked

from .activations import activation_function, activation_name, deviation, row_of
from .batches import Form, as_array, count
from .dense import layer_number, put_number
from .marks import mark_parameters, marked
from .portable import Graph, Portable, built_in
from .windows import onnx_pool, onnx_window, torch_pad, window_of

Lengths = int | tuple[int, ...]
Padding = str | int | tuple[Any, ...]
AXES = {1: "(n, {}, length)", 2: "(n, {}, height, width)"}


class Convolution(Portable):
    """The common part of Conv1d and Conv2d."""

    rank = 0
    """The number of axes that windows slide along."""

    _torch_state = ("w", "w0")

    def __init__(
        self,
        n_in: int,
        n_out: int,
        size: Lengths,
        activation: Activation = "linear",
        *,
        stride: Lengths = 1,
        padding: Padding = 0,
        dilation: Lengths = 1,
        groups: int = 1,
        init: str | float | None = None,
        seed: Seed = None,
        number: int | str = "",
    ) -> None:
        self.n_in, self.n_out, self.groups = count(n_in, "n_in"), count(n_out, "n_out"), count(groups, "groups")
        self.size, self.stride = lengths("size", size, self.rank), lengths("stride", stride, self.rank)
        self.padding, self.dilation = padded(padding, self.rank), lengths("dilation", dilation, self.rank)
        self.activation, self.g = activation, activation_function(activation)
        self.init, self.seed, self.number = init, seed, layer_number(number)
        if n_in % groups or n_out % groups:
            raise ValueError(f"groups={groups} must divide the channels in and out, {n_in} and {n_out}")
        window = self.size if isinstance(self.size, tuple) else (self.size,) * self.rank
        area = math.prod(window)
        rng = generator(seed)
        sigma = deviation(n_in // groups * area, n_out // groups * area, activation, init)
        weights = [rng.gauss(0.0, sigma) for _ in range(n_out * n_in // groups * area)]
        layer = f"({number})" if number else ""
        self.w0 = Tensor([0.0] * n_out, f"w{layer}_0")
        self.w = Tensor(Tensor(weights).data.reshape(n_out, n_in // groups, *window), f"w{layer}")
        mark_parameters(self.w, self.w0, number)

    def __call__(self, x: Input) -> Output:
        """Return the feature maps (n, n_out, ...) of a batch (n, n_in, ...)."""
        x = images(x, self.rank, self.n_in, self.w.dtype)
        z = conv(x, self.w, stride=self.stride, padding=self.padding, dilation=self.dilation, groups=self.groups)
        return marked(self.g(z + reshape(self.w0, shape=(-1,) + (1,) * self.rank)), self.number)

    def put_number(self, number: int | str) -> None:
        """Number a layer that has no number yet: it stands in the labels of the parameters."""
        put_number(self, number)

    def to(self, kind: Form) -> Convolution:
        """Return a copy, with weights of its own; raise ValueError for another kind than Tensor."""
        if kind is not Tensor:
            raise ValueError(f"{type(self).__name__} is made of Tensors alone; a network of Values has Layers")
        return deepcopy(self)

    def _write_onnx(self, graph: Graph) -> None:
        graph.add("Conv", self.w, self.w0, group=self.groups, **onnx_window(window_of(self, self.rank)))
        row_of(self).onnx(graph)

    def _make_torch(self, nn: ModuleType) -> list[Any]:
        window, kind = window_of(self, self.rank), getattr(nn, f"Conv{self.rank}d")
        how = {"groups": self.groups, "stride": window.stride, "dilation": window.dilation}
        made = kind(self.n_in, self.n_out, window.size, **how)
        return [*torch_pad(nn, window, 0.0), made, *row_of(self).torch(nn)]

    def _sample(self) -> list[Any]:
        return [self.n_in, *("length",) * (self.rank == 1), *("height", "width") * (self.rank == 2)]

    def __repr__(self) -> str:
        name = activation_name(self.activation)
        return f"{type(self).__name__}({self.n_in} -> {self.n_out}, size={self.size}, {name})"


@built_in
class Conv1d(Convolution):
    """A convolution of sequences (n, n_in, length) with n_out filters, `w` (n_out, n_in / groups, size).

    The n_out biases are `w0`. A window of `size` goes along in steps of `stride`; its elements lie `dilation` apart;
    they are weighted, added up, and give one number of each filter, then `activation`. `padding` puts zeros at both
    ends: a number, a pair (before, after), "valid" (none) or "same" (the result has the length of the input, divided by
    `stride` and rounded up; of an odd number of zeros the last goes after). With `groups` the channels are split into
    as many parts, each with filters of its own. `init` and `seed` as for `Perceptron`. Raises ValueError for settings
    and shapes that do not fit.

    >>> Conv1d(2, 3, 5, padding="same")([[[0.0] * 7] * 2]).shape
    (1, 3, 7)
    """

    rank = 1


@built_in
class Conv2d(Convolution):
    """A convolution of images (n, n_in, height, width) with n_out filters `w` of (n_in / groups, *size).

    As `Conv1d` with two axes: `size`, `stride`, `dilation` and `padding` are one number, or a pair for height and
    width; in it, a padding may again be a pair (before, after).

    >>> Conv2d(1, 8, 3, "relu", padding="same")([[[[0.0] * 8] * 8]]).shape
    (1, 8, 8, 8)
    """

    rank = 2


@built_in
class MaxPool2d(Portable):
    """The largest number in each window of images (n, channels, height, width), in each channel.

    `size`, `stride` (as the size if None), `padding` and `dilation` as for `Conv2d`; padding is never the largest.
    Equal largest numbers share the gradient equally.

    >>> MaxPool2d(2)([[[[1.0, 2.0], [4.0, 3.0]]]]).tolist()
    [[[[4.0]]]]
    """

    def __init__(
        self, size: Lengths, stride: Lengths | None = None, padding: Padding = 0, dilation: Lengths = 1
    ) -> None:
        self.size, self.stride = lengths("size", size, 2), None if stride is None else lengths("stride", stride, 2)
        self.padding, self.dilation = padded(padding, 2), lengths("dilation", dilation, 2)

    def __call__(self, x: Input) -> Output:
        """Return the largest numbers (n, channels, windows down, windows across)."""
        stride = self.size if self.stride is None else self.stride
        how = {"stride": stride, "padding": self.padding, "dilation": self.dilation}
        return autograd.max(windows(images(x, 2), size=self.size, fill=-math.inf, **how), axis=(-2, -1))

    def _write_onnx(self, graph: Graph) -> None:
        graph.add("MaxPool", **onnx_pool(self))

    def _make_torch(self, nn: ModuleType) -> list[Any]:
        window = window_of(self, 2)
        made = nn.MaxPool2d(window.size, stride=window.stride, dilation=window.dilation)
        return [*torch_pad(nn, window, -math.inf), made]

    def __repr__(self) -> str:
        return f"MaxPool2d(size={self.size})"


@built_in
class AvgPool2d(Portable):
    """The mean of each window of images (n, channels, height, width), in each channel.

    `size`, `stride` (as the size if None) and `padding` as for `Conv2d`; padding counts as zeros.

    >>> AvgPool2d(2)([[[[1.0, 2.0], [4.0, 3.0]]]]).tolist()
    [[[[2.5]]]]
    """

    def __init__(self, size: Lengths, stride: Lengths | None = None, padding: Padding = 0) -> None:
        self.size, self.stride = lengths("size", size, 2), None if stride is None else lengths("stride", stride, 2)
        self.padding = padded(padding, 2)

    def __call__(self, x: Input) -> Output:
        """Return the means (n, channels, windows down, windows across)."""
        stride = self.size if self.stride is None else self.stride
        return mean(windows(images(x, 2), size=self.size, stride=stride, padding=self.padding), axis=(-2, -1))

    def _write_onnx(self, graph: Graph) -> None:
        graph.add("AveragePool", count_include_pad=1, **onnx_pool(self))

    def _make_torch(self, nn: ModuleType) -> list[Any]:
        window = window_of(self, 2)
        return [*torch_pad(nn, window, 0.0), nn.AvgPool2d(window.size, window.stride)]

    def __repr__(self) -> str:
        return f"AvgPool2d(size={self.size})"


@built_in
class GlobalAvgPool2d(Portable):
    """The mean of each channel of images: (n, channels, height, width) becomes (n, channels).

    >>> GlobalAvgPool2d()([[[[1.0, 2.0], [4.0, 3.0]]]]).tolist()
    [[2.5]]
    """

    _flattens = True

    def __call__(self, x: Input) -> Output:
        """Return the means (n, channels)."""
        return mean(images(x, 2), axis=(2, 3))

    def _write_onnx(self, graph: Graph) -> None:
        graph.add("ReduceMean", axes=[2, 3], keepdims=0)

    def _make_torch(self, nn: ModuleType) -> list[Any]:
        return [nn.AdaptiveAvgPool2d(1), nn.Flatten()]


@built_in
class GlobalMaxPool2d(Portable):
    """The largest number of each channel of images: (n, channels, height, width) becomes (n, channels).

    >>> GlobalMaxPool2d()([[[[1.0, 2.0], [4.0, 3.0]]]]).tolist()
    [[4.0]]
    """

    _flattens = True

    def __call__(self, x: Input) -> Output:
        """Return the largest numbers (n, channels)."""
        return autograd.max(images(x, 2), axis=(2, 3))

    def _write_onnx(self, graph: Graph) -> None:
        graph.add("ReduceMax", axes=[2, 3], keepdims=0)

    def _make_torch(self, nn: ModuleType) -> list[Any]:
        return [nn.AdaptiveMaxPool2d(1), nn.Flatten()]


@built_in
class Flatten(Portable):
    """All numbers of a sample in one row: (n, channels, ...) becomes (n, inputs), for a `Layer`.

    >>> Flatten()([[[[1.0, 2.0], [4.0, 3.0]]]]).tolist()
    [[1.0, 2.0, 4.0, 3.0]]
    """

    _flattens = True

    def __call__(self, x: Input) -> Output:
        """Return the batch as (n, inputs)."""
        x = as_array(x)
        if len(x.shape) < 2:
            raise ValueError(f"Flatten takes a batch (n, ...), of 2 axes or more; got shape {x.shape}")
        return reshape(x, shape=(x.shape[0], math.prod(x.shape[1:])))

    def _write_onnx(self, graph: Graph) -> None:
        graph.add("Flatten", axis=1)

    def _make_torch(self, nn: ModuleType) -> list[Any]:
        return [nn.Flatten()]


def lengths(name: str, item: Unchecked, rank: int) -> Lengths:
    """Return a setting of a window as a number, or a tuple with one for each axis; raise ValueError."""
    listed = item.tolist() if hasattr(item, "tolist") else item
    if not isinstance(listed, (list, tuple)):
        return count(listed, name)
    if len(listed) != rank:
        raise ValueError(f"{name} of the window must be a number, or {rank}, one an axis; got {brief(item)}")
    return tuple(count(length, name) for length in listed)


def padded(padding: Unchecked, rank: int) -> Padding:
    """Return a padding with plain numbers; raise ValueError for one that a convolution does not take."""
    listed = padding.tolist() if hasattr(padding, "tolist") else padding
    if isinstance(listed, str) and listed not in ("same", "valid"):
        raise ValueError(f"padding must be 'same', 'valid' or numbers; got {brief(listed)}")
    if isinstance(listed, str):
        return listed
    if not isinstance(listed, (list, tuple)):
        return whole("padding", listed, 0, ", 'same' or 'valid'")
    if rank == 1 and len(listed) == 2:
        listed = [listed]
    if len(listed) != rank or any(isinstance(side, (list, tuple)) and len(side) != 2 for side in listed):
        raise ValueError(
            f"padding must be 'same', 'valid', a number from 0, or for each of {rank} axes a number or a pair (before, "
            f"after); got {brief(padding)}"
        )
    return tuple(
        tuple(whole("padding", length, 0) for length in side)
        if isinstance(side, (list, tuple))
        else whole("padding", side, 0)
        for side in listed
    )


def images(x: Input, rank: int, channels: int | None = None, dtype: Dtype = float) -> Input:
    """Return a batch as a Tensor or an array; check its `rank` + 2 axes, and the `channels` if given."""
    # Whole numbers as well: the fill around an image may be none.
    x = as_array(x, dtype)
    if len(x.shape) != rank + 2 or channels not in (None, x.shape[1]):
        hint = " A batch of grey images (n, height, width): x[:, None]; one image: x[None]." if rank == 2 else ""
        taken = AXES[rank].format("channels" if channels is None else channels)
        raise ValueError(f"this layer takes {taken}; got shape {x.shape}.{hint}")
    return x

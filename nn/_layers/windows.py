"""The window that slides along the axes of a batch, as ONNX and PyTorch describe it."""

from __future__ import annotations

from types import ModuleType
from typing import Any, NamedTuple

Axes = tuple[int, ...]
"""A number for each axis."""


Sliding = Any
"""A layer whose window slides: it has a `size`, a `stride`, a `padding`, and perhaps a `dilation`."""


class Window(NamedTuple):
    """The settings of a layer's window; `dilation` is None for a layer that has none."""

    layer: Sliding
    size: Axes
    stride: Axes
    dilation: Axes | None

    @property
    def sides(self) -> list[tuple[int, int]] | None:
        """The numbers of zeros before and after each axis; None if they depend on the size of the image."""
        padding, rank = self.layer.padding, len(self.size)
        if padding == "same":
            if set(self.stride) != {1}:
                return None
            missing = [d * (k - 1) for k, d in zip(self.size, self.dilation or (1,) * rank)]
            return [(m // 2, m - m // 2) for m in missing]
        each = _each(0 if padding == "valid" else padding, rank)
        return [(side, side) if isinstance(side, int) else side for side in each]


def window_of(layer: Sliding, rank: int) -> Window:
    """Return the window of a convolution or of a pooling layer; without a stride it moves by its size."""
    size, dilation = _each(layer.size, rank), getattr(layer, "dilation", None)
    stride = size if layer.stride is None else _each(layer.stride, rank)
    return Window(layer, size, stride, None if dilation is None else _each(dilation, rank))


def _each(setting: Any, rank: int) -> tuple[Any, ...]:
    return (setting,) * rank if isinstance(setting, int) else tuple(setting)


def onnx_window(window: Window) -> dict[str, Any]:
    """Return the attributes of an operator whose window slides."""
    shared = {"kernel_shape": window.size, "strides": window.stride}
    if window.dilation is not None:
        shared["dilations"] = window.dilation
    sides = window.sides
    if sides is None:
        if set(window.dilation or (1,)) != {1}:
            raise _no_such_padding(window)
        return {**shared, "auto_pad": "SAME_UPPER"}
    return {**shared, "pads": [before for before, _ in sides] + [after for _, after in sides]}


def onnx_pool(layer: Sliding) -> dict[str, Any]:
    """Return the attributes of a pooling operator; raise ValueError for a padding that ONNX refuses."""
    window = window_of(layer, 2)
    attributes = onnx_window(window)
    if any(pad >= length for pad, length in zip(attributes.get("pads", ()), window.size * 2)):
        raise ValueError(f"{layer!r}: ONNX takes no padding as wide as the window; got padding={layer.padding!r}")
    return attributes


def torch_pad(nn: ModuleType, window: Window, fill: float) -> list[Any]:
    """Return the module that pads, if anything is to pad: PyTorch's layers pad both sides alike."""
    sides = window.sides
    if sides is None:
        raise _no_such_padding(window)
    # PyTorch begins with the last axis.
    flat = [n for pair in reversed(sides) for n in pair]
    return [getattr(nn, f"ConstantPad{len(sides)}d")(tuple(flat), fill)] if any(flat) else []


def _no_such_padding(window: Window) -> ValueError:
    return ValueError(
        f"{window.layer!r}: padding='same' with a stride depends on the size of the image, which this does not take; "
        f"give the padding in numbers"
    )

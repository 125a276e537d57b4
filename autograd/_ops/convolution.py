"""The table of primitives, third part: windows that slide over images and sequences. Rows read as in the first half.

An image is (n, channels, height, width), a sequence (n, channels, length). Convolution is what networks mean by it: the
window is not reversed. It is linear in the image and in the weights, so its two derivatives are operations of the same
kind, and the three differentiate into each other.

>>> x, w = Tensor([[[1.0, 2.0, 4.0, 8.0]]]), Tensor([[[-1.0, 1.0]]])
>>> conv(x, w).data
array([[[1., 2., 4.]]])
>>> ones = Tensor([[[1.0, 1.0, 1.0]]])  # the gradient that arrives, and what becomes of it on its way to x and to w
>>> conv_input(ones, w, lengths=(4,)).data, conv_weight(x, ones, size=(2,)).data
(array([[[-1.,  0.,  0.,  1.]]]), array([[[ 7., 14.]]]))
>>> windows(x, size=2).data
array([[[[1., 2.],
         [2., 4.],
         [4., 8.]]]])
>>> overlap_add(windows(x, size=2), lengths=(4,)).data
array([[[1., 4., 8., 8.]]])
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple, TypeAlias

from autograd._core.data import shape
from autograd._core.declare import primitive
from autograd._core.primitive import REAL, Operation
from autograd._core.types import Namespace, Operand, Raw
from autograd.files import brief

__all__ = ["conv", "conv_input", "conv_weight", "overlap_add", "windows"]

PerAxis: TypeAlias = int | Sequence[int]
"""A number for all axes of an image, or one for each."""

Padding: TypeAlias = str | int | Sequence[int | tuple[int, int]]
"""Zeros around an image: "same", "valid", or numbers, for each axis one or a pair (before, after)."""

# The sample is the last axis in memory, whatever the order of the axes is: the elements that a window takes from all
# samples then lie together, and are copied, added and compared as a whole.

FEW = 8
"""A product with fewer rows takes longer than it takes to put more of them together."""


class Plan(NamedTuple):
    """Where windows lie: zeros before and after each axis, how many windows fit, and their elements.

    `axes` are for each axis the indices into the padded one, one for each element of a window: that element of all
    windows. `tiles` says that windows lie beside each other, without a gap.
    """

    padding: list[tuple[int, int]]
    lengths: tuple[int, ...]
    axes: list[list[slice]]
    tiles: bool


PLANS: dict[str, Plan] = {}
MOST_PLANS = 256


def planned(lengths: tuple[int, ...], size: PerAxis, stride: PerAxis, padding: Padding, dilation: PerAxis) -> Plan:
    """Place windows of `size` on axes of these lengths; raise ValueError if there is no place for one."""
    # To check settings takes as long as many a convolution. As text True is not 1, which it is as a key.
    key = repr((lengths, size, stride, padding, dilation))
    found = PLANS.get(key)
    if found is None:
        if len(PLANS) >= MOST_PLANS:
            PLANS.clear()
        found = PLANS[key] = placed(lengths, size, stride, padding, dilation)
    return found


def placed(lengths: tuple[int, ...], size: PerAxis, stride: PerAxis, padding: Padding, dilation: PerAxis) -> Plan:
    rank = len(lengths)
    sizes, strides, dilations = (
        each_axis(setting, rank, name) for setting, name in ((size, "size"), (stride, "stride"), (dilation, "dilation"))
    )
    reaches = [d * (k - 1) + 1 for k, d in zip(sizes, dilations)]
    pads = [margins(padding, axis, rank, *it) for axis, it in enumerate(zip(lengths, reaches, strides))]
    room = [n + before + after - reach for n, (before, after), reach in zip(lengths, pads, reaches)]
    if min(room) < 0:
        raise ValueError(
            f"a window that reaches over {written(reaches)} does not fit into {written(lengths)} with padding {pads}: "
            f"take a smaller window or dilation, or more padding"
        )
    counts = tuple(r // s + 1 for r, s in zip(room, strides))
    axes = [
        [slice(k * d, k * d + (count - 1) * s + 1, None if s == 1 else s) for k in range(length)]
        for length, d, count, s in zip(sizes, dilations, counts, strides)
    ]
    return Plan(pads, counts, axes, all(k == reach == s for k, reach, s in zip(sizes, reaches, strides)))


def each_axis(setting: PerAxis, rank: int, name: str) -> tuple[int, ...]:
    """Return a number for each axis: all the same if one is given."""
    numbers = (setting,) * rank if isinstance(setting, int) else setting
    if not isinstance(numbers, (tuple, list)) or len(numbers) != rank or not all(map(is_positive, numbers)):
        raise ValueError(f"{name} must be a whole number from 1, or {rank}, one an axis; got {brief(setting)}")
    return tuple(numbers)


def is_positive(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and number > 0


def margins(padding: object, axis: int, rank: int, length: int, reach: int, stride: int) -> tuple[int, int]:
    """Return how many zeros go before and after an axis."""
    if padding == "valid":
        return 0, 0
    if padding == "same":
        missing = max((-(-length // stride) - 1) * stride + reach - length, 0)
        return missing // 2, missing - missing // 2
    wide = padding[axis] if isinstance(padding, (tuple, list)) and len(padding) == rank else padding
    sides = (wide, wide) if isinstance(wide, int) else wide
    if not isinstance(sides, (tuple, list)) or len(sides) != 2 or not all(isinstance(s, int) and s >= 0 for s in sides):
        raise ValueError(
            f"padding must be 'same', 'valid', a number from 0, or for each of {rank} axes a number or a pair (before, "
            f"after); got {brief(padding)}"
        )
    return sides[0], sides[1]


def written(lengths: Sequence[int]) -> str:
    return " x ".join(map(str, lengths))


def samples_last(x: Raw) -> Any:
    return x.transpose(*range(1, len(x.shape)), 0)


def samples_first(x: Raw) -> Any:
    return x.transpose(-1, *range(len(x.shape) - 1))


def padded(xp: Namespace, x: Raw, plan: Plan, fill: float = 0.0) -> Any:
    """Return (channels, *axes, n) with numbers around it."""
    image = samples_last(x)
    if not any(map(any, plan.padding)):
        # Windows that overlap read each number many times: it should lie in this order in memory.
        return image if plan.tiles else image.copy()
    channels, *lengths, n = image.shape
    wider = xp.full(padded_shape(channels, lengths, n, plan), fill, x.dtype)
    wider[inside(plan, lengths)] = image
    return wider


def gathered(xp: Namespace, image: Raw, axes: list[list[slice]]) -> Any:
    """Return (channels, elements of a window, ..., n): what windows that slide along the last axes see of an image."""
    places = [(..., *place, slice(None)) for place in product(*axes)]
    shape = image[places[0]].shape
    patches = xp.empty((shape[0], len(places), *shape[1:]), image.dtype)
    for k, place in enumerate(places):
        patches[:, k] = image[place]
    return patches


def beside(xp: Namespace, x: Raw, plan: Plan, groups: int) -> Iterator[Any]:
    """Yield what windows see as matrices (groups, channels and elements, windows and n), to multiply weights with.

    There is one for each element of a window along the first axis. They overlap: what they see is copied as often as
    the window has elements along the other axes. A window of few elements has one matrix.
    """
    image = padded(xp, x, plan)
    first, *others = plan.axes
    inner, columns = image.shape[0] // groups, math.prod(plan.lengths) * image.shape[-1]
    if is_whole(inner, plan):
        yield gathered(xp, image, plan.axes).reshape(groups, inner * math.prod(map(len, plan.axes)), columns)
        return
    if max(map(len, others), default=1) == 1:
        rows = image[(..., *[places[0] for places in others], slice(None))][:, None]
    else:
        rows = gathered(xp, image, others)
    for place in first:
        yield rows[:, :, place].reshape(groups, inner * rows.shape[1], columns)


def is_whole(channels: int, plan: Plan) -> bool:
    return channels * math.prod(map(len, plan.axes[1:])) < FEW


def scattered(xp: Namespace, patches: Raw, plan: Plan, lengths: tuple[int, ...]) -> Any:
    """Add up the elements of windows, (channels, elements of a window, *windows, n), where they lie in an image."""
    channels, n = patches.shape[0], patches.shape[-1]
    image = xp.zeros(padded_shape(channels, lengths, n, plan), patches.dtype)
    for k, place in enumerate(product(*plan.axes)):
        image[(slice(None), *place)] += patches[:, k]
    return samples_first(image[inside(plan, lengths)] if any(map(any, plan.padding)) else image)


def padded_shape(channels: int, lengths: Sequence[int], n: int, plan: Plan) -> tuple[int, ...]:
    return (channels, *(before + m + after for m, (before, after) in zip(lengths, plan.padding)), n)


def inside(plan: Plan, lengths: Sequence[int]) -> tuple[slice, ...]:
    """Return where the image lies in the padded one."""
    return (slice(None), *(slice(before, before + n) for (before, _), n in zip(plan.padding, lengths)))


def seen(xp: Namespace, x: Raw, size: PerAxis, fill: float, how: tuple[Any, ...]) -> Any:
    n, channels, *lengths = image_shape(x)
    rank = len(lengths)
    sizes = each_axis(size, rank, "size")
    plan = planned(tuple(lengths), sizes, *how)
    image = padded(xp, x, plan, fill)
    if plan.tiles:
        parts = [k for pair in zip(plan.lengths, sizes) for k in pair]
        order = (0, *range(2, 2 + 2 * rank, 2), *range(1, 1 + 2 * rank, 2), 1 + 2 * rank)
        patches = image[(..., *tiled(plan), slice(None))].reshape(channels, *parts, n).transpose(order).copy()
    else:
        patches = gathered(xp, image, plan.axes).reshape(channels, *sizes, *plan.lengths, n)
    return patches.transpose(-1, 0, *range(1 + rank, 1 + 2 * rank), *range(1, 1 + rank))


def tiled(plan: Plan) -> list[slice]:
    """Return where windows lie that lie beside each other."""
    return [slice(length * len(places)) for length, places in zip(plan.lengths, plan.axes)]


def added_up(xp: Namespace, a: Raw, lengths: tuple[int, ...], how: tuple[Any, ...]) -> Any:
    n, channels, *windows_ = shape(a)
    rank = len(lengths)
    sizes = windows_[rank:]
    plan = planned(lengths, sizes, *how)
    if tuple(windows_[:rank]) != plan.lengths:
        raise ValueError(f"{written(plan.lengths)} windows lie in {written(lengths)}, with these settings")
    if not plan.tiles:
        patches = a.transpose(1, *range(2 + rank, 2 + 2 * rank), *range(2, 2 + rank), 0)
        return scattered(xp, patches.reshape(channels, math.prod(sizes), *plan.lengths, n), plan, lengths)
    order = [axis for k in range(2, 2 + rank) for axis in (k, k + rank)]
    tiles = a.transpose(1, *order, 0).reshape(channels, *[m * k for m, k in zip(plan.lengths, sizes)], n)
    wider = padded_shape(channels, lengths, n, plan)
    if tiles.shape == wider:
        return samples_first(tiles[inside(plan, lengths)])
    image = xp.zeros(wider, a.dtype)
    image[(..., *tiled(plan), slice(None))] = tiles
    return samples_first(image[inside(plan, lengths)])


def image_shape(x: Operand) -> tuple[int, ...]:
    """Return the shape of images or sequences; raise ValueError for anything else."""
    if len(shape(x)) < 3:
        raise ValueError("images are (n, channels, height, width), sequences (n, channels, length); reshape to that")
    return shape(x)


def fitted(
    x: tuple[int, ...], w: tuple[int, ...], y: tuple[int, ...] | None, how: tuple[Any, ...], groups: int
) -> Plan:
    """Place the windows of a convolution of `x` with `w`; raise ValueError if these, or the result `y`, do not fit."""
    if len(w) != len(x):
        raise ValueError(f"the weights need {len(x)} axes, as the images have: (channels out, channels in, *window)")
    if not is_positive(groups) or w[0] % groups or x[1] != w[1] * groups:
        raise ValueError(
            f"with groups={groups}, weights of shape {w} take {w[1]} * {groups} channels and make {w[0]}, a multiple "
            f"of {groups}; the images have {x[1]} channels"
        )
    plan = planned(x[2:], w[2:], *how)
    if y not in (None, (x[0], w[0], *plan.lengths)):
        raise ValueError(f"the convolution has shape {(x[0], w[0], *plan.lengths)}, with these settings")
    return plan


def convolved(xp: Namespace, x: Raw, w: Raw, how: tuple[Any, ...], groups: int) -> Any:
    n, (out, inner, *_) = image_shape(x)[0], shape(w)
    plan = fitted(shape(x), shape(w), None, how, groups)
    whole = is_whole(inner, plan)
    y: Any = None
    for k, patches in enumerate(beside(xp, x, plan, groups)):
        part = (w if whole else w[:, :, k]).reshape(groups, out // groups, -1) @ patches
        if k:
            y[...] += part
        else:
            y = part
    return samples_first(y.reshape(out, *plan.lengths, n))


def convolved_back(xp: Namespace, y: Raw, w: Raw, lengths: tuple[int, ...], how: tuple[Any, ...], groups: int) -> Any:
    n, (out, inner, *size) = image_shape(y)[0], shape(w)
    plan = fitted((n, inner * groups, *lengths), shape(w), shape(y), how, groups)
    # Where each window is one step ahead, the gradient is a convolution too, with the windows reversed.
    around = [
        (axis[-1].start - before, axis[-1].start - after) for axis, (before, after) in zip(plan.axes, plan.padding)
    ]
    if set(each_axis(how[0], len(size), "stride")) == {1} and min(map(min, around)) >= 0:
        turned = w.reshape(groups, out // groups, inner, *size)[(..., *[slice(None, None, -1)] * len(size))]
        reversed_ = turned.swapaxes(1, 2).reshape(inner * groups, out // groups, *size)
        return convolved(xp, y, reversed_, (1, around, how[2]), groups)
    patches = w.reshape(groups, out // groups, -1).transpose(0, 2, 1) @ samples_last(y).reshape(
        groups, out // groups, -1
    )
    return scattered(xp, patches.reshape(inner * groups, math.prod(size), *plan.lengths, n), plan, lengths)


def correlated(xp: Namespace, x: Raw, y: Raw, size: tuple[int, ...], how: tuple[Any, ...], groups: int) -> Any:
    w = (image_shape(y)[1], image_shape(x)[1] // groups, *size)
    plan = fitted(shape(x), w, shape(y), how, groups)
    matrices = beside(xp, x, plan, groups)
    after = samples_last(y).reshape(groups, w[0] // groups, -1)
    if is_whole(w[1], plan):
        return (after @ next(matrices).transpose(0, 2, 1)).reshape(w)
    out: Any = None
    for k, patches in enumerate(matrices):
        part = after @ patches.transpose(0, 2, 1)
        out = out if k else xp.empty(w, part.dtype)
        out[:, :, k] = part.reshape(w[0], w[1], *size[1:])
    return out


# The table is read by its rows, which a formatter would cut into one line an argument.
# fmt: off

PAIRS: tuple[tuple[Any, Any, dict[str, Any]], ...] = (
    ((2, 1, 5), (2, 1, 3), {}),
    ((1, 2, 4), (2, 1, 2), {"padding": "same", "groups": 2}),
    ((2, 2, 3, 4), (1, 2, 2, 2), {"padding": ((1, 0), (0, 2)), "stride": (1, 2)}),
    ((1, 2, 5, 3), (4, 1, 2, 1), {"dilation": (2, 1), "padding": (0, 1), "groups": 2}),
)


def conv_shape(x: tuple[int, ...], w: tuple[int, ...], how: dict[str, Any]) -> tuple[int, ...]:
    plan = planned(x[2:], w[2:], how.get("stride", 1), how.get("padding", 0), how.get("dilation", 1))
    return (x[0], w[0], *plan.lengths)


conv: Operation = primitive(
    "conv", lambda xp, x, w, *, stride=1, padding=0, dilation=1, groups=1:
        convolved(xp, x, w, (stride, padding, dilation), groups),
    lambda g, out, x, w, **settings: conv_input(g, w, lengths=shape(x)[2:], **settings),
    lambda g, out, x, w, **settings: conv_weight(x, g, size=shape(w)[2:], **settings),
    elementwise=False, domain=(REAL, REAL), examples=tuple(((x, w), how) for x, w, how in PAIRS),
    note="Weights (channels out, channels in / groups, *window) slide over images; the window is not reversed.",
)
conv_input: Operation = primitive(
    "conv_input", lambda xp, y, w, *, lengths, stride=1, padding=0, dilation=1, groups=1:
        convolved_back(xp, y, w, lengths, (stride, padding, dilation), groups),
    lambda g, out, y, w, lengths, **settings: conv(g, w, **settings),
    lambda g, out, y, w, lengths, **settings: conv_weight(g, y, size=shape(w)[2:], **settings),
    elementwise=False, domain=(REAL, REAL), note="The gradient of `conv` for images of `lengths`: it, transposed.",
    examples=tuple(((conv_shape(x, w, how), w), {"lengths": x[2:], **how}) for x, w, how in PAIRS),
)
conv_weight: Operation = primitive(
    "conv_weight", lambda xp, x, y, *, size, stride=1, padding=0, dilation=1, groups=1:
        correlated(xp, x, y, size, (stride, padding, dilation), groups),
    lambda g, out, x, y, size, **settings: conv_input(y, g, lengths=shape(x)[2:], **settings),
    lambda g, out, x, y, size, **settings: conv(x, g, **settings),
    elementwise=False, domain=(REAL, REAL), note="The gradient of `conv` for its weights, of a window of `size`.",
    examples=tuple(((x, conv_shape(x, w, how)), {"size": w[2:], **how}) for x, w, how in PAIRS),
)
windows: Operation = primitive(
    "windows", lambda xp, x, *, size, stride=1, padding=0, dilation=1, fill=0.0:
        seen(xp, x, size, fill, (stride, padding, dilation)),
    lambda g, out, x, size, fill=0.0, **settings: overlap_add(g, lengths=shape(x)[2:], **settings),
    elementwise=False, domain=(REAL,), note="(n, channels, *windows, *size): what windows over images see.",
    examples=(
        (((2, 1, 5),), {"size": 2}), (((1, 2, 4, 4),), {"size": 2, "stride": 2}),
        (((1, 1, 3, 4),), {"size": (2, 3), "padding": "same", "dilation": (2, 1), "fill": 1.0}),
    ),
)
overlap_add: Operation = primitive(
    "overlap_add", lambda xp, a, *, lengths, stride=1, padding=0, dilation=1:
        added_up(xp, a, lengths, (stride, padding, dilation)),
    lambda g, out, a, lengths, **settings: windows(g, size=shape(a)[2 + len(lengths):], **settings),
    elementwise=False, domain=(REAL,), note="Images of `lengths` from windows; where these overlap, they are added.",
    examples=(
        (((2, 1, 4, 2),), {"lengths": (5,)}), (((1, 2, 2, 2, 2, 2),), {"lengths": (4, 4), "stride": 2}),
        (((1, 1, 3, 4, 2, 3),), {"lengths": (3, 4), "padding": "same", "dilation": (2, 1)}),
    ),
)

"""Convolution and sliding windows against loops over every number, and their misuse."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import autograd
from autograd import Tensor, Value, conv, conv_input, conv_weight, draw, explain, grad, gradcheck, overlap_add, windows
from autograd._ops import convolution


def each(setting: Any) -> tuple[Any, Any]:
    return setting if isinstance(setting, tuple) else (setting, setting)


def sides(padding: Any, axis: int, n: int, reach: int, stride: int) -> tuple[int, int]:
    if padding == "valid":
        return 0, 0
    if padding == "same":
        total = max(0, (math.ceil(n / stride) - 1) * stride + reach - n)
        return total // 2, total - total // 2
    return each(each(padding)[axis])


def six_loops(x: Any, w: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    """Convolve by the definition: sample, channel out, row, column, channel in, and the window's rows and columns."""
    (n, _, *lengths), (n_out, inner, *size) = x.shape, w.shape
    stride, dilation = each(stride), each(dilation)
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, size, strict=True)]
    pads = [sides(padding, axis, lengths[axis], reach[axis], stride[axis]) for axis in (0, 1)]
    padded = np.pad(x, ((0, 0), (0, 0), *pads))
    height, width = ((lengths[a] + sum(pads[a]) - reach[a]) // stride[a] + 1 for a in (0, 1))
    y = np.zeros((n, n_out, height, width))
    for s, o, i, j in itertools.product(range(n), range(n_out), range(height), range(width)):
        first = o // (n_out // groups) * inner
        for c in range(inner):
            for p, q in itertools.product(range(size[0]), range(size[1])):
                row, column = i * stride[0] + p * dilation[0], j * stride[1] + q * dilation[1]
                y[s, o, i, j] += padded[s, first + c, row, column] * w[o, c, p, q]
    return y


AXIS = st.integers(1, 3) | st.tuples(st.integers(1, 3), st.integers(1, 3))
PADDING = st.one_of(
    st.sampled_from(["same", "valid"]),
    st.integers(0, 2),
    st.tuples(st.integers(0, 2), st.integers(0, 2)),
    st.tuples(*[st.tuples(st.integers(0, 2), st.integers(0, 2))] * 2),
)


@pytest.mark.slow
@settings(max_examples=60)
@given(data=st.data())
def test_against_six_loops(data: st.DataObject) -> None:
    """Values of all three operations; the gradients by the identity <conv(x, w), g> = <x, conv_input> = <w, ...>."""
    groups = data.draw(st.integers(1, 3))
    inner = data.draw(st.sampled_from([1, 2, 4]))
    outer, n = (data.draw(st.integers(1, 2)) for _ in range(2))
    lengths = [data.draw(st.integers(1, 7)) for _ in range(2)]
    size = [data.draw(st.integers(1, 4)) for _ in range(2)]
    how = {"stride": data.draw(AXIS), "padding": data.draw(PADDING), "dilation": data.draw(AXIS), "groups": groups}
    for axis in (0, 1):
        reach = each(how["dilation"])[axis] * (size[axis] - 1) + 1
        before, after = sides(how["padding"], axis, lengths[axis], reach, each(how["stride"])[axis])
        assume(lengths[axis] + before + after >= reach)
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    x, w = rng.normal(size=(n, inner * groups, *lengths)), rng.normal(size=(outer * groups, inner, *size))
    y = six_loops(x, w, **how)
    np.testing.assert_allclose(conv(x, w, **how), y, rtol=1e-12, atol=1e-12)

    g = rng.normal(size=y.shape)
    to_x, to_w = conv_input(g, w, lengths=tuple(lengths), **how), conv_weight(x, g, size=tuple(size), **how)
    for k in range(3):
        at = tuple(int(rng.integers(0, length)) for length in x.shape)
        unit = np.zeros_like(x)
        unit[at] = 1.0
        assert to_x[at] == pytest.approx(np.sum(six_loops(unit, w, **how) * g), rel=1e-10, abs=1e-10), k
        at = tuple(int(rng.integers(0, length)) for length in w.shape)
        unit = np.zeros_like(w)
        unit[at] = 1.0
        assert to_w[at] == pytest.approx(np.sum(six_loops(x, unit, **how) * g), rel=1e-10, abs=1e-10), k


def test_a_sequence_is_an_image_of_one_row() -> None:
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(2, 4, 9)), rng.normal(size=(6, 2, 3))
    expected = six_loops(x[:, :, None], w[:, :, None], (1, 2), ((0, 0), (2, 1)), (1, 2), 2)[:, :, 0]
    np.testing.assert_allclose(conv(x, w, stride=2, padding=((2, 1),), dilation=2, groups=2), expected, rtol=1e-12)
    np.testing.assert_allclose(conv(x, w, stride=2, padding=(2, 1), dilation=2, groups=2), expected, rtol=1e-12)


@pytest.mark.parametrize("size", [(1, 1), (3, 1), (1, 3)])
@pytest.mark.parametrize("padding", [0, (1, 2)])
def test_windows_of_one_row_or_column_over_many_channels(size: tuple[int, int], padding: Any) -> None:
    rng = np.random.default_rng(1)
    x, w = rng.normal(size=(2, 8, 4, 5)), rng.normal(size=(3, 8, *size))
    y = six_loops(x, w, 1, padding, 1, 1)
    np.testing.assert_allclose(conv(x, w, padding=padding), y, rtol=1e-12, atol=1e-14)
    g = rng.normal(size=y.shape)
    to_x, to_w = conv_input(g, w, lengths=(4, 5), padding=padding), conv_weight(x, g, size=size, padding=padding)
    assert np.sum(to_x * x) == pytest.approx(np.sum(y * g)) == np.sum(to_w * w)


def test_three_axes() -> None:
    x = np.arange(27.0).reshape(1, 1, 3, 3, 3)
    assert conv(x, np.ones((1, 1, 3, 3, 3))).item() == x.sum()


def test_same_keeps_the_length_and_pads_the_end_first() -> None:
    x = np.arange(1.0, 6.0).reshape(1, 1, 5)
    assert conv(x, np.ones((1, 1, 2)), padding="same").ravel().tolist() == [3.0, 5.0, 7.0, 9.0, 5.0]
    assert conv(x, np.ones((1, 1, 3)), padding="same", stride=2).shape == (1, 1, 3)
    assert conv(x, np.ones((1, 1, 1)), padding="same", stride=4).ravel().tolist() == [1.0, 5.0]


def test_what_windows_see() -> None:
    x = np.arange(1.0, 5.0).reshape(1, 1, 4)
    assert windows(x, size=2).tolist() == [[[[1.0, 2.0], [2.0, 3.0], [3.0, 4.0]]]]
    assert windows(x, size=3, padding="same", fill=-math.inf)[0, 0, 0].tolist() == [-math.inf, 1.0, 2.0]
    assert overlap_add(windows(x, size=2), lengths=(4,)).tolist() == [[[1.0, 4.0, 6.0, 4.0]]]


def test_precision_and_order_in_memory() -> None:
    """float32 stays; an image may lie in memory in any order."""
    rng = np.random.default_rng(1)
    x, w = rng.normal(size=(2, 3, 5, 6)), rng.normal(size=(4, 3, 3, 2))
    expected = conv(x, w, padding=1)
    for order in itertools.permutations(range(4)):
        back = tuple(order.index(k) for k in range(4))
        moved = np.ascontiguousarray(x.transpose(order)).transpose(back)
        assert np.array_equal(conv(moved, w, padding=1), expected)
    assert conv(x.astype("float32"), w.astype("float32")).dtype == np.float32


def pooled(x: Any) -> Any:
    return autograd.max(windows(x, size=2, stride=2), axis=(-2, -1))


def test_equal_largest_numbers_share_the_gradient() -> None:
    x = Tensor([[[[1.0, 3.0, 2.0, 2.0], [3.0, 0.0, 2.0, 2.0]]]])
    autograd.sum(pooled(x) * [[[[1.0, 4.0]]]]).backward()
    assert x.grad.tolist() == [[[[0.0, 0.5, 1.0, 1.0], [0.5, 0.0, 1.0, 1.0]]]]


def network(x: Any, w1: Any, w2: Any) -> Any:
    h = autograd.tanh(conv(x, w1, padding="same"))
    return autograd.item(autograd.sum(conv(pooled(h), w2, groups=2) ** 2))


ARGS = tuple(np.random.default_rng(3).normal(size=s) for s in ((2, 1, 4, 6), (8, 1, 3, 2), (2, 4, 2, 2)))


def test_gradients_of_a_network_to_order_two() -> None:
    assert gradcheck(network, *ARGS, order=2)


@pytest.mark.slow
def test_compiled_to_the_bit() -> None:
    f = autograd.value_and_grad(network, argnums=(0, 1, 2))
    fast = autograd.compile(f)
    for x in (ARGS[0], ARGS[0] + 1.0):
        (value, slopes), (expected, others) = fast(x, *ARGS[1:]), f(x, *ARGS[1:])
        assert value == expected
        assert all(np.array_equal(a, b) for a, b in zip(slopes, others, strict=True))
    assert fast.compilations == 1
    scope: dict[str, Any] = {}
    exec(fast.source, scope)
    assert scope["network"](*ARGS)[0] == f(*ARGS)[0]
    # Sums in place, each a line that can be read.
    assert "[...] += " in fast.source
    second = autograd.compile(grad(lambda x: autograd.item(autograd.sum(grad(network)(x, *ARGS[1:]) ** 2))))
    assert np.array_equal(
        second(ARGS[0]), grad(lambda x: autograd.item(autograd.sum(grad(network)(x, *ARGS[1:]) ** 2)))(ARGS[0])
    )


def test_names_in_the_source_never_meet() -> None:
    """A node called z_3 beside the third line of the rule that makes z."""

    def f(x: Any, w: Any) -> Any:
        z = conv(x, w, padding=1)
        z_0, z_3, z_1 = z * 2, z * 3, z * 5
        return autograd.sum(z + z_0 + z_3 + z_1)

    assert autograd.compile(f)(*ARGS[:2]) == f(*ARGS[:2])


def test_in_the_views() -> None:
    x, w = Tensor(ARGS[0], label="x"), Tensor(ARGS[1], label="w")
    y = autograd.item(autograd.sum(conv(x, w, padding="same")))
    assert ">conv<" in draw(y).svg
    assert "conv(x, w, padding=same)" in str(explain(y, wrt=w))
    assert any("conv(x, w, padding=same)" in str(step) for step in autograd.steps(y))


@pytest.mark.parametrize(
    ("message", "wrong"),
    [
        (
            r"conv of shape \(2, 3\) and .*: images are \(n, channels, height, width\)",
            lambda: conv(Tensor([[1.0] * 3] * 2), ARGS[1]),
        ),
        ("weights need 4 axes", lambda: conv(Tensor(ARGS[0]), np.ones((1, 1, 3)))),
        (r"take 2 \* 1 channels and make 4.*the images have 1", lambda: conv(Tensor(ARGS[0]), np.ones((4, 2, 1, 1)))),
        (r"with groups=3", lambda: conv(np.ones((1, 3, 2, 2)), np.ones((4, 1, 1, 1)), groups=3)),
        (r"with groups=0", lambda: conv(*ARGS[:2], groups=0)),
        (r"reaches over 5 x 5 does not fit into 4 x 6", lambda: windows(ARGS[0], size=3, dilation=2)),
        (r"stride must be a whole number from 1, or 2, one an axis; got 0", lambda: windows(ARGS[0], size=2, stride=0)),
        (r"size must be .* got \(2, 2, 2\)", lambda: windows(ARGS[0], size=(2, 2, 2))),
        (r"dilation must be .* got True", lambda: windows(ARGS[0], size=2, dilation=True)),
        (r"padding must be 'same', 'valid'.*got -1", lambda: windows(ARGS[0], size=2, padding=-1)),
        (r"padding must be .*got 'full'", lambda: windows(ARGS[0], size=2, padding="full")),
        (r"padding must be .*got \(1, 2, 3\)", lambda: windows(ARGS[0], size=2, padding=(1, 2, 3))),
        (r"2 x 4 windows lie in 4 x 6", lambda: overlap_add(np.ones((1, 1, 3, 3, 3, 3)), lengths=(4, 6))),
        (r"the convolution has shape \(2, 4, 4, 6\)", lambda: conv_weight(ARGS[0], np.ones((2, 4, 3, 3)), size=(1, 1))),
    ],
)
def test_misuse(message: str, wrong: Any) -> None:
    with pytest.raises(ValueError, match=message):
        wrong()


def test_a_number_is_no_image() -> None:
    with pytest.raises(ValueError, match="images are"):
        conv(Value(1.0), ARGS[1])


def test_where_windows_lie_is_found_once_and_settings_are_still_checked() -> None:
    x = np.ones((1, 1, 4))
    assert windows(x, size=1).shape == windows(x, size=[1]).shape == (1, 1, 4, 1)
    for wrong in (True, [True], np.ones(1)):
        with pytest.raises(ValueError, match="size must be a whole number"):
            windows(x, size=wrong)
    for length in range(5, 300):
        assert windows(np.ones((1, 1, length)), size=3).shape == (1, 1, length - 2, 3)
    assert len(convolution.PLANS) <= convolution.MOST_PLANS


@pytest.mark.parametrize("size", [(2, 1), (3, 3)])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_no_samples_at_all(size: tuple[int, int], stride: int) -> None:
    x, w = Tensor(np.ones((0, 4, 5, 6))), Tensor(np.ones((2, 4, *size)))
    (conv(x, w, stride=stride).sum() + windows(x, size=size, stride=stride).sum()).backward()
    assert x.grad.shape == x.shape
    assert w.grad.tolist() == np.zeros(w.shape).tolist()


def test_the_larger_precision_of_images_and_weights() -> None:
    rng = np.random.default_rng(0)
    x, g = rng.normal(size=(2, 8, 4, 5)), rng.normal(size=(2, 3, 2, 3)).astype("float32")
    assert np.array_equal(conv_weight(x, g, size=(3, 3)), conv_weight(x, g.astype(float), size=(3, 3)))
    assert conv_weight(x, g, size=(3, 3)).dtype == conv_weight(x[:, :1], g, size=(3, 3)).dtype == np.float64

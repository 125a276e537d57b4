"""Plots show what they are given, and leave nothing behind."""

from __future__ import annotations

import io
import math
import sys
from typing import Any

import numpy as np
import pytest
from matplotlib.cbook import is_math_text
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

import autograd
from autograd import Tensor, Value
from nn import ACTIVATIONS, MLP, Conv2d, Flatten, History, Layer, plots
from nn.data import one_hot
from nn.plots import axes, confusion_matrix, decision_boundary, history, misclassified
from nn.plots._style import png


@pytest.mark.covers
@pytest.mark.slow
def test_history_draws_every_curve() -> None:
    curves = History(
        loss=[3.0, 1.0], accuracy=[0.5, 1.0], val_loss=[3.0, 2.0], val_accuracy=[0.5, 0.5], other=[1.0, 2.0]
    )
    ax = axes()
    assert curves.plot(ax=ax) is ax
    left, right = ax.figure.axes
    assert [line.get_ydata().tolist() for line in left.get_lines()] == [[3.0, 1.0], [3.0, 2.0]]
    assert [line.get_ydata().tolist() for line in right.get_lines()] == [[0.5, 1.0], [0.5, 0.5]]
    names = [text.get_text() for text in left.get_legend().get_texts()]
    assert names == ["loss", "accuracy", "validation loss", "validation accuracy"]
    tested = curves.plot(held_out="test").figure.axes[0].get_legend().get_texts()
    assert [text.get_text() for text in tested][2:] == ["test loss", "test accuracy"]
    alone = history({"loss": [1.0]})
    assert len(alone.figure.axes) == 1
    assert alone.get_lines()[0].get_marker() == "o"
    assert alone.get_ylim() == pytest.approx((0.0, 1.05))
    assert all(float(tick).is_integer() for tick in alone.get_xticks())
    # Saving draws; drawing on the bare canvas of a figure without a window would do nothing.
    history(History(loss=[], accuracy=[])).figure.savefig(io.BytesIO())


@pytest.mark.slow
@pytest.mark.parametrize("labels", [(0, 1), (-1, 1)])
def test_boundary_stands_where_the_score_is_zero(labels: tuple[int, int]) -> None:
    X = [[-1.0, 0.0], [1.0, 0.5]]
    ax = decision_boundary(lambda points: [p[0] - 0.25 for p in points], X, labels)
    regions, line = ax.collections[0].get_array(), ax.collections[1].get_paths()[0].vertices
    assert line[:, 0] == pytest.approx(0.25)
    # The picture goes from -1.3 to 1.3.
    assert regions.mean() == pytest.approx((1.3 - 0.25) / 2.6, abs=0.01)
    assert (regions[:, -1] == 1).all()
    assert [c.get_offsets().tolist() for c in ax.collections[2:]] == [[X[0]], [X[1]]]
    # As on the live pages: class 0 orange (more red than blue), class 1 blue, behind their points, too.
    reds = [c.get_facecolor()[0][0] > c.get_facecolor()[0][2] for c in ax.collections[2:]]
    behind = [to_rgb(color)[0] > to_rgb(color)[2] for color in ax.collections[0].cmap.colors]
    assert reds == behind == [True, False]


@pytest.mark.slow
def test_boundary_of_eight_classes_one_of_which_is_nowhere() -> None:
    centres = np.array([[np.cos(k), np.sin(k)] for k in range(7)] + [[50.0, 50.0]])
    y = [0, 1, 2, 3, 4, 6]
    given = axes()
    ax = decision_boundary(
        lambda points: -np.square(np.array(points)[:, None] - centres).sum(axis=2), centres[y], y, ax=given
    )
    assert ax is given
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [f"class {k}" for k in range(8)]
    regions, *lines_and_points = ax.collections
    assert set(regions.get_array().ravel().tolist()) == set(range(7))
    looks = {
        (c.get_paths()[0].vertices.tobytes(), *c.get_facecolor()[0]) for c in lines_and_points if len(c.get_facecolor())
    }
    assert len(looks) == 8
    lines = lines_and_points[:7]
    corners = np.concatenate([path.vertices for line in lines for path in line.get_paths()])
    distances = np.sort(np.hypot(*(corners[:, None] - centres).transpose(2, 0, 1)), axis=1)
    assert distances[:, 0] == pytest.approx(distances[:, 1], abs=0.02)


def test_boundary_of_a_single_place() -> None:
    ax = decision_boundary(lambda points: [1.0] * len(points), [[5.0, 7.0]], [1])
    assert (ax.get_xlim(), ax.get_ylim()) == ((4.0, 6.0), (6.0, 8.0))


@pytest.mark.parametrize(
    ("message", "X", "y"),
    [
        (r"points X \(n, 2\).*got \(1, 3\) and \(1,\)", [[1.0, 2.0, 3.0]], [0]),
        (r"got \(1, 2\) and \(2,\)", [[1.0, 2.0]], [0, 1]),
        (r"got \(0, 2\)", np.zeros((0, 2)), []),
        (r"tell the classes \[0, 1\] apart; y has 2", [[1.0, 2.0]], [2]),
    ],
)
def test_points_that_cannot_be_drawn(message: str, X: Any, y: Any) -> None:
    with pytest.raises(ValueError, match=message):
        decision_boundary(lambda points: [p[0] for p in points], X, y)


def test_confusion_matrix_counts() -> None:
    ax = confusion_matrix(one_hot([0, 1, 2, 2], 3), np.array([0, 1, 1, 2]), classes=["a", "b", "c"])
    assert {(text.get_position(), text.get_text()) for text in ax.texts} == {
        ((0, 0), "1"),
        ((1, 1), "1"),
        ((2, 1), "1"),
        ((2, 2), "1"),
    }
    assert ax.get_title() == "75.0% of 4 right"
    assert [text.get_text() for text in ax.get_xticklabels()] == ["a", "b", "c"]
    assert {text.get_rotation() for text in ax.get_xticklabels()} == {0.0}
    given = axes()
    assert confusion_matrix([0.9, 0.8], [0, 1], ax=given) is given
    assert len(given.texts) == 2
    long = confusion_matrix([0.9, 0.8], [0, 1], classes=["Iris versicolor", "Iris virginica, wild"])
    assert {text.get_rotation() for text in long.get_xticklabels()} == {45.0}


def test_counts_are_readable_on_their_cells() -> None:
    ax = confusion_matrix([-1.0] * 9 + [1.0] * 5 + [-1.0], [0] * 9 + [1] * 5 + [1])
    (image,) = ax.images
    for text in ax.texts:
        red, green, blue, _ = image.cmap(image.norm(int(text.get_text())))
        brightness = 0.299 * red + 0.587 * green + 0.114 * blue
        assert text.get_color() == ("white" if brightness < 0.6 else "black")


@pytest.mark.slow
def test_many_classes_have_room_for_their_counts() -> None:
    ax = confusion_matrix(one_hot([*range(30)] * 2), [*range(30)][::-1] * 2, classes=[f"10{k:02}" for k in range(30)])
    ax.figure.canvas.draw()
    widths = [text.get_window_extent().width for text in ax.texts]
    assert max(widths) < ax.get_window_extent().width / 30


@pytest.mark.covers
@pytest.mark.slow
def test_misclassified_images() -> None:
    images, y = np.zeros((30, 8, 8)), np.arange(30) % 10
    figure = misclassified(images, one_hot((y + 1) % 10), y)
    assert figure.get_suptitle() == "30 of 30 taken for another, the first 24"
    assert [ax.get_title() for ax in figure.axes][:2] == ["0 taken for 1", "1 taken for 2"]
    assert sum(len(ax.images) for ax in figure.axes) == 24
    assert misclassified(images, one_hot(y), y).get_suptitle() == "no mistakes: all 30 right"
    with pytest.raises(ValueError, match=r"got y_hat \(30, 10\) and y \(29,\)"):
        misclassified(images, one_hot(y), y[1:])
    with pytest.raises(ValueError, match="a label for each image; got 30 images and 29"):
        misclassified(images, one_hot(y[1:]), y[1:])
    with pytest.raises(ValueError, match=r"images are \(n, height, width\); got \(30, 64\): give e.g. images.reshape"):
        misclassified(images.reshape(30, 64), one_hot(y), y)


@pytest.mark.slow
@pytest.mark.parametrize(
    "figure",
    [
        lambda: plots.misclassified(np.zeros((2, 8, 8)), [0.9, 0.2], [1, 1]),
        lambda: plots.misclassified(np.zeros((2000, 8, 8)), [0.1] * 2000, [1] * 2000),
        lambda: plots.filters(np.ones((1, 64, 11, 11))),
        lambda: plots.feature_maps(np.ones((1, 128, 128))),
        lambda: plots.histograms(MLP(2, [1])),
    ],
)
def test_titles_are_not_cut_off(figure: Any) -> None:
    drawn = figure()
    drawn.canvas.draw()
    title = drawn._suptitle.get_window_extent()
    assert (title.x0 > 0, title.x1 < drawn.bbox.x1) == (True, True)


@pytest.mark.covers
@pytest.mark.slow
def test_an_activation_and_its_derivative() -> None:
    for name in set(ACTIVATIONS) - {"softmax"}:
        ax = plots.activation(name)
        g, slope = ax.get_lines()[2:]
        z, values = g.get_data()
        steps = np.diff(values) / np.diff(z)
        middle = (slope.get_ydata()[1:] + slope.get_ydata()[:-1]) / 2
        # The line of a derivative that jumps has a gap.
        assert np.nanmax(abs(steps - middle)) < 1e-2
    assert plots.activation(lambda z: z * z).get_title() == "<lambda>"
    for mixing in ("softmax", autograd.log_softmax):
        with pytest.raises(ValueError, match="softmax is a function of all neurons"):
            plots.activation(mixing)


@pytest.mark.parametrize(
    ("g", "limit", "gaps"),
    [
        ("relu", 100.0, [0, 1]),
        (lambda z: z**3, 4.0, [0, 0]),
        (lambda z: z * 1000, 4.0, [0, 0]),
        ("tanh", 20.0, [0, 0]),
        (abs, 4.0, [0, 2]),
    ],
)
def test_lines_have_gaps_where_they_jump_and_nowhere_else(g: Any, limit: float, gaps: list[int]) -> None:
    lines = plots.activation(g, limit=limit).get_lines()[2:]
    assert [int(np.isnan(line.get_ydata()).sum()) for line in lines] == gaps


@pytest.mark.covers
@pytest.mark.slow
def test_the_surface_of_a_loss_with_the_path_of_a_descent() -> None:
    def J(a: float, b: float) -> Value:
        return (Value(a) - 1) ** 2 + 2 * (Value(b) + 1) ** 2

    path = [(3.0, 1.0), (2.0, 0.0), (1.0, -1.0)]
    ax = plots.surface(J, path, names=("a", "b"))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("a", "b")
    assert ax.get_lines()[0].get_xydata().tolist() == [list(point) for point in path]
    assert ax.get_lines()[1].get_xydata().tolist() == [[1.0, -1.0]]
    assert ax.get_xlim() == pytest.approx((0.3, 3.7))
    space = plots.surface(J, path, ax=plots.axes_3d(), between=((-1.0, 4.0), (-3.0, 2.0)), points=9)
    assert space.get_zlabel() == "J"
    assert list(space.lines[0].get_data_3d()[2]) == [J(*point).data for point in path]
    assert plots.surface(lambda a, b: a + b).get_xlim() == pytest.approx((-5.1, 5.1))
    with pytest.raises(ValueError, match="nowhere a finite number"):
        plots.surface(lambda a, b: math.nan)


def test_histograms_count_every_weight() -> None:
    model = MLP(2, [3, 1], of=Tensor)
    figure = plots.histograms(model)
    assert [ax.get_title() for ax in figure.axes[:2]] == ["Layer(2 -> 3, relu)", "Layer(3 -> 1, linear)"]
    counted = [sum(patch.get_height() for patch in ax.patches) for ax in figure.axes]
    assert counted == [9, 4]
    gradients = plots.histograms(model, "grad")
    assert gradients.get_suptitle() == "gradients"
    bars = [ax.patches[0].get_facecolor() for shown in (figure, gradients) for ax in shown.axes[:1]]
    assert [red > green for red, green, *_ in bars] == [False, True], "weights blue, gradients violet"
    assert len(plots.histograms(Layer(2, 1)).axes) == 1
    with pytest.raises(ValueError, match="has no parameters"):
        plots.histograms(Flatten())
    with pytest.raises(ValueError, match="of must be 'data'"):
        plots.histograms(model, "weights")


@pytest.mark.covers
@pytest.mark.slow
def test_filters_and_feature_maps() -> None:
    layer = Conv2d(2, 9, 3)
    figure = plots.filters(layer)
    assert figure.get_suptitle() == "9 filters of the first channel, 3 x 3"
    (image,) = figure.axes[8].get_images()
    np.testing.assert_array_equal(image.get_array(), layer.w.data[8, 0])
    low, zero, high = (image.cmap(image.norm(sign * abs(layer.w.data[:, 0]).max())) for sign in (-1, 0, 1))
    assert low[0] > low[2], "negative is orange"
    assert min(zero) > 0.99
    assert high[2] > high[0], "positive is blue"
    maps = layer(np.ones((1, 2, 5, 5)))[0]
    figure = plots.feature_maps(maps)
    assert figure.get_suptitle() == "9 feature maps, 3 x 3"
    np.testing.assert_array_equal(figure.axes[1].get_images()[0].get_array(), maps.data[1])
    with pytest.raises(ValueError, match=r"filters are .*; got shape \(3,\)"):
        plots.filters(np.ones(3))
    with pytest.raises(ValueError, match=r"feature maps are .*; got shape \(1, 9, 3, 3\)"):
        plots.feature_maps(np.ones((1, 9, 3, 3)))


def test_a_picture_is_kept_without_pyplot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)
    assert png(Figure()).startswith(b"\x89PNG")
    assert "matplotlib.pyplot" not in sys.modules


HOSTILE = ["$x$^", "$", "_a^$", "\\$\\frac$", "$" * 7, "\x1b[2J"]


@pytest.mark.slow
def test_a_name_is_no_formula() -> None:
    """Half a formula ended the drawing with an error of Matplotlib's; a whole one was drawn as such."""
    y, points = np.arange(6), np.random.default_rng(0).normal(size=(6, 2))
    eye = np.eye(6)
    for figure in (
        plots.confusion_matrix(eye, y, classes=HOSTILE).figure,
        plots.decision_boundary(lambda points: np.zeros((len(points), 6)), points, y, classes=HOSTILE).figure,
        plots.misclassified(np.zeros((6, 2, 2)), eye[::-1], y, classes=HOSTILE),
    ):
        assert png(figure).startswith(b"\x89PNG")
        shown = {text.get_text() for text in figure.findobj(Text)} - {"$x_1$", "$x_2$"}
        assert [text for text in shown if is_math_text(text)] == []


def test_a_long_name_is_cut() -> None:
    ax = confusion_matrix([-2.0, 3.0], [0, 1], classes=["x" * 100_000, "漢"])
    assert [len(label.get_text()) for label in ax.get_xticklabels()] == [30, 1]
    assert png(ax.figure)[:4] == b"\x89PNG"

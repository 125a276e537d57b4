"""Plots show what they are given, and leave nothing behind."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from nn import History
from nn.plots import axes, confusion_matrix, decision_boundary, history, misclassified


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
    assert len(history({"loss": [1.0]}).figure.axes) == 1


@pytest.mark.parametrize("labels", [(0, 1), (-1, 1)])
def test_boundary_stands_where_the_score_is_zero(labels: tuple[int, int]) -> None:
    X = [[-1.0, 0.0], [1.0, 0.5]]
    ax = decision_boundary(lambda points: [p[0] - 0.25 for p in points], X, labels)
    line = ax.collections[1].get_paths()[0].vertices
    assert line[:, 0] == pytest.approx(0.25)
    assert [c.get_offsets().tolist() for c in ax.collections[2:]] == [[X[0]], [X[1]]]


def test_boundary_of_three_classes() -> None:
    X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    ax = decision_boundary(lambda points: [[0.5, p[0], p[1]] for p in points], X, [0, 1, 2], ax=axes())
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["class 0", "class 1", "class 2"]


def test_confusion_matrix_counts() -> None:
    ax = confusion_matrix([0, 1, 1, 2], np.array([0, 1, 2, 2]), classes=["a", "b", "c"])
    assert {(text.get_position(), text.get_text()) for text in ax.texts} == {
        ((0, 0), "1"),
        ((1, 1), "1"),
        ((2, 1), "1"),
        ((2, 2), "1"),
    }
    assert ax.get_title() == "75.0% of 4 right"
    assert [text.get_text() for text in ax.get_xticklabels()] == ["a", "b", "c"]
    assert len(confusion_matrix([0, 1], [1, 1], ax=axes()).texts) == 2


def test_misclassified_images() -> None:
    images, y = np.zeros((30, 8, 8)), np.arange(30) % 10
    figure = misclassified(images, y, (y + 1) % 10)
    assert figure.get_suptitle() == "30 of 30 taken for another, the first 24"
    assert [ax.get_title() for ax in figure.axes][:2] == ["0 taken for 1", "1 taken for 2"]
    assert misclassified(images, y, y).get_suptitle() == "0 of 30 taken for another"


def test_no_figure_is_left_to_pyplot() -> None:
    history({"loss": [1.0]})
    assert plt.get_fignums() == []

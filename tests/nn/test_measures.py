"""Measures beside accuracy, against those of scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nn import auc, balanced_accuracy, class_scores, r2


def test_measures_are_those_of_scikit_learn() -> None:
    from sklearn import metrics

    rng = np.random.default_rng(0)
    y, z = rng.integers(0, 2, 50), rng.normal(size=50).round(1)
    assert auc(z, y) == pytest.approx(metrics.roc_auc_score(y, z))
    assert balanced_accuracy(z, y, threshold=0) == pytest.approx(metrics.balanced_accuracy_score(y, z > 0))
    many, scores = rng.integers(0, 4, 80), rng.normal(size=(80, 4))
    expected = np.array(metrics.precision_recall_fscore_support(many, scores.argmax(axis=1))).T
    np.testing.assert_allclose([found[1:] for found in class_scores(scores, many)], expected)
    numbers = rng.normal(size=50)
    assert r2(z, numbers) == pytest.approx(metrics.r2_score(numbers, z))
    assert r2(z[:, None], numbers) == r2(z, numbers[:, None])
    assert balanced_accuracy([-1.0, -2.0], [0, 0]) == 1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: auc([1.0, 2.0], [1, 1]), "samples of both classes"),
        (lambda: auc([[1.0, 2.0]], [1]), "one score a sample"),
        (lambda: r2([1.0, 2.0], [3.0, 3.0]), "different numbers in y"),
        (lambda: r2([1.0, 2.0], [3.0]), "takes n numbers y_hat"),
        (lambda: r2(1.0, 2.0), "takes n numbers y_hat"),
    ],
)  # fmt: skip
def test_measures_say_what_they_take(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()

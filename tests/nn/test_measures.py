"""Measures beside accuracy, against those of scikit-learn."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Tensor
from nn import accuracy, auc, balanced_accuracy, class_scores, r2


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


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 3]), st.sampled_from([None, 0.0, 0.5]), st.booleans())
def test_arrays_are_decided_as_lists_are(seed: int, k: int, threshold: float | None, probable: bool) -> None:
    """All at once or one by one: the same numbers, and the same refusals and warnings."""
    draw = np.random.default_rng(seed)
    n = int(draw.integers(1, 30))
    scores = draw.integers(-2, 3, (n, k)) / 2
    scores = np.abs(scores) if probable else scores
    scores[draw.random((n, k)) < 0.01] = np.nan
    labels = draw.integers(draw.choice([0, 0, 0, -1]), max(k, 2), n)

    def found(y_hat: Any, y: Any) -> Any:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                answers = [accuracy(y_hat, y, threshold=threshold), class_scores(y_hat, y, threshold=threshold)]
                answers += [auc(y_hat, y)] if k == 1 and len(set(labels.tolist())) == 2 else []
            except ValueError as error:
                return str(error)
        return answers, [str(warning.message) for warning in caught]

    once = found(scores, labels)
    assert once == found(scores.tolist(), labels.tolist())
    assert once == found(Tensor(scores), labels[:, None])
    if k == 1:
        assert once == found(scores[:, 0], labels)


def test_an_odd_threshold_of_arrays_is_told() -> None:
    with pytest.raises(ValueError, match="threshold is a finite number"):
        accuracy(np.zeros(3), np.zeros(3, int), threshold=float("nan"))

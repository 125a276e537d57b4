"""Accuracy and every figure decide by one rule, whatever form the scores and the labels have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograd import Tensor, Value
from nn import MLP, Adam, accuracy, binary_cross_entropy, fit, predict
from nn.data import moons, one_hot
from nn.plots import confusion_matrix, decision_boundary, misclassified

FORMS = {
    "list": lambda x: x.tolist(),
    "tuple": lambda x: tuple(x.tolist()),
    "array": lambda x: x,
    "column": lambda x: x[:, None],
    "rows of one": lambda x: x[:, None].tolist(),
    "array of objects": lambda x: x.astype(object),
    "list of NumPy's": list,
    "Series": lambda x: pd.Series(x, index=range(len(x))[::-1]),
    "DataFrame": lambda x: pd.DataFrame({"label": x}),
}
NODES = {
    "Tensor": Tensor,
    "Tensor of one column": lambda x: Tensor(x[:, None]),
    "Values": lambda x: [Value(v) for v in x],
    "rows of Values": lambda x: [[Value(v)] for v in x],
    "Tensors": lambda x: [Tensor(v) for v in x],
}
TRUE = np.array([1, 0, 1, 1, 0])
LABELS = {
    "int": TRUE,
    "uint8": TRUE.astype("uint8"),
    "float32": TRUE.astype("float32"),
    "bool": TRUE == 1,
    "text": np.array(["cat", "dog"])[TRUE],
    "signs": 2 * TRUE - 1,
    "signs as floats": 2.0 * TRUE - 1,
}
LOGITS = np.array([3.0, -2.0, 5.0, -0.5, 0.25])
"""Two of which are on the wrong side of 0."""


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_labels_of_two_classes_in_every_form(form: Any, labels: np.ndarray) -> None:
    assert accuracy(LOGITS, form(labels)) == 0.6
    assert accuracy(LOGITS.astype("float32"), form(labels)) == 0.6
    assert accuracy(np.tanh(LOGITS), form(labels)) == 0.6
    if labels.min() != -1 if labels.dtype.kind in "iuf" else True:
        assert accuracy(1 / (1 + np.exp(-LOGITS)), form(labels)) == 0.6
    assert accuracy(np.stack([-LOGITS, LOGITS], axis=1), form(labels), classes=sorted(set(labels.tolist()))) == 0.6


@pytest.mark.parametrize("form", (FORMS | NODES).values(), ids=FORMS | NODES)
def test_one_score_in_every_form(form: Any) -> None:
    for scores in (LOGITS, 1 / (1 + np.exp(-LOGITS))):
        assert accuracy(form(scores), TRUE) == 0.6


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_labels_of_three_classes(form: Any) -> None:
    y = np.array([2, 0, 1, 2])
    rows = np.eye(3)[[2, 0, 2, 2]] * 5 - 7
    names = np.array(["cat", "dog", "owl"])
    for labels in (y, y.astype("uint8"), y.astype(float), names[y]):
        assert accuracy(rows, form(labels)) == 0.75
        assert accuracy(Tensor(rows), form(labels)) == 0.75
        assert accuracy([[Value(z) for z in row] for row in rows], form(labels)) == 0.75
    assert accuracy(rows[:, ::-1], form(names[y]), classes=["owl", "dog", "cat"]) == 0.75
    assert accuracy(rows[:3], form(y[:3] + 5), classes=(5, 6, 7)) == pytest.approx(2 / 3)
    assert accuracy(rows, form(y), classes=["cat", "dog", "owl"]) == 0.75


def test_rows_of_probabilities_are_labels() -> None:
    soft = [[0.1, 0.9, 0.0], [0.25, 0.25, 0.5]]
    for rows in (soft, np.array(soft), Tensor(soft), pd.DataFrame(soft), one_hot([1, 2], 3)):
        assert accuracy([[0.0, 3.0, 1.0], [0.0, 3.0, 1.0]], rows) == 0.5


@given(z=hnp.arrays(float, st.tuples(st.integers(1, 5), st.integers(2, 4)), elements=st.floats(-3, 3)), data=st.data())
def test_the_largest_score_decides(z: np.ndarray, data: st.DataObject) -> None:
    y = data.draw(hnp.arrays(int, len(z), elements=st.integers(0, z.shape[1] - 1)))
    assert accuracy(z, y) == np.mean(z.argmax(axis=1) == y)
    assert accuracy(z, np.eye(z.shape[1])[y]) == np.mean(z.argmax(axis=1) == y)


@given(p=hnp.arrays(float, st.integers(1, 6), elements=st.floats(0, 1)), data=st.data())
def test_scores_in_the_unit_interval_are_probabilities_unless_the_labels_are_signs(p: Any, data: Any) -> None:
    y = data.draw(hnp.arrays(int, len(p), elements=st.integers(0, 1)))
    assert accuracy(p, y) == np.mean((p > 0.5) == y)
    assert accuracy(p, y, threshold=0) == np.mean((p > 0) == y)
    assert accuracy([*p, 1.5], [*y, 1]) == np.mean([*((p > 0) == y), True])
    assert accuracy([*p, -0.0], [*(2 * y - 1), -1]) == np.mean([*((p > 0) == y), True])


def test_scores_that_learned_the_numbers_0_and_1_are_no_logits() -> None:
    """They were told to be half right, without a word."""
    y = np.arange(20) % 2
    scores = y + np.random.default_rng(0).normal(0.0, 0.1, 20)
    with pytest.warns(UserWarning, match="above 0 for the second class: .* are right. Above 0.5 100% were: give thres"):
        assert accuracy(scores, y) < 0.9
    assert accuracy(scores, y, threshold=0.5) == 1.0
    # Logits say nothing of the kind, before a training and after it.
    for seed in range(50):
        rng = np.random.default_rng(seed)
        for logits in (rng.normal(0.0, 1.0, 20), (y - 0.5) * rng.exponential(4.0, 20), rng.normal(0.3, 0.1, 20)):
            accuracy(logits, y)


def test_a_threshold_may_be_given() -> None:
    assert accuracy([0.2, 0.4, 1.1], [0, 0, 1], threshold=0.5) == 1.0
    assert accuracy([0.2, 0.4, 1.1], [0, 0, 1]) == pytest.approx(1 / 3)
    assert accuracy([0.2, 0.4], [0, 1], threshold=np.float32(0.3)) == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("of", [Value, Tensor])
def test_a_sigmoid_trained_by_binary_cross_entropy_is_as_right_as_it_is(of: Any) -> None:
    points, labels = moons(60)
    model = MLP(2, [8, 1], output="sigmoid", of=of, seed=1)
    adam = Adam(model.parameters(), lr=0.05)
    history = fit(
        model,
        points,
        labels,
        loss=binary_cross_entropy,
        optimizer=adam,
        epochs=120,
        validation=(points, labels),
        metrics=[accuracy],
        progress=False,
    )
    p = np.array(predict(model, points))
    right = np.mean((p > 0.5) == np.array(labels))
    assert right > 0.9
    assert accuracy(predict(model, points), labels) == right
    assert history["val_accuracy"][-1] == right
    assert history["accuracy"][-1] == pytest.approx(right, abs=0.05)
    assert confusion_matrix(p, labels).get_title() == f"{right:.1%} of 60 right"
    wrong = round(60 * (1 - right))
    assert misclassified(np.zeros((60, 2, 2)), p, labels).get_suptitle().startswith(f"{wrong} of 60" if wrong else "no")
    regions = decision_boundary(lambda points: predict(model, points), points, labels).collections[0].get_array()
    assert 0.2 < regions.mean() < 0.8


@pytest.mark.parametrize(
    ("message", "y_hat", "y", "asked"),
    [
        (r"got y_hat \(2,\) and y \(3,\)", [1.0, 2.0], [0, 1, 0], {}),
        (r"one sample at least; got shape \(0,\)", [], [], {}),
        (r"got shape \(2, 0\)", [[], []], [0, 1], {}),
        (r"got shape \(\)", 0.7, 1, {}),
        (r"got shape \(1, 1, 1\)", [[[0.7]]], [1], {}),
        (r"got y_hat \(1,\) and y \(\)", [0.7], 1, {}),
        (r"got y_hat \(2, 3\) and y \(2, 2\)", np.ones((2, 3)), np.eye(2), {}),
        ("before the labels y; got the score nan", [0.5, np.nan], [0, 1], {}),
        ("got the score nan", [[0.5, np.nan]], [0], {}),
        ("got the score 'cat'", ["cat", "dog"], [0.2, 0.7], {}),
        ("got the score None", [None], [0], {}),
        (r"are they swapped\? It is accuracy\(y_hat, y\)", [1, 0], [0.7, 0.2], {}),
        (r"are they swapped\? It is accuracy\(y_hat, y\)", [1, 0], [[0.7, 0.3], [0.1, 0.9]], {}),
        (r"2 may be class numbers: give predict\(model, X\) itself", [2, 0, 1], [2, 0, 1], {}),
        (r"tell the classes \[0, 1\] apart; y has 2", [0.1, 0.9], [0, 2], {}),
        (r"tell the classes \[-1, 1\] apart; y has 0", [0.1, -0.9, 0.3], [-1, 0, 1], {}),
        (r"tell the classes \[0, 1\] apart; y has -1", [[0.1, 0.9]], [-1], {}),
        (r"tell the classes \[0, 1, 2\] apart; y has 3", [[0.1, 0.9, 0.0]], [3], {}),
        ("y has nan", [0.1, 0.9], [0, np.nan], {}),
        ("y has None", [0.1, 0.9], [0, None], {}),
        ("y has 'cat'", [0.1, 0.9], ["cat", np.nan], {}),
        ("2 classes apart, the labels are 1: .'cat'.. Give classes=", [0.1, 0.9], ["cat", "cat"], {}),
        ("2 classes apart, the labels are 3", [0.1, 0.9, 0.3], ["a", "b", "c"], {}),
        (r"\['a', 'b'\] apart; y has 'c'", [0.1, 0.9], ["a", "c"], {"classes": ["a", "b"]}),
        ("classes are the 2 labels that the scores tell apart; got", [0.1, 0.9], [0, 1], {"classes": ["a"]}),
        ("the 2 labels that the scores tell apart; got", [0.1, 0.9], [0, 1], {"classes": ["a", "a"]}),
        (r"rows of probabilities.*; got \[1, 1, 0\]", [[0.1, 0.9, 0.3]], [[1, 1, 0]], {}),
        ("threshold is a finite number, for one score a sample; got 0.5", [[0.1, 0.9]], [1], {"threshold": 0.5}),
        ("threshold is a finite number.*got nan", [0.1], [1], {"threshold": float("nan")}),
        ("threshold is a finite number.*got 'half'", [0.1], [1], {"threshold": "half"}),
    ],
)
def test_what_cannot_be_decided_is_refused(message: str, y_hat: Any, y: Any, asked: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=message) as found:
        accuracy(y_hat, y, **asked)
    assert "\n" not in str(found.value)


def test_figures_take_no_class_numbers_for_scores() -> None:
    for guesses in ([0, 1], np.array([[0], [1]]), [True, False]):
        with pytest.raises(ValueError, match="before the labels y, not whole numbers"):
            confusion_matrix(guesses, [0, 1])
        with pytest.raises(ValueError, match="before the labels y, not whole numbers"):
            misclassified(np.zeros((2, 8, 8)), guesses, [0, 1])
    with pytest.raises(ValueError, match="2 may be class numbers"):
        confusion_matrix([0, 2], [0, 1])
    assert confusion_matrix(one_hot([0, 1], 2), [0, 1]).get_title() == "100.0% of 2 right"


@pytest.mark.covers
@pytest.mark.slow
def test_figures_name_classes() -> None:
    X, names = [[-1.0, 0.0], [1.0, 0.5]], ["dog", "cat"]

    def legend(*given: Any, **asked: Any) -> list[str]:
        return [text.get_text() for text in decision_boundary(*given, **asked).get_legend().get_texts()]

    assert legend(lambda points: [[p[0] - 0.25] for p in points], X, names) == ["class cat", "class dog"]
    assert legend(lambda points: [[-p[0], p[0]] for p in points], X, np.eye(2)) == ["class 0", "class 1"]
    assert legend(lambda points: [p[0] for p in points], X, [[0], [1]], classes=names) == ["class dog", "class cat"]
    ax = confusion_matrix([0.2, 0.3], names, threshold=0.25)
    assert [text.get_text() for text in ax.get_xticklabels()] == ["cat", "dog"]
    assert ax.get_title() == "0.0% of 2 right"
    figure = misclassified(np.zeros((2, 8, 8)), [[0.9, 0.1], [0.8, 0.2]], names)
    assert figure.axes[0].get_title() == "dog taken for cat"
    with pytest.raises(ValueError, match=r"of n labels y, or of rows \(n, 2\); got \(2, 3\)"):
        decision_boundary(lambda points: [[-p[0], p[0]] for p in points], X, np.ones((2, 3)))


@pytest.mark.slow
@pytest.mark.parametrize("labels", [[0, 1], [False, True], ["a", "b"], [[1.0, 0.0], [0.0, 1.0]]])
def test_the_boundary_of_a_sigmoid_is_where_it_is_one_half(labels: Any) -> None:
    X = [[-1.0, 0.0], [1.0, 0.5]]

    def sigmoid(points: Any) -> Any:
        z = np.array(points)[:, 0] - 0.25
        p = 1 / (1 + np.exp(-4 * z))
        return p if np.ndim(labels) == 1 else np.stack([1 - p, p], axis=1)

    ax = decision_boundary(sigmoid, X, labels)
    corners = np.concatenate([path.vertices for c in ax.collections[1:2] for path in c.get_paths()])
    assert corners[:, 0] == pytest.approx(0.25, abs=1e-3)
    assert ax.collections[0].get_array().mean() == pytest.approx((1.3 - 0.25) / 2.6, abs=0.01)

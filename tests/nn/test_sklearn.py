"""The estimators: scikit-learn's own checks, its pipelines and searches, weights of samples, and what they refuse."""

from __future__ import annotations

import importlib.util
import pickle
import sys
import warnings
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from scipy.special import softmax
from sklearn.base import clone
from sklearn.datasets import load_iris, make_multilabel_classification
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from autograd import draw
from nn import MLP, cosine
from nn._training.optimizers import NAMED
from nn.data import moons
from nn.sklearn import NeuralNetClassifier, NeuralNetRegressor

NOT_THERE = ("SCIPY_ARRAY_API is not set", "pandas is not installed")
"""What scikit-learn's own checks may need."""

rng = np.random.default_rng(0)
X, y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)
NAMES = np.array(["setosa", "versicolor", "virginica"])[y]


def classifier(**settings: Any) -> NeuralNetClassifier:
    return NeuralNetClassifier(**{"hidden_sizes": [8], "random_state": 0, **settings})


def regressor(**settings: Any) -> NeuralNetRegressor:
    return NeuralNetRegressor(**{"hidden_sizes": [8], "random_state": 0, **settings})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("estimator", "fewest"), [(NeuralNetClassifier(epochs=40), 60), (NeuralNetRegressor(epochs=40), 55)]
)
def test_scikit_learns_own_checks(estimator: Any, fewest: int) -> None:
    """They train 124 networks; with fewer epochs than by default each has to learn as much."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(estimator, on_fail=None, on_skip=None)
    passed = [result["check_name"] for result in results if result["status"] == "passed"]
    others = {result["check_name"]: str(result["exception"]) for result in results if result["status"] != "passed"}
    assert {name: why for name, why in others.items() if not why.startswith(NOT_THERE)} == {}
    assert len(passed) >= fewest


@pytest.mark.slow
def test_labels_are_given_back_as_they_came() -> None:
    model = classifier(lr=0.05).fit(X, NAMES)
    assert list(model.classes_) == sorted(set(NAMES))
    assert model.score(X, NAMES) > 0.95
    proba = model.predict_proba(X)
    assert proba.shape == (150, 3)
    np.testing.assert_allclose(proba, softmax(model.decision_function(X), axis=1), rtol=1e-9)
    assert (model.classes_[proba.argmax(axis=1)] == model.predict(X)).all()
    assert (proba.argmax(axis=1) == model.decision_function(X).argmax(axis=1)).all()


@pytest.mark.covers
@pytest.mark.slow
def test_two_classes() -> None:
    model = classifier(lr=0.05).fit(X[:100], NAMES[:100])
    assert model.score(X[:100], NAMES[:100]) == 1.0
    z, proba = model.decision_function(X), model.predict_proba(X)
    np.testing.assert_allclose(proba, np.stack([1 / (1 + np.exp(z)), 1 / (1 + np.exp(-z))], axis=1), rtol=1e-9)


@pytest.mark.covers
@pytest.mark.slow
def test_several_labels_for_a_sample() -> None:
    X, y = make_multilabel_classification(n_samples=100, n_classes=3, random_state=0)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    model = classifier(lr=0.1, hidden_sizes=[32], epochs=400).fit(X, y)
    assert model.score(X, y) > 0.9
    assert ((model.predict_proba(X) > 0.5) == model.predict(X)).all()
    model = classifier(lr=0.1).partial_fit(X, y)
    assert model.predict(X).shape == (100, 3)


@pytest.mark.slow
def test_several_outputs() -> None:
    targets = np.stack([X[:, 0] - X[:, 1], X[:, 2] * 2], axis=1)
    model = regressor(lr=0.05).fit(X, targets)
    assert model.predict(X).shape == (150, 2)
    assert model.score(X, targets) > 0.98
    with pytest.warns(DataConversionWarning):
        assert regressor().fit(X, targets[:, :1]).predict(X).shape == (150,)


@pytest.mark.slow
def test_pipeline_search_and_cross_validation() -> None:
    pipeline = make_pipeline(StandardScaler(), classifier(lr=0.05, epochs=60))
    raw, _ = load_iris(return_X_y=True)
    assert cross_val_score(pipeline, raw, NAMES, cv=3).mean() > 0.9
    sizes, rates = [(4,), (16,)], np.array([1e-6, 0.05])
    search = GridSearchCV(
        pipeline, {"neuralnetclassifier__hidden_sizes": sizes, "neuralnetclassifier__lr": rates}, cv=2
    )
    search.fit(raw, NAMES)
    assert search.best_params_["neuralnetclassifier__lr"] == 0.05
    assert search.best_estimator_.predict_proba(raw).shape == (150, 3)
    assert cross_val_score(regressor(lr=0.05), X[:, :3], X[:, 3], cv=3, scoring="r2").shape == (3,)


@pytest.mark.slow
@pytest.mark.parametrize("make", [pytest.param(classifier, marks=pytest.mark.covers), regressor])
@pytest.mark.parametrize("batch_size", [40, 1000])
def test_a_weight_counts_like_repeated_samples(make: Any, batch_size: int) -> None:
    targets = y if make is classifier else X[:, 3]
    weight = rng.integers(0, 4, 150)
    one = make(batch_size=1000, epochs=30).fit(X[:, :3], targets, sample_weight=5 * weight)
    two = make(batch_size=1000, epochs=30).fit(np.repeat(X[:, :3], weight, axis=0), np.repeat(targets, weight))
    for a, b in zip(one.model_.parameters(), two.model_.parameters()):
        np.testing.assert_allclose(a.data, b.data, rtol=1e-9, atol=1e-12)
    unlike = make(batch_size=1000, epochs=30).fit(X[:, :3], targets)
    assert abs(unlike.model_.parameters()[0].data - one.model_.parameters()[0].data).max() > 1e-3
    # In mini-batches too, a sample of weight 0 is absent, and weights that are all the same change nothing.
    some = weight > 0
    one = make(batch_size=batch_size, epochs=30).fit(X[:, :3], targets, sample_weight=some)
    two = make(batch_size=batch_size, epochs=30).fit(X[some, :3], targets[some])
    np.testing.assert_allclose(one.model_.parameters()[0].data, two.model_.parameters()[0].data, rtol=1e-9)
    equal = make(batch_size=batch_size, epochs=30).fit(X[:, :3], targets, sample_weight=np.full(150, 3.0))
    plain = make(batch_size=batch_size, epochs=30).fit(X[:, :3], targets)
    np.testing.assert_allclose(equal.model_.parameters()[0].data, plain.model_.parameters()[0].data, rtol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("make", [classifier, regressor])
def test_partial_fit_goes_on(make: Any) -> None:
    targets = y if make is classifier else X[:, 3]
    first = {"classes": [2, 0, 1]} if make is classifier else {}
    model = make(lr=0.02, batch_size=30)
    for epoch in range(60):
        model.partial_fit(X, targets, **(first if epoch == 0 else {}))
    assert len(model.history_.loss) == 60
    assert model.history_.loss[-1] < 0.3 * model.history_.loss[0]
    # fit starts anew.
    assert len(model.fit(X, targets).history_.loss) == model.epochs


def test_every_pass_has_an_order_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds: list[int] = []
    fit = sys.modules["nn.sklearn"].fit
    monkeypatch.setattr(
        "nn.sklearn.fit", lambda *data, **settings: seeds.append(settings["seed"]) or fit(*data, **settings)
    )
    model = regressor()
    for _ in range(3):
        model.partial_fit(X, y)
    assert len(set(seeds)) == 3


def test_partial_fit_goes_further_with_larger_weights() -> None:
    moved = []
    for weight in (1.0, 2.0):
        model = regressor(optimizer="sgd", momentum=0.0).partial_fit(X, X[:, 3])
        before = model.model_.parameters()[0].data
        model.partial_fit(X[:5], X[:5, 3], sample_weight=np.full(5, weight))
        moved.append(model.model_.parameters()[0].data - before)
    np.testing.assert_allclose(2 * moved[0], moved[1], rtol=1e-6, atol=1e-12)


def test_the_first_batch_may_lack_a_class() -> None:
    model = classifier(lr=0.05).partial_fit(X[:50], NAMES[:50], classes=np.unique(NAMES))
    assert model.predict_proba(X).shape == (150, 3)
    with pytest.raises(ValueError, match="the label 'rose', which is none of the classes"):
        model.partial_fit(X[:1], ["rose"])


def test_a_first_batch_with_a_wrong_label_leaves_nothing_behind() -> None:
    model = NeuralNetClassifier([4], random_state=0)
    with pytest.raises(ValueError, match="the label 'c', which is none of the classes"):
        model.partial_fit([[0.0], [1.0]], ["a", "c"], classes=["a", "b"])
    assert model.partial_fit([[0.0], [1.0]], ["a", "c"], classes=["a", "b", "c"]).predict_proba([[0.0]]).shape == (1, 3)
    model.partial_fit([[0.0]], ["b"], classes=["c", "b", "a"])
    with pytest.raises(ValueError, match=r"classes must be those of the first call, \['a', 'b', 'c'\], or None; got"):
        model.partial_fit([[0.0]], ["b"], classes=["a", "b"])


def test_parameters_are_kept_and_seeds_obeyed() -> None:
    model = classifier(activation="tanh", weight_decay=0.01)
    assert clone(model).get_params() == model.get_params()
    assert model.set_params(lr=0.5).lr == 0.5
    models = [classifier(random_state=seed, batch_size=40, epochs=3).fit(X, y) for seed in (1, 1, 2)]
    weights = [model.model_.parameters()[0].data for model in models]
    assert (weights[0] == weights[1]).all()
    assert not (weights[0] == weights[2]).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_of_any_kind(dtype: Any) -> None:
    model = classifier(epochs=np.int64(5), lr=np.float32(0.01), batch_size=np.int64(50), hidden_sizes=(np.int64(4),))
    assert model.fit(X.astype(dtype), y).predict_proba(X.astype(dtype)).dtype == dtype
    assert {p.dtype for p in model.model_.parameters()} == {np.dtype(dtype)}
    assert regressor(epochs=5).fit(X.astype(dtype), y.astype(dtype)).predict(X).dtype == dtype


@pytest.mark.parametrize("make", [classifier, regressor])
def test_sparse_samples_are_as_dense_ones(make: Any) -> None:
    sparse = pytest.importorskip("scipy.sparse").random(150, 4, density=0.4, random_state=0, format="csc")
    found = {
        make(epochs=3, early_stopping=True).fit(data, y, sample_weight=np.arange(150)).predict(data).tobytes()
        for data in (sparse, sparse.toarray())
    }
    assert len(found) == 1


def test_the_network_can_be_taken_out_and_kept() -> None:
    model = classifier(hidden_sizes=[3], epochs=5).fit(X, y)
    assert isinstance(model.model_, MLP)
    assert "svg" in draw(model.model_).svg
    assert model.history_.epochs == 5
    again = pickle.loads(pickle.dumps(model))
    assert (again.predict_proba(X) == model.predict_proba(X)).all()


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", NAMED)
def test_every_optimizer_learns(optimizer: str) -> None:
    assert classifier(optimizer=optimizer, lr=0.01, momentum=0.9).fit(X, y).score(X, y) > 0.8


def test_patience_ends_training() -> None:
    model = classifier(lr=0.3, patience=np.int64(5)).fit(X, y)
    assert 5 < model.history_.epochs < model.epochs
    assert model.score(X, y) > 0.95


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (TypeError, "hidden_sizes must be a list or tuple", lambda: classifier(hidden_sizes=8).fit(X, y)),
        (ValueError, "optimizer must be one of", lambda: classifier(optimizer="sdg").fit(X, y)),
        (ValueError, "unknown activation 'rleu'", lambda: classifier(activation="rleu").fit(X, y)),
        (ValueError, "batch_size must be a whole number", lambda: classifier(batch_size=0).fit(X, y)),
        (ValueError, "epochs must be a whole number", lambda: regressor(epochs=0.5).fit(X, y)),
        (ValueError, "y has one class", lambda: classifier().fit(X, y * 0)),
        (ValueError, "needs classes=", lambda: classifier().partial_fit(X, y)),
        (ValueError, "sample_weight must be numbers from 0; got -1", lambda: classifier().fit(X, y, y - 1.0)),
        (ValueError, "every sample_weight is zero", lambda: regressor().fit(X, y, y * 0.0)),
        (ValueError, "a number for each of 150 samples; got shape", lambda: regressor().fit(X, y, [1.0])),
        (NotFittedError, "not fitted yet", lambda: classifier().predict(X)),
    ],
)
def test_mistakes_are_told(error: type[Exception], message: str, call: Any) -> None:
    with pytest.raises(error, match=message):
        call()


def test_without_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.find_spec("nn.sklearn")
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    with pytest.raises(ImportError, match=r"needs scikit-learn 1\.6 or newer: pip install scikit-learn"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


def test_early_stopping_sets_a_part_apart() -> None:
    X, y = moons(200)
    model = classifier(early_stopping=True, lr=0.05, epochs=300, batch_size=20).fit(X, y)
    assert model.n_iter_ < 300
    assert len(model.loss_curve_) == model.n_iter_ == len(model.history_["val_loss"])
    losses = model.history_["val_loss"]
    assert losses.index(min(losses)) == len(losses) - 11
    weight = np.ones(200)
    assert regressor(early_stopping=True, patience=2, epochs=50).fit(X, y, weight).n_iter_ <= 50


def test_a_warm_start_goes_on() -> None:
    X, y = moons(60)
    model = classifier(warm_start=True, epochs=3).fit(X, y)
    first = model.model_
    assert model.fit(X, y).n_iter_ == 6
    assert model.model_ is first
    assert model.set_params(warm_start=False).fit(X, y).n_iter_ == 3
    with pytest.raises(ValueError, match="warm_start goes on with the classes"):
        model.set_params(warm_start=True).fit(X, ["a", "b"] * 30)
    numbers = regressor(warm_start=True, epochs=2).fit(X, y)
    assert numbers.fit(X, y).n_iter_ == 4


def test_classes_have_weights() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 1))
    y = np.where(X[:, 0] + rng.normal(size=300) > 1.8, "rare", "usual")
    found = [
        (classifier(lr=0.02, epochs=30, class_weight=weight).fit(X, y).predict(X) == "rare").sum()
        for weight in (None, {"rare": 20.0}, "balanced")
    ]
    assert found[0] < min(found[1:])
    with pytest.raises(ValueError, match="class_weight has the label 'odd', none of the classes"):
        classifier(class_weight={"odd": 1.0}).fit(X, y)
    with pytest.raises(ValueError, match="samples of one class each"):
        classifier(class_weight={0: 1.0}).fit(X, np.eye(3, dtype=int)[rng.integers(0, 3, 300)])


@pytest.mark.parametrize("y", ["two", "three", "labels"])
def test_logarithms_of_probabilities(y: str) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 2))
    targets = {"two": np.arange(30) % 2, "three": np.arange(30) % 3, "labels": rng.integers(0, 2, (30, 3))}
    model = classifier(epochs=5, schedule=cosine(5), verbose=True).fit(X, targets[y])
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), model.predict_proba(X))
    assert (model.predict_log_proba(1e5 * X) > -np.inf).all()
    assert model.history_["lr"][0] == pytest.approx(0.001)

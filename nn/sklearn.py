"""scikit-learn's face: an MLP as a classifier and a regressor, for pipelines and searches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy

from autograd import Tensor
from autograd.files import brief
from nn._core.rows import check_unmasked
from nn._core.settings import plain_number
from nn._core.types import (
    Activation,
    Array,
    ClassWeights,
    Labels,
    Loss,
    Numbers,
    Rows,
    Targets,
    Weights,
)
from nn._layers.dense import MLP
from nn._training.cross_entropy import cross_entropy
from nn._training.fit import fit
from nn._training.history import History
from nn._training.losses import mse
from nn._training.metrics import checked_scores, decide
from nn._training.optimizers import NAMED
from nn._training.predict import predict
from nn._training.probabilities import log_probabilities, logistic, probabilities
from nn._training.schedules import Schedule
from nn.data._prepared import others, rows_apart

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils import check_array, check_random_state
    from sklearn.utils.multiclass import check_classification_targets, type_of_target
    from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data
except ImportError:
    raise ImportError("nn.sklearn needs scikit-learn 1.6 or newer: pip install scikit-learn") from None


TAKEN: dict[str, Any] = {"dtype": (numpy.float64, numpy.float32), "accept_sparse": "csr"}
"""The forms of X that scikit-learn's check leaves as they are."""


class _NeuralNet(BaseEstimator):
    """The common part of both estimators: their parameters, and training on numbers."""

    def __init__(
        self,
        hidden_sizes: Sequence[int] = (100,),
        activation: Activation = "relu",
        *,
        optimizer: str = "adam",
        lr: float = 0.001,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        epochs: int = 200,
        batch_size: int = 200,
        schedule: Schedule | None = None,
        patience: int | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        warm_start: bool = False,
        verbose: bool = False,
        random_state: int | numpy.random.RandomState | None = None,
    ) -> None:
        self.hidden_sizes = hidden_sizes
        self.activation = activation
        self.optimizer = optimizer
        self.lr = lr
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.epochs = epochs
        self.batch_size = batch_size
        self.schedule = schedule
        self.patience = patience
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state

    @property
    def loss_curve_(self) -> list[float]:
        """The training loss of each epoch."""
        check_is_fitted(self, "model_")
        return list(self.history_["loss"])

    @property
    def n_iter_(self) -> int:
        """The number of epochs that the network was trained for."""
        check_is_fitted(self, "model_")
        return self.history_.epochs

    model_: MLP

    def _start(self, X: Array, n_out: int) -> None:
        """Make a fresh network of `n_out` outputs, its optimizer and an empty history, unless a warm start has them.

        Its numbers are float32 if those of X are.
        """
        if (
            self.warm_start
            and hasattr(self, "model_")
            and predict(self.model_, [[0.0] * self.n_features_in_]).size == n_out
        ):
            return
        if not isinstance(self.hidden_sizes, (list, tuple)):
            raise TypeError(f"hidden_sizes must be a list or tuple, such as (100,); got {brief(self.hidden_sizes)}")
        if self.optimizer not in NAMED:
            raise ValueError(f"optimizer must be one of {', '.join(NAMED)}; got {brief(self.optimizer)}")
        self._rng = check_random_state(self.random_state)
        sizes = [*map(plain_number, self.hidden_sizes), n_out]
        self.model_ = MLP(self.n_features_in_, sizes, self.activation, of=Tensor, seed=self._seed(), dtype=X.dtype)
        settings = map(plain_number, (self.lr, self.momentum, self.weight_decay))
        self.optimizer_ = NAMED[self.optimizer](self.model_.parameters(), *settings)
        self.history_ = History({"loss": []})

    def _train(
        self,
        X: Rows,
        y: Targets,
        weight: Weights | None,
        loss: Loss,
        epochs: int | None = None,
        class_weight: ClassWeights | None = None,
    ) -> None:
        """Go on training, for so many epochs or as the settings say, and add to the history."""
        batch_size, patience, validation = plain_number(self.batch_size), plain_number(self.patience), None
        if epochs is None and self.early_stopping:
            X, y, weight, validation = self._set_apart(X, y, weight)
            patience = patience or 10
        batch_size = None if isinstance(batch_size, int) and batch_size >= X.shape[0] else batch_size
        history = fit(
            self.model_,
            X,
            y,
            loss=loss,
            optimizer=self.optimizer_,
            epochs=plain_number(self.epochs) if epochs is None else epochs,
            batch_size=batch_size,
            weight=weight,
            class_weight=class_weight,
            validation=validation,
            schedule=self.schedule if epochs is None else None,
            patience=patience,
            seed=self._seed(),
            progress=bool(self.verbose),
        )
        for name, numbers in history.items():
            self.history_.setdefault(name, []).extend(numbers)

    def _set_apart(self, X: Array, y: Array, weight: Array | None) -> tuple[Array, Array, Array | None, Any]:
        """Return samples to train on, their weights, and a part that stops the training; classes keep their parts."""
        classes = isinstance(self, NeuralNetClassifier) and y.ndim == 1
        apart = rows_apart(y, len(y), classes, plain_number(self.validation_fraction), self._seed() % 2**31)
        rest = others(apart, len(y))
        return X[rest], y[rest], None if weight is None else weight[rest], (X[apart], y[apart])

    def _seed(self) -> int:
        return int(self._rng.randint(2**31 - 1))

    def _output(self, X: Rows) -> Numbers:
        """Return the network's output for samples, which are checked."""
        check_is_fitted(self, "model_")
        check_unmasked(X, "X")
        return predict(self.model_, validate_data(self, X, reset=False, **TAKEN))


class NeuralNetClassifier(ClassifierMixin, _NeuralNet):
    """A multi-layer perceptron that tells classes apart, for scikit-learn's pipelines and searches.

    `hidden_sizes` are the neurons of each hidden layer, `activation` their non-linearity, a key of ACTIVATIONS or a
    function. `optimizer` is "adam", "sgd" or "rmsprop", with the learning rate `lr`, the `momentum` (of "sgd") and
    `weight_decay`. An epoch goes through all samples once, in batches of `batch_size`; a `schedule`, such as
    `nn.cosine(200)`, changes the learning rate. With `patience` training stops after that many epochs without a lower
    loss, with the best weights; with `early_stopping` it is the loss of a part, `validation_fraction`, set apart (the
    patience is 10 then, if none is given). `class_weight` is "balanced" or a dict {label: weight}. With
    `warm_start` another `fit` goes on with the network, `verbose` shows a bar. `random_state` fixes weights and order.
    X has shape (n, k); of a sparse matrix one batch at a time is made dense, and what learns from float32 has float32
    weights. y holds n labels, numbers or text, or is (n, m) of 0 and 1, where each sample may have
    several labels. After `fit`: `classes_`, `model_` (the MLP), `history_`, `loss_curve_`, `n_iter_`, `optimizer_`,
    `n_features_in_`, and `feature_names_in_` if X had names. Raises ValueError or TypeError for what does not fit,
    FloatingPointError if the loss is no longer finite. Standardise the features first.

    >>> from nn.data import moons
    >>> from nn.sklearn import NeuralNetClassifier
    >>> X, y = moons(100)
    >>> NeuralNetClassifier([16], lr=0.1, random_state=0).fit(X, y).score(X, y) > 0.9
    True
    """

    def __init__(
        self,
        hidden_sizes: Sequence[int] = (100,),
        activation: Activation = "relu",
        *,
        optimizer: str = "adam",
        lr: float = 0.001,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        epochs: int = 200,
        batch_size: int = 200,
        schedule: Schedule | None = None,
        patience: int | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        class_weight: ClassWeights | None = None,
        warm_start: bool = False,
        verbose: bool = False,
        random_state: int | numpy.random.RandomState | None = None,
    ) -> None:
        super().__init__(
            hidden_sizes, activation, optimizer=optimizer, lr=lr, momentum=momentum, weight_decay=weight_decay,
            epochs=epochs, batch_size=batch_size, schedule=schedule, patience=patience, early_stopping=early_stopping,
            validation_fraction=validation_fraction, warm_start=warm_start, verbose=verbose, random_state=random_state,
        )  # fmt: skip
        self.class_weight = class_weight

    def fit(self, X: Rows, y: Targets, sample_weight: Weights | None = None) -> Self:
        """Train a fresh network; a `sample_weight` of 2 counts like the sample twice, 0 like its absence."""
        X, y = self._checked(X, y)
        X, y, weight = _weighed(X, y, sample_weight)
        before = getattr(self, "classes_", None) if self.warm_start else None
        self._choose(y)
        if before is not None and not numpy.array_equal(before, self.classes_):
            raise ValueError(
                f"warm_start goes on with the classes {before.tolist()}; y has {self.classes_.tolist()}: make another"
            )
        self._start(X, self._outputs())
        self._train(X, self._encoded(y), weight, self._loss(), class_weight=self._class_weight())
        return self

    def partial_fit(
        self, X: Rows, y: Targets, classes: Labels | None = None, sample_weight: Weights | None = None
    ) -> Self:
        """Go through samples once, from where training stood; the first call needs the list `classes`."""
        first = not hasattr(self, "model_")
        X, y = self._checked(X, y, first)
        weight = None if sample_weight is None else _weights(X, sample_weight)
        if first:
            if classes is None and y.ndim == 1:
                raise ValueError("the first call of partial_fit needs classes=..., a list of all labels that will come")
            self._choose(y if y.ndim == 2 else numpy.asarray(classes))
        elif classes is not None and not numpy.array_equal(numpy.unique(classes), self.classes_):
            known = self.classes_.tolist()
            raise ValueError(f"classes must be those of the first call, {known}, or None; got {classes}")
        codes = self._encoded(y)
        if first:
            # Not before the labels are checked: an estimator with a network counts as fitted.
            self._start(X, self._outputs())
        self._train(X, codes, weight, self._loss(), 1)
        return self

    def decision_function(self, X: Rows) -> Numbers:
        """Return the network's output: (n,), above 0 for the second class, or the scores (n, k) of k classes."""
        return self._output(X)

    def predict_proba(self, X: Rows) -> Numbers:
        """Return the probability (n, k) of each class, or of each label if a sample may have several."""
        z = self._output(X)
        return numpy.exp(-numpy.logaddexp(0.0, -z)) if self._several else probabilities(z)

    def predict_log_proba(self, X: Rows) -> Numbers:
        """Return the logarithm (n, k) of the probability of each class, also where the probability rounds to 0."""
        z = self._output(X)
        return -numpy.logaddexp(0.0, -z) if self._several else log_probabilities(z)

    def predict(self, X: Rows) -> Targets:
        """Return the most probable label of each sample (n,), or 0 and 1 (n, m) for several labels a sample."""
        z = self._output(X)
        if self._several:
            return (z > 0).astype(int)
        return self.classes_[decide(checked_scores(z, "predict"), 0.0)]

    def _checked(self, X: Rows, y: Targets, reset: bool = True) -> tuple[Array, Array]:
        check_unmasked(X, "X")
        check_unmasked(y, "y")
        X, y = validate_data(self, X, y, reset=reset, **TAKEN, multi_output=True)
        check_classification_targets(y)
        return X, y if type_of_target(y) == "multilabel-indicator" else column_or_1d(y, warn=True)

    def _choose(self, y: Array) -> None:
        """Take the classes from labels."""
        self._several = y.ndim == 2
        self.classes_ = numpy.arange(y.shape[1]) if self._several else numpy.unique(y)
        if len(self.classes_) < 2:
            raise ValueError(f"y has one class, {self.classes_.tolist()[0]!r}; a classifier needs two at least")

    def _outputs(self) -> int:
        return 1 if len(self.classes_) == 2 and not self._several else len(self.classes_)

    def _encoded(self, y: Array) -> Array:
        """Return labels as the loss takes them: class numbers, or 0 and 1 as floats."""
        if self._several:
            return y.astype(float)
        codes = numpy.searchsorted(self.classes_, y).clip(max=len(self.classes_) - 1)
        unknown = y[self.classes_[codes] != y]
        if len(unknown):
            raise ValueError(
                f"y has the label {unknown.tolist()[0]!r}, which is none of the classes {self.classes_.tolist()}"
            )
        return codes.astype(float) if len(self.classes_) == 2 else codes

    def _class_weight(self) -> ClassWeights | None:
        """Return the weight of each class by its number."""
        if self.class_weight is None or isinstance(self.class_weight, str):
            return self.class_weight
        if self._several:
            raise ValueError("class_weight is for samples of one class each, not for several labels a sample")
        numbers = {label: k for k, label in enumerate(self.classes_.tolist())}
        unknown = [label for label in self.class_weight if label not in numbers]
        if unknown:
            raise ValueError(f"class_weight has the label {unknown[0]!r}, none of the classes {list(numbers)}")
        # A label without a weight counts once.
        return {k: self.class_weight.get(label, 1.0) for label, k in numbers.items()}

    def _loss(self) -> Loss:
        return logistic if self._several or len(self.classes_) == 2 else cross_entropy

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.input_tags.sparse = True
        return tags


class NeuralNetRegressor(RegressorMixin, _NeuralNet):
    """A multi-layer perceptron that predicts numbers, for scikit-learn's pipelines and searches.

    y holds n numbers, or (n, m) for m outputs. All else as for `NeuralNetClassifier`; the loss is the mean squared
    error. Standardise the features first, and large targets too (`sklearn.compose.TransformedTargetRegressor`).

    >>> from nn.sklearn import NeuralNetRegressor
    >>> model = NeuralNetRegressor([], lr=0.1, epochs=500, random_state=0)
    >>> model.fit([[0.0], [1.0]], [1.0, 3.0]).predict([[2.0]]).round(1)
    array([5.])
    """

    def fit(self, X: Rows, y: Targets, sample_weight: Weights | None = None) -> Self:
        """Train a fresh network; a `sample_weight` of 2 counts like the sample twice, 0 like its absence."""
        X, y = self._checked(X, y)
        X, y, weight = _weighed(X, y, sample_weight)
        self._start(X, 1 if y.ndim == 1 else y.shape[1])
        self._train(X, y, weight, mse)
        return self

    def partial_fit(self, X: Rows, y: Targets, sample_weight: Weights | None = None) -> Self:
        """Go through samples once, from where training stood."""
        first = not hasattr(self, "model_")
        X, y = self._checked(X, y, first)
        if first:
            self._start(X, 1 if y.ndim == 1 else y.shape[1])
        self._train(X, y, None if sample_weight is None else _weights(X, sample_weight), mse, 1)
        return self

    def predict(self, X: Rows) -> Targets:
        """Return the outputs for samples (n, k): (n,), or (n, m) for m outputs."""
        return self._output(X)

    def _checked(self, X: Rows, y: Targets, reset: bool = True) -> tuple[Array, Array]:
        check_unmasked(X, "X")
        check_unmasked(y, "y")
        X, y = validate_data(self, X, y, reset=reset, **TAKEN, multi_output=True, y_numeric=True)
        return X, column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.input_tags.sparse = True
        return tags


def _weights(X: Rows, sample_weight: Weights) -> Array:
    """Return the weights of samples X as n numbers from 0, not all 0; raise ValueError for anything else."""
    n = X.shape[0]
    check_unmasked(sample_weight, "sample_weight")
    weight: Array = check_array(sample_weight, ensure_2d=False, dtype=numpy.float64, input_name="sample_weight")
    if weight.shape != (n,):
        raise ValueError(f"sample_weight must be a number for each of {n} samples; got shape {weight.shape}")
    if (weight < 0).any():
        raise ValueError(f"sample_weight must be numbers from 0; got {weight.min():g}")
    if not weight.any():
        raise ValueError("every sample_weight is zero; at least one sample must count")
    return weight


def _weighed(X: Array, y: Array, sample_weight: Weights | None) -> tuple[Array, Array, Array | None]:
    """Return the samples that count, and their weights, scaled to mean 1: so the size of the steps stays."""
    if sample_weight is None:
        return X, y, None
    weight = _weights(X, sample_weight)
    counts = weight > 0
    weight = weight[counts]
    return X[counts], y[counts], weight / weight.mean()

"""Real data that scikit-learn ships."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from nn._core.types import Array


def digits() -> tuple[Array, Array]:
    """Return 1,797 handwritten digits: X (1797, 64), 8 x 8 pixels from 0 to 1, and y (1797,).

    From scikit-learn; raises ImportError if it is not installed.

    >>> from nn.data import digits
    >>> [part.shape for part in digits()]
    [(1797, 64), (1797,)]
    """
    X, y = _loaded("load_digits")
    return X / 16.0, y


def iris() -> tuple[Array, Array]:
    """Return 150 irises, measures of leaves in cm: X (150, 4) and y (150,), the species from 0 to 2.

    From scikit-learn; raises ImportError if it is not installed.

    >>> from nn.data import iris
    >>> [part.shape for part in iris()]
    [(150, 4), (150,)]
    """
    return _loaded("load_iris")


def wine() -> tuple[Array, Array]:
    """Return 178 wines by chemical analysis: X (178, 13) and y (178,), the vineyard from 0 to 2.

    From scikit-learn; raises ImportError if it is not installed.

    >>> from nn.data import wine
    >>> [part.shape for part in wine()]
    [(178, 13), (178,)]
    """
    return _loaded("load_wine")


def breast_cancer() -> tuple[Array, Array]:
    """Return 569 tumours by measures of their cells: X (569, 30) and y (569,), 0 malignant and 1 benign.

    From scikit-learn; raises ImportError if it is not installed.

    >>> from nn.data import breast_cancer
    >>> [part.shape for part in breast_cancer()]
    [(569, 30), (569,)]
    """
    return _loaded("load_breast_cancer")


def diabetes() -> tuple[Array, Array]:
    """Return 442 patients by ten scaled measures: X (442, 10) and y (442,), the disease a year later.

    From scikit-learn; raises ImportError if it is not installed.

    >>> from nn.data import diabetes
    >>> [part.shape for part in diabetes()]
    [(442, 10), (442,)]
    """
    return _loaded("load_diabetes")


def names_in(name: str) -> tuple[list[str], list[str]]:
    """Return the names of the features and of the classes of a data set: "iris", "wine" or "breast_cancer".

    >>> from nn.data._bundled import names_in
    >>> names_in("iris")[1]
    ['setosa', 'versicolor', 'virginica']
    """
    found = getattr(_datasets(), f"load_{name}")()
    return [str(feature).replace("_", " ") for feature in found.feature_names], list(map(str, found.target_names))


def _loaded(name: str) -> tuple[Array, Array]:
    X, y = getattr(_datasets(), name)(return_X_y=True)
    return X, y


def _datasets() -> Any:
    try:
        return import_module("sklearn.datasets")
    except ImportError:
        raise ImportError("these data come with scikit-learn: pip install scikit-learn") from None

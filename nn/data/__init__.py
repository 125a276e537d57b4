"""Data to learn from: made here, shipped with scikit-learn, or read from files, and made ready."""

from ._bundled import breast_cancer, diabetes, digits, iris, wine
from ._files import DataError, Samples, read_csv, read_features, read_labels, read_npz
from ._made import blobs, circles, moons, spirals
from ._prepared import one_hot, standardise, train_test_split
from ._table import Table, read_table

__all__ = [
    "DataError",
    "Samples",
    "Table",
    "blobs",
    "breast_cancer",
    "circles",
    "diabetes",
    "digits",
    "iris",
    "moons",
    "one_hot",
    "read_csv",
    "read_features",
    "read_labels",
    "read_npz",
    "read_table",
    "spirals",
    "standardise",
    "train_test_split",
    "wine",
]

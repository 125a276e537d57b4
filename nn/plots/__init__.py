"""Pictures with Matplotlib, one line each: a function that draws one takes `ax` (or makes one) and returns it.

Those that draw many side by side return the figure.
"""

from ._networks import activation, axes_3d, feature_maps, filters, histograms, surface
from ._style import BLUE, COLORS, GREEN, MARKERS, ORANGE, VERMILION, axes
from ._training import confusion_matrix, decision_boundary, history, misclassified

__all__ = [
    "BLUE",
    "COLORS",
    "GREEN",
    "MARKERS",
    "ORANGE",
    "VERMILION",
    "activation",
    "axes",
    "axes_3d",
    "confusion_matrix",
    "decision_boundary",
    "feature_maps",
    "filters",
    "histograms",
    "history",
    "misclassified",
    "surface",
]

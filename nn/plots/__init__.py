"""Pictures with Matplotlib, one line each: a function draws on `ax`, or makes one, and returns it.

A function that draws many pictures side by side returns the figure. Colours and markers that every pair of eyes can
tell apart, for curves of your own:

>>> from nn.plots import BLUE, COLORS, GREEN, MARKERS, ORANGE, VERMILION
>>> BLUE, {BLUE, ORANGE, GREEN, VERMILION} <= {*COLORS}, MARKERS[0]
('#0072B2', True, 'o')
"""

from ._networks import activation, axes_3d, feature_maps, filters, histograms, surface
from ._style import BLUE, COLORS, GREEN, MARKERS, ORANGE, VERMILION, axes
from ._tables import importance, predicted
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
    "importance",
    "misclassified",
    "predicted",
    "surface",
]

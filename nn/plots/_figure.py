"""The figure of a notebook; imported where Matplotlib is in use, which takes its time to start."""

from __future__ import annotations

from matplotlib import pyplot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


class ShownOnce(Figure):
    """A figure of pyplot's that a notebook shows once: where a cell asks for it, or else at its end."""

    def _ipython_display_(self) -> None:
        """Leave a figure on the screen to its backend; let IPython show any other, and pyplot forget it."""
        # A canvas of Agg alone is a still picture; all that can be touched have a class of their own.
        if pyplot.fignum_exists(self.number) and type(self.canvas) is not FigureCanvasAgg:
            return
        pyplot.close(self)
        raise NotImplementedError  # IPython's word for "as any other figure"

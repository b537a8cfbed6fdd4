"""What all figures share: a `Figure` that shows itself, the palette, readable sizes.

The colours are those of Okabe and Ito, "Color universal design" (2008), chosen to be
told apart by everyone. Settings are applied only while a figure is drawn.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from course.arrays import Number, constant
from course.errors import ArgumentTypeError, ArgumentValueError

__all__ = [
    "BLUE",
    "GREEN",
    "GREY",
    "INK",
    "ORANGE",
    "SelfShowingFigure",
    "as_numbers",
    "canvas",
    "light_grid",
]

BLUE = "#0072B2"
ORANGE = "#D55E00"
GREEN = "#009E73"
GREY = "#8C8C8C"
INK = "#222222"

SETTINGS: Any = {
    "font.size": 12,
    "axes.titlesize": 14,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 2.5,
    "figure.titlesize": 14,
    "figure.titleweight": "bold",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


class SelfShowingFigure(Figure):
    """A figure that a notebook shows although pyplot was never imported."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=self.dpi)
        return buffer.getvalue()


@contextmanager
def canvas(
    width: Number, height: Number, rows: int = 1, columns: int = 1, **shared: Any
) -> Iterator[tuple[Figure, npt.NDArray[Any]]]:
    """A figure of so many inches and its (rows, columns) axes, in the style of the course."""
    with mpl.rc_context(SETTINGS):
        room = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)
        figure = SelfShowingFigure(figsize=(width, height), dpi=110, layout=room)
        yield figure, figure.subplots(rows, columns, squeeze=False, **shared)


def light_grid(axes: Axes) -> None:
    """Faint lines to read values by, behind everything else."""
    axes.grid(color="#E5E5E5", linewidth=0.8)
    axes.set_axisbelow(True)


def as_numbers(name: str, value: Any, dimensions: int) -> npt.NDArray[np.float64]:
    """An array, a tensor or a list as a finite float64 array of so many dimensions."""
    detached = constant(value)
    on_cpu = detached.cpu() if hasattr(detached, "cpu") else detached
    try:
        numbers = np.asarray(on_cpu, dtype=np.float64)
    except (TypeError, ValueError):
        hint = "Pass a list, a NumPy array or a torch tensor."
        raise ArgumentTypeError(name, f"a {type(value).__name__}", "numbers", hint) from None
    if numbers.ndim != dimensions or numbers.size == 0:
        expected = f"an array of {dimensions} dimensions that is not empty"
        hint = "Reshape it, or add an axis with [None]."
        raise ArgumentValueError(name, f"shape {numbers.shape}", expected, hint)
    if not np.isfinite(numbers).all():
        hint = "There is nothing to draw for NaN or infinity: look at the step before."
        raise ArgumentValueError(name, "NaN or infinity", "finite numbers", hint)
    return numbers

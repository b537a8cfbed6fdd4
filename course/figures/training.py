"""Training: how the loss fell."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from course.arrays import Number
from course.errors import ArgumentValueError
from course.figures.style import BLUE, GREEN, GREY, INK, ORANGE, as_numbers, canvas, light_grid

__all__ = ["loss_curve"]

COLOURS = (BLUE, ORANGE, GREEN, INK)
LINES = ("-", "--", "-.", ":")


def loss_curve(history: Any, *, window: int = 25, expected_start: Number | None = None) -> Figure:
    """The loss of each step, faint, and its running mean.

    Args:
        history: (steps,), such as `loss_history_`; or up to four of them by name.
        window: the mean is taken over so many steps, the present one and those before.
        expected_start: the loss at W = 0 (log C, or C - 1) as a line to compare with.

    Raises:
        ArgumentTypeError: if a history holds no numbers.
        ArgumentValueError: if a history is empty or not finite, there are none or more
            than four, or the window is below 1.

    Example:
        >>> figure = loss_curve({"softmax": [2.3, 1.1, 0.7]}, expected_start=2.3026)
        >>> figure.axes[0].get_ylabel()
        'loss of the batch'
    """
    histories = dict(history) if isinstance(history, Mapping) else {"": history}
    if not 1 <= len(histories) <= len(COLOURS):
        hint = "Draw more of them in a second figure."
        raise ArgumentValueError("history", f"{len(histories)} curves", "1 to 4", hint)
    if window < 1:
        raise ArgumentValueError("window", repr(window), "at least 1 step", "Try 25.")
    with canvas(9, 4.6) as (figure, grid):
        axes = grid[0, 0]
        for (name, values), colour, line in zip(histories.items(), COLOURS, LINES, strict=False):
            losses = as_numbers("history", values, 1)
            smooth = _running_mean(losses, window)
            axes.plot(losses, color=colour, linewidth=0.8, alpha=0.3)
            axes.plot(smooth, color=colour, linestyle=line, label=name or "running mean")
        if expected_start is not None:
            label = f"at $W = 0$: {expected_start:.4g}"
            axes.axhline(expected_start, color=GREY, linewidth=1.2, linestyle=":", label=label)
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("step (one batch each)")
        axes.set_ylabel("loss of the batch")
        axes.set_title("Batches are noisy; their running mean shows the progress")
        axes.legend()
        light_grid(axes)
    return figure


def _running_mean(values: npt.NDArray[np.float64], window: int) -> npt.NDArray[np.float64]:
    """The mean of the last `window` values at each step, of fewer at the beginning."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    end = np.arange(1, len(values) + 1)
    start = np.maximum(end - window, 0)
    mean: npt.NDArray[np.float64] = (total[end] - total[start]) / (end - start)
    return mean

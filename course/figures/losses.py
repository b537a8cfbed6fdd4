"""The losses themselves: as functions of the margin, and on the scores of single images."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course.arrays import Number, require_number
from course.errors import ArgumentValueError
from course.figures.style import BLUE, GREEN, GREY, INK, ORANGE, as_numbers, canvas, light_grid
from course.losses import multiclass_hinge, softmax_cross_entropy

__all__ = ["margin_losses", "scores_as_bars"]

Floats = npt.NDArray[np.float64]


def margin_losses() -> Figure:
    """Hinge loss and cross-entropy of two classes, against the margin s_y - s_j.

    The hinge has a kink at 1 and is exactly 0 beyond it; cross-entropy never is.

    Example:
        >>> margin_losses().axes[0].get_xlabel()
        'margin: correct score less wrong score, $s_y - s_j$'
    """
    margins = np.linspace(-3, 4, 281)
    scores = np.stack([margins, np.zeros_like(margins)], axis=1)
    targets = np.zeros(len(margins), dtype=np.int64)
    with canvas(9, 5) as (figure, grid):
        axes = grid[0, 0]
        hinge = multiclass_hinge(scores, targets, reduction="none")
        entropy = softmax_cross_entropy(scores, targets, reduction="none")
        axes.plot(margins, hinge, color=BLUE)
        axes.plot(margins, entropy, color=ORANGE, linestyle=(0, (5, 1.5)))
        _name_curves(axes)
        _annotate_kink(axes)
        axes.axvline(0, color=GREY, linewidth=1, linestyle=":")
        axes.set_title("The hinge is satisfied at a margin of 1; cross-entropy never is")
        axes.set_xlabel("margin: correct score less wrong score, $s_y - s_j$")
        axes.set_ylabel("loss of the example")
        axes.set(xlim=(-3, 4), ylim=(-0.12, 4.2))
        light_grid(axes)
    return figure


def _name_curves(axes: Axes) -> None:
    axes.text(-2.55, 3.72, "hinge\n$\\max(0,\\ 1 - m)$", color=BLUE, ha="left", va="bottom")
    axes.text(-2.9, 1.7, "cross-entropy\n$\\log(1 + e^{-m})$", color=ORANGE, ha="left", va="top")
    axes.text(-0.08, 4.1, "wrong class wins  ", color=GREY, ha="right", va="top", fontsize=11)
    axes.text(0.08, 4.1, "  correct class wins", color=GREY, ha="left", va="top", fontsize=11)


def _annotate_kink(axes: Axes) -> None:
    arrow = {"arrowstyle": "->", "color": INK, "linewidth": 1.2, "shrinkB": 6}
    axes.plot([1], [0], "o", color=BLUE, markersize=9, zorder=5, clip_on=False)
    axes.annotate(
        "kink at 1: slope $-1$ on the left,\n0 on the right; the gradient takes 0",
        xy=(1, 0),
        xytext=(1.25, 1.35),
        arrowprops=arrow,
    )
    axes.annotate(
        "at equal scores:\nhinge 1, cross-entropy log 2",
        xy=(0, 0.72),
        xytext=(0.55, 2.35),
        arrowprops=arrow,
    )
    axes.plot([0, 0], [1, np.log(2)], "o", color=INK, markersize=5, zorder=5)
    axes.text(3.97, 0.2, "its slope is never 0", color=ORANGE, fontsize=11, ha="right")


def scores_as_bars(
    scores: Any,
    targets: Any,
    *,
    names: Sequence[str] | None = None,
    margin: Number = 1.0,
) -> Figure:
    """The scores of each image as bars, with the line that wrong classes should stay below.

    The line lies at s_y - margin. What a wrong class rises above it is its share of the
    hinge loss, and is drawn and written beside its bar.

    Args:
        scores: (N, C), or (C,) for a single image.
        targets: (N,), the correct classes; or one number.
        names: what to call the C classes.
        margin: the margin of the hinge loss.

    Raises:
        ArgumentTypeError: if the scores or targets are no numbers.
        ArgumentValueError: if shapes, targets or names do not fit together.

    Example:
        >>> scores = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
        >>> figure = scores_as_bars(scores, np.array([0, 1, 2]), names=["cat", "car", "frog"])
        >>> [axes.get_title() for axes in figure.axes]
        ['cat: loss 2.9', 'car: loss 0.0', 'frog: loss 12.9']
    """
    table = as_numbers("scores", scores, 1 if np.ndim(scores) == 1 else 2)
    table = np.atleast_2d(table)
    correct = np.atleast_1d(np.asarray(targets))
    width = require_number("margin", margin)
    losses = multiclass_hinge(table, correct, margin=width, reduction="none")
    labels = _class_names(names, table.shape[1])
    with canvas(3.6 * len(table) + 1.2, 4.8, 1, len(table), sharey=True) as (figure, grid):
        for axes, row, target, loss in zip(grid[0], table, correct, losses, strict=True):
            _draw_scores(axes, row, int(target), labels, width)
            axes.set_title(f"{labels[target]}: loss {loss:.1f}", loc="center")
        grid[0, 0].set_ylabel("score")
        line_break = "\n" if len(table) == 1 else " "
        figure.suptitle(f"Each wrong class pays{line_break}for what it rises above the dashed line")
    return figure


def _class_names(names: Sequence[str] | None, classes: int) -> list[str]:
    labels = [f"class {j}" for j in range(classes)] if names is None else list(names)
    if len(labels) != classes:
        expected = f"{classes} names, one per column of scores"
        hint = "Name the classes in the order of the columns."
        raise ArgumentValueError("names", f"{len(labels)} names", expected, hint)
    return labels


def _draw_scores(axes: Axes, row: Floats, target: int, labels: list[str], margin: float) -> None:
    line = row[target] - margin
    positions = range(len(row))
    colours = [GREEN if j == target else "#D0D0D0" for j in positions]
    axes.bar(positions, row, width=0.62, color=colours)
    axes.axhline(0, color=GREY, linewidth=1)
    axes.axhline(line, color=INK, linewidth=1.6, linestyle="--")
    axes.text(
        1.0,
        line,
        f"$s_y - {margin:g}$",
        transform=axes.get_yaxis_transform(),
        ha="right",
        va="bottom",
        fontsize=11,
    )
    for j, score in enumerate(row):
        if j != target and score > line:
            _draw_excess(axes, j, line, score)
    axes.set_xticks(positions, [_tick(labels[j], j == target) for j in positions])
    axes.use_sticky_edges = False
    axes.margins(x=0.12, y=0.1)
    light_grid(axes)
    axes.grid(visible=False, axis="x")


def _draw_excess(axes: Axes, position: int, line: float, score: float) -> None:
    axes.bar(position, score - line, bottom=line, width=0.22, color=ORANGE, hatch="//", zorder=3)
    axes.annotate(
        f"+{score - line:.1f}",
        (position, max(score, 0.0)),
        xytext=(0, 4),
        textcoords="offset points",
        ha="center",
        color=ORANGE,
        weight="bold",
    )


def _tick(name: str, correct: bool) -> str:
    return f"{name}\n(correct)" if correct else name

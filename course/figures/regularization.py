"""Regularization: what a penalty does to training and validation, and what dropout draws."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course.arrays import Number, require_count
from course.errors import ArgumentValueError
from course.figures.style import BLUE, GREY, INK, ORANGE, as_numbers, canvas, light_grid
from course.regularization import dropout

__all__ = ["dropout_masks", "train_validation_gap"]

DRAWS = 1000


def train_validation_gap(strengths: Any, train: Any, validation: Any) -> Figure:
    """Accuracy in training and validation against the strength of the penalty, and their gap.

    Args:
        strengths: (K,), lambdas above 0, in any order; drawn on a logarithmic axis.
        train: (K,) accuracies on the training examples, or (K, seeds).
        validation: (K,) accuracies on the validation examples, or (K, seeds).

    Raises:
        ArgumentTypeError: if these are no numbers.
        ArgumentValueError: if they do not fit together, or a strength is not above 0.

    Example:
        >>> figure = train_validation_gap([1e-3, 1e-1], [1.0, 0.9], [0.8, 0.85])
        >>> figure.axes[0].get_xscale()
        'log'
    """
    strength = as_numbers("strengths", strengths, 1)
    order = np.argsort(strength)
    if strength.min() <= 0:
        hint = "A logarithmic axis has no 0: use a tiny strength instead."
        raise ArgumentValueError("strengths", f"{strength.min():g}", "numbers > 0", hint)
    curves = {
        "train": _per_seed("train", train, len(strength)),
        "validation": _per_seed("validation", validation, len(strength)),
    }
    means = {name: each.mean(axis=1)[order] for name, each in curves.items()}
    with canvas(9, 4.8) as (figure, grid):
        axes = grid[0, 0]
        axes.fill_between(
            strength[order],
            means["train"],
            means["validation"],
            color=GREY,
            alpha=0.18,
            label="gap",
        )
        for (name, mean), colour, line in zip(
            means.items(), (BLUE, ORANGE), ("o-", "s--"), strict=True
        ):
            axes.plot(strength[order], mean, line, color=colour, markersize=6, label=name)
            if curves[name].shape[1] > 1:
                _draw_seeds(axes, strength, curves[name], colour)
        _mark_best(axes, strength[order], means["validation"])
        axes.set_xscale("log")
        axes.set_xlabel("strength of the penalty, $\\lambda$")
        axes.set_ylabel("accuracy")
        axes.set_title("The gap between training and validation, by the strength of the penalty")
        axes.margins(y=0.14)
        axes.legend(loc="lower left")
        light_grid(axes)
    return figure


def _per_seed(name: str, value: Any, length: int) -> Any:
    numbers = as_numbers(name, value, min(max(np.ndim(value), 1), 2))
    if len(numbers) != length:
        expected = f"{length} rows, one per strength"
        hint = "Measure both sets at each strength."
        raise ArgumentValueError(name, f"shape {numbers.shape}", expected, hint)
    return numbers.reshape(length, -1)


def _draw_seeds(axes: Axes, strengths: Any, values: Any, colour: str) -> None:
    each = np.repeat(strengths, values.shape[1])
    axes.plot(each, values.ravel(), ".", color=colour, alpha=0.45, markersize=6)


def _mark_best(axes: Axes, strengths: Any, validation: Any) -> None:
    best = int(validation.argmax())
    axes.plot(strengths[best], validation[best], "o", mfc="none", color=INK, markersize=14, mew=1.5)
    axes.annotate(
        f"best: {validation[best]:.3f}\nat $\\lambda$ = {strengths[best]:.2g}",
        (strengths[best], validation[best]),
        xytext=(0, -16),
        textcoords="offset points",
        ha="left" if best == 0 else "right" if best == len(strengths) - 1 else "center",
        va="top",
    )


def dropout_masks(image: Any, p: Number = 0.5, *, count: int = 4, seed: int = 0) -> Figure:
    """An image, some draws of inverted dropout on it, and the mean of a thousand draws.

    What is kept is scaled up by 1 / (1 - p), hence darker; so the mean is the image again.

    Args:
        image: (height, width), not negative; drawn from white (0) to black.
        p: the probability to drop a pixel, below 1.
        count: how many draws to show, at least 1.
        seed: of the draws.

    Raises:
        ArgumentTypeError: if the image holds no numbers, or count is no whole number.
        ArgumentValueError: if its shape or p cannot be right.

    Example:
        >>> from course.data import digits
        >>> figure = dropout_masks(digits("test").images[0], count=2)
        >>> [axes.get_title() for axes in figure.axes]
        ['image', 'draw 1', 'draw 2', 'mean of 1000']
    """
    pixels, shown = as_numbers("image", image, 2), require_count("count", count)
    if p == 1:
        raise ArgumentValueError("p", repr(p), "below 1", "At 1 nothing is left to look at.")
    generator = np.random.default_rng(seed)
    draws = np.stack([dropout(pixels, p, training=True, generator=generator) for _ in range(DRAWS)])
    tiles = {"image": pixels} | {f"draw {i + 1}": draws[i] for i in range(shown)}
    tiles[f"mean of {DRAWS}"] = draws.mean(axis=0)
    darkest = float(pixels.max()) / (1 - float(p)) or 1.0
    with canvas(max(1.9 * len(tiles) + 0.4, 7.5), 3.1, 1, len(tiles)) as (figure, grid):
        for axes, (title, picture) in zip(grid[0], tiles.items(), strict=True):
            axes.imshow(picture, cmap="gray_r", vmin=0, vmax=darkest)
            axes.set_title(title, loc="center", fontsize=12)
            axes.set(xticks=[], yticks=[])
            for spine in axes.spines.values():
                spine.set(visible=True, color=GREY, linewidth=0.8)
        figure.suptitle(f"Dropout with p = {p:g}: what is kept is multiplied by {1 / (1 - p):.3g}")
    return figure

"""Checks of gradients: which step h makes a numerical gradient most exact."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course.figures.style import BLUE, GREY, INK, ORANGE, canvas, light_grid
from course.gradients import numerical_gradient, relative_error
from course.losses import softmax_cross_entropy, softmax_cross_entropy_gradient

__all__ = ["gradient_check_errors"]

Floats = npt.NDArray[np.float64]


def gradient_check_errors(seed: int = 0) -> Figure:
    """Error of the numerical gradient against its step h: two V shapes on log-log axes.

    On the right the formula is inexact, by h for one-sided and h^2 for central
    differences; on the left the subtraction loses digits, by 1/h for both. Measured on
    the softmax cross-entropy of a small linear classifier.

    Args:
        seed: draws the examples and the weights.

    Example:
        >>> gradient_check_errors().axes[0].get_xscale()
        'log'
    """
    steps = 10.0 ** np.arange(-12, -0.4, 0.5)
    one_sided, central = _errors(steps, np.random.default_rng(seed))
    with canvas(9, 5.2) as (figure, grid):
        axes = grid[0, 0]
        axes.loglog(steps, one_sided, "s--", color=ORANGE, markersize=6, label="one-sided")
        axes.loglog(steps, central, "o-", color=BLUE, markersize=6, label="central")
        _explain(axes, steps, one_sided, central)
        axes.set_title("Central differences reach far smaller errors, at a larger step")
        axes.set_xlabel("step $h$")
        axes.set_ylabel("largest relative error of an entry")
        axes.legend(loc="upper center")
        light_grid(axes)
    return figure


def _explain(axes: Axes, steps: Floats, one_sided: Floats, central: Floats) -> None:
    axes.axvline(1e-5, color=GREY, linewidth=1.2, linestyle=":")
    axes.annotate(
        "the library's\n$h = 10^{-5}$",
        (1e-5, 0.66),
        xycoords=("data", "axes fraction"),
        xytext=(-6, 0),
        textcoords="offset points",
        ha="right",
        color=INK,
        fontsize=11,
    )
    for exponent, errors, colour, below in ((1, one_sided, ORANGE, 8), (2, central, BLUE, -10)):
        middle = int(np.searchsorted(steps, 10**-2.6))
        axes.annotate(
            f"$\\propto h^{exponent}$" if exponent > 1 else "$\\propto h$",
            (steps[middle], errors[middle]),
            xytext=(-below, below),
            textcoords="offset points",
            ha="right" if below > 0 else "left",
            va="bottom" if below > 0 else "top",
            color=colour,
        )
    axes.annotate(
        "rounding: $\\propto 1/h$",
        (steps[3], max(one_sided[3], central[3])),
        xytext=(10, 10),
        textcoords="offset points",
    )


def _errors(steps: Floats, generator: np.random.Generator) -> tuple[Floats, Floats]:
    X = generator.normal(size=(8, 5))
    targets = np.arange(8) % 3
    W = generator.normal(size=(5, 3))

    def loss(weights: Floats) -> float:
        return float(softmax_cross_entropy(X @ weights, targets))

    exact = X.T @ softmax_cross_entropy_gradient(X @ W, targets)
    one_sided = [relative_error(_one_sided(loss, W, h), exact).max() for h in steps]
    central = [relative_error(numerical_gradient(loss, W, h), exact).max() for h in steps]
    return np.array(one_sided), np.array(central)


def _one_sided(f: Callable[[Floats], float], x: Floats, h: float) -> Floats:
    """Forward differences, which the library does not offer because of this very figure."""
    gradient = np.empty_like(x)
    for index in np.ndindex(*x.shape):
        moved = x.copy()
        moved[index] += h
        gradient[index] = (f(moved) - f(x)) / (moved[index] - x[index])
    return gradient

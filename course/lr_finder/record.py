"""What a range test saw, and what it suggests."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Float64

from course.lr_finder import suggestions as rules

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["LRRangeTest", "Suggestions"]

Stopped = Literal["finished", "diverged", "not finite"]


@dataclass(frozen=True)
class Suggestions:
    """One rate per rule; they differ by design, and by a factor of ten or more in practice.

    Attributes:
        valley: half way down the longest valley, the usual first choice.
        minimum_over_ten: a tenth of the rate with the lowest loss.
        steepest: where the loss falls fastest; bold, and fickle on noisy curves.

    Example:
        >>> print(Suggestions(valley=0.004, minimum_over_ten=0.01, steepest=0.05))
        valley 0.004, minimum/10 0.01, steepest 0.05
    """

    valley: float
    minimum_over_ten: float
    steepest: float

    def __str__(self) -> str:
        return (
            f"valley {self.valley:.2g}, minimum/10 {self.minimum_over_ten:.2g}, "
            f"steepest {self.steepest:.2g}"
        )


@dataclass(frozen=True, eq=False)
class LRRangeTest:
    """The curve of a range test: the loss of each batch against the rate of its step.

    The loss of a step is that of its batch *before* the weights move, and so shows what all
    smaller rates have done.

    Attributes:
        rates: (n,), the rate that each step was taken with, from small to large.
        losses: (n,), the loss of each batch as it came. The last one is NaN or infinite if
            that is why the test stopped; the others are finite.
        smoothed: (n,), the debiased exponential moving average of the losses.
        stopped: "finished" after all steps, "diverged" when the smoothed loss rose above the
            limit, or "not finite".

    Example:
        >>> losses = np.array([2.0, 2.0, 1.9, 1.5, 1.0, 0.5, 0.3, 0.4, 0.9, 2.0, 4.0, 8.0])
        >>> test = LRRangeTest(np.geomspace(1e-6, 1e5, 12), losses, losses, "finished")
        >>> print(test.suggestions())
        valley 0.001, minimum/10 0.1, steepest 0.01
    """

    rates: Float64[np.ndarray, " n"]
    losses: Float64[np.ndarray, " n"]
    smoothed: Float64[np.ndarray, " n"]
    stopped: Stopped

    def __len__(self) -> int:
        return len(self.rates)

    def steepest(self) -> float:
        """The rate at which the smoothed loss falls fastest; see `course.lr_finder.steepest`.

        Raises:
            ArgumentValueError: if too few steps were taken, or the loss falls nowhere.
        """
        return rules.steepest(self.rates, self.smoothed)

    def valley(self) -> float:
        """The rate half way down the longest valley; see `course.lr_finder.valley`.

        Raises:
            ArgumentValueError: as `steepest`.
        """
        return rules.valley(self.rates, self.smoothed)

    def minimum_over_ten(self) -> float:
        """A tenth of the rate with the lowest smoothed loss.

        Raises:
            ArgumentValueError: as `steepest`.
        """
        return rules.minimum_over_ten(self.rates, self.smoothed)

    def suggestions(self) -> Suggestions:
        """What each rule suggests.

        Raises:
            ArgumentValueError: as `steepest`.
        """
        return Suggestions(self.valley(), self.minimum_over_ten(), self.steepest())

    def plot(self) -> "Figure":
        """The raw and the smoothed curve with every suggestion, as a matplotlib `Figure`.

        For the curves of several seeds in one picture: `course.figures.range_test_curves`.
        """
        from course.figures.rates import range_test_curves

        return range_test_curves(self)

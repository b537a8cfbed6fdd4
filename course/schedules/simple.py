"""The plain schedules: constant, linear, exponential.

The option chosen for the last two: both ends are given, as fastai does, and not the factor
of a step as in torch's `ExponentialLR`; the ends are what one plots and talks about.
"""

from course.arrays import Number, require_count, require_number
from course.schedules.schedule import Schedule, require_step

__all__ = ["constant", "exponential", "linear"]


def constant(value: Number) -> Schedule:
    """The same value at every step.

    Args:
        value: finite, at least 0.

    Raises:
        ArgumentTypeError, ArgumentValueError: a value that is none.

    Example:
        >>> constant(0.1)(1000)
        0.1
    """
    rate = require_number("value", value)

    def schedule(step: int) -> float:
        require_step(step)
        return rate

    return schedule


def linear(start: Number, end: Number, steps: int) -> Schedule:
    r"""A straight line, for instance to warm up.

    .. math:: \eta_k = a + (b - a) \, k / n \quad (k \le n)

    with ``a`` = `start`, ``b`` = `end`, ``n`` = `steps`.

    Args:
        start: the value of step 0, finite, at least 0.
        end: the value of step `steps` and of all later ones, finite, at least 0.
        steps: how many steps it takes, at least 1.

    Raises:
        ArgumentTypeError, ArgumentValueError: an end or a length that is none.

    Example:
        >>> warm_up = linear(0.0, 0.1, 4)
        >>> warm_up(0), warm_up(1), warm_up(4), warm_up(9)
        (0.0, 0.025, 0.1, 0.1)
    """
    first, last = require_number("start", start), require_number("end", end)
    length = require_count("steps", steps)

    def schedule(step: int) -> float:
        k = require_step(step)
        return last if k >= length else first + (last - first) * k / length

    return schedule


def exponential(start: Number, end: Number, steps: int) -> Schedule:
    r"""Multiply by the same factor at every step: a straight line on a logarithmic axis.

    .. math:: \eta_k = a \, (b / a)^{k / n} \quad (k \le n)

    with ``a`` = `start`, ``b`` = `end`, ``n`` = `steps`. The range test of `course.lr_finder`
    takes n rates with both ends among them: ``exponential(a, b, n - 1)``.

    Args:
        start: the value of step 0, above 0.
        end: the value of step `steps` and of all later ones, above 0.
        steps: how many steps it takes, at least 1.

    Raises:
        ArgumentTypeError, ArgumentValueError: an end or a length that is none.

    Example:
        >>> decay = exponential(1.0, 0.25, 2)
        >>> decay(0), decay(1), decay(2), decay(3)
        (1.0, 0.5, 0.25, 0.25)
    """
    first = require_number("start", start, positive=True)
    last = require_number("end", end, positive=True)
    length = require_count("steps", steps)

    def schedule(step: int) -> float:
        k = require_step(step)
        # a product of powers: the quotient b / a may overflow although every rate is finite
        return last if k >= length else first ** (1 - k / length) * last ** (k / length)

    return schedule

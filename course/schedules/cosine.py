"""Cosine annealing: slow at first, fast in the middle, slow at the end."""

from math import cos, pi

from course.arrays import Number, require_count, require_number
from course.schedules.schedule import Schedule, require_step

__all__ = ["cosine_annealing"]


def cosine_annealing(start: Number, end: Number, steps: int) -> Schedule:
    r"""Half a cosine from `start` to `end`.

    .. math:: \eta_k = b + (a - b) \, \frac{1 + \cos(\pi k / n)}{2} \quad (k \le n)

    with ``a`` = `start`, ``b`` = `end`, ``n`` = `steps`. A run of n steps takes steps 0 to
    n - 1 and so stops one short of `end`. torch's `CosineAnnealingLR` is the same up to
    T_max and then climbs up again; this schedule stays.

    Args:
        start: the value of step 0, finite, at least 0.
        end: the value of step `steps` and of all later ones, finite, at least 0.
        steps: how many steps it takes, at least 1.

    Raises:
        ArgumentTypeError, ArgumentValueError: an end or a length that is none.

    Example:
        >>> schedule = cosine_annealing(1.0, 0.0, 4)
        >>> [round(schedule(k), 4) for k in range(6)]
        [1.0, 0.8536, 0.5, 0.1464, 0.0, 0.0]

    Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts",
    ICLR 2017, equation 5.
    """
    first, last = require_number("start", start), require_number("end", end)
    length = require_count("steps", steps)

    def schedule(step: int) -> float:
        k = require_step(step)
        return last if k >= length else last + (first - last) * (1 + cos(pi * k / length)) / 2

    return schedule

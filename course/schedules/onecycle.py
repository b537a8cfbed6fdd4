"""The 1cycle policy: warm up to a large rate, then anneal far below the first one.

The option chosen: two cosines, as fastai and torch draw them; the paper has straight lines.
The peak lies on a whole step, so that a step is really taken with the maximum; torch's
`OneCycleLR` lets it fall between two steps. The last factor is torch's 1 / (25 * 10**4) of
the maximum; fastai's is 1 / 10**5.
"""

from course.arrays import Number, require_count, require_number
from course.errors import ArgumentValueError
from course.schedules.cosine import cosine_annealing
from course.schedules.joining import join
from course.schedules.schedule import Schedule

__all__ = ["one_cycle", "one_cycle_momentum"]


def one_cycle(
    maximum: Number,
    steps: int,
    *,
    warmup_fraction: Number = 0.3,
    start_factor: Number = 1 / 25,
    end_factor: Number = 1 / 25e4,
) -> Schedule:
    """Cosine from start_factor * maximum up to `maximum`, then down to end_factor * maximum.

    Args:
        maximum: the largest rate, at least 0.
        steps: where the last value is reached, at least 2. (For the 100 steps of a run, 0 to
            99, ``one_cycle(maximum, 99)`` ends on the last one; torch's `OneCycleLR` would be
            given total_steps=100.)
        warmup_fraction: this part of the steps, rounded, leads up to the maximum; between 0
            and 1, and both parts get a step at least.
        start_factor: the first rate, as a part of the maximum.
        end_factor: the last rate, as a part of the maximum.

    Raises:
        ArgumentTypeError, ArgumentValueError: a number that is none or out of range.

    Example:
        >>> schedule = one_cycle(1.0, 10)
        >>> [round(schedule(k), 3) for k in (0, 3, 10, 99)]
        [0.04, 1.0, 0.0, 0.0]

    Source: Smith, "A disciplined approach to neural network hyper-parameters: part 1",
    2018, section 4.
    """
    top = require_number("maximum", maximum)
    start = top * require_number("start_factor", start_factor)
    end = top * require_number("end_factor", end_factor)
    return _up_and_down(start, top, end, steps, warmup_fraction)


def one_cycle_momentum(
    steps: int,
    *,
    maximum: Number = 0.95,
    minimum: Number = 0.85,
    warmup_fraction: Number = 0.3,
) -> Schedule:
    """The momentum that goes with `one_cycle`: low where the rate is high.

    Args:
        steps: as for `one_cycle`.
        maximum: the first and the last value.
        minimum: the value where the rate is at its maximum.
        warmup_fraction: as for `one_cycle`.

    Raises:
        ArgumentTypeError, ArgumentValueError: as `one_cycle`.

    Example:
        >>> momentum = one_cycle_momentum(10)
        >>> momentum(0), momentum(3), momentum(10)
        (0.95, 0.85, 0.95)

    Source: Smith, 2018, section 4.2, "cyclical momentum".
    """
    high, low = require_number("maximum", maximum), require_number("minimum", minimum)
    return _up_and_down(high, low, high, steps, warmup_fraction)


def _up_and_down(
    start: float, middle: float, end: float, steps: int, warmup_fraction: Number
) -> Schedule:
    length = require_count("steps", steps, at_least=2)
    fraction = require_number("warmup_fraction", warmup_fraction)
    if fraction > 1:
        hint = "It is a part of all steps, not a number of steps."
        raise ArgumentValueError("warmup_fraction", repr(warmup_fraction), "0 to 1", hint)
    peak = min(max(round(fraction * length), 1), length - 1)
    rise = cosine_annealing(start, middle, peak)
    fall = cosine_annealing(middle, end, length - peak)
    return join([rise, fall], [peak])

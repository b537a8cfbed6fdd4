"""What a schedule is, and its values as an array."""

from operator import index
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float64

from course.arrays import describe, require_count
from course.errors import ArgumentTypeError, ArgumentValueError

__all__ = ["Schedule", "require_schedule", "require_step", "sample"]


@runtime_checkable
class Schedule(Protocol):
    """Any function from a step, counted from 0, to the value that this step is taken with.

    Example:
        >>> from course.schedules import sample
        >>> sample(lambda step: 1 / (1 + step), 3).round(3)
        array([1.   , 0.5  , 0.333])
    """

    def __call__(self, step: int, /) -> float:
        """Return the value for a step."""


def sample(schedule: Schedule, steps: int) -> Float64[np.ndarray, " steps"]:
    """The values of the first `steps` steps, 0 to steps - 1: what a training run uses.

    Args:
        schedule: any function from a step to a value.
        steps: how many values, at least 1.

    Returns:
        (steps,), float64.

    Raises:
        ArgumentTypeError, ArgumentValueError: no schedule, or no such number of steps.

    Example:
        >>> from course.schedules import linear
        >>> sample(linear(1.0, 0.0, 4), 6)
        array([1.  , 0.75, 0.5 , 0.25, 0.  , 0.  ])
    """
    require_schedule("schedule", schedule)
    count = require_count("steps", steps)
    return np.array([schedule(k) for k in range(count)], dtype=np.float64)


def require_step(step: object) -> int:
    """Check that `step` is a whole number of at least 0, and return it as an int.

    Example:
        >>> require_step(-1)
        Traceback (most recent call last):
        course.errors.ArgumentValueError: step: expected a whole number >= 0, got -1. \
Steps count from 0.
    """
    try:
        k = index(step)  # type: ignore[arg-type]  # what this line finds out
    except TypeError:
        hint = "A step is one batch; for a part of an epoch, count its batches."
        raise ArgumentTypeError("step", describe(step), "a whole number >= 0", hint) from None
    if k < 0:
        raise ArgumentValueError("step", str(k), "a whole number >= 0", "Steps count from 0.")
    return k


def require_schedule(name: str, schedule: object) -> None:
    """Check that an argument can be called.

    Example:
        >>> require_schedule("schedule", 0.1)
        Traceback (most recent call last):
        course.errors.ArgumentTypeError: schedule: expected a function from a step to a value, \
got 0.1. For a rate that never changes use constant(rate).
    """
    if not callable(schedule):
        expected = "a function from a step to a value"
        hint = "For a rate that never changes use constant(rate)."
        raise ArgumentTypeError(name, describe(schedule), expected, hint)

"""Several schedules, one after the other."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from course.arrays import require_count
from course.errors import ArgumentValueError
from course.schedules.schedule import Schedule, require_schedule, require_step

__all__ = ["join"]


def join(schedules: Sequence[Schedule], boundaries: Sequence[int]) -> Schedule:
    """Follow each schedule in turn; each counts its own steps from 0.

    Args:
        schedules: one or more.
        boundaries: the first step of the second schedule, of the third, and so on: one less
            than there are schedules, each larger than the one before, at least 1.

    Raises:
        ArgumentTypeError: if a schedule cannot be called or a boundary is no whole number.
        ArgumentValueError: if their numbers do not fit or the boundaries do not increase.

    Example:
        Warm up for 2 steps, then anneal for 4:

        >>> from course.schedules import cosine_annealing, linear
        >>> schedule = join([linear(0, 1, 2), cosine_annealing(1, 0, 4)], [2])
        >>> [round(schedule(k), 3) for k in range(7)]
        [0.0, 0.5, 1.0, 0.854, 0.5, 0.146, 0.0]

    Source: the interface is that of optax's `join_schedules`.
    """
    parts = list(schedules)
    for part in parts:
        require_schedule("schedules", part)
    starts = [0, *(require_count("boundaries", boundary) for boundary in boundaries)]
    if len(parts) != len(starts):
        expected = f"{max(len(parts) - 1, 0)} of them, one less than there are schedules"
        hint = "A boundary is the step at which the next schedule takes over."
        raise ArgumentValueError("boundaries", f"{len(starts) - 1}", expected, hint)
    if any(later <= earlier for earlier, later in pairwise(starts)):
        hint = "They are steps counted from the very beginning, not lengths."
        raise ArgumentValueError("boundaries", str(starts[1:]), "increasing steps", hint)

    def schedule(step: int) -> float:
        k = require_step(step)
        current = bisect_right(starts, k) - 1
        return parts[current](k - starts[current])

    return schedule

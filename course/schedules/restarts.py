"""Stochastic gradient descent with warm restarts (SGDR): cosines, each longer than the last.

All lengths are whole numbers of steps, and the cycle that a step lies in is found by
counting cycles off. (The closed form takes a logarithm, and that rounds: torch's
`CosineAnnealingWarmRestarts` with T_0 = 1 and T_mult = 3 is asked for `step(121)`, the first
of a cycle, and returns the minimum instead of the maximum.)

A cycle is half open: its first step has the maximum, and the minimum is what the step after
its last one would have, if that were not the maximum again. The fast.ai course counts
lengths in epochs: there, multiply `cycle_len` by the number of batches of an epoch.
"""

from math import cos, pi

from course.arrays import Number, require_count, require_number
from course.errors import ArgumentValueError
from course.schedules.schedule import Schedule, require_step

__all__ = ["cycle_ends", "epochs_in_total", "warm_restarts"]


def warm_restarts(
    maximum: Number, minimum: Number, cycle_len: int, cycle_mult: int = 1
) -> Schedule:
    r"""Cosine annealing that starts again, and again, in cycles of growing length.

    .. math::
        \eta = \eta_{min} + (\eta_{max} - \eta_{min})
        \frac{1 + \cos(\pi T_{cur} / T_i)}{2}, \qquad T_i = T_0 \, T_{mult}^i

    with the two bounds = `maximum` and `minimum`, ``T_0`` = `cycle_len`, ``T_mult`` =
    `cycle_mult`; ``T_cur`` counts the steps since the restart, 0 to T_i - 1. It never ends:
    `cycle_ends` says how many steps whole cycles take.

    Args:
        maximum: the value right after a restart, finite.
        minimum: what each cycle tends to, at least 0 and at most `maximum`.
        cycle_len: the steps of the first cycle, at least 1.
        cycle_mult: each cycle is so many times as long as the one before, at least 1.

    Raises:
        ArgumentTypeError, ArgumentValueError: a bound or a length that is none, or a
            minimum above the maximum.

    Example:
        Cycles of 2 and 4 steps:

        >>> schedule = warm_restarts(1.0, 0.0, cycle_len=2, cycle_mult=2)
        >>> [round(schedule(k), 3) for k in range(7)]
        [1.0, 0.5, 1.0, 0.854, 0.5, 0.146, 1.0]

    Source: Loshchilov and Hutter, "SGDR", ICLR 2017, section 3, equation 5.
    """
    top, bottom = require_number("maximum", maximum), require_number("minimum", minimum)
    if bottom > top:
        hint = "The maximum comes first: warm_restarts(maximum, minimum, ...)."
        raise ArgumentValueError("minimum", repr(minimum), f"at most the maximum, {top}", hint)
    first, growth = require_count("cycle_len", cycle_len), require_count("cycle_mult", cycle_mult)

    def schedule(step: int) -> float:
        since_restart, length = _position(require_step(step), first, growth)
        return bottom + (top - bottom) * (1 + cos(pi * since_restart / length)) / 2

    return schedule


def _position(step: int, cycle_len: int, cycle_mult: int) -> tuple[int, int]:
    """The steps since the last restart, and the length of the cycle that `step` lies in."""
    if cycle_mult == 1:
        return step % cycle_len, cycle_len
    length = cycle_len
    while step >= length:
        step -= length
        length *= cycle_mult
    return step, length


def cycle_ends(n_cycles: int, cycle_len: int, cycle_mult: int = 1) -> tuple[int, ...]:
    """How many steps have been taken at the end of each cycle: when to take a snapshot.

    Args:
        n_cycles: how many cycles, at least 1.
        cycle_len: the length of the first one, at least 1, in steps (or epochs, as given).
        cycle_mult: as for `warm_restarts`.

    Returns:
        (n_cycles) numbers; each is also the first step of the next cycle.

    Raises:
        ArgumentTypeError, ArgumentValueError: a number that is none, or below 1.

    Example:
        >>> cycle_ends(3, cycle_len=1, cycle_mult=2)
        (1, 3, 7)
    """
    count = require_count("n_cycles", n_cycles)
    length = require_count("cycle_len", cycle_len)
    growth = require_count("cycle_mult", cycle_mult)
    ends, end = [], 0
    for _ in range(count):
        end += length
        length *= growth
        ends.append(end)
    return tuple(ends)


def epochs_in_total(n_cycles: int, cycle_len: int = 1, cycle_mult: int = 1) -> int:
    r"""How many epochs so many cycles take, as the fast.ai course asks.

    .. math:: \sum_{i=0}^{n-1} T_0 \, T_{mult}^i

    with ``n`` = `n_cycles`, ``T_0`` = `cycle_len` in epochs, ``T_mult`` = `cycle_mult`.

    Raises:
        ArgumentTypeError, ArgumentValueError: a number that is none, or below 1.

    Example:
        The three cycles of the lecture, of 1, 2 and 4 epochs:

        >>> epochs_in_total(3, cycle_len=1, cycle_mult=2)
        7

    Source: fast.ai, lesson 2, ``learn.fit(lr, 3, cycle_len=1, cycle_mult=2)``.
    """
    return cycle_ends(n_cycles, cycle_len, cycle_mult)[-1]

"""What a call of `fit` asked for: rates and cycles, checked, and plain enough for a checkpoint."""

from dataclasses import dataclass

from course.arrays import require_count
from course.errors import ArgumentValueError
from course.finetuning.rates import require_rates
from course.schedules import Schedule, constant, cycle_ends, warm_restarts

__all__ = ["Plan", "make_plan"]


@dataclass(frozen=True)
class Plan:
    """Rates per group of layers, and cycles in epochs.

    Attributes:
        rates: the largest rate of each group of layers.
        n_cycles: how many cycles.
        cycle_len: the epochs of the first one; None for a constant rate, one epoch per cycle.
        cycle_mult: how many times each cycle is as long as the one before.

    Example:
        >>> plan = Plan((0.1,), n_cycles=3, cycle_len=1, cycle_mult=2)
        >>> plan.epochs, plan.cycle_ends
        (7, (1, 3, 7))
    """

    rates: tuple[float, ...]
    n_cycles: int
    cycle_len: int | None
    cycle_mult: int

    @property
    def cycle_ends(self) -> tuple[int, ...]:
        """The epochs that have passed at the end of each cycle."""
        return cycle_ends(self.n_cycles, self.cycle_len or 1, self.cycle_mult)

    @property
    def epochs(self) -> int:
        """The epochs in total."""
        return self.cycle_ends[-1]

    def schedule(self, batches_per_epoch: int) -> Schedule:
        """The share of its largest rate that each step takes."""
        if self.cycle_len is None:
            return constant(1.0)
        return warm_restarts(1.0, 0.0, self.cycle_len * batches_per_epoch, self.cycle_mult)


def make_plan(
    lr: object, n_cycles: object, cycle_len: object, cycle_mult: object, groups: int
) -> Plan:
    """Check what `fit` was given, for so many groups of layers.

    Example:
        >>> make_plan(0.1, 2, None, 2, groups=1)
        Traceback (most recent call last):
        course.errors.ArgumentValueError: cycle_mult: expected 1, as there is no cycle_len, \
got 2. Pass cycle_len=1 for warm restarts.
    """
    rates = require_rates(lr, groups)
    count = require_count("n_cycles", n_cycles)
    length = None if cycle_len is None else require_count("cycle_len", cycle_len)
    growth = require_count("cycle_mult", cycle_mult)
    if length is None and growth != 1:
        hint = "Pass cycle_len=1 for warm restarts."
        expected = "1, as there is no cycle_len"
        raise ArgumentValueError("cycle_mult", str(growth), expected, hint)
    return Plan(rates, count, length, growth)

"""A measurement, and how two things are timed so that a busy machine disturbs both alike."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from time import perf_counter

__all__ = ["Paired", "Row", "paired"]


@dataclass(frozen=True)
class Paired:
    """What `paired` measured.

    Attributes:
        ours: the median of our times, in seconds.
        other: the median of the other's times, in seconds.
        ratio: the median of the ratios of neighbouring calls, ours over the other's.
    """

    ours: float
    other: float
    ratio: float


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        what: what was measured, and against what.
        measured: the two times and their ratio.
        goal: the ratio that we promise not to exceed.
    """

    what: str
    measured: Paired
    goal: float

    @property
    def met(self) -> bool:
        """Whether the ratio is within the goal."""
        return self.measured.ratio <= self.goal


def paired(ours: Callable[[], object], other: Callable[[], object], repeat: int = 15) -> Paired:
    """Time two functions, one after the other, in an order that alternates.

    What slows the machine down for a while slows down both of a pair, and so hardly moves
    their ratio. Each is called once before, to warm up.
    """
    ours()
    other()
    our_times, other_times = [], []
    with _no_collection():
        for turn in range(repeat):
            if turn % 2:
                our_times.append(_time(ours))
                other_times.append(_time(other))
            else:
                other_times.append(_time(other))
                our_times.append(_time(ours))
    ratios = [mine / theirs for mine, theirs in zip(our_times, other_times, strict=True)]
    return Paired(median(our_times), median(other_times), median(ratios))


def _time(call: Callable[[], object]) -> float:
    start = perf_counter()
    call()
    return perf_counter() - start


@contextmanager
def _no_collection() -> Iterator[None]:
    """Garbage is collected before, not in the middle of a measurement."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()

"""What one more submission costs: the CPU seconds of a large batch less those of a small one.

The difference leaves out what a command does once (imports, the zygotes, the traces of the
known mistakes) and contains all that it does for each: reading, the fork and its namespaces,
the link, the tests, nbgrader's record.
"""

from __future__ import annotations

from benchmarks.cohort import BLANK, MIXED, cohort_of
from benchmarks.courses import ASSIGNMENT, OurCourse
from benchmarks.report import Table
from benchmarks.throughput import Contestant, Say

__all__ = ["measure_overhead"]

_SMALL, _LARGE = 10, 50


def measure_overhead(ours: OurCourse, *, workers: int, say: Say) -> Table:
    """The table of CPU seconds for one more submission, unattempted and mixed."""
    rows = []
    for name, kinds in (("an unattempted notebook", (BLANK,)), ("the mixed cohort", MIXED)):
        each, once = _cost(ours, kinds, workers)
        say(f"{name}: {each:.3f} CPU seconds each, {once:.1f} once")
        rows.append((name, f"{each:.3f}", f"{once:.1f}"))
    return Table(
        f"CPU seconds of `grader grade`: {_LARGE} submissions less {_SMALL}",
        ("submissions", "for one more", "once for the command"),
        tuple(rows),
    )


def _cost(ours: OurCourse, kinds: tuple[str, ...], workers: int) -> tuple[float, float]:
    contestant = Contestant("grader grade", ours, ours.command(workers))
    totals = []
    for size in (_SMALL, _LARGE):
        ours.hand_in(cohort_of(ours.course, ASSIGNMENT, size, kinds))
        totals.append(contestant.watch())
    each = (totals[1] - totals[0]) / (_LARGE - _SMALL)
    return each, totals[0] - _SMALL * each

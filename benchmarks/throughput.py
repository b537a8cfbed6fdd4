"""Submissions a minute: stock `nbgrader autograde` and `grader grade`, in turns.

Both are run as an instructor runs them, start-up included, on the same notebooks, from a
gradebook without submissions. Afterwards both gradebooks must hold the same marks for every
learner: a command that skipped something would be fast, too.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.cohort import MIXED, RIGHT, Handin, cohort_of
from benchmarks.courses import ASSIGNMENT, OurCourse, StockCourse, environment
from benchmarks.report import Table
from benchmarks.watch import CommandFailed, cpu_seconds_of_children, run_timed, run_watched

__all__ = ["Contestant", "compare", "contestants", "run_in_turns"]

LOOK_SECONDS = 0.02

Say = Callable[[str], None]


class Contestant:
    """One of the two commands: its course, and what its runs took."""

    def __init__(self, name: str, course: OurCourse | StockCourse, command: list[str]) -> None:
        self.name = name
        self.course = course
        self.command = command
        self.seconds: list[float] = []
        self.cpu_seconds = 0.0

    def run(self) -> float:
        """One timed run, from a gradebook without submissions."""
        self.course.reset()
        home = environment(self.course.root / "jupyter")
        before = cpu_seconds_of_children()
        self.seconds.append(run_timed(self.command, self.course.root, home))
        if isinstance(self.course, StockCourse):  # it waits for every process that it starts
            self.cpu_seconds = cpu_seconds_of_children() - before
        return self.seconds[-1]

    def watch(self) -> float:
        """One run for its CPU seconds, with all that nobody waits for."""
        self.course.reset()
        home = environment(self.course.root / "jupyter")
        seen = run_watched(self.command, self.course.root, home, every=LOOK_SECONDS)
        self.cpu_seconds = seen.cpu_seconds
        return self.cpu_seconds

    @property
    def median(self) -> float:
        """The median of the timed runs, in seconds."""
        return statistics.median(self.seconds)


def contestants(
    folder: Path, ours: OurCourse, workers: int, names: Sequence[str]
) -> dict[str, Contestant]:
    """Those of "stock" and "ours" that are wanted."""
    made = {}
    if "stock" in names:
        stock = StockCourse.make(folder / "stock", ours.course.source_notebook(ASSIGNMENT))
        made["stock"] = Contestant("nbgrader autograde", stock, stock.command())
    if "ours" in names:
        made["ours"] = Contestant("grader grade", ours, ours.command(workers))
    return made


def compare(
    folder: Path,
    ours: OurCourse,
    *,
    names: Sequence[str],
    size: int,
    repeat: int,
    workers: int,
    say: Say,
) -> Table:
    """Measure, check the marks, and make the table.

    Raises:
        CommandFailed: a command failed, or did not give the marks that it should.
    """
    cohort = cohort_of(ours.course, ASSIGNMENT, size, MIXED)
    both = contestants(folder, ours, workers, names)
    for each in both.values():
        each.course.hand_in(cohort)
    run_in_turns(list(both.values()), repeat, say)
    _check_marks(list(both.values()), cohort)
    return _table(list(both.values()), size, workers)


def run_in_turns(both: Sequence[Contestant], repeat: int, say: Say) -> None:
    """A watched run of ours, for stock takes minutes; then `repeat` timed ones of each."""
    for each in both:
        if isinstance(each.course, OurCourse):
            say(f"{each.name}: {each.watch():.1f} CPU seconds, looked at")
    for number in range(1, repeat + 1):
        for each in both:
            say(f"{each.name}: {each.run():.1f} seconds, run {number} of {repeat}")


def _check_marks(both: Sequence[Contestant], cohort: Sequence[Handin]) -> None:
    scores = [each.course.scores() for each in both]
    for each, found in zip(both, scores, strict=True):
        best = max(found.values(), default=0.0)
        wrong = [h.learner for h in cohort if h.kind == RIGHT and found.get(h.learner) != best]
        if best == 0.0 or wrong:
            raise CommandFailed(f"{each.name} gave right answers less than {best:g}: {wrong}")
    if any(found != scores[0] for found in scores):
        raise CommandFailed(f"the two gave different marks: {scores}")


def _table(both: Sequence[Contestant], size: int, workers: int) -> Table:
    slowest = max(each.median for each in both)
    rows = tuple(
        (
            f"`{each.name}`",
            f"{each.median:.1f}",
            f"{min(each.seconds):.1f} to {max(each.seconds):.1f}",
            f"{60 * size / each.median:.1f}",
            f"{each.cpu_seconds / size:.2f}",
            f"{slowest / each.median:.1f}",
        )
        for each in both
    )
    runs = len(both[0].seconds)
    agree = " Both gave every learner the same marks." if len(both) > 1 else ""
    return Table(
        f"{size} submissions, {workers} workers, median of {runs} runs in turns",
        ("command", "seconds", "range", "submissions/min", "CPU s/submission", "times as fast"),
        rows,
        (f"Start-up is included.{agree}",),
    )

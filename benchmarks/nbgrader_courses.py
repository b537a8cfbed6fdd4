"""How fast a course of nbgrader's is graded: `python -m benchmarks.nbgrader_courses`.

The course imports pandas and matplotlib, reads a table of some thousand rows and draws; no file
of it is ours. nbgrader's own command and `grader grade` each grade a copy of it, as an
instructor would type them: a process of its own, start-up included. Ours begins with an empty
cache, so that the trial with the reference answers is in its time; once more, with the places
of the tests known and every notebook graded again, is a row of its own. Drawing is half of what
such a notebook takes, on either side, so the same week is graded again without the three figures
that its ordinary cells show. The benchmark stops if any test of any learner gets other marks from
one than from the other.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib as mpl
from matplotlib import font_manager
from rich.console import Console

from benchmarks.cohort import MIXED, RIGHT
from benchmarks.courses import REPOSITORY, environment
from benchmarks.report import PAGE, Table, as_rich, keep_in_page
from benchmarks.watch import CommandFailed, run_timed
from benchmarks.weather import ASSIGNMENT, Marks, NbgraderCourse, make_course, week
from grader.execution.batch import default_workers

__all__ = ["Measured", "check_marks", "drawing_environment", "main", "parse", "table_of"]

SIZES = (20, 60)
PLAIN_SIZES = (100,)
STOCK, FIRST, AGAIN = "`nbgrader autograde`", "`grader grade`", "`grader grade --again`"

_BIN = Path(sys.executable).parent
_STOCK = [str(_BIN / "nbgrader"), "autograde", ASSIGNMENT]
_OURS = [str(_BIN / "grader"), "grade", ASSIGNMENT]
_GENERATE = [str(_BIN / "nbgrader"), "generate_assignment", ASSIGNMENT]

console = Console(highlight=False)


@dataclass(frozen=True)
class Measured:
    """One command on one cohort."""

    command: str
    submissions: int
    seconds: float
    figures: bool = True

    @property
    def rate(self) -> float:
        """Submissions a minute."""
        return 60 * self.submissions / self.seconds


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, show the table, and with --write keep it in the page."""
    options = parse(arguments)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        measured = [
            each
            for figures, sizes in ((True, options.sizes), (False, options.plain_sizes))
            for each in _measure_all(Path(folder) / str(figures), sizes, options.workers, figures)
        ]
    table = table_of(measured, options.workers)
    console.print(as_rich(table))
    console.print(f"All of it took {time.perf_counter() - started:.0f} seconds.")
    if options.write:
        keep_in_page({"nbgrader-courses": table})
        console.print(f"Written to {PAGE.relative_to(REPOSITORY)}.")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nbgrader_courses")
    add = parser.add_argument
    add("--sizes", type=_sizes, default=SIZES, help="submissions to grade: 20,60 measures two")
    add("--plain-sizes", type=_sizes, default=PLAIN_SIZES, help="the same, without figures")
    add("--workers", type=int, default=default_workers(), help="of ours (one a core)")
    add("--write", action="store_true", help="keep the table in docs/performance.md")
    return parser.parse_args(arguments)


def check_marks(stock: Marks, ours: Marks, size: int) -> None:
    """Refuse to compare the speed of two that did not do the same.

    Raises:
        CommandFailed: a test got other marks, or a right answer not all of them.
    """
    differ = sorted(key for key in stock.keys() | ours.keys() if stock.get(key) != ours.get(key))
    if differ:
        said = "; ".join(f"{key}: {stock.get(key)} and {ours.get(key)}" for key in differ[:5])
        raise CommandFailed(f"{len(differ)} marks differ, nbgrader's and ours: {said}")
    points = {cell["name"]: float(cell["points"]) for cell in week() if cell["kind"] == "test"}
    for number in range(size):
        learner = f"learner-{number:03}"
        found = {cell: score for (who, cell), (score, _) in ours.items() if who == learner}
        if found.keys() != points.keys():
            raise CommandFailed(f"{learner} has no marks for all tests: {found}")
        if MIXED[number % len(MIXED)] == RIGHT and found != points:
            raise CommandFailed(f"{learner} has everything right, and got {found}")


def table_of(measured: Sequence[Measured], workers: int) -> Table:
    """A row for each, compared with nbgrader's on as many submissions."""
    stock = {(m.figures, m.submissions): m for m in measured if m.command == STOCK}
    rows = tuple(
        (
            f"{m.submissions}{'' if m.figures else ' without figures'}, {m.command}",
            f"{m.seconds:.1f}",
            f"{m.rate:.1f}",
            f"{m.rate / stock[m.figures, m.submissions].rate:.1f}",
        )
        for m in measured
    )
    notes = (
        "Start-up is included. Every test of every learner got the same marks from both.",
        f"{FIRST} starts with an empty cache and tries the tests; {AGAIN} knows where they run.",
    )
    return Table(
        f"An nbgrader course with pandas and matplotlib, {workers} workers",
        (
            "submissions, command",
            "seconds",
            "submissions/min",
            "times as fast",
        ),
        rows,
        notes,
    )


def _measure_all(
    folder: Path, sizes: Sequence[int], workers: int, figures: bool
) -> Iterator[Measured]:
    course = make_course(folder / "course", _GENERATE, drawing_environment(folder), figures=figures)
    for size in sizes:
        for measured in _measure(folder / str(size), course, size, workers):
            yield replace(measured, figures=figures)


def _measure(folder: Path, course: NbgraderCourse, size: int, workers: int) -> Iterator[Measured]:
    """Both commands on the same cohort, one after the other."""
    course.hand_in(size)
    home = drawing_environment(folder)
    stock, ours = course.copy(folder / "stock"), course.copy(folder / "ours")
    yield _said(Measured(STOCK, size, run_timed(_STOCK, stock.root, home)))
    command = [*_OURS, "--workers", str(workers)]
    yield _ours(FIRST, command, ours, size, home)
    check_marks(stock.marks(), ours.marks(), size)
    yield _ours(AGAIN, [*command, "--again"], ours, size, home)
    check_marks(stock.marks(), ours.marks(), size)


def _ours(
    name: str, command: list[str], course: NbgraderCourse, size: int, home: Mapping[str, str]
) -> Measured:
    """A timed run, from a gradebook without submissions; the first one without a cache."""
    course.reset()
    if name == FIRST:
        shutil.rmtree(home["XDG_CACHE_HOME"], ignore_errors=True)
    return _said(Measured(name, size, run_timed(command, course.root, home)))


def _said(measured: Measured) -> Measured:
    name = measured.command.strip("`")
    console.print(f"{name}: {measured.submissions} submissions in {measured.seconds:.1f} seconds")
    return measured


def drawing_environment(folder: Path) -> dict[str, str]:
    """Nobody's settings, no cache of ours, and matplotlib's list of fonts, made beforehand."""
    folder.mkdir(parents=True, exist_ok=True)
    fonts = folder / "fonts"
    font_manager.findfont("sans")  # there is a list now
    shutil.copytree(mpl.get_cachedir(), fonts)
    home = environment(folder / "jupyter")
    del home["MPLBACKEND"]  # so that figures are drawn into the notebook
    return home | {"MPLCONFIGDIR": str(fonts), "XDG_CACHE_HOME": str(folder / "cache")}


def _sizes(text: str) -> tuple[int, ...]:
    try:
        sizes = tuple(map(int, text.split(",")))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of whole numbers") from None
    if min(sizes) < 1:
        raise argparse.ArgumentTypeError(f"{min(sizes)} is not a whole number from 1")
    return sizes


if __name__ == "__main__":
    main()

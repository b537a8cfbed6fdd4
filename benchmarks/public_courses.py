"""How fast courses of other people are graded: `python -m benchmarks.public_courses TARGET ...`.

A TARGET is COURSE:ASSIGNMENT or COURSE:ASSIGNMENT:NOTEBOOK, where COURSE is the folder of a
course that nbgrader made; with a notebook, the assignment consists of that one alone. The course
is copied and its assignment generated anew; nothing is written into it. Half of the learners hand
in the author's own answers, a quarter every second one of them, a quarter the untouched release,
each with a cell of their own. nbgrader's own command and `grader grade` each grade a copy, one
after the other: processes of their own, start-up and our trial of the tests included. The
benchmark stops if any test of any learner gets other marks from one than from the other. No
course is fetched: that is the caller's to do, and to cite.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell
from rich.console import Console

from benchmarks.courses import REPOSITORY
from benchmarks.nbgrader_courses import drawing_environment
from benchmarks.report import PAGE, Table, as_rich, keep_in_page
from benchmarks.watch import CommandFailed, run_timed
from grader.execution.batch import default_workers
from grader.foreign.assignment import open_assignment
from grader.foreign.compare import HALF, SOLVED, UNTOUCHED, reference_notebooks
from grader.foreign.place import CourseFolder, open_course_folder
from grader.foreign.stock import read_marks

__all__ = ["Measured", "Target", "hand_in", "main", "prepare", "table_of"]

KINDS = (SOLVED, HALF, SOLVED, UNTOUCHED)

_BIN = Path(sys.executable).parent
_NBGRADER, _GRADER = str(_BIN / "nbgrader"), str(_BIN / "grader")

console = Console(highlight=False)


@dataclass(frozen=True)
class Target:
    """An assignment of somebody's course, or one notebook of it."""

    course: Path
    assignment: str
    notebook: str = ""

    @classmethod
    def parse(cls, text: str) -> Target:
        """Read COURSE:ASSIGNMENT[:NOTEBOOK]; argparse shows the error."""
        course, _, rest = text.partition(":")
        assignment, _, notebook = rest.partition(":")
        if not assignment or not Path(course).is_dir():
            raise argparse.ArgumentTypeError(
                f"{text!r} names no folder and assignment; write COURSE:ASSIGNMENT[:NOTEBOOK]"
            )
        return cls(Path(course).resolve(), assignment, notebook)

    @property
    def name(self) -> str:
        """How the table calls it."""
        return " ".join(filter(None, (self.course.name, self.assignment, self.notebook)))


@dataclass(frozen=True)
class Measured:
    """The seconds of both commands on as many submissions."""

    name: str
    submissions: int
    stock: float
    ours: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, show the table, and with --write keep it in the page."""
    options = _parse(arguments)
    measured = []
    for target in options.targets:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            found = _measure(target, Path(folder), options.size, options.workers)
        console.print(f"{found.name}: nbgrader {found.stock:.1f} s, grader {found.ours:.1f} s")
        measured.append(found)
    table = table_of(measured, options.workers)
    console.print(as_rich(table))
    if options.write:
        keep_in_page({"public-courses": table})
        console.print(f"Written to {PAGE.relative_to(REPOSITORY)}.")


def prepare(target: Target, root: Path, environment: Mapping[str, str]) -> CourseFolder:
    """A copy of the course in `root`, its assignment generated, in which nobody has handed in.

    Raises:
        CommandFailed: there is no such notebook, the course's files lie elsewhere, or nbgrader
            does not generate the assignment.
    """
    shutil.copytree(target.course, root)
    copied = open_course_folder(root)
    directory = copied.directory
    steps = ("release", "submitted", "autograded")
    made = [root / getattr(directory, f"{step}_directory") for step in steps]
    source, gradebook = copied.source(target.assignment), copied.gradebook_file
    if gradebook is None or not all(
        path.resolve().is_relative_to(root) for path in (*made, source, gradebook)
    ):
        raise CommandFailed(
            f"{target.course} keeps its files elsewhere; take such paths out of a copy's "
            "nbgrader_config.py and name the copy"
        )
    if target.notebook:
        there = sorted(source.glob("*.ipynb"))
        if target.notebook not in (path.stem for path in there):
            raise CommandFailed(f"{target.assignment} has no notebook {target.notebook!r}")
        for path in there:
            if path.stem != target.notebook:
                path.unlink()
    for folder in made:
        shutil.rmtree(folder, ignore_errors=True)
    gradebook.unlink(missing_ok=True)
    command = [_NBGRADER, "generate_assignment", target.assignment, "--create", "--force"]
    done = subprocess.run(
        command, cwd=root, env=dict(environment), check=False, capture_output=True, text=True
    )
    if done.returncode:
        last = "\n".join(done.stderr.splitlines()[-5:])
        raise CommandFailed(f"{target.name} cannot be generated:\n{last}")
    return copied


def hand_in(course: CourseFolder, assignment_id: str, size: int) -> None:
    """Let `size` learners hand in, no two notebooks alike."""
    for notebook in open_assignment(course, assignment_id).notebooks:
        made = reference_notebooks(notebook)
        for number in range(size):
            handed = nbformat.from_dict(made[KINDS[number % len(KINDS)]])
            handed.cells.append(new_code_cell(f"tries = {number}", id=f"own-{number}"))
            folder = course.submitted(assignment_id, f"learner-{number:03}")
            folder.mkdir(parents=True, exist_ok=True)
            nbformat.write(handed, folder / f"{notebook.name}.ipynb")


def table_of(measured: Sequence[Measured], workers: int) -> Table:
    """A row for each target."""
    rows = tuple(
        (
            each.name,
            str(each.submissions),
            f"{each.stock:.1f}",
            f"{each.ours:.1f}",
            f"{60 * each.submissions / each.ours:.1f}",
            f"{each.stock / each.ours:.1f}",
        )
        for each in measured
    )
    header = (
        "course, assignment, notebook",
        "submissions",
        "`nbgrader autograde`, s",
        "`grader grade`, s",
        "submissions/min",
        "times as fast",
    )
    note = "Start-up is included, and our trial of the tests. Both gave everyone the same marks."
    return Table(f"Courses of other people, {workers} workers", header, rows, (note,))


def _measure(target: Target, folder: Path, size: int, workers: int) -> Measured:
    environment = drawing_environment(folder)
    course = prepare(target, folder / "course", environment)
    hand_in(course, target.assignment, size)
    seconds, marks = [], []
    for side, command in (
        ("stock", [_NBGRADER, "autograde", target.assignment]),
        ("ours", [_GRADER, "grade", target.assignment, "--workers", str(workers)]),
    ):
        root = folder / side
        shutil.copytree(course.root, root)
        seconds.append(run_timed(command, root, environment))
        marks.append(read_marks(open_course_folder(root), target.assignment))
    if marks[0] != marks[1]:
        learners = marks[0].keys() | marks[1].keys()
        differ = sorted(who for who in learners if marks[0].get(who) != marks[1].get(who))
        raise CommandFailed(f"{target.name}: other marks for {', '.join(differ[:5])}")
    return Measured(target.name, size, *seconds)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.public_courses")
    add = parser.add_argument
    add("targets", type=Target.parse, nargs="+", metavar="COURSE:ASSIGNMENT[:NOTEBOOK]")
    add("--size", type=_size, default=60, help="submissions (60)")
    add("--workers", type=_size, default=default_workers(), help="of ours (one a core)")
    add("--write", action="store_true", help="keep the table in docs/performance.md")
    return parser.parse_args(arguments)


def _size(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


if __name__ == "__main__":
    main()

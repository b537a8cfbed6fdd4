"""What each assignment holds and takes: `python -m benchmarks.assignments [--write]`.

The counts are those that `grader audit ID --mutants --write` has kept beside the assignment.
The times are measured here: the released notebook from top to bottom in a fresh kernel, as a
learner runs it, and one grading run of the reference answers in a warm sandbox.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence

import nbformat
from rich.console import Console

from benchmarks.courses import REPOSITORY
from benchmarks.report import Table, as_rich, keep_in_page
from grader.authoring.build import reference_answers
from grader.authoring.handin import answered
from grader.authoring.source import read_source
from grader.configuration import Course, load_course
from grader.errors import GraderError, ReleaseError
from grader.execution.batch import execute_batch
from grader.mistakes import load_mistakes
from grader.mutation.facts import out_of_date, read_facts
from grader.records import Outcome
from grader.rendering.forms import read_release
from grader.rendering.kernel import errors_of, execute
from grader.workbench import open_current_workbench

__all__ = ["ASSIGNMENTS_PAGE", "HEADER", "counts", "main"]

ASSIGNMENTS_PAGE = REPOSITORY / "docs" / "assignments.md"
HEADER = (
    "assignment",
    "exercises",
    "points",
    "mistakes",
    "mutants",
    "kill rate",
    "notebook s",
    "grading s",
)
GRADED = 3  # runs of which the median counts; a notebook in a kernel runs once

console = Console(highlight=False)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure every assignment, show the table, and with --write keep it in the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.assignments", description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep it in docs/assignments.md")
    parser.add_argument(
        "--sandbox", default="bubblewrap", help="where the grading runs (bubblewrap)"
    )
    options = parser.parse_args(arguments)
    course = load_course(REPOSITORY)
    try:
        rows = [_measure(course, each.id, options.sandbox) for each in course.assignments]
    except GraderError as error:
        parser.exit(1, f"{parser.prog}: {error}\n")
    table = Table("What each assignment holds and takes", HEADER, tuple(rows))
    console.print(as_rich(table))
    if options.write:
        keep_in_page({"assignments": table}, ASSIGNMENTS_PAGE)
        console.print(f"Written to {ASSIGNMENTS_PAGE.relative_to(REPOSITORY)}.")


def _measure(course: Course, assignment_id: str, sandbox: str) -> tuple[str, ...]:
    counted = counts(course, assignment_id)
    with console.status(f"measuring {assignment_id} ..."):
        notebook = notebook_seconds(course, assignment_id)
        grading = grading_seconds(course, assignment_id, sandbox)
    return (*counted, f"{notebook:.0f}", f"{grading:.2f}")


def counts(course: Course, assignment_id: str) -> tuple[str, ...]:
    """The columns of the table that are counted, not timed; a dash where no mutant was examined.

    Raises:
        ReleaseError: the counts that were kept are not those of the assignment as it is now.
    """
    facts = read_facts(course, assignment_id)
    if facts is None:
        source = read_source(course.solution_source(assignment_id))
        mistakes = load_mistakes(course.mistakes_file(assignment_id))
        return _row(assignment_id, len(source.answers), source.total_points, len(mistakes))
    if changed := out_of_date(course, assignment_id, facts):
        raise ReleaseError(
            f"{assignment_id} is not what was last audited: {', '.join(changed)} changed; "
            f"run: grader audit {assignment_id} --mutants --write"
        )
    rate = facts.killed / (facts.mutants - facts.equivalent)
    examined = (str(facts.mutants), f"{100 * rate:.4g}%")
    return _row(assignment_id, facts.exercises, facts.points, facts.mistakes, examined)


def _row(
    name: str,
    exercises: int,
    points: float,
    mistakes: int,
    examined: tuple[str, str] = ("-", "-"),
) -> tuple[str, ...]:
    return f"`{name}`", str(exercises), f"{points:g}", str(mistakes), *examined


def notebook_seconds(course: Course, assignment_id: str) -> float:
    """How long the released notebook takes from top to bottom, the start of the kernel included."""
    path = course.release_notebook(assignment_id)
    notebook = read_release(path, assignment_id)
    seconds = execute(notebook, path.parent)
    for note in errors_of(notebook):
        raise ReleaseError(f"{assignment_id}, cell {note.cell}: {note.message}")
    return seconds


def grading_seconds(course: Course, assignment_id: str, sandbox: str) -> float:
    """How long one grading run of the reference answers takes: cells, tests, naming of mistakes."""
    bench = open_current_workbench(course, assignment_id)
    source = read_source(course.solution_source(assignment_id))
    release = nbformat.read(course.release_notebook(assignment_id), as_version=4)
    handed_in = answered(release, reference_answers(source))
    scripts = [bench.script_of_handin(handed_in, f"reference {n}") for n in range(GRADED)]
    runs = list(execute_batch(bench.kit, scripts, sandbox=sandbox, workers=1))
    for run in runs:
        for test in run.tests:
            if run.fault or test.outcome is not Outcome.PASSED:
                raise ReleaseError(f"{assignment_id}, {test.name}: {run.fault or test.rationale}")
    return statistics.median(run.seconds for run in runs)


if __name__ == "__main__":
    main()

"""`grader grade`: grade a cohort."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from grader.commands.console import (
    SYMBOLS,
    AssignmentArgument,
    JsonOption,
    SandboxOption,
    WorkersOption,
    console,
    counted,
    plainly,
    print_json,
    run_progress,
)
from grader.commands.foreign import grade_here, in_course_folder
from grader.configuration import Course, load_course
from grader.exchange.refusals import read_refusals
from grader.execution.starting import begun_early
from grader.records import Outcome

if TYPE_CHECKING:
    from grader.grading import Graded

__all__ = ["grade", "show_graded"]


@plainly
def grade(
    assignment: AssignmentArgument,
    student: Annotated[
        list[str] | None, typer.Option(help="Only this learner; may be given several times.")
    ] = None,
    workers: WorkersOption = 0,
    sandbox: SandboxOption = "bubblewrap",
    again: Annotated[
        bool, typer.Option("--again", help="Grade anew what has not changed, too.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Grade what was handed in below var/submitted, and record the marks.

    What has not changed since it was graded is left alone. Exit code 0 when every
    submission was graded (a refused file counts as graded), 1 when the grader itself
    failed on one.
    """
    how: dict[str, Any] = {"sandbox": sandbox, "workers": workers, "again": again}
    if in_course_folder():
        _tell(grade_here(assignment, student or (), quiet=json, **how), json=json)
        return
    course = load_course()
    with begun_early(sandbox):
        graded = _grade(course, assignment, student or (), quiet=json, **how)
    _tell(graded, json=json, failing=False)
    if not json:
        _say_refused(len(read_refusals(course, assignment)), assignment)
    if any(line.run.fault for line in graded):
        raise typer.Exit(1)


def _grade(
    course: Course, assignment: str, learners: Sequence[str], *, quiet: bool, **how: Any
) -> tuple[Graded, ...]:
    # here, because importing nbgrader takes seconds; meanwhile other things begin
    from grader.grading import GradingOptions
    from grader.grading import grade as grade_assignment

    with run_progress("grading", quiet=quiet) as tell:
        return grade_assignment(
            course,
            assignment,
            learners,
            options=GradingOptions(**how),
            on_progress=tell,
            on_wait=lambda message: typer.echo(message, err=True),
        )


def _tell(graded: Sequence[Graded], *, json: bool, failing: bool = True) -> None:
    if json:
        print_json([_as_json(line) for line in graded])
    else:
        show_graded(graded)
        for line in graded:
            for note in line.run.notes:
                console.print(escape(f"{line.learner}: {note}"))
    if failing and any(line.run.fault for line in graded):
        raise typer.Exit(1)


def show_graded(graded: Sequence[Graded], about: Mapping[str, str] | None = None) -> None:
    """Print the cohort's table; `about` adds a column with a note on each learner."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("learner", no_wrap=True)
    if about is not None:
        table.add_column("handed in")
    table.add_column("outcome", no_wrap=True)
    table.add_column("marks", justify="right", no_wrap=True)
    table.add_column("tests", justify="right", no_wrap=True)
    table.add_column("named in the feedback")
    for line in graded:
        note = None if about is None else about.get(line.learner, "")
        table.add_row(*_row(line, note))
    console.print(table)
    fresh = sum(line.fresh for line in graded)
    of_all = counted(len(graded), "submission")
    console.print(f"{of_all}: {fresh} graded, {len(graded) - fresh} unchanged.")
    if any(line.marks and line.marks.needs_manual_grade for line in graded):
        console.print("* a person has something to mark: a written answer, or a refused file")


def _say_refused(number: int, assignment_id: str) -> None:
    if number:
        what = "folder was" if number == 1 else "folders were"
        console.print(
            f"{number} {what} refused or corrected when they were collected; see: "
            f"grader attempts {assignment_id}",
            soft_wrap=True,
        )


def _row(line: Graded, note: str | None) -> Iterator[str]:
    named = _named(line)
    yield escape(line.learner)
    if note is not None:
        yield escape(note)
        if note == f"mistake: {named}":
            named = "that mistake"
    yield SYMBOLS[line.outcome]
    yield _marks(line)
    passed = sum(test.outcome is Outcome.PASSED for test in line.run.tests)
    yield f"{passed}/{len(line.run.tests)}"
    yield escape(named)


def _marks(line: Graded) -> str:
    if line.marks is None:
        return "-"
    star = "*" if line.marks.needs_manual_grade else " "
    return f"{line.marks.score:g}/{line.marks.max_score:g}{star}"


def _named(line: Graded) -> str:
    """The mistakes that were recognised, or why there are none."""
    if line.run.fault is not None:
        return f"the grader failed: {line.run.fault}"
    if line.run.refusal is not None:
        return line.run.refusal.split(". ")[0] + "."  # what next stands in the feedback
    names = sorted({test.mistake for test in line.run.tests if test.mistake})
    return ", ".join(name.replace("_", " ") for name in names)


def _as_json(line: Graded) -> dict[str, object]:
    return {
        "learner": line.learner,
        "outcome": line.outcome.value,
        "marks": None if line.marks is None else asdict(line.marks),
        "refusal": line.run.refusal,
        "fault": line.run.fault,
        "fresh": line.fresh,
        "seconds": line.run.seconds,
        "notes": list(line.run.notes),
        "tests": [
            {
                "name": test.name,
                "outcome": test.outcome.value,
                "earned": test.earned,
                "points": test.points,
                "mistake": test.mistake,
                "place": test.place,
                "rationale": test.rationale,
            }
            for test in line.run.tests
        ],
    }

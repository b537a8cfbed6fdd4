"""What `grade`, `feedback`, `audit` and `doctor` do in a course that nbgrader made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from grader.commands.console import SYMBOLS, console, counted, print_json, run_progress
from grader.execution.starting import begun_early
from grader.foreign.finding import find_course_folder
from grader.foreign.preloading import guessed_view, workers_import

if TYPE_CHECKING:
    from grader.grading import Graded

__all__ = ["audit_folder_here", "feedback_here", "grade_here", "in_course_folder"]


def in_course_folder() -> bool:
    """Whether the current folder belongs to a course of nbgrader's, and to none of ours."""
    return find_course_folder() is not None


def grade_here(
    assignment: str,
    learners: Sequence[str],
    *,
    sandbox: str,
    workers: int,
    again: bool,
    quiet: bool,
) -> tuple[Graded, ...]:
    """Grade an assignment of the course around the current folder."""
    view = guessed_view(assignment)
    with begun_early(sandbox, workers_import(view.preload), view):
        from grader.foreign.grading import grade_folder
        from grader.foreign.place import open_course_folder
        from grader.grading import GradingOptions

        options = GradingOptions(sandbox=sandbox, workers=workers, again=again)
        with run_progress("grading", quiet=quiet) as tell:
            return grade_folder(
                open_course_folder(), assignment, learners, options=options, on_progress=tell
            )


def feedback_here(assignment: str, learners: Sequence[str]) -> None:
    """Write its feedback, with nbgrader's own exporter and the course's settings."""
    from grader.foreign.feedback import write_feedback_of
    from grader.foreign.place import open_course_folder

    course = open_course_folder()
    pages = write_feedback_of(course, assignment, learners)
    written = counted(len(pages), "feedback page")
    console.print(f"{written} below {course.directory.feedback_directory}/")


def audit_folder_here(assignment: str, *, sandbox: str, workers: int, json: bool) -> bool:
    """Say of each test cell whether it runs apart or beside, and why; whether all holds."""
    from grader.foreign.audit import audit_folder
    from grader.foreign.place import open_course_folder

    report = audit_folder(open_course_folder(), assignment, sandbox=sandbox, workers=workers)
    if json:
        print_json(report.as_data())
        return report.holds
    table = Table(title=f"audit of {assignment}", title_justify="left")
    table.add_column("test cell", overflow="fold")
    table.add_column("reference")
    table.add_column("runs")
    table.add_column("why, and what to write instead", overflow="fold")
    for line in report.lines:
        said = "\ninstead: ".join(filter(None, [line.why, line.advice])) or line.rationale
        table.add_row(
            escape(f"{line.notebook}/{line.test}"),
            SYMBOLS[line.outcome],
            line.place,
            escape(said),
        )
    console.print(table)
    apart = sum(line.place == "apart" for line in report.lines)
    console.print(f"{apart} of {len(report.lines)} test cells run apart from the learner's code.")
    for note in report.notes:
        console.print(escape(note))
    return report.holds

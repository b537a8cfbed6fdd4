"""`grader feedback`: write the pages that learners get back."""

from __future__ import annotations

from typing import Annotated

import typer

from grader.commands.console import AssignmentArgument, console, counted, plainly
from grader.commands.foreign import feedback_here, in_course_folder
from grader.configuration import load_course
from grader.feedback import write_feedback

__all__ = ["feedback"]


@plainly
def feedback(
    assignment: AssignmentArgument,
    student: Annotated[
        list[str] | None, typer.Option(help="Only this learner; may be given several times.")
    ] = None,
) -> None:
    """Write a feedback page for everyone who has been graded, without any hidden test."""
    if in_course_folder():
        feedback_here(assignment, student or ())
        return
    course = load_course()
    pages = write_feedback(course, assignment, student or None)
    folder = (course.var / "feedback").relative_to(course.root)
    console.print(f"{counted(len(pages), 'feedback page')} in {folder}/")

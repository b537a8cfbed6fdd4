"""`grader release`: build an assignment and release it through nbgrader."""

from __future__ import annotations

from grader.authoring.release import release as release_assignment
from grader.commands.console import (
    EveryAssignmentArgument,
    chosen_assignments,
    console,
    plainly,
)

__all__ = ["release"]


@plainly
def release(assignment: EveryAssignmentArgument = None) -> None:
    """Build an assignment and release it to assignments/ID, unless a secret would leak."""
    course, names = chosen_assignments(assignment)
    for name in names:
        report = release_assignment(course, name)
        path = course.release_notebook(name).relative_to(course.root)
        console.print(f"{'released' if report.changed else 'unchanged'} {path}")

"""`grader build`: the source of an assignment as an nbgrader source notebook."""

from __future__ import annotations

from grader.authoring.build import build as build_source
from grader.commands.console import (
    EveryAssignmentArgument,
    chosen_assignments,
    console,
    plainly,
)

__all__ = ["build"]


@plainly
def build(assignment: EveryAssignmentArgument = None) -> None:
    """Check solutions/ID/notebook.py and build nbgrader's source notebook from it."""
    course, names = chosen_assignments(assignment)
    for name in names:
        path = build_source(course, name)
        console.print(f"built {path.relative_to(course.root)}")

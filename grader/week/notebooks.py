"""What the page of a week tells of an assignment, read from its released notebook.

Guarantees: everything comes from what learners get, so that no secret can reach the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode

from grader.configuration import Assignment, Course
from grader.errors import ReleaseError
from grader.records import Role
from grader.rendering.forms import read_release

__all__ = ["OBJECTIVES", "Summary", "bullets_under", "summarize"]

OBJECTIVES = "## When you are done, you can"


@dataclass(frozen=True)
class Summary:
    """One assignment as the page shows it. `written` is how many answers are in words."""

    assignment: Assignment
    objectives: tuple[str, ...]
    exercises: tuple[str, ...]
    written: int
    points: float


def summarize(course: Course, assignment: Assignment) -> Summary:
    """Read the released notebook of an assignment.

    Raises:
        ReleaseError: it is not released, or says nowhere what learners will be able to do.
    """
    notebook = read_release(course.release_notebook(assignment.id), assignment.id)
    prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    objectives = bullets_under(OBJECTIVES, "\n".join(prose))
    if not objectives:
        raise ReleaseError(
            f"{course.solution_source(assignment.id)} has no list under the heading "
            f"`{OBJECTIVES}`, from which the page of the week is made. Write it and run: "
            f"grader release {assignment.id}"
        )
    cells = list(_described(notebook))
    return Summary(
        assignment,
        objectives,
        tuple(name for name, about in cells if about["role"] == Role.ANSWER),
        sum(about["role"] == Role.WRITTEN for _, about in cells),
        sum(about.get("points", 0) for _, about in cells),
    )


def bullets_under(heading: str, markdown: str) -> tuple[str, ...]:
    """The items of the list that follows a heading, each in one line.

    Example:
        >>> bullets_under("## You can", "## You can\\n- add\\n  up;\\n- count.\\n\\n## Next\\n- x")
        ('add up;', 'count.')
    """
    _, found, rest = f"\n{markdown}\n".partition(f"\n{heading}\n")
    section = re.split(r"^#+ ", rest, maxsplit=1, flags=re.MULTILINE)[0] if found else ""
    items = re.findall(r"^- (.*(?:\n[ ]+\S.*)*)", section, flags=re.MULTILINE)
    return tuple(" ".join(item.split()) for item in items)


def _described(notebook: NotebookNode) -> Iterator[tuple[str, dict[str, Any]]]:
    for cell in notebook.cells:
        if "course" in cell.metadata:
            yield cell.id, cell.metadata.course

"""Let nbgrader's gradebook know when an assignment is due: late penalties and its pages use it."""

from __future__ import annotations

from datetime import UTC

from nbgrader.api import Gradebook, MissingEntry

from grader.configuration import Course

__all__ = ["record_due_date"]


def record_due_date(course: Course, assignment_id: str) -> None:
    """Write the due date of course.toml, or that there is none, into the gradebook.

    course.toml is the one place where it is said: what was entered in the formgrader is
    replaced. An assignment that was never released is left alone. nbgrader stores UTC without
    saying so.
    """
    if not course.gradebook.exists():
        return
    due = course.assignment(assignment_id).due
    naive = None if due is None else due.astimezone(UTC).replace(tzinfo=None)
    with Gradebook(f"sqlite:///{course.gradebook}", course.id) as gradebook:
        try:
            known = gradebook.find_assignment(assignment_id)
        except MissingEntry:
            return
        if known.duedate != naive:
            gradebook.update_or_create_assignment(assignment_id, duedate=naive)

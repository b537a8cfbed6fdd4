"""Render an assignment: execute a form of it, write its page, and keep the list of pages.

Guarantees: pages lie below var/ only, because a solved one holds every secret; each file is
replaced as a whole or not at all. A page is written also when cells raised, and says so:
that is when its author wants to look.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from grader.authoring.build import write_if_changed
from grader.configuration import Course
from grader.errors import RenderError
from grader.rendering.forms import Form, read_form
from grader.rendering.kernel import CellNote, errors_of, execute, figures_of, warnings_of
from grader.rendering.page import index_html, page_html

__all__ = ["Rendered", "render", "write_index"]


@dataclass(frozen=True)
class Rendered:
    """What one execution of one form showed. `seconds` include the start of the kernel."""

    assignment: str
    form: Form
    seconds: float
    figures: int
    errors: tuple[CellNote, ...] = ()
    warnings: tuple[CellNote, ...] = ()


def render(
    course: Course,
    assignment_id: str,
    form: Form,
    on_cell: Callable[[int, int], None] = lambda total, done: None,
) -> Rendered:
    """Execute one form of an assignment and write its page, `course.rendered_page(...)`.

    Raises:
        UnknownAssignment: course.toml declares no such assignment.
        SourceError, ReleaseError: there is no such form.
        RenderError: a cell did not end, or ended the kernel; nothing is written.
    """
    assignment = course.assignment(assignment_id)
    notebook = read_form(course, assignment_id, form)
    try:
        seconds = execute(notebook, course.release_notebook(assignment_id).parent, on_cell)
    except RenderError as error:
        raise RenderError(f"{assignment_id}, {form}: {error}") from None
    rendered = Rendered(
        assignment_id,
        form,
        round(seconds, 1),
        figures_of(notebook),
        errors_of(notebook),
        warnings_of(notebook),
    )
    path = course.rendered_page(assignment_id, form)
    about = asdict(rendered) | {"title": assignment.title, "index": "../index.html"}
    write_if_changed(path, page_html(notebook, about))
    write_if_changed(path.with_suffix(".json"), json.dumps(asdict(rendered), indent=2) + "\n")
    return rendered


def write_index(course: Course) -> Path:
    """Write the list of all pages that there are, and return its path."""
    rows = [
        {"title": assignment.title, "pages": pages}
        for assignment in course.assignments
        if (pages := [page for form in Form if (page := _kept(course, assignment.id, form))])
    ]
    path = course.var / "pages" / "index.html"
    write_if_changed(path, index_html(course.title, rows))
    return path


def _kept(course: Course, assignment_id: str, form: Form) -> dict[str, Any] | None:
    """What an earlier or this rendering kept; None where there is no page."""
    path = course.rendered_page(assignment_id, form)
    facts = path.with_suffix(".json")
    if not (path.is_file() and facts.is_file()):
        return None
    kept: dict[str, Any] = json.loads(facts.read_text(encoding="utf-8"))
    return kept | {"href": f"{assignment_id}/{path.name}"}

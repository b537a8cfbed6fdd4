"""The two forms in which an assignment is rendered: solved, and as learners get it.

Guarantees: the solved form has every reference answer, hidden test, model answer and mark
scheme, and no delimiter; the cells are those of the release, under the same ids.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from grader.authoring.build import to_notebook
from grader.authoring.cells import (
    MARK_SCHEME,
    SOLUTION,
    AssignmentSource,
    SourceCell,
    begin,
    end,
    starter,
    without_delimiters,
)
from grader.authoring.source import read_source
from grader.configuration import Course
from grader.errors import ReleaseError
from grader.records import Role

__all__ = ["Form", "read_form", "read_release", "released_notebook", "solved_notebook"]


class Form(StrEnum):
    """What is rendered of an assignment."""

    SOLVED = "solved"  # with everything that only instructors may see
    RELEASE = "release"  # untouched, as a learner opens it


def read_form(course: Course, assignment_id: str, form: Form) -> NotebookNode:
    """The notebook of an assignment in one of its forms, not executed yet.

    Raises:
        SourceError: the source breaks a rule, when it is asked for.
        ReleaseError: the release, when it is asked for, is not there or no notebook.
    """
    if form is Form.SOLVED:
        return solved_notebook(read_source(course.solution_source(assignment_id)))
    return read_release(course.release_notebook(assignment_id), assignment_id)


def solved_notebook(source: AssignmentSource) -> NotebookNode:
    """The notebook with every answer in its place. A pure function."""
    notebook = to_notebook(source)
    for node, cell in zip(notebook.cells, source.cells, strict=True):
        node.source = _solved(cell)
    return notebook


def released_notebook(source: AssignmentSource) -> NotebookNode:
    """The notebook that nbgrader will make the release of, less checksums. A pure function."""
    notebook = to_notebook(source)
    for node, cell in zip(notebook.cells, source.cells, strict=True):
        node.source = starter(cell)
    return notebook


def _solved(cell: SourceCell) -> str:
    if cell.role is not Role.WRITTEN:
        return without_delimiters(cell.source, SOLUTION)
    text = without_delimiters(cell.source, SOLUTION)
    text = text.replace(begin(MARK_SCHEME), "**Mark scheme**\n")
    return f"**Reference answer**\n\n{text.replace(end(MARK_SCHEME), '').strip()}"


def read_release(path: Path, assignment_id: str) -> NotebookNode:
    """The released notebook.

    Raises:
        ReleaseError: it is not there, or no notebook.
    """
    try:
        return nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise ReleaseError(
            f"{assignment_id} is not released (there is no {path}); "
            f"run: grader release {assignment_id}"
        ) from None
    except ValueError as error:
        raise ReleaseError(
            f"{path} is no notebook ({error}); run: grader release {assignment_id}"
        ) from error

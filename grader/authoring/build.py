"""Write nbgrader's source notebook from the source of an assignment.

Guarantees: the same source gives the same bytes, on every machine and every run; a file
is replaced as a whole or not at all, and stays untouched when nothing changed.
Option chosen: every detail that could vary is set here (ids of cells, kernel, language,
order of keys) rather than left to what Jupytext or a running kernel would write.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from course.link.withhold import Withheld
from grader.authoring.cells import (
    MARK_SCHEME,
    SOLUTION,
    AssignmentSource,
    SourceCell,
    end,
    inside,
    starter,
    without,
    without_delimiters,
)
from grader.authoring.source import read_source
from grader.authoring.withheld import refuse_withheld
from grader.configuration import Course
from grader.records import Role

__all__ = ["build", "is_built", "reference_answers", "starter", "to_notebook", "write_if_changed"]

_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}
_NBGRADER_SCHEMA = 3


def build(course: Course, assignment_id: str) -> Path:
    """Write `course.source_notebook(assignment_id)` from its source, and return its path.

    Raises:
        UnknownAssignment: course.toml declares no such assignment.
        SourceError: the source breaks a rule; nothing is written.
    """
    course.assignment(assignment_id)
    path = course.source_notebook(assignment_id)
    write_if_changed(path, _built(course, assignment_id))
    return path


def is_built(course: Course, assignment_id: str) -> bool:
    """Whether nbgrader's source notebook is what `build` would write now.

    Raises:
        SourceError: the source breaks a rule.
    """
    path = course.source_notebook(assignment_id)
    return path.is_file() and path.read_text(encoding="utf-8") == _built(course, assignment_id)


def _built(course: Course, assignment_id: str) -> str:
    source = read_source(course.solution_source(assignment_id))
    refuse_withheld(source, Withheld(assignment_id, course.assignment(assignment_id).withheld))
    text: str = nbformat.writes(to_notebook(source))
    return text + "\n"


def to_notebook(source: AssignmentSource) -> NotebookNode:
    """nbgrader's source notebook, with solutions and hidden tests. A pure function."""
    document = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": _METADATA,
        "cells": [_cell(cell) for cell in source.cells],
    }
    notebook: NotebookNode = nbformat.from_dict(document)
    return notebook


def reference_answers(source: AssignmentSource) -> dict[str, str]:
    """For each exercise, the text of the answer cell that a perfect learner hands in."""
    return {cell.id: without_delimiters(cell.source, SOLUTION) for cell in source.answers}


def write_if_changed(path: Path, text: str) -> bool:
    """Write a text file, all or nothing, readable by all; say whether its bytes changed.

    A file that holds these bytes already keeps its time of change.
    """
    data = text.encode("utf-8")
    if path.is_file() and path.read_bytes() == data:
        path.chmod(0o644)
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    # in the same folder, so that the replacement is one step on one file system
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    return True


def _cell(cell: SourceCell) -> dict[str, Any]:
    node: dict[str, Any] = {
        "id": cell.id,
        "cell_type": cell.cell_type,
        "metadata": {},
        "source": _text(cell),
    }
    if cell.role is not Role.PROSE:
        node["metadata"] = {"nbgrader": _nbgrader(cell), "course": _course(cell)}
    if cell.cell_type == "code":
        node |= {"execution_count": None, "outputs": []}
    return node


def _text(cell: SourceCell) -> str:
    if cell.role is Role.WRITTEN:
        return _written(cell)
    return _hidden(cell) if cell.hidden else cell.source


def _nbgrader(cell: SourceCell) -> dict[str, Any]:
    metadata = {
        "schema_version": _NBGRADER_SCHEMA,
        "grade_id": cell.id,
        "grade": cell.role in (Role.TEST, Role.WRITTEN),
        "solution": cell.role in (Role.ANSWER, Role.WRITTEN),
        "locked": cell.role in (Role.SETUP, Role.FIGURE, Role.TEST),
        "task": False,
    }
    return metadata | ({"points": cell.points} if metadata["grade"] else {})


def _course(cell: SourceCell) -> dict[str, Any]:
    """What the learner's tools and the feedback want to know; only what applies."""
    details = {
        "exercise": cell.exercise,
        "title": cell.title,
        "minutes": cell.minutes,
        "hidden": cell.hidden,
        "points": cell.points,
        "shortcuts": list(cell.shortcuts),
    }
    return {"role": cell.role.value} | {key: value for key, value in details.items() if value}


def _hidden(cell: SourceCell) -> str:
    return "\n".join([starter(cell), "### BEGIN HIDDEN TESTS", cell.source, "### END HIDDEN TESTS"])


def _written(cell: SourceCell) -> str:
    """The written cell, with its mark scheme moved to the end of its solution.

    nbgrader takes out mark schemes only of task cells, which have no place for an answer,
    and solutions of cells such as this one: so the scheme leaves together with it.
    """
    scheme = inside(cell.source, MARK_SCHEME).strip()
    text = without(cell.source, MARK_SCHEME).rstrip()
    if not scheme:
        return text
    addition = f"\n**Mark scheme**\n\n{scheme}\n{end(SOLUTION)}"
    return text.replace(end(SOLUTION), addition, 1)

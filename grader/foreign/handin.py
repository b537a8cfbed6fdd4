"""Read what a learner handed in for an assignment of nbgrader's: notebooks and other files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from grader.errors import SubmissionError
from grader.foreign.assignment import ForeignAssignment, upgraded
from grader.submissions import read_submission

__all__ = ["files_of", "read_notebook"]

_MOST_BYTES = 16 * 2**20  # of a learner's own files together
_MOST_FILES = 200


def read_notebook(
    assignment: ForeignAssignment, learner: str, notebook: str
) -> tuple[NotebookNode | None, str | None]:
    """The submitted notebook, or why it cannot be read."""
    folder = assignment.course.submitted(assignment.id, learner)
    submission = read_submission(
        folder / f"{notebook}.ipynb",
        assignment=assignment.id,
        learner=learner,
        max_mib=assignment.course.limits.notebook_mib,
        inside=folder.parent.parent,
    )
    if submission.notebook is None:
        return None, submission.refusal
    try:
        return upgraded(_parsed(submission.notebook)), None
    except (SubmissionError, KeyError, TypeError, ValueError, AttributeError) as error:
        return None, f"The notebook's cells cannot be read ({type(error).__name__}: {error})."


def _parsed(raw: dict[str, Any]) -> NotebookNode:
    for cell in raw["cells"]:
        if isinstance(cell.get("source"), list):
            cell["source"] = "".join(cell["source"])
        if not isinstance(cell.get("source"), str):
            raise SubmissionError("a cell has no text")
        if cell.get("cell_type") not in ("code", "markdown", "raw"):
            raise SubmissionError("a cell is of no known type")
        cell["source"] = cell["source"].encode("utf-8", "replace").decode()
        metadata = cell.get("metadata")
        cell["metadata"] = metadata if isinstance(metadata, dict) else {}
        own = cell["metadata"].get("nbgrader")
        if own is not None and not (isinstance(own, dict) and isinstance(own.get("grade_id"), str)):
            del cell["metadata"]["nbgrader"]
    parsed: NotebookNode = nbformat.from_dict(raw)
    return parsed


def files_of(assignment: ForeignAssignment, learner: str) -> tuple[tuple[str, bytes], ...]:
    """What was handed in besides notebooks; no links, and not more than a process can be given."""
    top = assignment.course.submitted(assignment.id, learner)
    found: list[tuple[str, bytes]] = []
    left = _MOST_BYTES
    for folder, _, names in os.walk(top):
        for name in sorted(names):
            path = Path(folder, name)
            if name.endswith(".ipynb") or path.is_symlink() or not path.is_file():
                continue
            if assignment.course.ignored(name) or path.stat().st_size > left:
                continue
            if len(found) < _MOST_FILES:
                found.append((str(path.relative_to(top)), path.read_bytes()))
                left -= len(found[-1][1])
    return tuple(found)

"""Foreign notebooks, cell by cell, and what they become."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
    new_raw_cell,
)

from grader.authoring.cells import AssignmentSource, SourceCell
from grader.authoring.source import read_source
from grader.importing.create import source_text
from grader.importing.foreign import Remarks

ANSWER = (
    'def f(x):\n    """Double."""\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION'
)


def cell(kind: str, text: str, grade_id: str = "", **about: Any) -> NotebookNode:
    """A cell with nbgrader's metadata: `kind` is what nbgrader's menu calls it."""
    flags = {
        "manual": {"grade": True, "solution": True},
        "answer": {"solution": True},
        "test": {"grade": True, "locked": True},
        "read-only": {"locked": True},
        "task": {"grade": False, "locked": True, "task": True},
    }
    made = (new_markdown_cell if about.pop("markdown", kind == "task") else new_code_cell)(text)
    if kind in flags:
        plain = {"grade": False, "solution": False, "locked": False, "schema_version": 3}
        made.metadata["nbgrader"] = plain | flags[kind] | {"grade_id": grade_id} | about
    return made


def raw(text: str) -> NotebookNode:
    return new_raw_cell(text)


def prose(text: str, **more: Any) -> NotebookNode:
    return new_markdown_cell(text, **more)


def code(text: str, shows: str | None = None) -> NotebookNode:
    outputs = [] if shows is None else [new_output("execute_result", {"text/plain": shows})]
    return new_code_cell(text, outputs=outputs)


@dataclass(frozen=True)
class Result:
    """The text of our source, the remarks, and a way to read the source."""

    text: str
    remarks: tuple[str, ...]
    path: Path

    @property
    def source(self) -> AssignmentSource:
        return read_source(self.path)

    def cell(self, name: str) -> SourceCell:
        return next(each for each in self.source.cells if each.id == name)


@pytest.fixture
def converted(tmp_path: Path) -> Callable[..., Result]:
    """What a notebook of these cells becomes."""

    def convert(*cells: NotebookNode, **metadata: Any) -> Result:
        remarks = Remarks()
        notebook = new_notebook(cells=list(cells), metadata=metadata)
        text = source_text(nbformat.from_dict(notebook), remarks, tmp_path)
        path = tmp_path / "notebook.py"
        path.write_text(text, encoding="utf-8")
        return Result(text, remarks.lines(), path)

    return convert

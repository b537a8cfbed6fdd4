"""Tell the cells of an nbgrader source notebook apart, or of one that has only delimiters.

Without nbgrader's metadata, delimiters say what a cell is for: code with a solution is an answer,
code with hidden tests is a test, Markdown with a solution is a written answer; and code below
an answer that asserts is a visible test.
"""

from __future__ import annotations

from collections.abc import Iterator

from nbformat import NotebookNode

from grader.authoring.cells import SOLUTION
from grader.importing.foreign import Cell, Kind, Remarks
from grader.importing.marks import HIDDEN_TESTS, has_region
from grader.importing.python import asserts

__all__ = ["nbgrader_cells"]

_KINDS = {"markdown": Kind.PROSE, "code": Kind.CODE, "raw": Kind.OTHER}


def nbgrader_cells(notebook: NotebookNode, remarks: Remarks) -> Iterator[Cell]:
    """The cells of the notebook, in order."""
    described = any("nbgrader" in cell.metadata for cell in notebook.cells)
    is_below_an_answer = False
    for number, node in enumerate(notebook.cells, start=1):
        about = node.metadata.get("nbgrader")
        if described or about is not None:
            yield _described(number, node)
            continue
        cell = _undescribed(number, node, is_below_an_answer)
        is_below_an_answer |= cell.kind is Kind.ANSWER
        if cell.kind in (Kind.TEST, Kind.WRITTEN):
            remarks.add(number, "has no points in the notebook; it has 1 now")
        yield cell


def _described(number: int, node: NotebookNode) -> Cell:
    about = node.metadata.get("nbgrader", {})
    kind = _KINDS[node.cell_type]
    is_code = node.cell_type == "code"
    if about.get("task"):
        kind = Kind.TASK
    elif about.get("solution") and about.get("grade"):
        kind = Kind.BOTH if is_code else Kind.WRITTEN
    elif about.get("solution"):
        kind = Kind.ANSWER if is_code else Kind.WRITTEN
    elif about.get("grade"):
        kind = Kind.TEST if is_code else Kind.TASK
    return Cell(
        number,
        kind,
        node.source,
        about.get("grade_id", ""),
        about.get("points", 0),
        ours=node.metadata.get("course", {}),
    )


def _undescribed(number: int, node: NotebookNode, is_below_an_answer: bool) -> Cell:
    text, kind, points = node.source, _KINDS[node.cell_type], 0
    if node.cell_type == "markdown" and has_region(text, SOLUTION):
        kind, points = Kind.WRITTEN, 1
    elif node.cell_type == "code" and has_region(text, SOLUTION):
        kind = Kind.ANSWER
    elif node.cell_type == "code" and (
        has_region(text, HIDDEN_TESTS) or (is_below_an_answer and asserts(text))
    ):
        kind, points = Kind.TEST, 1
    return Cell(number, kind, text, points=points)

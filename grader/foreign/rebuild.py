"""Set what was handed in between the author's graded cells, as `nbgrader autograde` does.

The learner's order and ordinary cells stay, for a course may ask to edit them. Of a cell that
the gradebook knows, everything but the text of an answer is the author's again: text, type,
points, tags. Unlike stock nbgrader, a graded cell that is missing is put back, a copy of one
counts once, and a cell's other metadata are dropped; so deleting, copying or tagging a test
gains nothing.
"""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_notebook

from grader.foreign.cells import Cell, Notebook
from grader.records import Role, ScriptCell

__all__ = ["rebuild_notebook", "reference_notebook", "script_cells"]


def rebuild_notebook(notebook: Notebook, submitted: NotebookNode) -> tuple[NotebookNode, list[str]]:
    """The notebook to grade, and what was odd about the submission."""
    authors = {cell.name: cell for cell in notebook.cells if cell.graded}
    notes: list[str] = []
    seen: list[str] = []
    cells: list[NotebookNode] = []
    for each in submitted.cells:
        name = _claimed(each)
        author = authors.get(name)
        if author is None:
            cells.append(_plain(each.cell_type, each.source, each.get("attachments")))
        elif name not in seen:
            seen.append(name)
            cells.append(_graded(author, each))
        else:
            notes.append(f"the cell `{name}` occurs more than once")
            if not author.locked:
                cells.append(_plain(author.kind, each.source, None))
    _put_back(notebook, cells, set(seen), notes)
    return _whole(notebook, cells), notes


def reference_notebook(notebook: Notebook, *, solved: bool) -> NotebookNode:
    """The author's notebook as if it were handed in, solved or as it was released."""
    cells = []
    for author in notebook.cells:
        text = author.reference if solved and not author.locked else author.source
        cell = _plain(author.kind, text, None)
        if author.graded:
            cell.metadata["nbgrader"] = NotebookNode(author.metadata)
        cells.append(cell)
    return _whole(notebook, cells)


def script_cells(notebook: Notebook, rebuilt: NotebookNode) -> tuple[ScriptCell, ...]:
    """The code cells of a rebuilt notebook, in order."""
    authors = {cell.name: cell for cell in notebook.cells if cell.graded}
    found = []
    for number, cell in enumerate(rebuilt.cells):
        if cell.cell_type != "code":
            continue
        author = authors.get(_claimed(cell))
        role = author.role if author else Role.EXTRA
        points = author.points if author and role is Role.TEST else 0.0
        name = author.name if author else f"cell-{number}"
        found.append(ScriptCell(name, role, cell.source, points=points))
    return tuple(found)


def _whole(notebook: Notebook, cells: list[NotebookNode]) -> NotebookNode:
    kept = ("kernelspec", "language_info")
    metadata = {k: v for k, v in notebook.template.metadata.items() if k in kept}
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    whole: NotebookNode = new_notebook(cells=cells, metadata=metadata)
    return whole


def _plain(kind: str, text: str, attachments: Any) -> NotebookNode:
    # nbformat's own makers check each cell by itself; here the whole notebook is checked, once
    cell = NotebookNode(cell_type=kind, metadata=NotebookNode(), source=text)
    if kind == "code":
        cell.update(execution_count=None, outputs=[])
    if attachments and kind != "code":
        cell["attachments"] = attachments
    return cell


def _graded(author: Cell, submitted: NotebookNode) -> NotebookNode:
    text = author.source if author.locked else submitted.source
    cell = _plain(author.kind, text, submitted.get("attachments"))
    cell.metadata["nbgrader"] = NotebookNode(author.metadata)
    return cell


def _put_back(
    notebook: Notebook, cells: list[NotebookNode], seen: set[str], notes: list[str]
) -> None:
    """Each graded cell that is missing, after the author's cell before it."""
    before = ""
    for author in notebook.cells:
        if not author.graded:
            continue
        if author.name not in seen:
            notes.append(f"the cell `{author.name}` is missing")
            cell = _plain(author.kind, author.source, None)
            cell.metadata["nbgrader"] = NotebookNode(author.metadata)
            places = [i for i, each in enumerate(cells) if _claimed(each) == before]
            cells.insert(places[0] + 1 if before and places else 0, cell)
        before = author.name


def _claimed(cell: Any) -> str:
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return name if isinstance(name, str) else ""

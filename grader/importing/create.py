"""Import a notebook into a course: read, tell apart, convert, write, declare.

Guarantees: what cannot be imported changes nothing; nothing is overwritten; the remarks name every
difference. When the source cannot be built yet, the report says what its author has to mend first.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from grader.authoring.percent import read_cells
from grader.authoring.source import read_source
from grader.errors import ImportNotebookError, SourceError
from grader.importing.attachments import inline_attachments, remark_on_files
from grader.importing.convert import convert
from grader.importing.foreign import Piece, Remarks
from grader.importing.from_nbgrader import nbgrader_cells
from grader.importing.from_otter import is_otter, otter_cells
from grader.importing.marks import snake_case
from grader.importing.percent_text import percent_cells, percent_head
from grader.importing.reading import read_notebook
from grader.scaffold.create import check_new_id
from grader.scaffold.declaration import find_declaration
from grader.scaffold.files import new_files

__all__ = ["Imported", "import_notebook", "source_text"]

_MINUTES = 60
_HEADERS = ("kernelspec", "language_info", "jupytext", "widgets", "vscode", "colab", "toc")


@dataclass(frozen=True)
class Imported:
    """What an import made, what is to be said of it, and what keeps it from being built."""

    assignment: str
    source: Path
    remarks: tuple[str, ...]
    missing: str = ""


def import_notebook(start: Path, notebook: Path, assignment_id: str | None = None) -> Imported:
    """Write solutions/ID/notebook.py from a notebook, and declare it in course.toml.

    Args:
        start: a folder of the course.
        notebook: the file.
        assignment_id: the id; made of the name of the file when it is left out.

    Raises:
        ImportNotebookError: the notebook cannot be imported; nothing was changed.
        ConfigurationError: the id is none or is taken; nothing was changed.
    """
    declaration = find_declaration(start)
    name = snake_case(notebook.stem) if assignment_id is None else assignment_id
    check_new_id(declaration, name)
    read = read_notebook(notebook)
    remarks = Remarks()
    try:
        text = source_text(read, remarks, notebook.parent)
    except ImportNotebookError as error:
        raise ImportNotebookError(f"{notebook}: {error}") from error
    changed = declaration.with_assignment(
        {"id": name, "title": _title(read, name), "minutes": _MINUTES}
    )
    source = declaration.root / "solutions" / name / "notebook.py"
    with new_files(declaration.root, {f"solutions/{name}/notebook.py": text}):
        missing = _what_is_missing(source)
        changed.write()
    remarks.add(0, f"course.toml gives it {_MINUTES} minutes, which is a guess")
    return Imported(name, source, remarks.lines(), missing)


def source_text(notebook: NotebookNode, remarks: Remarks, folder: Path = Path()) -> str:
    """The text of our source for a notebook that was read; `folder` is where it lies.

    Raises:
        ImportNotebookError: an answer or test cannot be parsed, or marks do not pair.
    """
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "markdown":
            remark_on_files(cell.source, number, folder, remarks)
            cell.source = inline_attachments(cell, number, remarks)
        _remark_on_metadata(cell, number, remarks)
    cells = otter_cells if is_otter(notebook) else nbgrader_cells
    pieces = convert(list(cells(notebook, remarks)), remarks)
    if not pieces:
        raise ImportNotebookError("there is no text in it. Nothing was imported.")
    kept = {key: value for key, value in notebook.metadata.items() if key not in _HEADERS}
    body = percent_cells(pieces, remarks)
    _remark_on_what_reads_differently(body, pieces, remarks)
    return percent_head(kept, remarks.lines()) + body


def _remark_on_metadata(cell: NotebookNode, number: int, remarks: Remarks) -> None:
    ignored = ("nbgrader", "course", "deletable", "editable", "collapsed", "scrolled", "trusted")
    lost: dict[str, Any] = {
        key: value
        for key, value in cell.metadata.items()
        if key not in ignored and value not in ([], {}, "")
    }
    for key in ("jupyter", "execution", "ExecuteTime", "colab", "vscode", "id", "outputId"):
        lost.pop(key, None)  # where an editor keeps what it folded or measured
    if lost:
        shown = ", ".join(f"{key}: {value}" for key, value in lost.items())
        remarks.add(number, f"metadata with no place here: {shown}")


def _remark_on_what_reads_differently(text: str, pieces: Sequence[Piece], remarks: Remarks) -> None:
    """Read the cells as the grader will, and compare each text with what was meant."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "notebook.py"
        path.write_text(text, encoding="utf-8")
        try:
            read = [cell.source.rstrip() for cell in read_cells(path)]
        except SourceError as error:
            seen = str(error).replace(str(path), "the source")
            remarks.add(0, f"the source is not read as it was meant: {seen}")
            return
    meant = [piece.text.rstrip() for piece in pieces]
    if len(read) != len(meant):
        remarks.add(0, f"the source reads as {len(read)} cells instead of {len(meant)}")
        return
    for piece, ours, theirs in zip(pieces, read, meant, strict=True):
        if [line.rstrip() for line in ours.split("\n")] != [
            line.rstrip() for line in theirs.split("\n")
        ]:
            remarks.add(piece.number, "reads other than in the notebook: compare the two")


def _what_is_missing(source: Path) -> str:
    try:
        read_source(source)
    except SourceError as error:
        return str(error)
    return ""


def _title(notebook: NotebookNode, name: str) -> str:
    """The first heading of the notebook, or the id as words."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for line in cell.source.split("\n"):
                title = str(line).lstrip("#").strip()
                if line.startswith("#") and title and title.isprintable():
                    return title
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]

"""The notebook as it is saved: where it lies, and its code cells in order."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Cell", "SavedNotebook", "find_notebook", "read_notebook"]


@dataclass(frozen=True)
class Cell:
    """One code cell: its id, the name that the course gave it, and its text."""

    id: str
    grade_id: str
    source: str
    position: int


@dataclass(frozen=True)
class SavedNotebook:
    """The code cells of a file, and when it was saved (seconds since the epoch)."""

    path: Path
    cells: tuple[Cell, ...]
    saved: float

    def cell_of(self, exercise: str) -> Cell | None:
        """The cell of an answer, by its name, or else by its id."""
        for cell in self.cells:
            if exercise in (cell.grade_id, cell.id):
                return cell
        return None


def find_notebook(names: Mapping[str, Any]) -> Path | None:
    """The file of the notebook that this kernel belongs to, where the front end tells.

    Jupyter Server says it in the environment, VS Code among the names.
    """
    told = (names.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME"))
    for place in told:
        if isinstance(place, str) and place.endswith(".ipynb") and Path(place).is_file():
            return Path(place)
    return None


def read_notebook(path: Path | None) -> SavedNotebook | None:
    """The notebook in a file; None when there is none that can be read."""
    if path is None:
        return None
    try:
        saved = path.stat().st_mtime
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = tuple(
            _cell(cell, position)
            for position, cell in enumerate(cells)
            if cell["cell_type"] == "code"
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return SavedNotebook(path, code, saved)


def _cell(cell: Mapping[str, Any], position: int) -> Cell:
    source = cell["source"]
    text = "".join(source) if isinstance(source, list) else str(source)
    metadata = cell.get("metadata", {})
    grade_id = str(metadata.get("nbgrader", {}).get("grade_id", ""))
    return Cell(str(cell.get("id", "")), grade_id, text, position)

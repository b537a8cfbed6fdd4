"""Take a cell of a notebook that this grader built back to the cell of its source."""

from __future__ import annotations

from grader.authoring.cells import MARK_SCHEME, SOLUTION, begin, end
from grader.importing.foreign import Cell, Piece
from grader.importing.marks import HIDDEN_TESTS, marked_lines
from grader.records import Role

__all__ = ["piece_of_ours"]

_SCHEME = "\n\n**Mark scheme**\n\n"  # what grader.authoring.build writes into a solution


def piece_of_ours(cell: Cell) -> Piece:
    """The cell as its author wrote it. Hints are not in a notebook, so they do not come back."""
    role = Role(cell.ours["role"])
    key = "hidden" if cell.ours.get("hidden") else role.value
    details = ("exercise", "points", "title", "minutes")
    keys: dict[str, str | float] = {key: cell.id}
    keys |= {name: cell.ours[name] for name in details if name in cell.ours}
    if "shortcuts" in cell.ours:
        keys["shortcuts"] = " ".join(cell.ours["shortcuts"])
    text = cell.text
    if key == "hidden":
        lines = marked_lines(cell.number, text, HIDDEN_TESTS)
        text = "\n".join(line for line, inside in lines if inside)
    elif role is Role.WRITTEN:
        text = _with_mark_scheme(text)
    return Piece(cell.number, text, keys, is_prose=role is Role.WRITTEN)


def _with_mark_scheme(text: str) -> str:
    answer, found, rest = text.partition(_SCHEME)
    if not found:
        return text
    scheme, _, after = rest.partition(f"\n{end(SOLUTION)}")
    region = f"{begin(MARK_SCHEME)}\n{scheme}\n{end(MARK_SCHEME)}"
    return f"{answer}\n{end(SOLUTION)}{after}\n\n{region}"

"""All cells of a notebook out of the gradebook, in one query."""

from __future__ import annotations

from typing import Any

from nbgrader.api import BaseCell, Gradebook, SubmittedNotebook
from sqlalchemy.orm import with_polymorphic

__all__ = ["stored_cells"]


def stored_cells(gradebook: Gradebook, entry: SubmittedNotebook) -> dict[str, Any]:
    """The stored cells of the notebook that `entry` is a submission of, by their key.

    While the result is held, a grade or comment finds its cell in the session; otherwise
    each of them asks the database, some hundred times for a submission.
    """
    cell = with_polymorphic(BaseCell, "*")
    found = gradebook.db.query(cell).filter(cell.notebook_id == entry.notebook_id)
    return {each.id: each for each in found}

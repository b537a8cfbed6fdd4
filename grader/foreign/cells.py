"""What an assignment of nbgrader's is made of: its notebooks, and what each cell is for.

The text of a graded cell is the gradebook's, as with `nbgrader autograde`: it was saved with
its hidden tests when the assignment was generated. The source notebook adds what the gradebook
does not keep: the order, the reference answers and the ordinary cells between them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from grader.records import Role

if TYPE_CHECKING:  # nbformat takes long to import, and workers have no use for it
    from nbformat import NotebookNode

__all__ = ["Cell", "Notebook"]


@dataclass(frozen=True)
class Cell:
    """One cell of the author's.

    Attributes:
        name: nbgrader's grade id, or a name made for an ordinary cell.
        role: setup for an ordinary code cell, answer, test, written (marked by hand) or prose.
        source: as released, with hidden tests.
        reference: as the author solved it.
        kind: "code" or "markdown".
        points: what it is worth; 0 where it is not graded.
        locked: whether its text is the author's, whatever is handed in.
        metadata: nbgrader's own, as it is written into what is graded.
    """

    name: str
    role: Role
    source: str
    reference: str
    kind: str
    points: float = 0.0
    locked: bool = False
    metadata: dict[str, object] = field(default_factory=dict, hash=False)

    @property
    def graded(self) -> bool:
        """Whether the text is in the gradebook."""
        return bool(self.metadata)


@dataclass(frozen=True)
class Notebook:
    """One notebook of an assignment. `template` has the released cells' order and metadata."""

    name: str
    path: Path
    language: str
    kernel: str
    cells: tuple[Cell, ...]
    template: NotebookNode = field(hash=False, compare=False, repr=False)

    @property
    def tests(self) -> tuple[Cell, ...]:
        """The cells that mark themselves."""
        return tuple(cell for cell in self.cells if cell.role is Role.TEST)

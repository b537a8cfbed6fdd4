"""A case: what one learner hands in, what it tries, and what must be seen.

Cases are TOML files, because they are data: a file of Python that bombs might be imported
by a tool that means well. `cases/README.md` describes the keys.
"""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from grader.authoring.handin import answered

from . import changes

__all__ = ["CASES", "POINTS", "RIGHT", "SECRETS", "TESTS", "Case", "read_cases"]

CASES = Path(__file__).resolve().parent / "cases"

TESTS = (
    "mean_square_by_hand",
    "mean_square_twice",
    "mean_square_input",
    "row_sums_by_hand",
    "row_sums_one_row",
)
POINTS = dict(zip(TESTS, (1.0, 2.0, 1.0, 1.0, 1.5), strict=True))

# Right answers, but not the author's words: those are a secret of the solutions.
RIGHT = {
    "mean_square": "def mean_square(x):\n    return float((np.asarray(x) ** 2).mean())\n",
    "row_sums": "def row_sums(rows):\n    return np.asarray(rows).sum(axis=1)\n",
}
# Loses all three tests of mean_square: the value, its invariance, and the input.
WRONG = "def mean_square(x):\n    x += 1\n    return float(x.sum())\n"

# What must reach no learner: where it stands, and how it is recognised there.
SECRETS = {
    "hidden tests": "data_seen_twice",
    "solutions": "squares_of_all_entries",
    "known mistakes": "all_the_entries",
    "mark scheme": "numerator and denominator double",
    "other submissions": "a neighbour's own thought",
    "the grader's environment": "a word of the grader's environment",
    "earlier learners": "left behind for the next one",
}

_CELLS = ("top", "mean_square", "below", "row_sums", "end")


@dataclass(frozen=True)
class Case:
    """One case. `tests` has a letter for each test: Passed, Failed, Unattempted or Errored."""

    name: str
    tries: str
    sees: str
    tests: str
    stock: bool | str
    says: str = ""
    shows: str = ""
    refused: str = ""
    hole: str = ""
    hole_when_cold: str = ""
    wrong: bool = False
    cold: bool = False
    change: str = ""
    cells: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.tests) != len(TESTS) or set(self.tests) - set("PFUE"):
            raise ValueError(f"{self.name}: tests is {self.tests!r}; expected 5 of P, F, U, E")
        if unknown := set(self.cells) - set(_CELLS):
            raise ValueError(f"{self.name}: unknown cells {sorted(unknown)}; expected {_CELLS}")
        if self.wrong and "P" in self.tests[:3] and not self.hole:
            raise ValueError(f"{self.name}: wrong is true, so the first three tests must be lost")

    @property
    def marks(self) -> float:
        """What its tests are worth."""
        return sum(
            p for p, letter in zip(POINTS.values(), self.tests, strict=True) if letter == "P"
        )

    def notebook(self, blank: NotebookNode, targets: Mapping[str, Any]) -> bytes:
        """The file that is handed in; a case that says TARGETS is told where everything lies."""
        cells = dict(RIGHT) | ({"mean_square": WRONG} if self.wrong else {}) | dict(self.cells)
        top = [cells["top"]] if "top" in cells else []
        if any("TARGETS" in source for source in cells.values()):
            top.insert(0, f"TARGETS = {dict(targets)!r}")
        made = answered(blank, {name: cells[name] for name in RIGHT}, top)
        if "below" in cells:
            place = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in made.cells]
            below = new_code_cell(source=cells["below"], id="below")
            made.cells.insert(place.index("mean_square") + 1, below)
        if "end" in cells:
            made.cells.append(new_code_cell(source=cells["end"], id="end"))
        if not self.change:
            return json.dumps(made).encode()
        changed: NotebookNode | bytes = getattr(changes, self.change)(copy.deepcopy(made))
        # not by nbformat, which would repair what is broken on purpose
        return changed if isinstance(changed, bytes) else json.dumps(changed).encode()


def read_cases(folder: Path = CASES) -> tuple[Case, ...]:
    """All cases, in order of their names: the folder's and the file's."""
    return tuple(
        Case(name=f"{path.parent.name}-{path.stem}", **tomllib.loads(path.read_text("utf-8")))
        for path in sorted(folder.glob("*/*.toml"))
    )

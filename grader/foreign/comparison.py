"""What stock nbgrader and we make of the same test cells, side by side.

Nothing is executed here: these are the records, and what is counted of them. Marks are
nbgrader's own `auto_score`; None is a cell to which no mark was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["CellMark", "Comparison", "Difference", "StockCell", "StockSubmission", "same_mark"]


@dataclass(frozen=True)
class StockCell:
    """What stock nbgrader left of one test cell in the notebook that it graded.

    Attributes:
        error: the kind of the error that ended it, and its message.
        stderr: what was written to standard error.
        value: the text of the cell's last value, as the kernel wrote it.
        skipped: it has a tag with which nbclient does not run a cell.
    """

    error: str = ""
    stderr: str = ""
    value: str = ""
    skipped: bool = False


@dataclass(frozen=True)
class StockSubmission:
    """One learner's work as stock nbgrader left it; keys are (notebook, cell).

    `fault`: why nbgrader gave up the submission, in its own words; empty when it did not.
    `cells`: the graded cells that are in the notebooks that it wrote.
    """

    learner: str
    marks: Mapping[tuple[str, str], float | None] = field(default_factory=dict)
    cells: Mapping[tuple[str, str], StockCell] = field(default_factory=dict)
    fault: str = ""


@dataclass(frozen=True)
class Difference:
    """Why two marks differ, as far as both runs show it, and what an instructor does about it.

    `likely` is False where a run says the reason itself, as with a value above the points.
    """

    reason: str
    advice: str
    likely: bool = True


@dataclass(frozen=True)
class CellMark:
    """One graded cell of one learner, with both marks.

    Attributes:
        max_score: what the cell is worth.
        place: "apart", "beside", or "" for a cell that a person marks or that did not run.
        why: why it runs beside; empty when it runs apart.
        automatic: whether it is a test cell, which marks itself.
        difference: set exactly where the marks differ.
    """

    learner: str
    notebook: str
    cell: str
    max_score: float
    stock: float | None
    ours: float | None
    place: str = ""
    why: str = ""
    automatic: bool = True
    difference: Difference | None = None

    @property
    def same(self) -> bool:
        """Whether both marks are one, but for rounding; no mark is the same as no mark."""
        return same_mark(self.stock, self.ours)

    @property
    def reason(self) -> str:
        """Why the marks differ; empty where they do not."""
        if self.difference is None:
            return ""
        return ("likely: " if self.difference.likely else "") + self.difference.reason


def same_mark(one: float | None, other: float | None) -> bool:
    """Whether two marks are the same, but for rounding."""
    if one is None or other is None:
        return one is other
    return abs(one - other) < 1e-9


@dataclass(frozen=True)
class Comparison:
    """All that was compared.

    Times are seconds of wall clock: `stock_seconds` and `our_seconds` of grading the same
    `submissions`, `trial_seconds` of what we do once for an assignment, before the first grading:
    placing its tests with the reference answers. `faults`: what could not be graded, by whom.
    """

    assignment: str
    cells: tuple[CellMark, ...]
    submissions: int
    stock_seconds: float
    our_seconds: float
    trial_seconds: float
    workers: int
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def tests(self) -> tuple[CellMark, ...]:
        """Those that are counted: they mark themselves, and have a mark on one side at least."""
        return tuple(
            cell
            for cell in self.cells
            if cell.automatic and (cell.stock, cell.ours) != (None, None)
        )

    @property
    def differences(self) -> tuple[CellMark, ...]:
        """The cells whose marks differ, those that a person marks too."""
        return tuple(cell for cell in self.cells if not cell.same)

    @property
    def same(self) -> int:
        """How many test cells have the same mark."""
        return sum(cell.same for cell in self.tests)

    @property
    def percent(self) -> float:
        """The same, of a hundred test cells."""
        return 100.0 * self.same / len(self.tests) if self.tests else 100.0

    @property
    def holds(self) -> bool:
        """Whether every mark is the same, and everything could be graded."""
        return not self.differences and not self.faults

    def placed(self, place: str) -> int:
        """How many test cells ran in a place, "apart" or "beside"."""
        return sum(cell.place == place for cell in self.tests)

    def per_minute(self, seconds: float) -> float:
        """Submissions a minute, where all of them took `seconds`."""
        return 60.0 * self.submissions / seconds if seconds > 0 else 0.0

    @property
    def ratio(self) -> float:
        """How many times as many submissions a minute as stock nbgrader."""
        return self.stock_seconds / self.our_seconds if self.our_seconds > 0 else 0.0

    def as_data(self) -> dict[str, Any]:
        """As plain data, for scripts."""
        cells = [asdict(c) | {"same": c.same, "reason": c.reason} for c in self.cells]
        counted = {"compared": len(self.tests), "same": self.same, "percent": self.percent}
        places = {"apart": self.placed("apart"), "beside": self.placed("beside")}
        speeds = {
            "stock_per_minute": self.per_minute(self.stock_seconds),
            "our_per_minute": self.per_minute(self.our_seconds),
            "ratio": self.ratio,
        }
        return asdict(self) | {"cells": cells, "holds": self.holds} | counted | places | speeds

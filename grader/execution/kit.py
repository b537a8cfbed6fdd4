"""What the graders of one assignment share: the reference answers and the known mistakes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from course.link.withhold import Withheld
from grader.mistakes import Mistake
from grader.records import Limits, Role, Script
from grader.sandbox.base import NOTHING_WITHHELD

__all__ = ["Kit"]


@dataclass(frozen=True)
class Kit:
    """One assignment, ready to grade with. Goes to the workers once, by pickling."""

    assignment: str
    reference: Script
    mistakes: tuple[Mistake, ...]
    limits: Limits
    withheld: Withheld = NOTHING_WITHHELD

    def answers_of(self, mistake: Mistake | None) -> Script:
        """The reference's script, with one answer replaced by a known wrong one."""
        if mistake is None:
            return self.reference
        cells = tuple(
            replace(cell, source=mistake.source)
            if cell.role is Role.ANSWER and cell.name == mistake.exercise
            else cell
            for cell in self.reference.cells
        )
        return replace(self.reference, learner=mistake.name, cells=cells)

    def digest(self) -> str:
        """Changes whenever a grading of the same submission could come out differently."""
        # spelled out, because the repr of a set has no fixed order
        mistakes = [(m.name, m.exercise, sorted(m.loses), m.hint, m.source) for m in self.mistakes]
        everything = (self.reference, mistakes, self.limits, self.withheld)
        return hashlib.sha256(repr(everything).encode()).hexdigest()

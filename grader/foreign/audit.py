"""Audit an assignment of a course of nbgrader's: where each test runs, why, and does it hold.

The reference answers must earn every point of every test. There are no known mistakes to try,
because nbgrader's courses declare none.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from grader.foreign.assignment import open_assignment
from grader.foreign.live import advice_for
from grader.foreign.place import CourseFolder
from grader.foreign.trial import placed
from grader.records import Outcome

__all__ = ["FolderAudit", "Line", "audit_folder"]


@dataclass(frozen=True)
class Line:
    """What is said of one test cell; `why` and `advice` are empty when it runs apart."""

    notebook: str
    test: str
    outcome: Outcome
    earned: float
    points: float
    place: str
    why: str = ""
    advice: str = ""
    rationale: str = ""

    @property
    def holds(self) -> bool:
        """Whether the reference answer earns all of its points."""
        return self.outcome is Outcome.PASSED and self.earned == self.points


@dataclass(frozen=True)
class FolderAudit:
    """All that was found."""

    assignment: str
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the reference answers earn everything."""
        return all(line.holds for line in self.lines)

    def as_data(self) -> dict[str, Any]:
        """As plain data, for scripts."""
        return asdict(self) | {"holds": self.holds}


def audit_folder(
    course: CourseFolder, assignment_id: str, *, sandbox: str = "bubblewrap", workers: int = 0
) -> FolderAudit:
    """Audit one assignment.

    Raises:
        GraderError: see `open_assignment` and `placed`.
    """
    assignment = open_assignment(course, assignment_id)
    _, trial = placed(assignment, sandbox=sandbox, workers=workers)
    lines = []
    for name, run in trial.runs.items():
        for test in run.tests:
            step = trial.plans[name].step(test.name)
            why = step.why_beside if step else ""
            lines.append(
                Line(
                    name,
                    test.name,
                    test.outcome,
                    test.earned,
                    test.points,
                    test.place,
                    why,
                    advice_for(why) if why and name not in assignment.kit.kernels else "",
                    test.rationale,
                )
            )
    notes = tuple(f"{name}: {note}" for name, run in trial.runs.items() for note in run.notes)
    return FolderAudit(assignment_id, tuple(lines), notes)

"""A whole notebook, checked from its file: run afresh, as it will be when it is handed in."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.checking.report import Report, report_of
from course.checking.session import find_tutor
from course.checking.tutor import Tutor, TutorError
from course.study.catalogue import AssignmentInfo

__all__ = ["WholeReport", "check_file", "tutor_of"]


@dataclass(frozen=True)
class WholeReport:
    """Every exercise of a notebook, and what else was seen.

    Attributes:
        reports: one for each exercise, in order.
        errors: the cells that stopped, with the last words of each.
        unwritten: the written answers that are still empty.
        notes: what was odd about the file.
        sandbox: what confined the run; "none" when nothing did.
        seconds: how long it took.
    """

    reports: tuple[Report, ...]
    errors: Mapping[str, str]
    unwritten: tuple[str, ...]
    notes: tuple[str, ...]
    sandbox: str
    seconds: float

    @property
    def is_perfect(self) -> bool:
        """Whether every test passes."""
        return all(report.outcome == "passed" for report in self.reports)

    @property
    def earned(self) -> float:
        """The marks of all tests that pass."""
        return sum(report.earned for report in self.reports)

    @property
    def points(self) -> float:
        """What all tests are worth."""
        return sum(report.points for report in self.reports)


@contextlib.contextmanager
def tutor_of(assignment: AssignmentInfo, root: Path) -> Iterator[Tutor]:
    """The tutor of an assignment, ended when the context is left.

    Raises:
        TutorError: the tests are not here.
    """
    tutor = find_tutor(root, assignment.id)
    if tutor is None:
        raise TutorError(
            "the tests are not in this copy of the course, so only the notebook itself can check "
            "its visible ones: run its test cells. Work in a whole clone of the course for more."
        )
    try:
        yield tutor
    finally:
        tutor.close()


def check_file(
    tutor: Tutor, assignment: AssignmentInfo, path: Path, sandbox: str = ""
) -> WholeReport:
    """Run a notebook's file from the beginning, and all tests of all of its exercises.

    Args:
        tutor: that of the assignment.
        assignment: which exercises there are.
        path: the learner's file.
        sandbox: "bubblewrap", "none", or "" for the safest that works here.

    Raises:
        TutorError: the file is no notebook, or it could not be run.
    """
    graded = tutor.grade(path.absolute(), sandbox)
    results: Sequence[Mapping[str, Any]] = graded["results"]
    reports = tuple(
        report_of(each.id, each.title, [r for r in results if r["exercise"] == each.id])
        for each in assignment.exercises
        if not each.written
    )
    return WholeReport(
        reports,
        dict(graded["errors"]),
        tuple(name for name, is_written in graded["written"].items() if not is_written),
        tuple(graded["notes"]),
        str(graded["sandbox"]),
        float(graded["seconds"]),
    )

"""What became of one check, as plain records that a display can draw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Report", "TestReport", "report_of"]

_TEXT = 4000


@dataclass(frozen=True)
class TestReport:
    """One test: what was seen, and what to try."""

    __test__ = False  # not a test class, whatever pytest thinks of the name

    name: str
    title: str
    outcome: str
    points: float
    hidden: bool = False
    rationale: str = ""
    help: str = ""
    mistake: str = ""
    prints: str = ""

    @property
    def earned(self) -> float:
        """All of the points when passed, none otherwise."""
        return self.points if self.outcome == "passed" else 0.0


@dataclass(frozen=True)
class Report:
    """All tests of one exercise, and what else is worth knowing."""

    exercise: str
    title: str
    tests: tuple[TestReport, ...]
    notes: tuple[str, ...] = ()
    partial: bool = False  # only visible tests were there to be run

    @property
    def outcome(self) -> str:
        """passed, failed, unattempted or errored, for the exercise as a whole."""
        seen = {test.outcome for test in self.tests}
        for worst in ("errored", "failed"):
            if worst in seen:
                return worst
        return "passed" if seen == {"passed"} else "failed" if "passed" in seen else "unattempted"

    @property
    def earned(self) -> float:
        """The marks of the tests that passed."""
        return sum(test.earned for test in self.tests)

    @property
    def points(self) -> float:
        """What the tests are worth."""
        return sum(test.points for test in self.tests)

    @property
    def mistake(self) -> str:
        """The name of the first recognised mistake; empty when there is none."""
        return next((test.mistake for test in self.tests if test.mistake), "")


def report_of(
    exercise: str, title: str, results: Iterable[Mapping[str, Any]], notes: Iterable[str] = ()
) -> Report:
    """The report of what a tutor sent; it is trusted to be plain data, not to be complete."""
    return Report(exercise, title, tuple(map(_test, results)), tuple(notes))


def _test(result: Mapping[str, Any]) -> TestReport:
    texts = {
        key: str(result.get(key) or "")[:_TEXT]
        for key in ("name", "title", "outcome", "rationale", "help", "mistake", "prints")
    }
    points, hidden = float(result.get("points", 0)), bool(result.get("hidden"))
    return TestReport(**texts, points=points, hidden=hidden)

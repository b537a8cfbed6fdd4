"""The nouns of grading: frozen records that cross module and process borders.

    Submission --rebuild--> Script --execute--> Run (of TestResults) --score--> Score

A `Script` is what will be executed, cell by cell; a `Run` is what was seen. Both are
plain enough to be pickled between workers and written as JSON beside the gradebook.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

__all__ = [
    "CellRun",
    "Limits",
    "Outcome",
    "Role",
    "Run",
    "Score",
    "Script",
    "ScriptCell",
    "Submission",
    "TestResult",
]


class Outcome(StrEnum):
    """What can become of a test. A fault of the grader is never a zero for a learner."""

    PASSED = "passed"
    FAILED = "failed"
    UNATTEMPTED = "unattempted"
    ERRORED = "errored"


class Role(StrEnum):
    """What a cell of an assignment is for; decides where, and whether, it is executed."""

    PROSE = "prose"
    SETUP = "setup"  # the author's code, executed in both processes
    FIGURE = "figure"  # the author's figures and demos, skipped when grading
    ANSWER = "answer"  # the learner's code, executed in the learner's process
    EXTRA = "extra"  # a code cell that the learner added
    TEST = "test"  # executed in the test process alone
    WRITTEN = "written"  # marked by hand


@dataclass(frozen=True)
class Limits:
    """What one submission may use, with all of the processes that it starts.

    Sizes in MiB or KiB; times in seconds of wall clock, but for `cpu_seconds`, which is
    processor time. `processes` counts threads too.
    """

    cell_seconds: float = 10.0
    submission_seconds: float = 60.0
    cpu_seconds: float = 120.0
    memory_mib: int = 4096
    processes: int = 128
    notebook_mib: float = 10.0
    output_kib: int = 256


@dataclass(frozen=True)
class Submission:
    """One learner's hand-in: where it lies, and either a notebook or why there is none."""

    assignment: str
    learner: str
    sha256: str
    notebook: dict[str, Any] | None
    refusal: str | None = None


@dataclass(frozen=True)
class ScriptCell:
    """One code cell, ready to be executed. `shortcuts`: what an answer must not call."""

    name: str
    role: Role
    source: str
    exercise: str | None = None
    title: str = ""
    points: float = 0.0
    hidden: bool = False
    attempted: bool = True
    shortcuts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Script:
    """A rebuilt submission, reduced to what is executed, in order.

    `texts` is a digest of everything in it, the written answers too: when it changes, the
    submission is another one. `until_failure`: nothing is executed after the first test that
    does not pass, which is all that one asks of a mutant.
    """

    assignment: str
    learner: str
    cells: tuple[ScriptCell, ...]
    texts: str = ""
    until_failure: bool = False

    @property
    def tests(self) -> tuple[ScriptCell, ...]:
        """The test cells, in order."""
        return tuple(cell for cell in self.cells if cell.role is Role.TEST)

    @property
    def shortcuts(self) -> dict[str, tuple[str, ...]]:
        """For each exercise that declares any, the library's functions that are the exercise."""
        return {cell.name: cell.shortcuts for cell in self.cells if cell.shortcuts}


@dataclass(frozen=True)
class CellRun:
    """What one of the learner's cells did: its outputs, and its error if it raised."""

    name: str
    outputs: tuple[dict[str, Any], ...] = ()
    error: str | None = None


@dataclass(frozen=True)
class TestResult:
    """What became of one test, in check50's words: rationale = seen, help = what to try.

    `partial` is the part of the points that an nbgrader test gave as its last value, and `place`
    whether it ran "apart" from the learner's code or "beside" it; both are for courses of
    nbgrader's own making (`grader.foreign`).
    """

    __test__ = False  # not a test class, whatever pytest thinks of the name

    name: str
    exercise: str
    outcome: Outcome
    points: float
    title: str = ""
    hidden: bool = False
    rationale: str = ""
    help: str = ""
    mistake: str | None = None
    prints: str = ""
    partial: float | None = None
    place: str = ""

    @property
    def earned(self) -> float:
        """All of the points when passed, or the part that the test gave; none otherwise."""
        if self.outcome is not Outcome.PASSED:
            return 0.0
        return self.points if self.partial is None else self.partial


@dataclass(frozen=True)
class Run:
    """One execution of one submission. `fault` is set when the grader itself failed.

    `objects` is where each test met objects, of a run of the author's answers (`grader.foreign`).
    """

    assignment: str
    learner: str
    tests: tuple[TestResult, ...]
    cells: tuple[CellRun, ...] = ()
    refusal: str | None = None
    fault: str | None = None
    seconds: float = 0.0
    notes: tuple[str, ...] = field(default=())
    objects: tuple[tuple[str, frozenset[str]], ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The submission as a whole: errored, unattempted, passed (all tests) or failed."""
        if self.refusal or self.fault:
            return Outcome.ERRORED
        seen = {test.outcome for test in self.tests}
        for worst in (Outcome.ERRORED, Outcome.FAILED):
            if worst in seen:
                return worst
        if Outcome.UNATTEMPTED in seen:
            return Outcome.FAILED if Outcome.PASSED in seen else Outcome.UNATTEMPTED
        return Outcome.PASSED

    @property
    def earned(self) -> float:
        """The sum of the points of the tests that passed."""
        return sum(test.earned for test in self.tests)


@dataclass(frozen=True)
class Score:
    """Marks of one test as they enter the gradebook; never NaN, negative or above `points`."""

    test: str
    marks: float
    points: float
    needs_manual_grade: bool = False

    def __post_init__(self) -> None:
        is_number = isinstance(self.marks, int | float)
        # false for NaN too: it fails closed
        if not is_number or not 0.0 <= self.marks <= self.points < float("inf"):
            raise ValueError(
                f"the marks of test {self.test!r} are {self.marks!r}; expected a number "
                f"from 0 to {self.points:g}"
            )

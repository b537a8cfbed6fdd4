"""What a feedback page says, as plain records; the template only sets it in type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

__all__ = [
    "Answer",
    "AuthorCode",
    "Block",
    "Exercise",
    "Output",
    "OwnCode",
    "Page",
    "Prose",
    "TestCard",
    "Verdict",
    "Written",
]


class Verdict(StrEnum):
    """What is said of a test, an exercise or a written answer: the outcomes, and two more."""

    PASSED = "passed"
    FAILED = "failed"
    UNATTEMPTED = "unattempted"
    ERRORED = "errored"
    WAITING = "waiting"  # a person has yet to mark it
    MARKED = "marked"  # a person has marked it


@dataclass(frozen=True)
class Output:
    """One thing that a cell showed: text, or the address of a picture within the page."""

    text: str = ""
    picture: str = ""


@dataclass(frozen=True)
class Prose:
    """A Markdown cell, the author's or one that the learner added."""

    kind: ClassVar[str] = "prose"
    source: str
    own: bool = False
    attachments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class AuthorCode:
    """A locked cell that is no test: set-up or a figure."""

    kind: ClassVar[str] = "author_code"
    label: str
    source: str


@dataclass(frozen=True)
class OwnCode:
    """A code cell that the learner added."""

    kind: ClassVar[str] = "own_code"
    source: str
    outputs: tuple[Output, ...] = ()


@dataclass(frozen=True)
class Answer:
    """A code answer and what it showed when it was run."""

    kind: ClassVar[str] = "answer"
    exercise: str
    title: str
    source: str
    attempted: bool
    outputs: tuple[Output, ...] = ()
    comment: str = ""


@dataclass(frozen=True)
class TestCard:
    """One test. `source` is empty when the test is hidden; `by_hand`: a person set the marks.

    `same_cause_as` names an earlier test of the exercise that had the same `help`.
    """

    __test__ = False  # not a test class, whatever pytest thinks of the name

    kind: ClassVar[str] = "test_card"
    name: str
    exercise: str
    title: str
    verdict: Verdict
    marks: float
    points: float
    hidden: bool = False
    rationale: str = ""
    help: str = ""
    prints: str = ""
    source: str = ""
    by_hand: bool = False
    same_cause_as: str = ""


@dataclass(frozen=True)
class Written:
    """An answer in words, marked by a person."""

    kind: ClassVar[str] = "written"
    exercise: str
    title: str
    source: str
    verdict: Verdict
    marks: float
    points: float
    comment: str = ""
    attachments: Mapping[str, Any] = field(default_factory=dict)


Block = Prose | AuthorCode | OwnCode | Answer | TestCard | Written


@dataclass(frozen=True)
class Exercise:
    """One line of the table: an answer and all that was asked of it."""

    id: str
    title: str
    verdict: Verdict
    marks: float
    points: float
    passed: int = 0
    tests: int = 0


@dataclass(frozen=True)
class Page:
    """One learner's feedback for one assignment."""

    title: str
    learner: str
    marks: float
    points: float
    penalty: float = 0.0
    exercises: tuple[Exercise, ...] = ()
    blocks: tuple[Block, ...] = ()
    refusal: str = ""
    fault: str = ""

    @property
    def waiting(self) -> float:
        """The points on which a person has yet to decide."""
        undecided = (Verdict.WAITING, Verdict.ERRORED)
        return sum(
            block.points
            for block in self.blocks
            if isinstance(block, TestCard | Written)
            and block.verdict in undecided
            and not getattr(block, "by_hand", False)
        )

    @property
    def tests(self) -> int:
        """How many tests there are."""
        return sum(exercise.tests for exercise in self.exercises)

    @property
    def passed(self) -> int:
        """How many tests passed."""
        return sum(exercise.passed for exercise in self.exercises)

    @property
    def unattempted(self) -> int:
        """How many exercises are as they were handed out."""
        return sum(exercise.verdict is Verdict.UNATTEMPTED for exercise in self.exercises)

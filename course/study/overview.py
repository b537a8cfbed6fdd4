"""The week at a glance: a bar for each assignment, a line for each exercise.

Plain text with symbols that each stand beside their word, so that it reads the same in a
terminal, in a notebook, in black and white and by a screen reader; nothing is said by colour
alone.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from course.study.catalogue import AssignmentInfo, Catalogue, ExerciseInfo
from course.study.reviewing import DueReview
from course.study.status import State, Status, Statuses

__all__ = ["SYMBOLS", "WRITTEN", "Overview", "bar", "overview"]

SYMBOLS = {
    State.PASSED: "✔",
    State.PASSED_WITH_HINTS: "✓",
    State.SOLUTION_SEEN: "◇",
    State.STARTED: "▸",
    State.UNTOUCHED: "○",
}
WRITTEN = "✎"
_WIDE, _NARROW = 20, 8  # characters of a bar
_STYLE = "line-height: 1.35; overflow-x: auto; font-family: monospace; background: none"


def bar(share: float, width: int) -> str:
    """A bar that is full only when all is done, and empty only when nothing is.

    Example:
        >>> bar(0.5, 4), bar(0.999, 4), bar(0.001, 4)
        ('██░░', '███░', '█░░░')
    """
    filled = width if share >= 1 else min(int(share * width), width - 1)
    if 0 < share < 1:
        filled = max(filled, 1)
    return "█" * filled + "░" * (width - filled)


@dataclass(frozen=True, repr=False)
class Overview:
    """What is handed out, and how far the learner is with it.

    With `only`, the exercises of that assignment alone are listed; the others are a bar each.
    """

    catalogue: Catalogue
    statuses: Statuses
    reviews: tuple[DueReview, ...] = ()
    only: str = ""

    def status(self, assignment: AssignmentInfo, exercise: ExerciseInfo) -> Status:
        """How far one exercise is."""
        return self.statuses[assignment.id, exercise.id]

    def lines(self) -> Iterator[tuple[str, State | None]]:
        """The lines, each with the state that it tells of, if it does."""
        yield self.catalogue.title, None
        for assignment in self.catalogue.assignments:
            yield "", None
            yield self._assignment_line(assignment), None
            for exercise in assignment.exercises if self.only in ("", assignment.id) else ():
                status = self.status(assignment, exercise)
                yield _exercise_line(exercise, status), None if exercise.written else status.state
        yield "", None
        for review in self.reviews:
            word = f"  ↺ {review.exercise} of {review.assignment}: time to come back to it"
            yield word, None
        yield _legend(), None

    @property
    def data(self) -> dict[str, Any]:
        """The same for scripts."""
        return {
            "course": self.catalogue.id,
            "assignments": [self._assignment_data(each) for each in self.catalogue.assignments],
            "reviews": [
                {"assignment": r.assignment, "exercise": r.exercise, "since": r.since.isoformat()}
                for r in self.reviews
            ],
        }

    def __repr__(self) -> str:
        return "\n".join(line for line, _ in self.lines())

    def _repr_html_(self) -> str:
        return f"<pre role='status' style='{_STYLE}'>{html.escape(repr(self))}</pre>"

    def _assignment_line(self, assignment: AssignmentInfo) -> str:
        tested = [exercise for exercise in assignment.exercises if not exercise.written]
        statuses = [self.status(assignment, exercise) for exercise in tested]
        finished = sum(status.state.is_finished for status in statuses)
        earned = sum(status.earned for status in statuses)
        points = sum(exercise.points for exercise in tested)
        drawn = bar(finished / len(tested) if tested else 0, _WIDE)
        counts = f"{finished} of {len(tested)} passed, {earned:g} of {points:g} marks"
        return f"{assignment.title} ({assignment.id})\n  {drawn}  {counts}"

    def _assignment_data(self, assignment: AssignmentInfo) -> dict[str, Any]:
        return {
            "id": assignment.id,
            "title": assignment.title,
            "minutes": assignment.minutes,
            "exercises": [
                _exercise_data(exercise, self.status(assignment, exercise))
                for exercise in assignment.exercises
            ],
        }


def overview(
    catalogue: Catalogue, statuses: Statuses, reviews: Sequence[DueReview] = (), only: str = ""
) -> Overview:
    """The overview of a course."""
    return Overview(catalogue, statuses, tuple(reviews), only)


def _exercise_line(exercise: ExerciseInfo, status: Status) -> str:
    if exercise.written:
        return f"  {WRITTEN} {exercise.id:<24}{'':{_NARROW}}  written, {exercise.points:g} marks"
    drawn = bar(status.earned / exercise.points if exercise.points else 0, _NARROW)
    marks = f"{status.earned:g} of {exercise.points:g}"
    words = ", ".join(filter(None, [status.state.value, *_details(status)]))
    return f"  {SYMBOLS[status.state]} {exercise.id:<24}{drawn}  {marks:<9}{words}"


def _details(status: Status) -> Iterator[str]:
    if status.state is State.STARTED:
        yield _count(status.attempts, "attempt")
    if status.hints:
        yield _count(status.hints, "hint")


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _legend() -> str:
    states = [f"{symbol} {state.value}" for state, symbol in SYMBOLS.items()]
    return "   ".join([*states, f"{WRITTEN} written"])


def _exercise_data(exercise: ExerciseInfo, status: Status) -> dict[str, Any]:
    return {
        "id": exercise.id,
        "title": exercise.title,
        "written": exercise.written,
        "points": exercise.points,
        "state": status.state.value,
        "earned": status.earned,
        "attempts": status.attempts,
        "hints": status.hints,
        "mistake": status.mistake,
    }

"""How far somebody is with an exercise, read off the events.

The conventions, where others would be possible: help counts when it came before the first pass,
so that looking at a hint or at the solution afterwards takes nothing away; a check of an answer
that was not attempted, and one that could not be made (`errored`), is no attempt.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from course.study.events import Event

__all__ = ["State", "Status", "Statuses", "status_of", "statuses_of"]


class State(StrEnum):
    """Where an exercise stands."""

    UNTOUCHED = "untouched"
    STARTED = "started"
    PASSED = "passed"
    PASSED_WITH_HINTS = "passed with hints"
    SOLUTION_SEEN = "solution seen"

    @property
    def is_finished(self) -> bool:
        """Whether the exercise was passed without having seen its solution."""
        return self in (State.PASSED, State.PASSED_WITH_HINTS)


@dataclass(frozen=True)
class Status:
    """An exercise: its state, its best marks, and what it took.

    Attributes:
        earned: the marks of the best check, of `points`.
        attempts: checks of an attempted answer.
        hints: how many different hints were seen.
        mistake: the mistake that the last attempt made, if it was recognised; else "".
    """

    state: State = State.UNTOUCHED
    earned: float = 0.0
    points: float = 0.0
    attempts: int = 0
    hints: int = 0
    mistake: str = ""


Statuses = Mapping[tuple[str, str], Status]  # by assignment and exercise


def statuses_of(events: Iterable[Event]) -> Statuses:
    """The status of every exercise, from its events in the order of time; others are untouched."""
    grouped: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in events:
        grouped[event.assignment, event.exercise].append(event)
    found = {name: status_of(each) for name, each in grouped.items()}
    return defaultdict(Status, found)


def status_of(events: Iterable[Event]) -> Status:
    """The status of one exercise, from its events in the order of time.

    Example:
        >>> when = "2026-01-05T10:00:00.000+00:00"
        >>> hint = Event(when, "loss_functions", "svm_loss", "hint", number=1)
        >>> check = Event(when, "loss_functions", "svm_loss", "check", "passed", 12, 12)
        >>> status_of([hint, check]).state.value
        'passed with hints'
    """
    events = list(events)
    checks = [e for e in events if e.kind == "check" and e.outcome in ("passed", "failed")]
    best = max(checks, key=lambda check: check.earned, default=None)
    return Status(
        state=_state(events, has_attempts=bool(checks)),
        earned=best.earned if best else 0.0,
        points=best.points if best else 0.0,
        attempts=len(checks),
        hints=len({event.number for event in events if event.kind == "hint"}),
        mistake=checks[-1].mistake if checks else "",
    )


def _state(events: list[Event], *, has_attempts: bool) -> State:
    help_seen: set[str] = set()
    for event in events:
        if event.kind == "check" and event.outcome == "passed":
            if "solution" in help_seen:
                return State.SOLUTION_SEEN
            return State.PASSED_WITH_HINTS if help_seen else State.PASSED
        if event.kind in ("hint", "solution"):
            help_seen.add(event.kind)
    if "solution" in help_seen:
        return State.SOLUTION_SEEN
    return State.STARTED if has_attempts or help_seen else State.UNTOUCHED

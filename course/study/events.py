"""What happened while somebody studied, one event a line.

A line is a JSON object with the fields of `Event`; what it does not say has the field's default,
and what it says beyond them (a newer version of the course wrote it) is kept in `extra`. A line
that cannot be read is never an error of the whole: `read_lines` leaves it out and says so.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

from course.errors import ArgumentValueError

__all__ = ["KINDS", "OUTCOMES", "Event", "now", "read_lines"]

KINDS = ("check", "hint", "solution", "review")
OUTCOMES = ("", "passed", "failed", "unattempted", "errored")


def now() -> str:
    """The time as events have it: UTC, ISO 8601, with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class Event:
    """One check, hint, look at a solution, or review.

    Attributes:
        time: when, as ISO 8601 with its offset from UTC.
        assignment: the id of the assignment.
        exercise: the id of the exercise.
        kind: "check", "hint", "solution" or "review".
        outcome: "passed", "failed", "unattempted" or "errored"; "" where nothing is tested.
        earned: the marks of a check, of `points`.
        mistake: the name of the mistake that was recognised, or "".
        number: which hint it was, from 1; 0 for other kinds.
        extra: what a line said besides, kept as it is.

    Example:
        >>> when = "2026-01-05T10:00:00.000+00:00"
        >>> print(Event(when, "week", "svm_loss", "hint", number=1).line)
        {"time": "2026-01-05T10:00:00.000+00:00", "assignment": "week", \
"exercise": "svm_loss", "kind": "hint", "number": 1}
    """

    time: str
    assignment: str
    exercise: str
    kind: str
    outcome: str = ""
    earned: float = 0.0
    points: float = 0.0
    mistake: str = ""
    number: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def instant(self) -> datetime:
        """When it happened; a time without an offset is UTC."""
        moment = datetime.fromisoformat(self.time)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    @property
    def line(self) -> str:
        """The event as its line, without the line break; defaults are left out."""
        told = {
            each.name: getattr(self, each.name)
            for each in _FIELDS
            if each.name in _NEEDED or getattr(self, each.name) != each.default
        }
        # in one order, so that equal events are equal lines
        extra = dict(sorted(self.extra.items()))
        return json.dumps({**told, **extra}, ensure_ascii=False, allow_nan=False)

    def require_known(self) -> None:
        """Check what is about to be written.

        Raises:
            ArgumentValueError: a kind, an outcome, a time or a mark that cannot be right.
        """
        for name, value, known in (("kind", self.kind, KINDS), ("outcome", self.outcome, OUTCOMES)):
            if value not in known:
                words = ", ".join(map(repr, known))
                raise ArgumentValueError(
                    name, repr(value), f"one of {words}", "Check its spelling."
                )
        if not (math.isfinite(self.earned) and math.isfinite(self.points)):
            got = f"{self.earned} of {self.points}"
            raise ArgumentValueError("earned", got, "finite marks", "Look at the check before.")
        try:
            _ = self.instant
        except ValueError:
            hint = "Use course.study.events.now()."
            raise ArgumentValueError("time", repr(self.time), "ISO 8601", hint) from None


_FIELDS = [each for each in fields(Event) if each.name != "extra"]
_NEEDED = ("time", "assignment", "exercise", "kind")
_NUMBERS = ("earned", "points", "number")


def read_lines(lines: Iterable[bytes]) -> tuple[list[Event], list[str]]:
    """The events in these lines, and a note on each line that holds none."""
    events, notes = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            events.append(_read(line))
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            notes.append(f"line {number} was left out: it is cut short or not an event")
    return events, notes


def _read(line: bytes) -> Event:
    told = json.loads(line.decode())
    if not isinstance(told, dict):
        raise TypeError("no object")
    known: dict[str, Any] = {
        each.name: _value(each.name, told.pop(each.name))
        for each in _FIELDS
        if each.name in _NEEDED or each.name in told
    }
    event = Event(**known, extra=told)
    _ = event.instant, event.line.encode()  # ValueErrors, where it could not be written again
    return event


def _value(name: str, value: object) -> str | float:
    if name not in _NUMBERS:
        if not isinstance(value, str):
            raise TypeError("no text")
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("no number")
    return int(value) if name == "number" else float(value)

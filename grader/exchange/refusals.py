"""What was found in the exchange and not collected, kept for the instructor to read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from grader.configuration import Course

__all__ = ["Refusal", "RefusalRecord", "read_refusals"]


@dataclass(frozen=True)
class Refusal:
    """One folder of the exchange that was not collected; it stays where it is.

    Attributes:
        learner: whom its name names; empty where it names nobody.
        owner: the account to which it belongs.
        folder: its name in the exchange's inbound folder.
        reason: a clause, such as "`a` is a symbolic link, not a file".
    """

    time: datetime
    assignment: str
    learner: str
    owner: str
    folder: str
    reason: str


class RefusalRecord:
    """Takes refusals down, each folder and reason once.

    It reads what is on record once, so that ten thousand bad folders do not hold a collect up.
    """

    def __init__(self, course: Course) -> None:
        self._course = course
        self._known = {(each.folder, each.reason) for each in read_refusals(course)}

    def note(self, refusal: Refusal) -> None:
        """Put a refusal on record, unless it is there."""
        fact = (refusal.folder, refusal.reason)
        if fact in self._known:
            return
        line = json.dumps(asdict(refusal), default=datetime.isoformat)
        self._course.var.mkdir(exist_ok=True)
        with _file(self._course).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
        self._known.add(fact)


def read_refusals(course: Course, assignment_id: str = "") -> Sequence[Refusal]:
    """What is on record, in order; of one assignment, when asked."""
    try:
        lines = _file(course).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return ()
    found = [refusal for line in lines if (refusal := _read(line)) is not None]
    return [each for each in found if assignment_id in ("", each.assignment)]


def _file(course: Course) -> Path:
    return course.var / "refused.jsonl"


def _read(line: str) -> Refusal | None:
    """What a line says; nothing, where it was cut off when a disk was full."""
    try:
        facts: dict[str, Any] = json.loads(line)
        return Refusal(**{**facts, "time": datetime.fromisoformat(facts["time"])})
    except (ValueError, KeyError, TypeError):
        return None

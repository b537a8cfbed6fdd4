"""The record of what learners on a hub asked of the check service, in SQLite.

Guarantees: a check is on record before a learner hears its first question, by the service's
clock and the hub's name of the learner; what is on record survives a kill (SQLite's journal);
and a record that cannot be written is an error, so that nothing happens unrecorded.
A check that was begun and never finished counts as one: its questions were seen.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from grader.configuration import Course
from grader.errors import GraderError

__all__ = ["Attempt", "Attempts", "RecordError", "record_of"]

_WINDOW = timedelta(hours=1)
_PATIENCE = 2.0  # seconds for a lock of somebody who reads or writes
_COLUMNS = "learner, assignment, exercise, kind, time, outcome, earned, points, mistake, seconds"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS attempts (
    number INTEGER PRIMARY KEY,
    learner TEXT NOT NULL, assignment TEXT NOT NULL, exercise TEXT NOT NULL,
    kind TEXT NOT NULL, time TEXT NOT NULL,
    outcome TEXT NOT NULL, earned REAL NOT NULL, points REAL NOT NULL,
    mistake TEXT NOT NULL, seconds REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS by_exercise ON attempts (assignment, exercise, learner, time);
"""


class RecordError(GraderError):
    """The record cannot be read or written."""


@dataclass(frozen=True)
class Attempt:
    """One line of the record.

    Attributes:
        kind: "check", "hint" or "solution".
        time: when it began, in UTC.
        outcome: of a check "passed", "failed", "unattempted" or "errored", and "stopped" where
            the learner's side ended before the last test; of the others "shown".
        mistake: the name of the recognised mistake; empty when there is none.
        seconds: how long a check took.
    """

    learner: str
    assignment: str
    exercise: str
    kind: str
    time: datetime
    outcome: str
    earned: float = 0.0
    points: float = 0.0
    mistake: str = ""
    seconds: float = 0.0


def record_of(course: Course) -> Path:
    """Where the record of a course lies."""
    return course.var / "checks" / "attempts.db"


class Attempts:
    """The record in a file, which is made when it is first written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def begin(self, learner: str, assignment: str, exercise: str, kind: str, time: datetime) -> int:
        """Put a line on record; gives its number, by which it can be finished or taken back."""
        outcome = "stopped" if kind == "check" else "shown"
        attempt = Attempt(learner, assignment, exercise, kind, time, outcome)
        with self._open() as database:
            marks = ", ".join("?" * len(_row(attempt)))
            text = f"INSERT INTO attempts ({_COLUMNS}) VALUES ({marks})"
            return int(database.execute(text, _row(attempt)).lastrowid or 0)

    def finish(
        self,
        number: int,
        *,
        outcome: str,
        earned: float,
        points: float,
        mistake: str,
        seconds: float,
    ) -> None:
        """Say what became of a check."""
        with self._open() as database:
            database.execute(
                "UPDATE attempts SET outcome=?, earned=?, points=?, mistake=?, seconds=? "
                "WHERE number=?",
                (outcome, earned, points, mistake, seconds, number),
            )

    def take_back(self, number: int) -> None:
        """A check that could not be carried out does not count."""
        with self._open() as database:
            database.execute("DELETE FROM attempts WHERE number=?", (number,))

    def next_allowed(
        self, learner: str, assignment: str, exercise: str, *, per_hour: int, now: datetime
    ) -> datetime | None:
        """When the learner may check this exercise again; None: now."""
        with self._open() as database:
            rows = database.execute(
                "SELECT time FROM attempts WHERE kind='check' AND learner=? AND assignment=? "
                "AND exercise=? AND time>? ORDER BY time DESC LIMIT ?",
                (learner, assignment, exercise, _text(now - _WINDOW), per_hour),
            ).fetchall()
        if len(rows) < per_hour:
            return None
        return datetime.fromisoformat(rows[-1][0]) + _WINDOW

    def read(self, assignment: str = "", learner: str = "") -> list[Attempt]:
        """All lines, the oldest first; of one assignment, of one learner, when asked."""
        if not self.path.exists():
            return []
        with self._open() as database:
            text = f"SELECT {_COLUMNS} FROM attempts WHERE (?='' OR assignment=?) "
            rows = database.execute(
                text + "AND (?='' OR learner=?) ORDER BY time, number",
                (assignment, assignment, learner, learner),
            ).fetchall()
        return [Attempt(*(*row[:4], datetime.fromisoformat(row[4]), *row[5:])) for row in rows]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=_PATIENCE)) as database:
                database.execute("PRAGMA journal_mode=WAL")
                database.executescript(_SCHEMA)
                with database:
                    yield database
        except (sqlite3.Error, OSError) as error:
            raise RecordError(
                f"the record of checks, {self.path}, cannot be used: {error}. Is the disk full, "
                "or does somebody else hold the file?"
            ) from error


def _row(attempt: Attempt) -> tuple[str | float, ...]:
    return (
        attempt.learner,
        attempt.assignment,
        attempt.exercise,
        attempt.kind,
        _text(attempt.time),
        attempt.outcome,
        attempt.earned,
        attempt.points,
        attempt.mistake,
        attempt.seconds,
    )


def _text(time: datetime) -> str:
    """In UTC, so that the order of the texts is that of the times."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds")

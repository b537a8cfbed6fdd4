"""A learner's progress: one readable file, one event a line, only ever added to.

Guarantees: an event is on disk when `record` returns; two notebooks at once lose nothing (one
write with O_APPEND, under a lock beside the file); a line that was cut short by an interruption
is left out of the reading, and the next event begins on a line of its own; what a newer version
of the course wrote is kept. A file that cannot be written is said once by `ProgressReadOnly`,
and the caller goes on.

The option chosen: lines of JSON, which a learner can read, mail, keep in git and join with those
of another machine (`merge` is a union), rather than a database, which is none of these.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from course.study.catalogue import read_catalogue
from course.study.errors import ProgressError, ProgressReadOnly
from course.study.events import Event, now, read_lines
from course.study.overview import Overview, overview
from course.study.places import progress_file
from course.study.reviewing import DueReview, due
from course.study.status import State, Status, Statuses, status_of, statuses_of

__all__ = [
    "DueReview",
    "Event",
    "Progress",
    "ProgressReadOnly",
    "State",
    "Status",
    "due",
    "now",
    "show_progress",
]

_PATIENCE = 10.0  # seconds for another notebook to finish its line


class Progress:
    """The record of one learner. Nothing is read or made before it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: tuple[str, ...] = ()  # what the last reading left out

    @classmethod
    def open(cls, path: str | os.PathLike[str] | None = None) -> Progress:
        """The record in this file, or in the one that `course.study.places` finds."""
        return cls(progress_file() if path is None else Path(path).expanduser())

    def record(self, event: Event) -> None:
        """Add one event.

        Raises:
            ArgumentValueError: the event cannot be right.
            ProgressReadOnly: the file cannot be written; nothing is lost but this event.
        """
        event.require_known()
        self._append([event])

    def events(self) -> tuple[Event, ...]:
        """All events in the order of time; `notes` then says what could not be read.

        Raises:
            ProgressError: the file is there and cannot be read at all.
        """
        events, notes = _read(self.path)
        self.notes = tuple(notes)
        return tuple(sorted(events, key=lambda event: event.instant))

    def status(self, assignment: str, exercise: str) -> Status:
        """How far the learner is with one exercise."""
        names = (assignment, exercise)
        return status_of(e for e in self.events() if (e.assignment, e.exercise) == names)

    def statuses(self) -> Statuses:
        """How far the learner is with every exercise, by assignment and exercise."""
        return statuses_of(self.events())

    def merge(self, other: str | os.PathLike[str]) -> int:
        """Add the events of another record that are not here yet; returns how many these were.

        Merging the same record again adds nothing.

        Raises:
            ProgressError: there is no such record, or none can be read.
            ProgressReadOnly: this record cannot be written.
        """
        theirs = Path(other).expanduser()
        if not theirs.is_file():
            raise ProgressError(f"{theirs} is no file; give the progress.jsonl of another machine.")
        events, notes = _read(theirs)
        if notes and not events:
            raise ProgressError(f"no line of {theirs} can be read as progress; is it another file?")
        here = {event.line for event in self.events()}
        new = list({event.line: event for event in events if event.line not in here}.values())
        if new:
            self._append(new)
        return len(new)

    def _append(self, events: list[Event]) -> None:
        lines = "".join(f"{event.line}\n" for event in events).encode()
        lock = self.path.with_name(f".{self.path.name}.lock")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(lock, timeout=_PATIENCE):
                _append(self.path, lines)
        except Timeout:
            raise ProgressReadOnly(
                f"{self.path} is in use by another process, so this was not recorded. "
                f"If that stays so, remove {lock}."
            ) from None
        except OSError as error:
            raise ProgressReadOnly(
                f"your progress cannot be recorded in {self.path} ({error.strerror or error}). "
                "Everything else works; set COURSE_PROGRESS to a file that you may write."
            ) from None


def show_progress(progress: Progress, root: Path | None = None, only: str = "") -> Overview:
    """The week by assignment and exercise, as text bars; a notebook shows it as it is.

    Args:
        progress: the learner's record.
        root: the folder of the course; else the one around.
        only: the one assignment whose exercises are listed; else all are.

    Raises:
        CourseNotFound, NotANotebook, ProgressError: as those who read them.
    """
    events = progress.events()
    reviews = due(events, datetime.now(UTC))
    return overview(read_catalogue(root), statuses_of(events), reviews, only)


def _read(path: Path) -> tuple[list[Event], list[str]]:
    try:
        return read_lines(path.read_bytes().split(b"\n"))
    except FileNotFoundError:
        return [], []
    except OSError as error:
        raise ProgressError(
            f"{path} cannot be read ({error.strerror or error}). "
            "Move it away, or set COURSE_PROGRESS to another file."
        ) from None


def _append(path: Path, lines: bytes) -> None:
    """One write at the end, on a line of its own even where the last one was cut short."""
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        size = os.fstat(handle).st_size
        is_whole = size == 0 or os.pread(handle, 1, size - 1) == b"\n"
        os.write(handle, lines if is_whole else b"\n" + lines)
    finally:
        os.close(handle)

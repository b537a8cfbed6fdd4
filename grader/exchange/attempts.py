"""Every submission that was ever collected, whole, with the time at which it came.

    var/attempts/LEARNER/ASSIGNMENT/TIME/files/...     what was handed in
                                        /attempt.json  when, from where, the sums of the files
                                        /run.json      what its tests gave, once it was graded
                            .../restored.json          the one that an instructor has chosen

An attempt is there whole or not at all: it is made under a name that begins with a dot and gets
its own in one step, when all of it is on disk. It is never changed and never removed.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from grader.configuration import Course
from grader.errors import ExchangeError
from grader.exchange.tree import sync_folder

__all__ = [
    "Attempt",
    "attempts_folder",
    "clear_parts",
    "find_attempt",
    "forget_restored",
    "keep_attempt",
    "learners_with_attempts",
    "read_attempts",
    "restore_attempt",
    "restored_attempt",
]

_RESTORED = "restored.json"


@dataclass(frozen=True)
class Attempt:
    """One submission that was kept.

    Attributes:
        folder: its place below var/attempts.
        submitted: when it was handed in, by the server's clock.
        claimed: when it says that it was, if it says so.
        collected: when it was collected.
        sha256: of each file, by its path.
        inbound: the name of the folder in the exchange; empty where it was put in by hand.
        changed: when that folder was last changed, in nanoseconds, by the server's clock.
    """

    folder: Path
    learner: str
    assignment: str
    submitted: datetime
    claimed: datetime | None
    collected: datetime
    sha256: Mapping[str, str]
    inbound: str
    changed: int

    @property
    def id(self) -> str:
        """The time by which people name it, in UTC."""
        return self.folder.name

    @property
    def files(self) -> Path:
        """The folder with what was handed in."""
        return self.folder / "files"

    @property
    def run_record(self) -> Path:
        """The `Run` of its tests, once there is one."""
        return self.folder / "run.json"

    def is_late(self, due: datetime | None) -> bool:
        """Whether it came after the due date."""
        return due is not None and self.submitted > due


def attempts_folder(course: Course, assignment_id: str, learner: str) -> Path:
    """Where one learner's attempts at one assignment lie."""
    return course.var / "attempts" / learner / assignment_id


def learners_with_attempts(course: Course, assignment_id: str) -> tuple[str, ...]:
    """Whose attempts there are, in order."""
    found = (course.var / "attempts").glob(f"*/{assignment_id}/*/attempt.json")
    return tuple(sorted({path.parts[-4] for path in found}))


def read_attempts(course: Course, assignment_id: str, learner: str) -> tuple[Attempt, ...]:
    """All attempts of one learner at one assignment, the earliest first.

    Raises:
        ExchangeError: the record of one is damaged.
    """
    records = attempts_folder(course, assignment_id, learner).glob("[!.]*/attempt.json")
    found = [_read(path, learner, assignment_id) for path in records]
    return tuple(sorted(found, key=lambda attempt: (attempt.submitted, attempt.id)))


@contextmanager
def keep_attempt(
    course: Course, assignment_id: str, learner: str
) -> Iterator[tuple[Path, Callable[[Attempt], Attempt]]]:
    """Gives where to put the files, and what makes an attempt of them; or nothing stays.

    The files' place is `folder / "files"`, which does not exist yet; of the attempt that is
    handed to the second, `folder` is set anew.
    """
    place = attempts_folder(course, assignment_id, learner)
    place.mkdir(parents=True, exist_ok=True)
    with _part(place) as part:

        def complete(attempt: Attempt) -> Attempt:
            facts = {k: v for k, v in asdict(attempt).items() if k not in _IN_THE_PATH}
            _write(part / "attempt.json", facts)
            sync_folder(part)
            target = _free_name(place, attempt.submitted)
            part.rename(target)
            sync_folder(place)
            return _read(target / "attempt.json", learner, assignment_id)

        yield part, complete


def clear_parts(course: Course, assignment_id: str) -> None:
    """Remove what a killed collect has left; nobody may be collecting meanwhile."""
    for part in (course.var / "attempts").glob(f"*/{assignment_id}/.*"):
        shutil.rmtree(part, ignore_errors=True)


def restored_attempt(course: Course, assignment_id: str, learner: str) -> str | None:
    """The id of the attempt that counts because an instructor says so."""
    path = attempts_folder(course, assignment_id, learner) / _RESTORED
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["id"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path, error) from error


def restore_attempt(course: Course, attempt: Attempt, *, now: datetime) -> None:
    """Let this attempt count from now on, whatever the rule says and whatever is handed in."""
    path = attempts_folder(course, attempt.assignment, attempt.learner) / _RESTORED
    part = path.with_name(f".{_RESTORED}.part")
    _write(part, {"id": attempt.id, "by": _who(), "time": now})
    part.replace(path)


def forget_restored(course: Course, assignment_id: str, learner: str) -> None:
    """Let the rule of course.toml decide again."""
    (attempts_folder(course, assignment_id, learner) / _RESTORED).unlink(missing_ok=True)


def find_attempt(attempts: tuple[Attempt, ...], beginning: str) -> Attempt:
    """The one attempt whose id begins like this.

    Raises:
        ExchangeError: none or several do; names those that there are.
    """
    found = [each for each in attempts if each.id.startswith(beginning)] if beginning else []
    if len(found) == 1:
        return found[0]
    known = ", ".join(each.id for each in attempts) or "none"
    what = "several attempts have" if found else "no attempt has"
    raise ExchangeError(f"{what} a time that begins with {beginning!r}; there are: {known}")


_IN_THE_PATH = ("folder", "learner", "assignment")


@contextmanager
def _part(place: Path) -> Iterator[Path]:
    part = Path(tempfile.mkdtemp(dir=place, prefix=".part-"))
    part.chmod(0o755)
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _free_name(place: Path, submitted: datetime) -> Path:
    """The time in UTC, to the microsecond, without colons: some disks take none in names."""
    name = submitted.astimezone(UTC).strftime("%Y-%m-%dT%H-%M-%S.%fZ")
    target, number = place / name, 1
    while target.exists():
        number += 1
        target = place / f"{name}-{number}"
    return target


def _read(path: Path, learner: str, assignment_id: str) -> Attempt:
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        times = {
            name: None if facts[name] is None else datetime.fromisoformat(facts[name])
            for name in ("submitted", "claimed", "collected")
        }
        return Attempt(path.parent, learner, assignment_id, **{**facts, **times})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> ExchangeError:
    return ExchangeError(
        f"{path} is not what it was written as: {error}. Bring it back from a backup, or move "
        f"the folder {path.parent} away."
    )


def _write(path: Path, facts: Mapping[str, Any]) -> None:
    with path.open("w", encoding="utf-8") as file:
        json.dump(facts, file, indent=1, default=datetime.isoformat)
        file.flush()
        os.fsync(file.fileno())


def _who() -> str:
    with suppress(OSError, KeyError):
        import getpass

        return getpass.getuser()
    return str(os.getuid())

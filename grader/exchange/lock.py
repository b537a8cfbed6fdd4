"""Let one at a time collect or grade an assignment, and tell the second who is at it.

The lock is the kernel's (flock), on a file below var/locks: it is gone with the process that
holds it, however that ended. Who holds it is written beside it, for people to read.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from grader.configuration import Course
from grader.errors import ExchangeError

__all__ = ["WAIT", "locked"]

WAIT = 3600.0  # seconds; grading a large group takes minutes


@contextmanager
def locked(
    course: Course,
    assignment_id: str,
    what: str,
    *,
    wait: float = WAIT,
    on_wait: Callable[[str], None] = lambda message: None,
) -> Iterator[None]:
    """Hold the lock of one assignment.

    Args:
        course: whose.
        assignment_id: of what.
        what: what is done meanwhile, for the others to read, such as "grader grade tiny".
        wait: seconds to wait for somebody else.
        on_wait: is told, once, who holds the lock.

    Raises:
        ExchangeError: somebody else holds it still.
    """
    folder = course.var / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{assignment_id}.lock")
    told = folder / f"{assignment_id}.holder.json"
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            on_wait(f"{_holder(told)} Waiting until it is done.")
            lock.acquire(timeout=wait, poll_interval=0.1)
    except Timeout:
        raise ExchangeError(
            f"{_holder(told)} It was not done after {wait:g} s. Try again when it is, or end it."
        ) from None
    try:
        _tell(told, what)
        yield
    finally:
        told.unlink(missing_ok=True)
        lock.release()


def _tell(path: Path, what: str) -> None:
    about = {
        "what": what,
        "process": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
    with contextlib.suppress(OSError):  # a full disk: the lock itself is not in the file
        path.write_text(json.dumps(about), encoding="utf-8")


def _holder(path: Path) -> str:
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        return (
            f"{about['what']} is at work on this assignment: process {about['process']} on "
            f"{about['host']}, since {about['since']}."
        )
    except (OSError, ValueError, KeyError, TypeError):
        return "Somebody else is at work on this assignment."

"""A program of the instructor's that runs learners' code itself, confined in one folder.

Stock nbgrader executes what was handed in as the user who runs it. Here it, and the kernels
that it starts, have the sandbox of `bubblewrap` around them: no network, no home, no process
of others; of the machine's folders they can write to one alone, which is a copy. They are held
to the sum of memory, processor time and processes that `Limits` names, and ended when they
leave the disk too little room.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.records import Limits
from grader.sandbox.base import enter
from grader.sandbox.bubblewrap import confinement_with
from grader.sandbox.guard import control_groups
from grader.sandbox.watchdog import Watchdog

__all__ = ["Place", "Program"]

_LEAST_FREE = 256 * 2**20  # bytes of the disk that a program must leave
_LONGEST_LINE = 64 * 1024
_LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class Place:
    """Where a program runs.

    Attributes:
        folder: the folder that it can write to.
        seen_at: where the program sees that folder; elsewhere than `folder` only when confined.
        readable: files and folders that it can read besides, where they are.
        confined: whether it has the sandbox around it.
    """

    folder: Path
    seen_at: Path
    readable: tuple[Path, ...] = ()
    confined: bool = True


class Program:
    """A running program; iterate over what it prints, line by line, until it ends."""

    def __init__(
        self, words: Sequence[str], place: Place, environment: Mapping[str, str], limits: Limits
    ) -> None:
        """Start it.

        Raises:
            OSError: it cannot be started.
        """
        groups = control_groups()
        self._group = None if groups is None else groups.make(limits)
        command = _around(place, words)
        doors = self._group.doors if self._group else ()
        self._folder = place.folder
        self._process = subprocess.Popen(
            enter(command, doors),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=Path("/") if place.confined else place.folder,
            start_new_session=True,
        )
        self._watchdog = Watchdog(self._process.pid, limits, self._end, self._group)
        self._ended_because = ""

    def lines(self) -> Iterator[str]:
        """What it prints, and an empty line each second in which it prints nothing."""
        assert self._process.stdout is not None
        reader, rest = self._process.stdout.fileno(), b""
        while True:
            self._look_at_the_disk()
            if not select.select([reader], [], [], _LOOK_SECONDS)[0]:
                if self._process.poll() is not None:
                    break  # what still holds the pipe is none of the program
                yield ""
                continue
            chunk = os.read(reader, _LONGEST_LINE)
            if not chunk:
                break
            *whole, rest = (rest + chunk).split(b"\n")
            rest = rest[-_LONGEST_LINE:]
            for line in whole:
                yield line.decode("utf-8", "replace")
        yield rest.decode("utf-8", "replace")

    def stop(self, why: str = "") -> None:
        """End it and everything that it started; why, if not because it was done."""
        self._ended_because = self._ended_because or why
        self._end()

    def close(self) -> tuple[int, str]:
        """Its exit code, and why it was ended from outside, if it was. Ends what is left of it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=10)
        verdict = self._watchdog.verdict or ""
        self._watchdog.stop()
        self._end()
        code = self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        if self._group is not None:
            self._group.remove()
        return code, self._ended_because or verdict

    def _end(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _look_at_the_disk(self) -> None:
        if shutil.disk_usage(self._folder).free < _LEAST_FREE:
            self.stop("it left too little room on the disk")
            time.sleep(0.1)


# the walls of `course.link.syscalls` hold for what is executed next, and for all that it starts
_REFUSE = """
import os, sys
from course.link.syscalls import refuse_dangerous_calls
refuse_dangerous_calls()
os.execvp(sys.argv[1], sys.argv[1:])
"""


def _around(place: Place, words: Sequence[str]) -> list[str]:
    if not place.confined:
        return list(words)
    confinement = confinement_with(place.folder, place.seen_at, place.readable)
    return [*confinement, sys.executable, "-I", "-c", _REFUSE, *words]

"""The contract of a sandbox, and what its implementations share."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from course.link.frames import Stream
from course.link.withhold import Withheld
from grader.records import Limits

__all__ = [
    "NOTHING_WITHHELD",
    "LearnerProcess",
    "Sandbox",
    "View",
    "described_code",
    "enter",
    "learner_command",
    "learner_environment",
    "learner_options",
    "spawn",
]


NOTHING_WITHHELD = Withheld()


@dataclass(frozen=True)
class View:
    """What every learner's process of a sandbox has besides Python and the library.

    `files`: a folder that can be read and not written. `preload`: modules that a warm start
    has imported already, instead of the usual ones. `places`: what can be read where it lies,
    for a program that is installed there. `cold`: no start is a warm one, so that each process
    has a loopback of its own. `inline`: figures are shown at the end of their cell, as in a
    kernel; otherwise nothing is drawn that is not asked for.
    """

    files: Path | None = None
    preload: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    cold: bool = False
    inline: bool = False


class LearnerProcess(Protocol):
    """A running learner's process, as the grader sees it."""

    stream: Stream

    def kill(self) -> None:
        """End it and everything it started. Called once, when its submission is done."""

    def exit_code(self) -> int | None:
        """Its exit code (negative: the signal that ended it), or None while it runs."""

    def verdict(self) -> str | None:
        """Which limit it broke and was ended for, in words; None when it broke none."""


class Sandbox(Protocol):
    """Starts learners' processes."""

    name: str
    files: str | None  # where the folder of its `View` is seen inside, if there is one

    def unavailable(self) -> str | None:
        """Why this sandbox cannot be used on this machine, in one line; None when it can.

        Called by `choose_sandbox` before a batch, and by ``grader doctor``.
        """

    def start(self, limits: Limits, withheld: Withheld = NOTHING_WITHHELD) -> LearnerProcess:
        """Start `course.link.serve`. Called by the executor, once for each submission.

        In every sandbox an import of what is withheld fails with the reason; in one that
        confines, its files cannot be read either.

        Raises:
            SandboxError: when this learner's process cannot be started.
        """

    def close(self) -> None:
        """End whatever is kept warm between two starts, and every learner's process.

        Called by whoever made the sandbox, when it is done with it; twice is harmless.
        """


class ProcessGroup:
    """A learner's process that leads a process group of its own."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        # The stream owns copies, so that Popen's file objects can be closed right away.
        self.stream = Stream(os.dup(process.stdout.fileno()), os.dup(process.stdin.fileno()))
        process.stdin.close()
        process.stdout.close()

    def kill(self) -> None:
        """Close the link, kill the group, and collect the exit code."""
        self.stream.close()
        # also when the leader has ended: the others of its group may have not
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    @property
    def root(self) -> int:
        """The number of its first process."""
        return self._process.pid

    def end(self) -> None:
        """Kill the group and leave the link to be read. Safe to call from another thread."""
        if self._process.returncode is None:  # else the number may be another's by now
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def exit_code(self) -> int | None:
        """See `LearnerProcess.exit_code`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            # an end of the link is seen a moment before the exit code is there
            return described_code(self._process.wait(timeout=0.5))
        return None


# dash and bash alike: $$ is the process that `exec` will turn into the command
_ENTER = """
while [ "$1" != -- ]; do echo $$ >"$1" || exit 125; shift; done
shift; unset PWD; exec "$@"
"""


def spawn(
    command: Sequence[str],
    environment: Mapping[str, str],
    cwd: Path,
    doors: Sequence[Path] = (),
) -> ProcessGroup:
    """Start `command` with the link on its standard input and output.

    It first writes its number to each of `doors`, the files of control groups: a process
    that was moved from outside might have started another by then.
    """
    process = subprocess.Popen(
        enter(command, doors),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=dict(environment),
        cwd=cwd,
        start_new_session=True,
    )
    return ProcessGroup(process)


def enter(command: Sequence[str], doors: Sequence[Path]) -> list[str]:
    """The command that first enters the control groups that `doors` are of, see `spawn`."""
    if not doors:
        return list(command)
    return ["/bin/sh", "-c", _ENTER, "sh", *map(str, doors), "--", *command]


def described_code(code: int) -> int:
    """An exit code as `subprocess` says it, from one as a shell would: 137 is -9."""
    return 128 - code if 128 < code <= 128 + 64 else code


def learner_command(
    limits: Limits, withheld: Withheld = NOTHING_WITHHELD, *, confined: bool = False
) -> list[str]:
    """What runs inside: isolated Python (no PYTHON* variables, no current folder on the path)."""
    options = json.dumps(learner_options(limits, withheld, confined=confined))
    return [sys.executable, "-I", "-m", "course.link.serve", options]


def learner_options(
    limits: Limits, withheld: Withheld = NOTHING_WITHHELD, *, confined: bool = False
) -> dict[str, Any]:
    """What a learner's process is told: its limits, what is withheld, what to close itself."""
    return withheld.as_option() | {
        "confined": confined,
        "cell_seconds": limits.cell_seconds,
        "cpu_seconds": limits.cpu_seconds,
        "memory_mib": limits.memory_mib,
        "output_kib": limits.output_kib,
    }


def learner_environment(home: str, *, inline: bool = False) -> dict[str, str]:
    """The whole environment of a learner's process; nothing of the grader's is inherited."""
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return {
        "HOME": home,
        "LANG": "C.UTF-8",
        # the kernel's own, where a notebook is to show what it shows in Jupyter
        "MPLBACKEND": "module://matplotlib_inline.backend_inline" if inline else "Agg",
        "MPLCONFIGDIR": f"{home}/matplotlib",
        "NBGRADER_EXECUTION": "autograde",
        "PATH": "/usr/bin:/bin",
        # one thread each: submissions run side by side, and small arrays gain nothing from more
        **dict.fromkeys(threads, "1"),
    }

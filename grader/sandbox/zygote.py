"""The grader's half of a zygote: start it, have it fork, end it.

`course.link.zygote` is the other half and describes the messages. What it says is
believed only in its form, and it is asked for nothing to be sure that learners'
processes have ended: their ends of sockets and descriptors of processes tell.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from course.link.frames import Stream
from grader.errors import SandboxError
from grader.sandbox.base import described_code
from grader.sandbox.control_group import ControlGroup
from grader.sandbox.tree import usage_of

__all__ = ["PRELOADED", "ForkedProcess", "Forks", "SharedZygote", "Zygote", "ZygoteGone"]

PRELOADED = (
    *("numpy", "numpy.random", "torch", "course.testing"),
    "torch._dynamo",  # the first optimizer imports it, for over a second
    # what a first cell and a first figure import besides
    *("IPython.core.application", "IPython.core.completerlib", "IPython.core.magics"),
    *("matplotlib.pyplot", "matplotlib.backends.backend_agg", "matplotlib_inline.backend_inline"),
)

READY_SECONDS = 120.0  # to import everything, from a cold and slow disk
FORK_SECONDS = 30.0
END_SECONDS = 10.0
IDLE_SECONDS = 300.0
_PACKET = 4096


class ZygoteGone(SandboxError):
    """The zygote has ended; a new one may do better."""


class ForkedProcess:
    """A learner's process that a zygote forked."""

    def __init__(self, stream: Stream, report: socket.socket, zygote: Forks) -> None:
        self.stream = stream
        self._report = report
        self._zygote = zygote
        self._code: int | None = None
        self._first = -1  # a descriptor of its first process

    def started(self) -> None:
        """Wait until it runs, and until it is known which process it is.

        Raises:
            ZygoteGone: when the zygote ended meanwhile.
            SandboxError: when it does not run, with the reason.
        """
        runs = False
        while not runs or self._first < 0:
            said, descriptors = _hear_all(self._report, FORK_SECONDS)
            if said == b"@" and len(descriptors) == 1 and self._first < 0:
                (self._first,) = descriptors
                continue
            for descriptor in descriptors:
                os.close(descriptor)
            if said == b"":
                raise ZygoteGone("the zygote ended while it started a learner's process")
            if said != b"+":
                raise SandboxError(f"a learner's process could not be started: {_reason(said)}")
            runs = True

    @property
    def root(self) -> int:
        """The number of its first process, in our own namespace; 0 when it has ended."""
        about = Path(f"/proc/self/fdinfo/{self._first}").read_text("ascii")
        found = re.search(r"^Pid:\s*(\d+)$", about, re.M)  # -1 when it has ended
        return int(found[1]) if found else 0

    def end(self) -> None:
        """Kill all of its processes and leave the link to be read."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._first, signal.SIGKILL)

    def kill(self) -> None:
        """See `LearnerProcess.kill`."""
        self.stream.close()
        if self._report.fileno() >= 0:
            with self._report, contextlib.suppress(OSError):
                self._wait_for_its_end()
        first, self._first = self._first, -1
        if first >= 0:
            os.close(first)

    def _wait_for_its_end(self) -> None:
        self._report.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + END_SECONDS
        while (said := _hear(self._report, deadline - time.monotonic())) != b"":
            if said is None:
                if self._first >= 0:
                    self.end()
                self._zygote.close()  # which ends this one too, unless others use it
                return
            self._note(said)

    def exit_code(self) -> int | None:
        """See `LearnerProcess.exit_code`."""
        if self._code is None and self._report.fileno() >= 0:
            # an end of the link is seen a moment before the exit code is there
            self._note(_hear(self._report, 0.5))
        return self._code

    def _note(self, said: bytes | None) -> None:
        if said == b"":
            self._code = -signal.SIGKILL if self._code is None else self._code
        elif said is not None and re.fullmatch(rb"=-?\d{1,3}", said):
            self._code = described_code(int(said[1:]))


class Forks:
    """Has a zygote fork, at its control socket."""

    left_out: tuple[str, ...] = ()  # known when it is ready: what starts threads

    def __init__(self, control: socket.socket) -> None:
        self._control = control

    def ready(self) -> None:
        """Wait until it can fork."""

    def fork(self, options: Mapping[str, Any], group: ControlGroup | None = None) -> ForkedProcess:
        """Have it fork a learner's process, and move it to `group` before it runs anything.

        Raises:
            ZygoteGone: when it has ended.
            SandboxError: when this process could not be made.
        """
        request = json.dumps(dict(options)).encode()
        if len(request) > _PACKET:
            raise SandboxError(f"a learner's process is told {len(request)} bytes; {_PACKET} fit")
        ours, link = socket.socketpair()
        report, its_report = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        descriptor = ours.detach()
        process = ForkedProcess(Stream(descriptor, descriptor), report, self)
        with link, its_report:
            try:
                given = [link.fileno(), its_report.fileno()]
                socket.send_fds(self._control, [request], given)
            except OSError as error:
                process.stream.close()
                report.close()
                raise ZygoteGone(f"the zygote has ended: {error}") from error
        try:
            process.started()
            if group is not None:
                group.add(usage_of(process.root).processes)
        except BaseException:
            process.kill()
            raise
        return process

    @property
    def closed(self) -> bool:
        """Whether it was ended, or let go of, from here."""
        return self._control.fileno() < 0

    def close(self) -> None:
        """Do not use it any more. Closing twice is harmless."""
        self._control.close()


class SharedZygote(Forks):
    """What a worker has of a zygote that serves all workers; whoever started that one ends it.

    Goes to a worker by pickling, when the worker is started.
    """

    def __init__(self, control: socket.socket, left_out: tuple[str, ...]) -> None:
        super().__init__(control)
        self.left_out = left_out


class Zygote(Forks):
    """A process that is warm: it has imported what notebooks import, and forks."""

    def __init__(
        self,
        confinement: Sequence[str],
        environment: Mapping[str, str],
        *,
        folders: Sequence[str],
        folder_bytes: int,
        preload: Sequence[str] = PRELOADED,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """Start one inside `confinement`, a command that ends in the command to confine.

        Args:
            confinement: the zygote must be the first process in a PID namespace.
            environment: the whole environment.
            folders: what each learner's process has for itself, its home first.
            folder_bytes: what each of them holds at most.
            preload: modules to import before anything is forked.
            idle_seconds: after which it ends by itself, so that a server that has graded
                does not keep its memory.

        Raises:
            SandboxError: when the command cannot be found.
        """
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        super().__init__(control)
        plan = {
            "control": theirs.fileno(),
            "preload": list(preload),
            "folders": list(folders),
            "folder_bytes": folder_bytes,
            "idle_seconds": idle_seconds,
        }
        command = [sys.executable, "-I", "-m", "course.link.zygote", json.dumps(plan)]
        self._process_descriptor = -1
        with theirs:
            try:
                self._bwrap = _lasting([*confinement, *command], environment, theirs.fileno())
            except OSError as error:
                self._control.close()
                raise SandboxError(f"bubblewrap cannot be started: {error}") from error

    def ready(self) -> None:
        """Wait until it can fork; the first time, that is the time to import everything.

        Raises:
            SandboxError: when it cannot, with the reason.
        """
        if self._process_descriptor >= 0:
            return
        said, descriptors = _hear_all(self._control, READY_SECONDS)
        if said is not None and said[:1] == b"+" and len(descriptors) == 1:
            self._process_descriptor = descriptors[0]
            self.left_out = tuple(said[1:].decode("utf-8", "replace").split())
            return
        self.close()
        raise SandboxError(_reason(said))

    def shared(self) -> SharedZygote:
        """The same for other processes, once it is ready; to be pickled, and not used here."""
        return SharedZygote(self._control, self.left_out)

    def close(self) -> None:
        """End it, and with it every process that it forked. Closing twice is harmless."""
        self._control.close()
        descriptor, self._process_descriptor = self._process_descriptor, -1
        if descriptor >= 0:
            _end(descriptor)
            os.close(descriptor)
        elif self._bwrap.poll() is None:
            self._bwrap.kill()  # nothing of a learner's runs yet
        try:
            self._bwrap.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._bwrap.kill()
            self._bwrap.wait()


def _lasting(
    command: Sequence[str], environment: Mapping[str, str], control: int
) -> subprocess.Popen[bytes]:
    """Start a process from a thread that then waits for its end.

    bwrap's --die-with-parent is about the thread that started it (prctl(2)), and the caller's
    may end long before the zygote is done with.
    """
    started: Future[subprocess.Popen[bytes]] = Future()

    def start_and_wait() -> None:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=dict(environment),
                cwd="/",
                start_new_session=True,
                pass_fds=[control],
            )
        except OSError as error:
            started.set_exception(error)
            return
        started.set_result(process)
        process.wait()

    threading.Thread(target=start_and_wait, name="zygote", daemon=True).start()
    return started.result()


def _end(process: int) -> None:
    """Kill a process by its descriptor, and wait until its whole namespace has ended."""
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(process, signal.SIGKILL)
    poll = select.poll()
    poll.register(process, select.POLLIN)
    poll.poll(END_SECONDS * 1000)


def _hear(channel: socket.socket, seconds: float) -> bytes | None:
    """One packet; b"" when nobody is left to send one, None when none came in time."""
    said, descriptors = _hear_all(channel, seconds)
    for descriptor in descriptors:
        os.close(descriptor)
    return said


def _hear_all(channel: socket.socket, seconds: float) -> tuple[bytes | None, list[int]]:
    poll = select.poll()
    poll.register(channel, select.POLLIN)
    if not poll.poll(max(0.0, seconds) * 1000):
        return None, []
    try:
        said, descriptors, _, _ = socket.recv_fds(channel, _PACKET, 1)
    except ConnectionError:
        return b"", []
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    return said, descriptors


def _reason(said: bytes | None) -> str:
    if said is None:
        return "it said nothing for too long"
    return said[1:500].decode("utf-8", "replace") or "it ended without a word"

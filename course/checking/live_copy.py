"""A copy of the learner's kernel, in which a check runs their code.

Guarantees: the kernel itself is left as it was: its variables, its random state, its plots,
its threads and its memory; whatever the code does, prints, replaces or ends, it does to the
copy, which is killed when the check is over.
Option chosen: fork(2). The copy costs milliseconds however much the notebook holds, and the
functions in it are the live ones, with all that they refer to. Running them in the kernel
could not be undone; pickling them would lose what they refer to. Fork keeps only the thread
that calls it: libraries that had worker threads (OpenMP's in torch) must use one thread from
then on, and a GPU that was in use before cannot be used.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from course.link.codec import decode
from course.link.frames import FrameError, LinkClosed, LinkTimeout, Stream
from course.link.notebook import LiveState
from course.link.serve import Server

__all__ = ["CopyLimits", "LiveCopy"]

_GRACE = 2.0  # seconds beyond its own time limit that a call may take before the copy is killed


@dataclass(frozen=True)
class CopyLimits:
    """What one call may use: seconds, memory beyond the kernel's own in MiB, output in KiB."""

    seconds: float = 10.0
    memory_mib: int = 4096
    output_kib: int = 256


class LiveCopy:
    """A forked kernel that answers questions about its names, until it is closed.

    Use as a context. It belongs to the thread that made it.
    """

    def __init__(self, names: dict[str, Any], limits: CopyLimits) -> None:
        self._limits = limits
        ours, theirs = socket.socketpair()
        sys.stdout.flush()
        with warnings.catch_warnings():
            # Python 3.12 warns of threads; the copy keeps none of them, see above
            warnings.simplefilter("ignore", DeprecationWarning)
            self._pid = os.fork()
        if self._pid == 0:
            ours.close()
            _serve(names, theirs, limits)
        theirs.close()
        descriptor = ours.detach()
        self._stream = Stream(descriptor, descriptor)
        self._status: int | None = None

    def __enter__(self) -> LiveCopy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, question: bytes) -> bytes:
        """The answer to one question.

        Raises:
            LinkClosed: the copy is gone; the message says why, in words for the learner.
        """
        seconds = self._limits.seconds + _GRACE
        try:
            self._stream.send(question, timeout=seconds)
            return self._stream.receive(timeout=seconds)
        except LinkTimeout:
            raise LinkClosed(
                f"it did not answer within {self._limits.seconds:g} seconds and was stopped. "
                "Is there a loop that never ends?"
            ) from None
        except FrameError:
            raise LinkClosed(self._epitaph()) from None

    def close(self) -> None:
        """End the copy and all that it started; closing twice is harmless."""
        self._stream.close()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGKILL)
        self._wait()

    def _wait(self) -> int:
        if self._status is None:
            _, self._status = os.waitpid(self._pid, 0)
        return self._status

    def _epitaph(self) -> str:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGTERM)  # it has closed the link, so it has ended or will
        code = os.waitstatus_to_exitcode(self._wait())
        if code == -signal.SIGXCPU:
            return "it used too much processor time and was stopped."
        if code in (-signal.SIGKILL, -signal.SIGSEGV, -signal.SIGABRT):
            return (
                "it was ended by the system. Does it use much more memory than it should, "
                "or call itself without end?"
            )
        return f"it ended by itself (exit code {code}). Does it call exit()?"


def _serve(names: dict[str, Any], link: socket.socket, limits: CopyLimits) -> NoReturn:
    """In the copy: answer until the link is closed. Never returns to the notebook."""
    code = 1
    try:
        os.setsid()  # so that the whole group can be killed, and Ctrl-C stays with the kernel
        _leave_the_kernel_alone()
        _limit(limits)
        descriptor = link.detach()
        stream = Stream(descriptor, descriptor)
        state = LiveState(names, cell_seconds=limits.seconds, output_bytes=limits.output_kib * 1024)
        server = Server(state)
        while True:
            stream.send(server.answer(decode(stream.receive())))
    except LinkClosed:
        code = 0
    except BaseException:  # noqa: BLE001 - nothing may climb into the notebook's own loop
        code = 70
    finally:
        os._exit(code)


def _leave_the_kernel_alone() -> None:
    """Cut every way by which the copy could speak in the kernel's name."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    sys.stdin = sys.stdout = sys.stderr = open(os.devnull, "w+")  # noqa: SIM115, PTH123
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ["NBGRADER_EXECUTION"] = "autograde"  # course.testing.exercise then lets errors out
    if "IPython" in sys.modules:
        from IPython.core.displaypub import DisplayPublisher
        from IPython.core.getipython import get_ipython

        shell = get_ipython()
        if shell is not None:
            shell.display_pub = _Silent(DisplayPublisher())
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)  # its other threads are not here


class _Silent:
    """In the place of the kernel's display: it takes everything and shows nothing."""

    def __init__(self, publisher: Any) -> None:
        self._publisher = publisher

    def publish(self, *_: object, **__: object) -> None:
        """Show nothing."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._publisher, name)


def _limit(limits: CopyLimits) -> None:
    with contextlib.suppress(OSError, ValueError):
        used = _address_space() + limits.memory_mib * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (used, used))
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _address_space() -> int:
    """Bytes of address space in use (Linux; elsewhere a terabyte, which limits nothing)."""
    try:
        with open("/proc/self/statm") as file:  # noqa: PTH123 - pathlib may be replaced by now
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 2**40


def limits_of(about: Mapping[str, Any]) -> CopyLimits:
    """The limits that a tutor tells of."""
    return CopyLimits(
        float(about.get("cell_seconds", CopyLimits.seconds)),
        int(about.get("memory_mib", CopyLimits.memory_mib)),
        int(about.get("output_kib", CopyLimits.output_kib)),
    )

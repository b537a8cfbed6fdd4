"""Warm test processes: for each assignment one keeper, which forks a child for each request.

    nursery ---fork--- keeper of an assignment ---fork--- child: one request, one learner
      |                  |                                   runs the tests; ends with them
      |                  prepared: setup cells run, traces of the known mistakes made
      imported torch once, for all; starts keepers anew that have ended

A child has the keeper's memory, copied when written to, so it starts in milliseconds, takes a
few MiB, and neither disturbs nor sees what another does. Requests come over a Unix socket for
each assignment, in a folder that only this account may enter. The sockets are the nursery's, so
none is lost while a keeper is started. When the service ends, however it ends, so do they all.

A keeper ends itself when its assignment's sources have changed; the next request starts it anew.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from course.link.frames import LinkClosed, Stream
from grader.configuration import Course, load_course
from grader.errors import GraderError

if TYPE_CHECKING:  # the service itself does without torch
    from grader.tutor.tutor import Tutor

__all__ = ["listen", "start_nursery"]

# once for all keepers: what they and the setup cells of most courses import
_IMPORTED = (
    *("torch", "torch._dynamo", "grader.tutor.conversation", "matplotlib.pyplot"),
    *("scipy.signal", "scipy.ndimage", "scipy.optimize", "sklearn.datasets", "sklearn.cluster"),
    *("course.figures", "course.data", "course.learner", "course.models", "course.invariance"),
)
_PR_SET_PDEATHSIG = 1
_BACKLOG = 128
_RESPITE = 2.0  # seconds before a keeper that ended at once is started again


def listen(folder: Path, assignments: Iterable[str]) -> dict[str, socket.socket]:
    """A listening Unix socket for each assignment, in `folder`, which others may not enter."""
    folder.chmod(0o700)
    sockets = {}
    for name in assignments:
        sockets[name] = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sockets[name].bind(str(folder / name))
        sockets[name].listen(_BACKLOG)
    return sockets


def start_nursery(root: Path, sockets: Mapping[str, socket.socket]) -> int:
    """Fork the nursery; returns its process id. Call it before anything else is started.

    Args:
        root: the folder of the course.
        sockets: what `listen` gave; the caller closes its own.
    """
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        _die_with(parent)
        _forever(_Nursery(root, sockets).run)
    return child


class _Nursery:
    """Keeps a keeper for each assignment."""

    def __init__(self, root: Path, sockets: Mapping[str, socket.socket]) -> None:
        self._root = root
        self._sockets = sockets
        self._keepers: dict[str, int] = {}
        self._started: dict[str, float] = {}

    def run(self) -> None:
        """Start keepers, one after another, or at once when somebody asks."""
        for name in _IMPORTED:
            importlib.import_module(name)
        gc.freeze()  # a collection would write into every page, and none would be shared
        waiting = list(self._sockets)
        while True:
            for name in self._asked_for():
                self._start(name)
            if waiting and not self._is_preparing():
                self._start(waiting.pop(0))
            self._collect()

    def _asked_for(self) -> list[str]:
        """The assignments without a keeper for which somebody waits; waits a little itself."""
        poll = select.poll()
        names = {}
        for name, listener in self._sockets.items():
            rested = time.monotonic() - self._started.get(name, -_RESPITE) >= _RESPITE
            if name not in self._keepers and rested:
                names[listener.fileno()] = name
                poll.register(listener, select.POLLIN)
        return [names[number] for number, _ in poll.poll(200)]

    def _is_preparing(self) -> bool:
        """Whether a keeper was started in the last seconds: they take turns on the processors."""
        return any(time.monotonic() - self._started[name] < 5.0 for name in self._keepers)

    def _start(self, name: str) -> None:
        if name in self._keepers:
            return
        self._started[name] = time.monotonic()
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            _die_with(parent)
            _forever(partial(_keep, self._root, name, self._sockets[name]))
        self._keepers[name] = child

    def _collect(self) -> None:
        for name, process in list(self._keepers.items()):
            if os.waitpid(process, os.WNOHANG)[0]:
                del self._keepers[name]


def _keep(root: Path, assignment: str, listener: socket.socket) -> None:
    """A keeper: get ready, and fork a child for each connection."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children need nobody to collect them
    course = load_course(root)
    before = _state_of(course, assignment)
    tutor = _tutor(course, assignment)
    seconds = course.assignment(assignment).limits.submission_seconds
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    while True:
        if not poll.poll(0 if _is_not_ready(tutor) else 1000):
            _prepare(tutor)
            continue
        if _state_of(course, assignment) != before:
            return  # whoever waits is served by the next keeper
        connection, _ = listener.accept()
        gc.freeze()
        if os.fork() == 0:
            listener.close()
            signal.alarm(int(seconds) + 5)  # however silent the other side is
            _forever(partial(_converse, tutor, connection))
        connection.close()


def _tutor(course: Course, assignment: str) -> Tutor | str:
    """The tutor, or why there is none: each who asks is told."""
    from grader.tutor.tutor import Tutor

    try:
        return Tutor(course, assignment)
    except GraderError as error:
        return str(error)


def _is_not_ready(tutor: Tutor | str) -> bool:
    return not isinstance(tutor, str) and tutor.is_not_ready


def _prepare(tutor: Tutor | str) -> None:
    """A fault here is a fault of each check, which says it to the learner."""
    if isinstance(tutor, str) or not tutor.is_not_ready:
        return
    try:
        tutor.prepare()
    except GraderError:
        time.sleep(0.2)


def _converse(tutor: Tutor | str, connection: socket.socket) -> None:
    """A child: one request, from its first message to its last."""
    from grader.tutor.conversation import Messages, answer

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    descriptor = connection.detach()
    messages = Messages(Stream(descriptor, descriptor))
    with contextlib.suppress(LinkClosed):
        request = messages.receive()
        told = {"error": tutor} if isinstance(tutor, str) else answer(tutor, messages, request)
        messages.send(told)


def _state_of(course: Course, assignment: str) -> dict[str, tuple[int, int]]:
    """By which it is seen that the sources of an assignment have changed."""
    folder = course.solution_source(assignment).parent
    files = [*folder.glob("*.py"), course.root / "course.toml"]
    seen = {}
    for path in files:
        with contextlib.suppress(OSError):
            status = path.stat()
            seen[path.name] = (status.st_mtime_ns, status.st_size)
    return seen


def _die_with(parent: int) -> None:
    """Have the kernel end this process when its parent ends, also by SIGKILL (Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it has ended meanwhile
        os._exit(0)


def _forever(work: Callable[[], object]) -> NoReturn:
    """Run what a forked process is for, and never return into what forked it."""
    code = 0
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the service's
        work()
    except BaseException:  # noqa: BLE001 - it is told in the log, and ends here
        traceback.print_exc()
        code = 70
    finally:
        sys.stderr.flush()
        os._exit(code)

"""Grade every case in one batch, with honest learners between them, and look what is left.

    python -m tests.hostile.grade_all FOLDER warm|cold

A process of its own: it has secrets in its environment, listens where nobody may call,
and every process that its learners leave behind becomes its child (prctl(2),
PR_SET_CHILD_SUBREAPER), so that none can hide by leaving its group or its session.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import pickle
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from multiprocessing import forkserver, resource_tracker
from pathlib import Path
from typing import Any

import nbformat

import course as library
from grader import grading
from grader.configuration import Course, load_course
from grader.execution.execute import Executor
from grader.execution.kit import Kit
from grader.feedback import write_feedback
from grader.records import Run, Script
from grader.sandbox.bubblewrap import Bubblewrap
from grader.sandbox.tree import usage_of

from .aftermath import RESULT, Aftermath
from .case import SECRETS, Case, read_cases

__all__ = [
    "ENVIRONMENT",
    "adopt_orphans",
    "digests",
    "find_targets",
    "has_heard",
    "honest_names",
    "listening",
    "main",
    "processes_left",
]

ENVIRONMENT = "HOSTILE_TESTS_SECRET"
MARK = "hostile-was-here"  # the name of every file that is written outside
HONEST = Case("honest", "nothing", "full marks", "PPPPP", True)
_EVERY = 4  # cases between two honest learners
_SUBREAPER = 36  # <linux/prctl.h>


def main(root: Path, way: str) -> None:
    """Hand in, grade, write feedback, look."""
    adopt_orphans()
    os.environ[ENVIRONMENT] = SECRETS["the grader's environment"]
    course = load_course(root)
    cases = [case for case in read_cases() if way == "warm" or case.cold]
    if way == "cold":
        grading.execute_batch = _execute_cold
    with listening() as listeners:
        targets = find_targets(course, listeners)
        hand_in(course, cases, targets)
        before = digests(root)
        lines = grading.grade(course, "tiny", options=grading.GradingOptions(workers=2))
        write_feedback(course, "tiny")
        after = digests(root)
        aftermath = Aftermath(
            lines={line.learner: line for line in lines},
            processes=tuple(processes_left()),
            heard=tuple(name for name, one in listeners.items() if has_heard(one)),
            written=tuple(p for p in targets["outside"] if list(Path(p).glob(f"{MARK}*"))),
            changed=tuple(path for path in before | after if before.get(path) != after.get(path)),
        )
    (root / RESULT).write_bytes(pickle.dumps(aftermath))


def adopt_orphans() -> None:
    """Become the parent of whatever our descendants leave behind."""
    if ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError("prctl(PR_SET_CHILD_SUBREAPER) failed")


def hand_in(course: Course, cases: Sequence[Case], targets: dict[str, Any]) -> None:
    """Put all cases, and honest learners between them in the order of grading, in their places."""
    blank = nbformat.read(course.release_notebook("tiny"), as_version=4)
    everyone = {case.name: case for case in cases} | dict.fromkeys(honest_names(cases), HONEST)
    for learner, case in everyone.items():
        path = course.submitted_notebook("tiny", learner)
        path.parent.mkdir(parents=True)
        path.write_bytes(case.notebook(blank, targets))


def honest_names(cases: Sequence[Case]) -> tuple[str, ...]:
    """Honest learners, whose names are next to every fourth case's."""
    return tuple(f"{case.name}-honest" for case in cases[::_EVERY])


def find_targets(course: Course, listeners: dict[str, socket.socket]) -> dict[str, Any]:
    """What a learner would have to know: where everything lies, listens and can be written."""
    neighbour = course.root / "var" / "neighbour.ipynb"
    neighbour.write_text(f'{{"cells": [], "thought": "{SECRETS["other submissions"]}"}}')
    packages = Path(nbformat.__file__).parent.parent
    outside = [course.root, course.var, course.submitted("tiny", "x").parents[1], packages]
    outside += [Path(library.__file__).parent, Path.home(), Path(tempfile.gettempdir())]
    outside += map(Path, ("/", "/etc", "/usr/lib", "/var/tmp", "/dev/shm", "/tmp", "/run", "/dev"))
    return {
        "root": str(course.root),
        "files": [
            *(str(course.source_notebook("tiny")), str(course.solution_source("tiny"))),
            *(str(course.mistakes_file("tiny")), str(course.gradebook), str(neighbour)),
            *("/proc/1/environ", "/proc/self/environ", f"/proc/{os.getpid()}/environ"),
        ],
        "outside": list(map(str, outside)),
        "mark": MARK,
        "tcp": listeners["TCP"].getsockname()[1],
        "udp": listeners["UDP"].getsockname()[1],
        "abstract": listeners["an abstract socket"].getsockname(),
        "path": listeners["a socket in the course"].getsockname(),
        "grader": os.getpid(),
    }


@contextlib.contextmanager
def listening() -> Iterator[dict[str, socket.socket]]:
    """Sockets that wait for a call; the kernel keeps what arrives until it is asked for."""
    place = tempfile.mkdtemp(prefix="called-")
    unix = socket.AF_UNIX
    listeners = {
        "TCP": socket.create_server(("127.0.0.1", 0)),
        "UDP": socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        "an abstract socket": socket.socket(unix),
        "a socket in the course": socket.socket(unix),
    }
    try:
        listeners["UDP"].bind(("127.0.0.1", 0))
        listeners["an abstract socket"].bind(f"\0hostile-{os.getpid()}")
        listeners["a socket in the course"].bind(f"{place}/socket")
        for name in ("an abstract socket", "a socket in the course"):
            listeners[name].listen()
        yield listeners
    finally:
        for listener in listeners.values():
            listener.close()
        Path(place, "socket").unlink()
        Path(place).rmdir()


def has_heard(listener: socket.socket) -> bool:
    """Whether anybody called; asked for once, since that takes the call in."""
    listener.setblocking(False)
    try:
        if listener.type == socket.SOCK_DGRAM:
            listener.recv(1)
        else:
            listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def processes_left(patience: float = 10) -> list[str]:
    """The commands of our descendants, less the two helpers of multiprocessing."""
    helpers = {
        os.getpid(),
        getattr(forkserver._forkserver, "_forkserver_pid", None),
        getattr(resource_tracker._resource_tracker, "_pid", None),
    }
    deadline = time.monotonic() + patience
    while True:
        found = [pid for pid in usage_of(os.getpid()).processes if pid not in helpers]
        commands = [command for pid in found if (command := _command(pid))]
        if not commands or time.monotonic() > deadline:
            return commands
        time.sleep(0.1)


def _command(pid: int) -> str:
    """A process's command line; empty for one that has ended and only waits to be noticed."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace").replace("\0", " ")
    except OSError:
        return ""


def digests(root: Path) -> dict[str, str]:
    """Every file that grading must not touch."""
    folders = [root / "solutions", root / "assignments", root / "var" / "submitted"]
    folders += [root / "var" / "source", Path(library.__file__).parent / "link"]
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def _execute_cold(kit: Kit, scripts: Sequence[Script], **_: object) -> Iterator[Run]:
    """One after another in this process, each in a bubblewrap of its own."""
    with contextlib.closing(Bubblewrap(warm=False)) as sandbox:
        executor = Executor(kit, sandbox)
        yield from map(executor.execute, scripts)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

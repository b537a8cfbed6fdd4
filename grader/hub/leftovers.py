"""End what a hub to look at has left running: its proxy, its services, people's servers.

JupyterHub ends them itself, unless it was killed or one of its services failed at the start.
Each carries the plan of the hub in its environment, by which it is known; so nothing that
another hub started is ever touched.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from grader.hub.plan import PLAN_VARIABLE

__all__ = ["end_leftovers", "processes_of"]

_GRACE_SECONDS = 5.0


def processes_of(plan_file: Path) -> Iterator[int]:
    """The ids of our own processes that belong to the hub of this plan, except this one."""
    mark = f"{PLAN_VARIABLE}={plan_file}".encode()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal() or int(folder.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):  # ended meanwhile, or somebody else's
            if mark in folder.joinpath("environ").read_bytes().split(b"\0"):
                yield int(folder.name)


def end_leftovers(plan_file: Path) -> None:
    """Ask them to end, and after some seconds end them."""
    _signal(plan_file, signal.SIGTERM)
    deadline = time.monotonic() + _GRACE_SECONDS
    while any(processes_of(plan_file)):
        if time.monotonic() > deadline:
            _signal(plan_file, signal.SIGKILL)
        time.sleep(0.05)


def _signal(plan_file: Path, number: int) -> None:
    for process in processes_of(plan_file):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)

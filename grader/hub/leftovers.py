"""End what a hub has left running: its proxy, its services, and people's servers if they are ours.

JupyterHub ends them itself, unless it was killed or one of its services failed at the start.
Each carries the plan of the hub in its environment, by which it is known; so nothing that
another hub started is ever touched. With an account for each person, their servers run as them
and go on: a hub that is started again finds them.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import time
from collections.abc import Container, Iterator
from pathlib import Path

from grader.hub.plan import PLAN_VARIABLE

__all__ = ["end_leftovers", "processes_of"]

_GRACE_SECONDS = 5.0


def processes_of(plan_file: Path, accounts: Container[int]) -> Iterator[int]:
    """The ids of the processes that belong to the hub of this plan, except this one.

    Args:
        plan_file: where the plan lies.
        accounts: as which user ids they run.
    """
    mark = f"{PLAN_VARIABLE}={plan_file}".encode()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal() or int(folder.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):  # ended meanwhile, or somebody else's
            if folder.stat().st_uid not in accounts:
                continue
            if mark in folder.joinpath("environ").read_bytes().split(b"\0"):
                yield int(folder.name)


def end_leftovers(plan_file: Path, grader: str) -> None:
    """Ask them to end, and after some seconds end them: those that run as us or as the grader."""
    accounts = {os.geteuid(), pwd.getpwnam(grader).pw_uid}
    _signal(plan_file, accounts, signal.SIGTERM)
    deadline = time.monotonic() + _GRACE_SECONDS
    while any(processes_of(plan_file, accounts)):
        if time.monotonic() > deadline:
            _signal(plan_file, accounts, signal.SIGKILL)
        time.sleep(0.05)


def _signal(plan_file: Path, accounts: Container[int], number: int) -> None:
    for process in processes_of(plan_file, accounts):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)

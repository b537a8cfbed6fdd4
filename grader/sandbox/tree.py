"""What a learner's process and everything that it started use together, seen from outside.

Linux tells the children of a thread in /proc (proc(5), ``task/TID/children``), so a tree
is read with a handful of small files: a tenth of a millisecond for a quiet notebook.
psutil was no option here, because it finds children by reading every process of the
machine, which is too slow to be done ten times a second for each learner.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Usage", "can_be_read", "proportional_memory", "usage_of"]

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


@dataclass(frozen=True)
class Usage:
    """What a tree of processes uses.

    `memory` is the sum of the resident bytes of its processes; pages that several of them
    share count for each, so it is never too low. `cpu_seconds` includes those of children
    that have ended. `tasks` counts processes and threads.
    """

    processes: tuple[int, ...] = ()
    tasks: int = 0
    memory: int = 0
    cpu_seconds: float = 0.0


def usage_of(root: int) -> Usage:
    """What the process `root` and its descendants use; nothing of what has just ended."""
    processes: list[int] = []
    tasks, memory, ticks = 0, 0, 0
    waiting = [root]
    while waiting:
        number = waiting.pop()
        try:
            threads = _numbers(_PROC / str(number) / "task")
            memory += _resident(number)
            ticks += _ticks(number)
        except OSError:
            continue  # it ended while we looked
        processes.append(number)
        tasks += len(threads)
        waiting += (child for thread in threads for child in _children(number, thread))
    return Usage(tuple(processes), tasks, memory, ticks / _TICK)


def proportional_memory(usage: Usage) -> int:
    """The bytes of a tree with each shared page counted once, split among who shares it.

    It takes the kernel some milliseconds for each process; hence only asked when the plain
    sum is too high. Where it may not be read, pages of files are left out instead.
    """
    return sum(map(_proportional, usage.processes))


def can_be_read() -> bool:
    """Whether this kernel lists children (CONFIG_PROC_CHILDREN, on in all distributions)."""
    return (_PROC / "thread-self" / "children").exists()


def _numbers(folder: Path) -> list[int]:
    return [int(name) for name in os.listdir(folder)]  # noqa: PTH208 - names are all


def _children(process: int, thread: int) -> Iterator[int]:
    try:
        text = (_PROC / str(process) / "task" / str(thread) / "children").read_bytes()
    except OSError:
        return
    yield from map(int, text.split())


def _resident(process: int) -> int:
    return int((_PROC / str(process) / "statm").read_bytes().split()[1]) * _PAGE


def _ticks(process: int) -> int:
    """utime, stime, and those of children that were waited for."""
    # the second field, the command in parentheses, may hold anything
    fields = (_PROC / str(process) / "stat").read_bytes().rpartition(b")")[2].split()
    return sum(map(int, fields[11:15]))


def _proportional(process: int) -> int:
    folder = _PROC / str(process)
    try:
        for line in (folder / "smaps_rollup").read_bytes().splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:  # of another user's, or it has ended
        pass
    try:
        _, resident, shared, *_ = map(int, (folder / "statm").read_bytes().split())
    except OSError:
        return 0
    return (resident - shared) * _PAGE

"""Groups of processes that the kernel holds to a sum of memory and a number (cgroups(7)).

Used where this account may make them: as root with the older hierarchies (v1), or where
the unified one (v2) is delegated, for instance in a scope of systemd's::

    systemd-run --user --scope -p Delegate=yes grader grade loss_functions

Everywhere else `find_control_groups` says None, and a watchdog does what it can. A group
is a folder; the kernel forbids to remove it while a process is in it, so none is lost.
libcgroup and systemd's D-Bus interface were no option: the one is a C library that few
machines have, the other a service that few containers have.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.records import Limits
from grader.sandbox.tree import usage_of

__all__ = ["ControlGroup", "ControlGroups", "find_control_groups"]

_PREFIX = "saturdays-"
_CONTROLLERS = ("memory", "pids")
_REMOVE_SECONDS = 2.0
_counter = itertools.count()


@dataclass(frozen=True)
class ControlGroup:
    """The group of one learner: a folder in each hierarchy."""

    folders: tuple[Path, ...]

    @property
    def doors(self) -> tuple[Path, ...]:
        """The files that take in the process whose number is written to them."""
        return tuple(folder / "cgroup.procs" for folder in self.folders)

    def add(self, processes: Sequence[int]) -> None:
        """Take processes in, with all that they will start; what has ended is passed over."""
        for door, process in itertools.product(self.doors, processes):
            with contextlib.suppress(ProcessLookupError):
                door.write_text(str(process))

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel has ended a process for want of memory in the group."""
        # v2 counts in memory.events, v1 in memory.oom_control
        for folder, name in itertools.product(
            self.folders, ("memory.events", "memory.oom_control")
        ):
            with contextlib.suppress(OSError):
                counted = re.search(r"^oom_kill (\d+)$", (folder / name).read_text(), re.M)
                if counted is not None and int(counted[1]) > 0:
                    return True
        return False

    def remove(self) -> None:
        """End whatever is still in the group, wherever it has hidden, and give the group up."""
        deadline = time.monotonic() + _REMOVE_SECONDS
        for folder in self.folders:
            while folder.exists():
                try:
                    folder.rmdir()
                except OSError:
                    if time.monotonic() > deadline:
                        break  # swept by a later grader
                    _end_all(folder)
                    time.sleep(0.005)


@dataclass(frozen=True)
class ControlGroups:
    """Where groups can be made: one folder for each hierarchy."""

    version: int
    parents: tuple[Path, ...]

    def make(self, limits: Limits) -> ControlGroup:
        """An empty group that is held to the limits."""
        name = f"{_PREFIX}{os.getpid()}-{next(_counter)}"
        group = ControlGroup(tuple(parent / name for parent in self.parents))
        memory = str(limits.memory_mib * 2**20)
        v1 = {"memory.limit_in_bytes": memory, "memory.memsw.limit_in_bytes": memory}
        v2 = {"memory.max": memory, "memory.swap.max": "0", "memory.oom.group": "1"}
        for folder in group.folders:
            folder.mkdir()
            for file, value in {**(v1 if self.version == 1 else v2), **_pids(limits)}.items():
                if (folder / file).exists():
                    (folder / file).write_text(value)
        return group

    def sweep(self) -> None:
        """Remove the empty groups of graders that were killed."""
        for parent in self.parents:
            for folder in parent.glob(f"{_PREFIX}*-*"):
                owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
                if not Path("/proc", owner).exists():
                    with contextlib.suppress(OSError):
                        folder.rmdir()


def find_control_groups(
    membership: Path = Path("/proc/self/cgroup"), mounts: Path = Path("/proc/self/mountinfo")
) -> ControlGroups | None:
    """Where this account may limit processes as a group; None when it may not."""
    own = _own_groups(membership)
    places = _mounted(mounts)
    unified = _unified(places, own)
    if unified is not None:
        return ControlGroups(2, (unified,))
    found = [
        places[name] / own[name].lstrip("/")
        for name in _CONTROLLERS
        if name in places and name in own
    ]
    groups = ControlGroups(1, tuple(found))
    return groups if len(found) == len(_CONTROLLERS) and _works(groups) else None


def _end_all(folder: Path) -> None:
    with contextlib.suppress(OSError):  # they may all have ended meanwhile
        for process in (folder / "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(process), signal.SIGKILL)


def _pids(limits: Limits) -> dict[str, str]:
    return {"pids.max": str(limits.processes)}


def _own_groups(membership: Path) -> dict[str, str]:
    """Controller -> path of this process's group; the unified hierarchy's name is empty."""
    groups: dict[str, str] = {}
    with contextlib.suppress(OSError):
        for line in membership.read_text().splitlines():
            _, names, path = line.split(":", 2)
            groups |= dict.fromkeys(names.split(","), path)
    return groups


def _mounted(mounts: Path) -> dict[str, Path]:
    """Controller -> where its hierarchy is mounted (proc(5), mountinfo)."""
    places: dict[str, Path] = {}
    with contextlib.suppress(OSError):
        for line in mounts.read_text().splitlines():
            before, _, after = line.partition(" - ")
            kind, _, options = after.split(" ", 2)
            if kind == "cgroup2":
                places[""] = Path(before.split(" ")[4])
            elif kind == "cgroup":
                place = Path(before.split(" ")[4])
                places |= {name: place for name in options.split(",") if name in _CONTROLLERS}
    return places


def _unified(places: dict[str, Path], own: dict[str, str]) -> Path | None:
    """The group of v2 below which groups can be made, once this process is out of its way."""
    if "" not in places or "" not in own:
        return None
    group = places[""] / own[""].lstrip("/")
    if group.name == f"{_PREFIX}grader":  # a worker, whose parent has moved already
        return group.parent
    try:
        offered = (group / "cgroup.controllers").read_text().split()
        if not set(_CONTROLLERS) <= set(offered):
            return None
        # a group with limits for groups below it may hold no process itself, so this one
        # and its children move on; nobody else is moved
        inside = set(map(int, (group / "cgroup.procs").read_text().split()))
        if not inside <= set(usage_of(os.getpid()).processes):
            return None
        own_group = ControlGroup((group / f"{_PREFIX}grader",))
        own_group.folders[0].mkdir(exist_ok=True)
        own_group.add(sorted(inside))
        (group / "cgroup.subtree_control").write_text("+memory +pids")
    except OSError:
        return None
    return group


def _works(groups: ControlGroups) -> bool:
    """Whether a group can really be made here."""
    try:
        groups.sweep()
        groups.make(Limits()).remove()
    except OSError:
        return False
    return True

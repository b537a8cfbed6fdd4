"""Examine what this machine can and cannot do for the grader.

`examine` answers with findings, one line each, in a fixed order, and prints nothing: the command
decides how they look. It guarantees an answer: a check that fails in a way nobody foresaw becomes
a finding too, and the sandbox, which alone starts a process, gives up after a while. Nothing is
changed.

Each check is a function of what it looks at (a folder, a way to import, a sandbox's own test),
with the real thing as the default, so that tests show it machines that they cannot have. The
alternative, one object that stands for the machine, would tie every check to every other.

nbgrader and torch are imported by name at run time: whether that works is what is asked, and
`import grader.doctor` itself stays quick.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import re
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from grader.sandbox.bubblewrap import Bubblewrap
from grader.sandbox.control_group import ControlGroups, find_control_groups
from grader.sandbox.tree import can_be_read
from grader.sandbox.watchdog import LOOK_SECONDS

__all__ = ["Finding", "Severity", "attempt", "examine", "examine_machine"]

Severity = Literal["needed", "wanted", "info"]

OLDEST_PYTHON = (3, 11)
LEAST_MEMORY_GIB = 2.0  # a process with torch and matplotlib takes about half a GiB, and grows
LEAST_DISK_GIB = 1.0
GIB = 2**30
DAY = 86400.0


@dataclass(frozen=True)
class Finding:
    """What one check saw. `advice` says what to do, or what follows, when it does not hold.

    `severity` says how much hangs on it: "needed" for grading at all, "wanted" for grading well,
    "info" for what only some will miss.
    """

    name: str
    holds: bool
    severity: Severity
    detail: str
    advice: str = ""


Checks = tuple[tuple[str, Callable[[], Finding]], ...]


def examine(root: Path) -> tuple[Finding, ...]:
    """Run every check on this machine and on the course that lies in `root`."""
    of_machine = machine_checks()
    of_course: Checks = (
        ("disk", lambda: disk(root)),
        ("gradebook", lambda: gradebook(root)),
        ("clock", lambda: clock(root)),
    )
    packages_too: Checks = (("packages", lambda: packages(root)),)
    checks = (of_machine[0], *packages_too, *of_machine[1:], *of_course)
    return tuple(attempt(name, check) for name, check in checks)


def examine_machine() -> tuple[Finding, ...]:
    """Run the checks that ask of no course."""
    return tuple(attempt(name, check) for name, check in machine_checks())


def machine_checks() -> Checks:
    """The checks of this machine, in order."""
    return (
        ("Python", python_version),
        ("torch", lambda: library("torch", describe_torch)),
        ("nbgrader", lambda: library("nbgrader")),
        ("sandbox", lambda: sandbox(Bubblewrap().unavailable)),
        ("warm start", lambda: warm_start(Bubblewrap().no_warm_start)),
        ("cores", cores),
        ("memory", memory),
        ("cgroups", control_groups),
        ("interpreter", interpreter_for_others),
    )


def attempt(name: str, check: Callable[[], Finding]) -> Finding:
    """Run one check; an error that it did not foresee is its finding."""
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - a broken check must not hide the other findings
        seen = f"could not be examined: {type(error).__name__}: {one_line(str(error))}"
        return Finding(name, False, "wanted", seen, "The other findings stand without it.")


def python_version(version: tuple[int, ...] = tuple(sys.version_info[:3])) -> Finding:
    """Is the interpreter new enough?"""
    return Finding(
        "Python",
        version[:2] >= OLDEST_PYTHON,
        "needed",
        f"{'.'.join(map(str, version))} in {sys.prefix}",
        "Python 3.11 or newer is needed: install it, remove .venv, and run make setup.",
    )


def packages(root: Path, version_of: Callable[[str], str] = importlib.metadata.version) -> Finding:
    """Are the installed versions those of constraints.txt? A build tag ("+cpu") does not count.

    A pin without its package is no fault: some are for a GPU, some for the tests alone.
    """
    pins = re.findall(r"^([\w.-]+)==(\S+)", (root / "constraints.txt").read_text("utf-8"), re.M)
    different, same = [], 0
    for name, pinned in pins:
        try:
            installed = version_of(name).partition("+")[0]
        except importlib.metadata.PackageNotFoundError:
            continue
        if installed == pinned:
            same += 1
        else:
            different.append(f"{name} {installed} instead of {pinned}")
    return Finding(
        "packages",
        not different,
        "wanted",
        shortened(different) if different else f"{same} installed, each as in constraints.txt",
        "Run make setup. Marks were proven with the pinned versions only.",
    )


def library(
    name: str,
    describe: Callable[[Any], str] = lambda module: str(module.__version__),
    load: Callable[[str], Any] = importlib.import_module,
) -> Finding:
    """Can a library that everything stands on be imported?"""
    try:
        return Finding(name, True, "needed", describe(load(name)))
    except (ImportError, OSError) as error:  # OSError: a shared library that is not there
        seen = f"not importable: {one_line(str(error))}"
        return Finding(name, False, "needed", seen, "Run make setup.")


def describe_torch(torch: Any) -> str:
    """Return the version and what a process would use if nobody limited it."""
    return f"{torch.__version__}, {torch.get_num_threads()} threads unless told otherwise"


def sandbox(unavailable: Callable[[], str | None], settings: Path = Path("/proc/sys")) -> Finding:
    """Does bubblewrap really start a learner's process here? Being installed is not enough."""
    reason = unavailable()
    if reason is None:
        seen = "bubblewrap confines a learner's process"
        return Finding("sandbox", True, "needed", seen)
    return Finding("sandbox", False, "needed", one_line(reason), why_no_sandbox(reason, settings))


def why_no_sandbox(complaint: str, settings: Path) -> str:
    """Name the likely reason for bubblewrap's complaint, from the kernel's settings first.

    Sources: user_namespaces(7) for max_user_namespaces; Debian's kernel for
    unprivileged_userns_clone; Ubuntu 23.10 and newer for the AppArmor restriction.
    """
    if "not installed" in complaint:
        return "Run make setup, or: sudo apt install bubblewrap"
    disabled_when = {"user/max_user_namespaces": "0", "kernel/unprivileged_userns_clone": "0"}
    for name, value in disabled_when.items():
        if setting(settings / name) == value:
            key = name.replace("/", ".")
            return f"User namespaces are disabled ({key} = {value}); an administrator can set it."
    if setting(settings / "kernel/apparmor_restrict_unprivileged_userns") == "1":
        return (
            "AppArmor restricts user namespaces; an administrator can allow them for bwrap by a "
            "profile in /etc/apparmor.d, or set kernel.apparmor_restrict_unprivileged_userns = 0."
        )
    if "proc" in complaint.lower():
        return "This container hides parts of /proc; start it with an unmasked /proc."
    return (
        "Not permitted here. In a container: allow user namespaces (its seccomp profile must let "
        "clone, unshare and mount pass), or grade on a machine of your own."
    )


def warm_start(obstacle: Callable[[], str | None]) -> Finding:
    """Can a process inside the sandbox, which has imported everything, be forked for each?"""
    reason = obstacle()
    if reason is None:
        return Finding("warm start", True, "info", "learners' processes are forked from a warm one")
    advice = "Grading works, and takes some seconds more for each submission."
    return Finding("warm start", False, "info", f"no, because {one_line(reason, 140)}", advice)


def cores(usable: Callable[[int], set[int]] = os.sched_getaffinity) -> Finding:
    """How many submissions can be graded side by side?"""
    number = len(usable(0))
    advice = "Grading works, one submission at a time."
    return Finding("cores", number >= 2, "info", f"{number} to use", advice)


def memory(
    meminfo: Path = Path("/proc/meminfo"), limit: Path = Path("/sys/fs/cgroup/memory.max")
) -> Finding:
    """Is there room for learners' processes? A container's own limit counts too."""
    lines = dict(re.findall(r"^(\w+):\s+(\d+) kB", meminfo.read_text("ascii"), re.M))
    available = int(lines["MemAvailable"]) / 2**20
    capped = setting(limit)
    if capped.isdigit():
        available = min(available, int(capped) / GIB)
    return Finding(
        "memory",
        available >= LEAST_MEMORY_GIB,
        "wanted",
        f"{available:.1f} GiB available",
        f"Less than {LEAST_MEMORY_GIB:g} GiB: grade fewer at once, or close something else first.",
    )


def control_groups(
    find: Callable[[], ControlGroups | None] = find_control_groups,
    can_watch: Callable[[], bool] = can_be_read,
) -> Finding:
    """Who holds the sum of a learner's processes to its limits: the kernel, or a watchdog?"""
    groups = find()
    if groups is not None:
        seen = f"the kernel limits each learner's processes as one (cgroup v{groups.version})"
        return Finding("cgroups", True, "info", seen)
    if can_watch():
        advice = (
            f"Grading works: a watchdog looks every {LOOK_SECONDS:g} s. To have the kernel do it: "
            "systemd-run --user --scope -p Delegate=yes grader grade ID"
        )
        seen = "none that this account may use; a watchdog limits learners' processes as one"
        return Finding("cgroups", False, "info", seen, advice)
    advice = (
        "Limits hold for each process by itself. Grade others' work where the kernel has "
        "CONFIG_PROC_CHILDREN, or as root, or in a scope of systemd's with Delegate=yes."
    )
    seen = "none that this account may use, and this kernel does not list children"
    return Finding("cgroups", False, "wanted", seen, advice)


def interpreter_for_others(prefix: Path = Path(sys.base_prefix)) -> Finding:
    """Can other accounts of this machine run this Python? Hubs start servers as their users."""
    home = prefix.resolve()
    closed = [place for place in (home, *home.parents) if not place.stat().st_mode & 0o001]
    seen = f"{closed[-1]} is closed to other accounts" if closed else f"{home} is open to all"
    return Finding(
        "interpreter",
        not closed,
        "info",
        seen,
        "Only a hub misses it: its accounts need another interpreter such as /usr/bin/python3.",
    )


def disk(root: Path, usage: Callable[[Path], Any] = shutil.disk_usage) -> Finding:
    """Is there room for submissions and feedback in var/?"""
    folder = root / "var"
    free = usage(folder if folder.is_dir() else root).free / GIB
    advice = f"Less than {LEAST_DISK_GIB:g} GiB: make room before a batch is graded."
    return Finding(
        "disk", free >= LEAST_DISK_GIB, "wanted", f"{free:.1f} GiB free for var/", advice
    )


def gradebook(root: Path) -> Finding:
    """Can var/gradebook.db, where there is one, be read?"""
    path = root / "var" / "gradebook.db"
    if not path.exists():
        return Finding("gradebook", True, "needed", "none yet; grading makes var/gradebook.db")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        seen = f"var/gradebook.db cannot be read: {one_line(str(error))}"
        advice = "Close what holds it, or put a backup in its place; keep the file, it has marks."
        return Finding("gradebook", False, "needed", seen, advice)
    return Finding("gradebook", True, "needed", f"var/gradebook.db, {tables} tables and indexes")


def clock(root: Path, now: Callable[[], float] = time.time) -> Finding:
    """Is the clock behind the files of the course? Deadlines are compared with it."""
    behind = (root / "pyproject.toml").stat().st_mtime - now()
    stamp = time.strftime("%Y-%m-%d %H:%M %Z", time.localtime(now()))
    advice = "Set the clock: timestamps of submissions and late penalties come from it."
    if behind > DAY:
        seen = f"{stamp}, which is {behind / DAY:.0f} days before the course was written here"
        return Finding("clock", False, "wanted", seen, advice)
    return Finding("clock", True, "wanted", stamp)


def setting(path: Path) -> str:
    """Return the text of a small file of the kernel's, or nothing where it does not exist."""
    try:
        return path.read_text("ascii").strip()
    except OSError:
        return ""


def one_line(text: str, longest: int = 160) -> str:
    """Return the text on one line, cut where it is too long for a table."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 3]}..."


def shortened(names: list[str], most: int = 3) -> str:
    """Return the first few names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more

"""Run a command and watch the processes that it starts: wall clock, CPU seconds, memory.

Option chosen: timed runs are not looked at, because to look takes processor time. Our CPU and
memory come from runs of their own, in which the tree is looked at many times a second. What
the kernel adds up by itself (wait4(2)) would be exact, but knows nothing of processes that
nobody waits for, such as the forks in the sandbox; looking misses only what a process did
between its last sighting and its end.
"""

from __future__ import annotations

import contextlib
import resource
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

__all__ = [
    "CommandFailed",
    "Tree",
    "Watched",
    "cpu_seconds_of_children",
    "run_timed",
    "run_watched",
]

_MIB = 2**20
_GRACE_SECONDS = 10.0


class CommandFailed(Exception):
    """A command that was to be measured did not end well."""


@dataclass(frozen=True)
class Watched:
    """What a watched run took; `memory_mib` is the sum over the tree at each look."""

    seconds: float
    cpu_seconds: float
    memory_mib: tuple[float, ...]
    left_over: tuple[str, ...]


class Tree:
    """The processes that descend from one; a child stays known when its parent has ended."""

    def __init__(self, root: int) -> None:
        self._root = psutil.Process(root)
        self._known = {self._root}
        self._cpu: dict[psutil.Process, float] = {}

    def look(self) -> None:
        """Find new processes, and note the CPU seconds of all."""
        children: dict[int, list[psutil.Process]] = {}
        for process in psutil.process_iter(["ppid"]):
            children.setdefault(process.info["ppid"], []).append(process)
        todo = [process for process in self._known if process.is_running()]
        while todo:
            process = todo.pop()
            todo += [child for child in children.get(process.pid, ()) if child not in self._known]
            self._known.add(process)
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                self._cpu[process] = times.user + times.system

    @property
    def cpu_seconds(self) -> float:
        """Of every process, as last seen."""
        return sum(self._cpu.values())

    def memory_mib(self) -> float:
        """What all of them use, memory that they share counted once."""
        return sum(_proportional_bytes(process.pid) for process in self._running()) / _MIB

    def left_over(self) -> tuple[str, ...]:
        """The processes that outlive the first one."""
        return tuple(process.name() for process in self._running() if process != self._root)

    def _running(self) -> Iterator[psutil.Process]:
        for process in self._known:
            with contextlib.suppress(psutil.Error):
                if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                    yield process


def _proportional_bytes(pid: int) -> int:
    """The proportional set size: each page divided by the number of its users (proc(5))."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0  # it has ended meanwhile
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def cpu_seconds_of_children() -> float:
    """Of all processes that have ended and were waited for, children's children included."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run_timed(command: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> float:
    """Run a command to its end, undisturbed; the seconds that it took.

    Raises:
        CommandFailed: with the last lines that it wrote.
    """
    started = time.perf_counter()
    with _running(command, cwd, environment) as process:
        process.wait()
        return time.perf_counter() - started


def run_watched(
    command: Sequence[str],
    cwd: Path,
    environment: Mapping[str, str],
    *,
    every: float,
    memory_every: float = 0.0,
) -> Watched:
    """Run a command to its end and look at its tree `every` so many seconds.

    Args:
        command: what to run.
        cwd: where to run it.
        environment: the whole environment.
        every: seconds between two looks.
        memory_every: seconds between two looks at the memory, which are slow; 0 for none.

    Raises:
        CommandFailed: with the last lines that it wrote.
    """
    started = time.perf_counter()
    memory: list[float] = []
    with _running(command, cwd, environment) as process:
        tree = Tree(process.pid)
        while process.poll() is None:
            tree.look()
            if memory_every and time.perf_counter() - started > len(memory) * memory_every:
                memory.append(tree.memory_mib())
            time.sleep(every)
        seconds = time.perf_counter() - started
        deadline = time.perf_counter() + _GRACE_SECONDS
        while tree.left_over() and time.perf_counter() < deadline:
            time.sleep(0.1)  # who ends by itself, once the first process has, is not left over
        return Watched(seconds, tree.cpu_seconds, tuple(memory), tree.left_over())


@contextlib.contextmanager
def _running(
    command: Sequence[str], cwd: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A process whose output goes to a file, which is shown should the command fail."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            if process.poll() is None:  # interrupted
                process.terminate()
                process.wait()
        if process.returncode != 0:
            log.seek(0)
            said = log.read().decode("utf-8", "replace").strip().splitlines()[-10:]
            raise CommandFailed("\n".join([f"{' '.join(command)} failed:", *said]))

"""Hold a learner's whole tree of processes to its limits, by looking at it again and again.

The limits of setrlimit(2) hold for each process by itself, and a notebook may start a
hundred. Where the kernel can limit their sum (`grader.sandbox.control_group`), the
watchdog only learns from it what happened; where it cannot, the watchdog ends the tree.
Between two looks a tree can grow by what two processors can write in a tenth of a second,
some hundreds of megabytes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from course.link.confine import FEWEST_PROCESSES
from grader.records import Limits
from grader.sandbox.control_group import ControlGroup
from grader.sandbox.tree import Usage, proportional_memory, usage_of

__all__ = ["LOOK_SECONDS", "Watchdog"]

LOOK_SECONDS = 0.1


class Watchdog:
    """Watches one tree in a thread of its own, from its start until `stop`."""

    def __init__(
        self, root: int, limits: Limits, end: Callable[[], None], group: ControlGroup | None = None
    ) -> None:
        """Begin to watch.

        Args:
            root: the number of the first process, as this process sees it.
            limits: what the tree may use.
            end: ends the tree; called at most once, from the watchdog's thread.
            group: the control group that the tree is in, if any.
        """
        self._root = root
        self._limits = limits
        self._end = end
        self._group = group
        self._verdict: str | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"watchdog {root}", daemon=True)
        self._thread.start()

    @property
    def verdict(self) -> str | None:
        """Why the tree was ended, in words for the learner; None when it was not."""
        # the kernel may have ended it since the last look
        return self._verdict or self._by_the_kernel()

    def stop(self) -> None:
        """Stop watching; the verdict stays."""
        self._verdict = self.verdict
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            verdict = self._by_the_kernel() or self._by_sight(usage_of(self._root))
            if verdict is not None:
                self._verdict = verdict
                self._end()
                return

    def _by_the_kernel(self) -> str | None:
        if self._group is not None and self._group.ran_out_of_memory():
            return _too_much_memory(self._limits)
        return None

    def _by_sight(self, usage: Usage) -> str | None:
        limits = self._limits
        memory = limits.memory_mib * 2**20
        if usage.memory > memory and proportional_memory(usage) > memory:
            return _too_much_memory(limits)
        if usage.cpu_seconds > limits.cpu_seconds:
            return f"it used more than {limits.cpu_seconds:g} seconds of processor time"
        # the kernel stops most before; older ones do not where the grader is root
        if usage.tasks > max(limits.processes, FEWEST_PROCESSES):
            return f"it started more than {limits.processes} processes and threads"
        return None


def _too_much_memory(limits: Limits) -> str:
    return f"it used more than {limits.memory_mib} MiB of memory"

"""A learner's process whose whole tree is held to its limits, whichever sandbox started it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Protocol

from course.link.frames import Stream
from grader.errors import SandboxError
from grader.records import Limits
from grader.sandbox.control_group import ControlGroup, ControlGroups, find_control_groups
from grader.sandbox.watchdog import Watchdog

__all__ = ["Guarded", "control_groups", "guarded"]

# asked once for each grader: a machine does not change its mind
control_groups: Callable[[], ControlGroups | None] = functools.cache(find_control_groups)


class Startable(Protocol):
    """What a sandbox starts: a learner's process that can be watched and ended from outside."""

    stream: Stream

    @property
    def root(self) -> int:
        """The number of its first process, as the grader sees it."""

    def end(self) -> None:
        """End its processes and leave the link to be read. Called by the watchdog's thread."""

    def kill(self) -> None:
        """See `LearnerProcess.kill`."""

    def exit_code(self) -> int | None:
        """See `LearnerProcess.exit_code`."""


class Guarded:
    """Adds to a started process a control group, where there are any, and a watchdog."""

    def __init__(self, process: Startable, limits: Limits, group: ControlGroup | None) -> None:
        self.stream = process.stream
        self._process = process
        self._group = group
        self._watchdog = Watchdog(process.root, limits, process.end, group)

    def kill(self) -> None:
        """See `LearnerProcess.kill`."""
        self._watchdog.stop()
        self._process.kill()
        if self._group is not None:
            self._group.remove()

    def exit_code(self) -> int | None:
        """See `LearnerProcess.exit_code`."""
        return self._process.exit_code()

    def verdict(self) -> str | None:
        """See `LearnerProcess.verdict`."""
        return self._watchdog.verdict


def guarded(limits: Limits, start: Callable[[ControlGroup | None], Startable]) -> Guarded:
    """Start a process by `start`, in the group that it is given, and watch it.

    Raises:
        SandboxError: it could not be started; no group is left behind.
    """
    groups = control_groups()
    try:
        group = None if groups is None else groups.make(limits)
    except OSError as error:
        raise SandboxError(f"no control group can be made: {error}") from error
    try:
        return Guarded(start(group), limits, group)
    except BaseException:
        if group is not None:
            group.remove()
        raise

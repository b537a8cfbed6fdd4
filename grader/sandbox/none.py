"""No sandbox: the learner's process may do what the grader may. For one's own code only."""

from __future__ import annotations

import functools
import shutil
import tempfile
from pathlib import Path

from course.link.withhold import Withheld
from grader.records import Limits
from grader.sandbox.base import (
    NOTHING_WITHHELD,
    LearnerProcess,
    ProcessGroup,
    View,
    learner_command,
    learner_environment,
    spawn,
)
from grader.sandbox.control_group import ControlGroup
from grader.sandbox.guard import guarded

__all__ = ["NoSandbox"]


class NoSandbox:
    """Runs the learner's process in an empty temporary folder, and confines nothing."""

    name = "none"

    def __init__(self, *, view: View | None = None) -> None:
        self.files = str(view.files) if view and view.files else None
        self._inline = view is not None and view.inline

    def unavailable(self) -> str | None:
        """It works everywhere; that is all that can be said for it."""
        return None

    def start(self, limits: Limits, withheld: Withheld = NOTHING_WITHHELD) -> LearnerProcess:
        """See `Sandbox.start`."""
        return guarded(limits, functools.partial(self._start, limits, withheld))

    def _start(
        self, limits: Limits, withheld: Withheld, group: ControlGroup | None
    ) -> ProcessGroup:
        home = tempfile.mkdtemp(prefix="learner-")
        command, doors = learner_command(limits, withheld), group.doors if group else ()
        environment = learner_environment(home, inline=self._inline)
        return _Tidying(spawn(command, environment, Path(home), doors), home)

    def close(self) -> None:
        """Nothing is kept."""


class _Tidying(ProcessGroup):
    """Removes the temporary folder when the process ends."""

    def __init__(self, process: ProcessGroup, home: str) -> None:
        self._process = process._process
        self.stream = process.stream
        self._home = home

    def kill(self) -> None:
        """See `LearnerProcess.kill`."""
        super().kill()
        shutil.rmtree(self._home, ignore_errors=True)

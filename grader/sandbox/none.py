"""No sandbox: the learner's process may do what the grader may. For one's own code only."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from course.link.withhold import Withheld
from grader.records import Limits
from grader.sandbox.base import (
    NOTHING_WITHHELD,
    ProcessGroup,
    learner_command,
    learner_environment,
    spawn,
)

__all__ = ["NoSandbox"]


class NoSandbox:
    """Runs the learner's process in an empty temporary folder, and confines nothing."""

    name = "none"

    def unavailable(self) -> str | None:
        """It works everywhere; that is all that can be said for it."""
        return None

    def start(self, limits: Limits, withheld: Withheld = NOTHING_WITHHELD) -> ProcessGroup:
        """See `Sandbox.start`."""
        home = tempfile.mkdtemp(prefix="learner-")
        process = spawn(learner_command(limits, withheld), learner_environment(home), Path(home))
        return _Tidying(process, home)

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

"""What goes to a worker: an assignment to grade with, and the notebooks to execute.

Imports little: the grader's own process makes these, and executes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from grader.foreign.kernels import Kernel
from grader.foreign.placing import Plan
from grader.records import Limits, Script
from grader.sandbox.base import View
from grader.sandbox.choice import OpenSandbox

__all__ = ["ForeignKit", "ForeignScript", "make_foreign_executor"]


@dataclass(frozen=True)
class ForeignScript(Script):
    """A notebook to execute. `files` came with it; `plan` overrules the kit's.

    `of_the_author`: it holds the author's own answers, in a trial of the plan.
    """

    notebook: str = ""
    files: tuple[tuple[str, bytes], ...] = ()
    plan: Plan | None = None
    of_the_author: bool = False


@dataclass(frozen=True)
class ForeignKit:
    """An assignment, ready to grade with. Goes to the workers once, by pickling."""

    assignment: str
    plans: Mapping[str, Plan]
    limits: Limits
    view: View = field(default_factory=View)
    kept: frozenset[str] = frozenset()  # files that learners may hand in instead of the author's
    kernels: Mapping[str, Kernel] = field(default_factory=dict)  # of notebooks not in Python

    def surroundings(self) -> str:
        """All but the plans, as text."""
        kernels = sorted(self.kernels.items())
        return repr((self.assignment, self.limits, self.view, sorted(self.kept), kernels))

    @property
    def kernels_view(self) -> View:
        """What kernels see; a loopback is what some of them need to be spoken to."""
        places = sorted({place for each in self.kernels.values() for place in each.folders})
        return View(self.view.files, places=tuple(places), cold=True, inline=True)

    @property
    def shared_view(self) -> View:
        """What the learners' processes see that workers can start from one zygote."""
        return self.view if self.plans.keys() - self.kernels.keys() else self.kernels_view


def make_foreign_executor(
    kit: ForeignKit, open_sandbox: OpenSandbox
) -> tuple[Any, Callable[[], None]]:
    """What a worker executes with; see `grader.execution.batch.Maker`."""
    from grader.foreign.executor import ForeignExecutor  # not where workers are only asked for

    # nothing is kept warm in the second, so nothing needs to be closed
    for_kernels = open_sandbox(kit.kernels_view) if kit.kernels else None
    executor = ForeignExecutor(kit, open_sandbox(kit.view), for_kernels)
    return executor, executor.close

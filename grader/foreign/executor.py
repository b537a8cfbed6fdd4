"""Execute one notebook of a course of nbgrader's: its cells in the sandbox, each test in its place.

A test that was placed apart and asks for more than plain data with this learner's answer is no
zero: the notebook is executed again, in a process of its own, with that test beside (and with
it those that share names with it), and the run says so.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from grader.errors import LinkError
from grader.execution.execute import as_nbgrader_executes
from grader.foreign.kernel_run import KernelPass
from grader.foreign.kit import ForeignKit, ForeignScript
from grader.foreign.placing import Plan, Step
from grader.foreign.session import NotCarried, Session, Verdict, verdict_of_value
from grader.foreign.verdicts import result_of
from grader.link.learner import LinkedLearner
from grader.records import CellRun, Limits, Role, Run, ScriptCell, TestResult
from grader.sandbox.base import Sandbox

__all__ = ["ForeignExecutor"]


class ForeignExecutor:
    """Executes notebooks, one after another, in one test process."""

    def __init__(
        self, kit: ForeignKit, sandbox: Sandbox, for_kernels: Sandbox | None = None
    ) -> None:
        self._kit = kit
        self._sandbox = sandbox
        self._for_kernels = for_kernels or sandbox
        self._folder = tempfile.TemporaryDirectory(prefix="tests-")
        _link_files(self._folder.name, kit.view.files)

    def close(self) -> None:
        """End what was kept warm, and remove the folder in which tests run."""
        self._sandbox.close()
        self._folder.cleanup()

    def execute(self, script: ForeignScript) -> Run:
        """The run of one notebook; a fault of the grader's is the run's, never a zero."""
        started = time.perf_counter()
        about = (script.assignment, script.learner)
        try:
            with as_nbgrader_executes(), _at_home(self._folder.name):
                cells, tests, notes, objects = self._until_carried(script)
        except Exception as error:  # noqa: BLE001 - a fault is a record, so that the batch goes on
            return Run(*about, (), fault=f"{type(error).__name__}: {error}")
        seconds = time.perf_counter() - started
        return Run(*about, tests, cells, seconds=seconds, notes=notes, objects=objects)

    def _until_carried(self, script: ForeignScript) -> tuple[Any, Any, tuple[str, ...], Any]:
        plan = script.plan or self._kit.plans[script.notebook]
        notes: list[str] = []
        if script.of_the_author:  # learners need not hear it
            notes += _slow_starts(getattr(self._sandbox, "left_out", ()))
        while True:
            found = self._once(script, plan)
            if not found.refused:
                # a kernel's run has none
                met = getattr(found, "objects", {}) if script.of_the_author else {}
                objects = tuple(met.items())
                return tuple(found.cells), tuple(found.tests), (*notes, *found.notes), objects
            for name, why in found.refused.items():
                notes.append(f"`{name}` ran beside for this answer: {why}")
            plan = plan.moved_beside(found.refused)

    def _once(self, script: ForeignScript, plan: Plan) -> _Pass | KernelPass:
        kernel = self._kit.kernels.get(script.notebook)
        sandbox = self._sandbox if kernel is None else self._for_kernels
        process = sandbox.start(self._kit.limits)
        try:
            learner = LinkedLearner(process, self._kit.limits)
            kept = sorted(self._kit.kept)
            args = [sandbox.files, dict(script.files), kept]
            learner.probe(_FURNISH, "furnish", args, {})
            once = (
                _Pass(plan, learner, self._kit.limits)
                if kernel is None
                else KernelPass(plan, kernel, learner)
            )
            for cell in script.cells:
                once.run(cell)
                if once.refused:
                    break
            return once
        except LinkError as error:  # before any cell of the learner's
            raise RuntimeError(f"the learner's process did not begin: {error}") from error
        finally:
            process.kill()


class _Pass:
    """One execution of one notebook."""

    def __init__(self, plan: Plan, learner: LinkedLearner, limits: Limits) -> None:
        self._plan = plan
        self._learner = learner
        self._own = sorted(frozenset().union(*(step.forgets for step in plan.steps)))
        self._session = Session(learner, limits.cell_seconds, self._own)
        self._done = 0  # how far in the author's order the test process is
        self.cells: list[CellRun] = []
        self.tests: list[TestResult] = []
        self.refused: dict[str, str] = {}
        self.objects: dict[str, frozenset[str]] = {}
        self.notes: list[str] = []

    def run(self, cell: ScriptCell) -> None:
        """Run the next cell of the learner's notebook."""
        if cell.role is Role.TEST:
            self._test(cell)
            return
        try:
            self.cells.append(self._learner.run(cell.name, cell.source))
        except LinkError as error:
            self.cells.append(CellRun(cell.name, error=str(error)))

    def _test(self, cell: ScriptCell) -> None:
        step = self._catch_up(cell.name)
        prints = ""
        try:
            if step.apart:
                verdict = self._apart(step)
            else:
                verdict, prints = self._beside(step)
        except NotCarried as error:
            self.refused[cell.name] = str(error)
            return
        except LinkError as error:
            verdict = Verdict(False, str(error))
        self.tests.append(result_of(cell, step, verdict, prints))
        self.objects[cell.name] = verdict.objects

    def _catch_up(self, name: str) -> Step:
        """Bring the test process to where the author has this test."""
        steps = self._plan.steps
        here = next(i for i, step in enumerate(steps) if step.name == name)
        for step in steps[self._done : here]:
            if step.role is not Role.TEST:
                for statement in self._session.prepare(step):
                    self.notes.append(f"stopped: {statement}")
        self._done = max(self._done, here)
        return steps[here]

    def _apart(self, step: Step) -> Verdict:
        imports = [text for text in step.defines if text.startswith(("import ", "from "))]
        if imports:  # an answer may lean on them, as it does in one process
            self._learner.test("\n".join(imports), (), self._own)
        return self._session.run_apart(step)

    def _beside(self, step: Step) -> tuple[Verdict, str]:
        self._session.define(step)
        reply = self._learner.test(step.code, step.needs, self._own)
        if reply.error is not None:
            lines = getattr(reply.error, "lines", "")
            return Verdict(False, f"{reply.error}\n{lines}".rstrip()), reply.prints
        return verdict_of_value(reply.value if step.valued else None), reply.prints


def _slow_starts(modules: Iterable[str]) -> Iterator[str]:
    for name in modules:
        yield (
            f"`{name}` starts a thread when it is imported, so it is imported again for each "
            "learner, which takes its time"
        )


def _link_files(folder: str, files: Path | None) -> None:
    for each in files.iterdir() if files else ():
        Path(folder, each.name).symlink_to(each)


@contextmanager
def _at_home(folder: str) -> Iterator[None]:
    """Be where the assignment's files are, and find its modules, as a kernel would."""
    with contextlib.chdir(folder):
        sys.path.insert(0, folder)
        try:
            yield
        finally:
            sys.path.remove(folder)


# In the learner's process: a folder to work in, with the assignment's files, which can be read
# and not written, and with those that were handed in.
_FURNISH = """
def furnish(files, own, kept):
    import os, sys
    os.makedirs("work", exist_ok=True)
    os.chdir("work")
    for name, data in own.items():
        if os.path.dirname(name):
            os.makedirs(os.path.dirname(name), exist_ok=True)
        with open(name, "wb") as file:
            file.write(data)
    for folder, _, names in os.walk(files) if files else ():
        inside = os.path.relpath(folder, files)
        os.makedirs(inside, exist_ok=True)
        for name in names:
            place = os.path.normpath(os.path.join(inside, name))
            if os.path.lexists(place):
                if place in kept:
                    continue
                os.remove(place)
            os.symlink(os.path.join(folder, name), place)
    sys.path.insert(0, os.getcwd())
"""

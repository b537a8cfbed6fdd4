"""Execute one script: the learner's cells in a sandbox, the tests in this process."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Iterator

from grader.errors import LinkError
from grader.execution.kit import Kit
from grader.execution.naming import MistakeNamer
from grader.execution.shortcuts import without_marks
from grader.link.learner import Learner, LinkedLearner
from grader.link.session import TestSession
from grader.records import CellRun, Outcome, Role, Run, Script, TestResult
from grader.sandbox.base import Sandbox

__all__ = ["Executor", "Executors", "as_nbgrader_executes", "execute"]


class Executor:
    """Executes the scripts of one assignment, one after another, in one test process."""

    def __init__(self, kit: Kit, sandbox: Sandbox) -> None:
        self._kit = kit
        self._sandbox = sandbox
        self._namer = MistakeNamer(kit)

    def execute(self, script: Script) -> Run:
        """Execute one script in a learner's process of its own.

        The author's mistakes (a setup cell that raises) and the grader's come back as the
        `fault` of the run, never as a learner's zero.
        """
        started = time.perf_counter()
        try:
            with as_nbgrader_executes():
                cells, tests = self._execute(script)
        except Exception as error:  # noqa: BLE001 - a fault is a record, so that the batch goes on
            fault = f"{type(error).__name__}: {error}"
            return Run(script.assignment, script.learner, (), fault=fault)
        seconds = time.perf_counter() - started
        return Run(script.assignment, script.learner, tests, cells, seconds=seconds)

    def _execute(self, script: Script) -> tuple[tuple[CellRun, ...], tuple[TestResult, ...]]:
        process = self._sandbox.start(self._kit.limits, self._kit.withheld)
        try:
            learner = LinkedLearner(process, self._kit.limits)
            cells, tests, session = execute(script, learner, self._kit.limits.cell_seconds)
        finally:
            process.kill()
        named = self._namer.name(tests, session.exchanges)
        # last: what a shortcut earned or lost is no mistake that has a name
        return cells, without_marks(named, learner.shortcuts_met())


class Executors:
    """Executes the scripts of several assignments, one after another, in one test process."""

    def __init__(self, kits: Iterable[Kit], sandbox: Sandbox) -> None:
        self._executors = {kit.assignment: Executor(kit, sandbox) for kit in kits}

    def execute(self, script: Script) -> Run:
        """Execute one script with the kit of its assignment; see `Executor.execute`."""
        return self._executors[script.assignment].execute(script)


def execute(
    script: Script, learner: Learner, cell_seconds: float
) -> tuple[tuple[CellRun, ...], tuple[TestResult, ...], TestSession]:
    """Run a script's cells in order; returns what the cells did, the results, the session."""
    # a test asks several questions, each of which may take as long as a cell
    session = TestSession(learner, 3 * cell_seconds)
    if script.shortcuts:
        with contextlib.suppress(LinkError):  # it is gone, and every later question says so
            learner.watch(script.shortcuts)
    cells: list[CellRun] = []
    tests: list[TestResult] = []
    for cell in script.cells:
        if cell.role is Role.TEST:
            tests.append(session.run_test(cell))
            if script.until_failure and tests[-1].outcome is not Outcome.PASSED:
                break
            continue
        if cell.role is Role.SETUP:
            session.run_setup(cell)
        try:
            cells.append(learner.run(cell.name, cell.source))
        except LinkError as error:
            cells.append(CellRun(cell.name, error=str(error)))
    return tuple(cells), tuple(tests), session


@contextlib.contextmanager
def as_nbgrader_executes() -> Iterator[None]:
    """Set what nbgrader sets while it grades; `course.testing.exercise` looks at it."""
    before = os.environ.get("NBGRADER_EXECUTION")
    os.environ["NBGRADER_EXECUTION"] = "autograde"
    try:
        yield
    finally:
        if before is None:
            del os.environ["NBGRADER_EXECUTION"]
        else:
            os.environ["NBGRADER_EXECUTION"] = before

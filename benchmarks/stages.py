"""Where the time goes: each stage of grading alone, called as the grader calls it.

Wall clock, and CPU seconds of the process that does the stage. A learner's process tells its
own CPU seconds; the time that the kernel spends on its namespaces before it is born, and on
taking them down, is in the wall clock of its stage alone.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.cohort import MIXED, cohort_of
from benchmarks.courses import ASSIGNMENT, REPOSITORY, OurCourse
from benchmarks.report import Table
from benchmarks.watch import run_watched
from grader.execution.execute import execute
from grader.execution.naming import MistakeNamer
from grader.execution.starting import PRELOADED
from grader.execution.store import keep_run
from grader.gradebook import GradebookWriter
from grader.link.learner import LinkedLearner
from grader.records import CellRun, Outcome, Role, Run, Script, TestResult
from grader.sandbox import Sandbox, choose_sandbox
from grader.workbench import Workbench, open_current_workbench

__all__ = ["measure_stages"]

_ASK = "import time\nprint(time.process_time())"


@dataclass
class Clock:
    """Adds up wall-clock and CPU seconds by the name of the stage."""

    wall: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    cpu: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what happens inside."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.cpu[name] += time.process_time() - cpu
        self.wall[name] += time.perf_counter() - wall

    def rows(self, per: str, times: int) -> Iterator[tuple[str, ...]]:
        """A row for each stage, divided by how often it was done."""
        for name, wall in self.wall.items():
            yield name, per, f"{wall / times:.3f}", f"{self.cpu[name] / times:.3f}"


def measure_stages(ours: OurCourse, *, size: int) -> Table:
    """The table of stages: once a command, once a worker, and for each submission."""
    cohort = cohort_of(ours.course, ASSIGNMENT, size, MIXED)
    ours.hand_in(cohort)
    ours.reset()
    command, worker, each = Clock(), Clock(), Clock()
    _imports(command, "start the command: import the grader and nbgrader", "grader.grading")
    _imports(command, "start the workers' server: import torch", *PRELOADED)
    before = Path.cwd()
    os.chdir(ours.root)  # nbgrader's transforms look for the course where they are
    try:
        with command.stage("read the release and the mistakes"):
            bench = open_current_workbench(ours.course, ASSIGNMENT)
        with command.stage("try out the sandbox"):
            sandbox = choose_sandbox()
        with closing(sandbox):
            with command.stage(zygote := "start the sandbox's zygote"):
                sandbox.start(bench.kit.limits).kill()
            command.cpu[zygote] += _cpu_seconds_of_children()
            namer = _traces(worker, bench)
            writer = GradebookWriter(ours.course, ASSIGNMENT)
            for handin in cohort:
                _grade(each, bench, sandbox, namer, writer, handin.learner)
    finally:
        os.chdir(before)
    rows = (*command.rows("command", 1), *worker.rows("worker", 1), *each.rows("submission", size))
    return Table(
        f"Where the time goes, mean of {size} submissions, one after another",
        ("stage", "once for each", "seconds", "CPU seconds"),
        rows,
        ("The floor is the row of the learner's cells: what no grader can do without.",),
    )


def _imports(clock: Clock, name: str, *modules: str) -> None:
    lines = [f"import {module}" for module in modules]
    command = [sys.executable, "-c", "\n".join(lines)]
    seen = run_watched(command, REPOSITORY, os.environ, every=0.01)
    clock.wall[name], clock.cpu[name] = seen.seconds, seen.cpu_seconds


def _traces(clock: Clock, bench: Workbench) -> MistakeNamer:
    """Run every known mistake once, as a worker does when the first learner fails a test."""
    everything_failed = [
        TestResult(cell.name, cell.exercise or "", Outcome.FAILED, cell.points)
        for cell in bench.kit.reference.tests
    ]
    # once before: modules that a first use imports, and that the workers' server has imported
    MistakeNamer(bench.kit).name(everything_failed, {})
    namer = MistakeNamer(bench.kit)
    with clock.stage(f"trace the {len(bench.kit.mistakes)} known mistakes"):
        namer.name(everything_failed, {})
    return namer


def _grade(
    clock: Clock,
    bench: Workbench,
    sandbox: Sandbox,
    namer: MistakeNamer,
    writer: GradebookWriter,
    learner: str,
) -> None:
    limits = bench.kit.limits
    with clock.stage("read, rebuild"):
        submission = bench.read(bench.course.submitted_notebook(ASSIGNMENT, learner), learner)
        script = bench.script(bench.rebuild(submission).notebook, learner)
    _learners_cells(clock, bench, sandbox, script)
    with clock.stage("fork a learner's process"):
        process = sandbox.start(limits)
    with clock.stage("cells and tests together, over the link"):
        cells, tests, session = execute(script, LinkedLearner(process, limits), limits.cell_seconds)
    with clock.stage("end the learner's process"):
        process.kill()
    with clock.stage("name the mistakes"):
        tests = namer.name(tests, session.exchanges)
    with clock.stage("keep the run"):
        record = bench.course.run_record(ASSIGNMENT, learner)
        keep_run(record, bench.key(script), Run(ASSIGNMENT, learner, tests, cells))
    with clock.stage("record: nbgrader converts twice and writes the marks"):
        writer.record(learner)


def _learners_cells(clock: Clock, bench: Workbench, sandbox: Sandbox, script: Script) -> None:
    """The floor: the learner's and the author's cells alone, in a warm process."""
    name = "of that: the learner's cells in a warm process (the floor)"
    process = sandbox.start(bench.kit.limits)
    try:
        learner = LinkedLearner(process, bench.kit.limits)
        began = _cpu_seconds(learner.run("clock", _ASK))
        started = time.perf_counter()
        for cell in script.cells:
            if cell.role is not Role.TEST:
                learner.run(cell.name, cell.source)
        clock.wall[name] += time.perf_counter() - started
        clock.cpu[name] += _cpu_seconds(learner.run("clock", _ASK)) - began
    finally:
        process.kill()


def _cpu_seconds_of_children() -> float:
    times = [child.cpu_times() for child in psutil.Process().children(recursive=True)]
    return float(sum(each.user + each.system for each in times))


def _cpu_seconds(run: CellRun) -> float:
    (output,) = run.outputs
    found = re.search(r"[\d.e-]+", str(output["text"]))
    assert found is not None
    return float(found.group())

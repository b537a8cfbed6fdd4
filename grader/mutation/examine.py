"""Run the tests of each exercise against the mutants of its reference answer.

A mutant takes the way of a real submission: the release notebook, rebuilt, in the sandbox.
Only the tests of its own exercise are executed, since no test depends on another's answer
(the audit's mistakes prove it), and none after the first that does not pass.
Option chosen: a short time limit. Many a mutant of a loop never ends, and is as dead after
three seconds as after ten; the limit follows the time that the reference takes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import nbformat

from grader.authoring.build import reference_answers
from grader.authoring.cells import AssignmentSource
from grader.authoring.handin import answered
from grader.authoring.source import read_source
from grader.configuration import Course, did_you_mean
from grader.errors import ReleaseError, SourceError
from grader.execution.batch import default_workers, execute_batch
from grader.execution.kit import Kit
from grader.mutation.equivalents import Equivalent, equivalents_file, load_equivalents
from grader.mutation.mutants import Mutant, mutants_of, plain_text
from grader.mutation.report import Fate, MutationReport, Verdict
from grader.records import Outcome, Role, Run, Script
from grader.workbench import Workbench, open_current_workbench

__all__ = ["examine_mutants"]

_SHORTEST_SECONDS = 3.0  # for a call of a mutant
_PATIENCE = 5  # times what the reference takes for all of an exercise

Progress = Callable[[int, Run | None], None]


@dataclass(frozen=True)
class _Batch:
    """How scripts are executed."""

    sandbox: str
    workers: int

    def execute(self, kit: Kit, scripts: Sequence[Script], tell: Progress) -> list[Run]:
        tell(len(scripts), None)
        runs = []
        for run in execute_batch(kit, scripts, sandbox=self.sandbox, workers=self.workers):
            runs.append(run)
            tell(len(scripts), run)
        return runs


def examine_mutants(
    course: Course,
    assignment_id: str,
    *,
    exercises: Iterable[str] = (),
    sandbox: str = "bubblewrap",
    workers: int = 0,
    on_progress: Progress = lambda total, run: None,
) -> MutationReport:
    """Examine the mutants of some exercises of an assignment as it was last released, or of all.

    Raises:
        SourceError: an exercise is unknown, or the file of the equivalents cannot be read.
        ReleaseError: it is not released, or the reference does not pass the tests.
        SandboxError: the sandbox does not work here.
    """
    started = time.perf_counter()
    bench = open_current_workbench(course, assignment_id)
    source = read_source(course.solution_source(assignment_id))
    chosen = _chosen(source, tuple(exercises))
    known = [
        each
        for each in load_equivalents(equivalents_file(course, assignment_id))
        if each.exercise in chosen or not exercises
    ]
    answers = reference_answers(source)
    mutants = [mutant for name in chosen for mutant in mutants_of(name, answers[name])]
    base = _reference(bench, {name: plain_text(text) for name, text in answers.items()})
    batch = _Batch(sandbox, workers or default_workers())
    kit = replace(bench.kit, mistakes=())  # nobody asks which mistake a mutant looks like
    seconds = _seconds_of_the_reference(kit, [_only(base, name) for name in chosen], batch)
    kit = replace(kit, limits=replace(kit.limits, cell_seconds=_patience(kit, seconds)))
    scripts = [_only(base, each.exercise, each) for each in mutants]
    runs = {run.learner: run for run in batch.execute(kit, scripts, on_progress)}
    verdicts = tuple(_verdict(each, runs[each.id], known) for each in mutants)
    problems = (*_faults(verdicts), *_strays(known, verdicts))
    return MutationReport(assignment_id, verdicts, problems, time.perf_counter() - started)


def _chosen(source: AssignmentSource, wanted: Sequence[str]) -> tuple[str, ...]:
    exercises = [cell.id for cell in source.answers]
    for name in wanted:
        if name not in exercises:
            raise SourceError(
                f"{source.path} has no exercise {name!r}; it has {', '.join(exercises)}."
                f"{did_you_mean(name, exercises)}"
            )
    return tuple(name for name in exercises if name in wanted or not wanted)


def _reference(bench: Workbench, answers: dict[str, str]) -> Script:
    """What the hand-in of a perfect learner asks to be executed."""
    release = nbformat.read(bench.course.release_notebook(bench.assignment.id), as_version=4)
    notebook = answered(release, answers)
    return bench.script_of_handin(notebook, "reference")


def _only(base: Script, exercise: str, mutant: Mutant | None = None) -> Script:
    """The script with the tests of one exercise only, and its answer replaced by a mutant."""
    cells = tuple(
        replace(cell, source=mutant.source)
        if mutant is not None and cell.role is Role.ANSWER and cell.name == exercise
        else cell
        for cell in base.cells
        if cell.role is not Role.TEST or cell.exercise == exercise
    )
    name = exercise if mutant is None else mutant.id
    return replace(base, learner=name, cells=cells, until_failure=True)


def _seconds_of_the_reference(kit: Kit, scripts: Sequence[Script], batch: _Batch) -> float:
    """What the slowest exercise takes. Each runs twice: a first run has to wait for the sandbox."""
    seconds: dict[str, float] = {}
    for run in batch.execute(kit, [*scripts, *scripts], lambda total, run: None):
        if run.outcome is not Outcome.PASSED:
            seen = [test.name for test in run.tests if test.outcome is not Outcome.PASSED]
            raise ReleaseError(
                f"the reference answer to {run.learner} does not pass ({run.fault or seen[0]}), so "
                f"that mutants would tell nothing; run: grader audit {run.assignment}"
            )
        seconds[run.learner] = min(run.seconds, seconds.get(run.learner, run.seconds))
    return max(seconds.values(), default=0.0)


def _patience(kit: Kit, seconds: float) -> float:
    return min(kit.limits.cell_seconds, max(_SHORTEST_SECONDS, _PATIENCE * seconds))


def _verdict(mutant: Mutant, run: Run, known: Sequence[Equivalent]) -> Verdict:
    if run.fault is not None:
        return Verdict(mutant, Fate.UNKNOWN, run.fault)
    for test in run.tests:
        if test.outcome is not Outcome.PASSED:
            return Verdict(mutant, Fate.KILLED, test.name)
    for each in known:
        if each.id == mutant.id:
            return Verdict(mutant, Fate.EQUIVALENT, each.reason)
    return Verdict(mutant, Fate.SURVIVED)


def _faults(verdicts: Iterable[Verdict]) -> list[str]:
    return [
        f"{each.mutant.id} could not be run: {each.by}"
        for each in verdicts
        if each.fate is Fate.UNKNOWN
    ]


def _strays(known: Sequence[Equivalent], verdicts: Sequence[Verdict]) -> list[str]:
    """What is wrong with the equivalents: those that are no mutants, and those that are killed."""
    fates = {verdict.mutant.id: verdict for verdict in verdicts}
    problems = []
    for each in known:
        verdict = fates.get(each.id)
        if verdict is None:
            problems.append(
                f"the equivalent {each.id} is no mutant of {each.exercise} (any more): "
                "look at the survivors again, and take it out"
            )
        elif verdict.fate is Fate.KILLED:
            problems.append(
                f"the equivalent {each.id} is killed by {verdict.by}: it is none, take it out"
            )
    return problems

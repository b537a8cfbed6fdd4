"""Grade a cohort: execute what is new, side by side; record it, one learner at a time.

Guarantees: a learner whose notebook, release and known mistakes are unchanged is neither
executed nor recorded again, so marks given by hand stay as they are; a fault that
concerns one learner is reported with that learner, and the batch goes on to the last.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass

from grader.configuration import Course, did_you_mean
from grader.errors import GradebookError, GraderError
from grader.execution.batch import default_workers, execute_batch
from grader.execution.store import find_run, keep_run
from grader.gradebook import GradebookWriter, Marks, read_marks
from grader.records import Outcome, Run, Script
from grader.workbench import Workbench, open_current_workbench, refused_run

__all__ = ["Graded", "GradingOptions", "Progress", "grade"]


@dataclass(frozen=True)
class Graded:
    """One learner's line in the report."""

    learner: str
    run: Run
    marks: Marks | None
    fresh: bool

    @property
    def outcome(self) -> Outcome:
        """See `Run.outcome`."""
        return self.run.outcome


@dataclass(frozen=True)
class GradingOptions:
    """How to grade. `again` executes and records what is unchanged as well."""

    sandbox: str = "bubblewrap"
    workers: int = 0
    again: bool = False


# told before anything is executed how many there are, and then of each one as it is recorded
Progress = Callable[[int, Run | None], None]


def grade(
    course: Course,
    assignment_id: str,
    learners: Sequence[str] = (),
    *,
    options: GradingOptions | None = None,
    on_progress: Progress = lambda total, run: None,
) -> tuple[Graded, ...]:
    """Grade the submissions of `learners` (of everyone, when empty) for one assignment.

    Raises:
        UnknownAssignment, ReleaseError: see `open_current_workbench`.
        GraderError: nothing was handed in, or not by the learners that were named.
        SandboxError: learners' code cannot be confined here; nothing was executed.
    """
    options = options or GradingOptions()
    bench = open_current_workbench(course, assignment_id)
    names = _chosen(course.learners(assignment_id), learners, assignment_id)
    scripts = {name: _script(bench, name) for name in names}
    known = {} if options.again else dict(_unchanged(bench, scripts.values()))
    todo = [script for name, script in scripts.items() if name not in known]
    on_progress(len(todo), None)
    fresh: dict[str, Run] = {}
    writer = GradebookWriter(course, assignment_id)
    with closing(_runs(bench, todo, options)) as runs:  # which stops the workers, come what may
        for run in runs:
            fresh[run.learner] = _record(bench, writer, scripts[run.learner], run)
            on_progress(len(todo), fresh[run.learner])
    marks = read_marks(course, assignment_id)
    return tuple(
        Graded(name, fresh.get(name) or known[name], marks.get(name), name in fresh)
        for name in names
    )


def _chosen(handed_in: Sequence[str], wanted: Sequence[str], assignment_id: str) -> Sequence[str]:
    if not handed_in:
        raise GraderError(
            f"nobody has handed in {assignment_id}: there is no folder "
            f"var/submitted/LEARNER/{assignment_id}. Collect submissions first "
            "(nbgrader collect), or run: grader demo"
        )
    for name in wanted:
        if name not in handed_in:
            raise GraderError(
                f"{name!r} has not handed in {assignment_id}.{did_you_mean(name, handed_in)}"
            )
    return sorted(set(wanted)) if wanted else handed_in


def _script(bench: Workbench, learner: str) -> tuple[Script, str | None]:
    """The learner's script, and why their file could not be read, if so."""
    path = bench.course.submitted_notebook(bench.assignment.id, learner)
    submission = bench.read(path, learner)
    return bench.script(bench.rebuild(submission).notebook, learner), submission.refusal


def _unchanged(
    bench: Workbench, scripts: Iterable[tuple[Script, str | None]]
) -> Iterable[tuple[str, Run]]:
    """Those whose run, graded notebook and marks are all there and up to date."""
    marks = read_marks(bench.course, bench.assignment.id)
    for script, refusal in scripts:
        name = script.learner
        record = bench.course.run_record(bench.assignment.id, name)
        run = find_run(record, bench.key(script), recorded=True)
        graded = bench.course.autograded_notebook(bench.assignment.id, name).exists()
        if run is not None and run.refusal == refusal and graded and name in marks:
            yield name, run


def _runs(
    bench: Workbench, todo: Sequence[tuple[Script, str | None]], options: GradingOptions
) -> Generator[Run, None, None]:
    readable = [script for script, refusal in todo if refusal is None]
    for script, refusal in todo:
        if refusal is not None:
            yield refused_run(script, refusal)
    if readable:
        workers = options.workers or default_workers()
        yield from execute_batch(bench.kit, readable, sandbox=options.sandbox, workers=workers)


def _record(
    bench: Workbench, writer: GradebookWriter, entry: tuple[Script, str | None], run: Run
) -> Run:
    """Keep a run and have nbgrader collect it; a failure becomes the run's fault."""
    if run.fault is not None:
        return run
    # until nbgrader has recorded it, it does not count, and the next grading tries again
    keep_run(bench.course.run_record(bench.assignment.id, run.learner), bench.key(entry[0]), run)
    try:
        writer.record(run.learner)
    except GradebookError as error:
        return Run(run.assignment, run.learner, run.tests, fault=str(error))
    return run

"""Grade a cohort: execute what is new, side by side; record it, one learner at a time.

Guarantees: a learner whose notebook, release and known mistakes are unchanged is neither
executed nor recorded again, so marks given by hand stay as they are; a fault that
concerns one learner is reported with that learner, and the batch goes on to the last.
Where submissions were collected, the attempt that counts is graded. Nobody else collects or
grades the assignment meanwhile.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from grader.choosing import choose_attempts
from grader.configuration import Course, did_you_mean
from grader.errors import GradebookError, GraderError
from grader.exchange.due_date import record_due_date
from grader.exchange.lock import locked
from grader.exchange.submitted import Standing
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


Entry = tuple[Script, str | None]  # a script, and why the file could not be read, if so

_LONGEST_NOTE = 1000  # bytes of a timestamp or a secret

# told before anything is executed how many there are, and then of each one as it is recorded
Progress = Callable[[int, Run | None], None]


def grade(
    course: Course,
    assignment_id: str,
    learners: Sequence[str] = (),
    *,
    options: GradingOptions | None = None,
    on_progress: Progress = lambda total, run: None,
    on_wait: Callable[[str], None] = lambda message: None,
) -> tuple[Graded, ...]:
    """Grade the submissions of `learners` (of everyone, when empty) for one assignment.

    Raises:
        UnknownAssignment, ReleaseError: see `open_current_workbench`.
        GraderError: nothing was handed in, or not by the learners that were named.
        ExchangeError: somebody else grades or collects the assignment, and does not end.
        SandboxError: learners' code cannot be confined here; nothing was executed.
    """
    options = options or GradingOptions()
    bench = open_current_workbench(course, assignment_id)
    with locked(course, assignment_id, f"grader grade {assignment_id}", on_wait=on_wait):
        record_due_date(course, assignment_id)
        return _Batch(bench, options, on_progress).grade(learners)


class _Batch:
    """The grading of one assignment, while nobody else is at it."""

    def __init__(self, bench: Workbench, options: GradingOptions, on_progress: Progress) -> None:
        self._bench = bench
        self._options = options
        self._on_progress = on_progress
        self._seen = 0  # attempts that were executed to find the best

    def grade(self, learners: Sequence[str]) -> tuple[Graded, ...]:
        """See the function `grade`."""
        bench, name = self._bench, self._bench.assignment.id
        standings = choose_attempts(bench, self._execute, self._count, learners)
        names = _chosen(bench.course.learners(name), learners, name)
        blocked = _blocked(standings, names, name)
        scripts = {each: _script(bench, each) for each in names if each not in blocked}
        known = {} if self._options.again else dict(_unchanged(bench, scripts.values()))
        todo = [script for each, script in scripts.items() if each not in known]
        fresh = self._grade(todo, scripts, standings)
        marks = read_marks(bench.course, name)
        runs = known | fresh | blocked
        return tuple(
            Graded(each, runs[each], marks.get(each), each in fresh or each in blocked)
            for each in names
        )

    def _grade(
        self,
        todo: Sequence[Entry],
        scripts: Mapping[str, Entry],
        standings: Mapping[str, Standing],
    ) -> dict[str, Run]:
        total = self._seen + len(todo)
        self._on_progress(total, None)
        fresh: dict[str, Run] = {}
        writer = GradebookWriter(self._bench.course, self._bench.assignment.id)
        with closing(self._runs(todo, standings)) as runs:  # stops the workers, come what may
            for run in runs:
                entry = scripts[run.learner]
                fresh[run.learner] = _record(self._bench, writer, entry, run)
                _keep_beside(self._bench, standings.get(run.learner), entry, run)
                self._on_progress(total, fresh[run.learner])
        return fresh

    def _runs(
        self, todo: Sequence[Entry], standings: Mapping[str, Standing]
    ) -> Generator[Run, None, None]:
        readable = []
        for script, refusal in todo:
            if refusal is not None:
                yield refused_run(script, refusal)
            elif (run := self._run_of_attempt(script, standings.get(script.learner))) is not None:
                yield run
            else:
                readable.append(script)
        if readable:
            yield from self._execute(readable)

    def _run_of_attempt(self, script: Script, standing: Standing | None) -> Run | None:
        """The run that was made when the best attempt was looked for."""
        if self._options.again or standing is None or standing.counts is None:
            return None
        return find_run(standing.counts.run_record, self._bench.key(script))

    def _execute(self, scripts: Sequence[Script]) -> Generator[Run, None, None]:
        workers = self._options.workers or default_workers()
        yield from execute_batch(
            self._bench.kit, scripts, sandbox=self._options.sandbox, workers=workers
        )

    def _count(self, total: int, run: Run | None) -> None:
        self._seen = total
        self._on_progress(total, run)


def _chosen(handed_in: Sequence[str], wanted: Sequence[str], assignment_id: str) -> Sequence[str]:
    if not handed_in:
        raise GraderError(
            f"nobody has handed in {assignment_id}: there is no folder "
            f"var/submitted/LEARNER/{assignment_id}. Collect submissions first "
            f"(grader collect {assignment_id}), or run: grader demo"
        )
    for name in wanted:
        if name not in handed_in:
            raise GraderError(
                f"{name!r} has not handed in {assignment_id}.{did_you_mean(name, handed_in)}"
            )
    return sorted(set(wanted)) if wanted else handed_in


def _blocked(
    standings: Mapping[str, Standing], names: Sequence[str], assignment_id: str
) -> dict[str, Run]:
    """Whose attempt that counts could not be put in its place; what lies there may not count."""
    return {
        each: Run(assignment_id, each, (), fault=standings[each].problem)
        for each in names
        if each in standings and standings[each].problem
    }


def _script(bench: Workbench, learner: str) -> Entry:
    """The learner's script, and why their file could not be read, if so."""
    path = bench.course.submitted_notebook(bench.assignment.id, learner)
    submission = bench.read(path, learner)
    return bench.script(bench.rebuild(submission).notebook, learner), submission.refusal


def _unchanged(bench: Workbench, scripts: Iterable[Entry]) -> Iterable[tuple[str, Run]]:
    """Those whose run, graded notebook and marks are all there and up to date."""
    marks = read_marks(bench.course, bench.assignment.id)
    for script, refusal in scripts:
        name = script.learner
        record = bench.course.run_record(bench.assignment.id, name)
        run = find_run(record, bench.key(script), recorded=True)
        graded = bench.course.autograded_notebook(bench.assignment.id, name).exists()
        same = graded and _same_submission(bench, name)
        if run is not None and run.refusal == refusal and same and name in marks:
            yield name, run


def _same_submission(bench: Workbench, learner: str) -> bool:
    """Whether what was graded came at the same time and by the same folder of the exchange."""
    handed_in = bench.course.submitted(bench.assignment.id, learner)
    graded = bench.course.autograded_notebook(bench.assignment.id, learner).parent
    names = ("timestamp.txt", "submission_secret.txt")
    return all(_text(handed_in / name) == _text(graded / name) for name in names)


def _text(path: Path) -> bytes | None:
    """What is in a small file, if it is one; it may have been put there by anybody."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return None
        with path.open("rb") as file:
            return file.read(_LONGEST_NOTE)
    except OSError:
        return None


def _keep_beside(bench: Workbench, standing: Standing | None, entry: Entry, run: Run) -> None:
    """Keep the run with its attempt, for `grader attempts` and for the next search for the best."""
    if standing is not None and standing.counts is not None and run.fault is None:
        keep_run(standing.counts.run_record, bench.key(entry[0]), run)


def _record(bench: Workbench, writer: GradebookWriter, entry: Entry, run: Run) -> Run:
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

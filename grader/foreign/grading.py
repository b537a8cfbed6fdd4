"""Grade an assignment of a course of nbgrader's: all learners, side by side; then record it.

Guarantees: as in `grader.grading`. What has not changed is neither executed nor recorded
again; what concerns one learner stops no other; the course has afterwards what `nbgrader
autograde` would have left there (autograded/, the gradebook), and nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain

from nbformat import NotebookNode
from nbgrader.api import Gradebook

from grader.configuration import did_you_mean
from grader.errors import GradebookError, GraderError
from grader.execution.batch import default_workers, execute_batch, keep_workers
from grader.execution.store import find_run, keep_run, mark_recorded
from grader.foreign.assignment import ForeignAssignment, open_assignment
from grader.foreign.cells import Notebook
from grader.foreign.handin import files_of, read_notebook
from grader.foreign.kit import ForeignScript, make_foreign_executor
from grader.foreign.place import CourseFolder
from grader.foreign.preloading import workers_import
from grader.foreign.rebuild import rebuild_notebook, script_cells
from grader.foreign.recording import leave_to_a_person, record
from grader.foreign.trial import placed
from grader.gradebook import Marks
from grader.grading import Graded, GradingOptions
from grader.records import Outcome, Run, TestResult

__all__ = [
    "HandedIn",
    "Progress",
    "chosen",
    "execute_all",
    "grade_folder",
    "hand_in",
    "read_marks_of",
]

Progress = Callable[[int, Run | None], None]


@dataclass(frozen=True)
class HandedIn:
    """One notebook of one learner, rebuilt; or why it cannot be read."""

    notebook: str
    rebuilt: NotebookNode | None
    script: ForeignScript
    refusal: str | None = None


def grade_folder(
    course: CourseFolder,
    assignment_id: str,
    learners: Sequence[str] = (),
    *,
    options: GradingOptions | None = None,
    on_progress: Progress = lambda total, run: None,
) -> tuple[Graded, ...]:
    """Grade the submissions of `learners` (of everyone, when empty) for one assignment.

    Raises:
        GraderError: see `open_assignment`, `placed`; or nothing was handed in.
    """
    options = options or GradingOptions()
    with keep_workers():  # from the trial on
        return _graded(course, assignment_id, learners, options, on_progress)


def _graded(
    course: CourseFolder,
    assignment_id: str,
    learners: Sequence[str],
    options: GradingOptions,
    on_progress: Progress,
) -> tuple[Graded, ...]:
    assignment = open_assignment(course, assignment_id)
    names = chosen(course, assignment_id, learners)
    assignment, _ = placed(assignment, sandbox=options.sandbox, workers=options.workers)
    cohort = _Cohort(assignment, names, again=options.again)
    done: dict[str, Run] = {}
    with closing(execute_all(assignment, cohort.read(on_progress), options)) as finished:
        for learner, notebook, run in finished:
            runs = cohort.runs[learner]
            runs[notebook] = run
            on_progress(cohort.to_execute, run)
            if len(runs) == len(cohort.handed[learner]):
                done[learner] = _record(assignment, learner, cohort.handed[learner], runs)
    known = cohort.known
    for name in names:
        if name not in known and name not in done:
            done[name] = _record(assignment, name, cohort.handed[name], cohort.runs[name])
    marks = read_marks_of(course, assignment_id)
    return tuple(
        Graded(name, done.get(name) or known[name], marks.get(name), name in done) for name in names
    )


def execute_all(
    assignment: ForeignAssignment, handed: Iterable[HandedIn], options: GradingOptions
) -> Generator[tuple[str, str, Run], None, None]:
    """The run of each notebook that can be read: learner, notebook, run; as they finish."""
    both: dict[str, ForeignScript] = {}
    plans = assignment.kit.plans

    def renamed() -> Iterator[ForeignScript]:
        for script in (each.script for each in handed if each.refusal is None):
            # a run comes back with its learner's name alone, so here that says the notebook too
            key = f"{script.learner}\n{script.notebook}"
            both[key] = script
            yield replace(script, learner=key, plan=plans[script.notebook])

    scripts = renamed()
    first = next(scripts, None)
    if first is None:
        return
    for run in execute_batch(
        assignment.workers_kit,
        chain([first], scripts),
        sandbox=options.sandbox,
        workers=options.workers or default_workers(),
        make=make_foreign_executor,
        preload=workers_import(assignment.workers_kit.view.preload),
        view=assignment.workers_kit.shared_view,
    ):
        script = both[run.learner]
        yield script.learner, script.notebook, replace(run, learner=script.learner)


def hand_in(
    assignment: ForeignAssignment,
    notebook: Notebook,
    learner: str,
    submitted: NotebookNode,
    files: tuple[tuple[str, bytes], ...] = (),
) -> HandedIn:
    """A notebook at hand, ready for `execute_all`."""
    rebuilt, _ = rebuild_notebook(notebook, submitted)
    cells = script_cells(notebook, rebuilt)
    texts = hashlib.sha256(repr([c.source for c in rebuilt.cells]).encode()).hexdigest()
    script = ForeignScript(
        assignment.id, learner, cells, texts, notebook=notebook.name, files=files
    )
    return HandedIn(notebook.name, rebuilt, script)


def read_marks_of(course: CourseFolder, assignment_id: str) -> Mapping[str, Marks]:
    """The marks of everyone whose submission is in the gradebook."""
    with Gradebook(course.db_url, course.id) as gradebook:
        return {
            entry.student.id: Marks(entry.score, entry.max_score, entry.needs_manual_grade)
            for entry in gradebook.assignment_submissions(assignment_id)
        }


def chosen(course: CourseFolder, assignment_id: str, wanted: Sequence[str]) -> Sequence[str]:
    """Those who are wanted (everyone, when empty), who must have handed in.

    Raises:
        GraderError: somebody has not, or nobody has.
    """
    there = course.learners(assignment_id)
    if not there:
        raise GraderError(
            f"nobody has handed in {assignment_id}: there is no folder "
            f"{course.submitted(assignment_id, 'LEARNER')}. Collect submissions first: "
            f"nbgrader collect {assignment_id}"
        )
    for name in wanted:
        if name not in there:
            raise GraderError(
                f"{name!r} has not handed in {assignment_id}.{did_you_mean(name, there)}"
            )
    return sorted(set(wanted)) if wanted else there


def _handed_in(assignment: ForeignAssignment, learner: str) -> tuple[HandedIn, ...]:
    """The notebooks that a learner handed in; one that is not there is nbgrader's zero."""
    folder = assignment.course.submitted(assignment.id, learner)
    files = files_of(assignment, learner)
    found = []
    for notebook in assignment.notebooks:
        if not (folder / f"{notebook.name}.ipynb").exists():
            continue
        submitted, refusal = read_notebook(assignment, learner, notebook.name)
        if submitted is None:
            script = ForeignScript(assignment.id, learner, (), notebook=notebook.name)
            found.append(HandedIn(notebook.name, None, script, refusal))
        else:
            found.append(hand_in(assignment, notebook, learner, submitted, files))
    return tuple(found)


def _key(assignment: ForeignAssignment, handed: HandedIn) -> str:
    plan = assignment.kit.plans[handed.notebook]
    parts = (plan.as_text(), assignment.kit.surroundings(), handed.script, handed.refusal)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


class _Cohort:
    """What learners handed in, and what is known of it, from the moment that it is read."""

    def __init__(self, assignment: ForeignAssignment, names: Sequence[str], *, again: bool) -> None:
        self._assignment = assignment
        self._names = names
        self._marks = {} if again else read_marks_of(assignment.course, assignment.id)
        self.handed: dict[str, tuple[HandedIn, ...]] = {}
        self.known: dict[str, Run] = {}  # of whom nothing has changed since they were recorded
        self.runs: dict[str, dict[str, Run]] = {name: {} for name in names}
        self.to_execute = 0

    def read(self, on_progress: Progress) -> Iterator[HandedIn]:
        """What has to be graded, as soon as it is read."""
        for name in self._names:
            own = self.handed[name] = _handed_in(self._assignment, name)
            if self._is_known(name, own):
                continue
            _refuse(self._assignment, name, own, self.runs[name])
            self.to_execute += sum(each.refusal is None for each in own)
            on_progress(self.to_execute, None)
            yield from own

    def _is_known(self, name: str, own: Sequence[HandedIn]) -> bool:
        if name not in self._marks:
            return False
        course, assignment_id = self._assignment.course, self._assignment.id
        runs = {}
        for each in own:
            path = course.record(assignment_id, name, each.notebook)
            run = find_run(path, _key(self._assignment, each), recorded=True)
            graded = course.autograded(assignment_id, name) / f"{each.notebook}.ipynb"
            if run is not None and graded.exists():
                runs[each.notebook] = run
        if not own or len(runs) < len(own):
            return False
        self.known[name] = _together(assignment_id, name, runs)
        return True


def _refuse(
    assignment: ForeignAssignment,
    learner: str,
    handed: Iterable[HandedIn],
    runs: dict[str, Run],
) -> None:
    for each in handed:
        if each.refusal is not None:
            tests = tuple(
                TestResult(cell.name, "", Outcome.ERRORED, cell.points, rationale=each.refusal)
                for cell in assignment.notebook(each.notebook).tests
            )
            runs[each.notebook] = Run(assignment.id, learner, tests, refusal=each.refusal)


def _record(
    assignment: ForeignAssignment,
    learner: str,
    handed: Sequence[HandedIn],
    runs: Mapping[str, Run],
) -> Run:
    """Let nbgrader record a learner's notebooks; a failure becomes the run's fault."""
    together = _together(assignment.id, learner, runs)
    if together.fault is not None:
        return together
    graded = {
        each.notebook: (each.rebuilt, runs[each.notebook])
        for each in handed
        if each.rebuilt is not None
    }
    paths = {
        each.notebook: assignment.course.record(assignment.id, learner, each.notebook)
        for each in handed
        if each.rebuilt is not None
    }
    for each in handed:
        if each.notebook in paths:
            keep_run(paths[each.notebook], _key(assignment, each), runs[each.notebook])
    try:
        if graded:
            record(assignment.course, assignment.id, learner, graded)
        for each in handed:
            if each.refusal is not None:
                leave_to_a_person(assignment.course, assignment.id, learner, each.notebook)
    except GradebookError as error:
        return replace(together, fault=str(error))
    for path in paths.values():
        mark_recorded(path)
    return together


def _together(assignment_id: str, learner: str, runs: Mapping[str, Run]) -> Run:
    """One run for all notebooks of a learner; a test's name says its notebook where needed."""
    own = list(runs.items())
    several = len(own) > 1
    return Run(
        assignment_id,
        learner,
        tuple(
            replace(test, name=f"{name}/{test.name}") if several else test
            for name, run in own
            for test in run.tests
        ),
        refusal=next((run.refusal for _, run in own if run.refusal), None),
        fault=next((run.fault for _, run in own if run.fault), None),
        seconds=sum(run.seconds for _, run in own),
        notes=tuple(f"{name}: {note}" for name, run in own for note in run.notes),
    )

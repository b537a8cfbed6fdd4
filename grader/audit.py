"""Test the tests: may this assignment be released?

The reference must earn everything, the untouched release nothing, and every known mistake
must lose exactly the tests that it declares and be recognised by its own hint. An answer
that calls the shortcuts which its exercise declares must lose the whole exercise, and
nothing else. All of them take the way of a real submission: the release notebook, rebuilt,
in the sandbox.

Option chosen: several assignments are audited in one batch. To start workers takes as long as
to execute dozens of notebooks, and one assignment's last runs leave processors idle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import nbformat
from nbformat import NotebookNode

from grader.authoring.build import reference_answers
from grader.authoring.handin import answered
from grader.authoring.secrets import find_leaks
from grader.authoring.shortcuts import answer_by_shortcuts, find_shortcut
from grader.authoring.source import AssignmentSource, SourceCell, read_source
from grader.configuration import Course
from grader.execution.batch import default_workers, execute_batch, make_executors
from grader.mistakes import Mistake, check_mistakes
from grader.mutation.equivalents import equivalents_file, load_equivalents
from grader.records import Outcome, Run, Script
from grader.workbench import Workbench, open_current_workbench

__all__ = ["AuditReport", "Finding", "audit", "audit_all"]

_REFERENCE, _RELEASE = "the reference", "the untouched release"


@dataclass(frozen=True)
class Finding:
    """One thing that was examined: what it is, and everything that is wrong with it."""

    subject: str
    problems: tuple[str, ...] = ()
    detail: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


@dataclass(frozen=True)
class AuditReport:
    """Everything that an audit found."""

    assignment: str
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Whether the assignment may be released."""
        return all(finding.holds for finding in self.findings)


def audit(
    course: Course,
    assignment_id: str,
    *,
    sandbox: str = "bubblewrap",
    workers: int = 0,
    on_progress: Callable[[int, Run | None], None] = lambda total, run: None,
) -> AuditReport:
    """Audit one assignment as it was last released.

    Raises:
        SourceError, MistakesError, ReleaseError, SandboxError: it could not be audited.
    """
    [report] = audit_all(
        course, [assignment_id], sandbox=sandbox, workers=workers, on_progress=on_progress
    )
    return report


def audit_all(
    course: Course,
    assignment_ids: Sequence[str],
    *,
    sandbox: str = "bubblewrap",
    workers: int = 0,
    on_progress: Callable[[int, Run | None], None] = lambda total, run: None,
) -> tuple[AuditReport, ...]:
    """Audit assignments as they were last released; the reports in the order of the ids.

    Raises:
        SourceError, MistakesError, ReleaseError, SandboxError: one of them could not be
            audited, and nothing was executed.
    """
    subjects = [_open(course, each) for each in assignment_ids]
    scripts = [script for subject in subjects for script in subject.scripts()]
    on_progress(len(scripts), None)
    runs: dict[str, dict[str, Run]] = {each: {} for each in assignment_ids}
    for run in execute_batch(
        tuple(subject.bench.kit for subject in subjects),
        scripts,
        sandbox=sandbox,
        workers=workers or default_workers(),
        make=make_executors,
    ):
        runs[run.assignment][run.learner] = run
        on_progress(len(scripts), run)
    return tuple(each.report(runs[each.bench.kit.assignment]) for each in subjects)


@dataclass(frozen=True)
class _Subject:
    """An assignment to audit."""

    bench: Workbench
    source: AssignmentSource
    release: NotebookNode

    def scripts(self) -> Iterator[Script]:
        yield from _scripts(self.bench, self.release, reference_answers(self.source))
        yield from _scripts_by_shortcuts(self.bench, self.release, self.source)

    def report(self, runs: Mapping[str, Run]) -> AuditReport:
        kit = self.bench.kit
        findings = [
            _reference_earns_everything(runs[_REFERENCE]),
            _release_is_unattempted(runs[_RELEASE]),
            *(_mistake_is_caught(mistake, runs[mistake.name]) for mistake in kit.mistakes),
            *(_shortcuts_are_refused(cell, runs) for cell in self.source.answers if cell.shortcuts),
            _nothing_leaks(self.bench.course, kit.assignment),
        ]
        return AuditReport(kit.assignment, tuple(findings))


def _open(course: Course, assignment_id: str) -> _Subject:
    bench = open_current_workbench(course, assignment_id)
    source = read_source(course.solution_source(assignment_id))
    check_mistakes(source, bench.kit.mistakes)
    release = nbformat.read(course.release_notebook(assignment_id), as_version=4)
    return _Subject(bench, source, release)


def _scripts(
    bench: Workbench, release: NotebookNode, reference: dict[str, str]
) -> Iterator[Script]:
    written = {
        cell.metadata.nbgrader["grade_id"]: "An answer."
        for cell in release.cells
        if cell.metadata.get("course", {}).get("role") == "written"
    }
    yield bench.script_of_handin(answered(release, reference | written), _REFERENCE)
    yield bench.script_of_handin(release, _RELEASE)
    for mistake in bench.kit.mistakes:
        wrong = reference | {mistake.exercise: mistake.source}
        yield bench.script_of_handin(answered(release, wrong), mistake.name)


def _scripts_by_shortcuts(
    bench: Workbench, release: NotebookNode, source: AssignmentSource
) -> Iterator[Script]:
    """For each exercise that declares shortcuts, the reference with an answer that calls them."""
    reference = reference_answers(source)
    for cell in source.answers:
        if cell.shortcuts and not _missing(cell):
            answer = answer_by_shortcuts(cell.id, reference[cell.id], cell.shortcuts)
            notebook = answered(release, reference | {cell.id: answer})
            yield bench.script_of_handin(notebook, _by_shortcuts(cell))


def _by_shortcuts(cell: SourceCell) -> str:
    return f"{cell.id} by shortcuts"


def _missing(cell: SourceCell) -> list[str]:
    """What is wrong with the names of a cell's shortcuts."""
    wrong = []
    for name in cell.shortcuts:
        try:
            find_shortcut(name)
        except LookupError as error:
            wrong.append(f"the shortcut {name} is not there: {error}")
    return wrong


def _reference_earns_everything(run: Run) -> Finding:
    lost = tuple(
        f"{test.name}: {test.outcome}, {test.rationale}"
        for test in run.tests
        if test.outcome is not Outcome.PASSED
    )
    return Finding(_REFERENCE, _fault(run) + lost, f"{run.earned:g} points in {run.seconds:.1f} s")


def _release_is_unattempted(run: Run) -> Finding:
    wrong = tuple(
        f"{test.name}: {test.outcome}, not unattempted ({test.rationale})"
        for test in run.tests
        if test.outcome is not Outcome.UNATTEMPTED
    )
    return Finding(_RELEASE, _fault(run) + wrong, f"{run.earned:g} points")


def _mistake_is_caught(mistake: Mistake, run: Run) -> Finding:
    failed = {test.name for test in run.tests if test.outcome is not Outcome.PASSED}
    problems = [*_fault(run)]
    problems += [f"does not lose {name}" for name in sorted(mistake.loses - failed)]
    problems += [f"loses {name} too" for name in sorted(failed - mistake.loses)]
    for test in run.tests:
        if test.name in failed & mistake.loses and test.mistake != mistake.name:
            said = f"as {test.mistake}" if test.mistake else "by no hint"
            problems.append(f"{test.name}: is recognised {said} ({test.rationale})")
    detail = f"{mistake.exercise}: {', '.join(sorted(mistake.loses))}"
    return Finding(mistake.name, tuple(problems), detail)


def _shortcuts_are_refused(cell: SourceCell, runs: Mapping[str, Run]) -> Finding:
    subject, run = _by_shortcuts(cell), runs.get(_by_shortcuts(cell))
    if run is None:
        return Finding(subject, tuple(_missing(cell)))
    problems = [*_fault(run)]
    for test in run.tests:
        passed = test.outcome is Outcome.PASSED
        if test.exercise != cell.id:
            problems += [] if passed else [f"loses {test.name} too ({test.rationale})"]
            continue
        problems += [f"does not lose {test.name}"] if passed else []
        problems += [
            f"{test.name}: does not tell of {name}; can it be replaced? ({test.rationale})"
            for name in cell.shortcuts
            if not passed and f"`{name}`" not in test.rationale
        ]
    return Finding(subject, tuple(problems), ", ".join(cell.shortcuts))


def _nothing_leaks(course: Course, assignment_id: str) -> Finding:
    path = course.mistakes_file(assignment_id)
    leaks = find_leaks(
        read_source(course.solution_source(assignment_id)),
        path.read_text(encoding="utf-8") if path.exists() else "",
        (course.root / "assignments", course.root / "course"),
        load_equivalents(equivalents_file(course, assignment_id)),
    )
    return Finding(
        "the wall", tuple(str(leak) for leak in leaks), "no secret in assignments/ or course/"
    )


def _fault(run: Run) -> tuple[str, ...]:
    return () if run.fault is None else (run.fault,)

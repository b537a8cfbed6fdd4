"""One released assignment, with everything at hand that grading it needs.

The steps of the pipeline up to execution live here as plain functions of records, so that
the batch, nbgrader's own command and the formgrader's button all take the same way:

    submitted file -> Submission -> Rebuilt -> Script -> (executed elsewhere) -> Run
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course.link.withhold import Withheld
from grader.authoring.build import is_built
from grader.configuration import Assignment, Course
from grader.errors import ReleaseError
from grader.execution.kit import Kit
from grader.execution.store import run_key
from grader.mistakes import load_mistakes
from grader.rebuild import Rebuilt, pristine_notebook, rebuild, script_of
from grader.records import Outcome, Run, Script, Submission, TestResult
from grader.submissions import read_submission

__all__ = ["Workbench", "make_workbench", "open_current_workbench", "open_workbench", "refused_run"]

NOBODY = "reference"  # the learner's name of scripts that no learner handed in


@dataclass(frozen=True)
class Workbench:
    """A released assignment: its pristine notebook and its kit."""

    course: Course
    assignment: Assignment
    pristine: NotebookNode
    kit: Kit

    def read(self, path: Path, learner: str) -> Submission:
        """The submission in the file `path`."""
        return read_submission(
            path,
            assignment=self.assignment.id,
            learner=learner,
            max_mib=self.assignment.limits.notebook_mib,
            inside=self.course.var / "submitted",
        )

    def rebuild(self, submission: Submission) -> Rebuilt:
        """The submission's answers in a pristine notebook."""
        return rebuild(self.pristine, submission)

    def script(self, notebook: NotebookNode, learner: str) -> Script:
        """What a rebuilt notebook asks to be executed."""
        return script_of(notebook, assignment=self.assignment.id, learner=learner)

    def script_of_handin(self, notebook: NotebookNode, learner: str) -> Script:
        """What a notebook that is at hand, not in a file, asks to be executed."""
        submission = Submission(self.assignment.id, learner, "", notebook)
        return self.script(self.rebuild(submission).notebook, learner)

    def key(self, script: Script) -> str:
        """Under which the run of `script` is kept."""
        return run_key(self.kit, script)


def open_workbench(course: Course, assignment_id: str) -> Workbench:
    """Read the released assignment.

    Raises:
        UnknownAssignment: course.toml does not declare it.
        ReleaseError: it has not been released, or its two notebooks do not belong together.
    """
    course.assignment(assignment_id)
    files = (
        course.source_notebook(assignment_id),
        course.release_notebook(assignment_id),
        course.mistakes_file(assignment_id),
    )
    return _open(course, assignment_id, tuple(map(_version, files)))


def _version(path: Path) -> tuple[int, int] | None:
    """What changes when a file does: so that a batch reads each of them once."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size


@functools.lru_cache(maxsize=4)
def _open(course: Course, assignment_id: str, versions: tuple[object, ...]) -> Workbench:
    assignment = course.assignment(assignment_id)
    source = _read(course.source_notebook(assignment_id), assignment_id)
    return make_workbench(course, assignment, source)


def make_workbench(course: Course, assignment: Assignment, source: NotebookNode) -> Workbench:
    """The workbench of a released assignment, whose source notebook is at hand.

    Raises:
        ReleaseError: it has not been released, or the two notebooks do not belong together.
    """
    assignment_id = assignment.id
    release = _read(course.release_notebook(assignment_id), assignment_id)
    try:
        pristine = pristine_notebook(source, release)
    except KeyError as error:
        raise ReleaseError(
            f"the release of {assignment_id} has the test {error}, which its source does not have; "
            f"run: grader release {assignment_id}"
        ) from None
    kit = Kit(
        assignment_id,
        script_of(source, assignment=assignment_id, learner=NOBODY),
        load_mistakes(course.mistakes_file(assignment_id)),
        assignment.limits,
        Withheld(assignment_id, assignment.withheld),
    )
    return Workbench(course, assignment, pristine, kit)


def open_current_workbench(course: Course, assignment_id: str) -> Workbench:
    """Like `open_workbench`, for the commands: refuse a release that its source has outrun.

    Raises:
        ReleaseError: also when the source was changed after the release.
    """
    bench = open_workbench(course, assignment_id)
    source = course.solution_source(assignment_id)
    if source.exists() and not is_built(course, assignment_id):
        raise ReleaseError(
            f"{source} was changed after the release of {assignment_id}, so its tests are not "
            f"the released ones; run: grader release {assignment_id}"
        )
    return bench


def refused_run(script: Script, refusal: str) -> Run:
    """The run of a submission that could not be read: every test errored, none a plain zero."""
    tests = tuple(
        TestResult(
            name=cell.name,
            exercise=cell.exercise or "",
            outcome=Outcome.ERRORED,
            points=cell.points,
            title=cell.title,
            hidden=cell.hidden,
            rationale="Your submission could not be read; see the top of this page.",
        )
        for cell in script.tests
    )
    return Run(script.assignment, script.learner, tests, refusal=refusal)


def _read(path: Path, assignment_id: str) -> NotebookNode:
    try:
        return nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise ReleaseError(
            f"{assignment_id} is not released on this machine (there is no {path}); "
            f"run: grader release {assignment_id}"
        ) from None

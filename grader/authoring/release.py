"""Hand an assignment out: build it, let nbgrader generate the release, look for leaks.

Guarantees: `assignments/ID/ID.ipynb` is either the new release, byte for byte what
`nbgrader generate_assignment ID --force` writes, or what it was before. A release with a
secret in it is never there, not even for a moment, and never in the gradebook.
Option chosen: nbgrader's own converter, in this process, with the configuration that the
command line reads, into a folder below var/. It runs twice: once without the gradebook, to
see what would be released, and, when that may be seen, once with it.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from nbgrader.converters.base import NbGraderException
from nbgrader.converters.generate_assignment import GenerateAssignment

from grader.authoring.build import build, write_if_changed
from grader.authoring.cells import AssignmentSource
from grader.authoring.secrets import find_leaks
from grader.authoring.source import read_source
from grader.configuration import Course
from grader.converters import captured_log, load_config, make_converter
from grader.errors import ReleaseError
from grader.exchange.due_date import record_due_date
from grader.mutation.equivalents import equivalents_file, load_equivalents

__all__ = ["ReleaseReport", "release"]

_LEAKS_SHOWN = 10


@dataclass(frozen=True)
class ReleaseReport:
    """What was released: the notebook, whether its bytes changed, and what is in it."""

    assignment: str
    notebook: Path
    changed: bool
    exercises: int
    visible_tests: int
    hidden_tests: int
    written: int
    points: float


def release(course: Course, assignment_id: str) -> ReleaseReport:
    """Build and release an assignment; a release that is the same already stays untouched.

    Raises:
        UnknownAssignment: course.toml declares no such assignment.
        SourceError: the source breaks a rule of the format.
        MistakesError: mistakes.py is no Python.
        ReleaseError: nbgrader refused, or a secret would leak.
    """
    build(course, assignment_id)
    source = read_source(course.solution_source(assignment_id))
    with tempfile.TemporaryDirectory(dir=course.var, prefix="release-") as folder:
        stage = Path(folder)
        _generate(course, assignment_id, stage, into_gradebook=False)
        _refuse_leaks(course, source, assignment_id, stage)
        notebook = _generate(course, assignment_id, stage, into_gradebook=True)
        record_due_date(course, assignment_id)
        text = notebook.read_text(encoding="utf-8")
    changed = write_if_changed(course.release_notebook(assignment_id), text)
    return ReleaseReport(
        assignment=assignment_id,
        notebook=course.release_notebook(assignment_id),
        changed=changed,
        exercises=len(source.answers),
        visible_tests=sum(not test.hidden for test in source.tests),
        hidden_tests=sum(test.hidden for test in source.tests),
        written=len(source.written),
        points=source.total_points,
    )


def _refuse_leaks(
    course: Course, source: AssignmentSource, assignment_id: str, stage: Path
) -> None:
    mistakes = course.mistakes_file(assignment_id)
    text = mistakes.read_text(encoding="utf-8") if mistakes.exists() else ""
    # what was released before is about to be replaced: only its neighbours are looked at
    released = course.release_notebook(assignment_id).parent
    others = sorted(
        folder for folder in released.parent.glob("*") if folder.is_dir() and folder != released
    )
    leaks = find_leaks(
        source,
        text,
        [stage, *others, course.root / "course"],
        load_equivalents(equivalents_file(course, assignment_id)),
    )
    if leaks:
        shown = [f"- {leak}" for leak in leaks[:_LEAKS_SHOWN]]
        if len(leaks) > len(shown):
            shown.append(f"- and {len(leaks) - len(shown)} more")
        found = "\n".join(shown).replace(f"{stage}{os.sep}", f"assignments{os.sep}")
        raise ReleaseError(
            f"{assignment_id} was not released, for a secret would be in what learners get:\n"
            f"{found}\nExpected: no hidden test, solution, mistake or hint there. "
            "Reword or remove the lines where they stand, then release again."
        )


def _generate(course: Course, assignment_id: str, stage: Path, *, into_gradebook: bool) -> Path:
    """Let nbgrader generate the assignment into `stage`; return the notebook."""
    config = load_config(course)
    config.CourseDirectory.release_directory = str(stage.relative_to(course.root))
    if not into_gradebook:
        config.SaveCells.enabled = False
        config.GenerateAssignment.no_database = True
    converter = make_converter(GenerateAssignment, config, assignment_id)
    with captured_log(converter) as log:
        try:
            converter.start()
        except NbGraderException as error:
            raise ReleaseError(_refusal(course, assignment_id, log.getvalue())) from error
    return stage / assignment_id / f"{assignment_id}.ipynb"


def _refusal(course: Course, assignment_id: str, log: str) -> str:
    if "there are submissions associated with it" in log:
        return (
            f"{assignment_id} was not released: its graded cells are others than those in "
            f"{course.gradebook}, where submissions of the old ones are kept. Nothing was "
            "changed. Either give the cells the ids that they had, or release the new version "
            "as an assignment with an id of its own, or, if the submissions may go, remove "
            f"them with `nbgrader db assignment remove {assignment_id} --force`."
        )
    return (
        f"{assignment_id} was not released: nbgrader refused. Nothing was changed. "
        f"Its messages:\n{log.strip()}"
    )

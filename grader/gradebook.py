"""nbgrader's gradebook: one writer that records finished runs, and a reader for reports."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde
from nbgrader.utils import parse_utc

from grader.configuration import Course
from grader.converters import load_config, make_converter, start
from grader.errors import GradebookError

__all__ = ["GradebookWriter", "Marks", "enrol", "read_marks"]

_LONGEST_TIMESTAMP = 1000  # bytes


@dataclass(frozen=True)
class Marks:
    """What the gradebook holds for one learner and one assignment."""

    score: float
    max_score: float
    needs_manual_grade: bool


class GradebookWriter:
    """Records one learner after another through nbgrader's Autograde converter."""

    def __init__(self, course: Course, assignment_id: str) -> None:
        self._course = course
        self._assignment = assignment_id
        self._config = load_config(course)

    def record(self, learner: str) -> None:
        """Let nbgrader convert and score one submission, whose run has been kept.

        Raises:
            GradebookError: with nbgrader's own words; other learners are not concerned.
        """
        _check_timestamp(self._course.submitted(self._assignment, learner) / "timestamp.txt")
        converter = make_converter(_Autograde, self._config, self._assignment, learner)
        start(converter)
        self._drop_stale_feedback(learner)

    def _drop_stale_feedback(self, learner: str) -> None:
        # the whole folder: while it is there, nbgrader generate_feedback passes it over
        page = self._course.feedback_page(self._assignment, learner)
        shutil.rmtree(page.parent, ignore_errors=True)


class _Autograde(Autograde):  # type: ignore[misc]
    """Autograde that also takes a submission in which the notebook is missing.

    nbgrader matches files by pattern and passes over a folder without one; the learner
    would hear nothing. Here the expected file is always converted, and refused if need be.
    """

    def init_notebooks(self) -> None:
        """List the one notebook that is expected."""
        name: str = self.coursedir.assignment_id
        folder: str = self._format_source(name, self.coursedir.student_id)
        self.assignments = {folder: [f"{folder}/{name}.ipynb"]}


def read_marks(course: Course, assignment_id: str) -> Mapping[str, Marks]:
    """The marks of everyone whose submission is in the gradebook.

    Raises:
        GradebookError: when there is no gradebook, or the assignment is not in it.
    """
    if not course.gradebook.exists():
        raise GradebookError(
            f"there is no gradebook at {course.gradebook}; run: grader release {assignment_id}"
        )
    with Gradebook(f"sqlite:///{course.gradebook}", course.id) as gradebook:
        try:
            submissions: Any = gradebook.assignment_submissions(assignment_id)
            return {
                entry.student.id: Marks(entry.score, entry.max_score, entry.needs_manual_grade)
                for entry in submissions
            }
        except MissingEntry:
            raise GradebookError(
                f"the gradebook does not know {assignment_id}; run: grader release {assignment_id}"
            ) from None


def enrol(course: Course, learners: Mapping[str, tuple[str, str, str]], *, change: bool) -> int:
    """Put learners into the gradebook, by the names by which people know them.

    Args:
        learners: first name, last name and e-mail address by id.
        change: False only counts.

    Returns:
        How many the gradebook did not have like that. It never loses one.
    """
    if not course.gradebook.exists() and not change:
        return len(learners)
    course.var.mkdir(exist_ok=True)
    with Gradebook(f"sqlite:///{course.gradebook}", course.id) as gradebook:
        known = {
            each.id: (each.first_name, each.last_name, each.email) for each in gradebook.students
        }
        different = {name: told for name, told in learners.items() if known.get(name) != told}
        for name, (first, last, email) in different.items() if change else ():
            gradebook.update_or_create_student(name, first_name=first, last_name=last, email=email)
    return len(different)


def _check_timestamp(path: Path) -> None:
    """Say clearly what nbgrader would stumble over; it comes from the learner's side."""
    if path.is_symlink() or not (path.is_file() or path.is_dir()):
        return  # what is neither a file nor a folder is taken away by `remove_links`
    try:
        text = path.read_bytes()[:_LONGEST_TIMESTAMP].decode("utf-8").strip()
        if text:
            parse_utc(text)
    except (OSError, ValueError, OverflowError) as error:
        raise GradebookError(
            f"its timestamp.txt holds no date and time ({error}). Mend or remove that file, "
            "then grade again"
        ) from error

"""Write feedback in a course of nbgrader's: by nbgrader's own converter and its settings.

What a learner's code showed was reduced to text and bitmaps when it was graded (`recording`),
so no script of a learner's is in a page. Hidden tests are shown as nbgrader shows them, which
is the course's own choice (`GenerateFeedback.preprocessors`).
"""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from nbgrader.converters import GenerateFeedback
from nbgrader.converters.base import NbGraderException

from grader.configuration import did_you_mean
from grader.converters import captured_log, make_converter, why
from grader.errors import GraderError
from grader.foreign.database import check_gradebook
from grader.foreign.place import CourseFolder

__all__ = ["write_feedback_of"]


def write_feedback_of(
    course: CourseFolder, assignment_id: str, learners: Sequence[str] = ()
) -> tuple[Path, ...]:
    """Write the pages of `learners` (of all who are graded, when empty).

    Raises:
        GraderError: nobody is graded yet; or, once all others are written, some could not be.
    """
    check_gradebook(course)
    graded = [n for n in course.learners(assignment_id) if _is_graded(course, assignment_id, n)]
    if not graded:
        raise GraderError(
            f"nothing is graded yet for {assignment_id}; run: grader grade {assignment_id}"
        )
    failed: dict[str, str] = {}
    for name in sorted(set(learners)) if learners else graded:
        if name not in graded:
            failed[name] = f"is not graded yet.{did_you_mean(name, graded)}"
            continue
        converter = make_converter(
            GenerateFeedback, course.config, assignment_id, glob.escape(name)
        )
        with captured_log(converter) as log:
            try:
                converter.start()
            except (NbGraderException, OSError) as error:
                failed[name] = why(log.getvalue(), error)
    if failed:
        lines = "\n".join(f"  {name}: {reason}" for name, reason in failed.items())
        raise GraderError(f"{len(failed)} feedback pages could not be written:\n{lines}")
    done = sorted(set(learners)) if learners else graded
    return tuple(
        page for n in done for page in sorted(course.feedback(assignment_id, n).glob("*.html"))
    )


def _is_graded(course: CourseFolder, assignment_id: str, learner: str) -> bool:
    return any(course.autograded(assignment_id, learner).glob("*.ipynb"))

"""Write the feedback pages of a cohort through nbgrader's own converter.

Guarantees: the pages are what `nbgrader generate_feedback` writes; one that would not
change is not touched, not even its time; a learner whose page cannot be made keeps nobody
else from theirs.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Sequence
from pathlib import Path

from traitlets.config import Config

from grader.configuration import Course, did_you_mean
from grader.converters import captured_log, load_config, make_converter
from grader.errors import GraderError
from grader.transforms.feedback_page import FeedbackConverter

__all__ = ["Progress", "write_feedback"]

# told first how many there are, and then of each learner whose page was seen to
Progress = Callable[[int, str | None], None]


def write_feedback(
    course: Course,
    assignment_id: str,
    learners: Sequence[str] | None = None,
    on_progress: Progress = lambda total, learner: None,
) -> tuple[Path, ...]:
    """Write the pages of `learners` (of all who are graded, when None), in order of name.

    Returns:
        The paths of the pages, changed or not.

    Raises:
        UnknownAssignment: course.toml declares no such assignment.
        GraderError: nobody is graded yet; or, once all others are written, some page could
            not be made, or was asked for a learner who is not graded yet.
    """
    course.assignment(assignment_id)
    graded = _graded(course, assignment_id)
    names = graded if learners is None else sorted(set(learners))
    config = load_config(course)
    failed: dict[str, str] = {}
    on_progress(len(names), None)
    for name in names:
        if name in graded:
            why = _write(config, assignment_id, name)
        else:
            why = f"is not graded yet.{did_you_mean(name, graded)}"
        if why is not None:
            failed[name] = why
        on_progress(len(names), name)
    if failed:
        raise GraderError(_report(failed, len(names), assignment_id))
    return tuple(course.feedback_page(assignment_id, name) for name in names)


def _graded(course: Course, assignment_id: str) -> list[str]:
    places = (course.var / "autograded").glob(f"*/{assignment_id}/{assignment_id}.ipynb")
    graded = sorted(place.parts[-3] for place in places)
    if not graded:
        raise GraderError(
            f"nothing is graded yet for {assignment_id}: there is no "
            f"var/autograded/LEARNER/{assignment_id}/{assignment_id}.ipynb. "
            f"Run: grader grade {assignment_id}"
        )
    return graded


def _write(config: Config, assignment_id: str, learner: str) -> str | None:
    """Write one page; returns why not, in one line, when it could not be made."""
    converter = make_converter(FeedbackConverter, config, assignment_id, glob.escape(learner))
    with captured_log(converter) as log:
        try:
            converter.start()
        except Exception as error:  # noqa: BLE001 - whatever it is, the others get their pages
            return _why(log.getvalue(), error)
    return None


def _why(log: str, error: Exception) -> str:
    """The last line of the traceback that nbgrader logged, or else the error itself."""
    lines = [line for line in log.splitlines() if line and not line.startswith((" ", "ERROR"))]
    raised = [line for line in lines if ": " in line and not line.startswith(("INFO", "WARNING"))]
    return raised[-1] if raised else f"{type(error).__name__}: {error}"


def _report(failed: dict[str, str], total: int, assignment_id: str) -> str:
    lines = "\n".join(f"  {name}: {why}" for name, why in failed.items())
    return (
        f"{len(failed)} of {total} feedback pages of {assignment_id} could not be written, "
        f"the others are:\n{lines}\nGrade these again, then write their feedback: "
        f"grader grade {assignment_id} --again"
    )

"""`grader demo`: release the course, let a cohort hand in, grade it, write feedback."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import nbformat
import typer

from grader.authoring.release import release
from grader.authoring.source import read_source
from grader.commands.console import WorkersOption, console, counted, plainly, run_progress
from grader.commands.grade import show_graded
from grader.configuration import Course, load_course
from grader.demo.cohort import Member, demo_cohort, hand_in
from grader.feedback import write_feedback
from grader.grading import Graded, GradingOptions, grade
from grader.mistakes import load_mistakes
from grader.records import Outcome
from grader.sandbox import SANDBOXES

__all__ = ["demo"]


WhichArgument = Annotated[
    str | None, typer.Argument(metavar="[ID]", help="Whose cohort is graded; else the first's.")
]


@plainly
def demo(assignment: WhichArgument = None, workers: WorkersOption = 0) -> None:
    """Watch a cohort being graded: release, hand in, grade, feedback. Safe to run again.

    All assignments are released; a cohort hands in one of them.
    """
    course = load_course()
    chosen = assignment or course.assignments[0].id
    course.assignment(chosen)
    started = time.perf_counter()
    for each in course.assignments:
        report = release(course, each.id)
        done = "released" if report.changed else "is released, unchanged"
        _say(f"1. {each.id} {done}: {_short(course, report.notebook)}")
    _demo_assignment(course, chosen, workers, started)


def _demo_assignment(course: Course, assignment_id: str, workers: int, started: float) -> None:
    cohort = _cohort(course, assignment_id)
    hand_in(course, assignment_id, cohort)
    _say(f"2. {len(cohort)} learners have handed in: {_short(course, course.var)}/submitted")
    options = GradingOptions(sandbox=_sandbox(), workers=workers)
    learners = [member.learner for member in cohort]
    with run_progress("3. grading") as tell:
        graded = grade(course, assignment_id, learners, options=options, on_progress=tell)
    pages = write_feedback(course, assignment_id, learners)
    _say(f"4. {counted(len(pages), 'feedback page')}: {_short(course, course.var)}/feedback")
    lines = {line.learner: line for line in graded}
    show_graded([lines[name] for name in learners], {m.learner: m.about for m in cohort})
    _say(f"All of it took {time.perf_counter() - started:.0f} seconds.\n")
    _say_what_to_open(course, assignment_id, graded)


def _cohort(course: Course, assignment_id: str) -> tuple[Member, ...]:
    source = read_source(course.solution_source(assignment_id))
    notebook = nbformat.read(course.release_notebook(assignment_id), as_version=4)
    return demo_cohort(source, notebook, load_mistakes(course.mistakes_file(assignment_id)))


def _sandbox() -> str:
    """The demo's notebooks are our own, so that it may go on where there is no sandbox."""
    reason = SANDBOXES["bubblewrap"]().unavailable()
    if reason is None:
        return "bubblewrap"
    _say(f"   No sandbox: {reason}. The demo's own notebooks are run without one.")
    return "none"


def _say_what_to_open(course: Course, assignment_id: str, graded: Sequence[Graded]) -> None:
    named = [line for line in graded if any(test.mistake for test in line.run.tests)]
    failed = [line for line in graded if line.outcome is Outcome.FAILED]
    example = (named or failed or list(graded))[0].learner
    _say("What to open next:")
    _say(f"  a learner's feedback   {_short(course, course.feedback_page(assignment_id, example))}")
    _say(f"  the notebook itself    {_short(course, course.release_notebook(assignment_id))}")
    _say(f"  its tests, tested      .venv/bin/grader audit {assignment_id}")
    _say("  the gradebook          .venv/bin/jupyter lab, then Nbgrader > Formgrader")


def _say(line: str) -> None:
    console.print(line, soft_wrap=True)  # a path must stay in one piece


def _short(course: Course, path: Path) -> Path:
    return path.relative_to(course.root)

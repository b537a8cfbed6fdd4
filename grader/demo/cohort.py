"""Who hands in what in the demo: one learner for each thing that happens to a grader.

Every notebook is made from the real release notebook. The learners' ids begin with
``demo-``, so that a demo in a course that is in use touches nobody's work.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import nbformat
from nbformat import NotebookNode

from grader.authoring.build import reference_answers, write_if_changed
from grader.authoring.cells import SOLUTION, AssignmentSource, inside
from grader.authoring.handin import answered
from grader.configuration import Course
from grader.mistakes import Mistake

__all__ = ["PREFIX", "Member", "demo_cohort", "hand_in"]

PREFIX = "demo-"

_NAMES = (
    "adaeze amina ayo bisi bola chidi chioma dayo ebele efe emeka eno fatima femi funmi gbenga "
    "halima hauwa ibrahim ife ifeoma ikenna ime itoro jide kalu kemi kunle lami lola maryam musa "
    "ngozi nkechi nneka obi odion ola osas rotimi sade sani segun simi tamuno temi tobi uche "
    "udo ugo umar uzo wale yemi yinka yusuf zainab zuma"
).split()


@dataclass(frozen=True)
class Member:
    """One learner of the demo cohort: an id, a note for the table, and the file."""

    learner: str
    about: str
    text: str


def demo_cohort(
    source: AssignmentSource, release: NotebookNode, mistakes: Sequence[Mistake]
) -> tuple[Member, ...]:
    """The cohort for one assignment, always the same for the same assignment."""
    return tuple(
        Member(f"{PREFIX}{_name(number)}", about, text)
        for number, (about, text) in enumerate(_notebooks(source, release, mistakes))
    )


def hand_in(course: Course, assignment_id: str, cohort: Sequence[Member]) -> None:
    """Put the cohort's files where collected submissions lie; unchanged ones stay untouched."""
    ids = {member.learner for member in cohort}
    for learner in course.learners(assignment_id):
        if learner.startswith(PREFIX) and learner not in ids:
            # a member of an earlier demo, whose mistake is no longer in the list
            shutil.rmtree(course.submitted(assignment_id, learner))
    for member in cohort:
        write_if_changed(course.submitted_notebook(assignment_id, member.learner), member.text)


def _name(number: int) -> str:
    round_, position = divmod(number, len(_NAMES))
    return _NAMES[position] + (f"-{round_ + 1}" if round_ else "")


def _notebooks(
    source: AssignmentSource, release: NotebookNode, mistakes: Sequence[Mistake]
) -> Iterator[tuple[str, str]]:
    reference = reference_answers(source)
    written = {cell.id: inside(cell.source, SOLUTION) for cell in source.written}
    names = list(reference)
    half = {name: reference[name] for name in names[: len(names) // 2]}
    yield "the reference answers", _text(answered(release, reference | written))
    yield "the notebook, untouched", _text(release)
    yield "the first half", _text(answered(release, half))
    looping = f"def {names[-1]}(*arguments, **options):\n    while True:\n        pass"
    yield "a loop that never ends", _text(answered(release, reference | {names[-1]: looping}))
    yield "a file that was cut off", _text(answered(release, reference))[:1500]
    for mistake in mistakes:
        wrong = reference | written | {mistake.exercise: mistake.source}
        yield f"mistake: {mistake.name.replace('_', ' ')}", _text(answered(release, wrong))


def _text(notebook: NotebookNode) -> str:
    return str(nbformat.writes(notebook)) + "\n"

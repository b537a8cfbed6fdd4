"""The notebooks of the benchmarks: a cohort as there is one, in any size, always the same.

Of each ten learners three have everything right, two have solved the first exercises only,
four have made one or two known mistakes, and one hands in what was handed out. No two
notebooks are alike: each learner has added a cell of their own.

Left out is what would only measure a time limit, a loop that never ends, or nothing at all,
a file that is no notebook; the demo has both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import nbformat
from nbformat import NotebookNode

from grader.authoring.build import reference_answers
from grader.authoring.cells import SOLUTION, AssignmentSource, inside
from grader.authoring.handin import answered
from grader.authoring.source import read_source
from grader.configuration import Course
from grader.mistakes import Mistake, load_mistakes

__all__ = ["BLANK", "MIXED", "RIGHT", "Handin", "cohort_of", "make_cohort"]

RIGHT = "right"  # earns every mark of the tests
BLANK = "blank"  # unattempted
MIXED = (RIGHT, "mistake", "part", "mistake", RIGHT, BLANK, "mistakes", "part", RIGHT, "mistake")


@dataclass(frozen=True)
class Handin:
    """What one learner hands in."""

    learner: str
    kind: str
    text: str


def cohort_of(
    course: Course, assignment_id: str, size: int, kinds: Sequence[str] = MIXED
) -> tuple[Handin, ...]:
    """A cohort of `size` learners, of these kinds in turn, for a released assignment."""
    return make_cohort(
        read_source(course.solution_source(assignment_id)),
        nbformat.read(course.release_notebook(assignment_id), as_version=4),
        load_mistakes(course.mistakes_file(assignment_id)),
        size,
        kinds,
    )


def make_cohort(
    source: AssignmentSource,
    release: NotebookNode,
    mistakes: Sequence[Mistake],
    size: int,
    kinds: Sequence[str] = MIXED,
) -> tuple[Handin, ...]:
    """See `cohort_of`. Takes the mistakes in turn, so that every exercise gets some."""
    reference = reference_answers(source)
    written = {cell.id: inside(cell.source, SOLUTION) for cell in source.written}
    wrong = _wrong_answers(_dealt(mistakes))
    handins = []
    for number in range(size):
        kind = kinds[number % len(kinds)]
        answers: dict[str, str] = {}
        if kind == "part":
            answers = dict(list(reference.items())[: 1 + number % (len(reference) - 1)])
        elif kind != BLANK:
            answers = reference | written
            for _ in range({"mistake": 1, "mistakes": 2}.get(kind, 0)):
                answers |= next(wrong)
        own = f"# what learner {number} tried first\nattempts = {number}"
        text = str(nbformat.writes(answered(release, answers, [own])))
        handins.append(Handin(f"learner-{number:03}", kind, text))
    return tuple(handins)


def _dealt(mistakes: Sequence[Mistake]) -> list[Mistake]:
    """The mistakes in another order: the first of each exercise, then the second, ..."""
    rows = [list(group) for _, group in groupby(mistakes, key=lambda each: each.exercise)]
    longest = max(map(len, rows), default=0)
    return [row[rank] for rank in range(longest) for row in rows if rank < len(row)]


def _wrong_answers(mistakes: Sequence[Mistake]) -> Iterator[dict[str, str]]:
    while True:
        for mistake in mistakes:
            yield {mistake.exercise: mistake.source}

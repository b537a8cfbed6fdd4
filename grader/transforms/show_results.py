"""Turn a graded notebook into the records of its feedback page.

Guarantees: nothing is taken from the notebook but what the page says; everything of the
learner's is text, or a bitmap whose first bytes say so, and is cut to a length for each
piece and for the page as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from grader.configuration import load_course
from grader.records import Role
from grader.transforms.page import (
    Answer,
    AuthorCode,
    Block,
    Exercise,
    OwnCode,
    Page,
    Prose,
    TestCard,
    Verdict,
    Written,
)
from grader.transforms.portions import Portions
from grader.transforms.sanitize import plain_text

__all__ = ["ShowResults", "page_of"]

_LABELS = {Role.SETUP: "Set-up code", Role.FIGURE: "Code of a figure (not run for grading)"}
LONGEST_NAME = 200
OWN_CELLS = 200
_AUTO_COMMENT = "No response."  # nbgrader's, for an answer that was left as it was


class ShowResults(NbGraderPreprocessor):  # type: ignore[misc]
    """Called by nbgrader's GenerateFeedback converter, last; the exporter sets the page."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Leave the page in `resources`."""
        about = resources["nbgrader"]
        assignment = load_course(Path.cwd()).assignment(about["assignment"])
        resources["feedback"] = page_of(nb, title=assignment.title, about=about)
        return nb, resources


def page_of(nb: NotebookNode, *, title: str, about: dict[str, Any]) -> Page:
    """The page of a graded notebook, of which `about` is what the gradebook says as a whole."""
    reader = _Reader()
    blocks = tuple(block for cell in nb.cells for block in reader.read(cell))
    exercises = tuple(_exercises(blocks))
    course = nb.metadata.get("course", {})
    return Page(
        title=title,
        learner=plain_text(about.get("name") or about["student"], LONGEST_NAME),
        marks=about.get("score", sum(exercise.marks for exercise in exercises)),
        points=about.get("max_score", sum(exercise.points for exercise in exercises)),
        penalty=about.get("late_penalty", 0.0),
        exercises=exercises,
        blocks=blocks,
        refusal=str(course.get("refusal") or ""),
        fault=str(course.get("fault") or ""),
    )


class _Reader:
    """One pass over the cells of a notebook."""

    def __init__(self) -> None:
        self._portions = Portions()
        self._own = 0
        self._causes: dict[tuple[str, str], str] = {}

    def read(self, cell: NotebookNode) -> Iterable[Block]:
        """What one cell becomes; nothing, when there is nothing to show."""
        course = cell.metadata.get("course", {})
        role = course.get("role")
        if _is_own(cell):
            self._own += 1
            if self._own <= OWN_CELLS:
                yield from self._own_cell(cell)
            elif self._own == OWN_CELLS + 1:
                yield Prose("You added more cells; they are not shown here.", own=True)
        elif role == Role.WRITTEN:
            yield self._written(cell)
        elif cell.cell_type == "code":
            yield from self._code(cell, Role(role))
        elif cell.cell_type == "markdown" and cell.source.strip():
            yield Prose(cell.source, attachments=cell.get("attachments", {}))

    def _code(self, cell: NotebookNode, role: Role) -> Iterable[Block]:
        if role is Role.TEST:
            yield self._test(cell)
        elif role is Role.ANSWER:
            yield self._answer(cell)
        elif role in _LABELS:
            yield AuthorCode(_LABELS[role], cell.source)

    def _own_cell(self, cell: NotebookNode) -> Iterable[Block]:
        if not cell.source.strip():
            return
        source = self._portions.of_source(cell.source)
        if cell.cell_type == "code":
            outputs = tuple(self._portions.of_outputs(cell.get("outputs", ())))
            yield OwnCode(source, outputs)
        else:
            pictures = self._portions.of_attachments(cell.get("attachments"))
            yield Prose(source, own=True, attachments=pictures)

    def _answer(self, cell: NotebookNode) -> Answer:
        course, grading = cell.metadata.course, cell.metadata.nbgrader
        return Answer(
            exercise=grading["grade_id"],
            title=course.get("title", grading["grade_id"]),
            source=self._portions.of_source(cell.source),
            attempted=bool(course.get("attempted", True)),
            outputs=tuple(self._portions.of_outputs(cell.get("outputs", ()))),
            comment=_comment(grading),
        )

    def _written(self, cell: NotebookNode) -> Written:
        course, grading = cell.metadata.course, cell.metadata.nbgrader
        attempted = bool(course.get("attempted", True))
        if grading.get("by_hand"):
            verdict = Verdict.MARKED
        else:
            verdict = Verdict.WAITING if attempted else Verdict.UNATTEMPTED
        return Written(
            exercise=grading["grade_id"],
            title=course.get("title", grading["grade_id"]),
            source=self._portions.of_source(cell.source) if attempted else "",
            verdict=verdict,
            marks=float(grading.get("score") or 0.0),
            points=float(grading.get("points", 0.0)),
            comment=_comment(grading),
            attachments=self._portions.of_attachments(cell.get("attachments")),
        )

    def _test(self, cell: NotebookNode) -> TestCard:
        course, grading = cell.metadata.course, cell.metadata.nbgrader
        result = course.get("result", {})
        # without a result, nobody knows: never a zero that looks deserved
        verdict = Verdict(result.get("outcome", Verdict.ERRORED))
        hidden = bool(course.get("hidden"))
        points = float(grading.get("points", course.get("points", 0.0)))
        earned = points if verdict is Verdict.PASSED else 0.0
        marks = earned if grading.get("score") is None else float(grading["score"])
        help_text = str(result.get("help", ""))
        cause = (course.get("exercise", ""), help_text)
        first = self._causes.setdefault(cause, grading["grade_id"]) if help_text else ""
        return TestCard(
            name=grading["grade_id"],
            exercise=course.get("exercise", ""),
            title=course.get("title", grading["grade_id"]),
            verdict=verdict,
            marks=marks,
            points=points,
            hidden=hidden,
            rationale=self._portions.of_text(result.get("rationale", "")),
            help=help_text,
            prints="" if hidden else self._portions.of_text(result.get("prints", "")),
            source="" if hidden else cell.source,
            by_hand=bool(grading.get("by_hand")),
            same_cause_as="" if first == grading["grade_id"] else first,
        )


def _is_own(cell: NotebookNode) -> bool:
    """Whether the learner added this cell; `rebuild` numbers those, authors' cells have names."""
    role = cell.metadata.get("course", {}).get("role")
    added = cell.cell_type != "code" and str(cell.get("id", "")).startswith("extra-")
    return added or role == Role.EXTRA or (cell.cell_type == "code" and role is None)


def _comment(grading: dict[str, Any]) -> str:
    comment = plain_text(grading.get("comment") or "")
    return "" if comment == _AUTO_COMMENT else comment


def _exercises(blocks: tuple[Block, ...]) -> Iterable[Exercise]:
    """One for each answer, in order; a test of an exercise without an answer is its own."""
    tests: dict[str, list[TestCard]] = {}
    for block in blocks:
        if isinstance(block, TestCard):
            tests.setdefault(block.exercise or block.name, []).append(block)
    for block in blocks:
        if isinstance(block, Answer):
            yield _of_tests(block.exercise, block.title, tests.pop(block.exercise, []))
        elif isinstance(block, Written):
            yield Exercise(block.exercise, block.title, block.verdict, block.marks, block.points)
    for name, cards in tests.items():
        yield _of_tests(name, cards[0].title, cards)


def _of_tests(name: str, title: str, cards: list[TestCard]) -> Exercise:
    seen = {card.verdict for card in cards}
    return Exercise(
        id=name,
        title=title,
        verdict=_verdict_of(seen),
        marks=sum(card.marks for card in cards),
        points=sum(card.points for card in cards),
        passed=sum(card.verdict is Verdict.PASSED for card in cards),
        tests=len(cards),
    )


def _verdict_of(seen: set[Verdict]) -> Verdict:
    """An exercise as a whole. Passed means every test; no test at all is nothing passed."""
    if Verdict.ERRORED in seen:
        return Verdict.ERRORED
    if len(seen) == 1:
        return next(iter(seen))
    return Verdict.FAILED if seen else Verdict.UNATTEMPTED

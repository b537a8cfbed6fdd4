"""Second pass of autograde: write the marks of every cell, failing closed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from grader.execution.store import mark_recorded
from grader.records import Outcome, Role, Run, Score, TestResult
from grader.transforms.stored_cells import stored_cells

__all__ = ["SaveScores", "scores_of"]


class SaveScores(NbGraderPreprocessor):  # type: ignore[misc]
    """Marks come from the run alone; what a cell printed or returned has no say.

    Called by nbgrader's Autograde converter, after Execute. Every grade of the notebook is
    written, whether or not its cell was handed in, so that no earlier score survives.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Save the scores of the run that Execute left in `resources`."""
        about = resources["nbgrader"]
        run: Run = resources["course"]["run"]
        scores = {score.test: score for score in scores_of(run, nb)}
        attempted = {name: cell.metadata.course.get("attempted") for name, cell in _answers(nb)}
        with Gradebook(about["db_url"]) as gradebook:
            entry = gradebook.find_submission_notebook(
                about["notebook"], about["assignment"], about["student"]
            )
            cells = stored_cells(gradebook, entry)
            for grade in entry.grades:
                # a missing score is an error, not marks
                _save(grade, scores[grade.name], cells[grade.cell_id].max_score)
            for comment in entry.comments:
                comment.auto_comment = "No response." if not attempted.get(comment.name) else None
            gradebook.db.commit()
        # not before: should grading stop on the way, the next one must not take it for done
        mark_recorded(resources["course"]["record"])
        return nb, resources


def scores_of(run: Run, nb: NotebookNode) -> Iterable[Score]:
    """The score of every graded cell of the notebook; errored tests wait for a person."""
    yield from (_test_score(result) for result in run.tests)
    for name, cell in _answers(nb):
        if cell.metadata.course["role"] == Role.WRITTEN:
            written = bool(cell.metadata.course.get("attempted"))
            points = float(cell.metadata.nbgrader["points"])
            yield Score(name, 0.0, points, needs_manual_grade=written or run.refusal is not None)


def _test_score(result: TestResult) -> Score:
    errored = result.outcome is Outcome.ERRORED
    return Score(result.name, result.earned, result.points, needs_manual_grade=errored)


def _save(grade: Any, score: Score, points: float) -> None:
    if score.points != points:
        raise ValueError(
            f"{score.test}: the gradebook has {points:g} points, the notebook "
            f"{score.points:g}; run: grader release"
        )
    # None, not zero, is what nbgrader's pages show as "still to be marked"
    grade.auto_score = None if score.needs_manual_grade else score.marks
    grade.needs_manual_grade = score.needs_manual_grade or grade.manual_score is not None


def _answers(nb: NotebookNode) -> Iterable[tuple[str, NotebookNode]]:
    for cell in nb.cells:
        if cell.metadata.get("course", {}).get("role") in (Role.ANSWER, Role.WRITTEN):
            yield cell.metadata.nbgrader["grade_id"], cell

"""Read a submission's marks out of the gradebook, and who has given them."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from grader.transforms.stored_cells import stored_cells

__all__ = ["ReadGrades"]


class ReadGrades(NbGraderPreprocessor):  # type: ignore[misc]
    """Does what nbgrader's GetGrades does, and tells a zero from marks still to be given.

    Called by nbgrader's GenerateFeedback converter, before the others. Sets in the nbgrader
    metadata of each graded cell `score`, `points`, `comment`, `waiting` (a person has yet to
    mark it) and `by_hand` (a person has), and in the resources the totals and the learner's
    `name`. GetGrades asks the database twice for each cell; this asks once for all.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Read all marks and comments of the notebook."""
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as gradebook:
            entry = gradebook.find_submission_notebook(
                about["notebook"], about["assignment"], about["student"]
            )
            cells = stored_cells(gradebook, entry)
            comments = {each.name: each.comment for each in entry.comments}
            marks = {g.name: _marks(g, cells[g.cell_id].max_score) for g in entry.grades}
            for cell in nb.cells:
                name = cell.metadata.get("nbgrader", {}).get("grade_id")
                if name in comments:
                    cell.metadata.nbgrader["comment"] = comments[name]
                if name in marks:
                    cell.metadata.nbgrader.update(marks[name])
            about |= _totals(entry)
            student = gradebook.find_student(about["student"])
            about["name"] = " ".join(filter(None, (student.first_name, student.last_name)))
        return nb, resources


def _marks(grade: Any, points: float) -> dict[str, Any]:
    by_hand = grade.manual_score is not None
    return {
        "score": grade.score,
        "points": points,
        "by_hand": by_hand,
        "waiting": not by_hand and (grade.needs_manual_grade or grade.auto_score is None),
    }


def _totals(entry: Any) -> dict[str, float]:
    penalty = entry.late_submission_penalty or 0.0
    return {
        "score": entry.score - penalty,
        "max_score": entry.max_score,
        "late_penalty": penalty,
    }

"""Read a submission's marks out of the gradebook, and who has given them."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import GetGrades

__all__ = ["ReadGrades"]


class ReadGrades(GetGrades):  # type: ignore[misc]
    """nbgrader's GetGrades, which does not tell a zero from marks that are still to be given.

    Called by nbgrader's GenerateFeedback converter, before the others. Adds to the nbgrader
    metadata of each graded cell `waiting` (a person has yet to mark it) and `by_hand` (a
    person has), and to the resources the learner's `name`.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Read all marks and comments of the notebook."""
        nb, resources = super().preprocess(nb, resources)
        with self.gradebook:
            student = self.gradebook.find_student(self.student_id)
            names = (student.first_name, student.last_name)
            resources["nbgrader"]["name"] = " ".join(filter(None, names))
        return nb, resources

    def _get_score(self, cell: NotebookNode, resources: Any) -> None:
        super()._get_score(cell, resources)
        grade = self.gradebook.find_grade(
            cell.metadata["nbgrader"]["grade_id"],
            self.notebook_id,
            self.assignment_id,
            self.student_id,
        )
        by_hand = grade.manual_score is not None
        waiting = not by_hand and (grade.needs_manual_grade or grade.auto_score is None)
        cell.metadata["nbgrader"]["by_hand"] = by_hand
        cell.metadata["nbgrader"]["waiting"] = waiting

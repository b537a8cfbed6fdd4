"""Record finished runs through nbgrader's own Autograde converter, with the course's settings.

Everything around the execution is nbgrader's: the folders, the late penalty and its plug-in,
the transforms that the course put into `Autograde.autograde_preprocessors`, permissions, hooks.
Only the execution is replaced: the outputs of a finished run are set into the cells, in the
form that nbgrader's `determine_grade` reads. A test's output is ours alone: nothing that the
learner's code wrote is in it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbformat.v4 import new_notebook, new_output
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute

from grader.converters import make_converter, start
from grader.foreign.place import CourseFolder
from grader.records import Outcome, Run, TestResult
from grader.transforms.outputs import safe_outputs

__all__ = ["leave_to_a_person", "record"]

Graded = Mapping[str, tuple[NotebookNode, Run]]  # by notebook
Transform = Callable[[NotebookNode, Any], tuple[NotebookNode, Any]]


def record(course: CourseFolder, assignment_id: str, learner: str, graded: Graded) -> None:
    """Let nbgrader convert and score one learner's notebooks, whose runs are at hand.

    Raises:
        GradebookError: with nbgrader's own words; other learners are not concerned.
    """
    converter = make_converter(_Autograde, course.config, assignment_id, learner)
    converter.exporter_class = _Exporter
    limit = course.limits.output_kib * 1024
    converter.sanitize_preprocessors = [_rebuilding(graded)]
    steps = list(converter.autograde_preprocessors)
    executing = [i for i, step in enumerate(steps) if _executes(step)]
    collecting = _collecting(graded, limit)
    for i in executing:
        steps[i] = collecting
    converter.autograde_preprocessors = steps if executing else [collecting, *steps]
    converter.expected = sorted(graded)
    start(converter)


def leave_to_a_person(
    course: CourseFolder, assignment_id: str, learner: str, notebook: str
) -> None:
    """No earlier marks survive a notebook that cannot be read, and no zero is given for it."""
    with warnings.catch_warnings(), Gradebook(course.db_url, course.id) as gradebook:
        warnings.simplefilter("ignore")  # nbgrader's own, of its database
        gradebook.update_or_create_student(learner)
        gradebook.update_or_create_submission(assignment_id, learner)
        try:
            entry = gradebook.find_submission_notebook(notebook, assignment_id, learner)
        except MissingEntry:
            return
        for grade in entry.grades:
            grade.auto_score = None
            grade.needs_manual_grade = True
        gradebook.db.commit()


class _Autograde(Autograde):  # type: ignore[misc]
    """Autograde of the notebooks that were rebuilt, and of no others."""

    expected: list[str]

    def init_notebooks(self) -> None:
        """List them."""
        folder: str = self._format_source(self.coursedir.assignment_id, self.coursedir.student_id)
        self.assignments = {folder: [f"{folder}/{name}.ipynb" for name in self.expected]}


class _Exporter(NotebookExporter):
    """Does not open what was handed in: that has been read, and is set in by the first step."""

    optimistic_validation = True  # once, not after each transform

    def from_filename(
        self, filename: str, resources: Any = None, **options: Any
    ) -> tuple[str, Any]:
        """Export an empty notebook (first pass) or the rebuilt one (second pass)."""
        exporter: Any = super()
        converter: Any = self.parent
        if converter._sanitizing:
            done = exporter.from_notebook_node(new_notebook(), resources=resources, **options)
        else:
            done = exporter.from_filename(filename, resources=resources, **options)
        text, resources = done
        return text, resources


def _executes(step: Any) -> bool:
    if isinstance(step, str):
        return step.rpartition(".")[2] == "Execute"
    return isinstance(step, type) and issubclass(step, Execute)


def _rebuilding(graded: Graded) -> Transform:
    def rebuild(nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        return graded[resources["nbgrader"]["notebook"]][0], resources

    return rebuild


def _collecting(graded: Graded, limit: int) -> Transform:
    def collect(nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        rebuilt, run = graded[resources["nbgrader"]["notebook"]]
        _attach(nb, rebuilt, run, limit)
        return nb, resources

    return collect


def _attach(nb: NotebookNode, rebuilt: NotebookNode, run: Run, limit: int) -> None:
    done = {cell.name: cell for cell in run.cells}
    results = {test.name: test for test in run.tests}
    for number, cell in enumerate(nb.cells):
        if cell.cell_type != "code":
            continue
        name = cell.metadata.get("nbgrader", {}).get("grade_id") or f"cell-{number}"
        if name in results:
            cell.outputs = _outputs_of(results[name], limit)
        elif name in done:
            cell.outputs = safe_outputs(done[name].outputs, limit)
            if done[name].error:
                cell.outputs.append(_error(str(done[name].error)))
        elif cell.metadata.get("nbgrader", {}).get("grade"):
            cell.outputs = [_error("The test did not run.")]  # no result, no marks


def _outputs_of(result: TestResult, limit: int) -> list[NotebookNode]:
    printed = {"output_type": "stream", "name": "stdout", "text": result.prints}
    outputs = safe_outputs([printed], limit) if result.prints else []
    if result.outcome is not Outcome.PASSED:
        outputs.append(_error(result.rationale or "The test does not hold."))
    elif result.partial is not None:
        text = {"text/plain": repr(result.partial)}
        outputs.append(new_output("execute_result", data=text, execution_count=None))
    return outputs


def _error(text: str) -> NotebookNode:
    kind, _, message = text.partition(": ")
    kind = kind if kind.isidentifier() else "TestFailed"
    lines = text.splitlines()
    return new_output("error", ename=kind, evalue=(message or text)[:400], traceback=lines)

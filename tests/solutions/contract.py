"""What every assignment of the course keeps; a class per assignment fills in its id.

The tests of an assignment are tested by its known mistakes (`grader audit`); here by right
answers that are written in other ways than the reference's. All go the way of a learner's
file: the released notebook, rebuilt, executed in the sandbox, the marks counted. And the
notebook is run from top to bottom as a learner gets it, and as one who solved it has it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import nbformat
from nbformat import NotebookNode

from grader.authoring.build import reference_answers
from grader.authoring.source import AssignmentSource
from grader.configuration import Course
from grader.mistakes import load_mistakes
from grader.records import Outcome, Role, Run
from grader.rendering.forms import solved_notebook

ROOT = Path(__file__).resolve().parents[2]
HEADINGS = [
    "## Contents",
    "## When you are done, you can",
    "## How to work through it",
    "In your own words",
    "## If you want more",
    "## Sources",
]


class AssignmentContract:
    """The tests; `assignment` is the id, `figures` the least number of pictures in it."""

    assignment: ClassVar[str]
    figures: ClassVar[int] = 4

    def test_it_has_the_size_of_a_sitting(self, source: AssignmentSource) -> None:
        assert 7 <= len(source.answers) <= 10
        assert source.total_points == 100
        assert source.written
        assert all(cell.minutes for cell in (*source.answers, *source.written))
        assert all("MARK SCHEME" in cell.source for cell in source.written)
        prose = "\n".join(cell.source for cell in source.of(Role.PROSE))
        assert [each for each in HEADINGS if each not in prose] == []

    def test_each_exercise_has_hints_and_known_mistakes(self, source: AssignmentSource) -> None:
        exercises = {cell.id for cell in source.answers}
        assert set(source.hints) == exercises
        mistakes = load_mistakes(source.path.with_name("mistakes.py"))
        assert len(mistakes) >= 12
        assert {each.exercise for each in mistakes} == exercises

    def test_each_exercise_has_right_answers_in_three_other_ways(
        self, source: AssignmentSource, variants: dict[str, ModuleType]
    ) -> None:
        reference = reference_answers(source)
        for exercise, text in reference.items():
            others = {module.ANSWERS.get(exercise, text).strip() for module in variants.values()}
            assert len(others - {text.strip()}) >= 3, exercise
        for name, module in variants.items():
            assert set(module.ANSWERS) <= set(reference), name

    def test_a_right_answer_earns_everything_however_it_is_written(
        self, variant: str, runs: dict[str, Run], source: AssignmentSource
    ) -> None:
        run = runs[variant]
        assert run.fault is None
        lost = {t.name: t.rationale for t in run.tests if t.outcome is not Outcome.PASSED}
        assert lost == {}
        assert run.earned + sum(cell.points for cell in source.written) == 100

    def test_the_committed_release_is_what_its_source_gives_byte_for_byte(
        self, course: Course
    ) -> None:
        released = ROOT / "assignments" / self.assignment / f"{self.assignment}.ipynb"
        assert course.release_notebook(self.assignment).read_bytes() == released.read_bytes(), (
            "run: make release, and commit assignments/"
        )

    def test_a_learner_needs_only_the_assignments_and_the_library(self, tmp_path: Path) -> None:
        notebook = self.released()
        notebook.cells.append(nbformat.v4.new_code_cell(LOOK))
        root = learners_edition(tmp_path)
        result = executed(notebook, root, self.assignment)
        assert result.cells[-1].outputs[0].text == f"[]\n{root / 'course' / '__init__.py'}\n"
        self.assert_clean(result)
        unattempted = [
            cell
            for cell in result.cells
            if role(cell) == "test" and "not attempted yet" in text_of(cell)
        ]
        visible = [cell for cell in result.cells if is_visible_test(cell)]
        assert unattempted == visible
        assert visible

    def test_the_solved_notebook_runs_clean_too(
        self, source: AssignmentSource, tmp_path: Path
    ) -> None:
        # with the hidden tests in it: the names that they bind must not meet those of figures
        notebook = solved_notebook(source)
        result = executed(notebook, learners_edition(tmp_path), self.assignment)
        self.assert_clean(result)
        assert "not attempted yet" not in "".join(map(text_of, result.cells))
        visible = [cell for cell in result.cells if is_visible_test(cell)]
        assert all("this test passes" in text_of(cell) for cell in visible)

    def released(self) -> NotebookNode:
        path = ROOT / "assignments" / self.assignment / f"{self.assignment}.ipynb"
        return nbformat.read(path, as_version=4)

    def assert_clean(self, notebook: NotebookNode) -> None:
        """No error, nothing on stderr, and the figures are there."""
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
        kinds = {output.output_type for output in outputs}
        assert kinds <= {"stream", "display_data", "execute_result"}
        assert [each.text for each in outputs if each.get("name") == "stderr"] == []
        figures = [cell for cell in notebook.cells if role(cell) == "figure"]
        assert all(cell.outputs for cell in figures)
        pictured = [c for c in figures if any("image/png" in o.get("data", {}) for o in c.outputs)]
        assert len(pictured) >= self.figures


LOOK = """
import sys, course
packages = {name.partition('.')[0] for name in sys.modules}
print(sorted(packages & {'grader', 'solutions'}))
print(course.__file__)
"""


def learners_edition(folder: Path) -> Path:
    """A copy, in a path with a space, of what is left when solutions/ and grader/ are deleted."""
    root = folder / "learner's edition"
    for name in ("course", "assignments"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    return root


def executed(notebook: NotebookNode, root: Path, assignment: str) -> NotebookNode:
    """The notebook, run from top to bottom in a kernel of its own, as a learner would."""
    path = root / "assignments" / assignment / "executed.ipynb"
    path.write_text(nbformat.writes(notebook))
    done = subprocess.run(
        [sys.executable, "-m", "jupyter", "execute", "--inplace", path.name],
        cwd=path.parent,
        env={k: v for k, v in os.environ.items() if k != "NBGRADER_EXECUTION"}
        | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return nbformat.read(path, as_version=4)


def role(cell: NotebookNode) -> str:
    return str(cell.metadata.get("course", {}).get("role", ""))


def is_visible_test(cell: NotebookNode) -> bool:
    return role(cell) == "test" and not cell.metadata.course.get("hidden")


def text_of(cell: NotebookNode) -> str:
    """All that a cell printed."""
    return "".join(output.get("text", "") for output in cell.get("outputs", []))

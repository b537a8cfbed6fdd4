"""The first assignment: its committed release, right answers in other words, and the wall.

The tests of the assignment are tested by its known mistakes (`grader audit`); here by right
answers that are written in other ways than the reference's. All go the way of a learner's
file: the released notebook, rebuilt, executed in the sandbox, the marks counted.
"""

import importlib.util
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from grader.authoring.build import reference_answers
from grader.authoring.handin import answered
from grader.authoring.release import release
from grader.authoring.source import read_source
from grader.configuration import Course, load_course
from grader.execution.batch import execute_batch
from grader.records import Outcome, Run, Submission
from grader.workbench import open_workbench

ROOT = Path(__file__).resolve().parents[2]
ID = "loss_functions"
RELEASED = ROOT / "assignments" / ID / f"{ID}.ipynb"
VARIANTS = sorted(path.stem for path in (Path(__file__).parent / "variants").glob("*.py"))


@pytest.fixture(scope="session")
def course(once: Callable[[str, Callable[[Path], object]], Path]) -> Course:
    """A copy of the real course in which only its sources were there, freshly released."""

    def make(root: Path) -> None:
        root.mkdir()
        for name in ("course.toml", "nbgrader_config.py"):
            shutil.copy(ROOT / name, root)
        for name in ("course", f"solutions/{ID}"):
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        release(load_course(root), ID)

    return load_course(once("the real course", make))


def variants(
    released: NotebookNode, reference: dict[str, str]
) -> Iterator[tuple[str, NotebookNode]]:
    """The reference's notebook, and one for each module of variants/."""
    yield "reference", answered(released, reference)
    for name in VARIANTS:
        path = Path(__file__).parent / "variants" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(f"variant_{name}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        extra_cells = getattr(module, "EXTRA_CELLS", [])
        yield name, answered(released, reference | module.ANSWERS, extra_cells)


@pytest.fixture(scope="session")
def runs(course: Course, once: Callable[[str, Callable[[Path], object]], Path]) -> dict[str, Run]:
    """What became of each variant, executed in one batch."""

    def make(path: Path) -> None:
        bench = open_workbench(course, ID)
        released = nbformat.read(course.release_notebook(ID), as_version=4)
        reference = reference_answers(read_source(course.solution_source(ID)))
        scripts = [
            bench.script(bench.rebuild(Submission(ID, name, "", notebook)).notebook, name)
            for name, notebook in variants(released, reference)
        ]
        batch = execute_batch(bench.kit, scripts, sandbox="bubblewrap", workers=2)
        path.write_bytes(pickle.dumps({run.learner: run for run in batch}))

    runs: dict[str, Run] = pickle.loads(once("runs of the variants", make).read_bytes())
    return runs


def test_there_are_right_answers_in_many_other_words() -> None:
    assert len(VARIANTS) >= 6


@pytest.mark.parametrize("name", ["reference", *VARIANTS])
def test_a_right_answer_earns_everything_however_it_is_written(
    name: str, runs: dict[str, Run], course: Course
) -> None:
    run = runs[name]
    assert run.fault is None
    lost = {t.name: t.rationale for t in run.tests if t.outcome is not Outcome.PASSED}
    assert lost == {}
    written = sum(cell.points for cell in read_source(course.solution_source(ID)).written)
    assert run.earned + written == 100


def test_the_committed_release_is_what_its_source_gives_byte_for_byte(course: Course) -> None:
    assert course.release_notebook(ID).read_bytes() == RELEASED.read_bytes(), (
        "run: make release, and commit assignments/"
    )


def executed(notebook: NotebookNode, root: Path) -> NotebookNode:
    """The notebook, run from top to bottom in a kernel of its own, as a learner would."""
    path = root / "assignments" / ID / "executed.ipynb"
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


def test_a_learner_needs_only_the_assignments_and_the_library(tmp_path: Path) -> None:
    # a copy, in a path with a space, of what is left when solutions/ and grader/ are deleted
    root = tmp_path / "learner's edition"
    for name in ("course", "assignments"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    notebook = nbformat.read(RELEASED, as_version=4)
    look = (
        "import sys, course\n"
        "packages = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(packages & {'grader', 'solutions'}))\n"
        "print(course.__file__)"
    )
    notebook.cells.append(nbformat.v4.new_code_cell(look))
    result = executed(notebook, root)
    assert result.cells[-1].outputs[0].text == f"[]\n{root / 'course' / '__init__.py'}\n"
    outputs = [output for cell in result.cells for output in cell.get("outputs", [])]
    kinds = {output.output_type for output in outputs}
    assert kinds <= {"stream", "display_data", "execute_result"}
    assert [each.text for each in outputs if each.get("name") == "stderr"] == []
    figures = [cell for cell in result.cells if role(cell) == "figure"]
    pictures = [[o for o in cell.outputs if "image/png" in o.get("data", {})] for cell in figures]
    assert all(cell.outputs for cell in figures)
    assert sum(map(bool, pictures)) >= 4
    unattempted = [each for each in outputs if "not attempted yet" in each.get("text", "")]
    visible = [
        c for c in notebook.cells if role(c) == "test" and not c.metadata.course.get("hidden")
    ]
    assert len(unattempted) == len(visible) >= 8

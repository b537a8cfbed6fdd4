"""The assignment that a contract class names: its course, what became of its right answers."""

import importlib.util
import pickle
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import nbformat
import pytest
from nbformat import NotebookNode

from grader.authoring.build import reference_answers
from grader.authoring.handin import answered
from grader.authoring.release import release
from grader.authoring.source import AssignmentSource, read_source
from grader.configuration import Course, load_course
from grader.execution.batch import execute_batch
from grader.records import Run
from grader.workbench import open_workbench

ROOT = Path(__file__).resolve().parents[2]
VARIANTS = Path(__file__).parent / "variants"

# the tests of each assignment share the class that they fill in
sys.path.append(str(Path(__file__).parent))

MakeOnce = Callable[[str, Callable[[Path], object]], Path]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "variant" in metafunc.fixturenames:
        names = [path.stem for path in variant_files(metafunc.cls.assignment)]
        metafunc.parametrize("variant", ["reference", *names])


def variant_files(assignment: str) -> list[Path]:
    return sorted((VARIANTS / assignment).glob("*.py"))


def load_variant(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"variant_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="class")
def assignment(request: pytest.FixtureRequest) -> str:
    name: str = request.cls.assignment
    return name


@pytest.fixture(scope="class")
def source(assignment: str) -> AssignmentSource:
    return read_source(ROOT / "solutions" / assignment / "notebook.py")


@pytest.fixture(scope="class")
def variants(assignment: str) -> dict[str, ModuleType]:
    """The right answers in other words: each module of variants/ID/ by its name."""
    return {path.stem: load_variant(path) for path in variant_files(assignment)}


@pytest.fixture(scope="class")
def course(assignment: str, once: MakeOnce) -> Course:
    """A copy of the real course in which only its sources were there, freshly released."""

    def make(root: Path) -> None:
        root.mkdir()
        for name in ("course.toml", "nbgrader_config.py"):
            shutil.copy(ROOT / name, root)
        for name in ("course", f"solutions/{assignment}"):
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        release(load_course(root), assignment)

    return load_course(once(f"the real course with {assignment}", make))


@pytest.fixture(scope="class")
def runs(
    assignment: str,
    course: Course,
    source: AssignmentSource,
    variants: dict[str, ModuleType],
    once: MakeOnce,
) -> dict[str, Run]:
    """What became of the reference and of each variant, executed in one batch."""

    def notebooks() -> Iterator[tuple[str, NotebookNode]]:
        released = nbformat.read(course.release_notebook(assignment), as_version=4)
        reference = reference_answers(source)
        yield "reference", answered(released, reference)
        for name, module in variants.items():
            extra_cells = getattr(module, "EXTRA_CELLS", [])
            yield name, answered(released, reference | module.ANSWERS, extra_cells)

    def make(path: Path) -> None:
        bench = open_workbench(course, assignment)
        scripts = [bench.script_of_handin(notebook, name) for name, notebook in notebooks()]
        batch = execute_batch(bench.kit, scripts, sandbox="bubblewrap", workers=2)
        path.write_bytes(pickle.dumps({run.learner: run for run in batch}))

    path = once(f"runs of the variants of {assignment}", make)
    runs: dict[str, Run] = pickle.loads(path.read_bytes())
    return runs

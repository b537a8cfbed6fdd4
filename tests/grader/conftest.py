"""A small released course, and the notebooks that its learners hand in."""

import copy
import pickle
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from grader import audit, grading
from grader.authoring.build import reference_answers
from grader.authoring.handin import answered
from grader.authoring.release import release
from grader.authoring.source import read_source
from grader.configuration import Course, load_course
from grader.execution.execute import Executor, Executors
from grader.execution.kit import Kit
from grader.grading import Graded
from grader.mutation import examine
from grader.records import Run, Script
from grader.sandbox import Sandbox, choose_sandbox
from grader.workbench import Workbench, open_workbench

from .cohort import WRONG, hand_in_everything

SAMPLE = Path(__file__).resolve().parent / "data" / "course"
REPOSITORY = Path(__file__).resolve().parents[2]


def copy_of_sample(root: Path) -> Course:
    """A writable, unreleased copy of the sample course."""
    shutil.copytree(SAMPLE, root, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "nbgrader_config.py", root)
    return load_course(root)


@pytest.fixture(scope="session")
def released_once(once: Callable[[str, Callable[[Path], object]], Path]) -> Course:
    """The sample course, released; a new gradebook takes seconds, so that tests copy it."""
    root = once("a course", lambda root: release(copy_of_sample(root), "tiny"))
    return load_course(root)


@pytest.fixture
def released(released_once: Course, tmp_path: Path) -> Course:
    """A copy of the released course to grade in and to break, in a path with a space."""
    root = tmp_path / "a course"
    shutil.copytree(released_once.root, root)
    return load_course(root)


@pytest.fixture(scope="session")
def bench(released_once: Course) -> Workbench:
    """The released assignment, opened."""
    return open_workbench(released_once, "tiny")


@pytest.fixture(scope="session")
def _blank(released_once: Course) -> NotebookNode:
    return nbformat.read(released_once.release_notebook("tiny"), as_version=4)


@pytest.fixture
def blank(_blank: NotebookNode) -> NotebookNode:
    """The released notebook, as a learner gets it; the test may change it."""
    return copy.deepcopy(_blank)


@pytest.fixture(scope="session")
def reference() -> dict[str, str]:
    """The right answer of each exercise."""
    return reference_answers(read_source(SAMPLE / "solutions" / "tiny" / "notebook.py"))


@pytest.fixture
def right(blank: NotebookNode, reference: dict[str, str]) -> NotebookNode:
    """A notebook with right answers; its written question is not answered."""
    return answered(blank, reference)


@pytest.fixture
def wrong(right: NotebookNode) -> NotebookNode:
    """A notebook that earns nothing for mean_square, and the 2.5 points for row_sums."""
    return answered(right, {"mean_square": WRONG})


@pytest.fixture(scope="session")
def graded_once(
    once: Callable[[str, Callable[[Path], object]], Path],
    released_once: Course,
    _blank: NotebookNode,
    reference: dict[str, str],
) -> tuple[Course, dict[str, Graded]]:
    """The whole cohort of cohort.py, graded together by two workers; not to be changed."""

    def make(root: Path) -> None:
        shutil.copytree(released_once.root, root)
        course = load_course(root)
        hand_in_everything(course, _blank, answered(_blank, reference))
        options = grading.GradingOptions(workers=2)
        graded = grading.grade(course, "tiny", options=options)
        (root / "graded.pickle").write_bytes(pickle.dumps({line.learner: line for line in graded}))

    root = once("a cohort", make)
    return load_course(root), pickle.loads((root / "graded.pickle").read_bytes())


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One for all tests, because its first start takes seconds."""
    sandbox = choose_sandbox("bubblewrap")
    yield sandbox
    sandbox.close()


@pytest.fixture
def without_workers(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> list[str]:
    """Notebooks are executed in this process, one by one; gives the names of whose were."""
    executed: list[str] = []

    def execute(
        kit: Kit | tuple[Kit, ...], scripts: Sequence[Script], **_: object
    ) -> Iterator[Run]:
        executor = Executors(kit, sandbox) if isinstance(kit, tuple) else Executor(kit, sandbox)
        for script in scripts:
            executed.append(script.learner)
            yield executor.execute(script)

    for module in (grading, audit, examine):
        monkeypatch.setattr(module, "execute_batch", execute)
    return executed

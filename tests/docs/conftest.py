"""The sample course of the grader's tests, released, in the hands of a reader of the pages."""

import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from grader.authoring.build import reference_answers
from grader.authoring.handin import answered
from grader.authoring.release import release
from grader.authoring.source import read_source
from grader.configuration import Course, load_course
from grader.mistakes import load_mistakes
from grader.sandbox.bubblewrap import Bubblewrap

from .pages import REPOSITORY

SAMPLE = REPOSITORY / "tests" / "grader" / "data" / "course"

Once = Callable[[str, Callable[[Path], object]], Path]


def _release_sample(root: Path) -> None:
    shutil.copytree(SAMPLE, root, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "nbgrader_config.py", root)
    release(load_course(root), "tiny")


@pytest.fixture(scope="session")
def copy_of_sample(once: Once) -> Callable[[Path], Course]:
    """Makes a copy of the released sample course, which may be worked in."""
    # the name that the grader's tests use too: whoever comes first releases it for all
    released = once("a course", _release_sample)

    def copy(root: Path) -> Course:
        shutil.copytree(released, root)
        return load_course(root)

    return copy


@pytest.fixture
def course(copy_of_sample: Callable[[Path], Course], tmp_path: Path) -> Course:
    """A released course of one's own, in a path with a space."""
    return copy_of_sample(tmp_path / "a course")


@pytest.fixture(scope="session")
def course_in_use(
    copy_of_sample: Callable[[Path], Course], tmp_path_factory: pytest.TempPathFactory
) -> Course:
    """A released course in which `ada` has handed in a known mistake, and `bola` no notebook."""
    course = copy_of_sample(tmp_path_factory.mktemp("in use") / "a course")
    source = read_source(course.solution_source("tiny"))
    mistake = load_mistakes(course.mistakes_file("tiny"))[0]
    notebook = answered(
        nbformat.read(course.release_notebook("tiny"), as_version=4),
        reference_answers(source) | {mistake.exercise: mistake.source},
    )
    for learner, text in (("ada", nbformat.writes(notebook)), ("bola", "")):
        path = course.submitted_notebook("tiny", learner)
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    return course


@pytest.fixture(scope="session")
def has_sandbox() -> bool:
    """Whether learners' code can be confined on this machine."""
    return Bubblewrap().unavailable() is None

"""A sample course in a folder of its own, and its source."""

import shutil
from pathlib import Path

import pytest

from grader.authoring.cells import AssignmentSource
from grader.authoring.source import read_source
from grader.configuration import Course, load_course

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "course"
REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A writable copy of the sample course, in a path with a space."""
    root = tmp_path / "a course"
    shutil.copytree(SAMPLE, root, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "nbgrader_config.py", root)
    return load_course(root)


@pytest.fixture(scope="session")
def tiny() -> AssignmentSource:
    """The source of the sample assignment."""
    return read_source(SAMPLE / "solutions" / "tiny" / "notebook.py")

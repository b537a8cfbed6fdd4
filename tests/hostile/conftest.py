"""The sample course with small limits, in which all cases are graded together, once."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader.authoring.release import release
from grader.configuration import Course, load_course

from .aftermath import RESULT, Aftermath

REPOSITORY = Path(__file__).resolve().parents[2]
SAMPLE = REPOSITORY / "tests" / "grader" / "data" / "course"

# So small that every bomb is harmless, and that nobody waits for an endless loop.
LIMITS = {
    "cell_seconds = 3": "cell_seconds = 2",
    "submission_seconds = 30": (
        "submission_seconds = 12\ncpu_seconds = 10\nmemory_mib = 1200\nprocesses = 64"
    ),
}

Once = Callable[[str, Callable[[Path], object]], Path]


@dataclass(frozen=True)
class Graded:
    """A cohort that was graded: its course, and what was seen afterwards."""

    way: str
    course: Course
    after: Aftermath
    forgotten: tuple[str, ...]  # in the folder for temporary files


def make_course(root: Path) -> Course:
    """The sample course with small limits, released in the folder `root`."""
    shutil.copytree(SAMPLE, root, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "nbgrader_config.py", root)
    declared = root / "course.toml"
    text = declared.read_text()
    for usual, small in LIMITS.items():
        assert usual in text
        text = text.replace(usual, small)
    declared.write_text(text)
    course = load_course(root)
    release(course, "tiny")
    return course


@pytest.fixture(scope="session")
def released(once: Once) -> Path:
    """The folder of the released course; not to be changed."""

    return once("a hostile course", make_course)


def graded(once: Once, released: Path, way: str) -> Graded:
    """All cases of one way to start, graded by the first who asks."""

    def make(folder: Path) -> None:
        shutil.copytree(released, folder / "course")
        (folder / "temporary").mkdir()
        subprocess.run(
            [sys.executable, "-m", "tests.hostile.grade_all", folder / "course", way],
            cwd=REPOSITORY,
            env=os.environ
            | {
                "TMPDIR": str(folder / "temporary"),
                # torch would make a folder of the grader's own among them
                "TORCHINDUCTOR_CACHE_DIR": str(folder / "torch"),
            },
            check=True,
            timeout=600,
        )

    folder = once(f"hostile work, {way}", make)
    after = pickle.loads((folder / "course" / RESULT).read_bytes())
    forgotten = tuple(path.name for path in (folder / "temporary").iterdir())
    return Graded(way, load_course(folder / "course"), after, forgotten)


@pytest.fixture(scope="session")
def warm(once: Once, released: Path) -> Graded:
    """Every case, in forks of a warm process, two at a time."""
    return graded(once, released, "warm")


@pytest.fixture(scope="session")
def cold(once: Once, released: Path) -> Graded:
    """The cases that ask for it, each in a sandbox of its own."""
    return graded(once, released, "cold")

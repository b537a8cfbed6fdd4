"""Throw-away copies of the course, one as this project sets nbgrader up, one as nbgrader does.

Both have the same source notebook, released by nbgrader into a gradebook of their own, and
the same submissions. Before each timed run the gradebook is the one of the release again,
and everything that an earlier run has written is gone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook

from benchmarks.cohort import Handin
from grader.authoring.release import release
from grader.configuration import Course, load_course

__all__ = ["ASSIGNMENT", "REPOSITORY", "OurCourse", "StockCourse", "environment"]

ASSIGNMENT = "loss_functions"
REPOSITORY = Path(__file__).resolve().parents[1]
_COPIED = ("course.toml", "nbgrader_config.py", "solutions", "assignments")
_BIN = Path(sys.executable).parent


def environment(home: Path) -> dict[str, str]:
    """What a command is run with: Jupyter's folders are empty, so that nobody's settings count."""
    folders = {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
    }
    path = os.pathsep.join([str(_BIN), os.environ.get("PATH", os.defpath)])
    # byte code is kept, as it is where nobody forbids it: neither side compiles at each start
    usual = {name: each for name, each in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**usual, **folders, "PATH": path, "MPLBACKEND": "Agg"}


@dataclass(frozen=True)
class OurCourse:
    """A copy of this repository's course."""

    root: Path

    @classmethod
    def make(cls, root: Path) -> OurCourse:
        """Copy and release it."""
        root.mkdir(parents=True)
        for name in _COPIED:
            copy = shutil.copytree if (REPOSITORY / name).is_dir() else shutil.copy
            copy(REPOSITORY / name, root / name)
        made = cls(root)
        release(made.course, ASSIGNMENT)
        shutil.copy(made.course.gradebook, root / "released.db")
        return made

    @property
    def course(self) -> Course:
        """The course, as the grader sees it."""
        return load_course(self.root)

    def hand_in(self, cohort: Sequence[Handin]) -> None:
        """Put the notebooks where collected submissions lie, and nobody else's."""
        _hand_in(self.course.var / "submitted", cohort)

    def reset(self) -> None:
        """Forget every grading."""
        for name in ("autograded", "runs", "feedback"):
            shutil.rmtree(self.course.var / name, ignore_errors=True)
        shutil.copy(self.root / "released.db", self.course.gradebook)

    def scores(self) -> dict[str, float]:
        """The marks in the gradebook, learner by learner."""
        return _scores(self.course.gradebook)

    def command(self, workers: int) -> list[str]:
        """What an instructor types."""
        return [str(_BIN / "grader"), "grade", ASSIGNMENT, "--workers", str(workers)]


@dataclass(frozen=True)
class StockCourse:
    """The same assignment in a course that nbgrader's own defaults grade."""

    root: Path

    @classmethod
    def make(cls, root: Path, source_notebook: Path) -> StockCourse:
        """Make the course and have nbgrader enter the assignment in its gradebook.

        The defaults stand, with the folder of the course and the database set.
        """
        made = cls(root)
        made.source.parent.mkdir(parents=True)
        shutil.copy(source_notebook, made.source)
        (root / "nbgrader_config.py").write_text(
            "c = get_config()\n"
            f"c.CourseDirectory.root = {str(root)!r}\n"
            f"c.CourseDirectory.db_url = {f'sqlite:///{made.gradebook}'!r}\n"
        )
        command = [str(_BIN / "nbgrader"), "generate_assignment", ASSIGNMENT]
        subprocess.run(
            command, cwd=root, env=environment(root / "jupyter"), check=True, capture_output=True
        )
        shutil.copy(made.gradebook, root / "released.db")
        return made

    @property
    def source(self) -> Path:
        """nbgrader's source notebook, hidden tests and all."""
        return self.root / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"

    @property
    def gradebook(self) -> Path:
        """nbgrader's database."""
        return self.root / "gradebook.db"

    def hand_in(self, cohort: Sequence[Handin]) -> None:
        """Put the notebooks where collected submissions lie, and nobody else's."""
        _hand_in(self.root / "submitted", cohort)

    def reset(self) -> None:
        """Forget every grading."""
        shutil.rmtree(self.root / "autograded", ignore_errors=True)
        shutil.copy(self.root / "released.db", self.gradebook)

    def scores(self) -> dict[str, float]:
        """The marks in the gradebook, learner by learner."""
        return _scores(self.gradebook)

    def command(self) -> list[str]:
        """What an instructor types."""
        return [str(_BIN / "nbgrader"), "autograde", ASSIGNMENT]


def _scores(gradebook: Path) -> dict[str, float]:
    with Gradebook(f"sqlite:///{gradebook}") as opened:
        entries = opened.assignment_submissions(ASSIGNMENT)
        return {entry.student.id: float(entry.score) for entry in entries}


def _hand_in(submitted: Path, cohort: Sequence[Handin]) -> None:
    shutil.rmtree(submitted, ignore_errors=True)
    for handin in cohort:
        path = submitted / handin.learner / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(handin.text, encoding="utf-8")

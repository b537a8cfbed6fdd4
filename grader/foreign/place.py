"""Where a course of nbgrader's has its files, by nbgrader's own configuration.

Guarantees: nothing of ours is written below the folder of the course. What is kept between
two gradings (runs, plans, copies of support files) is in the platform's cache folder, by the
path of the course; deleting it costs time and no mark.
Option chosen: the cache folder. A hidden folder inside the course would travel with it, but
be committed, backed up and released by accident; nbgrader itself would not know it either.
"""

from __future__ import annotations

import contextlib
import fnmatch
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import platformdirs
from jupyter_core.paths import jupyter_config_path
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from grader.configuration import COURSE_FILE
from grader.errors import ConfigurationError
from grader.foreign.finding import CONFIGURATION, find_course_folder, is_course_folder
from grader.records import Limits

__all__ = ["CourseFolder", "open_course_folder"]

_CELL_SECONDS, _SUBMISSION_SECONDS, _CPU_SECONDS = 30.0, 600.0, 600.0


@dataclass(frozen=True)
class CourseFolder:
    """A course of nbgrader's: its root, its configuration, and where things lie."""

    root: Path
    config: Config
    limits: Limits
    kept: Path | None = None  # where to keep things, if not in the platform's cache folder

    @property
    def directory(self) -> Any:
        """nbgrader's CourseDirectory; a new one, because converters change theirs."""
        return CourseDirectory(config=self.config)

    @property
    def db_url(self) -> str:
        """The address of the gradebook."""
        return str(self.directory.db_url)

    @property
    def id(self) -> str:
        """The id of the course; nbgrader takes an empty one too."""
        return str(self.directory.course_id)

    @property
    def gradebook_file(self) -> Path | None:
        """The file of the gradebook, where it is one."""
        kind, _, path = self.db_url.partition("sqlite:///")
        return Path(path) if not kind and path else None

    @property
    def cache(self) -> Path:
        """What is kept between two gradings; not below the course."""
        if self.kept is not None:
            return self.kept
        name = hashlib.sha256(str(self.root).encode()).hexdigest()[:16]
        base = Path(platformdirs.user_cache_dir("saturdays", appauthor=False))
        return base / "courses" / f"{self.root.name}-{name}"

    def source(self, assignment: str) -> Path:
        """The folder of the instructor's version."""
        return self._path(self.directory.source_directory, ".", assignment)

    def submitted(self, assignment: str, learner: str) -> Path:
        """The folder that a learner handed in."""
        return self._path(self.directory.submitted_directory, learner, assignment)

    def autograded(self, assignment: str, learner: str) -> Path:
        """The folder of what was graded."""
        return self._path(self.directory.autograded_directory, learner, assignment)

    def feedback(self, assignment: str, learner: str) -> Path:
        """The folder of the pages that a learner gets back."""
        return self._path(self.directory.feedback_directory, learner, assignment)

    def record(self, assignment: str, learner: str, notebook: str) -> Path:
        """The run of one notebook, as JSON."""
        return self.cache / "runs" / assignment / learner / f"{notebook}.json"

    def learners(self, assignment: str) -> tuple[str, ...]:
        """Who handed in a folder of this name."""
        marker = "\0"
        pattern = str(self.submitted(assignment, marker))
        before, _, after = pattern.partition(marker)
        top = Path(before if before.endswith("/") else str(Path(before).parent))
        if not top.is_dir():
            return ()
        excluded = set(str(self.directory.student_id_exclude).split(","))
        names = [each.name for each in top.iterdir() if each.is_dir()]
        return tuple(
            sorted(n for n in names if n not in excluded and Path(before + n + after).is_dir())
        )

    def assignments(self) -> tuple[str, ...]:
        """The assignments that have a folder below source/."""
        top = self.source("x").parent
        folders = sorted(top.iterdir()) if top.is_dir() else []
        return tuple(each.name for each in folders if any(each.glob("*.ipynb")))

    def ignored(self, name: str) -> bool:
        """Whether nbgrader passes over a file of this name when it copies folders."""
        return any(fnmatch.fnmatch(name, pattern) for pattern in self.directory.ignore)

    def _path(self, step: str, learner: str, assignment: str) -> Path:
        return Path(self.directory.format_path(step, learner, assignment))


def open_course_folder(root: Path | None = None) -> CourseFolder:
    """Read nbgrader's configuration as nbgrader does, and find the folders by it.

    Raises:
        ConfigurationError: the folder is no course, or its configuration stops with an error.
    """
    found = find_course_folder() if root is None else root.resolve()
    if found is None or not is_course_folder(found):
        where = found or Path.cwd()
        raise ConfigurationError(
            f"{where} is no course: neither {COURSE_FILE} nor {CONFIGURATION} is there or above, "
            "nor source/ beside release/, submitted/ or gradebook.db. Go to the folder of the "
            "course and run the command again."
        )
    config = Config()
    with contextlib.chdir(found):  # where nbgrader's command is run
        for folder in _configuration_folders(found):
            config.merge(_load(folder))
    config.CourseDirectory.setdefault("root", str(found))
    kind, _, path = str(config.CourseDirectory.get("db_url", "")).partition("sqlite:///")
    if path and not kind:  # a relative one is relative to where nbgrader is run
        config.CourseDirectory.db_url = f"sqlite:///{found / path}"
    return CourseFolder(found, config, _limits(config))


def _configuration_folders(root: Path) -> Iterator[Path]:
    for name in (*reversed(jupyter_config_path()), str(root)):
        if Path(name, CONFIGURATION).is_file():
            yield Path(name)


def _load(folder: Path) -> Config:
    try:
        return PyFileConfigLoader(CONFIGURATION, path=str(folder)).load_config()
    except Exception as error:  # an instructor's own program may raise anything
        raise ConfigurationError(
            f"{folder / CONFIGURATION} stopped with {type(error).__name__}: {error}. Mend it; "
            "`nbgrader autograde` would go on without it, in other folders."
        ) from error


def _limits(config: Config) -> Limits:
    """nbgrader's time limit for a cell; where there is none, ours for a whole notebook holds."""
    timeout = Execute(parent=Autograde(config=config), config=config).timeout
    seconds = float(timeout) if timeout and timeout > 0 else _SUBMISSION_SECONDS
    return replace(
        Limits(),
        cell_seconds=min(seconds, _SUBMISSION_SECONDS) or _CELL_SECONDS,
        submission_seconds=_SUBMISSION_SECONDS,
        cpu_seconds=_CPU_SECONDS,
    )

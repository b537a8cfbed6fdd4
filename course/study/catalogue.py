"""What the course hands out: its assignments and their exercises, as the notebooks declare them.

Pure reading. Nothing is known here that the released notebooks and course.toml do not say, so
that it is the same in a clone, in the learner's edition and on a hub. Titles and order are those
of course.toml; an assignment that is declared and not released yet is left out. A notebook is
read again only when its file has changed.

The option chosen: cells tell what they are (`metadata.course`), rather than a second file that
lists the exercises and would have to be kept equal.
"""

from __future__ import annotations

import difflib
import functools
import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import course
from course.study.errors import CourseNotFound, NotANotebook, UnknownAssignment

__all__ = ["AssignmentInfo", "Catalogue", "ExerciseInfo", "course_root", "read_catalogue"]

_FILE = "course.toml"
_FOLDER = "assignments"


@dataclass(frozen=True)
class ExerciseInfo:
    """One thing to answer, in code or (`written`) in words.

    Attributes:
        id: the name of the answer's cell, and of its function.
        points: what its tests are worth together, or what a person may give.
        minutes: how long it takes, as its author thinks; 0 when nothing is said.
        tests: the names of its tests, hidden ones included.
        cells: the names of all of its cells, in order.
    """

    id: str
    title: str
    points: float
    minutes: float
    tests: tuple[str, ...]
    cells: tuple[str, ...]
    written: bool


@dataclass(frozen=True)
class AssignmentInfo:
    """One released notebook."""

    id: str
    title: str
    minutes: float
    notebook: Path
    exercises: tuple[ExerciseInfo, ...]

    @property
    def points(self) -> float:
        """What all exercises are worth together."""
        return sum(exercise.points for exercise in self.exercises)


@dataclass(frozen=True)
class Catalogue:
    """A course and what it hands out, in the order of course.toml."""

    root: Path
    id: str
    title: str
    assignments: tuple[AssignmentInfo, ...]
    announced: tuple[str, ...] = ()  # declared, and not released yet

    def assignment(self, assignment_id: str) -> AssignmentInfo:
        """The assignment of this id.

        Raises:
            UnknownAssignment: names the ones that there are, and the closest.
        """
        for assignment in self.assignments:
            if assignment.id == assignment_id:
                return assignment
        if assignment_id in self.announced:
            raise UnknownAssignment(
                f"{assignment_id} is announced, but its notebook is not handed out yet. "
                "Update your copy of the course later, for example with git pull."
            )
        known = [assignment.id for assignment in self.assignments]
        close = difflib.get_close_matches(assignment_id, known, 1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise UnknownAssignment(
            f"no assignment is called {assignment_id!r}; there are: {', '.join(known)}.{hint}"
        )


def course_root(start: Path | None = None) -> Path:
    """The folder of the course that is being studied.

    It is what the environment variable COURSE_ROOT names; else where this library lies, if
    assignments lie beside it; else the nearest folder with a course.toml, from `start` (the
    current folder) upwards.

    Raises:
        CourseNotFound: says what was looked for, and where.
    """
    told = os.environ.get("COURSE_ROOT")
    if told:
        folder = Path(told).expanduser()
        if not (folder / _FOLDER).is_dir():
            raise CourseNotFound(
                f"COURSE_ROOT is {told}, and there is no folder {_FOLDER} in it. Set it to the "
                "folder of the course, or unset it."
            )
        return folder.resolve()
    beside = Path(course.__file__).resolve().parents[1]
    if (beside / _FOLDER).is_dir():
        return beside
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / _FILE).is_file():
            return folder
    raise CourseNotFound(
        f"no course was found: there is no {_FILE} in {here} or in any folder above it. "
        "Go to the folder of the course, or set COURSE_ROOT to it."
    )


def read_catalogue(root: Path | None = None) -> Catalogue:
    """Read what the course at `root` (or `course_root()`) hands out.

    Raises:
        CourseNotFound: there is no course, or its course.toml cannot be read.
        NotANotebook: a released notebook cannot be read.
    """
    folder = course_root() if root is None else root.resolve()
    document = _read_toml(folder / _FILE)
    about = document.get("course", {})
    released = {
        path.parent.name: path
        for path in sorted((folder / _FOLDER).glob("*/*.ipynb"))
        if path.stem == path.parent.name
    }
    declared = {
        str(table["id"]): table
        for table in document.get("assignments", ())
        if isinstance(table, dict) and "id" in table
    }
    # what course.toml leaves out comes last, by name
    order = [
        *(name for name in declared if name in released),
        *(name for name in released if name not in declared),
    ]
    return Catalogue(
        root=folder,
        id=str(about.get("id", folder.name)),
        title=str(about.get("title", folder.name)),
        assignments=tuple(
            _assignment(name, released[name], declared.get(name, {})) for name in order
        ),
        announced=tuple(name for name in declared if name not in released),
    )


def _read_toml(path: Path) -> Mapping[str, Any]:
    """The course's declaration; a course without one is described by its notebooks alone."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if (path.parent / _FOLDER).is_dir():
            return {}
        raise CourseNotFound(f"{path.parent} holds no course: there is no {_FILE} in it.") from None
    except (OSError, ValueError) as error:
        raise CourseNotFound(
            f"{path} cannot be read: {error}. Fetch the course anew, for example with git pull."
        ) from None


def _assignment(name: str, path: Path, declared: Mapping[str, Any]) -> AssignmentInfo:
    exercises = _exercises_in(path)
    minutes = declared.get("minutes") or sum(exercise.minutes for exercise in exercises)
    return AssignmentInfo(name, str(declared.get("title", name)), float(minutes), path, exercises)


def _exercises_in(path: Path) -> tuple[ExerciseInfo, ...]:
    status = path.stat()
    return _read_exercises(path, status.st_mtime_ns, status.st_size)


@functools.lru_cache(maxsize=256)
def _read_exercises(path: Path, _changed: int, _size: int) -> tuple[ExerciseInfo, ...]:
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        described = [_describe(cell) for cell in cells]
        return tuple(_exercises(described))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotANotebook(
            f"{path} is not a notebook that can be read ({type(error).__name__}: {error}). "
            "Fetch the course anew, for example with git checkout."
        ) from None


@dataclass(frozen=True)
class _Described:
    """What a cell says of itself."""

    name: str
    role: str
    title: str
    exercise: str
    points: float
    minutes: float


def _describe(cell: Mapping[str, Any]) -> _Described:
    about = cell["metadata"].get("course", {})
    marks = cell["metadata"].get("nbgrader", {})
    return _Described(
        name=str(marks.get("grade_id") or cell.get("id", "")),
        role=str(about.get("role", "")),
        title=str(about.get("title", "")),
        exercise=str(about.get("exercise", "")),
        points=float(about.get("points", marks.get("points", 0))),
        minutes=float(about.get("minutes", 0)),
    )


def _exercises(cells: list[_Described]) -> Iterator[ExerciseInfo]:
    for cell in cells:
        if cell.role not in ("answer", "written"):
            continue
        tests = [each for each in cells if each.role == "test" and each.exercise == cell.name]
        is_written = cell.role == "written"
        yield ExerciseInfo(
            id=cell.name,
            title=cell.title or cell.name,
            points=cell.points if is_written else sum(test.points for test in tests),
            minutes=cell.minutes,
            tests=tuple(test.name for test in tests),
            cells=(cell.name, *(test.name for test in tests)),
            written=is_written,
        )

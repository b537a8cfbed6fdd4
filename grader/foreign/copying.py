"""Copy what grading one assignment needs of a course, so that the course itself stays as it was.

The copy is a course of nbgrader's by itself, with the same configuration, in which the
assignment was never graded. What is kept between two gradings lies beside it.
"""

from __future__ import annotations

import copy
import os
import shutil
import sqlite3
import stat
import warnings
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from nbgrader.api import Gradebook

from grader.errors import GraderError
from grader.foreign.finding import CONFIGURATION
from grader.foreign.place import CourseFolder

__all__ = ["copy_course", "settings_for", "top_of"]

_STEPS = ("source", "release", "submitted", "autograded", "feedback")
_PASSED_OVER = {".git", "__pycache__", ".ipynb_checkpoints", "node_modules"}


def copy_course(
    course: CourseFolder, assignment_id: str, learners: Iterable[str], folder: Path
) -> CourseFolder:
    """Copy the assignment and these learners' submissions to `folder`, which must not exist.

    Raises:
        GraderError: the course's places lie outside its folder, or copying fails.
    """
    settings = settings_for(course, folder)
    try:
        _copy_files(course, assignment_id, learners, folder)
        _copy_gradebook(course, folder)
        copied = _opened(course, folder, settings)
        _forget_gradings(copied, assignment_id)
    except (OSError, shutil.Error, sqlite3.Error) as error:
        raise GraderError(
            f"{course.root} cannot be copied to {folder}: {_in_a_line(error)}. Make room, or name "
            "another place with --keep or TMPDIR; nothing in the course was changed."
        ) from error
    return copied


def top_of(course: CourseFolder) -> Path:
    """The folder that nbgrader works in; its configuration may lie elsewhere."""
    return Path(course.directory.root)


def settings_for(course: CourseFolder, root: Path) -> dict[str, str]:
    """The places of a copy that is seen at `root`, as nbgrader's CourseDirectory is told them.

    Raises:
        GraderError: a folder of the course lies outside the course, or it has no gradebook file.
    """
    if course.gradebook_file is None:
        raise GraderError(
            f"the gradebook is on a server ({course.db_url.partition('://')[0]}), and this works "
            "on a copy of the course; set CourseDirectory.db_url to a file with a copy of it"
        )
    found = {"root": str(root), "db_url": f"sqlite:///{root / _gradebook_name(course)}"}
    top = top_of(course)
    for step in _STEPS:
        name = f"{step}_directory"
        place = Path(os.path.normpath(top / getattr(course.directory, name)))
        if not place.is_relative_to(top):
            raise GraderError(
                f"CourseDirectory.{name} is {place}, which is outside of the course's folder "
                f"{top}; copy the course into one folder and compare there"
            )
        found[name] = str(place.relative_to(top))
    return found


def _gradebook_name(course: CourseFolder) -> Path:
    path = course.gradebook_file
    assert path is not None
    inside = path.is_relative_to(top_of(course))
    return path.relative_to(top_of(course)) if inside else Path(".gradebook", path.name)


def _copy_files(
    course: CourseFolder, assignment_id: str, learners: Iterable[str], folder: Path
) -> None:
    top = top_of(course)
    steps = [getattr(course.directory, f"{step}_directory") for step in _STEPS]
    places = [course.directory.format_path(step, "x", "x") for step in steps]
    names = {Path(os.path.relpath(place, top)).parts[0] for place in places}
    folder.mkdir(parents=True)
    for each in top.iterdir():
        if each.is_file() and not each.is_symlink() and ".db" not in each.name:
            shutil.copyfile(each, folder / each.name)
        elif each.is_dir() and each.name not in names and not _is_passed_over(each):
            _copy_tree(each, folder / each.name, links=False)
    if (configuration := course.root / CONFIGURATION).is_file():
        shutil.copyfile(configuration, folder / CONFIGURATION)
    source = course.source(assignment_id)
    _copy_tree(source, folder / os.path.relpath(source, top), links=False)
    for each in source.parent.iterdir():
        if each.is_file():  # headers, for instance
            shutil.copyfile(each, folder / os.path.relpath(each, top))
    for learner in learners:
        own = course.submitted(assignment_id, learner)
        _copy_tree(own, folder / os.path.relpath(own, top), links=True)


def _copy_tree(source: Path, to: Path, *, links: bool) -> None:
    """Copy a folder; `links` stay links in what learners handed in, or else are followed."""

    def ignore(folder: str, names: list[str]) -> set[str]:
        places = {name: Path(folder, name) for name in names}
        return {name for name, place in places.items() if _is_passed_over(place, links=links)}

    shutil.copytree(
        source,
        to,
        symlinks=links,
        ignore=ignore,
        ignore_dangling_symlinks=True,
        copy_function=shutil.copyfile if not links else shutil.copy,
        dirs_exist_ok=True,
    )


def _is_passed_over(path: Path, *, links: bool = False) -> bool:
    if path.name in _PASSED_OVER or (path / "pyvenv.cfg").is_file():
        return True
    try:
        mode = path.lstat().st_mode if links else path.stat().st_mode
    except OSError:
        return False  # told where it is copied
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))


def _copy_gradebook(course: CourseFolder, folder: Path) -> None:
    """The gradebook with what a server writes to it meanwhile, but never half of that."""
    path = course.gradebook_file
    assert path is not None
    to = folder / _gradebook_name(course)
    to.parent.mkdir(parents=True, exist_ok=True)
    for ending in ("", "-wal", "-journal"):
        if (beside := path.with_name(path.name + ending)).exists():
            shutil.copyfile(beside, to.with_name(to.name + ending))
    with closing(sqlite3.connect(to)) as database:
        (said,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if said != "ok":
        raise sqlite3.DatabaseError(f"the copy of {path} is broken ({said}); run it again")


def _opened(course: CourseFolder, folder: Path, settings: Mapping[str, str]) -> CourseFolder:
    config = copy.deepcopy(course.config)
    for name, value in settings.items():
        setattr(config.CourseDirectory, name, value)
    return replace(course, root=folder, config=config, kept=folder.with_name(f"{folder.name}.kept"))


def _forget_gradings(course: CourseFolder, assignment_id: str) -> None:
    """So that both sides give each mark themselves."""
    with warnings.catch_warnings(), Gradebook(course.db_url, course.id) as gradebook:
        warnings.simplefilter("ignore")  # nbgrader's own, of its database
        for entry in gradebook.assignment_submissions(assignment_id):
            gradebook.remove_submission(assignment_id, entry.student.id)


def _in_a_line(error: Exception) -> str:
    if isinstance(error, shutil.Error) and error.args and error.args[0]:
        first = error.args[0][0]
        return f"{first[0]}: {first[2]}"
    return str(error).splitlines()[0] if str(error) else type(error).__name__

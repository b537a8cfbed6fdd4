"""A copy of a course has what grading one assignment needs, ungraded; the course is only read."""

import os
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from grader.errors import GraderError
from grader.foreign.copying import copy_course, settings_for
from grader.foreign.place import CourseFolder, open_course_folder

from .course_maker import answer, assertion, hand_in, make_course

MakeOnce = Callable[[str, Callable[[Path], object]], Path]


def _make(root: Path) -> None:
    cells = [answer("double", "def double(n):\n    return 2 * n"), assertion("t", "double(1)")]
    make_course(root, {"one": cells})
    hand_in(root, "ann")
    hand_in(root, "bob")
    with (
        warnings.catch_warnings(),
        Gradebook(f"sqlite:///{root}/gradebook.db", "small") as gradebook,
    ):
        warnings.simplefilter("ignore")  # nbgrader's own, of its database
        gradebook.update_or_create_student("ann")
        gradebook.update_or_create_submission("a1", "ann")


@pytest.fixture
def course(once: MakeOnce, tmp_path: Path) -> CourseFolder:
    root = tmp_path / "a course"
    shutil.copytree(once("a course to copy", _make), root)
    return open_course_folder(root)


def submissions(course: CourseFolder) -> list[str]:
    with Gradebook(course.db_url, course.id) as gradebook:
        return [entry.student.id for entry in gradebook.assignment_submissions("a1")]


def files(root: Path) -> set[str]:
    return {str(p.relative_to(root)) for p in root.rglob("*") if p.is_file() or p.is_symlink()}


def test_what_is_copied_and_what_is_not(course: CourseFolder, tmp_path: Path):
    here = course.root
    for name in (
        ".git/config",
        "env/pyvenv.cfg",
        "env/lib.py",
        "plugins/own.py",
        "plugins/__pycache__/own.pyc",
        "source/header.ipynb",
        "source/a2/one.ipynb",
        "source/a1/data.csv",
        "autograded/ann/a1/one.ipynb",
        "late.py",
    ):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text("")
    (here / "submitted/ann/a1/link").symlink_to(here / "gradebook.db")
    os.mkfifo(here / "submitted/ann/a1/pipe")
    copied = copy_course(course, "a1", ["ann"], tmp_path / "copy")
    assert files(copied.root) == {
        "nbgrader_config.py",
        "gradebook.db",
        "late.py",
        "plugins/own.py",
        "source/header.ipynb",
        "source/a1/one.ipynb",
        "source/a1/data.csv",
        "submitted/ann/a1/one.ipynb",
        "submitted/ann/a1/link",
    }
    assert (copied.root / "submitted/ann/a1/link").is_symlink()
    assert copied.learners("a1") == ("ann",)


def test_the_copy_was_never_graded_and_the_course_still_is(course: CourseFolder, tmp_path: Path):
    copied = copy_course(course, "a1", ["ann"], tmp_path / "copy")
    assert submissions(copied) == []
    assert submissions(course) == ["ann"]
    assert copied.cache == tmp_path / "copy.kept"


def test_absolute_places_are_those_of_the_copy(course: CourseFolder, tmp_path: Path):
    (tmp_path / "apart").mkdir()
    gradebook = shutil.move(course.root / "gradebook.db", tmp_path / "apart" / "marks.db")
    (course.root / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.CourseDirectory.root = {str(course.root)!r}\n"
        f"c.CourseDirectory.db_url = 'sqlite:///{gradebook}'\n"
        f"c.CourseDirectory.submitted_directory = {str(course.root / 'submitted')!r}\n"
    )
    moved = open_course_folder(course.root)
    copied = copy_course(moved, "a1", ["bob"], tmp_path / "copy")
    assert copied.submitted("a1", "bob") == tmp_path / "copy/submitted/bob/a1"
    assert copied.gradebook_file == tmp_path / "copy/.gradebook/marks.db"
    assert copied.gradebook_file.is_file()
    told = settings_for(moved, moved.root)
    assert told["root"] == str(moved.root)
    assert told["db_url"] == f"sqlite:///{moved.root}/.gradebook/marks.db"
    assert told["submitted_directory"] == "submitted"


def test_a_gradebook_that_is_broken_is_one_message(course: CourseFolder, tmp_path: Path):
    (course.root / "gradebook.db").write_bytes(b"no database " * 1000)
    with pytest.raises(GraderError, match="cannot be copied"):
        copy_course(course, "a1", ["ann"], tmp_path / "copy")

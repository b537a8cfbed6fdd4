"""The catalogue: what notebooks and course.toml say, and where the course is looked for."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import course
from course.study.catalogue import course_root, read_catalogue
from course.study.errors import CourseNotFound, NotANotebook, UnknownAssignment

from .sample import answer, checks, notebook, save


def test_assignments_come_in_the_order_of_the_declaration(root: Path):
    catalogue = read_catalogue(root)
    assert [each.id for each in catalogue.assignments] == ["second", "tiny"]
    assert (catalogue.id, catalogue.title) == ("sample", "A sample week")
    assert catalogue.assignments[1].title == "Tiny"
    assert catalogue.assignments[1].minutes == 20
    assert catalogue.announced == ("later",)


def test_exercises_are_those_of_the_cells(root: Path):
    double, half, why = read_catalogue(root).assignment("tiny").exercises
    assert (double.id, double.title, double.minutes) == ("double", "The double", 5)
    assert double.points == 2 + 3
    assert double.tests == ("double_by_hand", "double_more")
    assert double.cells == ("double", "double_by_hand", "double_more")
    assert (half.points, half.written) == (2, False)
    assert (why.points, why.written, why.tests) == (6, True, ())
    assert read_catalogue(root).assignment("tiny").points == 13


def test_what_is_not_declared_comes_last_with_the_minutes_of_its_exercises(root: Path):
    save(notebook(answer("f", minutes=4), answer("g", minutes=3)), root / "assignments/a/a.ipynb")
    last = read_catalogue(root).assignments[-1]
    assert (last.id, last.title, last.minutes) == ("a", "a", 7)


def test_another_file_beside_the_notebook_is_no_assignment(root: Path):
    for name in ("a", "zz"):
        save(notebook(), root / f"assignments/tiny/{name}.ipynb")
    assert read_catalogue(root).assignment("tiny").points == 13


def test_a_changed_notebook_is_read_again(root: Path):
    path = read_catalogue(root).assignment("tiny").notebook
    save(notebook(answer("new"), checks("t", "new", 1)), path)
    os.utime(path, ns=(1, 1))
    assert [each.id for each in read_catalogue(root).assignment("tiny").exercises] == ["new"]


def test_the_course_of_this_repository_can_be_read():
    catalogue = read_catalogue(Path(course.__file__).parents[1])
    exercises = {each.id: each for each in catalogue.assignment("loss_functions").exercises}
    assert exercises["svm_loss"].points == 12
    assert catalogue.assignment("loss_functions").points == 100


def test_an_unknown_assignment_names_the_closest(root: Path):
    with pytest.raises(UnknownAssignment, match="Did you mean tiny"):
        read_catalogue(root).assignment("tinny")


def test_an_announced_assignment_is_said_to_be_announced(root: Path):
    with pytest.raises(UnknownAssignment, match="announced"):
        read_catalogue(root).assignment("later")


@pytest.mark.parametrize("text", ["", "[]", '{"cells": 3}', '{"cells": [7]}', "{" * 9])
def test_a_broken_release_is_named(root: Path, text: str):
    path = root / "assignments/tiny/tiny.ipynb"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NotANotebook, match=r"tiny\.ipynb is not a notebook"):
        read_catalogue(root)


def test_a_broken_declaration_is_named(root: Path):
    (root / "course.toml").write_text("[course", encoding="utf-8")
    with pytest.raises(CourseNotFound, match=r"course\.toml cannot be read"):
        read_catalogue(root)


def test_a_folder_without_a_course_is_none(tmp_path: Path):
    with pytest.raises(CourseNotFound, match="holds no course"):
        read_catalogue(tmp_path)


def test_notebooks_alone_are_a_course(root: Path):
    (root / "course.toml").unlink()
    assert [each.id for each in read_catalogue(root).assignments] == ["second", "tiny"]


def test_the_environment_names_the_course(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COURSE_ROOT", str(root))
    assert course_root() == root


def test_the_environment_cannot_name_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    with pytest.raises(CourseNotFound, match="COURSE_ROOT is"):
        course_root()


def test_else_it_is_where_the_library_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert course_root() == Path(course.__file__).resolve().parents[1]


def test_an_installed_library_looks_above_the_current_folder(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(course, "__file__", str(tmp_path / "lib" / "course" / "__init__.py"))
    below = root / "work" / "tiny"
    below.mkdir(parents=True)
    assert course_root(below) == root
    shutil.move(root / "course.toml", tmp_path / "elsewhere.toml")
    with pytest.raises(CourseNotFound, match="no course was found"):
        course_root(below)


def test_reading_needs_no_heavy_package():
    code = (
        "import sys, course.study.progress, course.study.workspace; "
        "print([m for m in ('torch', 'numpy', 'matplotlib', 'nbformat') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

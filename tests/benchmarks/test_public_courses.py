"""The benchmark on other people's courses: what it prepares, and what it refuses."""

import argparse
from pathlib import Path

import nbformat
import pytest

from benchmarks.nbgrader_courses import drawing_environment
from benchmarks.public_courses import Measured, Target, hand_in, prepare, table_of
from benchmarks.watch import CommandFailed
from benchmarks.weather import source_notebook, write_tables
from grader.foreign.place import CourseFolder


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A course with two notebooks, as somebody might have published it."""
    root = tmp_path / "theirs"
    folder = root / "source" / "week"
    folder.mkdir(parents=True)
    for name in ("weather", "climate"):
        nbformat.write(source_notebook(figures=False), folder / f"{name}.ipynb")
    write_tables(folder)
    (root / "nbgrader_config.py").write_text("c = get_config()\n")
    (root / "release" / "old").mkdir(parents=True)
    return root


def prepared(theirs: Path, tmp_path: Path, notebook: str) -> CourseFolder:
    target = Target.parse(f"{theirs}:week:{notebook}")
    return prepare(target, tmp_path / "copy", drawing_environment(tmp_path / "home"))


def test_one_notebook_is_generated_and_handed_in_by_everyone(theirs: Path, tmp_path: Path):
    before = sorted(theirs.rglob("*"))
    course = prepared(theirs, tmp_path, "weather")
    hand_in(course, "week", 5)
    assert sorted(theirs.rglob("*")) == before
    assert not (course.root / "release" / "old").exists()
    assert [path.name for path in (course.root / "release" / "week").glob("*.ipynb")] == [
        "weather.ipynb"
    ]
    assert len(course.learners("week")) == 5
    texts = [
        (course.submitted("week", learner) / "weather.ipynb").read_text()
        for learner in course.learners("week")
    ]
    assert len(set(texts)) == 5
    # the third has everything solved, the fourth nothing
    assert texts[3].count("NotImplementedError") > texts[1].count("NotImplementedError") > 0
    assert texts[2].count("NotImplementedError") == 0


def test_a_notebook_that_is_not_there_is_refused(theirs: Path, tmp_path: Path):
    with pytest.raises(CommandFailed, match="week has no notebook 'winter'"):
        prepared(theirs, tmp_path, "winter")


def test_a_course_whose_files_lie_elsewhere_is_left_alone(theirs: Path, tmp_path: Path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (theirs / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.CourseDirectory.release_directory = {str(elsewhere)!r}\n"
    )
    with pytest.raises(CommandFailed, match="keeps its files elsewhere"):
        prepared(theirs, tmp_path, "weather")
    assert elsewhere.exists()


def test_what_nbgrader_says_is_told(theirs: Path, tmp_path: Path):
    target = Target(theirs, "other")
    with pytest.raises(CommandFailed, match="cannot be generated"):
        prepare(target, tmp_path / "copy", drawing_environment(tmp_path / "home"))


@pytest.mark.parametrize("text", ["nowhere:week", ".", ".:"])
def test_a_target_names_a_folder_and_an_assignment(text: str):
    with pytest.raises(argparse.ArgumentTypeError, match="COURSE:ASSIGNMENT"):
        Target.parse(text)


def test_the_table_says_how_many_times_as_fast(tmp_path: Path):
    target = Target(tmp_path, "week", "weather")
    [row] = table_of([Measured(target.name, 60, 240.0, 20.0)], 2).rows
    assert row == (f"{tmp_path.name} week weather", "60", "240.0", "20.0", "180.0", "12.0")

"""course.toml: what a right one gives, and what each wrong one says."""

import pickle
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from grader.configuration import Course, load_course
from grader.errors import ConfigurationError, UnknownAssignment
from grader.records import Limits

RIGHT = """
[course]
id = "week3"
title = "Week 3"
week = 3

[limits]
cell_seconds = 5
memory_mib = 1024

[[assignments]]
id = "loss_functions"
title = "Loss functions"
minutes = 180
due = 2026-01-31T23:59:00+01:00

[assignments.limits]
memory_mib = 2048

[[assignments]]
id = "sgdr"
title = "Warm restarts"
week = 4
minutes = 90.5
withheld = ["course.losses", "course.linear"]
"""


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return write(tmp_path, RIGHT)


def write(root: Path, text: str) -> Course:
    (root / "course.toml").write_text(text, encoding="utf-8")
    return load_course(root)


def test_a_course_holds_what_the_file_says(course: Course, tmp_path: Path) -> None:
    assert (course.root, course.id, course.title) == (tmp_path.resolve(), "week3", "Week 3")
    assert course.outline is None
    first, second = course.assignments
    assert (first.id, first.week, first.minutes) == ("loss_functions", 3, 180)
    assert first.due == datetime(2026, 1, 31, 23, 59, tzinfo=timezone(timedelta(hours=1)))
    assert (second.id, second.week, second.minutes, second.due) == ("sgdr", 4, 90.5, None)


def test_the_outline_of_the_week_lies_below_the_course(tmp_path: Path) -> None:
    text = RIGHT.replace("week = 3\n", 'week = 3\noutline = "weeks/week3.toml"\n', 1)
    assert write(tmp_path, text).outline == tmp_path.resolve() / "weeks" / "week3.toml"


def test_an_assignment_overrides_the_limits_of_the_course_key_by_key(course: Course) -> None:
    first, second = course.assignments
    assert second.limits == replace(Limits(), cell_seconds=5.0, memory_mib=1024)
    assert first.limits == replace(second.limits, memory_mib=2048)
    assert isinstance(first.limits.cell_seconds, float)


def test_modules_are_withheld_where_the_assignment_says_so(course: Course) -> None:
    first, second = course.assignments
    assert first.withheld == ()
    assert second.withheld == ("course.losses", "course.linear")


def test_limits_may_be_left_out_altogether(tmp_path: Path) -> None:
    text = RIGHT.replace("[limits]\ncell_seconds = 5\nmemory_mib = 1024\n", "")
    assert write(tmp_path, text).assignments[1].limits == Limits()


def test_the_nearest_course_above_the_current_folder_is_found(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = course.root / "assignments" / "loss_functions"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert load_course() == course


def test_no_course_above_the_current_folder_says_where_it_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match=r"no course\.toml was found in .*Go to"):
        load_course()


def test_an_unknown_assignment_names_the_known_ones_and_the_closest(course: Course) -> None:
    with pytest.raises(UnknownAssignment) as caught:
        course.assignment("los_functions")
    message = str(caught.value)
    assert "'los_functions'" in message
    assert "declared: loss_functions, sgdr" in message
    assert "Did you mean 'loss_functions'?" in message
    assert str(pickle.loads(pickle.dumps(caught.value))) == message


def test_a_known_assignment_is_given(course: Course) -> None:
    assert course.assignment("sgdr").title == "Warm restarts"


WRONG = [
    ("week = 3\n", 'week = 3\noutline = "/week3.toml"\n', ["[course]", "'outline'", "below the"]),
    ("week = 3\n", 'week = 3\noutline = "../week3.toml"\n', ["'outline'", "for example: outline"]),
    ("week = 3\n", 'week = 3\noutline = "week3.md"\n', ["'outline'", "a TOML file"]),
    ("week = 3\n", "week = 3\noutline = 3\n", ["'outline'", "is 3"]),
    ('"course.losses"', "3", ["[[assignments]] number 2", "'withheld'", "a list of the library's"]),
    ('["course.losses", "course.linear"]', '"course.losses"', ["'withheld'", "for example: wi"]),
    ("course.linear", "course.losses", ["'withheld'", "each once"]),
    ("course.losses", "course.loses", ["'course.loses', which is no module", "'course.losses'?"]),
    ("course.losses", "torch", ["names 'torch', which is no module of the library;"]),
    ("course.losses", "course", ["names 'course', which a learner's process needs"]),
    ("course.losses", "course.link.serve", ["'course.link.serve', which a learner's process"]),
    ("course.losses", "course.testing", ["'course.testing', which a learner's process needs"]),
    ('id = "week3"', 'id = "Week 3"', ["[course]", "'id'", "is 'Week 3'", "an id:", "for example"]),
    ('id = "week3"\n', "", ["[course]", "'id'", "is missing", "for example: id ="]),
    ('title = "Week 3"', "title = 3", ["[course]", "'title'", "is 3", "a text"]),
    ('title = "Week 3"', 'title = "  "', ["'title'", "not empty"]),
    ("week = 3\n", "week = 2.5\n", ["[course]", "'week'", "is 2.5", "a whole number"]),
    ("week = 3\n", "week = true\n", ["'week'", "is True", "a whole number"]),
    ("week = 3\n", "wek = 3\n", ["[course]", "'wek' is unknown", "Did you mean 'week'?"]),
    ("[course]", "[curse]", ["'curse' is unknown", "Did you mean 'course'?"]),
    ("cell_seconds = 5", "cell_seconds = 0", ["[limits]", "'cell_seconds'", "a positive number"]),
    ("cell_seconds = 5", "cell_seconds = nan", ["[limits]", "'cell_seconds'", "is nan"]),
    ("cell_seconds = 5", "cell_seconds = inf", ["[limits]", "'cell_seconds'", "is inf"]),
    ("cell_seconds = 5", 'cell_seconds = "5"', ["'cell_seconds'", "is '5'"]),
    ("cell_seconds = 5", "cells = 5", ["[limits]", "'cells' is unknown", "output_kib"]),
    ("memory_mib = 2048", "memory_mib = 0.5", ["[assignments.limits]", "whole number"]),
    ('id = "sgdr"\n', "", ["[[assignments]] number 2", "'id'", "is missing"]),
    ('id = "sgdr"', 'id = "loss_functions"', ["number 2", "declared twice"]),
    ('id = "sgdr"', 'id = "../sgdr"', ["number 2", "'id'", "an id:"]),
    ("minutes = 90.5", "minutes = -1", ["number 2", "'minutes'", "a positive number"]),
    ("+01:00", "", ["number 1", "'due'", "with its offset"]),
    ("due = 2026-01-31T23:59:00+01:00", "due = 2026-01-31", ["'due'", "date and time"]),
    ("[limits]\n", "[limits\n", ["is not TOML", "line"]),
]


@pytest.mark.parametrize(("old", "new", "words"), WRONG)
def test_a_wrong_file_says_file_table_key_and_what_to_write(
    tmp_path: Path, old: str, new: str, words: list[str]
) -> None:
    assert old in RIGHT
    with pytest.raises(ConfigurationError) as caught:
        write(tmp_path, RIGHT.replace(old, new, 1))
    for word in ["course.toml", *words]:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "[course] is missing"),
        ("course = 3", "expected a table"),
        (RIGHT.split("[[")[0], "no assignment is declared"),
        (RIGHT.split("[[")[0].replace("\n[course]", "\nassignments = 3\n[course]"), "no assignm"),
        ("assignments = [3]\n" + RIGHT.split("[[")[0], "number 1 is 3"),
    ],
)
def test_a_file_without_its_tables_says_which(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        write(tmp_path, text)
    assert words in str(caught.value)


def test_a_missing_file_a_folder_and_another_encoding_are_each_one_message(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        load_course(tmp_path)
    (tmp_path / "course.toml").write_bytes("title = 'é'".encode("latin-1"))
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        load_course(tmp_path)
    (tmp_path / "course.toml").unlink()
    (tmp_path / "course.toml").mkdir()
    with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
        load_course(tmp_path)


def test_places_lie_where_the_design_puts_them(course: Course) -> None:
    def place(path: Path) -> str:
        return path.relative_to(course.root).as_posix()

    assert place(course.gradebook) == "var/gradebook.db"
    assert place(course.solution_source("a")) == "solutions/a/notebook.py"
    assert place(course.mistakes_file("a")) == "solutions/a/mistakes.py"
    assert place(course.source_notebook("a")) == "var/source/a/a.ipynb"
    assert place(course.release_notebook("a")) == "assignments/a/a.ipynb"
    assert place(course.submitted("a", "ada")) == "var/submitted/ada/a"
    assert place(course.submitted_notebook("a", "ada")) == "var/submitted/ada/a/a.ipynb"
    assert place(course.autograded_notebook("a", "ada")) == "var/autograded/ada/a/a.ipynb"
    assert place(course.feedback_page("a", "ada")) == "var/feedback/ada/a/a.html"
    assert place(course.run_record("a", "ada")) == "var/runs/a/ada.json"


def test_learners_are_all_who_handed_in_anything_of_that_name(course: Course) -> None:
    assert course.learners("a") == ()
    submitted = course.var / "submitted"
    (submitted / "zoe" / "a").mkdir(parents=True)
    (submitted / "ada").mkdir()
    (submitted / "ada" / "a").write_text("not a folder")
    (submitted / "bob" / "b").mkdir(parents=True)
    (submitted / "eve").mkdir()
    (submitted / "eve" / "a").symlink_to("/nowhere/at/all")
    (submitted / "notes.txt").write_text("")
    assert course.learners("a") == ("ada", "eve", "zoe")


def test_the_course_of_this_repository_loads() -> None:
    here = Path(__file__).resolve().parents[2]
    course = load_course(here)
    assert course.id == "week3"
    assert course.assignment("loss_functions").limits.submission_seconds == 60

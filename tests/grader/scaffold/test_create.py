"""New courses, weeks and assignments: nothing overwritten, nothing half-written, all works."""

import os
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from grader.audit import audit
from grader.authoring.release import release
from grader.commands.main import app
from grader.configuration import load_course
from grader.errors import ConfigurationError
from grader.reviews import load_reviews
from grader.scaffold import create, files
from grader.scaffold.create import new_assignment, new_course, new_week
from grader.scaffold.declaration import Declaration, find_declaration
from grader.week.page import week_page

REPOSITORY = Path(__file__).resolve().parents[3]
REMARKS = """\
# above
[course] # the course
id = "vision"  # for nbgrader
title = 'Old # title'   # for people

week = 3
# [not a table]

[[assignments]]
id = "first"
title = "First"  # of all
minutes = 5

[assignments.limits]
cell_seconds = 3

[[assignments]]
id = "second"
title = "Second"
minutes = 5
week = 2
"""


def contents(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return new_course(tmp_path / "a course", "Seeing", "vision")


def declared(tmp_path: Path, text: str) -> Declaration:
    (tmp_path / "course.toml").write_text(text, encoding="utf-8")
    return find_declaration(tmp_path)


# ---- the course


def test_a_new_course_has_all_that_a_course_needs(root: Path):
    there = {"course.toml", "nbgrader_config.py", "README.md", ".gitignore"}
    assert {path.name for path in root.iterdir()} == there | {"solutions", "assignments"}
    assert tomllib.loads((root / "course.toml").read_text())["course"] == {
        "id": "vision",
        "title": "Seeing",
        "week": 1,
    }


def test_its_settings_of_nbgrader_are_those_of_this_repository(root: Path):
    ours = (REPOSITORY / "nbgrader_config.py").read_text("utf-8")
    assert (root / "nbgrader_config.py").read_text("utf-8") == ours  # the template is a link


def test_a_title_with_quotes_is_kept(tmp_path: Path):
    root = new_course(tmp_path / "quoted", 'Say "hi" \\ é')
    assert tomllib.loads((root / "course.toml").read_text())["course"]["title"] == 'Say "hi" \\ é'


def test_the_id_comes_from_the_folder(tmp_path: Path):
    root = new_course(tmp_path / "Deep Learning-2", "Title")
    assert find_declaration(root).about["id"] == "deep_learning_2"


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path):
    (tmp_path / "notes.md").write_text("mine")
    with pytest.raises(ConfigurationError, match=r"is not empty: it holds notes\.md"):
        new_course(tmp_path, "Title", "course")
    assert contents(tmp_path) == {"notes.md": b"mine"}


def test_a_fresh_clone_may_become_a_course(tmp_path: Path):
    (tmp_path / ".git").mkdir()
    assert new_course(tmp_path, "Title", "course") == tmp_path


@pytest.mark.parametrize(
    ("folder", "identifier", "title", "message"),
    [
        ("2024", None, "T", "the id of the course is '2024'"),
        ("x", "Has-Caps", "T", "the id of the course is 'Has-Caps'"),
        ("x", "class", "T", "no word of Python"),
        ("x", "x" * 65, "T", "at most 64"),
        ("x", None, " ", "the title is ' '"),
        ("x", None, "two\nlines", "of one line"),
    ],
)
def test_names_are_checked_before_anything_is_made(
    tmp_path: Path, folder: str, identifier: str | None, title: str, message: str
):
    with pytest.raises(ConfigurationError, match=message):
        new_course(tmp_path / folder, title, identifier)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(ConfigurationError, match="taken is a file"):
        new_course(tmp_path / "taken", "Title")


# ---- weeks


def test_a_new_week_is_the_week_of_the_course(root: Path):
    outline = new_week(root, 4, "Week 4: edges")
    assert outline == root / "weeks" / "week4.toml"
    about = find_declaration(root).about
    assert about == {
        "id": "vision",
        "title": "Week 4: edges",
        "week": 4,
        "outline": "weeks/week4.toml",
    }


def test_earlier_assignments_stay_in_their_week_and_comments_stay(tmp_path: Path):
    declared(tmp_path, REMARKS)
    new_week(tmp_path, 4, "New")
    text = (tmp_path / "course.toml").read_text()
    assert {each.id: each.week for each in load_course(tmp_path).assignments} == {
        "first": 3,
        "second": 2,
    }
    expected = REMARKS.replace("'Old # title'", '"New"').replace(
        "week = 3\n", 'week = 4\noutline = "weeks/week4.toml"\n'
    )
    assert text == expected.replace("minutes = 5\n\n[ass", "minutes = 5\nweek = 3\n\n[ass", 1)


def test_the_same_week_is_not_made_twice(root: Path):
    new_week(root, 1, "One")
    before = contents(root)
    with pytest.raises(ConfigurationError, match="week 1 is the week of this course already"):
        new_week(root, 1, "Again")
    assert contents(root) == before


def test_an_outline_that_is_there_is_not_overwritten(root: Path):
    new_week(root, 1, "One")
    new_week(root, 2, "Two")
    before = contents(root)
    with pytest.raises(ConfigurationError, match=r"week1\.toml is there already"):
        new_week(root, 1, "Again")
    assert contents(root) == before


def test_week_zero_is_refused(root: Path):
    with pytest.raises(ConfigurationError, match="a whole number from 1"):
        new_week(root, 0, "Zero")


# ---- assignments


def test_a_new_assignment_passes_its_audit_and_makes_a_week(root: Path):
    new_week(root, 2, "Week 2")
    new_assignment(root, "sizes", 'How "large"?')
    course = load_course(root)
    made = release(course, "sizes")
    counts = (made.exercises, made.visible_tests, made.hidden_tests, made.points)
    assert counts == (1, 1, 1, 3)
    released = course.release_notebook("sizes").read_bytes()
    assert not release(course, "sizes").changed
    assert course.release_notebook("sizes").read_bytes() == released
    report = audit(course, "sizes", sandbox="none", workers=1)
    assert [finding for finding in report.findings if not finding.holds] == []
    assert len(report.findings) == 5  # the reference, the release, two mistakes, the wall
    assert '### How "large"?' in week_page(course)
    questions = load_reviews(root / "solutions" / "sizes" / "reviews.py", ["root_mean_square"])
    assert len(questions["root_mean_square"]) == 1


@pytest.mark.parametrize("name", ["Sizes", "2sizes", "si-zes", "../up", "", "lambda", "a" * 65])
def test_a_name_that_is_no_id_makes_nothing(root: Path, name: str):
    before = contents(root)
    with pytest.raises(ConfigurationError, match="the id of an assignment is"):
        new_assignment(root, name, "Title")
    assert contents(root) == before


def test_an_assignment_is_made_once(root: Path):
    new_assignment(root, "sizes", "Sizes")
    before = contents(root)
    with pytest.raises(ConfigurationError, match="'sizes' is declared already"):
        new_assignment(root, "sizes", "Sizes")
    assert contents(root) == before


def test_a_folder_that_nobody_declared_is_kept(root: Path):
    (root / "solutions" / "sizes").mkdir()
    with pytest.raises(ConfigurationError, match="sizes is there already"):
        new_assignment(root, "sizes", "Sizes")


def test_a_declaration_that_cannot_be_written_leaves_no_files(
    root: Path, monkeypatch: pytest.MonkeyPatch
):
    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = contents(root)
    monkeypatch.setattr(Declaration, "write", full_disk)
    with pytest.raises(OSError, match="No space"):
        new_assignment(root, "sizes", "Sizes")
    assert contents(root) == before
    assert not (root / "solutions" / "sizes").exists()


def test_a_file_that_cannot_be_written_takes_the_others_with_it(tmp_path: Path):
    (tmp_path / "b").write_text("a file, no folder")
    texts = {"a/one.py": "1", "b/two.py": "2"}
    with (
        pytest.raises(ConfigurationError, match=r"two\.py cannot be written"),
        files.new_files(tmp_path, texts),
    ):
        pass
    assert contents(tmp_path) == {"b": b"a file, no folder"}
    assert not (tmp_path / "a").exists()


# ---- course.toml


@pytest.mark.parametrize(
    "text",
    [
        '[course]\nid = "x"\ntitle = "T"\nweek = 1\n',
        '[course]\nid = "x"\ntitle = "T"\nweek = 1',
        REMARKS,
    ],
)
def test_a_table_is_added_below_what_is_there(tmp_path: Path, text: str):
    changed = declared(tmp_path, text).with_assignment({"id": "a", "title": "A", "minutes": 10})
    addition = '[[assignments]]\nid = "a"\ntitle = "A"\nminutes = 10\n'
    assert changed.text == f"{text.rstrip()}\n\n{addition}"


@pytest.mark.parametrize(
    "text",
    [
        'assignments = [{id = "a", title = "A", minutes = 1}]\n'
        '[course]\nid = "x"\ntitle = "T"\nweek = 1\n',
        'course = {id = "x", title = "T", week = 1}\n'
        '[[assignments]]\nid = "a"\ntitle = "A"\nminutes = 1\n',
        '[course]\nid = "x"\ntitle = """\nT\n"""\nweek = 1\n'
        '[[assignments]]\nid = "a"\ntitle = "A"\nminutes = 1\n',
    ],
)
def test_what_cannot_be_changed_line_by_line_is_to_be_written_by_hand(tmp_path: Path, text: str):
    declaration = declared(tmp_path, text)
    with pytest.raises(ConfigurationError, match="Write it by hand"):
        declaration.with_week({"title": "N", "week": 2}).with_assignment({"id": "b"})
    assert (tmp_path / "course.toml").read_text() == text


def test_a_broken_declaration_is_named_by_its_own_path(tmp_path: Path):
    with pytest.raises(ConfigurationError) as caught:
        declared(tmp_path, REMARKS.replace("minutes = 5", "minuts = 5"))
    assert str(tmp_path / "course.toml") in str(caught.value)
    assert "Did you mean 'minutes'?" in str(caught.value)


def test_outside_of_a_course_the_way_to_one_is_told(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="grader new course FOLDER"):
        find_declaration(tmp_path)


# ---- the commands


def test_the_commands_say_what_they_made_and_what_comes_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke
    assert "made" in run(app, ["new", "course", "vision"]).output
    monkeypatch.chdir("vision")
    assert "weeks/week2.toml" in run(app, ["new", "week", "2"]).output
    assert "grader preview edge_maps" in run(app, ["new", "assignment", "edge_maps"]).output
    assert load_course().assignment("edge_maps").title == "Edge maps"
    again = run(app, ["new", "assignment", "edge_maps"])
    assert again.exit_code == 1
    assert again.output.startswith("grader: ")


def test_every_template_is_used():
    used = {f"course/{name.lstrip('.')}" for name in create._COURSE_FILES}
    used |= {f"assignment/{name}" for name in create._ASSIGNMENT_FILES} | {"week/week.toml"}
    there = {os.fspath(p.relative_to(files._TEMPLATES)) for p in files._TEMPLATES.rglob("*.j2")}
    assert there == {f"{name}.j2" for name in used}

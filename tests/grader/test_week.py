"""The page of a week: what its sources give, what a wrong source says, and the committed page."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from grader.authoring.release import release
from grader.commands.console import console
from grader.commands.main import app
from grader.configuration import Course, load_course
from grader.errors import ConfigurationError, ReleaseError
from grader.week.notebooks import bullets_under, summarize
from grader.week.outline import read_outline
from grader.week.page import week_page

REPOSITORY = Path(__file__).resolve().parents[2]
SAMPLE = REPOSITORY / "tests" / "grader" / "data" / "course" / "weeks" / "week1.toml"
OUTLINE = SAMPLE.read_text(encoding="utf-8")


@pytest.fixture
def page(released: Course) -> str:
    """The page of the sample course."""
    return week_page(released)


def test_the_page_of_the_repository_is_what_its_sources_give() -> None:
    course = load_course(REPOSITORY)
    written = course.week_page.read_text(encoding="utf-8")
    assert written == week_page(course), "run: grader week --write"


# --------------------------------------------------------------------------- the page


def test_the_day_runs_from_its_start_without_a_gap(page: str) -> None:
    assert "From 09:30 to 12:00." in page
    assert "| 09:30 | 45 | **Arrive.** Sit down \\| unpack. |\n" in page
    assert "| 10:15 | 90 | **Why?** Talk. |\n| 11:45 | 15 | **Go.** Pack. |\n" in page


def test_a_reading_is_a_link_a_time_and_numbered_questions(page: str) -> None:
    assert (
        "### Means\n\n[A. Author, 1805](https://example.org/means), about 1 hour 15 minutes.\n\n"
        "Chapter $2$.\n\n1. Why the mean?\n2. What else?\n"
    ) in page
    assert "About 1 hour 15 minutes in all." in page


def test_an_assignment_is_counted_and_its_objectives_come_from_its_notebook(page: str) -> None:
    link = "[Two small exercises](../assignments/tiny/tiny.ipynb)"
    assert f"| {link} | 2 | 1 | 11.5 | 10 |" in page  # 1 + 2 + 1 + 1 + 1.5 points, and 5 in words
    assert "you can\n\n- square numbers and average them;\n- add up rows.\n" in page
    assert "You write `mean_square` and `row_sums`, and one short answer in your own words." in page


def test_a_project_says_who_when_what_and_how_it_is_judged(page: str) -> None:
    assert "## The project: count to ten\n\nFor groups of three.\n\nCount.\n" in page
    for line in (
        "| Counters | 2 | Count. |",
        "| Today | A plan. |",
        "1. A number.",
        "| Telling | 40 | Ten minutes. |",
    ):
        assert f"{line}\n" in page


def test_assignments_of_other_weeks_are_left_out(released: Course) -> None:
    (tiny,) = released.assignments
    text = week_page(replace(released, assignments=(replace(tiny, week=2),)))
    assert "## Assignments\n\nThere are none yet.\n" in text
    assert "Two small exercises" not in text


def test_no_secret_is_on_the_page(page: str) -> None:
    for secret in ("total_of_the_squares", "data_seen_twice", "Both the sum of squares"):
        assert secret not in page


def test_the_list_ends_where_its_section_ends() -> None:
    text = "# T\n\n## Can\n\n- one\n  two;\n\n- three.\n\ntext\n\n### Next\n\n- other\n"
    assert bullets_under("## Can", text) == ("one two;", "three.")
    assert bullets_under("## Cannot", text) == ()
    assert bullets_under("## Can", "## Can\n\nNo list.") == ()


def test_a_notebook_without_objectives_names_the_heading(released: Course) -> None:
    source = released.solution_source("tiny")
    source.write_text(source.read_text().replace("## When you are done", "## Once you are done"))
    release(released, "tiny")
    with pytest.raises(ReleaseError, match="no list under the heading `## When you are done"):
        summarize(released, released.assignment("tiny"))


# --------------------------------------------------------------------------- the outline

WRONG = [
    ("start = 09:30:00\n", "", ["the file", "'start'", "is missing", "start = 10:00:00"]),
    ("start = 09:30:00", 'start = "9:30"', ["'start'", "is '9:30'", "a time of the day"]),
    ("start = ", "stat = ", ["'stat' is unknown", "Did you mean 'start'?"]),
    ("minutes = 90", "minutes = 0", ["[[agenda]] number 2", "'minutes'", "a whole number"]),
    ("minutes = 90", "minutes = 1.5", ["[[agenda]] number 2", "'minutes'", "is 1.5"]),
    ('title = "Arrive"', 'title = """Ar\nrive"""', ["[[agenda]] number 1", "of one line"]),
    ('text = "Talk."', 'text = " "', ["[[agenda]] number 2", "'text'", "not empty"]),
    ("https://", "http://", ["[[readings]] number 1", "'url'", "begins with https://"]),
    ('questions = ["Why the mean?"', "questions = [3", ["'questions'", "a list of texts"]),
    ("[[readings]]", "[[reading]]", ["'reading' is unknown", "Did you mean 'readings'?"]),
    ("[[project.roles]]", "[[project.rolls]]", ["[project]", "'rolls' is unknown"]),
    ("[[project.milestones]]", "[[project.roles]]", ["[[project.roles]] number 3", "'when'"]),
    ('deliverables = ["A number."]', "deliverables = []", ["'deliverables'", "not empty"]),
    ("people = 3", "people = 4", ["the roles are for 3 people; expected 4"]),
    ("points = 60", "points = 50", ["the points add up to 90; expected 100"]),
    ("points = 60", "points = -60", ["[[project.rubric]] number 1", "a positive number"]),
    ("[project]", "[project", ["is not TOML"]),
]


@pytest.mark.parametrize(("old", "new", "words"), WRONG)
def test_a_wrong_outline_says_table_key_and_what_to_write(
    tmp_path: Path, old: str, new: str, words: list[str]
) -> None:
    assert old in OUTLINE
    path = tmp_path / "week.toml"
    path.write_text(OUTLINE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_outline(path)
    for word in ["week.toml", *words]:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (OUTLINE.split("[[agenda]]")[0], "no table [[agenda]]; expected one at least"),
        (OUTLINE.split("[project]")[0], "[project] is missing"),
        (OUTLINE.split("[[project.rubric]]")[0], "no table [[project.rubric]]"),
        (OUTLINE.split("[[readings]]")[0] + "[readings]\n", "no table [[readings]]"),
    ],
)
def test_a_missing_part_is_named_with_lines_to_copy(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "week.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_outline(path)
    assert words in str(caught.value)


# --------------------------------------------------------------------------- the command


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, released: Course) -> Callable[..., Result]:
    """Runs `grader week ...` in the sample course, on a wide terminal."""
    monkeypatch.setattr(console, "_width", 250)
    monkeypatch.chdir(released.root)
    return lambda *words: CliRunner().invoke(app, ["week", *words])


def test_the_page_is_printed_written_and_checked(
    call: Callable[..., Result], released: Course, page: str
) -> None:
    assert call().stdout == page
    assert not released.week_page.exists()
    stale = call("--check")
    assert stale.exit_code == 1
    assert "Run: grader week --write" in stale.stderr
    assert call("--write").stdout == "written docs/week1.md\n"
    assert released.week_page.read_text(encoding="utf-8") == page
    assert call("--write").stdout == "unchanged docs/week1.md\n"
    assert call("--check").stdout == "up to date: docs/week1.md\n"
    released.week_page.write_text(page + "edited\n", encoding="utf-8")
    assert call("--check").exit_code == 1
    assert released.week_page.read_text(encoding="utf-8").endswith("edited\n")


def test_writing_and_checking_at_once_is_refused(call: Callable[..., Result]) -> None:
    assert call("--write", "--check").exit_code == 2


def test_a_course_without_an_outline_is_told_how_to_name_one(
    call: Callable[..., Result], released: Course
) -> None:
    path = released.root / "course.toml"
    path.write_text(path.read_text().replace('outline = "weeks/week1.toml"\n', ""))
    result = call()
    assert result.exit_code == 1
    assert 'for example: outline = "weeks/week3.toml"' in result.stderr


def test_an_outline_that_is_not_there_is_one_message(
    call: Callable[..., Result], released: Course
) -> None:
    (released.root / "weeks" / "week1.toml").unlink()
    result = call()
    assert result.exit_code == 1
    assert "week1.toml cannot be read: No such file" in result.stderr

"""The pages themselves: links lead somewhere, every key is explained, examples are true."""

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest

from grader.audit import audit
from grader.authoring import source as source_format
from grader.authoring.release import release
from grader.configuration import Assignment, Checks, Course, Submissions, load_course
from grader.records import Limits, Outcome
from grader.week import outline

from .pages import PAGES, REPOSITORY, anchors, code, links, read, section

LINKS = [(page, *link) for page in PAGES for link in links(page)]


def test_links_and_pictures_are_found() -> None:
    assert len(LINKS) > 30
    assert sum(is_picture for *_, is_picture in LINKS) >= 2


@pytest.mark.parametrize(("page", "target"), [link[:2] for link in LINKS])
def test_a_link_leads_somewhere(page: str, target: str) -> None:
    if "://" in target:
        assert target.startswith("https://")  # not followed: tests need no internet
        return
    path, _, fragment = target.partition("#")
    place = (REPOSITORY / page).parent / path if path else REPOSITORY / page
    assert place.exists()
    if fragment:
        assert fragment in anchors(str(place.resolve().relative_to(REPOSITORY)))


def test_every_picture_says_in_words_what_it_shows() -> None:
    assert [target for _, target, text, is_picture in LINKS if is_picture and len(text) < 30] == []


def test_every_page_is_in_the_index() -> None:
    listed = {target for page, target, *_ in LINKS if page == "docs/README.md"}
    pages = {path.name for path in (REPOSITORY / "docs").glob("*.md")}
    pages -= {"README.md", "index.md"}  # the indexes themselves, of the repository and the site
    assert pages - listed == set()


def test_every_decision_is_in_the_index() -> None:
    listed = {target for page, target, *_ in LINKS if page == "docs/decisions/README.md"}
    notes = {path.name for path in (REPOSITORY / "docs" / "decisions").glob("0*.md")}
    assert notes
    assert notes - listed == set()


def test_the_pictures_load_nothing_from_the_internet() -> None:
    drawing = (REPOSITORY / "docs/images/demo.svg").read_text("utf-8")
    assert re.findall(r"(?:src|href|url)\W+https?:", drawing) == []


def test_every_key_of_course_toml_is_explained() -> None:
    table = section("docs/instructor.md", "course.toml")
    keys = {
        each.name
        for kind in (Course, Assignment, Limits, Checks, Submissions)
        for each in fields(kind)
    }
    keys -= {"root", "assignments", "checks", "submissions"}  # a place, and tables of their own
    assert {key for key in keys if f"| `{key}` |" not in table} == set()


def test_every_key_of_an_outline_is_explained_below_its_table() -> None:
    text = section("docs/instructor.md", "The outline of a week")
    explained, table = set(), ""
    for name, key in re.findall(r"^\| (.*?) ?\| `(\w+)` \|", text, flags=re.M):
        table = name or table
        explained.add((table, key))
    tables = {outline.Outline: "(top)", outline.Project: "`[project]`"}
    tables |= {outline.Slot: "`[[agenda]]`", outline.Reading: "`[[readings]]`"}
    tables |= {kind: f"`[[project.{name}]]`" for name, kind in outline._PARTS.items()}
    assert explained == {
        (tables[kind], key) for kind, keys in outline._KEYS.items() for key in keys
    }


def test_the_defaults_of_the_numbers_are_the_ones_in_the_page() -> None:
    table = section("docs/instructor.md", "course.toml")
    told = re.findall(r"\| `(\w+)` \|[^|]*\((\d+)\) \|", table)
    whole = {k: v for k, v in (vars(Checks()) | vars(Submissions())).items() if type(v) is int}
    assert {name: float(value) for name, value in told} == vars(Limits()) | whole


def test_the_example_of_course_toml_is_a_course(tmp_path: Path) -> None:
    (example,) = code("docs/instructor.md", "toml")
    (tmp_path / "course.toml").write_text(example, encoding="utf-8")
    (assignment,) = load_course(tmp_path).assignments
    assert assignment.due is not None
    assert assignment.limits == Limits(cell_seconds=10, submission_seconds=90)


def test_every_key_of_a_header_is_explained() -> None:
    page = read("docs/author.md")
    roles = {name: f'| `# %% {name}="' for name in source_format._KINDS}
    roles["written"] = '| `# %% [markdown] written="'
    assert [name for name, row in roles.items() if row not in page] == []
    assert [name for name in source_format._DETAILS if f"| `{name}` |" not in page] == []


@pytest.mark.parametrize("page", ["docs/learner.md", "docs/instructor.md"])
def test_every_outcome_is_explained(page: str) -> None:
    assert [outcome for outcome in Outcome if outcome not in read(page)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_piece_of_python_parses(page: str) -> None:
    for example in code(page, "python"):
        ast.parse(example)


def test_the_assignment_in_the_author_page_passes_its_audit(course: Course) -> None:
    examples = code("docs/author.md", "python")
    cells = [each for each in examples if each.startswith("# %%")]
    mistakes = [each for each in examples if "grader.mistakes" in each]
    course.solution_source("tiny").write_text("\n\n".join(cells), encoding="utf-8")
    course.mistakes_file("tiny").write_text("\n".join(mistakes), encoding="utf-8")
    made = release(course, "tiny")
    assert (made.exercises, made.visible_tests, made.hidden_tests, made.written) == (1, 1, 2, 1)
    report = audit(course, "tiny", sandbox="none", workers=1)
    assert [finding for finding in report.findings if not finding.holds] == []
    assert "sums_the_squares" in {finding.subject for finding in report.findings}

"""The table of the assignments: its counts are those of today, its times keep the promise."""

import re

import pytest

from benchmarks import assignments
from benchmarks.assignments import ASSIGNMENTS_PAGE, HEADER, counts
from benchmarks.courses import REPOSITORY
from benchmarks.report import Table, replace_between_markers, written
from grader.configuration import load_course
from grader.errors import ReleaseError
from grader.mutation.facts import AuditFacts, out_of_date

COURSE = load_course(REPOSITORY)
FACTS = AuditFacts(
    exercises=2, points=11.5, mistakes=3, mutants=50, killed=47, equivalent=2, digest="0"
)


def rows() -> list[list[str]]:
    """The rows of the table in the page."""
    page = ASSIGNMENTS_PAGE.read_text("utf-8")
    table = page.split("<!-- assignments -->")[1].split("<!-- /assignments -->")[0]
    lines = re.findall(r"^\| (`.*) \|$", table, flags=re.MULTILINE)
    return [line.split(" | ") for line in lines]


def test_the_table_in_the_page_counts_what_there_is_now() -> None:
    counted = [tuple(row[: len(HEADER) - 2]) for row in rows()]
    now = [counts(COURSE, assignment.id) for assignment in COURSE.assignments]
    assert counted == now, "run: .venv/bin/python -m benchmarks.assignments --write"


def test_the_times_in_the_page_keep_the_promise() -> None:
    for row in rows():
        assert float(row[-2]) < 60, row
        assert float(row[-1]) < 15, row


def test_the_page_has_the_place_of_the_table_and_explains_each_column() -> None:
    page = ASSIGNMENTS_PAGE.read_text("utf-8")
    table = Table("T", HEADER, (("x",) * len(HEADER),))
    assert "| x | x |" in written(page, {"assignments": table}, "a machine")
    without = replace_between_markers(page, "assignments", "")
    assert [name for name in HEADER[1:] if f"| {name} |" not in without] == []


def test_the_rate_is_of_the_mutants_that_are_not_equivalent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(assignments, "read_facts", lambda *_: FACTS)
    monkeypatch.setattr(assignments, "out_of_date", lambda *_: [])
    assert counts(COURSE, "loss_functions") == (
        "`loss_functions`",
        "2",
        "11.5",
        "3",
        "50",
        "97.92%",  # 47 / 48
    )


def test_without_mutants_the_rest_is_counted_and_a_dash_stands_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(assignments, "read_facts", lambda *_: None)
    name, exercises, points, mistakes, *examined = counts(COURSE, "loss_functions")
    assert (name, exercises, points, examined) == ("`loss_functions`", "9", "100", ["-", "-"])
    assert int(mistakes) > 100


def test_counts_of_an_earlier_assignment_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "digest" in out_of_date(COURSE, "loss_functions", FACTS)
    monkeypatch.setattr(assignments, "read_facts", lambda *_: FACTS)
    with pytest.raises(ReleaseError, match=r"digest changed; run: grader audit loss_functions"):
        counts(COURSE, "loss_functions")

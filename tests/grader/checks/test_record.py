"""The record of checks: what is counted, what is told, and how it looks."""

from __future__ import annotations

import csv
import io
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.checks.attempts import Attempt, Attempts, RecordError
from grader.checks.page import as_csv, overview
from grader.checks.summary import summarize
from grader.configuration import Course

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def check(learner: str, outcome: str, mistake: str = "", minute: int = 0) -> Attempt:
    moment = NOON + timedelta(minutes=minute)
    return Attempt(learner, "tiny", "row_sums", "check", moment, outcome, 0, 2.5, mistake, 0.1)


@given(
    minutes=st.lists(st.integers(0, 300), max_size=20),
    per_hour=st.integers(1, 5),
    now=st.integers(0, 400),
)
def test_no_hour_ever_holds_more_checks_than_are_allowed(
    tmp_path_factory: pytest.TempPathFactory, minutes: list[int], per_hour: int, now: int
) -> None:
    record = Attempts(tmp_path_factory.mktemp("record") / "attempts.db")
    for minute in minutes:
        record.begin("ada", "tiny", "row_sums", "check", NOON + timedelta(minutes=minute))
    moment = NOON + timedelta(minutes=now)
    free = record.next_allowed("ada", "tiny", "row_sums", per_hour=per_hour, now=moment)
    in_the_hour = sum(minute > now - 60 for minute in minutes)
    assert (free is None) == (in_the_hour < per_hour)
    if free is not None:
        later = record.next_allowed("ada", "tiny", "row_sums", per_hour=per_hour, now=free)
        assert later is None
        just_before = free - timedelta(milliseconds=1)
        if just_before > moment:
            told = record.next_allowed(
                "ada", "tiny", "row_sums", per_hour=per_hour, now=just_before
            )
            assert told == free


def test_hints_others_and_other_exercises_do_not_use_up_checks(tmp_path: Path) -> None:
    record = Attempts(tmp_path / "attempts.db")
    record.begin("ada", "tiny", "row_sums", "hint", NOON)
    record.begin("bola", "tiny", "row_sums", "check", NOON)
    record.begin("ada", "tiny", "mean_square", "check", NOON)
    assert record.next_allowed("ada", "tiny", "row_sums", per_hour=1, now=NOON) is None


def test_a_check_that_could_not_be_carried_out_is_taken_back(tmp_path: Path) -> None:
    record = Attempts(tmp_path / "attempts.db")
    number = record.begin("ada", "tiny", "row_sums", "check", NOON)
    kept = record.begin("ada", "tiny", "row_sums", "check", NOON)
    record.take_back(number)
    record.finish(kept, outcome="passed", earned=2.5, points=2.5, mistake="", seconds=0.25)
    (line,) = record.read()
    assert (line.outcome, line.earned, line.seconds, line.time) == ("passed", 2.5, 0.25, NOON)


def test_a_locked_record_is_an_error_that_says_so(tmp_path: Path) -> None:
    record = Attempts(tmp_path / "attempts.db")
    record.begin("ada", "tiny", "row_sums", "check", NOON)
    other = sqlite3.connect(record.path)
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(RecordError, match="locked"):
            record.begin("ada", "tiny", "row_sums", "check", NOON)
    finally:
        other.close()


def test_the_summary_says_who_passed_and_who_is_stuck() -> None:
    lines = [check("ada", "failed", "adds_columns"), check("ada", "passed")]
    lines += [check("bola", "failed", "adds_columns") for _ in range(5)]
    lines += [check("chidi", "passed"), check("dele", "unattempted"), check("efe", "stopped")]
    (row,) = summarize(lines)
    assert (row.tried, row.passed, row.checks_to_pass) == (4, 2, 1.5)
    assert row.mistakes == (("adds_columns", 2),)
    assert row.stuck == ("bola",)


def test_the_page_runs_nothing_of_a_learners(released: Course) -> None:
    name = "<script>alert(1)</script>"
    page = overview(released, [check(name, "failed", "adds_columns")])
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "adds columns" in page
    assert "http" not in page.replace("http-equiv", "")


def test_a_page_without_checks_says_so(released: Course) -> None:
    assert "Nobody has checked anything yet." in overview(released, [])


def test_the_file_for_spreadsheets_has_every_line_and_no_formula() -> None:
    lines = [check("=1+1", "failed", "adds_columns"), check("ada", "passed", minute=1)]
    rows = list(csv.DictReader(io.StringIO(as_csv(lines), newline="")))
    assert [row["learner"] for row in rows] == ["'=1+1", "ada"]
    assert rows[1]["time"] == "2026-11-21T12:01:00+00:00"

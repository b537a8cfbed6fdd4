"""The benchmarks' own parts: the command line, the tables, the cohort, what a tree does."""

import os
import sys
from pathlib import Path

import nbformat
import pytest

from benchmarks.cohort import BLANK, RIGHT, make_cohort
from benchmarks.grading import PARTS, parse
from benchmarks.memory import quarters
from benchmarks.report import PAGE, Table, as_markdown, replace_between_markers, written
from benchmarks.watch import CommandFailed, run_timed, run_watched
from grader.authoring.source import read_source
from grader.mistakes import load_mistakes

ROOT = Path(__file__).parents[2]
TABLE = Table("Two", ("command", "seconds"), (("a|b", "1.0"),), ("A note.",))


def test_everything_is_measured_unless_parts_are_named():
    assert parse([]).only == PARTS
    assert parse(["--only", "ours,batch"]).only == ("ours", "batch")


@pytest.mark.parametrize("wrong", [["--only", "theirs"], ["--repeat", "0"], ["--workers", "-1"]])
def test_what_cannot_be_measured_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        parse(wrong)
    assert wrong[1] in capsys.readouterr().err


def test_a_table_in_markdown():
    assert as_markdown(TABLE) == (
        "**Two**\n\n| command | seconds |\n| --- | ---: |\n| a\\|b | 1.0 |\n\nA note."
    )


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="does not fit"):
        Table("Two", ("a", "b"), (("1",),))


def test_writing_twice_is_writing_once_and_the_page_has_a_place_for_every_table():
    tables = dict.fromkeys(("throughput", "stages", "overhead", "batch"), TABLE)
    once = written(PAGE.read_text("utf-8"), tables, "machine of the test")
    assert once.count(as_markdown(TABLE)) == once.count("machine of the test") == len(tables)
    assert written(once, tables, "machine of the test") == once


@pytest.mark.parametrize("page", ["", "<!-- x -->", "<!-- /x --><!-- x -->"])
def test_a_page_without_the_markers_is_refused(page: str):
    with pytest.raises(ValueError, match="once each"):
        replace_between_markers(page, "x", "new")


def test_quarters_leave_out_the_start_and_the_end():
    assert quarters([0.0] * 4 + [5.0] * 4 + [6.0] * 7 + [7.0] * 4 + [0.0]) == (5.0, 7.0)


def test_no_two_notebooks_are_alike_and_the_cohort_is_always_the_same():
    solutions = ROOT / "solutions" / "loss_functions"
    release = ROOT / "assignments" / "loss_functions" / "loss_functions.ipynb"

    def make(**options: object):
        return make_cohort(
            read_source(solutions / "notebook.py"),
            nbformat.read(release, as_version=4),
            load_mistakes(solutions / "mistakes.py"),
            40,
            **options,
        )

    cohort = make()
    assert cohort == make()
    assert len({handin.text for handin in cohort}) == len(cohort) == 40
    assert sum(handin.kind == RIGHT for handin in cohort) == 12
    assert {handin.kind for handin in make(kinds=(BLANK,))} == {BLANK}


def test_a_failing_command_says_why(tmp_path: Path):
    with pytest.raises(CommandFailed, match="no such thing"):
        run_timed([sys.executable, "-c", "raise SystemExit('no such thing')"], tmp_path, os.environ)


def test_the_cpu_seconds_and_memory_of_grandchildren_are_seen(tmp_path: Path):
    busy = "import time\nx = bytearray(2**26)\nwhile time.process_time() < 0.5: pass"
    parent = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {busy!r}])"
    command = [sys.executable, "-c", parent]
    seen = run_watched(command, tmp_path, os.environ, every=0.01, memory_every=0.05)
    assert seen.cpu_seconds > 0.4
    assert max(seen.memory_mib) > 64
    assert seen.left_over == ()

"""The benchmark on a course of nbgrader's: its week, its learners, its table, what it refuses."""

import ast
import csv
from pathlib import Path

import nbformat
import pytest

from benchmarks.cohort import BLANK, MIXED, RIGHT
from benchmarks.nbgrader_courses import (
    AGAIN,
    FIRST,
    SIZES,
    STOCK,
    Measured,
    check_marks,
    parse,
    table_of,
)
from benchmarks.report import PAGE, as_markdown, written
from benchmarks.watch import CommandFailed
from benchmarks.weather import Marks, cohort_of, source_notebook, week, write_tables
from grader.foreign.names import python_of

ANSWERS = [cell for cell in week() if cell["kind"] == "answer"]
TESTS = {cell["name"]: float(cell["points"]) for cell in week() if cell["kind"] == "test"}


def names(source: str) -> set[str]:
    return {n.name for n in ast.parse(source).body if isinstance(n, ast.FunctionDef)}


def test_the_week_imports_pandas_and_matplotlib_and_every_cell_is_python():
    code = [cell["source"] for cell in week() if cell["kind"] != "markdown"]
    for source in code:
        ast.parse(python_of(source))
    assert "import pandas as pd" in "\n".join(code)
    assert "import matplotlib.pyplot as plt" in "\n".join(code)
    assert len(TESTS) == 13


def test_each_answer_has_another_right_one_and_two_wrong_ones():
    for cell in ANSWERS:
        assert [len(cell["also"]), len(cell["wrong"])] == [1, 2], cell["name"]
        for source in (cell["source"], *cell["also"], *cell["wrong"]):
            assert names(source) == {cell["name"]}


def test_right_answers_pass_every_test_and_each_wrong_one_fails_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """In one process, which says nothing of how they are graded, only of the week itself."""
    pytest.importorskip("pandas")
    write_tables(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert failing({}) == []
    assert failing({cell["name"]: cell["also"][0] for cell in ANSWERS}) == []
    for cell in ANSWERS:
        for wrong in cell["wrong"]:
            assert failing({cell["name"]: wrong}), wrong


def failing(answers: dict[str, str]) -> list[str]:
    """The tests that fail, with these answers instead of the reference."""
    import matplotlib.pyplot as plt

    found: list[str] = []
    scope: dict[str, object] = {}
    for cell in week():
        if cell["kind"] == "markdown":
            continue
        source = answers.get(cell.get("name", ""), cell["source"]).replace("%matplotlib inline", "")
        try:
            exec(compile(source.replace("plt.show()", ""), "cell", "exec"), scope)
        except Exception:  # noqa: BLE001 - a wrong answer may raise anything
            if cell["kind"] == "test":
                found.append(cell["name"])
    plt.close("all")
    return found


def test_the_tables_are_always_the_same_with_lost_and_repeated_rows(tmp_path: Path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_tables(tmp_path / name)
    first, again = ((tmp_path / n / "readings.csv").read_bytes() for n in ("one", "two"))
    assert first == again
    rows = list(csv.DictReader(first.decode().splitlines()))
    assert len(rows) == 6016
    assert any(row["temperature"] == "" for row in rows)
    assert len({tuple(row.values()) for row in rows}) < len(rows)


def test_no_two_notebooks_are_alike_and_the_cohort_is_always_the_same():
    released = source_notebook()
    texts = [nbformat.writes(notebook) for _, notebook in cohort_of(released, 40)]
    assert texts == [nbformat.writes(notebook) for _, notebook in cohort_of(released, 40)]
    assert len(set(texts)) == 40
    assert sum(MIXED[number % 10] == BLANK for number in range(40)) == 4
    untouched = [cell.source for cell in dict(cohort_of(released, 10))["learner-005"].cells]
    assert untouched[:-1] == [cell.source for cell in released.cells]


def test_what_is_measured_is_said_on_the_command_line(capsys: pytest.CaptureFixture[str]):
    assert parse([]).sizes == SIZES
    assert parse(["--sizes", "5"]).sizes == (5,)
    for wrong in ("0", "5,", "many"):
        with pytest.raises(SystemExit):
            parse(["--sizes", wrong])
        assert "whole number" in capsys.readouterr().err


def test_the_rate_is_compared_with_nbgraders_on_as_many_submissions():
    measured = [
        Measured(STOCK, 20, 60.0),
        Measured(FIRST, 20, 12.0),
        Measured(STOCK, 60, 180.0),
        Measured(FIRST, 60, 18.0),
        Measured(AGAIN, 60, 12.0),
    ]
    table = table_of(measured, 2)
    assert [row[-1] for row in table.rows] == ["1.0", "5.0", "1.0", "10.0", "15.0"]
    assert table.rows[1] == ("20, `grader grade`", "12.0", "100.0", "5.0")
    once = written(PAGE.read_text("utf-8"), {"nbgrader-courses": table}, "a machine")
    assert as_markdown(table) in once


def right(size: int) -> Marks:
    return {
        (f"learner-{n:03}", name): (points if MIXED[n] == RIGHT else 0.0, False)
        for n in range(size)
        for name, points in TESTS.items()
    }


def test_the_same_marks_may_be_compared():
    check_marks(right(3), right(3), 3)


@pytest.mark.parametrize("mark", [(0.5, False), (2.0, True), (None, False)])
def test_another_mark_is_refused(mark: tuple[float | None, bool]):
    ours = right(3) | {("learner-001", "clean_rows"): mark}
    with pytest.raises(CommandFailed, match="1 marks differ"):
        check_marks(right(3), ours, 3)


def test_marks_that_are_missing_from_both_are_refused():
    few = {key: mark for key, mark in right(3).items() if key != ("learner-002", "clean_rows")}
    with pytest.raises(CommandFailed, match="learner-002 has no marks for all tests"):
        check_marks(few, few, 3)


def test_a_right_answer_that_both_give_less_is_refused():
    low = right(3) | {("learner-000", "clean_rows"): (0.0, False)}
    with pytest.raises(CommandFailed, match="learner-000 has everything right"):
        check_marks(low, low, 3)


def test_a_week_without_figures_has_all_of_its_tests_and_three_cells_less():
    full, plain = source_notebook(), source_notebook(figures=False)
    assert len(full.cells) - len(plain.cells) == 3
    graded = [[c.metadata for c in n.cells if "nbgrader" in c.metadata] for n in (full, plain)]
    assert graded[0] == graded[1]
    assert parse(["--plain-sizes", "7"]).plain_sizes == (7,)

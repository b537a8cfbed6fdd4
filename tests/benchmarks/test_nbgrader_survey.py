"""What a survey of courses counts; the comparisons themselves are tested with `grader compare`."""

from typing import Any

import pytest

from benchmarks.nbgrader_survey import main, row_of, table


def cell(name: str, learner: str, stock: float | None, ours: float | None, place: str = "apart"):
    return {
        "learner": learner,
        "notebook": "one",
        "cell": name,
        "stock": stock,
        "ours": ours,
        "place": place,
        "automatic": True,
        "same": stock == ours,
        "reason": "" if stock == ours else "likely: chance",
    }


def comparison(*cells: dict[str, Any]) -> dict[str, Any]:
    return {"assignment": "a1", "cells": list(cells)}


def test_a_test_cell_is_counted_once_and_each_of_its_marks():
    found = comparison(
        cell("x", "compare-solved", 1.0, 1.0),
        cell("x", "compare-untouched", 0.0, 0.0, "beside"),
        cell("y", "compare-solved", 2.0, 1.0, "beside"),
        cell("w", "compare-solved", None, None),
    )
    row = row_of("a course", [found], ["a2: no kernel"])
    assert (row.cells, row.apart, row.marks, row.same) == (2, 1, 3, 2)
    assert row.reasons == ("a1/one/y (compare-solved): stock 2.0, here 1.0; likely: chance",)
    assert row.faults == ("a2: no kernel",)


def test_cells_that_a_person_marks_are_not_counted():
    found = comparison(cell("x", "compare-solved", 1.0, 1.0) | {"automatic": False})
    assert row_of("a course", [found], ()).marks == 0


def test_the_table_ends_with_all_courses_together():
    rows = [row_of("one", [comparison(cell("x", "compare-solved", 1.0, 1.0))], ())] * 3
    assert table(rows).splitlines()[-1] == "| together | 3 | 3 (100.0 %) | 3 | 3 (100.0 %) |"


def test_it_says_what_it_needs(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main([])
    assert "results" in capsys.readouterr().err

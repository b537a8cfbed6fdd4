"""A reason is what both runs show: one case for each rule, and none where nothing is shown."""

from dataclasses import replace
from typing import Any

import pytest

from grader.foreign.comparison import CellMark, Comparison, Difference, StockCell
from grader.foreign.reasons import Facts, HandedInFacts, difference_of
from grader.records import Outcome, TestResult


def result(earned: float = 1.0, said: str = "", place: str = "apart") -> TestResult:
    outcome = Outcome.FAILED if said else Outcome.PASSED
    return TestResult("t", "", outcome, 1.0, rationale=said, partial=earned, place=place)


def facts(stock: float | None, ours: float | None, **more: Any) -> Facts:
    base = Facts("t", 1.0, stock, ours, left=StockCell(), result=result(ours or 0.0))
    return replace(base, **more)


CASES = [
    ("could not be graded here: gone", facts(1, None, our_fault="gone"), False),
    ("the file is refused here: too large", facts(0, None, refusal="too large"), False),
    ("more than its points", facts(None, 1, stock_fault="ValueError: greater than maximum"), False),
    ("metadata of another version", facts(None, 1, stock_fault="SchemaTooOldError: x"), False),
    ("kernel did not start", facts(None, 1, stock_fault="DeadKernelError: Kernel died"), False),
    ("broke a limit", facts(None, 1, stock_fault="stopped: it took more than 9 seconds"), False),
    ("before it gave the submission up", facts(1, 0, left=None, stock_fault="odd"), False),
    ("gave the submission up: odd", facts(None, 1, stock_fault="odd"), False),
    ("from run to run", facts(0, 1, again=result(0.25)), False),
    ("deleted", facts(None, 1, left=None, handed_in=HandedInFacts({"t": 0})), False),
    (
        "`u` was copied",
        facts(None, 1, stock_fault="old version", handed_in=HandedInFacts({"u": 2, "t": 1})),
        True,
    ),
    ("occurs 2 times", facts(0, 1, handed_in=HandedInFacts({"t": 2})), True),
    ("`skip-execution`", facts(1, 0, left=StockCell(skipped=True)), False),
    ("standard error", facts(0, 1, left=StockCell(stderr="\nWarning: old\n")), False),
    ("NumPy number, np.int64(0)", facts(1, 0, left=StockCell(value="np.int64(0)")), False),
    ("last value is -1,", facts(1, 0, left=StockCell(value="-1")), False),
    ("last value is inf,", facts(1, 0, left=StockCell(value="inf")), False),
    ("too slow for nbgrader", facts(0, 1, left=StockCell(error="CellTimeoutError: ")), True),
    (
        "broke a limit here",
        facts(1, 0, result=result(0, "it used more than 512 MiB of memory")),
        True,
    ),
    (
        "class of the learner's",
        facts(1, 0, result=result(0, "an A, and its class is the notebook's own")),
        False,
    ),
    ("needs the network", facts(0, 1, left=StockCell(error="URLError: <urlopen error>")), True),
    ("not found on one side", facts(1, 0, result=result(0, "FileNotFoundError: x.csv")), True),
    ("ends the process", facts(1, 0, result=result(0, "SystemExit: 0")), True),
    ("`displayhook`", facts(1, 0, handed_in=HandedInFacts(tampers="displayhook")), True),
    ("`len` another meaning", facts(1, 0, handed_in=HandedInFacts(shadowed=("len",))), True),
    ("(`import csv`)", facts(0, 1, handed_in=HandedInFacts(edited="import csv")), True),
    ("a person marks", facts(0, None, result=None), True),
]


@pytest.mark.parametrize(("words", "known", "likely"), CASES)
def test_each_reason_is_told_from_facts(words: str, known: Facts, likely: bool):
    found = difference_of(known)
    assert words in found.reason
    assert found.likely is likely
    assert found.advice


@pytest.mark.parametrize(
    "known",
    [
        facts(0, 1, left=StockCell(error="AssertionError: odd")),
        facts(1, 0, result=result(0, "AssertionError: odd")),
        # what speaks for the other mark is no reason
        facts(1, 0, result=result(0, "AssertionError: odd"), left=StockCell(stderr="careful")),
        facts(0, 1, left=StockCell(error="AssertionError: odd", stderr="careful")),
        facts(0, 1, left=StockCell(error="A: odd"), handed_in=HandedInFacts(tampers="run_cell")),
        facts(1, 0.5, again=result(0.5), result=result(0.5), left=StockCell(value="0.75")),
        facts(
            0,
            1,
            left=StockCell(error="NameError: odd"),
            result=result(place="beside"),
            handed_in=HandedInFacts(edited="import odd"),
        ),
    ],
)
def test_what_nothing_shows_is_unexplained(known: Facts):
    found = difference_of(known)
    assert found.reason.startswith("unexplained")
    assert "--keep" in found.advice
    assert known.left is None or known.left.error in found.reason


def test_what_is_counted():
    why = Difference("because", "do that")
    cells = (
        CellMark("a", "n", "one", 1.0, 1.0, 1.0 + 1e-12, "apart"),
        CellMark("a", "n", "two", 1.0, 0.0, 0.0, "beside", "a figure"),
        CellMark("b", "n", "two", 1.0, None, None),  # no notebook: nothing to compare
        CellMark("a", "n", "three", 1.0, 1.0, None, "apart", difference=why),
        CellMark("a", "n", "essay", 3.0, 0.0, None, automatic=False, difference=why),
    )
    found = Comparison(
        "a1", cells, 4, stock_seconds=60.0, our_seconds=5.0, trial_seconds=1.0, workers=2
    )
    assert (len(found.tests), found.same, round(found.percent, 1)) == (3, 2, 66.7)
    assert [cell.cell for cell in found.differences] == ["three", "essay"]
    assert (found.placed("apart"), found.placed("beside")) == (2, 1)
    assert (found.per_minute(60.0), found.ratio, found.holds) == (4.0, 12.0, False)
    assert found.as_data()["cells"][3]["reason"] == "likely: because"
    assert replace(found, cells=cells[:3]).holds
    assert not replace(found, cells=cells[:3], faults=("a: here: gone",)).holds

"""From the verdict on a test to the result that is recorded; and the verdict of a kernel's cell."""

from __future__ import annotations

from grader.foreign.placing import Step
from grader.foreign.session import Verdict, verdict_of_value
from grader.records import CellRun, Outcome, ScriptCell, TestResult

__all__ = ["result_of", "verdict_of_cell"]


def result_of(cell: ScriptCell, step: Step, verdict: Verdict, prints: str) -> TestResult:
    """The result of a test; a part of the points that is none is no part."""
    passed, said = verdict.passed, verdict.said
    if verdict.partial is not None and verdict.partial > cell.points:
        passed, said = False, f"The test gave {verdict.partial:g} of {cell.points:g} points."
    elif passed and verdict.partial == 0.0 < cell.points:
        passed, said = False, f"The test gave none of {cell.points:g} points."
    return TestResult(
        name=cell.name,
        exercise="",
        outcome=Outcome.PASSED if passed else Outcome.FAILED,
        points=cell.points,
        rationale=said,
        prints=prints[:4000],
        partial=verdict.partial if passed else None,
        place="apart" if step.apart else "beside",
    )


def verdict_of_cell(done: CellRun, decides: tuple[str, str] | None) -> Verdict:
    """What nbgrader makes of a cell that a kernel ran (`nbgrader.utils.determine_grade`).

    An error is no marks, and so is what it writes to standard error, unless a value came
    first; a value that reads as a number is that part of the points; all else is full marks.
    Unlike there, an error after a value is an error, and a part must be finite and not negative.
    """
    if done.error is not None:
        return Verdict(False, done.error)
    if decides is None:
        return Verdict(True)
    kind, text = decides
    if kind != "value":
        return Verdict(False, "The test wrote to standard error, which is no marks in nbgrader.")
    if not text:
        return Verdict(False, "The test's value has no text.")
    try:
        number = float(text)
    except ValueError:
        return Verdict(True)
    return verdict_of_value(number)

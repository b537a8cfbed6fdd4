"""No marks for an exercise whose tests met a declared shortcut, and the reason in kind words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from course.link.shortcuts import refusal
from grader.records import Outcome, TestResult

__all__ = ["without_marks"]


def without_marks(
    results: Iterable[TestResult], met: Mapping[str, Sequence[str]]
) -> tuple[TestResult, ...]:
    """The results, in which every test of an exercise in `met` has failed for the shortcut.

    Args:
        results: of all tests, with their mistakes named; a name makes way for the reason.
        met: for each exercise, the shortcuts that any of its tests met; none of the others.
    """
    return tuple(
        replace(
            result,
            outcome=Outcome.FAILED,
            rationale=refusal(result.exercise, met[result.exercise]),
            help="",
            mistake=None,
        )
        if met.get(result.exercise)
        else result
        for result in results
    )

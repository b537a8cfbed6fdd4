"""Results as plain data that may cross to the learner's side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from grader.records import TestResult

__all__ = ["plain_results"]


def plain_results(results: Iterable[TestResult]) -> list[dict[str, Any]]:
    """Each result as a dictionary; what a hidden test made the answer print stays here."""
    return [
        asdict(result)
        | {
            "outcome": result.outcome.value,
            "prints": "" if result.hidden else result.prints,
            "earned": result.earned,
        }
        for result in results
    ]

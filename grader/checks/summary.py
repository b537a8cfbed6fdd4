"""What the record of checks says of each exercise: who tried, who passed, who is stuck on what."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from grader.checks.attempts import Attempt

__all__ = ["STUCK", "ExerciseSummary", "summarize"]

STUCK = 5  # checks of an attempted answer without a pass
_MISTAKES = 3


@dataclass(frozen=True)
class ExerciseSummary:
    """One exercise, over all learners.

    Attributes:
        tried: how many learners checked an attempted answer.
        passed: how many of them passed.
        checks_to_pass: the median number of checks until the first pass; None without any.
        mistakes: the most frequent recognised ones, with how many learners made each.
        stuck: the learners with `STUCK` or more checks and no pass.
        hints: how many hints were taken.
    """

    assignment: str
    exercise: str
    tried: int
    passed: int
    checks_to_pass: float | None
    mistakes: tuple[tuple[str, int], ...]
    stuck: tuple[str, ...]
    hints: int


def summarize(attempts: Iterable[Attempt]) -> list[ExerciseSummary]:
    """The exercises in the order in which they were first met."""
    found: dict[tuple[str, str], list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        found[attempt.assignment, attempt.exercise].append(attempt)
    return [_of_one(*name, lines) for name, lines in found.items()]


def _of_one(assignment: str, exercise: str, lines: Sequence[Attempt]) -> ExerciseSummary:
    checks: dict[str, list[Attempt]] = defaultdict(list)
    for line in lines:
        if line.kind == "check" and line.outcome != "unattempted":
            checks[line.learner].append(line)
    passes = {name: _first_pass(mine) for name, mine in checks.items()}
    numbers = [number for number in passes.values() if number]
    made = Counter(
        mistake
        for mine in checks.values()
        for mistake in {each.mistake for each in mine if each.mistake}
    )
    return ExerciseSummary(
        assignment,
        exercise,
        tried=len(checks),
        passed=len(numbers),
        checks_to_pass=median(numbers) if numbers else None,
        mistakes=tuple(made.most_common(_MISTAKES)),
        stuck=tuple(n for n, mine in checks.items() if not passes[n] and len(mine) >= STUCK),
        hints=sum(line.kind == "hint" for line in lines),
    )


def _first_pass(mine: Sequence[Attempt]) -> int:
    """The number of the first check that passed; 0 when none did."""
    return next((n for n, each in enumerate(mine, start=1) if each.outcome == "passed"), 0)

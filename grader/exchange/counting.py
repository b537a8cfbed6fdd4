"""Which of a learner's attempts counts: a rule of course.toml, as a function of records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from grader.exchange.attempts import Attempt

__all__ = ["candidates", "which_counts"]


def candidates(attempts: Sequence[Attempt], due: datetime | None) -> Sequence[Attempt]:
    """Those among which the rule chooses: all that were in time, or else the last of all."""
    in_time = [each for each in attempts if not each.is_late(due)]
    return in_time or attempts[-1:]


def which_counts(
    attempts: Sequence[Attempt],
    *,
    due: datetime | None,
    rule: str,
    restored: str | None = None,
    points: Callable[[Attempt], float | None] = lambda attempt: None,
) -> Attempt | None:
    """The attempt that counts; None only where there is none at all.

    Args:
        attempts: the earliest first.
        due: the due date, if there is one.
        rule: "last" or "best".
        restored: the id of the one that an instructor has chosen, which comes before any rule.
        points: of an attempt's tests, where they are known; "best" takes the later of two that
            are equally good, and the last one until something is known.
    """
    for attempt in attempts:
        if attempt.id == restored:
            return attempt
    found = candidates(attempts, due)
    if not found:
        return None
    if rule == "best":
        known = [(points(each), number) for number, each in enumerate(found)]
        return found[max((-1.0 if p is None else p, number) for p, number in known)[1]]
    return found[-1]

"""When to come back to what was hard: after 1 day, 3 days and 7 days.

What was passed without help at the first attempt is known and does not return. What was failed
once, or took a hint or the solution, returns; each successful review moves it on to the next,
longer gap, an unsuccessful one starts again with the first, and after the third success it is
done for good.

The option chosen: few fixed gaps that grow (Leitner's boxes), rather than gaps that are fitted
to each learner (SuperMemo's SM-2 and after), which need many reviews before they know anything.
A gap counts from the last event of the exercise, whatever it was, so that nothing is asked on
the day on which it was worked on.

Source: S. Leitner, "So lernt man lernen", 1972; N. Cepeda et al., "Spacing effects in learning:
A temporal ridgeline of optimal retention", Psychological Science 19, 2008.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from course.study.events import Event

__all__ = ["GAPS", "DueReview", "due"]

GAPS = (timedelta(days=1), timedelta(days=3), timedelta(days=7))


@dataclass(frozen=True)
class DueReview:
    """An exercise to come back to, how many reviews of it succeeded, and since when it is due."""

    assignment: str
    exercise: str
    step: int
    since: datetime


@dataclass
class _Course:
    """One exercise on its way through the gaps."""

    returns: bool = False
    step: int = 0
    last: datetime | None = None

    def take(self, event: Event) -> None:
        failed = event.outcome == "failed"
        if event.kind == "review" and self.returns and self.step < len(GAPS):
            self.step = self.step + 1 if event.outcome == "passed" else 0 if failed else self.step
        self.returns |= failed or event.kind in ("hint", "solution")
        self.last = event.instant


def due(events: Iterable[Event], now: datetime) -> tuple[DueReview, ...]:
    """The exercises to review at the time `now`, the longest overdue first.

    Args:
        events: of any exercises, in any order. Those after `now` do not count, nor do checks
            and reviews that tested nothing (`unattempted`, `errored`).
        now: a time with its offset from UTC.

    Example:
        >>> failed = Event("2026-01-05T10:00:00.000+00:00", "week", "svm_loss", "check", "failed")
        >>> due([failed], datetime.fromisoformat("2026-01-06T09:59:00+00:00"))
        ()
        >>> due([failed], datetime.fromisoformat("2026-01-06T10:00:00+00:00"))[0].exercise
        'svm_loss'
    """
    courses: dict[tuple[str, str], _Course] = {}
    for event in sorted(events, key=lambda event: event.instant):
        if event.outcome not in ("unattempted", "errored") and event.instant <= now:
            courses.setdefault((event.assignment, event.exercise), _Course()).take(event)
    found = [
        DueReview(*name, each.step, each.last + GAPS[each.step])
        for name, each in courses.items()
        if each.returns and each.step < len(GAPS) and each.last is not None
    ]
    overdue = [review for review in found if review.since <= now]
    return tuple(sorted(overdue, key=lambda each: (each.since, each.assignment, each.exercise)))

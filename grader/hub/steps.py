"""A set-up as a visible list of steps: look, and change only what is different.

So a second run changes nothing, a run after one that failed goes on where it stopped, and a
trial run can say what would be done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = ["Outcome", "Step", "carry_out"]

Outcome = Literal["already so", "done", "would be done"]


@dataclass(frozen=True)
class Step:
    """One thing that shall be so.

    Attributes:
        what: names it in a line.
        is_due: whether it is not so yet; looks only. In a trial run, what earlier steps make
            is not there.
        do: makes it so; may return what people should know of it.
    """

    what: str
    is_due: Callable[[], bool]
    do: Callable[[], str | None]


def carry_out(
    steps: Iterable[Step],
    *,
    dry_run: bool,
    begin: Callable[[Step], None] = lambda step: None,
    tell: Callable[[Step, Outcome, str], None],
) -> int:
    """Carry out the steps in their order; how many were due.

    Args:
        dry_run: change nothing.
        begin: is called before a step changes something, which may take a while.
        tell: is called after each step, with its outcome and what people should know of it.
    """
    due = 0
    for step in steps:
        if not step.is_due():
            tell(step, "already so", "")
            continue
        due += 1
        if dry_run:
            tell(step, "would be done", "")
            continue
        begin(step)
        tell(step, "done", step.do() or "")
    return due

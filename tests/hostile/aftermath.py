"""What one process saw and another reads; in a module of its own, so that both know its name."""

from __future__ import annotations

from dataclasses import dataclass

from grader.grading import Graded

__all__ = ["RESULT", "Aftermath"]

RESULT = "aftermath.pickle"


@dataclass(frozen=True)
class Aftermath:
    """What was graded, and what was seen when all was over. All but `lines` must be empty."""

    lines: dict[str, Graded]
    processes: tuple[str, ...]
    heard: tuple[str, ...]
    written: tuple[str, ...]
    changed: tuple[str, ...]

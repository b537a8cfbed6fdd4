"""The nouns of importing: a cell of a foreign notebook, a cell of ours, and a remark.

Option chosen: both formats, nbgrader's and Otter's, are first told apart into the same few
kinds of cells; only then do cells become ours. So a rule of ours is kept in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from grader.errors import ImportNotebookError

__all__ = ["Cell", "Kind", "Piece", "Remarks", "refusal"]


class Kind(StrEnum):
    """What a foreign cell is for."""

    PROSE = "prose"
    CODE = "code"  # to be run, not marked
    ANSWER = "answer"  # code that learners write
    TEST = "test"  # code that marks
    BOTH = "both"  # an answer, marked in the same cell: by its own tests or by people
    WRITTEN = "written"  # prose that learners write, marked by people
    TASK = "task"  # a question that learners answer in cells of their own, marked by people
    OTHER = "other"  # text that is neither Markdown nor code


@dataclass(frozen=True)
class Cell:
    """A cell of a foreign notebook: its place, counted from 1, and what it says of itself.

    The text has the delimiters of nbgrader, whatever it had before. `ours` is what a notebook
    that this grader built says of the cell.
    """

    number: int
    kind: Kind
    text: str
    id: str = ""
    points: float = 0
    hidden: bool = False
    ours: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Piece:
    """A cell of our source: the keys of its header, its text, and the cell that it came from."""

    number: int
    text: str
    keys: Mapping[str, str | float] = field(default_factory=dict)
    is_prose: bool = False


class Remarks:
    """What is to be said of an import, by the number of the cell; 0 is the whole notebook."""

    def __init__(self) -> None:
        self._made: list[tuple[int, str]] = []

    def add(self, number: int, text: str) -> None:
        """Say something of a cell."""
        if (number, text) not in self._made:
            self._made.append((number, text))

    def add_for_all(self, numbers: list[int], text: str) -> None:
        """Say the same of several cells, in one remark."""
        if numbers:
            cells = "cells" if len(numbers) > 1 else "cell"
            self.add(0, f"{cells} {', '.join(map(str, numbers))}: {text}")

    def lines(self) -> tuple[str, ...]:
        """All remarks, those of the whole notebook last."""
        ordered = sorted(self._made, key=lambda made: (made[0] == 0, made[0]))
        return tuple(f"cell {number}: {text}" if number else text for number, text in ordered)


def refusal(number: int, found: str, next_step: str) -> ImportNotebookError:
    """The error of a cell, which ends the import."""
    return ImportNotebookError(f"cell {number}: {found}. {next_step} Nothing was imported.")

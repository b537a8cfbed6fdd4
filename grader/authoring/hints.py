"""Read the hint ladders of a source: for each exercise, three hints that build on each other.

    # %% [markdown] hints="svm_loss"
    # 1. A nudge: what to look at again.
    # 2. The idea, in words or as a formula.
    # 3. Nearly the answer: the steps, in order.

Guarantees: a ladder belongs to an answer that stands above it, has exactly three hints, and
is in nothing that learners get; their command serves it, one hint at a time.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path

from grader.authoring.cells import SourceCell
from grader.authoring.percent import PercentCell, refusal
from grader.configuration import did_you_mean
from grader.records import Role

__all__ = ["HINTS", "HintLadder", "is_ladder", "read_ladders"]

HINTS = "hints"
HintLadder = tuple[str, str, str]

_RUNGS = 3
_NUMBER = re.compile(r"(\d+)\. +(?=\S)")
_EXAMPLE = f'# %% [markdown] {HINTS}="svm_loss"'


def is_ladder(cell: PercentCell) -> bool:
    """Whether the header of this cell says that it holds hints."""
    return HINTS in cell.keys


def read_ladders(
    path: Path, ladders: Iterable[PercentCell], cells: Iterable[SourceCell]
) -> Mapping[str, HintLadder]:
    """The hints of each exercise that has a ladder, as Markdown, from the nudge on.

    Raises:
        SourceError: a ladder breaks one of the rules above.
    """
    answers = {cell.id: cell.line for cell in cells if cell.role is Role.ANSWER}
    read: dict[str, HintLadder] = {}
    for ladder in ladders:
        exercise = _exercise(path, ladder, answers)
        if exercise in read:
            raise refusal(
                path,
                ladder.line,
                f"a second ladder of hints for {exercise!r}",
                "one for each exercise",
                "Put its hints into one cell",
            )
        read[exercise] = _hints(path, ladder)
    return read


def _exercise(path: Path, ladder: PercentCell, answers: Mapping[str, int]) -> str:
    exercise = str(ladder.keys[HINTS])
    if ladder.cell_type != "markdown" or set(ladder.keys) != {HINTS}:
        raise refusal(
            path,
            ladder.line,
            f"hints in a {ladder.cell_type} cell with the keys {', '.join(ladder.keys)}",
            f"a markdown cell with the one key {HINTS!r}",
            f"Write the header like `{_EXAMPLE}`",
        )
    if exercise not in answers:
        raise refusal(
            path,
            ladder.line,
            f"hints for the unknown exercise {exercise!r}",
            f"the id of an answer cell: {', '.join(answers) or '(there is none)'}",
            f"Mend `{HINTS}=`.{did_you_mean(exercise, answers)}",
        )
    if ladder.line < answers[exercise]:
        raise refusal(
            path,
            ladder.line,
            f"the hints for {exercise!r} stand above its answer, at line {answers[exercise]}",
            "the answer first, then its hints",
            "Move the hints below it",
        )
    return exercise


def _hints(path: Path, ladder: PercentCell) -> HintLadder:
    items = _items(ladder.source)
    if [number for number, _ in items] != [1, 2, 3]:
        found = ", ".join(str(number) for number, _ in items) or "none"
        raise refusal(
            path,
            ladder.line,
            f"the hints for {ladder.keys[HINTS]!r} are numbered {found}",
            f"exactly {_RUNGS}, as `1. `, `2. ` and `3. ` at the start of a line, and no text "
            "before the first",
            "Number them; further lines of a hint are indented by three blanks",
        )
    first, second, third = (text for _, text in items)
    return first, second, third


def _items(text: str) -> list[tuple[int, str]]:
    """The items of a numbered list with their numbers; 0 is text that stands before it."""
    items: list[tuple[int, list[str]]] = []
    for line in text.strip().split("\n"):
        number = _NUMBER.match(line)
        if number is not None:
            items.append((int(number[1]), [" " * number.end() + line[number.end() :]]))
        elif items:
            items[-1][1].append(line)
        elif line.strip():
            items.append((0, [line]))
    return [(number, textwrap.dedent("\n".join(lines)).strip()) for number, lines in items]

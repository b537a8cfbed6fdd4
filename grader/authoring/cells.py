"""The nouns of authoring: a cell of the source, the source, and the regions in its cells.

A region is what stands between two lines such as `### BEGIN SOLUTION` and
`### END SOLUTION`. nbgrader looks for the words anywhere in a line; here a delimiter is
the whole line, and `grader.authoring.rules` refuses the words anywhere else, so that both
readings agree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.records import Role

__all__ = [
    "CODE_STUB",
    "MARK_SCHEME",
    "SOLUTION",
    "TEXT_STUB",
    "AssignmentSource",
    "SourceCell",
    "begin",
    "end",
    "inside",
    "starter",
    "without",
    "without_delimiters",
]

SOLUTION = "SOLUTION"
MARK_SCHEME = "MARK SCHEME"

# what nbgrader's ClearSolutions writes in the place of a solution
CODE_STUB = ("# YOUR CODE HERE", "raise NotImplementedError()")
TEXT_STUB = ("YOUR ANSWER HERE",)


@dataclass(frozen=True)
class SourceCell:
    """One cell of the source, whose header and content have been checked.

    `id` is the id that the author gave; a prose cell has one made from its text. `line` is
    the line of the cell's header in the file. `points` is 0 where a cell carries none.
    """

    role: Role
    id: str
    source: str
    exercise: str | None = None
    title: str = ""
    points: float = 0
    minutes: float | None = None
    hidden: bool = False
    shortcuts: tuple[str, ...] = ()
    line: int = 0
    cell_type: str = "code"


@dataclass(frozen=True)
class AssignmentSource:
    """The source of an assignment: its cells, in order, and the hints of its exercises."""

    path: Path
    cells: tuple[SourceCell, ...]
    hints: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)

    def of(self, role: Role) -> tuple[SourceCell, ...]:
        """The cells of one role, in order."""
        return tuple(cell for cell in self.cells if cell.role is role)

    @property
    def answers(self) -> tuple[SourceCell, ...]:
        """The cells that hold a learner's code; their ids are the exercises."""
        return self.of(Role.ANSWER)

    @property
    def tests(self) -> tuple[SourceCell, ...]:
        """The tests, visible and hidden."""
        return self.of(Role.TEST)

    @property
    def written(self) -> tuple[SourceCell, ...]:
        """The cells that are marked by hand."""
        return self.of(Role.WRITTEN)

    @property
    def total_points(self) -> float:
        """What a learner can earn: all tests, and all written answers."""
        return sum(cell.points for cell in self.cells)


def begin(region: str) -> str:
    """The line that opens a region.

    Example:
        >>> begin(SOLUTION)
        '### BEGIN SOLUTION'
    """
    return f"### BEGIN {region}"


def end(region: str) -> str:
    """The line that closes a region."""
    return f"### END {region}"


def inside(source: str, region: str) -> str:
    """The text between the delimiters of a region; empty when there is none."""
    return "\n".join(line for line, within in _marked(source, region) if within)


def without(source: str, region: str, stub: Sequence[str] = ()) -> str:
    """The text with a region, delimiters included, replaced by `stub`, indented as it was.

    Example:
        >>> without("a\\n  ### BEGIN SOLUTION\\n  b\\n  ### END SOLUTION", SOLUTION, ["c"])
        'a\\n  c'
    """
    lines: list[str] = []
    for line, within in _marked(source, region):
        if line.strip() == begin(region):
            indent = re.match(r"\s*", line)
            lines += [(indent[0] if indent else "") + each for each in stub]
        elif line.strip() != end(region) and not within:
            lines.append(line)
    return "\n".join(lines)


def without_delimiters(source: str, region: str) -> str:
    """The text with only the two lines of the delimiters taken out."""
    delimiters = (begin(region), end(region))
    return "\n".join(line for line in source.split("\n") if line.strip() not in delimiters)


def starter(cell: SourceCell) -> str:
    """The text of a cell as learners are handed it, solution and mark scheme taken out."""
    if cell.role is Role.TEST and cell.hidden:
        plural = "" if cell.points == 1 else "s"
        return f"# Hidden test: {cell.title} ({cell.points:g} point{plural})"
    if cell.role is Role.WRITTEN:
        return without(without(cell.source, MARK_SCHEME).rstrip(), SOLUTION, TEXT_STUB)
    return without(cell.source, SOLUTION, CODE_STUB)


def _marked(source: str, region: str) -> list[tuple[str, bool]]:
    """Each line, and whether it lies between the delimiters."""
    marked, within = [], False
    for line in source.split("\n"):
        if line.strip() == end(region):
            within = False
        marked.append((line, within))
        if line.strip() == begin(region):
            within = True
    return marked

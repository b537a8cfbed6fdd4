"""Regions of a foreign cell: the lines between BEGIN and END, however they are written.

nbgrader takes every line that contains the words for a delimiter; so does this.
"""

from __future__ import annotations

import re

from grader.authoring.cells import begin, end
from grader.importing.foreign import Remarks, refusal

__all__ = ["HIDDEN_TESTS", "has_region", "marked_lines", "snake_case", "tidy"]

HIDDEN_TESTS = "HIDDEN TESTS"


def has_region(text: str, region: str) -> bool:
    """Whether a line opens this region."""
    return f"BEGIN {region}" in text


def tidy(number: int, text: str, region: str, remarks: Remarks) -> str:
    """The text with each delimiter of a region alone on its line, as ours must be."""
    lines = []
    for line in text.split("\n"):
        word = next((w for w in ("BEGIN", "END") if f"{w} {region}" in line), None)
        if word is None:
            lines.append(line)
            continue
        indent = line[: len(line) - len(line.lstrip())]
        rest = line.replace(f"{word} {region}", "").strip().strip("#").strip()
        if rest:
            remarks.add(number, f"beside the delimiter stood `{rest}`; it is a comment now")
            lines.append(f"{indent}# {rest}")
        lines.append(indent + (begin(region) if word == "BEGIN" else end(region)))
    return "\n".join(lines)


def marked_lines(number: int, text: str, region: str) -> list[tuple[str, bool]]:
    """Each line that is no delimiter, and whether it lies in the region.

    Raises:
        ImportNotebookError: a region is not closed, or closed without having been opened.
    """
    marked, inside = [], False
    for line in text.split("\n"):
        opens, closes = f"BEGIN {region}" in line, f"END {region}" in line
        if (opens and inside) or (closes and not inside):
            raise refusal(number, f"`{line.strip()}` stands where none may", _PAIRS)
        if opens or closes:
            inside = opens
        else:
            marked.append((line, inside))
    if inside:
        raise refusal(number, f"`BEGIN {region}` has no end", _PAIRS)
    return marked


_PAIRS = "Expected: pairs of BEGIN and END, not nested; mend them in the notebook."


def snake_case(name: str) -> str:
    """The closest id of ours; empty when there is no letter or digit in the name.

    Example:
        >>> snake_case("Part-A (1)"), snake_case("3rd")
        ('part_a_1', 'q3rd')
    """
    found = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return f"q{found}" if found[:1].isdigit() else found

"""Read a Jupytext percent file into cells, and the header of each cell into keys.

Guarantees: the cells and their texts are those that Jupytext sees, because its own reader
cuts the file; each keeps the line of its header.
Option chosen: Jupytext's reader for the cells, a strict reader of our own for the header.
Jupytext takes whatever it does not understand in a header for a title; here a misspelt
header must be an error, because it decides what is secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.errors import SourceError

__all__ = ["PercentCell", "read_cells", "refusal"]

_HEADER = re.compile(r"\s*#\s*%%(?!%)\s*(?P<type>\[[^\]]*\])?(?P<keys>.*)")
_HEADER_LIKE = re.compile(r"\s*#\s*%%(?!%)")
_KEY = re.compile(r'\s*(?P<name>[A-Za-z_]\w*)\s*=\s*(?P<value>"(?:[^"\\]|\\.)*"|[^\s"]+)(?=\s|$)')
_EXAMPLE = '# %% answer="svm_loss" title="Vectorised SVM loss" minutes=15'


@dataclass(frozen=True)
class PercentCell:
    """One cell as written: line of its header, type, keys of the header, and text."""

    line: int
    cell_type: str
    keys: Mapping[str, str | float]
    source: str


def refusal(path: Path, line: int, found: str, expected: str, next_step: str) -> SourceError:
    """The error of the cell at `line`: what was found, what was expected, what to do."""
    stop = "" if next_step.endswith((".", "?")) else "."
    return SourceError(
        f"{path}, cell at line {line}: {found}. Expected: {expected}. {next_step}{stop}"
    )


def read_cells(path: Path) -> tuple[PercentCell, ...]:
    """The cells of the file, in order.

    Raises:
        SourceError: no such file, not UTF-8, no cells, text before the first header, or a
            header that is not understood.
    """
    cells = tuple(_cell(path, *raw) for raw in _raw_cells(path, _text(path).splitlines()))
    if not cells:
        raise SourceError(f"{path} holds no cells. Expected: headers such as `{_EXAMPLE}`.")
    return cells


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read: {error.strerror}. Expected: the source of the assignment, "
            "in the Jupytext percent format. Write it, or mend the id in course.toml."
        ) from error
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{path} is not UTF-8 (byte {error.start} cannot be decoded). Save it as UTF-8."
        ) from error


def _raw_cells(path: Path, lines: list[str]) -> Iterator[tuple[int, str, str, str]]:
    """Line, header, type and text of each cell, cut by Jupytext's own reader."""
    # imported here: Jupytext takes half a second, and most commands never need it
    from jupytext.formats import get_format_implementation
    from jupytext.header import header_to_metadata_and_cell

    percent = get_format_implementation(".py", "percent")
    _, _, _, start = header_to_metadata_and_cell(lines, "#", "", ".py")
    position = start
    while position < len(lines):
        reader = percent.cell_reader_class({"extension": ".py", "format_name": "percent"}, "python")
        cell, length = reader.read(lines[position:])
        body = lines[position + 1 : position + length]
        is_preamble = position == start and not _HEADER_LIKE.match(lines[position])
        if is_preamble:
            _refuse_preamble(path, position + 1, [lines[position], *body])
        else:
            _refuse_swallowed_header(path, position + 1, body)
            yield position + 1, lines[position], cell.cell_type, cell.source
        position += length


def _refuse_preamble(path: Path, line: int, text: list[str]) -> None:
    for number, content in enumerate(text, start=line):
        if content.strip():
            raise refusal(
                path,
                number,
                f"{content.strip()!r} stands before the first header",
                f"every cell to have a header, such as `{_EXAMPLE}`",
                "Put a header above it, or remove it",
            )


def _refuse_swallowed_header(path: Path, line: int, body: list[str]) -> None:
    """Jupytext wants a space after %%; without one the cell joins the one above it."""
    for number, content in enumerate(body, start=line + 1):
        if _HEADER_LIKE.match(content):
            raise refusal(
                path,
                line,
                f"line {number}, `{content.strip()}`, looks like a header but is none",
                "`# %% ` at the start of a line, outside texts and fences, or no such line",
                "Put a space after %%, or reword the line",
            )


def _cell(path: Path, line: int, header: str, cell_type: str, source: str) -> PercentCell:
    match = _HEADER.fullmatch(header)
    kind = (match["type"] or "") if match else header
    if match is None or kind not in ("", "[markdown]", "[md]"):
        raise refusal(
            path,
            line,
            f"the header `{header.strip()}` is not understood",
            "`# %%` or `# %% [markdown]`, then keys",
            f"Write it like `{_EXAMPLE}`",
        )
    keys = _keys(path, line, match["keys"])
    return PercentCell(line, "markdown" if kind else cell_type, keys, source)


def _keys(path: Path, line: int, text: str) -> dict[str, str | float]:
    keys: dict[str, str | float] = {}
    position = 0
    while text[position:].strip():
        match = _KEY.match(text, position)
        value = _value(match["value"]) if match else None
        if match is None or value is None:
            raise refusal(
                path,
                line,
                f"`{text[position:].strip()}` in the header is not understood",
                'keys such as `title="A text"` or `points=2`, apart by spaces',
                "Mend the header; a text stands in double quotes",
            )
        if match["name"] in keys:
            raise refusal(
                path,
                line,
                f"the key {match['name']!r} stands twice in the header",
                "each key once",
                "Remove one of them",
            )
        keys[match["name"]] = value
        position = match.end()
    return keys


def _value(text: str) -> str | float | None:
    """The text or number of a value; None for anything else."""
    try:
        value: Any = json.loads(text, parse_constant=lambda _: None)
    except json.JSONDecodeError:
        return None
    is_plain = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    return value if is_plain else None

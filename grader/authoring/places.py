"""The texts of a learner's files, place by place, as a search for secrets reads them.

Guarantees: every string of a notebook is a text of some place: sources, outputs, attachments,
and the metadata of cells and notebook, however deep. Any other file is one place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Place", "normalised", "places"]

_SKIPPED = {"__pycache__", ".ipynb_checkpoints"}
# a comment sign, a prompt, a quotation or a bullet does not make a text another text
_MARKS = re.compile(r"^(?:#+|>>>|\.\.\.|>|[-*](?=\s))\s*")
_TRAILING_COMMENT = re.compile(r"\s{2,}#\s.*$")


@dataclass(frozen=True)
class Place:
    """Where a text lies, and the text."""

    file: Path
    name: str
    text: str


def places(root: Path) -> Iterator[Place]:
    """All places of all files below `root`, in the order of their names."""
    for file in sorted(root.rglob("*")):
        if file.is_file() and not _SKIPPED & set(file.relative_to(root).parts):
            yield from _places_of(file)


def normalised(line: str) -> str:
    """A line without white space, marks of comments and prompts, and trailing comment.

    Quotation marks at its ends go too: a text that is wrapped over lines of code stays one.

    Example:
        >>> normalised("    # >>> x = np.sum( y )  # all of it")
        'x=np.sum(y)'
    """
    line = _TRAILING_COMMENT.sub("", line.strip())
    while match := _MARKS.match(line):
        line = line[match.end() :]
    return re.sub(r"\s+", "", line.strip("\"'"))


def _places_of(file: Path) -> Iterable[Place]:
    text = file.read_bytes().decode("utf-8", errors="replace")
    if file.suffix == ".ipynb":
        try:
            notebook = json.loads(text)
        except ValueError:
            notebook = None
        if isinstance(notebook, dict) and isinstance(notebook.get("cells"), list):
            return _places_of_notebook(file, notebook)
    return [Place(file, "", text)]


def _places_of_notebook(file: Path, notebook: dict[str, Any]) -> Iterator[Place]:
    rest = {key: value for key, value in notebook.items() if key != "cells"}
    yield Place(file, "metadata of the notebook", "\n".join(_strings(rest)))
    for number, cell in enumerate(notebook["cells"], start=1):
        parts = cell if isinstance(cell, dict) else {"text": cell}
        for part, value in parts.items():
            yield Place(file, f"cell {number}, {part}", "\n".join(_strings(value)))


def _strings(value: object) -> Iterator[str]:
    """Every string in a JSON value, keys included; lists of lines become one text."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from _strings(each)
    elif isinstance(value, list):
        if value and all(isinstance(each, str) for each in value):
            yield "".join(each if each.endswith("\n") else f"{each}\n" for each in value)
        else:
            for each in value:
                yield from _strings(each)

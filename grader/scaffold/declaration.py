"""Add to course.toml without touching what people wrote there: comments, order, blanks.

Guarantees: the new text means exactly what the old one meant, and the addition; whatever is
written in a way that cannot be changed so is refused, with the lines to write by hand.
Option chosen: edits of lines, each proven by reading the text again, instead of a library that
keeps the style of TOML: three kinds of edits need no further dependency, and the proof catches
what the patterns overlook.
"""

from __future__ import annotations

import copy
import json
import re
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.authoring.build import write_if_changed
from grader.configuration import COURSE_FILE, load_course
from grader.errors import ConfigurationError
from grader.tables import read_toml

__all__ = ["Declaration", "find_declaration"]

Value = str | int | float
_TABLE = re.compile(r"\s*\[")
_KEY = r"(?P<start>\s*{key}\s*=\s*)(?:\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s#\"']+)(?P<rest>\s*(?:#.*)?)"


@dataclass(frozen=True)
class Declaration:
    """A course.toml: where it lies, its text, and what the text means."""

    path: Path
    text: str
    document: Mapping[str, Any]

    @property
    def root(self) -> Path:
        """The folder of the course."""
        return self.path.parent

    @property
    def assignments(self) -> Sequence[Mapping[str, Any]]:
        """The tables of the assignments, as they stand."""
        tables = self.document.get("assignments", [])
        return tables if isinstance(tables, list) else []

    @property
    def about(self) -> Mapping[str, Any]:
        """The table [course]."""
        about = self.document.get("course", {})
        return about if isinstance(about, dict) else {}

    def with_assignment(self, values: Mapping[str, Value]) -> Declaration:
        """The declaration with one more table [[assignments]], the last.

        Raises:
            ConfigurationError: the assignments are written in another way than as tables.
        """
        addition = "\n".join(["[[assignments]]", *map(_line, values, values.values())])
        meant = {**self.document, "assignments": [*self.assignments, dict(values)]}
        return self._proven(f"{self.text.rstrip()}\n\n{addition}\n", meant, addition)

    def with_week(self, values: Mapping[str, Value]) -> Declaration:
        """The declaration with other values in [course], and the assignments where they were.

        An assignment without a key `week` is one of the week of the course; when that changes,
        those that are there get the key, and stay in theirs.

        Raises:
            ConfigurationError: a key stands there in a way that cannot be changed.
        """
        meant: dict[str, Any] = copy.deepcopy(dict(self.document))
        meant["course"] = {**self.about, **values}
        lines = self.text.rstrip().split("\n")
        lines = _set_keys(lines, "[course]", 0, values)
        before = self.about.get("week")
        for number, table in enumerate(self.assignments):
            if before not in (None, values.get("week")) and "week" not in table:
                meant["assignments"][number]["week"] = before
                lines = _set_keys(lines, "[[assignments]]", number, {"week": before})
        by_hand = "\n".join(["[course]", *map(_line, values, values.values())])
        return self._proven("\n".join(lines) + "\n", meant, by_hand)

    def check(self) -> None:
        """Read the text as every command reads it; a course needs an assignment for that.

        Raises:
            ConfigurationError: it breaks a rule; names the key.
        """
        if not self.assignments:
            return
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / COURSE_FILE).write_text(self.text, encoding="utf-8")
            try:
                load_course(Path(folder))
            except ConfigurationError as error:
                seen = str(error).replace(str(Path(folder).resolve()), str(self.root))
                raise ConfigurationError(seen) from None

    def write(self) -> None:
        """Replace the file, as a whole or not at all."""
        write_if_changed(self.path, self.text)

    def _proven(self, text: str, meant: Mapping[str, Any], by_hand: str) -> Declaration:
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            document = {}
        if document != meant:
            raise ConfigurationError(
                f"{self.path} is written in a way that cannot be added to; nothing was changed. "
                f"Write it by hand, in tables:\n{by_hand}"
            )
        changed = Declaration(self.path, text, document)
        changed.check()
        return changed


def find_declaration(start: Path) -> Declaration:
    """The course.toml in `start` or the nearest folder above it.

    Unlike `load_course` it takes a course without an assignment, such as a new one.

    Raises:
        ConfigurationError: there is none, or it is no TOML or breaks a rule.
    """
    for folder in (start.resolve(), *start.resolve().parents):
        path = folder / COURSE_FILE
        if path.is_file():
            document = read_toml(path, "")
            found = Declaration(path, path.read_text(encoding="utf-8"), document)
            found.check()
            return found
    raise ConfigurationError(
        f"no {COURSE_FILE} was found in {start} or in any folder above it. Go to the folder of "
        "the course, or make one: grader new course FOLDER"
    )


def _set_keys(lines: list[str], header: str, number: int, values: Mapping[str, Value]) -> list[str]:
    """The lines with keys set in the table of this header, or unchanged when it is not found."""
    is_header = re.compile(rf"\s*{re.escape(header)}\s*(?:#.*)?")
    starts = [at for at, line in enumerate(lines) if is_header.fullmatch(line)]
    if number >= len(starts):
        return lines
    start = starts[number] + 1
    rest = enumerate(lines[start:], start=start)
    end = next((at for at, line in rest if _TABLE.match(line)), len(lines))
    table = lines[start:end]
    for key, value in values.items():
        table = _set_key(table, key, value)
    return [*lines[:start], *table, *lines[end:]]


def _set_key(table: list[str], key: str, value: Value) -> list[str]:
    pattern = re.compile(_KEY.format(key=re.escape(key)))
    for at, line in enumerate(table):
        if match := pattern.fullmatch(line):
            return [*table[:at], match["start"] + _toml(value) + match["rest"], *table[at + 1 :]]
    filled = [at for at, line in enumerate(table) if line.strip() and line.lstrip()[0] != "#"]
    at = filled[-1] + 1 if filled else 0
    return [*table[:at], _line(key, value), *table[at:]]


def _line(key: str, value: Value) -> str:
    return f"{key} = {_toml(value)}"


def _toml(value: Value) -> str:
    # what JSON escapes in a text, TOML reads in the same way
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else f"{value:g}"

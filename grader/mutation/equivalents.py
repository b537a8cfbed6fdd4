"""Survivors that an author has looked at: `solutions/ID/equivalents.toml`.

    [[equivalent]]
    id = "relative_error-1b2c3d4e"
    exercise = "relative_error"
    change = '''...'''
    reason = "..."

A mutant is equivalent when no test can tell it from the answer, because it gives the same
on everything that the exercise allows; the reason says why. The change is for people, who
cannot read an id. An id holds the text of the whole function: whoever edits the answer has
to look at its equivalents again.
"""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.configuration import Course
from grader.errors import SourceError
from grader.mutation.mutants import Mutant

__all__ = ["Equivalent", "as_toml", "equivalents_file", "load_equivalents"]

_KEYS = ("id", "exercise", "change", "reason")


@dataclass(frozen=True)
class Equivalent:
    """A mutant that no test can tell from the answer, and why not."""

    id: str
    exercise: str
    change: str
    reason: str


def equivalents_file(course: Course, assignment_id: str) -> Path:
    """Where the equivalent mutants of an assignment are written down."""
    return course.solution_source(assignment_id).with_name("equivalents.toml")


def load_equivalents(path: Path) -> tuple[Equivalent, ...]:
    """The equivalents in the file, in its order; none when there is no such file.

    Raises:
        SourceError: the file is not TOML, or an entry lacks a text; names the entry.
    """
    if not path.exists():
        return ()
    document = _read(path)
    entries = document.get("equivalent", [])
    if document.keys() - {"equivalent"} or not isinstance(entries, list):
        raise SourceError(
            f"{path} holds {', '.join(document)}; expected tables [[equivalent]] and nothing else"
        )
    found = tuple(_entry(path, number, entry) for number, entry in enumerate(entries, start=1))
    for name, count in Counter(each.id for each in found).items():
        if count > 1:
            raise SourceError(f"{path}: {name!r} is there {count} times; keep one of them")
    return found


def as_toml(mutants: Iterable[Mutant]) -> str:
    """Entries for these mutants, to be pasted; their reasons are still to be written.

    Example:
        >>> print(as_toml([Mutant("f-1", "f", "", "-    return x\\n+    return -x")]))
        [[equivalent]]
        id = "f-1"
        exercise = "f"
        change = '''
        -    return x
        +    return -x
        '''
        reason = ""
    """
    return "\n\n".join(map(_table, mutants))


def _table(mutant: Mutant) -> str:
    # a literal text keeps every backslash; Python's ''' can stand in a change only by malice
    is_literal = "'''" not in mutant.change
    change = f"'''\n{mutant.change}\n'''" if is_literal else json.dumps(mutant.change)
    return "\n".join(
        [
            "[[equivalent]]",
            f'id = "{mutant.id}"',
            f'exercise = "{mutant.exercise}"',
            f"change = {change}",
            'reason = ""',
        ]
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SourceError(f"{path} cannot be read as TOML: {error}. Mend that line.") from error


def _entry(path: Path, number: int, entry: object) -> Equivalent:
    table = entry if isinstance(entry, dict) else {}
    name = table.get("id", f"number {number}")
    if unknown := sorted(table.keys() - set(_KEYS)):
        raise SourceError(f"{path}, [[equivalent]] {name}: the key {unknown[0]!r} is unknown")
    for key in _KEYS:
        value = table.get(key)
        if not isinstance(value, str) or not value.strip():
            raise SourceError(
                f"{path}, [[equivalent]] {name}: {key} is {value!r}; expected a text. "
                + ("Say why no test can tell it." if key == "reason" else "Paste the entry again.")
            )
    return Equivalent(*(table[key].strip("\n") for key in _KEYS))

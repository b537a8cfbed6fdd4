"""Read the tables of a TOML file that people write, and check every key.

Guarantees: a missing, unknown or wrongly typed key is one `ConfigurationError` that names
the file, the table, the key, what is expected, and a line to copy.
Option chosen: a table of keys and a reader of twenty lines, not a schema library: there
are few kinds of tables, and the messages are for instructors.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.errors import ConfigurationError

__all__ = [
    "Key",
    "Table",
    "did_you_mean",
    "is_id",
    "is_positive",
    "is_text",
    "is_whole",
    "read_toml",
    "refuse_unknown",
]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence that offers the closest known name, or nothing.

    Example:
        >>> did_you_mean("los_functions", ["loss_functions"])
        " Did you mean 'loss_functions'?"
    """
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def read_toml(path: Path, purpose: str) -> dict[str, Any]:
    """The document in a file; `purpose` is the sentence for when it cannot be read.

    Raises:
        ConfigurationError: it is not there, not UTF-8, or not TOML.
    """
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}. {purpose}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{path} is not UTF-8 (byte {error.start}). Save it as UTF-8."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is not TOML: {error}. Mend that line.") from error


@dataclass(frozen=True)
class Key:
    """What a key must hold: a test, the words for it, and a line to copy."""

    accepts: Callable[[object], bool]
    expected: str
    example: str


def is_text(value: object) -> bool:
    """Whether it is a text that is not blank."""
    return isinstance(value, str) and bool(value.strip())


def is_id(value: object) -> bool:
    """Whether it is a name of small letters, digits and underscores."""
    return isinstance(value, str) and re.fullmatch(r"[a-z][a-z0-9_]*", value) is not None


def is_positive(value: object) -> bool:
    """Whether it is a finite number above 0."""
    # bool is an int in Python; NaN and infinity are floats in TOML
    return isinstance(value, (int, float)) and value is not True and 0 < value < float("inf")


def is_whole(value: object) -> bool:
    """Whether it is a whole number from 1."""
    return isinstance(value, int) and is_positive(value)


class Table:
    """One table of a file, whose every key has been checked."""

    def __init__(self, path: Path, name: str, values: object, keys: Mapping[str, Key]) -> None:
        if not isinstance(values, dict):
            raise ConfigurationError(f"{path}: {name} is {values!r}; expected a table of keys.")
        self.path, self.name, self.keys = path, name, keys
        self.values: dict[str, Any] = values
        refuse_unknown(path, name, values, tuple(keys))
        for key, value in values.items():
            if not keys[key].accepts(value):
                raise self.error(key, f"is {value!r}")

    def required(self, key: str) -> Any:
        """The value of a key that must be there."""
        if key not in self.values:
            raise self.error(key, "is missing")
        return self.values[key]

    def error(self, key: str, found: str) -> ConfigurationError:
        """The error of a key: what was found, what is expected, a line to copy."""
        rule = self.keys[key]
        return ConfigurationError(
            f"{self.path}: {self.name}: the key {key!r} {found}; expected {rule.expected}, "
            f"for example: {rule.example}"
        )


def refuse_unknown(path: Path, table: str, values: Iterable[str], known: tuple[str, ...]) -> None:
    """Raise for the first key that is none of the known ones."""
    for key in values:
        if key not in known:
            raise ConfigurationError(
                f"{path}: {table}: the key {key!r} is unknown; expected one of "
                f"{', '.join(known)}.{did_you_mean(key, known)}"
            )

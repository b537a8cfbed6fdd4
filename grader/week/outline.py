"""Read the outline of a week: what happens on the day, what is read, what groups build.

Guarantees: an `Outline` is complete, or there is none: every key is there and of its type,
the people of the roles make up the group, and the points of the rubric make up 100. Errors
are told as `grader.tables` tells them.
Option chosen: a file of its own, which course.toml names. It is prose for learners and many
times as long as the declaration that every command and every author of an assignment reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any, TypeVar

from grader.errors import ConfigurationError
from grader.tables import Key, Table, is_positive, is_text, is_whole, read_toml, refuse_unknown

__all__ = [
    "Criterion",
    "Milestone",
    "Outline",
    "Project",
    "Reading",
    "Role",
    "Slot",
    "read_outline",
]

R = TypeVar("R")

FULL_MARKS = 100


@dataclass(frozen=True)
class Slot:
    """A part of the day; parts follow one another without a gap."""

    minutes: int
    title: str
    text: str


@dataclass(frozen=True)
class Reading:
    """Something to read or watch beforehand, and what to talk about."""

    title: str
    author: str
    url: str
    minutes: int
    text: str
    questions: tuple[str, ...]


@dataclass(frozen=True)
class Role:
    """What some people of a group do."""

    people: int
    title: str
    text: str


@dataclass(frozen=True)
class Milestone:
    """What a group has by a certain day."""

    when: str
    text: str


@dataclass(frozen=True)
class Criterion:
    """One line of the rubric."""

    points: float
    title: str
    text: str


@dataclass(frozen=True)
class Project:
    """What a group builds together: `brief` says what, the rest who, when and how it is judged."""

    title: str
    people: int
    brief: str
    roles: tuple[Role, ...]
    milestones: tuple[Milestone, ...]
    deliverables: tuple[str, ...]
    rubric: tuple[Criterion, ...]


@dataclass(frozen=True)
class Outline:
    """A week, less its assignments. Texts are Markdown."""

    intro: str
    start: time
    agenda: tuple[Slot, ...]
    readings: tuple[Reading, ...]
    project: Project


def _is_line(value: object) -> bool:
    return is_text(value) and "\n" not in str(value)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(is_text, value))


def _is_url(value: object) -> bool:
    return _is_line(value) and str(value).startswith("https://") and " " not in str(value)


def _is_time(value: object) -> bool:
    return isinstance(value, time)


_LINE = Key(_is_line, "a text of one line", 'title = "Doors open"')
_TEXT = Key(is_text, "a text that is not empty", 'text = "What happens, in a sentence or two."')
_MINUTES = Key(is_whole, "a whole number from 1", "minutes = 30")
_PEOPLE = Key(is_whole, "a whole number from 1", "people = 2")
_POINTS = Key(is_positive, "a positive number", "points = 25")
_START = Key(_is_time, "a time of the day", "start = 10:00:00")
_URL = Key(
    _is_url, "an address that begins with https://", 'url = "https://arxiv.org/abs/1608.03983"'
)
_TEXTS = Key(_are_texts, "a list of texts, not empty", 'questions = ["What would you try first?"]')

_KEYS: dict[type, dict[str, Key]] = {
    Slot: {"minutes": _MINUTES, "title": _LINE, "text": _TEXT},
    Reading: {
        "title": _LINE,
        "author": _LINE,
        "url": _URL,
        "minutes": _MINUTES,
        "text": _TEXT,
        "questions": _TEXTS,
    },
    Role: {"people": _PEOPLE, "title": _LINE, "text": _TEXT},
    Milestone: {"when": _LINE, "text": _TEXT},
    Criterion: {"points": _POINTS, "title": _LINE, "text": _TEXT},
    Project: {"title": _LINE, "people": _PEOPLE, "brief": _TEXT, "deliverables": _TEXTS},
    Outline: {"intro": _TEXT, "start": _START},
}


def read_outline(path: Path) -> Outline:
    """Read and check the outline of a week.

    Raises:
        ConfigurationError: it is not there, not TOML, or breaks a rule.
    """
    document = read_toml(path, "course.toml names it as the outline of the week; write it.")
    refuse_unknown(path, "the file", document, (*_KEYS[Outline], "agenda", "readings", "project"))
    own = {key: value for key, value in document.items() if key in _KEYS[Outline]}
    return Outline(
        **_values(path, "the file", own, Outline),
        agenda=_list(path, document, "agenda", Slot),
        readings=_list(path, document, "readings", Reading),
        project=_project(path, document),
    )


def _values(path: Path, name: str, values: object, kind: type) -> dict[str, Any]:
    """The checked values of a table, every key of which is required; lists become tuples."""
    table = Table(path, name, values, _KEYS[kind])
    found = {key: table.required(key) for key in _KEYS[kind]}
    return {key: tuple(v) if isinstance(v, list) else v for key, v in found.items()}


def _list(
    path: Path, document: Mapping[str, Any], name: str, kind: Callable[..., R], prefix: str = ""
) -> tuple[R, ...]:
    """The tables `[[name]]`, of which there must be one at least."""
    assert isinstance(kind, type)
    title = f"[[{prefix}{name}]]"
    tables = document.get(name)
    if not isinstance(tables, list) or not tables:
        lines = "\n".join([title, *(key.example for key in _KEYS[kind].values())])
        raise ConfigurationError(
            f"{path}: there is no table {title}; expected one at least, for example:\n{lines}"
        )
    return tuple(
        kind(**_values(path, f"{title} number {number}", values, kind))
        for number, values in enumerate(tables, start=1)
    )


_PARTS: dict[str, type] = {"roles": Role, "milestones": Milestone, "rubric": Criterion}


def _project(path: Path, document: Mapping[str, Any]) -> Project:
    tables = document.get("project")
    if not isinstance(tables, dict):
        raise ConfigurationError(
            f"{path}: the table [project] is missing; expected what groups build."
        )
    own = {key: value for key, value in tables.items() if key not in _PARTS}
    parts: dict[str, Any] = {
        name: _list(path, tables, name, kind, "project.") for name, kind in _PARTS.items()
    }
    project = Project(**_values(path, "[project]", own, Project), **parts)
    people = sum(role.people for role in project.roles)
    if people != project.people:
        raise ConfigurationError(
            f"{path}: [[project.roles]]: the roles are for {people} people; expected "
            f"{project.people}, as [project] says. Mend `people` in one of them."
        )
    points = sum(criterion.points for criterion in project.rubric)
    if points != FULL_MARKS:
        raise ConfigurationError(
            f"{path}: [[project.rubric]]: the points add up to {points:g}; expected {FULL_MARKS}."
        )
    return project

"""Read course.toml, the one declaration of a course, and say where its files lie.

Guarantees: a `Course` is complete and correct, or there is none; what is wrong is told as
`grader.tables` tells it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from course.link.withhold import library_modules, may_be_withheld
from grader.errors import ConfigurationError, UnknownAssignment
from grader.records import Limits
from grader.tables import (
    Key,
    Table,
    did_you_mean,
    is_id,
    is_positive,
    is_text,
    is_whole,
    read_toml,
    refuse_unknown,
)

__all__ = [
    "COURSE_FILE",
    "Assignment",
    "Checks",
    "Course",
    "Submissions",
    "did_you_mean",
    "load_course",
]

COURSE_FILE = "course.toml"


@dataclass(frozen=True)
class Assignment:
    """One assignment as course.toml declares it. `due` carries its offset from UTC."""

    id: str
    title: str
    week: int
    minutes: float
    due: datetime | None
    limits: Limits
    withheld: tuple[str, ...] = ()  # modules of the library that learners are asked to write


@dataclass(frozen=True)
class Checks:
    """What learners on a hub may ask of the check service.

    Attributes:
        per_hour: checks of one exercise by one learner within an hour.
        solutions: when a reference answer is shown: "after_due" or "never".
    """

    per_hour: int = 30
    solutions: str = "after_due"


@dataclass(frozen=True)
class Submissions:
    """How submissions are collected.

    Attributes:
        grade: which attempt counts: the "last" one before the due date (the last of all, where
            none was in time), or the "best".
        folder_mib: what all files of one submission may take together.
    """

    grade: str = "last"
    folder_mib: int = 20


@dataclass(frozen=True)
class Course:
    """A course and the places of its files, all absolute, below `root`."""

    root: Path
    id: str
    title: str
    week: int
    assignments: tuple[Assignment, ...]
    outline: Path | None = None  # the agenda, readings and project of the week
    checks: Checks = Checks()
    submissions: Submissions = Submissions()

    def assignment(self, assignment_id: str) -> Assignment:
        """The declared assignment of this id.

        Raises:
            UnknownAssignment: names the ones that are declared, and the closest.
        """
        for assignment in self.assignments:
            if assignment.id == assignment_id:
                return assignment
        known = [assignment.id for assignment in self.assignments]
        raise UnknownAssignment(
            f"{self.root / COURSE_FILE}: no assignment is called {assignment_id!r}; "
            f"declared: {', '.join(known)}.{did_you_mean(assignment_id, known)}"
        )

    @property
    def var(self) -> Path:
        """nbgrader's working course; nothing in it is kept by git."""
        return self.root / "var"

    @property
    def week_page(self) -> Path:
        """The page of the documentation that `grader week` writes."""
        return self.root / "docs" / f"week{self.week}.md"

    @property
    def gradebook(self) -> Path:
        """nbgrader's database."""
        return self.var / "gradebook.db"

    def solution_source(self, assignment_id: str) -> Path:
        """The one source of the assignment, in the Jupytext percent format."""
        return self.root / "solutions" / assignment_id / "notebook.py"

    def mistakes_file(self, assignment_id: str) -> Path:
        """The known wrong answers of the assignment."""
        return self.root / "solutions" / assignment_id / "mistakes.py"

    def source_notebook(self, assignment_id: str) -> Path:
        """nbgrader's source notebook, built from `solution_source`."""
        return self.var / "source" / assignment_id / f"{assignment_id}.ipynb"

    def release_notebook(self, assignment_id: str) -> Path:
        """The notebook that learners are handed."""
        return self.root / "assignments" / assignment_id / f"{assignment_id}.ipynb"

    def submitted(self, assignment_id: str, learner: str) -> Path:
        """The folder that a learner handed in."""
        return self.var / "submitted" / learner / assignment_id

    def submitted_notebook(self, assignment_id: str, learner: str) -> Path:
        """The notebook that a learner handed in; it need not exist, nor be a notebook."""
        return self.submitted(assignment_id, learner) / f"{assignment_id}.ipynb"

    def autograded_notebook(self, assignment_id: str, learner: str) -> Path:
        """The notebook as graded."""
        return self.var / "autograded" / learner / assignment_id / f"{assignment_id}.ipynb"

    def feedback_page(self, assignment_id: str, learner: str) -> Path:
        """The page that the learner gets back."""
        return self.var / "feedback" / learner / assignment_id / f"{assignment_id}.html"

    def rendered_page(self, assignment_id: str, form: str) -> Path:
        """The executed notebook as a page for instructors; `form`: solved or release."""
        return self.var / "pages" / assignment_id / f"{form}.html"

    def run_record(self, assignment_id: str, learner: str) -> Path:
        """The `Run` of the last grading, as JSON."""
        return self.var / "runs" / assignment_id / f"{learner}.json"

    def learners(self, assignment_id: str) -> tuple[str, ...]:
        """Who handed in anything of this name, be it a folder, a file or a dangling link."""
        submitted = self.var / "submitted"
        if not submitted.is_dir():
            return ()
        return tuple(
            sorted(
                folder.name
                for folder in submitted.iterdir()
                if folder.is_dir() and os.path.lexists(folder / assignment_id)
            )
        )


def load_course(root: Path | None = None) -> Course:
    """Read the course at `root`, or at the nearest folder above the current one.

    Raises:
        ConfigurationError: course.toml is not found, not TOML, or breaks a rule.
    """
    folder = _nearest_root(Path.cwd()) if root is None else root.resolve()
    path = folder / COURSE_FILE
    document = read_toml(
        path, "A course needs this file; run the command in the folder of the course."
    )
    refuse_unknown(path, "the file", document, _TABLES)
    about = Table(path, "[course]", _table(path, document, "course"), _COURSE_KEYS)
    week = about.required("week")
    limits = _limits(path, "[limits]", document.get("limits", {}), Limits())
    return Course(
        root=folder,
        id=about.required("id"),
        title=about.required("title"),
        week=week,
        assignments=_assignments(path, document, week, limits),
        outline=folder / about.values["outline"] if "outline" in about.values else None,
        checks=Checks(**_optional(path, document, "checks", _CHECKS_KEYS)),
        submissions=Submissions(**_optional(path, document, "submissions", _SUBMISSIONS_KEYS)),
    )


def _nearest_root(start: Path) -> Path:
    for folder in (start, *start.parents):
        if (folder / COURSE_FILE).is_file():
            return folder.resolve()
    raise ConfigurationError(
        f"no {COURSE_FILE} was found in {start} or in any folder above it. "
        "Go to the folder of the course and run the command again."
    )


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(is_text, value)) and len(set(value)) == len(value)


def _is_instant(value: object) -> bool:
    return isinstance(value, datetime) and value.tzinfo is not None


def _is_toml_inside(value: object) -> bool:
    path = PurePosixPath(value if isinstance(value, str) else "")
    return path.suffix == ".toml" and not path.is_absolute() and ".." not in path.parts


_ID = Key(is_id, "an id: small letters, digits and _", 'id = "loss_functions"')
_TITLE = Key(is_text, "a text that is not empty", 'title = "Loss functions"')
_WEEK = Key(is_whole, "a whole number from 1", "week = 3")
_MINUTES = Key(is_positive, "a positive number", "minutes = 180")
_DUE = Key(_is_instant, "a date and time with its offset", "due = 2026-01-31T23:59:00+01:00")
_WITHHELD = Key(
    _are_texts, "a list of the library's modules, each once", 'withheld = ["course.losses"]'
)

_PER_HOUR = Key(is_whole, "a whole number from 1", "per_hour = 30")
_SOLUTIONS = Key(
    lambda value: value in ("after_due", "never"),
    '"after_due" or "never"',
    'solutions = "after_due"',
)
_GRADE = Key(lambda value: value in ("last", "best"), '"last" or "best"', 'grade = "last"')
_FOLDER_MIB = Key(is_whole, "a whole number from 1", "folder_mib = 20")

_OUTLINE = Key(
    _is_toml_inside, "a TOML file below the folder of the course", 'outline = "weeks/week3.toml"'
)

_COURSE_KEYS = {"id": _ID, "title": _TITLE, "week": _WEEK, "outline": _OUTLINE}
_ASSIGNMENT_KEYS = {
    "id": _ID,
    "title": _TITLE,
    "week": _WEEK,
    "minutes": _MINUTES,
    "due": _DUE,
    "withheld": _WITHHELD,
}

_CHECKS_KEYS = {"per_hour": _PER_HOUR, "solutions": _SOLUTIONS}
_SUBMISSIONS_KEYS = {"grade": _GRADE, "folder_mib": _FOLDER_MIB}
_TABLES = ("course", "limits", "checks", "submissions", "assignments")


def _limit_key(name: str, default: float) -> Key:
    whole = isinstance(default, int)
    expected = "a positive whole number" if whole else "a positive number"
    return Key(is_whole if whole else is_positive, expected, f"{name} = {default:g}")


_LIMIT_KEYS = {
    each.name: _limit_key(each.name, getattr(Limits(), each.name)) for each in fields(Limits)
}


def _table(path: Path, document: dict[str, Any], name: str) -> object:
    if name not in document:
        example = "\n".join([f"[{name}]", _ID.example, _TITLE.example, _WEEK.example])
        raise ConfigurationError(f"{path}: the table [{name}] is missing; for example:\n{example}")
    return document[name]


def _optional(
    path: Path, document: dict[str, Any], name: str, keys: dict[str, Key]
) -> dict[str, Any]:
    return Table(path, f"[{name}]", document.get(name, {}), keys).values


def _limits(path: Path, name: str, values: object, defaults: Limits) -> Limits:
    table = Table(path, name, values, _LIMIT_KEYS)
    return replace(
        defaults,
        **{
            key: type(getattr(defaults, key))(value)  # 10 may stand for 10.0
            for key, value in table.values.items()
        },
    )


def _assignments(
    path: Path, document: dict[str, Any], week: int, limits: Limits
) -> tuple[Assignment, ...]:
    tables = document.get("assignments")
    if not isinstance(tables, list) or not tables:
        raise ConfigurationError(
            f"{path}: no assignment is declared; expected one table for each, for example:\n"
            f"[[assignments]]\n{_ID.example}\n{_TITLE.example}\n{_MINUTES.example}"
        )
    found: dict[str, Assignment] = {}
    for number, values in enumerate(tables, start=1):
        assignment = _assignment(path, f"[[assignments]] number {number}", values, week, limits)
        if assignment.id in found:
            raise ConfigurationError(
                f"{path}: [[assignments]] number {number}: the id {assignment.id!r} is declared "
                "twice; expected ids that differ. Rename or remove one of them."
            )
        found[assignment.id] = assignment
    return tuple(found.values())


def _assignment(path: Path, name: str, values: object, week: int, limits: Limits) -> Assignment:
    own_limits: object = {}
    if isinstance(values, dict):
        own_limits = values.get("limits", {})
        values = {key: value for key, value in values.items() if key != "limits"}
    table = Table(path, name, values, _ASSIGNMENT_KEYS)
    return Assignment(
        id=table.required("id"),
        title=table.required("title"),
        week=table.values.get("week", week),
        minutes=table.required("minutes"),
        due=table.values.get("due"),
        limits=_limits(path, f"{name}, [assignments.limits]", own_limits, limits),
        withheld=_withheld(table),
    )


def _withheld(table: Table) -> tuple[str, ...]:
    names: list[str] = table.values.get("withheld", [])
    known = [module for module in library_modules() if may_be_withheld(module)]
    for name in names:
        if not may_be_withheld(name):
            raise table.error("withheld", f"names {name!r}, which a learner's process needs")
        if name not in known:
            hint = did_you_mean(name, known).strip()
            found = f"names {name!r}, which is no module of the library"
            raise table.error("withheld", f"{found} ({hint})" if hint else found)
    return tuple(names)

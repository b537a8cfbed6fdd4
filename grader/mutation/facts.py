"""What an audit with mutants found, kept beside the assignment: `solutions/ID/audit.toml`.

For the table of the documentation, which is made without minutes of computing. The file
holds no date and no times, so that the same assignment gives the same bytes; and a digest of
what the counts depend on, so that a test can tell that they are out of date.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from grader.authoring.build import write_if_changed
from grader.authoring.cells import AssignmentSource
from grader.authoring.source import read_source
from grader.configuration import Course
from grader.errors import SourceError
from grader.mistakes import load_mistakes
from grader.mutation.equivalents import equivalents_file, load_equivalents
from grader.mutation.report import MutationReport
from grader.records import Role

__all__ = ["AuditFacts", "facts_file", "facts_of", "out_of_date", "read_facts", "write_facts"]

_CODE = (Role.SETUP, Role.ANSWER, Role.TEST)


@dataclass(frozen=True)
class AuditFacts:
    """The counts of one assignment, and the digest of its code when they were made."""

    exercises: int
    points: float
    mistakes: int
    mutants: int
    killed: int
    equivalent: int
    digest: str


def facts_file(course: Course, assignment_id: str) -> Path:
    """Where the facts of an assignment are kept."""
    return course.solution_source(assignment_id).with_name("audit.toml")


def facts_of(course: Course, report: MutationReport) -> AuditFacts:
    """The facts of an assignment whose mutants, all of them, have been examined."""
    source = read_source(course.solution_source(report.assignment))
    return AuditFacts(
        exercises=len(source.answers),
        points=source.total_points,
        mistakes=len(load_mistakes(course.mistakes_file(report.assignment))),
        mutants=report.tally.mutants,
        killed=report.tally.killed,
        equivalent=report.tally.equivalent,
        digest=_digest(source),
    )


def write_facts(course: Course, report: MutationReport) -> Path:
    """Write the facts of an examination beside the assignment; returns the path."""
    path = facts_file(course, report.assignment)
    facts = asdict(facts_of(course, report))
    lines = [
        f"# Written by `grader audit {report.assignment} --mutants --write`; not to be edited.",
        # a text or a number of JSON is one of TOML, too
        *(f"{name} = {json.dumps(value)}" for name, value in facts.items()),
    ]
    write_if_changed(path, "\n".join(lines) + "\n")
    return path


def read_facts(course: Course, assignment_id: str) -> AuditFacts | None:
    """The facts that were written; None when there are none yet.

    Raises:
        SourceError: the file was edited and cannot be read.
    """
    path = facts_file(course, assignment_id)
    if not path.exists():
        return None
    try:
        return AuditFacts(**tomllib.loads(path.read_text(encoding="utf-8")))
    except (TypeError, ValueError) as error:
        known = ", ".join(field.name for field in fields(AuditFacts))
        raise SourceError(
            f"{path} cannot be read: {error}. Expected {known}. "
            f"Run: grader audit {assignment_id} --mutants --write"
        ) from error


def out_of_date(course: Course, assignment_id: str, facts: AuditFacts) -> list[str]:
    """What the assignment has now that differs from what was written; empty when nothing does."""
    source = read_source(course.solution_source(assignment_id))
    now = {
        "exercises": len(source.answers),
        "points": source.total_points,
        "mistakes": len(load_mistakes(course.mistakes_file(assignment_id))),
        "equivalent": len(load_equivalents(equivalents_file(course, assignment_id))),
        "digest": _digest(source),
    }
    return [name for name, value in now.items() if getattr(facts, name) != value]


def _digest(source: AssignmentSource) -> str:
    """Changes with the code that is executed and with what a test is worth, not with prose."""
    cells = [
        (cell.role.value, cell.id, cell.exercise, cell.points, cell.source)
        for cell in source.cells
        if cell.role in _CODE
    ]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()

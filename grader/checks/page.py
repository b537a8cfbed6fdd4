"""The record of checks as a page that needs nothing from elsewhere, and as a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import astuple, fields
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from grader.checks.attempts import Attempt
from grader.checks.summary import STUCK, summarize
from grader.configuration import Course

__all__ = ["as_csv", "overview"]

_TEMPLATES = Path(__file__).resolve().parents[1] / "templates" / "checks"
_LATEST = 50


def overview(course: Course, attempts: Sequence[Attempt]) -> str:
    """The page, as HTML."""
    titles = {each.id: each.title for each in course.assignments}
    lines = sorted(summarize(attempts), key=lambda each: list(titles).index(each.assignment))
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("page.html.j2").render(
        course=course,
        titles=titles,
        assignments=[(name, list(rows)) for name, rows in groupby(lines, lambda x: x.assignment)],
        latest=list(reversed(attempts[-_LATEST:])),
        stuck=STUCK,
    )


def as_csv(attempts: Sequence[Attempt]) -> str:
    """The whole record, a line each; what a spreadsheet would take for a formula is quoted."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([each.name for each in fields(Attempt)])
    for attempt in attempts:
        writer.writerow([_harmless(value) for value in astuple(attempt)])
    return text.getvalue()


def _harmless(value: object) -> object:
    text = value.isoformat() if hasattr(value, "isoformat") else value
    return f"'{text}" if isinstance(text, str) and text[:1] in "=+-@" and text else text

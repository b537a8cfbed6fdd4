"""Set an executed notebook as one page that needs nothing else and asks for nothing else.

Guarantees: the page loads nothing and runs no script (its content security policy forbids
both), formulas are MathML, pictures lie in the page; a hidden test is marked as hidden.
Option chosen: nbconvert's HTMLExporter with a template and filters of our own. Its own
templates load MathJax and RequireJS from the internet and carry 300 KB of styles.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from traitlets.config import Config

from grader.records import Role
from grader.transforms.markdown import markdown_filter
from grader.transforms.sanitize import clean_html

__all__ = ["index_html", "label", "page_html"]

_TEMPLATES = Path(__file__).parents[1] / "templates"
_SHOWN = ["image/png", "image/jpeg", "image/svg+xml", "text/html", "text/markdown", "text/plain"]
_NAMES = {Role.SETUP: "Set-up", Role.FIGURE: "Figure", Role.ANSWER: "Answer"}


def page_html(notebook: NotebookNode, about: dict[str, Any]) -> str:
    """The page of an executed notebook; `about` is what its head says (see the template)."""
    resources = {"about": about, "styles": _styles()}
    html, _ = _exporter().from_notebook_node(notebook, resources)
    return str(html).rstrip() + "\n"


def index_html(title: str, rows: list[dict[str, Any]]) -> str:
    """The page that lists the pages."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES / "notebook"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("pages.html.j2")
    return template.render(title=title, rows=rows, styles=_styles()).rstrip() + "\n"


def label(cell: NotebookNode) -> str:
    """The line above a cell that says what it is for; empty for prose.

    Example:
        >>> from nbformat.v4 import new_code_cell
        >>> label(new_code_cell(metadata={"course": {"role": "figure"}}, id="margins"))
        'Figure: margins'
    """
    about = cell.metadata.get("course")
    if about is None:
        return ""
    role, title = Role(about["role"]), about.get("title") or cell.id
    minutes = f", about {about['minutes']:g} minutes" if "minutes" in about else ""
    if role is Role.TEST:
        kind = "Hidden test" if about.get("hidden") else "Test"
        return f"{kind} of {about['exercise']}: {title} ({_points(about['points'])})"
    if role is Role.WRITTEN:
        return f"Written answer: {title} ({_points(about['points'])}{minutes})"
    return f"{_NAMES[role]}: {title}{minutes}"


def _points(points: float) -> str:
    return f"{points:g} point{'' if points == 1 else 's'}"


@lru_cache(maxsize=1)
def _exporter() -> Any:
    make: Any = HTMLExporter  # whose methods are not annotated
    config = Config({"NbConvertBase": {"display_data_priority": _SHOWN}})
    exporter = make(
        config=config, extra_template_basedirs=[str(_TEMPLATES)], template_name="notebook"
    )
    exporter.register_filter("markdown2html", markdown_filter)
    exporter.register_filter("clean_html", clean_html)
    exporter.register_filter("label", label)
    return exporter


@lru_cache(maxsize=1)
def _styles() -> Markup:
    """The styles of the feedback pages, and what these pages add."""
    sheets = (_TEMPLATES / "feedback" / "page.css", _TEMPLATES / "notebook" / "page.css")
    return Markup("\n" + "\n".join(sheet.read_text("utf-8") for sheet in sheets))

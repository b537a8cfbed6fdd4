"""The formgrader's page of a learner's work, through the exporter that the formgrader makes."""

from __future__ import annotations

import re
import warnings
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.server_extensions.formgrader import handlers
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

REPOSITORY = Path(__file__).resolve().parents[3]
EVIL = "<script>evil()</script><img src=x onerror=evil()><svg onload=evil()></svg>"
MARKDOWN = f"{EVIL}\n\n[x](javascript:evil()) $x_1$"
NBGRADER = {"grade_id": "w", "solution": True, "grade": True, "points": 5}
RESOURCES = {"base_url": "", "index": 0, "total": 1, "submission_id": "1", "student": "ada"}


def notebook(more: str = "") -> NotebookNode:
    """What the pipeline would never leave in a graded notebook, in case that it does."""
    outputs = [
        new_output("stream", text=EVIL),
        new_output("error", ename=EVIL, evalue=EVIL, traceback=[EVIL]),
        new_output("display_data", data={"text/html": EVIL, "text/plain": EVIL}),
        new_output("display_data", data={"application/javascript": "evil()", "text/plain": "x"}),
        new_output("display_data", data={"image/svg+xml": EVIL, "text/plain": "x"}),
        new_output("display_data", data={"text/markdown": MARKDOWN, "text/plain": "x"}),
    ]
    answer = new_markdown_cell(MARKDOWN, metadata=from_dict({"nbgrader": NBGRADER}))
    cells = [new_markdown_cell(MARKDOWN + more), answer, new_code_cell(EVIL, outputs=outputs)]
    return new_notebook(cells=cells)


def formgrader_html(config: Config, more: str = "") -> str:
    """As FormgradeExtension does: its template, below what nbgrader_config.py says."""
    whole = Config()
    whole.HTMLExporter.template_name = "formgrade"
    whole.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    whole.merge(config)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nbconvert's own, about its templates
        html, _ = HTMLExporter(config=whole).from_notebook_node(
            notebook(more), resources={**RESOURCES, "notebook_id": "n", "assignment_id": "n"}
        )
    return str(html)


def dangers(html: str) -> list[str]:
    """Learners' code that a browser would run."""
    found: list[str] = []

    class Judge(HTMLParser):
        script = False

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.script = tag == "script"
            found.extend(
                f"<{tag} {name}={value}>" for name, value in attrs if "evil()" in (value or "")
            )

        def handle_data(self, data: str) -> None:
            if self.script and "evil()" in data:
                found.append(data)

    Judge().feed(html)
    return found


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(REPOSITORY)
    return PyFileConfigLoader("nbgrader_config.py", path=str(REPOSITORY)).load_config()


def test_nothing_of_a_learners_runs_in_the_formgrader(config: Config):
    html = formgrader_html(config)
    assert dangers(html) == []
    assert "evil()" in html  # it is shown


def test_formulas_need_no_internet_there(config: Config):
    assert "<msub><mi>x</mi><mn>1</mn></msub>" in formgrader_html(config)


def test_nothing_is_fetched_from_the_internet_there(config: Config):
    html = formgrader_html(config)
    assert re.findall(r"<(?:script|link|img)[^>]+https?://[^>]*>", html) == []
    assert "window.MathJax = " in html  # without which the page's own script stops
    assert re.findall(r"<script[^>]+https?://[^>]*>", formgrader_html(Config())) != []


def test_the_formgrader_keeps_its_own_page(config: Config):
    assert "formgrader/static" in formgrader_html(config)


def test_a_picture_that_is_missing_does_not_break_the_page(config: Config):
    assert "picture, not shown here: a cat" in formgrader_html(config, "![a cat](attachment:none)")


def test_without_our_settings_it_would_run():
    assert len(dangers(formgrader_html(Config()))) >= 5


def test_sanitize_html_alone_would_not_be_enough(config: Config):
    del config["HTMLExporter"]["filters"]
    assert config.HTMLExporter.sanitize_html is True
    assert dangers(formgrader_html(config)) != []

"""Point nbgrader at the folders of this course, so that all of its commands work here.

nbgrader executes this file, with `get_config` in scope, at the start of each command.
"""

# ruff: noqa: F821 - get_config is put into scope by traitlets
import os
import sys
from pathlib import Path
from typing import Any

import nbgrader

import grader
from grader.configuration import load_course
from grader.errors import GraderError

ROOT = Path(__file__).resolve().parent


def places(c: Any, course_id: str) -> None:
    """Say where things lie: what learners get at the root, all else under var/."""
    (ROOT / "var").mkdir(exist_ok=True)
    c.CourseDirectory.course_id = course_id
    c.CourseDirectory.root = str(ROOT)
    c.CourseDirectory.source_directory = "var/source"
    c.CourseDirectory.release_directory = "assignments"
    c.CourseDirectory.submitted_directory = "var/submitted"
    c.CourseDirectory.autograded_directory = "var/autograded"
    c.CourseDirectory.feedback_directory = "var/feedback"
    c.CourseDirectory.db_url = f"sqlite:///{ROOT / 'var' / 'gradebook.db'}"


def transforms(c: Any) -> None:
    """Set the ordered lists of transforms of autograde and generate_feedback."""
    c.Autograde.exporter_class = "grader.transforms.exporter.SubmissionExporter"
    c.SubmissionExporter.optimistic_validation = True  # once, not after each transform
    c.Autograde.pre_convert_hook = "grader.transforms.links.remove_links"
    c.Autograde.sanitize_preprocessors = ["grader.transforms.rebuild.Rebuild"]
    c.Autograde.autograde_preprocessors = [
        "grader.transforms.execute.Execute",
        "grader.transforms.score.SaveScores",
        "nbgrader.preprocessors.AssignLatePenalties",
    ]
    # an exporter of its own: HTMLExporter's template and settings are the formgrader's too
    c.GenerateFeedback.exporter_class = "grader.transforms.feedback_page.FeedbackExporter"
    c.GenerateFeedback.preprocessors = [
        "grader.transforms.read_grades.ReadGrades",
        "grader.transforms.hide_tests.HideTests",
        "grader.transforms.show_results.ShowResults",
    ]


def formgrader(c: Any) -> None:
    """Let the formgrader show learners' work without running anything that is in it.

    Its template renders Markdown without regard to `sanitize_html`, so the filter itself is
    replaced; with it, formulas need no internet, and a template keeps MathJax from being fetched.
    """
    c.HTMLExporter.sanitize_html = True
    c.HTMLExporter.extra_template_basedirs = [
        str(Path(grader.__file__).parent / "templates" / "formgrader"),
        str(Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates"),
    ]
    c.HTMLExporter.filters = {
        "markdown2html": "grader.transforms.markdown.markdown_filter",
        "clean_html": "grader.transforms.sanitize.clean_html",
    }
    c.NbConvertBase.display_data_priority = ["image/png", "image/jpeg", "text/plain"]


def exchange(c: Any) -> None:
    """Hand in whole or not at all; collect what is safe, and keep all of it."""
    c.ExchangeFactory.submit = "grader.exchange.submit.SafeSubmit"
    c.ExchangeFactory.collect = "grader.exchange.collect.SafeCollect"


def commands() -> None:
    """Let nbgrader find `alembic`, which it calls by name to make a new database."""
    here = str(Path(sys.executable).parent)
    if here not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([here, os.environ.get("PATH", os.defpath)])


try:
    course = load_course(ROOT)
except GraderError as error:
    # traitlets logs an ordinary exception and goes on with nbgrader's defaults, which
    # would write release/ and gradebook.db in the wrong place
    raise SystemExit(f"nbgrader_config.py: {error}") from error

commands()
config = get_config()
places(config, course.id)
transforms(config)
formgrader(config)
exchange(config)

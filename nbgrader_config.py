"""Point nbgrader at the folders of this course, so that all of its commands work here.

nbgrader executes this file, with `get_config` in scope, at the start of each command.
"""

# ruff: noqa: F821 - get_config is put into scope by traitlets
from pathlib import Path
from typing import Any

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
    c.Autograde.pre_convert_hook = "grader.transforms.links.remove_links"
    c.Autograde.sanitize_preprocessors = ["grader.transforms.rebuild.Rebuild"]
    c.Autograde.autograde_preprocessors = [
        "grader.transforms.execute.Execute",
        "grader.transforms.score.SaveScores",
        "nbgrader.preprocessors.AssignLatePenalties",
    ]


try:
    course = load_course(ROOT)
except GraderError as error:
    # traitlets logs an ordinary exception and goes on with nbgrader's defaults, which
    # would write release/ and gradebook.db in the wrong place
    raise SystemExit(f"nbgrader_config.py: {error}") from error

config = get_config()
places(config, course.id)
transforms(config)

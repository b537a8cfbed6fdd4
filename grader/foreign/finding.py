"""Which folder is a course of nbgrader's. Quick: the commands ask it before anything else."""

from __future__ import annotations

from pathlib import Path

from grader.configuration import COURSE_FILE

__all__ = ["CONFIGURATION", "find_course_folder", "is_course_folder"]

CONFIGURATION = "nbgrader_config.py"


def find_course_folder(start: Path | None = None) -> Path | None:
    """The nearest folder that is a course of nbgrader's and belongs to none of ours."""
    start = (start or Path.cwd()).resolve()
    folders = (start, *start.parents)
    if any((folder / COURSE_FILE).is_file() for folder in folders):
        return None  # its var/ looks like a course of nbgrader's
    return next((folder for folder in folders if is_course_folder(folder)), None)


def is_course_folder(folder: Path) -> bool:
    """Whether it has what only a course of nbgrader's has."""
    if (folder / CONFIGURATION).is_file():
        return True
    others = ("release", "submitted", "gradebook.db")
    return any(folder.glob("source/*/*.ipynb")) and any((folder / o).exists() for o in others)

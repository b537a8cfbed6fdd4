"""Where a learner's own files lie: the working folder, and the record of progress.

Nothing is made here. The commands in a terminal and the magics in a notebook ask the same
functions, so that both see the same files.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from course.study.catalogue import course_root
from course.study.errors import CourseNotFound

__all__ = [
    "MARK",
    "PROGRESS_FILE",
    "is_on_a_hub",
    "progress_file",
    "users_progress_file",
    "work_folder",
]

MARK = ".course"  # the folder by which a working folder is known; the course's, not the learner's
PROGRESS_FILE = "progress.jsonl"
_APPLICATION = "saturdays"


def is_on_a_hub() -> bool:
    """Whether we run in a server that JupyterHub started, with the variables that it gives."""
    return bool(os.environ.get("JUPYTERHUB_API_TOKEN"))


def work_folder(folder: Path | None = None, root: Path | None = None) -> Path:
    """The working folder: `folder`, else the environment's COURSE_WORK, else `work` in the course.

    Raises:
        CourseNotFound: neither says where, and there is no course.
    """
    told = folder or os.environ.get("COURSE_WORK")
    if told:
        return Path(told).expanduser().absolute()
    return (root or course_root()) / "work"


def progress_file(folder: Path | None = None) -> Path:
    """The record of progress.

    It is what the environment variable COURSE_PROGRESS names; else it lies in `folder`, if a
    working folder is given, or in the one that we are in (a notebook's kernel runs beside its
    notebook), or in the one of the course, if it was begun; else where the system keeps a
    user's data.
    """
    told = os.environ.get("COURSE_PROGRESS")
    if told:
        return Path(told).expanduser().absolute()
    if folder is not None:
        return work_folder(folder) / PROGRESS_FILE
    for candidate in (_around(Path.cwd()), _of_the_course()):
        if candidate is not None and (candidate / MARK).is_dir():
            return candidate / PROGRESS_FILE
    return users_progress_file()


def users_progress_file() -> Path:
    """The record of who works without a working folder: where the system keeps a user's data."""
    return platformdirs.user_data_path(_APPLICATION) / PROGRESS_FILE


def _around(start: Path) -> Path | None:
    return next((each for each in (start, *start.parents) if (each / MARK).is_dir()), None)


def _of_the_course() -> Path | None:
    try:
        return work_folder()
    except CourseNotFound:
        return None

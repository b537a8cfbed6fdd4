"""nbgrader's database of a course that is not ours: looked at before it is opened.

nbgrader adds missing tables to whatever it opens, so a database of another version is refused
while it is still as it was; `nbgrader db upgrade` keeps a backup and is the instructor's to run.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import nbgrader

from grader.errors import GradebookError
from grader.foreign.place import CourseFolder

__all__ = ["check_gradebook", "newest_version"]


def check_gradebook(course: CourseFolder) -> str:
    """The version of the database, which is that of the nbgrader installed here.

    Raises:
        GradebookError: there is none, it cannot be read, or it has another version.
    """
    path = course.gradebook_file
    if path is None:
        return ""  # a server's; nbgrader says itself what is wrong with it
    if not path.exists():
        raise GradebookError(
            f"there is no gradebook at {path}; run: nbgrader generate_assignment ID"
        )
    try:
        uri = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as database:
            (version,) = database.execute("SELECT version_num FROM alembic_version").fetchone()
    except (sqlite3.Error, TypeError) as error:
        raise GradebookError(
            f"{path} cannot be read as a gradebook of nbgrader {nbgrader.__version__} ({error}); "
            "if it is an old one, run: nbgrader db upgrade"
        ) from None
    expected = newest_version()
    if version != expected:
        raise GradebookError(
            f"{path} has the version {version}, and nbgrader {nbgrader.__version__} needs "
            f"{expected}; run: nbgrader db upgrade (it keeps a backup). Nothing was changed."
        )
    return str(version)


def newest_version() -> str:
    """The version that the nbgrader installed here needs: the revision that no other continues.

    Read, because importing alembic takes half a second of every grading.
    """
    folder = Path(nbgrader.__file__).parent / "alembic" / "versions"
    said = "\n".join(path.read_text("utf-8") for path in sorted(folder.glob("*.py")))
    found = {
        name: set(re.findall(rf"^{name}\s*=\s*[\"'](\w+)[\"']", said, re.MULTILINE))
        for name in ("revision", "down_revision")
    }
    (newest,) = found["revision"] - found["down_revision"]
    return str(newest)

"""`grader doctor` in a course of nbgrader's: the machine, and the course's own folders."""

from __future__ import annotations

from pathlib import Path

from grader.doctor import Finding, attempt, examine_machine
from grader.errors import GraderError

__all__ = ["examine_folder"]


def examine_folder(root: Path) -> tuple[Finding, ...]:
    """Run every check on this machine and on the course that lies in `root`."""
    return (
        *examine_machine(),
        attempt("course", lambda: course(root)),
        attempt("gradebook", lambda: gradebook(root)),
    )


def course(root: Path) -> Finding:
    """Can nbgrader's configuration be read, and are there assignments?"""
    from grader.foreign.place import open_course_folder

    try:
        folder = open_course_folder(root)
    except GraderError as error:
        return Finding("course", False, "needed", str(error))
    found = ", ".join(folder.assignments()) or "no assignment"
    advice = "Put each assignment's source notebooks into a folder of its own."
    seen = f"{root}, made by nbgrader: {found} in {folder.directory.source_directory}/"
    return Finding("course", bool(folder.assignments()), "wanted", seen, advice)


def gradebook(root: Path) -> Finding:
    """Is the gradebook one of the nbgrader that is installed here?"""
    from grader.foreign.database import check_gradebook
    from grader.foreign.place import open_course_folder

    try:
        folder = open_course_folder(root)
        version = check_gradebook(folder)
    except GraderError as error:
        return Finding("gradebook", False, "needed", str(error))
    seen = f"{folder.gradebook_file}, version {version}" if version else "on a server"
    return Finding("gradebook", True, "needed", seen)

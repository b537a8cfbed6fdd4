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
        attempt("kernels", lambda: kernels(root)),
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


def kernels(root: Path) -> Finding:
    """Is each kernel installed that notebooks of other languages ask for?"""
    from grader.foreign.kernels import asked_for, find_kernel
    from grader.foreign.place import open_course_folder

    folder = open_course_folder(root)
    paths = [p for name in folder.assignments() for p in folder.source(name).glob("*.ipynb")]
    asked = asked_for(paths)
    found = {name: find_kernel(name) for name in asked}
    lines = [
        f"`{name}` ({kernel.language if kernel else 'not installed'}) for "
        f"{_shortly(min(asked[name]))}{_and_others(len(asked[name]) - 1)}"
        for name, kernel in sorted(found.items())
    ]
    return Finding(
        "kernels",
        None not in found.values(),
        "needed",
        "; ".join(lines) or "none but Python's, which is ours",
        "Install the kernel for the user who grades; see: jupyter kernelspec list",
    )


def _shortly(notebook: Path) -> str:
    return f"{notebook.parent.name}/{notebook.name}"


def _and_others(number: int) -> str:
    return f" and {number} more" if number else ""

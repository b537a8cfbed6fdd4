"""Create a course, a week or an assignment from the templates in `grader/templates/new/`.

Guarantees: what is created works as it is, and a test proves it: the assignment passes its
audit, the outline makes a page of the week. Nothing is overwritten and nothing half-written;
course.toml changes last, as a whole.
"""

from __future__ import annotations

import json
import keyword
import re
from pathlib import Path

from grader.configuration import COURSE_FILE
from grader.errors import ConfigurationError
from grader.scaffold.declaration import Declaration, find_declaration
from grader.scaffold.files import new_files, render_template
from grader.tables import is_id

__all__ = ["check_new_id", "new_assignment", "new_course", "new_week"]

_LONGEST_ID = 64
_COURSE_FILES = (COURSE_FILE, "nbgrader_config.py", "README.md", ".gitignore")
_ASSIGNMENT_FILES = ("notebook.py", "mistakes.py", "reviews.py")
_MINUTES = 10  # of the assignment that the template holds


def new_course(folder: Path, title: str, course_id: str | None = None) -> Path:
    """Make a folder, which must be empty or not there yet, a course; return it.

    Raises:
        ConfigurationError: there is something in it, or the id or the title is none.
    """
    root = folder.resolve()
    if course_id is None:
        course_id = re.sub(r"[^a-z0-9]+", "_", root.name.lower()).strip("_")
    _check_id(course_id, "the id of the course", "Give one with --id, such as --id vision.")
    _check_title(title)
    _refuse_contents(root)
    values = {"id": course_id, "title": title, "quoted": json.dumps(title, ensure_ascii=False)}
    texts = {
        name: render_template(f"course/{name.lstrip('.')}", **values) for name in _COURSE_FILES
    }
    with new_files(root, texts):
        for name in ("solutions", "assignments"):
            (root / name).mkdir()
    return root


def new_week(start: Path, number: int, title: str) -> Path:
    """Write the outline of a week, make it the week of the course; return the outline.

    Raises:
        ConfigurationError: the week is there already, or course.toml cannot be changed.
    """
    declaration = find_declaration(start)
    if number < 1:
        raise ConfigurationError(f"week {number}: expected a whole number from 1.")
    _check_title(title)
    name = f"weeks/week{number}.toml"
    if declaration.about.get("week") == number and "outline" in declaration.about:
        raise ConfigurationError(
            f"{declaration.path}: week {number} is the week of this course already; its outline "
            f"is {declaration.about['outline']}. Change that file, or give another number."
        )
    changed = declaration.with_week({"title": title, "week": number, "outline": name})
    with new_files(declaration.root, {name: render_template("week/week.toml", number=number)}):
        changed.write()
    return declaration.root / name


def new_assignment(start: Path, assignment_id: str, title: str) -> Path:
    """Write the sources of an assignment and declare it; return its notebook's source.

    Raises:
        ConfigurationError: the id is none or is taken, or course.toml cannot be changed.
    """
    declaration = find_declaration(start)
    check_new_id(declaration, assignment_id)
    _check_title(title)
    changed = declaration.with_assignment(
        {"id": assignment_id, "title": title, "minutes": _MINUTES}
    )
    folder = f"solutions/{assignment_id}"
    texts = {
        f"{folder}/{name}": render_template(f"assignment/{name}", id=assignment_id, title=title)
        for name in _ASSIGNMENT_FILES
    }
    with new_files(declaration.root, texts):
        changed.write()
    return declaration.root / folder / "notebook.py"


def check_new_id(declaration: Declaration, assignment_id: str) -> None:
    """Check that an assignment may be called so.

    Raises:
        ConfigurationError: it is no id, course.toml declares it, or its folder is there.
    """
    _check_id(assignment_id, "the id of an assignment", "Give another one.")
    if assignment_id in [each.get("id") for each in declaration.assignments]:
        raise ConfigurationError(
            f"{declaration.path}: the assignment {assignment_id!r} is declared already. "
            "Change its files in solutions/, or give another id."
        )
    folder = declaration.root / "solutions" / assignment_id
    if folder.exists():
        raise ConfigurationError(
            f"{folder} is there already, and nothing is overwritten. Declare it in "
            f"{COURSE_FILE}, or give another id."
        )


def _check_id(name: str, what: str, hint: str) -> None:
    if not is_id(name) or len(name) > _LONGEST_ID or keyword.iskeyword(name):
        raise ConfigurationError(
            f"{what} is {name!r}; expected small letters, digits and _, a letter first, at most "
            f"{_LONGEST_ID}, no word of Python. {hint}"
        )


def _check_title(title: str) -> None:
    if not title.strip() or not title.isprintable():
        raise ConfigurationError(
            f"the title is {title!r}; expected a text of one line that is not empty, "
            'such as --title "Loss functions".'
        )


def _refuse_contents(root: Path) -> None:
    if root.exists() and not root.is_dir():
        raise ConfigurationError(f"{root} is a file; expected a folder, or a name for a new one.")
    found = sorted(each.name for each in root.iterdir()) if root.exists() else []
    found = [name for name in found if name != ".git"]
    if found:
        raise ConfigurationError(
            f"{root} is not empty: it holds {', '.join(found[:3])}{', ...' * (len(found) > 3)}. "
            "Nothing is overwritten; give an empty folder or a new name."
        )

"""`grader week`: write the page of the week from its sources."""

from __future__ import annotations

from typing import Annotated

import typer

from grader.authoring.build import write_if_changed
from grader.commands.console import console, plainly
from grader.configuration import Course, load_course
from grader.errors import GraderError
from grader.week.page import week_page

__all__ = ["week"]


@plainly
def week(
    write: Annotated[bool, typer.Option("--write", help="Write docs/weekN.md.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether docs/weekN.md is up to date.")
    ] = False,
) -> None:
    """Print the page of the week, made from course.toml, its outline and the notebooks.

    Exit code 1 when --check finds that the page is another one, or a source is incomplete.
    """
    if write and check:
        raise typer.BadParameter("--write and --check exclude each other; give one of them")
    course = load_course()
    text = week_page(course)
    if check:
        _check(course, text)
    elif write:
        changed = write_if_changed(course.week_page, text)
        _say("written" if changed else "unchanged", course)
    else:
        typer.echo(text, nl=False)


def _check(course: Course, text: str) -> None:
    path = course.week_page
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        raise GraderError(
            f"{path} is not what its sources give now. Expected: a page that is made, never "
            "edited. Run: grader week --write"
        )
    _say("up to date:", course)


def _say(what: str, course: Course) -> None:
    console.print(f"{what} {course.week_page.relative_to(course.root)}", soft_wrap=True)

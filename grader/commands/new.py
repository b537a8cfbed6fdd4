"""`grader new`: a course, a week or an assignment that works as soon as it is made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.commands.console import console, plainly
from grader.scaffold.create import new_assignment, new_course, new_week

__all__ = ["new"]

new = typer.Typer(
    name="new",
    help="Make a course, a week or an assignment that works as it is.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
TitleOption = Annotated[str | None, typer.Option(help="A title for people, of one line.")]


@new.command("course")
@plainly
def course(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Empty, or not there yet.")],
    title: TitleOption = None,
    identifier: Annotated[
        str | None,
        typer.Option("--id", help="Its id for nbgrader; else made of the folder's name."),
    ] = None,
) -> None:
    """Make an empty folder a course: its declaration, nbgrader's settings, a README."""
    root = new_course(folder, _title(title, folder.resolve().name), identifier)
    console.print(f"made {root}", soft_wrap=True, markup=False)
    console.print(f"Next: cd {folder}, then: grader new assignment NAME", soft_wrap=True)


@new.command("week")
@plainly
def week(
    number: Annotated[int, typer.Argument(metavar="N", help="The number of the week.")],
    title: TitleOption = None,
) -> None:
    """Write weeks/weekN.toml, an outline to change, and make N the week of the course."""
    outline = new_week(Path.cwd(), number, title or f"Week {number}")
    console.print(f"made {_short(outline)}; course.toml names it", soft_wrap=True, markup=False)


@new.command("assignment")
@plainly
def assignment(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The id of the new assignment.")],
    title: TitleOption = None,
) -> None:
    """Write solutions/NAME, a small assignment that passes its audit, to change into yours."""
    source = new_assignment(Path.cwd(), name, _title(title, name))
    console.print(f"made {_short(source.parent)}; course.toml declares it", soft_wrap=True)
    console.print(f"Next: grader preview {name}", soft_wrap=True, markup=False)


def _title(given: str | None, name: str) -> str:
    if given is not None:
        return given
    words = name.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]


def _short(path: Path) -> Path:
    """The path as it is written from here, where it lies below."""
    here = Path.cwd().resolve()
    return path.relative_to(here) if path.is_relative_to(here) else path

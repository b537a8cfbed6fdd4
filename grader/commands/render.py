"""`grader render`: execute the notebooks and set them as pages for the instructor."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from grader.commands.console import JsonOption, console, plainly, print_json
from grader.configuration import Course, load_course
from grader.rendering.forms import Form
from grader.rendering.render import Rendered, write_index
from grader.rendering.render import render as render_form

__all__ = ["render"]


class Forms(StrEnum):
    """What --form takes."""

    SOLVED = "solved"
    RELEASE = "release"
    BOTH = "both"


@plainly
def render(
    assignments: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="The assignments; all if none.")
    ] = None,
    form: Annotated[Forms, typer.Option(help="Which form is executed.")] = Forms.BOTH,
    json: JsonOption = False,
) -> None:
    """Execute notebooks, solved and untouched, and write pages to look at into var/pages.

    Nothing is confined: what is executed is your own. Exit code 0 when no cell raised, 1
    otherwise.
    """
    course = load_course()
    names = [course.assignment(name).id for name in assignments or ()]
    names = names or [assignment.id for assignment in course.assignments]
    forms = tuple(Form) if form is Forms.BOTH else (Form(form),)
    rendered = list(_render_all(course, names, forms, quiet=json))
    index = write_index(course)
    if json:
        print_json([_as_json(course, each) for each in rendered])
    else:
        _show(rendered)
        console.print(f"Open {index.relative_to(course.root)}", soft_wrap=True)
    if any(each.errors for each in rendered):
        raise typer.Exit(1)


def _render_all(
    course: Course, names: Sequence[str], forms: Sequence[Form], *, quiet: bool
) -> Iterator[Rendered]:
    with _cells(quiet) as progress:
        for name in names:
            for form in forms:
                task = progress.add_task(f"{name}, {form}", total=None)

                def tell(total: int, done: int, task: object = task) -> None:
                    progress.update(task, total=total, completed=done)  # type: ignore[arg-type]

                yield render_form(course, name, form, tell)


@contextmanager
def _cells(quiet: bool) -> Iterator[Progress]:
    """A bar for each notebook, by cells."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    screen = Console(file=sys.stderr, highlight=False)
    with Progress(*columns, TimeElapsedColumn(), console=screen, disable=quiet) as progress:
        yield progress


def _show(rendered: Sequence[Rendered]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("assignment")
    table.add_column("form")
    for name in ("seconds", "figures", "errors", "warnings"):
        table.add_column(name, justify="right")
    for each in rendered:
        counts = (each.figures, len(each.errors), len(each.warnings))
        table.add_row(each.assignment, each.form, f"{each.seconds:.1f}", *map(str, counts))
    console.print(table)
    for each in rendered:
        notes = [("[red]✘[/]", note) for note in each.errors]
        for mark, note in notes + [("[yellow]![/]", note) for note in each.warnings]:
            place = f"{each.assignment}, {each.form}, cell {note.cell}"
            console.print(f"{mark} {place}: {escape(note.message)}")


def _as_json(course: Course, rendered: Rendered) -> dict[str, object]:
    page = course.rendered_page(rendered.assignment, rendered.form)
    return asdict(rendered) | {"page": page.relative_to(course.root).as_posix()}

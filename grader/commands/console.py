"""How the commands speak: plain messages, exit codes, progress, tables."""

from __future__ import annotations

import functools
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from grader.configuration import Course, load_course
from grader.errors import GraderError
from grader.records import Outcome, Run

__all__ = [
    "SYMBOLS",
    "AssignmentArgument",
    "EveryAssignmentArgument",
    "JsonOption",
    "SandboxOption",
    "WorkersOption",
    "chosen_assignments",
    "console",
    "count_progress",
    "counted",
    "plainly",
    "print_json",
    "run_progress",
]

P = ParamSpec("P")
R = TypeVar("R")

console = Console(highlight=False, soft_wrap=False)

# a symbol and a word, so that nothing hangs on telling colours apart
SYMBOLS = {
    Outcome.PASSED: "[green]✔ passed[/]",
    Outcome.FAILED: "[yellow]✘ failed[/]",
    Outcome.UNATTEMPTED: "[dim]○ unattempted[/]",
    Outcome.ERRORED: "[red]! errored[/]",
}

AssignmentArgument = Annotated[str, typer.Argument(metavar="ID", help="The assignment's id.")]
EveryAssignmentArgument = Annotated[
    str | None, typer.Argument(metavar="[ID]", help="The assignment; all when left out.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
SandboxOption = Annotated[
    str,
    typer.Option(
        help="Where notebooks run: 'bubblewrap', or 'none' for work that you trust.",
    ),
]
WorkersOption = Annotated[
    int, typer.Option(min=0, help="Notebooks executed at a time; 0: one for each processor.")
]


def plainly(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the errors that people can act on into one message and exit code 1."""

    @functools.wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except GraderError as error:
            typer.echo(f"grader: {error}", err=True)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            typer.echo(
                "\ngrader: stopped; what is finished is kept. Run it again to go on.", err=True
            )
            raise typer.Exit(130) from None

    return wrapper


def chosen_assignments(wanted: str | None) -> tuple[Course, Sequence[str]]:
    """The course around the current folder, and one of its assignments or all of them."""
    course = load_course()
    if wanted is None:
        return course, [assignment.id for assignment in course.assignments]
    return course, [course.assignment(wanted).id]


def counted(number: int, what: str) -> str:
    """Such as "1 page" or "3 pages"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def print_json(data: Any) -> None:
    """Print data for scripts."""
    typer.echo(json.dumps(data, indent=2))


def _bar(*more: ProgressColumn, quiet: bool) -> Progress:
    """A bar on standard error, with the time left."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        *more,
        console=Console(file=sys.stderr, highlight=False),
        disable=quiet,
    )


@contextmanager
def run_progress(title: str, *, quiet: bool = False) -> Iterator[Callable[[int, Run | None], None]]:
    """A bar with counts by outcome and the time left; gives the function to call."""
    progress = _bar(TextColumn("{task.fields[counts]}"), quiet=quiet)
    seen: Counter[Outcome] = Counter()
    task = progress.add_task(title, total=None, start=False, counts="")
    begun = False

    def tell(total: int, run: Run | None) -> None:
        nonlocal begun
        if not begun:  # not before: what is refused at once shows no bar
            progress.start()
            progress.start_task(task)
            begun = True
        if run is not None:
            seen[run.outcome] += 1
        counts = " ".join(f"{n} {outcome}" for outcome, n in sorted(seen.items()))
        progress.update(task, total=total, completed=sum(seen.values()), counts=counts)

    try:
        yield tell
    finally:
        if begun:
            progress.stop()


@contextmanager
def count_progress(title: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A bar with the time left; gives the function to call with how many there are, and are done.

    It ends when all are done, so that another can follow it.
    """
    progress = _bar(quiet=quiet)
    task = progress.add_task(title, total=None, start=False)
    shown = False

    def tell(total: int, done: int) -> None:
        nonlocal shown
        if not shown:  # not before: what is refused at once shows no bar
            progress.start()
            progress.start_task(task)
        shown = done < total
        progress.update(task, total=total, completed=done)
        if not shown:
            progress.stop()

    try:
        yield tell
    finally:
        if shown:
            progress.stop()

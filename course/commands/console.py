"""How the commands speak: plain messages, exit codes, paths as short as they can be."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
from rich.console import Console

from course.errors import CourseError
from course.study.status import State

__all__ = [
    "STYLES",
    "AssignmentArgument",
    "EveryAssignmentArgument",
    "FolderOption",
    "JsonOption",
    "complain",
    "console",
    "counted",
    "plainly",
    "print_json",
    "short",
]

P = ParamSpec("P")
R = TypeVar("R")

console = Console(highlight=False, soft_wrap=True)

# beside a symbol and a word, so that nothing hangs on telling colours apart
STYLES = {
    State.PASSED: "green",
    State.PASSED_WITH_HINTS: "green",
    State.SOLUTION_SEEN: "cyan",
    State.STARTED: "yellow",
    State.UNTOUCHED: "dim",
}

AssignmentArgument = Annotated[str, typer.Argument(metavar="ID", help="The assignment's id.")]
EveryAssignmentArgument = Annotated[
    str | None, typer.Argument(metavar="[ID]", help="The assignment; all when left out.")
]
FolderOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Your working folder; else COURSE_WORK, else work/ in the course.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


def plainly(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the errors that people can act on into one message and exit code 1."""

    @functools.wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except CourseError as error:
            complain(str(error))
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            complain("stopped; nothing is half done. Run it again to go on.")
            raise typer.Exit(130) from None

    return wrapper


def complain(message: str) -> None:
    """Say what went wrong, to standard error."""
    typer.echo(f"course: {message}", err=True)


def counted(number: int, word: str) -> str:
    """A number and its noun.

    Example:
        >>> counted(1, "answer"), counted(2, "answer")
        ('1 answer', '2 answers')
    """
    return f"{number} {word}{'' if number == 1 else 's'}"


def print_json(data: Any) -> None:
    """Print data for scripts."""
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False))


def short(path: Path) -> str:
    """A path as it is seen from here, where it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)

"""`course start`: notebooks of one's own, and new releases taken into them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from course.commands.console import (
    EveryAssignmentArgument,
    FolderOption,
    complain,
    counted,
    plainly,
    short,
)
from course.study.errors import StudyError
from course.study.merge import Merged
from course.study.places import users_progress_file
from course.study.progress import Progress
from course.study.workspace import Started, Workspace

__all__ = ["start"]

RestoreOption = Annotated[
    bool,
    typer.Option(
        "--restore",
        help="Set your answers into the course's notebook also when it is not new: "
        "for cells that you deleted.",
    ),
]


@plainly
def start(
    assignment: EveryAssignmentArgument = None,
    folder: FolderOption = None,
    restore: RestoreOption = False,
) -> None:
    """Copy notebooks into your working folder, or bring those there up to date.

    Your answers, your own cells and their outputs stay; everything else becomes that of the
    new release. What the file was before is kept in the folder backups/ beside it. Run it
    as often as you like, with the notebook closed in JupyterLab.
    """
    workspace = Workspace.open(folder)
    known = workspace.catalogue
    wanted = [known.assignment(assignment)] if assignment else known.assignments
    problems = [problem for each in wanted if (problem := _start(workspace, each.id, restore))]
    workspace.start_page()
    _take_in_progress(workspace)
    if problems:
        raise typer.Exit(1)
    typer.echo(f"Open {short(workspace.welcome)} in JupyterLab, or: make lab")


def _take_in_progress(workspace: Workspace) -> None:
    """What was recorded before there was a working folder belongs into it."""
    earlier = users_progress_file()
    if earlier.is_file() and not workspace.progress.exists():
        number = Progress.open(workspace.progress).merge(earlier)
        typer.echo(f"Your progress so far is here now too: {counted(number, 'event')}.")


def _start(workspace: Workspace, assignment_id: str, restore: bool) -> str:
    """Start one; what went wrong is said at once, and the others have their turn."""
    try:
        started = workspace.start(assignment_id, restore=restore)
    except StudyError as error:
        complain(str(error))
        return str(error)
    for line in _lines(assignment_id, started):
        typer.echo(line)
    return ""


def _lines(assignment_id: str, started: Started) -> Iterator[str]:
    place = short(started.path)
    if started.action == "new":
        yield f"{assignment_id}: your notebook is {place}"
    elif started.merged is None or started.backup is None:
        yield f"{assignment_id}: {place} is up to date"
    else:
        yield f"{assignment_id}: {place} is brought up to date; {_counts(started.merged)}"
        yield f"  it was before: {short(started.backup)}"
        yield from _remarks(started.merged, started.path)


def _counts(merged: Merged) -> str:
    counts = [f"{counted(len(merged.kept), 'answer')} of yours kept"]
    counts += [
        f"{counted(len(names), 'cell')} {what}"
        for names, what in (
            (merged.renewed, "renewed"),
            (merged.added, "added"),
            (merged.removed, "taken out"),
        )
        if names
    ]
    return ", ".join(counts)


def _remarks(merged: Merged, path: Path) -> Iterator[str]:
    for name in merged.restated:
        yield f"  {name}: its description is a new one; read it again, your answer is kept"
    for name in merged.orphans:
        yield f"  {name}: the exercise is gone; your answer is a cell of your own in {path.name}"

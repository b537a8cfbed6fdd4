"""`course submit`: look whether a notebook is complete, and hand it in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from course.commands.console import (
    AssignmentArgument,
    FolderOption,
    console,
    plainly,
    short,
)
from course.study.catalogue import AssignmentInfo
from course.study.handing_in import Completeness, examine, lay_aside, submit_to_exchange
from course.study.workspace import Workspace

__all__ = ["submit"]

YesOption = Annotated[
    bool, typer.Option("--yes", "-y", help="Hand in without a question, also what is incomplete.")
]
CopyOption = Annotated[
    bool, typer.Option("--copy", help="Only lay a copy aside; leave nbgrader's exchange alone.")
]
ExchangeOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER", help="The folder of nbgrader's exchange; else the one it is set up for."
    ),
]


@plainly
def submit(
    assignment: AssignmentArgument,
    folder: FolderOption = None,
    yes: YesOption = False,
    copy: CopyOption = False,
    exchange: ExchangeOption = None,
) -> None:
    """Hand in a notebook, after a look at what is missing in it.

    Save it in JupyterLab first: the file is what counts. It goes to nbgrader's exchange where
    your group has one; elsewhere a copy is laid aside with its time and its SHA-256, and you
    send that. You may hand in as often as you like; the last one counts.
    """
    workspace = Workspace.open(folder)
    info = workspace.catalogue.assignment(assignment)
    found = examine(workspace, info)
    for line in _findings(found, info):
        typer.echo(line)
    if not found.is_complete and not yes:
        typer.confirm("Hand it in as it is?", abort=True)
    if not copy and _hand_in(workspace, info, exchange):
        typer.echo(f"{info.id} is handed in, through nbgrader's exchange.")
        return
    laid = lay_aside(workspace, info)
    typer.echo(f"A copy of your notebook is laid aside: {short(laid.path)}")
    typer.echo(f"  time     {laid.time:%Y-%m-%d %H:%M:%S} UTC\n  SHA-256  {laid.sha256}")
    typer.echo("Send that file to your instructor under its own name, and keep the copy.")


def _hand_in(workspace: Workspace, info: AssignmentInfo, exchange: Path | None) -> bool:
    with console.status("Handing in ..."):
        return submit_to_exchange(workspace, info, exchange=exchange)


def _findings(found: Completeness, info: AssignmentInfo) -> Iterator[str]:
    if found.is_behind:
        yield f"The course has a new release of it; to take it in: course start {info.id}"
    if found.missing:
        yield f"Cells are missing: {', '.join(found.missing)}."
        yield f"  To put them back: course start {info.id} --restore"
    if found.unattempted:
        yield f"Not attempted yet: {', '.join(found.unattempted)}."
    if found.unwritten:
        yield f"Not written yet: {', '.join(found.unwritten)}."
    if found.is_complete:
        yield f"Every exercise of {info.title} is attempted."

"""`course progress`: how far one is, and the same record on another machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from course.commands.console import (
    STYLES,
    FolderOption,
    JsonOption,
    complain,
    console,
    counted,
    plainly,
    print_json,
    short,
)
from course.study.errors import ProgressError
from course.study.places import progress_file
from course.study.progress import Progress, show_progress

__all__ = ["progress"]

MergeOption = Annotated[
    Path | None,
    typer.Option("--merge", metavar="FILE", help="Add the record of another machine to this one."),
]
ExportOption = Annotated[
    Path | None,
    typer.Option("--export", metavar="FILE", help="Write the record to a new file, to carry it."),
]


@plainly
def progress(
    folder: FolderOption = None,
    as_json: JsonOption = False,
    merge: MergeOption = None,
    export: ExportOption = None,
) -> None:
    """Show how far you are: a bar for each assignment, a line for each exercise.

    It is read from your own record, progress.jsonl, which your notebooks write. To carry it
    to another machine: --export there, --merge here; both records then have everything.
    """
    record = Progress.open(progress_file(folder))
    if merge is not None:
        _say(f"{counted(record.merge(merge), 'event')} added from {short(merge)}", as_json)
    if export is not None:
        _export(record, export)
        _say(f"written to {short(export)}", as_json)
    overview = show_progress(record)
    for note in record.notes:
        complain(f"{short(record.path)}: {note}")
    if as_json:
        print_json(overview.data)
        return
    for line, state in overview.lines():
        console.print(Text(line, style=STYLES[state] if state else ""))


def _say(message: str, as_json: bool) -> None:
    typer.echo(message, err=as_json)


def _export(record: Progress, path: Path) -> None:
    if path.exists():
        raise ProgressError(f"{path} exists already; name a new file.")
    other = Progress.open(path)
    if not record.path.is_file():
        raise ProgressError(f"there is nothing to write yet: {record.path} does not exist.")
    other.merge(record.path)

"""`grader import`: a notebook from elsewhere becomes the source of an assignment."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from grader.commands.console import JsonOption, plainly, print_json
from grader.importing.create import import_notebook

__all__ = ["import_"]


@plainly
def import_(
    notebook: Annotated[Path, typer.Argument(metavar="NOTEBOOK", help="The .ipynb file.")],
    identifier: Annotated[
        str | None, typer.Option("--id", help="The assignment's id; else made of the file's name.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Make solutions/ID/notebook.py from a notebook of nbgrader or Otter Assign.

    Prints what is other than in the notebook, by cell. Exit code 0 also when something is left to
    be mended by hand; nothing is released before it is.
    """
    made = import_notebook(Path.cwd(), notebook, identifier)
    if json:
        print_json(asdict(made) | {"source": str(made.source)})
        return
    typer.echo(f"made {made.source}; course.toml declares it")
    for remark in made.remarks:
        typer.echo(f"- {remark}")
    if made.missing:
        typer.echo(f"It cannot be built yet. To mend first:\n{made.missing}")
    else:
        typer.echo(f"Next: grader preview {made.assignment}")

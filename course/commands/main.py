"""`course`: study a course from the terminal."""

from __future__ import annotations

import typer

from course.commands.check import check, watch
from course.commands.hint import hint, review
from course.commands.list import list_assignments
from course.commands.progress import progress
from course.commands.start import start
from course.commands.submit import submit

__all__ = ["app"]

app = typer.Typer(
    name="course",
    help="Study a course of notebooks: your own copies, your progress, handing in. "
    "Begin with: course start",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
# in the order in which a learner meets them
app.command("list")(list_assignments)
for command in (start, check, watch, hint, progress, review, submit):
    app.command()(command)

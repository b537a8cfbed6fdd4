"""`grader`: author, release, audit and grade a course of notebooks."""

from __future__ import annotations

import typer

from grader.commands.attempts import attempts
from grader.commands.audit import audit
from grader.commands.build import build
from grader.commands.checks import checks
from grader.commands.collect import collect
from grader.commands.compare import compare
from grader.commands.demo import demo
from grader.commands.doctor import doctor
from grader.commands.feedback import feedback
from grader.commands.grade import grade
from grader.commands.hub import hub
from grader.commands.importing import import_
from grader.commands.new import new
from grader.commands.preview import preview
from grader.commands.release import release
from grader.commands.render import render
from grader.commands.week import week

__all__ = ["app"]

app = typer.Typer(
    name="grader",
    help="Author, release, audit and grade a course of notebooks. Start with: grader demo",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
# in the order in which an instructor meets them
for command in (
    demo,
    preview,
    build,
    release,
    audit,
    render,
    collect,
    grade,
    feedback,
    attempts,
    checks,
    week,
    compare,
    doctor,
):
    app.command()(command)
app.command("import")(import_)
app.add_typer(new)
app.add_typer(hub)

"""`grader`: author, release, audit and grade a course of notebooks."""

from __future__ import annotations

import typer

from grader.commands.lazily import LazyGroup

__all__ = ["app"]


class _Commands(LazyGroup):
    # in the order in which an instructor meets them
    places = {
        name: f"{name}:{name}"
        for name in (
            "demo",
            "preview",
            "build",
            "release",
            "audit",
            "render",
            "collect",
            "grade",
            "feedback",
            "attempts",
            "checks",
            "week",
            "compare",
            "doctor",
        )
    } | {"import": "importing:import_", "new": "new:new", "hub": "hub:hub"}


app = typer.Typer(
    name="grader",
    cls=_Commands,
    help="Author, release, audit and grade a course of notebooks. Start with: grader demo",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _() -> None:
    """A group, though no command is known to it yet."""

"""`grader preview`: the release as learners see it, in the browser, on every save."""

from __future__ import annotations

import webbrowser
from datetime import datetime
from typing import Annotated

import typer

from grader.commands.console import AssignmentArgument, console, plainly
from grader.configuration import load_course
from grader.preview.feed import Feed, watch_source
from grader.preview.server import PreviewServer

__all__ = ["preview"]


@plainly
def preview(
    assignment: AssignmentArgument,
    execute: Annotated[
        bool, typer.Option("--execute", help="Run the notebook, too, and show its outputs.")
    ] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Of this machine; 0: any that is free.")
    ] = 8880,
    browser: Annotated[bool, typer.Option(help="Open it in the browser.")] = True,
) -> None:
    """Show what `grader release` would hand out, anew on every save, until Ctrl-C.

    Nothing is released or written. With --execute, your own code runs, unconfined.
    """
    course = load_course()
    feed = Feed(course, assignment, executed=execute)
    server = PreviewServer(feed, port)
    server.start()
    try:
        feed.refresh()
        _tell(feed)
        console.print(f"{assignment} is shown at {server.url}; Ctrl-C ends it", soft_wrap=True)
        if browser:
            webbrowser.open(server.url)
        for _ in watch_source(course, assignment):
            if feed.refresh():
                _tell(feed)
    except KeyboardInterrupt:
        console.print("ended")
    finally:
        server.close()


def _tell(feed: Feed) -> None:
    now = f"{datetime.now():%H:%M:%S}"  # the author's own clock
    if feed.view.error:
        typer.echo(f"{now} {feed.view.error}", err=True)
    else:
        console.print(f"{now} made the page of {feed.assignment_id}", markup=False)

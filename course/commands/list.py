"""`course list`: what there is to do, and how far one is."""

from __future__ import annotations

import typer
from rich.table import Table

from course.commands.console import FolderOption, JsonOption, console, plainly, print_json
from course.study.catalogue import AssignmentInfo
from course.study.places import progress_file
from course.study.progress import Progress
from course.study.status import Statuses
from course.study.workspace import Workspace

__all__ = ["list_assignments"]


@plainly
def list_assignments(folder: FolderOption = None, as_json: JsonOption = False) -> None:
    """List the assignments: how long they take, and how far you are with each."""
    workspace = Workspace.open(folder)
    statuses = Progress.open(progress_file(folder)).statuses()
    rows = [
        {
            "id": each.id,
            "title": each.title,
            "minutes": each.minutes,
            "exercises": len(each.exercises),
            "state": _state(workspace, each, statuses),
        }
        for each in workspace.catalogue.assignments
    ]
    if as_json:
        print_json(rows)
        return
    table = Table("id", "about", "minutes", "exercises", "you", box=None, pad_edge=False)
    for row in rows:
        table.add_row(
            *(f"{value:g}" if isinstance(value, float) else str(value) for value in row.values())
        )
    console.print(workspace.catalogue.title, style="bold")
    console.print(table)
    for name in workspace.catalogue.announced:
        typer.echo(f"{name} is announced, and not handed out yet.")


def _state(workspace: Workspace, assignment: AssignmentInfo, statuses: Statuses) -> str:
    tested = [exercise for exercise in assignment.exercises if not exercise.written]
    states = [statuses[assignment.id, exercise.id].state for exercise in tested]
    finished = f"{sum(state.is_finished for state in states)} of {len(tested)} passed"
    if not workspace.notebook(assignment.id).exists():
        is_untouched = all(state == "untouched" for state in states)
        return "not started" if is_untouched else f"{finished}, no notebook in your folder"
    if workspace.is_behind(assignment.id):
        return f"{finished}, new release: course start {assignment.id}"
    return finished

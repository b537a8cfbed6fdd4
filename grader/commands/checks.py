"""`grader checks`: what learners checked on the hub."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from grader.checks.attempts import Attempt, Attempts, record_of
from grader.checks.summary import STUCK, summarize
from grader.commands.console import (
    EveryAssignmentArgument,
    JsonOption,
    chosen_assignments,
    console,
    plainly,
    print_json,
)

__all__ = ["checks"]


@plainly
def checks(
    assignment: EveryAssignmentArgument = None,
    student: Annotated[str | None, typer.Option(help="Only this learner, check by check.")] = None,
    json: JsonOption = False,
) -> None:
    """Show what learners checked on the hub, exercise by exercise: who passed, who is stuck.

    With --student, each check of one learner. With --json, every line of the record.
    """
    course, names = chosen_assignments(assignment)
    record = Attempts(record_of(course))
    lines = [each for each in record.read(learner=student or "") if each.assignment in names]
    if json:
        print_json([asdict(each) | {"time": each.time.isoformat()} for each in lines])
    elif not lines:
        console.print("Nothing was checked on a hub yet.")
    elif student is None:
        console.print(_by_exercise(lines))
    else:
        console.print(_one_by_one(lines))


def _by_exercise(lines: Sequence[Attempt]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for title in ("assignment", "exercise"):
        table.add_column(title)
    for title in ("tried", "passed", "checks to pass", "hints"):
        table.add_column(title, justify="right")
    table.add_column("most frequent mistakes")
    table.add_column(f"stuck ({STUCK} checks, no pass)")
    for each in summarize(lines):
        mistakes = ", ".join(f"{m.replace('_', ' ')} ({number})" for m, number in each.mistakes)
        table.add_row(
            each.assignment,
            each.exercise,
            str(each.tried),
            str(each.passed),
            f"{each.checks_to_pass:g}" if each.checks_to_pass else "",
            str(each.hints),
            escape(mistakes),
            escape(", ".join(each.stuck)),
        )
    return table


def _one_by_one(lines: Sequence[Attempt]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for title in ("time (UTC)", "assignment", "exercise", "", "marks", "mistake"):
        table.add_column(title)
    for each in lines:
        table.add_row(
            f"{each.time:%Y-%m-%d %H:%M:%S}",
            each.assignment,
            escape(each.exercise),
            each.outcome if each.kind == "check" else each.kind,
            f"{each.earned:g}/{each.points:g}" if each.points else "",
            escape(each.mistake.replace("_", " ")),
        )
    return table

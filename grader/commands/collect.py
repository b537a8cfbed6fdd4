"""`grader collect`: take what was handed in out of the exchange."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from grader.commands.console import (
    EveryAssignmentArgument,
    JsonOption,
    chosen_assignments,
    console,
    counted,
    plainly,
    print_json,
)
from grader.configuration import Course
from grader.exchange.collect import collect as collect_assignment
from grader.exchange.collecting import Collected
from grader.exchange.refusals import Refusal
from grader.exchange.submitted import Standing

__all__ = ["collect", "printable", "refusal_facts", "show_refusals"]


@plainly
def collect(assignment: EveryAssignmentArgument = None, json: JsonOption = False) -> None:
    """Collect what was handed in, keep all of it, and say which attempt counts.

    Refused folders are counted and stay where they are. Exit code 0 when everything was looked
    at, refused or not; 1 when the grader could not go on, or could not put an attempt in its
    place.
    """
    course, names = chosen_assignments(assignment)
    done = []
    for name in names:
        with _progress(f"collecting {name}", quiet=json) as tell:
            done.append(collect_assignment(course, name, on_progress=tell, on_wait=_say))
        if not json:
            _show(course, done[-1])
    if json:
        print_json([_as_json(course, each) for each in done])
    if any(standing.problem for each in done for standing in each.learners):
        raise typer.Exit(1)


def show_refusals(refusals: Sequence[Refusal], where: str = "") -> None:
    """Say what was not collected, and why; nothing where there is nothing."""
    if not refusals:
        return
    what = "folder was" if len(refusals) == 1 else "folders were"
    console.print(f"{len(refusals)} {what} refused or corrected{where}:")
    for each in refusals:
        owner = "" if each.owner == each.learner else f", owned by {printable(each.owner)}"
        console.print(f"  {printable(each.folder)}{owner}: {printable(each.reason)}")


def printable(text: str) -> str:
    """A text of a learner's choice, fit for a terminal."""
    return escape("".join(each if each.isprintable() else "?" for each in text[:300]))


def refusal_facts(refusal: Refusal) -> dict[str, Any]:
    """For JSON."""
    return {**asdict(refusal), "time": refusal.time.isoformat()}


def _show(course: Course, collected: Collected) -> None:
    if collected.learners:
        console.print(_table(course, collected))
    else:
        console.print(f"{collected.assignment}: nobody has handed in yet.")
    new = sum(collected.new.values())
    learners = counted(len(collected.learners), "learner")
    console.print(f"{collected.assignment}: {new} new, {learners}.")
    for name in collected.unfinished:
        console.print(f"  {printable(name)} is not complete yet; collect again later.")
    show_refusals(collected.refused)


def _table(course: Course, collected: Collected) -> Table:
    due = course.assignment(collected.assignment).due
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("learner", no_wrap=True)
    table.add_column("attempts", justify="right")
    table.add_column("counts", no_wrap=True)
    table.add_column("late")
    table.add_column("")
    for each in collected.learners:
        counts = each.counts
        late = "late" if counts is not None and counts.is_late(due) else ""
        table.add_row(
            printable(each.learner),
            str(len(each.attempts)),
            "-" if counts is None else counts.id,
            late,
            escape(" ".join(_notes(each, collected.new.get(each.learner, 0)))),
        )
    return table


def _notes(standing: Standing, new: int) -> Iterable[str]:
    if new:
        yield f"{new} new."
    if standing.restored:
        yield "Restored by an instructor."
    if standing.problem:
        yield standing.problem


def _as_json(course: Course, collected: Collected) -> dict[str, Any]:
    due = course.assignment(collected.assignment).due
    return {
        "assignment": collected.assignment,
        "learners": [
            {
                "learner": each.learner,
                "attempts": len(each.attempts),
                "new": collected.new.get(each.learner, 0),
                "counts": None if each.counts is None else each.counts.id,
                "late": each.counts is not None and each.counts.is_late(due),
                "restored": each.restored,
                "problem": each.problem,
            }
            for each in collected.learners
        ],
        "refused": [refusal_facts(each) for each in collected.refused],
        "unfinished": list(collected.unfinished),
    }


def _say(message: str) -> None:
    typer.echo(message, err=True)


@contextmanager
def _progress(title: str, *, quiet: bool) -> Iterator[Any]:
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(file=sys.stderr, highlight=False),
        disable=quiet,
        transient=True,
    )
    with progress:
        task = progress.add_task(title, total=None)
        yield lambda total, done: progress.update(task, total=total, completed=done)

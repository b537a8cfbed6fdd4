"""`grader compare`: what an instructor with an nbgrader course runs once before switching."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from grader.commands.console import (
    AssignmentArgument,
    JsonOption,
    SandboxOption,
    WorkersOption,
    console,
    count_progress,
    plainly,
    print_json,
    run_progress,
)
from grader.commands.foreign import in_course_folder
from grader.configuration import load_course
from grader.errors import GraderError
from grader.foreign.comparison import CellMark, Comparison

__all__ = ["compare"]

_NAMES_SHOWN = 3


@plainly
def compare(
    assignment: AssignmentArgument,
    student: Annotated[
        list[str] | None, typer.Option(help="Only this learner; may be given several times.")
    ] = None,
    reference: Annotated[
        bool,
        typer.Option(
            "--reference",
            help="Also your own answers, the untouched release, and every second answer solved.",
        ),
    ] = False,
    keep: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Keep the two graded copies in this new folder."),
    ] = None,
    workers: WorkersOption = 0,
    sandbox: SandboxOption = "bubblewrap",
    json: JsonOption = False,
) -> None:
    """Grade with stock nbgrader and with this grader, on copies, and show where marks differ.

    For a course that nbgrader made, before you switch; the course itself is not changed. Exit
    code 0 when every mark is the same, 1 when marks differ or something could not be graded.
    """
    if not in_course_folder():
        raise GraderError(
            f"{load_course().root} has a course.toml, so its tests are written for this grader "
            "and not for nbgrader alone; compare is for a folder that nbgrader made"
        )
    from grader.foreign.compare import compare_folder
    from grader.foreign.place import open_course_folder

    with (
        count_progress("nbgrader", quiet=json) as on_stock,
        run_progress("here", quiet=json) as on_ours,
    ):
        found = compare_folder(
            open_course_folder(),
            assignment,
            reference=reference,
            learners=student or (),
            sandbox=sandbox,
            workers=workers,
            keep=keep,
            on_stock=on_stock,
            on_ours=on_ours,
        )
    if json:
        print_json(found.as_data())
    else:
        _show(found)
        if keep is not None:
            console.print(f"The copies are in {escape(str(keep))}: stock/ and ours/.")
    if not found.holds:
        raise typer.Exit(1)


def _show(found: Comparison) -> None:
    if found.differences:
        console.print(_table(found))
    for fault in found.faults:
        console.print(escape(f"not graded: {fault}"), soft_wrap=True)
    for line in _summary(found):
        console.print(line, soft_wrap=True)


def _table(found: Comparison) -> Table:
    table = Table(
        title=f"where marks of {found.assignment} differ", title_justify="left", box=box.SIMPLE_HEAD
    )
    table.add_column("test cell", overflow="fold")
    table.add_column("learners", overflow="fold")
    table.add_column("nbgrader", justify="right", no_wrap=True)
    table.add_column("here", justify="right", no_wrap=True)
    table.add_column("of", justify="right", no_wrap=True)
    table.add_column("runs", no_wrap=True)
    table.add_column("why, and what to do", overflow="fold")
    for alike in _alike(found.differences):
        one = alike[0]
        advice = one.difference.advice if one.difference else ""
        table.add_row(
            escape(f"{one.notebook}/{one.cell}"),
            escape(_names([each.learner for each in alike])),
            _marks({each.stock for each in alike}),
            _marks({each.ours for each in alike}),
            f"{one.max_score:g}",
            one.place,
            escape(f"{one.reason}\n-> {advice}"),
        )
    return table


def _alike(cells: Sequence[CellMark]) -> Iterator[list[CellMark]]:
    """Differences of a cell that have one reason, together."""
    groups: dict[object, list[CellMark]] = {}
    for each in cells:
        key = (each.notebook, each.cell, each.place, each.reason)
        groups.setdefault(key, []).append(each)
    yield from groups.values()


def _names(learners: Sequence[str]) -> str:
    shown = ", ".join(learners[:_NAMES_SHOWN])
    more = len(learners) - _NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _marks(marks: set[float | None]) -> str:
    given = sorted(mark for mark in marks if mark is not None)
    if len(given) < len(marks):
        return "none" if not given else "some"
    return f"{given[0]:.3g}" + (f" to {given[-1]:.3g}" if len(given) > 1 else "")


def _summary(found: Comparison) -> Iterator[str]:
    tests = _counted(len(found.tests), "test cell")
    yield (
        f"{tests} in {_counted(found.submissions, 'submission')}: {found.same} with the same mark "
        f"({found.percent:.1f}%)."
    )
    yield (
        f"{found.placed('apart')} ran apart from the learner's code, "
        f"{found.placed('beside')} beside it."
    )
    yield (
        f"nbgrader autograde took {found.stock_seconds:.1f} s, "
        f"{found.per_minute(found.stock_seconds):.1f} submissions a minute; grader grade took "
        f"{found.our_seconds:.1f} s, {found.per_minute(found.our_seconds):.1f} a minute with "
        f"{found.workers} at a time: {found.ratio:.1f} times as many."
    )
    yield f"Placing the tests, once for an assignment, took {found.trial_seconds:.1f} s."
    yield "Both graded copies; the course was not changed."


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"

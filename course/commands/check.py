"""`course check` and `course watch`: a whole notebook, run afresh."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from course.checking.diary import Diary
from course.checking.display import report_lines
from course.checking.whole import WholeReport, check_file, tutor_of
from course.commands.console import (
    AssignmentArgument,
    FolderOption,
    JsonOption,
    complain,
    console,
    plainly,
    print_json,
    short,
)
from course.study.errors import StudyError, WorkspaceError
from course.study.progress import Progress
from course.study.workspace import Workspace

__all__ = ["check", "watch"]

_STYLES = {"passed": "green", "failed": "yellow", "unattempted": "dim", "errored": "red"}

SandboxOption = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="What confines your code: 'bubblewrap' or 'none'; else the safest that works here.",
    ),
]
FullOption = Annotated[bool, typer.Option("--full", help="Show the tests that pass, too.")]


@plainly
def check(
    assignment: AssignmentArgument,
    folder: FolderOption = None,
    sandbox: SandboxOption = "",
    full: FullOption = False,
    as_json: JsonOption = False,
) -> None:
    """Check a whole notebook: run it from the beginning, then all of its tests.

    Save it in JupyterLab first: the file is what counts. What works here works when it is
    handed in; what only worked because of the order in which you ran the cells does not.

    Exit code 0 when every test passes, 1 when one does not.
    """
    workspace = Workspace.open(folder)
    info = workspace.catalogue.assignment(assignment)
    path = _notebook(workspace, assignment)
    with (
        console.status("running your notebook ..."),
        tutor_of(info, workspace.catalogue.root) as tutor,
    ):
        report = check_file(tutor, info, path, sandbox)
    _record(workspace, assignment, report)
    if as_json:
        print_json(asdict(report) | {"earned": report.earned, "points": report.points})
    else:
        _show(assignment, report, full=full)
    if not report.is_perfect:
        raise typer.Exit(1)


@plainly
def watch(
    assignment: AssignmentArgument,
    folder: FolderOption = None,
    sandbox: SandboxOption = "",
) -> None:
    """Check a notebook each time you save it, until you press Ctrl-C.

    Keep this beside JupyterLab or your editor: save, and read what is left to do.
    """
    from watchfiles import watch as changes  # imported here: it takes a moment to load

    workspace = Workspace.open(folder)
    info = workspace.catalogue.assignment(assignment)
    path = _notebook(workspace, assignment)
    with contextlib.suppress(KeyboardInterrupt), tutor_of(info, workspace.catalogue.root) as tutor:
        console.print(f"Watching {short(path)}; save it to check it, Ctrl-C ends this.")
        saved = None
        # also without an event twice a second: one that came during a check is not told
        for _ in _first_and(changes(path.parent, rust_timeout=500, yield_on_timeout=True)):
            version = _version(path)
            if version == saved:
                continue
            saved = version
            try:
                with console.status("running your notebook ..."):
                    report = check_file(tutor, info, path, sandbox)
            except StudyError as error:  # a file that is half saved: the next save is whole
                complain(str(error))
                continue
            _record(workspace, assignment, report)
            _show(assignment, report, full=False)
    console.print("No longer watching.")


def _first_and(changes: Iterator[object]) -> Iterator[object]:
    yield None
    yield from changes


def _version(path: Path) -> tuple[int, int] | None:
    """What is another after each save; None while there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _notebook(workspace: Workspace, assignment: str) -> Path:
    path = workspace.notebook(assignment)
    if not path.exists():
        raise WorkspaceError(
            f"there is no {short(path)} yet. Get your copy of the notebook: "
            f"course start {assignment}"
        )
    return path


def _record(workspace: Workspace, assignment: str, report: WholeReport) -> None:
    diary = Diary(assignment, Progress.open(workspace.progress))
    for each in report.reports:
        if each.outcome != "unattempted":
            diary.checked(each)
    problem = diary.problem()
    if problem:
        complain(problem)


def _show(assignment: str, report: WholeReport, *, full: bool) -> None:
    attempted = [each for each in report.reports if each.outcome != "unattempted"]
    for each in attempted:
        lines = list(report_lines(each, only_problems=not full))
        console.print(f"[{_STYLES[each.outcome]}]{escape(lines[0])}[/]")
        for line in lines[1:]:
            console.print(escape(line))
    untouched = [each.exercise for each in report.reports if each not in attempted]
    if untouched:
        console.print(f"[dim]○ not attempted yet: {', '.join(untouched)}[/]")
    for name, error in report.errors.items():
        console.print(f"! the cell {name} stopped: {escape(error.splitlines()[0])}")
    for name in report.unwritten:
        console.print(f"✎ the written answer {name} is still empty")
    for note in report.notes:
        console.print(f"  {escape(note)}")
    stuck = next((each.exercise for each in report.reports if each.outcome == "failed"), "")
    if stuck:
        console.print(f"Stuck? course hint {assignment} {stuck}")
    confined = "" if report.sandbox != "none" else ", not confined"
    marks = f"{report.earned:g} of {report.points:g} marks by tests"
    console.print(f"{marks}; run from the beginning in {report.seconds:.1f} s{confined}")

"""`grader audit`: test the tests of an assignment, or of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import typer
from rich.markup import escape
from rich.table import Table

from grader.audit import AuditReport, audit_all
from grader.commands import mutants as of_mutants
from grader.commands.console import (
    EveryAssignmentArgument,
    JsonOption,
    SandboxOption,
    WorkersOption,
    chosen_assignments,
    console,
    plainly,
    print_json,
    run_progress,
)
from grader.commands.foreign import audit_folder_here, in_course_folder
from grader.commands.mutants import ExerciseOption, MutantsOption, WriteOption
from grader.configuration import Course
from grader.mutation.examine import examine_mutants
from grader.mutation.facts import write_facts

__all__ = ["audit"]

Found = dict[str, dict[str, Any]]  # what is printed as JSON, by assignment


@plainly
def audit(
    assignment: EveryAssignmentArgument = None,
    mutants: MutantsOption = False,
    exercise: ExerciseOption = None,
    write: WriteOption = False,
    sandbox: SandboxOption = "bubblewrap",
    workers: WorkersOption = 0,
    json: JsonOption = False,
) -> None:
    """Prove that the tests accept what is right and catch and name every known mistake.

    In a course that nbgrader made: say of each test cell whether it runs apart from the
    learner's code or beside it, why, and what to write instead.

    Exit code 0 when everything holds, 1 when an assignment may not be released.
    """
    if (exercise or write) and not mutants:
        raise typer.BadParameter("--exercise and --write go with --mutants")
    if exercise and write:
        raise typer.BadParameter("--write needs the mutants of all exercises")
    if exercise and assignment is None:
        raise typer.BadParameter("--exercise needs the assignment that has it")
    if in_course_folder():
        if mutants:
            raise typer.BadParameter("--mutants is for courses with a course.toml")
        if assignment is None:
            raise typer.BadParameter("in a course that nbgrader made, name an assignment")
        if not audit_folder_here(assignment, sandbox=sandbox, workers=workers, json=json):
            raise typer.Exit(1)
        return
    course, names = chosen_assignments(assignment)
    batch = {"sandbox": sandbox, "workers": workers}
    found: Found = {name: {"assignment": name, "holds": True} for name in names}
    if not exercise:
        _audit(course, found, batch, quiet=json)
    for name in names if mutants else ():
        _examine(course, found[name], exercise or (), batch, write=write, quiet=json)
    if json:
        print_json(found[assignment] if assignment else list(found.values()))
    if not all(each["holds"] for each in found.values()):
        raise typer.Exit(1)


def _audit(course: Course, found: Found, batch: dict[str, Any], *, quiet: bool) -> None:
    with run_progress("auditing", quiet=quiet) as tell:
        reports = audit_all(course, list(found), **batch, on_progress=tell)
    for report in reports:
        found[report.assignment] |= asdict(report) | {"holds": report.holds}
        if not quiet:
            _show(report)


def _examine(
    course: Course,
    found: dict[str, Any],
    exercises: Sequence[str],
    batch: dict[str, Any],
    *,
    write: bool,
    quiet: bool,
) -> None:
    name = found["assignment"]
    with run_progress(f"mutants of {name}, which should fail", quiet=quiet) as tell:
        examined = examine_mutants(course, name, exercises=exercises, **batch, on_progress=tell)
    found["mutants"] = of_mutants.as_json(examined)
    found["holds"] = found["holds"] and examined.holds
    if not quiet:
        of_mutants.show(examined)
    if write and found["holds"]:
        written = write_facts(course, examined).relative_to(course.root)
        typer.echo(f"wrote {written}", err=quiet)


def _show(report: AuditReport) -> None:
    table = Table(title=f"audit of {report.assignment}", title_justify="left")
    table.add_column("examined", overflow="fold")
    table.add_column("holds")
    table.add_column("what was seen", overflow="fold")
    for finding in report.findings:
        seen = "\n".join(finding.problems) or finding.detail
        mark = "[green]✔ yes[/]" if finding.holds else "[red]✘ NO[/]"
        table.add_row(escape(finding.subject), mark, escape(seen))
    console.print(table)
    bad = sum(not finding.holds for finding in report.findings)
    good = len(report.findings) - bad
    verdict = "may be released" if report.holds else "may not be released yet"
    console.print(f"{good} hold, {bad} do not: {report.assignment} {verdict}.")

"""`grader audit`: test the tests of an assignment."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import typer
from rich.markup import escape
from rich.table import Table

from grader.audit import AuditReport
from grader.audit import audit as audit_assignment
from grader.commands import mutants as of_mutants
from grader.commands.console import (
    AssignmentArgument,
    JsonOption,
    SandboxOption,
    WorkersOption,
    console,
    plainly,
    print_json,
    run_progress,
)
from grader.commands.foreign import audit_folder_here, in_course_folder
from grader.commands.mutants import ExerciseOption, MutantsOption, WriteOption
from grader.configuration import load_course
from grader.mutation.examine import examine_mutants
from grader.mutation.facts import write_facts

__all__ = ["audit"]


@plainly
def audit(
    assignment: AssignmentArgument,
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

    Exit code 0 when everything holds, 1 when the assignment may not be released.
    """
    if (exercise or write) and not mutants:
        raise typer.BadParameter("--exercise and --write go with --mutants")
    if exercise and write:
        raise typer.BadParameter("--write needs the mutants of all exercises")
    if in_course_folder():
        if mutants:
            raise typer.BadParameter("--mutants is for courses with a course.toml")
        if not audit_folder_here(assignment, sandbox=sandbox, workers=workers, json=json):
            raise typer.Exit(1)
        return
    course = load_course()
    batch: dict[str, Any] = {"sandbox": sandbox, "workers": workers}
    holds = True
    found: dict[str, Any] = {"assignment": assignment}
    if not exercise:
        with run_progress("auditing", quiet=json) as tell:
            report = audit_assignment(course, assignment, **batch, on_progress=tell)
        holds, found = report.holds, asdict(report)
        if not json:
            _show(report)
    if mutants:
        with run_progress("mutants, which should fail", quiet=json) as tell:
            examined = examine_mutants(
                course, assignment, exercises=exercise or (), **batch, on_progress=tell
            )
        holds, found["mutants"] = holds and examined.holds, of_mutants.as_json(examined)
        if not json:
            of_mutants.show(examined)
        if write and holds:
            written = write_facts(course, examined).relative_to(course.root)
            typer.echo(f"wrote {written}", err=json)
    if json:
        print_json(found | {"holds": holds})
    if not holds:
        raise typer.Exit(1)


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

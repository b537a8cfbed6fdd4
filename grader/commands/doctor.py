"""`grader doctor`: what this machine can and cannot do."""

from __future__ import annotations

from dataclasses import asdict

import typer
from rich.markup import escape
from rich.table import Table

from grader.commands.console import JsonOption, console, plainly, print_json
from grader.configuration import load_course
from grader.doctor import examine

__all__ = ["doctor"]


@plainly
def doctor(json: JsonOption = False) -> None:
    """Say what this machine can and cannot do; exit code 1 when something needed is missing."""
    findings = examine(load_course().root)
    if json:
        print_json([asdict(finding) for finding in findings])
    else:
        table = Table(title_justify="left")
        for column in ("examined", "holds", "found", "what to do"):
            table.add_column(column, overflow="fold")
        for each in findings:
            bad = {"needed": "[red]✘ NO[/]", "wanted": "[yellow]✘ no[/]"}.get(each.severity, "- no")
            mark = "[green]✔ yes[/]" if each.holds else bad
            advice = "" if each.holds else each.advice
            table.add_row(escape(each.name), mark, escape(each.detail), escape(advice))
        console.print(table)
    if any(not each.holds and each.severity == "needed" for each in findings):
        raise typer.Exit(1)

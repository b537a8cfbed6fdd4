"""How findings are shown: a table, or JSON; and the exit code that follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import typer
from rich.markup import escape
from rich.table import Table

from grader.commands.console import console, print_json
from grader.doctor import Finding

__all__ = ["show_findings"]

_BAD = {"needed": "[red]✘ NO[/]", "wanted": "[yellow]✘ no[/]", "info": "- no"}


def show_findings(findings: Sequence[Finding], *, json: bool) -> None:
    """Print them; exit with 1 when something that is needed does not hold."""
    if json:
        print_json([asdict(finding) for finding in findings])
    else:
        table = Table(title_justify="left")
        for column in ("examined", "holds", "found", "what to do"):
            table.add_column(column, overflow="fold")
        for each in findings:
            mark = "[green]✔ yes[/]" if each.holds else _BAD[each.severity]
            advice = "" if each.holds else each.advice
            table.add_row(escape(each.name), mark, escape(each.detail), escape(advice))
        console.print(table)
    if any(not each.holds and each.severity == "needed" for each in findings):
        raise typer.Exit(1)

"""The half of `grader audit` that is about mutants: options, tables, what to paste."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from grader.commands.console import console
from grader.mutation.equivalents import as_toml
from grader.mutation.report import MutationReport, Tally

__all__ = ["ExerciseOption", "MutantsOption", "WriteOption", "as_json", "show"]

MutantsOption = Annotated[
    bool,
    typer.Option("--mutants", help="Change the reference answers in small ways, too."),
]
ExerciseOption = Annotated[
    list[str] | None,
    typer.Option(
        "--exercise",
        metavar="NAME",
        help="With --mutants: only those of this exercise, and nothing else. May be repeated.",
    ),
]
WriteOption = Annotated[
    bool,
    typer.Option(
        "--write",
        help="With --mutants: when everything holds, keep the counts in solutions/ID/audit.toml.",
    ),
]


def show(report: MutationReport) -> None:
    """Print a table by exercise, then each survivor as an entry of equivalents.toml."""
    table = Table(title=f"mutants of {report.assignment}", title_justify="left")
    table.add_column("exercise", overflow="fold")
    for name in ("mutants", "killed", "equivalent", "survived", "kill rate"):
        table.add_column(name, justify="right")
    for exercise, tally in report.tallies.items():
        table.add_row(escape(exercise), *_row(tally))
    table.add_section()
    table.add_row("all", *_row(report.tally))
    console.print(table)
    for problem in report.problems:
        console.print(f"[red]✘[/] {escape(problem)}")
    _show_survivors(report)
    verdict = "every mutant is accounted for" if report.holds else "something is left to do"
    console.print(f"{report.tally.mutants} mutants in {report.seconds:.0f} s: {verdict}.")


def as_json(report: MutationReport) -> dict[str, Any]:
    """The report for scripts: the counts, and every mutant with its fate."""
    return {
        "holds": report.holds,
        "seconds": round(report.seconds, 1),
        "problems": list(report.problems),
        "exercises": {name: _counts(tally) for name, tally in report.tallies.items()},
        "all": _counts(report.tally),
        "mutants": [
            asdict(each.mutant) | {"fate": each.fate, "by": each.by} for each in report.verdicts
        ],
    }


def _counts(tally: Tally) -> dict[str, Any]:
    return asdict(tally) | {"rate": round(tally.rate, 4)}


def _row(tally: Tally) -> list[str]:
    numbers = (tally.mutants, tally.killed, tally.equivalent, tally.survived)
    return [*map(str, numbers), f"{tally.rate:.1%}"]


def _show_survivors(report: MutationReport) -> None:
    if report.survivors:
        console.print(
            f"\n{len(report.survivors)} survived: they pass every test of their exercise. Add or "
            "strengthen a test that each of them loses. Where no test can, because the change "
            "changes nothing that the exercise asks for, put its entry into "
            f"solutions/{report.assignment}/equivalents.toml, with the reason:\n"
        )
        console.print(escape(as_toml(report.survivors)), soft_wrap=True)
        console.print()

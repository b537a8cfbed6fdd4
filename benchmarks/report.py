"""Tables that are shown in the terminal and kept in a page of the documentation."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

import psutil
from rich import box
from rich.table import Table as RichTable

__all__ = [
    "PAGE",
    "Table",
    "as_markdown",
    "as_rich",
    "keep_in_page",
    "machine",
    "replace_between_markers",
    "written",
]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"

_VERSIONS = ("nbgrader", "nbclient", "ipykernel", "torch", "numpy")


@dataclass(frozen=True)
class Table:
    """A table of texts; `notes` stand below it."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.header):
                raise ValueError(f"{self.title}: {row} does not fit under {self.header}")


def as_rich(table: Table) -> RichTable:
    """The table for the terminal; what follows the first column is numbers."""
    shown = RichTable(title=table.title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for number, name in enumerate(table.header):
        shown.add_column(name, justify="right" if number else "left")
    for row in table.rows:
        shown.add_row(*row)
    shown.caption = "\n".join(table.notes)
    shown.caption_justify = "left"
    return shown


def as_markdown(table: Table) -> str:
    """The table for a page."""
    rule = ["---", *["---:"] * (len(table.header) - 1)]
    lines = [f"**{table.title}**", "", *map(_line, (table.header, rule, *table.rows))]
    return "\n".join([*lines, *(f"\n{note}" for note in table.notes)])


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def machine() -> str:
    """One line on what was measured with, without the name of the machine."""
    memory = psutil.virtual_memory().total / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in _VERSIONS)
    kernel = platform.release().partition("-")[0]
    return (
        f"{date.today():%d %B %Y}; {_processor()}, {len(psutil.Process().cpu_affinity() or ())} "
        f"cores, {memory:.0f} GiB; Linux {kernel}, Python "
        f"{platform.python_version()}, {packages}."
    )


def _processor() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found.group(1).strip() if found else platform.machine()


def replace_between_markers(page: str, name: str, text: str) -> str:
    """The page with `text` between its two comments ``<!-- NAME -->`` and ``<!-- /NAME -->``.

    Raises:
        ValueError: the page does not have these two, in this order, once.

    Example:
        >>> replace_between_markers("a <!-- x -->old<!-- /x --> b", "x", "new")
        'a <!-- x -->\\nnew\\n<!-- /x --> b'
    """
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    if page.count(begin) != 1 or page.count(end) != 1 or page.index(begin) > page.index(end):
        raise ValueError(f"the page must have {begin} and then {end}, once each")
    before, rest = page.split(begin)
    _, after = rest.split(end)
    return f"{before}{begin}\n{text.strip()}\n{end}{after}"


def written(page: str, tables: Mapping[str, Table], about: str) -> str:
    """The page with these tables in their places; other tables stay as they were."""
    for name, table in tables.items():
        page = replace_between_markers(page, name, f"{as_markdown(table)}\n\n{about}")
    return page


def keep_in_page(tables: Mapping[str, Table], page: Path = PAGE) -> None:
    """Put the tables into a page of the documentation, with what they were measured on."""
    page.write_text(written(page.read_text("utf-8"), tables, machine()), encoding="utf-8")

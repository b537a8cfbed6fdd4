"""Print one table of all measurements, or of the modules that are named.

python -m benchmarks.algorithms [--write] [MODULE ...]
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil

import torch
from rich.console import Console

import benchmarks.algorithms as package
from benchmarks.algorithms.row import Row
from benchmarks.report import PAGE, Table, as_rich, keep_in_page

HELPERS = {"__main__", "row"}


def modules() -> list[str]:
    """The names of the modules that measure something."""
    return [
        found.name for found in pkgutil.iter_modules(package.__path__) if found.name not in HELPERS
    ]


def seconds(time: float) -> str:
    """A time in the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if time >= size:
            return f"{time / size:.3g} {unit}"
    return f"{time / 1e-6:.3g} us"


def as_cells(row: Row) -> tuple[str, ...]:
    """A measurement as a row of the table."""
    times = row.measured
    ratio = f"{times.ratio:.2f}" + ("" if row.met else " (missed)")
    return row.what, seconds(times.ours), seconds(times.other), ratio, f"{row.goal:g}"


def main() -> None:
    """Measure, print, and with --write keep the table in docs/performance.md."""
    known = modules()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.algorithms", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"of {', '.join(known)}; all")
    parser.add_argument("--write", action="store_true", help="put it into docs/performance.md")
    options = parser.parse_args()
    if unknown := sorted(set(options.modules) - set(known)):
        parser.error(f"no module {', '.join(unknown)}; there are: {', '.join(known)}")
    if options.write and options.modules:
        parser.error("--write keeps the whole table; leave the modules out")
    torch.set_num_threads(1)
    console, rows = Console(), []
    for name in options.modules or known:
        with console.status(f"measuring {name} ..."):
            measured = importlib.import_module(f"{package.__name__}.{name}").rows()
            rows += [as_cells(row) for row in measured]
    header = ("ours / other", "ours", "other", "ratio", "at most")
    table = Table("Algorithms, one thread, medians of calls in turns", header, tuple(rows))
    console.print(as_rich(table))
    if options.write:
        keep_in_page({"algorithms": table})
        console.print(f"Written to {PAGE.parent.name}/{PAGE.name}.")


if __name__ == "__main__":
    main()

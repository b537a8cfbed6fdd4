"""Print one table of all measurements, or of the modules that are named."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Sequence

import torch
from rich.console import Console
from rich.table import Table

import benchmarks.algorithms as package
from benchmarks.algorithms.row import Row

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


def main(chosen: Sequence[str]) -> int:
    """Measure and print; 2 if there is no such module."""
    console, known = Console(), modules()
    unknown = sorted(set(chosen) - set(known))
    if unknown:
        console.print(f"No module {', '.join(unknown)}; there are: {', '.join(known)}.")
        return 2
    torch.set_num_threads(1)
    table = Table("what", "ours", "other", "ratio", "goal", title="Algorithms, one thread")
    for name in chosen or known:
        with console.status(f"measuring {name} ..."):
            measured: list[Row] = list(importlib.import_module(f"{package.__name__}.{name}").rows())
        for row in measured:
            times = row.measured
            ratio = f"{times.ratio:.3f}" + ("" if row.met else " (missed)")
            table.add_row(
                row.what, seconds(times.ours), seconds(times.other), ratio, f"<= {row.goal:g}"
            )
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

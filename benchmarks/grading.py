"""How fast grading is, and what it needs: `python -m benchmarks.grading`.

Everything happens in a throw-away folder; the course in this repository is only read. See
docs/performance.md for what is measured, and for the last results.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.courses import REPOSITORY, OurCourse
from benchmarks.memory import measure_batch
from benchmarks.overhead import measure_overhead
from benchmarks.report import PAGE, Table, as_rich, keep_in_page
from benchmarks.stages import measure_stages
from benchmarks.throughput import compare
from grader.execution.batch import default_workers

__all__ = ["main", "parse"]

PARTS = ("stock", "ours", "stages", "overhead", "batch")

console = Console(highlight=False)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is asked for, show it, and with --write keep it in the page."""
    options = parse(arguments)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        tables = _measure(Path(folder), options)
    for table in tables.values():
        console.print(as_rich(table))
    console.print(f"All of it took {time.perf_counter() - started:.0f} seconds.")
    if options.write:
        keep_in_page(tables)
        console.print(f"Written to {PAGE.relative_to(REPOSITORY)}.")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grading", description=__doc__)
    add = parser.add_argument
    add("--submissions", type=_positive, default=20, help="how many both commands grade (20)")
    add("--repeat", type=_positive, default=2, help="timed runs of each, in turns (2)")
    add("--workers", type=_positive, default=default_workers(), help="of ours (one a core)")
    add("--batch", type=_positive, default=200, help="submissions of the one large batch (200)")
    add("--only", type=_parts, default=PARTS, help=f"some of {','.join(PARTS)}, with commas")
    add("--write", action="store_true", help="keep the tables in docs/performance.md")
    return parser.parse_args(arguments)


def _measure(folder: Path, options: argparse.Namespace) -> dict[str, Table]:
    parts, workers = options.only, options.workers
    with console.status("making a throw-away course"):
        ours = OurCourse.make(folder / "ours")
    tables = {}
    with console.status("measuring ..."):
        if names := [part for part in ("stock", "ours") if part in parts]:
            tables["throughput"] = compare(
                folder,
                ours,
                names=names,
                size=options.submissions,
                repeat=options.repeat,
                workers=workers,
                say=console.print,
            )
        for name, measure in _others(ours, options).items():
            if name in parts:
                tables[name] = measure()
    return tables


def _others(ours: OurCourse, options: argparse.Namespace) -> dict[str, Callable[[], Table]]:
    workers, say = options.workers, console.print
    return {
        "stages": lambda: measure_stages(ours, size=options.submissions),
        "overhead": lambda: measure_overhead(ours, workers=workers, say=say),
        "batch": lambda: measure_batch(ours, size=options.batch, workers=workers, say=say),
    }


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not a whole number from 1")
    return number


def _parts(text: str) -> tuple[str, ...]:
    wanted = tuple(text.split(","))
    for part in wanted:
        if part not in PARTS:
            raise argparse.ArgumentTypeError(f"{part!r} is none of {', '.join(PARTS)}")
    return wanted


if __name__ == "__main__":
    main()

"""Many submissions in one batch: does memory stay flat, and is nothing left behind?"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psutil

from benchmarks.cohort import MIXED, cohort_of
from benchmarks.courses import ASSIGNMENT, OurCourse, environment
from benchmarks.report import Table
from benchmarks.throughput import Say
from benchmarks.watch import Watched, run_watched

__all__ = ["measure_batch", "quarters"]

_LOOK_SECONDS = 0.05
_MEMORY_SECONDS = 0.5
_MARK = "SATURDAYS_BENCHMARK"  # in the environment of every process that a batch starts
_WARM_UP, _WIND_DOWN = 0.2, 0.05  # shares of the run, left out of the quarters


def measure_batch(ours: OurCourse, *, size: int, workers: int, say: Say) -> Table:
    """Grade `size` submissions in one batch and look at the memory of all its processes."""
    ours.hand_in(cohort_of(ours.course, ASSIGNMENT, size, MIXED))
    ours.reset()
    # a short path, because sockets lie in it, too
    with tempfile.TemporaryDirectory(prefix="batch-") as folder:
        marked = environment(ours.root / "jupyter") | {"TMPDIR": folder, _MARK: folder}
        seen = run_watched(
            ours.command(workers),
            ours.root,
            marked,
            every=_LOOK_SECONDS,
            memory_every=_MEMORY_SECONDS,
        )
        left = [*seen.left_over, *_marked(folder), *_files(Path(folder)), *_unfinished(ours)]
    first, last = quarters(seen.memory_mib)
    peak, behind = max(seen.memory_mib), ", ".join(left) or "nothing"
    say(f"{size} in one batch: peak {peak:.0f} MiB, left behind: {behind}")
    return _table(seen, size, workers, first, last, left)


def quarters(samples: Sequence[float]) -> tuple[float, float]:
    """The medians of the first and the last quarter, without the start and the end of the run.

    Example:
        >>> quarters([0, 0, 0, 0, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6, 7, 7, 7, 7, 0])
        (5, 7)
    """
    steady = samples[int(len(samples) * _WARM_UP) : len(samples) - int(len(samples) * _WIND_DOWN)]
    quarter = max(1, len(steady) // 4)
    return statistics.median(steady[:quarter]), statistics.median(steady[-quarter:])


def _marked(mark: str) -> list[str]:
    """Processes of the batch that run still, whoever their parent is by now."""
    return [
        f"process {process.info['name']}"
        for process in psutil.process_iter(["name", "environ"])
        if (process.info["environ"] or {}).get(_MARK) == mark
    ]


def _files(folder: Path) -> list[str]:
    """Whatever lies where temporary files and sockets were put."""
    return [f"file {path.relative_to(folder)}" for path in folder.rglob("*")]


def _unfinished(ours: OurCourse) -> list[str]:
    """Files below var/ that were to be renamed when they were finished."""
    return [f"file {path.name}" for path in ours.course.var.rglob(".*")]


def _table(
    seen: Watched, size: int, workers: int, first: float, last: float, left: Sequence[str]
) -> Table:
    rows = (
        ("peak of all processes together", f"{max(seen.memory_mib):.0f} MiB"),
        ("median of the first quarter", f"{first:.0f} MiB"),
        ("median of the last quarter", f"{last:.0f} MiB"),
        ("seconds", f"{seen.seconds:.1f}"),
        ("submissions/min", f"{60 * size / seen.seconds:.0f}"),
        ("CPU seconds for each", f"{seen.cpu_seconds / size:.2f}"),
        ("processes, sockets and files left behind", ", ".join(left) or "none"),
    )
    return Table(f"{size} submissions in one batch, {workers} workers", ("", "measured"), rows)

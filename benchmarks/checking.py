"""How long `%check` takes: `python -m benchmarks.checking`.

A real Jupyter kernel holds an assignment as somebody who solved it has it; every exercise is
checked some times with the right answer, and with each of some known wrong ones. What is
timed is what the learner waits for: from the request to the kernel to its "idle" again.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from jupyter_client.manager import start_new_kernel
from rich.console import Console

from benchmarks.courses import REPOSITORY
from benchmarks.report import PAGE, Table, as_rich, keep_in_page, machine
from grader.authoring.build import reference_answers
from grader.authoring.source import read_source
from grader.configuration import load_course
from grader.mistakes import Mistake, load_mistakes
from grader.records import Role

__all__ = ["main"]

_GOAL = 1.0
console = Console(highlight=False)


class Kernel:
    """A kernel that runs cells and says how long each took, and what it showed."""

    def __init__(self) -> None:
        environment = os.environ | {"COURSE_ROOT": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
        environment["COURSE_PROGRESS"] = os.devnull
        self._manager, self._client = start_new_kernel(env=environment)

    def run(self, source: str) -> tuple[float, str]:
        """Seconds, and the plain text that the cell showed."""
        started = time.perf_counter()
        request = self._client.execute(source)
        shown: list[str] = []
        while True:
            message = self._client.get_iopub_msg(timeout=120)
            if message["parent_header"].get("msg_id") != request:
                continue
            content: dict[str, Any] = message["content"]
            if content.get("execution_state") == "idle":
                return time.perf_counter() - started, "".join(shown)
            shown.append(str(content.get("text", content.get("data", {}).get("text/plain", ""))))
            if message["msg_type"] == "error":
                raise RuntimeError(f"{content['ename']}: {content['evalue']}\nin {source[:200]}")

    def close(self) -> None:
        """End it."""
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)


@dataclass
class Waits:
    """Seconds waited for the checks of one assignment."""

    assignment: str
    right: list[float] = field(default_factory=list)
    wrong: list[float] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")

    def note(self, seconds: float, exercise: str, *, is_right: bool) -> None:
        """Add one wait."""
        (self.right if is_right else self.wrong).append(seconds)
        self.slowest = max(self.slowest, (seconds, exercise))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, show, and with --write keep the table in the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.checking", description=__doc__)
    parser.add_argument("--repeat", type=int, default=5, help="checks of each right answer (5)")
    parser.add_argument("--mistakes", type=int, default=3, help="wrong ones an exercise (3)")
    parser.add_argument("--only", nargs="*", default=[], help="ids of assignments (all)")
    parser.add_argument("--write", action="store_true", help="keep it in docs/performance.md")
    options = parser.parse_args(arguments)
    course = load_course(REPOSITORY)
    names = options.only or [each.id for each in course.assignments]
    waits = [_measure(name, options.repeat, options.mistakes) for name in names]
    table = _table(waits)
    console.print(as_rich(table))
    if options.write:
        keep_in_page({"checking": table})
        console.print(f"Written to {PAGE.relative_to(REPOSITORY)}.")


def _measure(assignment: str, repeat: int, wrong: int) -> Waits:
    course = load_course(REPOSITORY)
    source = read_source(course.solution_source(assignment))
    answers = reference_answers(source)
    mistakes = load_mistakes(course.mistakes_file(assignment))
    waits, kernel = Waits(assignment), Kernel()
    try:
        for cell in source.of(Role.SETUP):
            kernel.run(cell.source)
        kernel.run(f"from course.checking import open_notebook\nopen_notebook({assignment!r})")
        kernel.run("%hint " + next(iter(answers)))  # waits until the tutor is there
        time.sleep(20)  # a learner reads for longer than that before the first check
        for exercise, answer in answers.items():
            kernel.run(answer)
            for _ in range(repeat):
                waits.note(_check(kernel, exercise, "✔"), exercise, is_right=True)
            for mistake in _some(mistakes, exercise, wrong):
                kernel.run(mistake.source)
                waits.note(_check(kernel, exercise, "✘"), exercise, is_right=False)
            kernel.run(answer)
    finally:
        kernel.close()
    return waits


def _check(kernel: Kernel, exercise: str, outcome: str) -> float:
    seconds, shown = kernel.run(f"%check {exercise}")
    if not shown.lstrip().startswith(outcome):
        raise RuntimeError(f"%check {exercise} says:\n{shown}")
    time.sleep(0.3)  # nobody checks again faster than that
    return seconds


def _some(mistakes: Sequence[Mistake], exercise: str, number: int) -> Iterator[Mistake]:
    return (each for each in [m for m in mistakes if m.exercise == exercise][:number])


def _table(waits: Sequence[Waits]) -> Table:
    header = ("assignment", "checks", "median s", "p95 s", "wrong answers, p95 s", "slowest")
    rows = tuple(
        (
            each.assignment,
            str(len(each.right) + len(each.wrong)),
            f"{statistics.median(each.right + each.wrong):.3f}",
            f"{_p95(each.right + each.wrong):.3f}",
            f"{_p95(each.wrong):.3f}",
            f"{each.slowest[1]}: {each.slowest[0]:.2f}",
        )
        for each in waits
    )
    everything = [seconds for each in waits for seconds in each.right + each.wrong]
    notes = (
        f"All checks together: median {statistics.median(everything):.3f} s, p95 "
        f"{_p95(everything):.3f} s; goal {_GOAL:g} s.",
        machine(),
    )
    return Table("`%check` in a live kernel, visible and hidden tests", header, rows, notes)


def _p95(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1] if len(seconds) > 1 else 0.0


if __name__ == "__main__":
    main()

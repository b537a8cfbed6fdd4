"""How long learners on a hub wait for `%check`: `python -m benchmarks.check_service`.

Each learner is a process of its own that holds the reference answers, as a kernel does; at a
moment of its choice it checks an exercise through the check service: a WebSocket, a token, a fork
of the learner's process for the answer and of the keeper for the tests. First some learners at
once, again and again; then many within a minute. All of it, learners too, is on one machine.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console

from benchmarks.courses import REPOSITORY
from benchmarks.hub_stand_in import Service, stand_in_hub, token_of
from benchmarks.report import PAGE, Table, as_rich, keep_in_page, machine
from course.checking.live_copy import LiveCopy, limits_of
from course.checking.report import report_of
from course.checking.tutor_service import TutorService
from grader.authoring.build import reference_answers
from grader.authoring.source import read_source
from grader.configuration import load_course
from grader.records import Role

__all__ = ["main"]

_ASSIGNMENT = "loss_functions"
_WARM_UP = 25.0  # seconds in which the keeper makes the traces of the known mistakes
_GOAL = 1.0
console = Console(highlight=False)


@dataclass(frozen=True)
class Load:
    """What was waited for: seconds of each check that passed, and how many did not."""

    title: str
    seconds: tuple[float, ...]
    others: int
    pss_mib: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, show, and with --write keep the table in the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.check_service", description=__doc__)
    parser.add_argument("--learners", type=int, default=100, help="within a minute (100)")
    parser.add_argument("--seconds", type=float, default=60.0, help="of that minute (60)")
    parser.add_argument("--at-once", type=int, default=10, help="learners at once (10)")
    parser.add_argument("--rounds", type=int, default=5, help="of those (5)")
    parser.add_argument("--write", action="store_true", help="keep it in docs/performance.md")
    options = parser.parse_args(arguments)
    course = load_course(REPOSITORY)
    group = f"nbgrader-{course.id}"
    names, exercises = _names()
    with stand_in_hub(lambda name: [group]) as hub:
        service = Service(REPOSITORY, hub)
        try:
            _check_once(service.url, "warm", exercises[0], names)
            time.sleep(_WARM_UP)
            rounds = [[0.0] * options.at_once for _ in range(options.rounds)]
            few = [_run(service, names, exercises, each) for each in rounds]
            draw = random.Random(1)
            moments = [draw.uniform(0, options.seconds) for _ in range(options.learners)]
            many = _run(service, names, exercises, moments)
        finally:
            service.stop()
    together = Load(
        f"{options.at_once} learners at once, {options.rounds} times",
        tuple(seconds for load in few for seconds in load.seconds),
        sum(load.others for load in few),
        max(load.pss_mib for load in few),
    )
    spread = Load(f"{options.learners} learners within {options.seconds:g} s", *_rest(many))
    table = _table([together, spread])
    console.print(as_rich(table))
    if options.write:
        keep_in_page({"check-service": table})
        console.print(f"Written to {PAGE.relative_to(REPOSITORY)}.")


def _rest(load: Load) -> tuple[tuple[float, ...], int, float]:
    return load.seconds, load.others, load.pss_mib


def _names() -> tuple[dict[str, Any], list[str]]:
    """A namespace in which the assignment is solved, and its exercises."""
    source = read_source(load_course(REPOSITORY).solution_source(_ASSIGNMENT))
    answers = reference_answers(source)
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in source.of(Role.SETUP):
        exec(cell.source, names)  # noqa: S102 - our own
    for answer in answers.values():
        exec(answer, names)  # noqa: S102
    return names, list(answers)


def _run(
    service: Service, names: dict[str, Any], exercises: Sequence[str], moments: Sequence[float]
) -> Load:
    """One process for each moment; what they waited, and what the service weighed meanwhile."""
    begun = time.time() + 2.0
    with tempfile.TemporaryDirectory() as folder:
        children = []
        for number, moment in enumerate(moments):
            child = os.fork()
            if child == 0:
                result = Path(folder) / str(number)
                exercise = exercises[number % len(exercises)]
                _learner(service.url, f"learner{number}", exercise, names, begun + moment, result)
            children.append(child)
        time.sleep(max(0.0, begun + max(moments) - time.time()))
        weight = sum(each.memory_full_info().pss for each in service.family()) / 2**20
        for child in children:
            os.waitpid(child, 0)
        results = [json.loads(path.read_text()) for path in Path(folder).iterdir()]
    waits = tuple(seconds for outcome, seconds in results if outcome == "passed")
    return Load("", waits, len(moments) - len(waits), weight)


def _learner(
    url: str, name: str, exercise: str, names: dict[str, Any], moment: float, result: Path
) -> NoReturn:
    """In a process of its own."""
    code = 1
    try:
        time.sleep(max(0.0, moment - time.time()))
        started = time.perf_counter()
        outcome = _check_once(url, name, exercise, names)
        result.write_text(json.dumps([outcome, time.perf_counter() - started]))
        code = 0
    finally:
        os._exit(code)


def _check_once(url: str, name: str, exercise: str, names: dict[str, Any]) -> str:
    """What `%check` does in a kernel, from the call to the outcome."""
    os.environ["JUPYTERHUB_API_TOKEN"] = token_of(name)
    tutor = TutorService(url, _ASSIGNMENT)
    about = tutor.about()
    with LiveCopy(names, limits_of(about)) as copy:
        return report_of(exercise, "", tutor.check(exercise, copy.ask)).outcome


def _table(loads: Sequence[Load]) -> Table:
    header = ("load", "checks", "median s", "p95 s", "slowest s", "not passed", "service MiB (PSS)")
    rows = tuple(
        (
            each.title,
            str(len(each.seconds) + each.others),
            f"{statistics.median(each.seconds):.3f}",
            f"{_p95(each.seconds):.3f}",
            f"{max(each.seconds):.3f}",
            str(each.others),
            f"{each.pss_mib:.0f}",
        )
        for each in loads
    )
    notes = (f"Right answers to {_ASSIGNMENT}. Goal: p95 below {_GOAL:g} s.", machine())
    return Table("`%check` through the check service of a hub", header, rows, notes)


def _p95(seconds: Sequence[float]) -> float:
    return sorted(seconds)[max(0, -(-95 * len(seconds) // 100) - 1)]


if __name__ == "__main__":
    main()

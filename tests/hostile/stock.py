"""Grade the same cases once by stock nbgrader, and write the table of docs/security.md.

    python -m tests.hostile.stock

Stock nbgrader confines nothing. So only cases that say ``stock = true`` are run, which do
nothing but to the kernel they run in, in a course that is thrown away; each alone, because
some of them stop the whole batch there. Ours is what the cases declare, which the tests hold
us to. Takes some minutes.
"""

from __future__ import annotations

import contextlib
import datetime
import itertools
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry

from grader.configuration import Course

from .case import SECRETS, Case, read_cases
from .conftest import REPOSITORY, make_course
from .grade_all import ENVIRONMENT, find_targets, has_heard, listening

__all__ = ["main"]

PAGE = REPOSITORY / "docs" / "security.md"
BEGIN, END = "<!-- stock: begin -->", "<!-- stock: end -->"
BIN = Path(sys.executable).parent
_AT_A_TIME = 3
PATIENCE = 40  # seconds for one submission


Job = tuple[Path, Case, bytes]


@dataclass(frozen=True)
class Seen:
    """What stock nbgrader made of a case: its marks, if any, and which secrets it showed."""

    marks: float | None
    secrets: tuple[str, ...]
    heard: bool = False


def main() -> None:
    """Run what may be run, and replace the table."""
    with tempfile.TemporaryDirectory() as place, listening() as listeners:
        course = make_course(Path(place) / "ours")
        targets = find_targets(course, listeners)
        # of the kernel's own environment alone, and not of this machine's processes
        targets["files"] = [path for path in targets["files"] if not re.match(r"/proc/\d", path)]
        stocks = [_stock_course(course, Path(place) / f"stock-{n}") for n in range(_AT_A_TIME)]
        blank = nbformat.read(course.release_notebook("tiny"), as_version=4)
        cases = [case for case in read_cases() if case.stock is True]
        dealt = zip(cases, itertools.cycle(stocks), strict=False)
        jobs = [(stock, case, case.notebook(blank, targets)) for case, stock in dealt]
        seen = _grade_all(jobs, listeners)
    before, rest = PAGE.read_text("utf-8").split(BEGIN)
    text = "\n".join([_caption(), "", *_rows(seen)])
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.split(END)[1]}", "utf-8")


def _grade_all(jobs: Sequence[Job], listeners: Mapping[str, socket.socket]) -> dict[str, Seen]:
    """Several at a time, but those of the network alone, so that it is known who called."""
    seen: dict[str, Seen] = {}
    together = [job for job in jobs if not job[1].name.startswith("network")]
    stocks = sorted({stock for stock, _, _ in jobs})
    with ThreadPoolExecutor(_AT_A_TIME) as pool:  # a gradebook has one writer
        for found in pool.map(lambda stock: _grade_one_by_one(together, stock), stocks):
            seen |= found
    for stock, case, data in jobs:
        if case.name not in seen:
            marks = _grade(stock, case, data)
            calls = [has_heard(listener) for listener in listeners.values()]
            seen[case.name] = replace(marks, heard=any(calls))
    return seen


def _caption() -> str:
    today = datetime.datetime.now(tz=datetime.UTC).date()
    return (
        f"Seen on {today.isoformat()} with nbgrader {version('nbgrader')} and its default "
        "settings, one submission at a time. Marks are of 6.5."
    )


def _stock_course(course: Course, root: Path) -> Path:
    """A course with the same release, where nbgrader reads none of our settings."""
    shutil.copytree(course.var / "source", root / "source")
    shutil.copy(course.gradebook, root)
    settings = f"get_config().CourseDirectory.course_id = {course.id!r}\n"
    (root / "nbgrader_config.py").write_text(settings)
    return root


def _grade_one_by_one(jobs: Sequence[Job], stock: Path) -> dict[str, Seen]:
    return {job[1].name: _grade(*job) for job in jobs if job[0] == stock}


def _rows(seen: Mapping[str, Seen]) -> Iterator[str]:
    yield "| case | what it tries | honest part | stock nbgrader | here |"
    yield "|---|---|---|---|---|"
    for case in read_cases():
        there = _in_words(case, seen[case.name]) if case.name in seen else f"not run: {case.stock}"
        name = case.name.replace("-", ": ", 1).replace("_", " ")
        here = _here(case)
        yield f"| {name} | {_cell(case.tries)} | {case.marks:g} | {_cell(there)} | {here} |"


def _here(case: Case) -> str:
    known = case.hole or case.hole_when_cold
    return f"known: {known}" if known else "refused, with the reason" if case.refused else "held"


def _grade(stock: Path, case: Case, data: bytes) -> Seen:
    learner = case.name
    path = stock / "submitted" / learner / "tiny" / "tiny.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    environment = {
        "HOME": str(stock),
        "LANG": "C.UTF-8",
        "PATH": os.pathsep.join([str(BIN), os.defpath]),
        "PYTHONWARNINGS": "ignore",
        ENVIRONMENT: SECRETS["the grader's environment"],
    }
    # that some stop it, and some hang it, is what the table says
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(
            [BIN / "nbgrader", "autograde", "tiny", "--student", learner],
            cwd=stock,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    return Seen(_marks(stock, learner), _secrets(stock, learner))


def _marks(stock: Path, learner: str) -> float | None:
    """The automatic marks; None when this submission was left without a notebook or a score."""
    if not (stock / "autograded" / learner / "tiny" / "tiny.ipynb").exists():
        return None
    with Gradebook(f"sqlite:///{stock / 'gradebook.db'}") as gradebook:
        try:
            entry = gradebook.find_submission_notebook("tiny", "tiny", learner)
        except MissingEntry:
            return None
        scores = [grade.auto_score for grade in entry.grades if grade.max_score != 5]
    return None if None in scores else float(sum(scores))


def _secrets(stock: Path, learner: str) -> tuple[str, ...]:
    """Which secrets are in the outputs, which the learner's feedback shows."""
    path = stock / "autograded" / learner / "tiny" / "tiny.ipynb"
    if not path.exists():
        return ()
    # a traceback of a test shows the test, with or without a trick
    told = "".join(
        str(output)
        for cell in nbformat.read(path, as_version=4).cells
        for output in cell.get("outputs", ())
        if output["output_type"] != "error"
    )
    return tuple(name for name, secret in SECRETS.items() if secret in told)


def _in_words(case: Case, seen: Seen) -> str:
    if seen.marks is None:
        said = "no marks at all, for a person to look at"
    elif case.refused:
        said = f"{seen.marks:g}"
    elif seen.marks > case.marks:
        said = f"**{seen.marks:g}: gained {seen.marks - case.marks:g}**"
    elif seen.marks < case.marks:
        said = f"{seen.marks:g}: lost {case.marks - seen.marks:g}"
    else:
        said = f"{seen.marks:g}"
    said += "".join(f"; **read the {name.removeprefix('the ')}**" for name in seen.secrets)
    return said + ("; **called out**" if seen.heard else "")


def _cell(text: str) -> str:
    return re.sub(r"([|<*_])", r"\\\1", text) if "**" not in text else text


if __name__ == "__main__":
    main()

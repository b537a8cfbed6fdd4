"""Grade the same cases once by stock nbgrader, and write the table of docs/security.md.

    python -m tests.hostile.stock

Stock nbgrader confines nothing. So only cases that say ``stock = true`` are run, which do
nothing but to the kernel they run in, in a course that is thrown away; each alone, because
some of them stop the whole batch there. Ours is what the cases declare, which the tests hold
us to. Takes some minutes.
"""

from __future__ import annotations

import datetime
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

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


@dataclass(frozen=True)
class Seen:
    """What stock nbgrader made of a case: its marks, if any, and which secrets it showed."""

    marks: float | None
    secrets: tuple[str, ...]
    heard: bool


def main() -> None:
    """Run what may be run, and replace the table."""
    with tempfile.TemporaryDirectory() as place:
        course = make_course(Path(place) / "ours")
        stock = _stock_course(course, Path(place) / "stock")
        with listening() as listeners:
            targets = find_targets(course, listeners)
            # of the kernel's own environment alone, and not of this machine's processes
            own = [path for path in targets["files"] if re.fullmatch(r"(?!/proc/\d).*", path)]
            targets["files"] = own
            table = list(_rows(course, stock, targets, listeners))
    before, rest = PAGE.read_text("utf-8").split(BEGIN)
    text = "\n".join([_caption(), "", *table])
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.split(END)[1]}", "utf-8")


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


def _rows(
    course: Course, stock: Path, targets: dict[str, Any], listeners: Mapping[str, socket.socket]
) -> Iterator[str]:
    blank = nbformat.read(course.release_notebook("tiny"), as_version=4)
    yield "| case | what it tries | honest part | stock nbgrader | here |"
    yield "|---|---|---|---|---|"
    for case in read_cases():
        there = f"not run: {case.stock}"
        if case.stock is True:
            path = stock / "submitted" / case.name / "tiny" / "tiny.ipynb"
            path.parent.mkdir(parents=True)
            path.write_bytes(case.notebook(blank, targets))
            there = _in_words(case, _grade(stock, case.name, listeners))
        here = "a mark too many, known" if case.hole else "held"
        name = case.name.replace("-", ": ", 1).replace("_", " ")
        yield f"| {name} | {_cell(case.tries)} | {case.marks:g} | {_cell(there)} | {here} |"


def _grade(stock: Path, learner: str, listeners: Mapping[str, socket.socket]) -> Seen:
    environment = {
        "HOME": str(stock),
        "LANG": "C.UTF-8",
        "PATH": os.pathsep.join([str(BIN), os.defpath]),
        "PYTHONWARNINGS": "ignore",
        ENVIRONMENT: SECRETS["the grader's environment"],
    }
    subprocess.run(
        [BIN / "nbgrader", "autograde", "tiny", "--student", learner],
        cwd=stock,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,  # that some stop it is what the table says
    )
    return Seen(_marks(stock, learner), _secrets(stock, learner), _called(listeners))


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


def _called(listeners: Mapping[str, socket.socket]) -> bool:
    calls = [has_heard(listener) for listener in listeners.values()]  # of each, for the next case
    return any(calls)


def _in_words(case: Case, seen: Seen) -> str:
    if seen.marks is None:
        said = "no marks at all, for a person to look at"
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

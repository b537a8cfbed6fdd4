"""Grade a copy of a course with nbgrader's own command, and read what it left.

nbgrader runs as it would be typed, `nbgrader autograde ID`, once for all learners, with the
course's own configuration; where a submission stops it, it is run again for those that are
left. By default it has the sandbox around it, because it executes learners' code itself: the
copy is seen where the course lies, and the course is not seen at all.
Guarantees: what is read afterwards is data that learners' code may have written: sizes are
capped, links are refused, numbers are checked.
"""

from __future__ import annotations

import json
import math
import os
import re
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_config_path, jupyter_path
from nbgrader.converters.base import NbGraderException

from grader.converters import why
from grader.errors import GraderError
from grader.foreign.comparison import StockCell, StockSubmission
from grader.foreign.copying import settings_for, top_of
from grader.foreign.finding import CONFIGURATION
from grader.foreign.kernels import asked_for, find_kernel
from grader.foreign.place import CourseFolder
from grader.records import Limits
from grader.sandbox.bubblewrap import HOME
from grader.sandbox.choice import choose_sandbox
from grader.sandbox.program import Place, Program

__all__ = ["Stock", "read_marks", "run_stock"]

Progress = Callable[[int, int], None]  # how many there are, and how many are done
Key = tuple[str, str]  # notebook, cell
_NBGRADER = (sys.executable, "-m", "nbgrader")
_MOST_BYTES = 64 * 2**20  # of a graded notebook
_MOST_LINES = 2000  # of nbgrader's log that are kept for a learner
_START_SECONDS = 300.0
_SHORT = 400  # characters of an output
_BEGINS = re.compile(
    r"\[\w+ \| \w+\] (?:Sanitizing (.+)/|There was an error processing assignment: (.+))"
)


_COMPLAINS = re.compile(r"^\[\w+ \| (?:ERROR|CRITICAL)\] ")


@dataclass(frozen=True)
class Stock:
    """What nbgrader made of all submissions, and how long it took, in seconds."""

    submissions: Mapping[str, StockSubmission]
    seconds: float


@dataclass
class _Turn:
    """One run of the command: who was begun, in order, and what was said meanwhile."""

    begun: list[str] = field(default_factory=list)
    said: dict[str, list[str]] = field(default_factory=dict)
    code: int = 0
    ended_because: str = ""

    def why(self, learner: str) -> str:
        """nbgrader's most telling line about a learner; '' about the start."""
        lines = self.said.get(learner, [])
        found = why("\n".join(lines), NbGraderException(""))
        if found == "NbGraderException":  # nothing was raised: what it complained of last
            begins = [i for i, line in enumerate(lines) if _COMPLAINS.search(line)]
            told = " ".join(lines[begins[-1] :]) if begins else "".join(lines[-1:])
            found = " ".join(_COMPLAINS.sub("", told).split()).partition(". ")[0]
        return found[:_SHORT] or "no message"


def run_stock(
    course: CourseFolder,
    copied: CourseFolder,
    assignment_id: str,
    learners: Sequence[str],
    *,
    sandbox: str = "bubblewrap",
    on_progress: Progress = lambda total, done: None,
) -> Stock:
    """Grade the submissions of `learners` in the copy `copied` of `course`.

    Raises:
        SandboxError: it cannot be confined here; nothing was executed.
        GraderError: nbgrader does not run.
    """
    choose_sandbox(sandbox)
    command = _Command(course, copied, assignment_id, confined=sandbox != "none")
    started = time.perf_counter()
    faults: dict[str, str] = {}
    left = [name for name in learners if any(copied.submitted(assignment_id, name).glob("*.ipynb"))]
    total = len(left)
    on_progress(total, 0)
    while left:
        done = total - len(left)
        turn = command.run(left, partial(on_progress, total), done)
        graded = [name for name in left if _is_graded(copied, assignment_id, name)]
        if not (turn.begun or graded):
            said = turn.ended_because or turn.why("")
            if len(left) == total:
                raise GraderError(
                    f"nbgrader autograde does not run in a copy of {top_of(course)}: {said}"
                )
            faults |= dict.fromkeys(left, f"nbgrader passed it over: {said}")
            break
        if turn.ended_because and turn.begun:
            faults[turn.begun[-1]] = f"nbgrader was stopped: {turn.ended_because}"
        for name in turn.begun:
            if name not in faults and name not in graded:
                faults[name] = turn.why(name)
        left = [name for name in left if name not in turn.begun and name not in graded]
    seconds = time.perf_counter() - started
    on_progress(total, total)
    marks = read_marks(copied, assignment_id)
    return Stock(
        {
            name: StockSubmission(
                name,
                marks.get(name, {}),
                dict(_cells_of(copied, assignment_id, name)),
                faults.get(name, ""),
            )
            for name in learners
        },
        seconds,
    )


def read_marks(course: CourseFolder, assignment_id: str) -> dict[str, dict[Key, float | None]]:
    """The automatic marks of everyone, read without nbgrader, which would write."""
    path = course.gradebook_file
    if path is None or path.is_symlink() or not path.is_file():
        raise GraderError(f"the gradebook of the copy is gone: {path}. Run it again.")
    found: dict[str, dict[Key, float | None]] = {}
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            database.execute("PRAGMA trusted_schema=OFF")
            for learner, notebook, cell, mark in database.execute(_MARKS, [assignment_id]):
                known = isinstance(mark, int | float) and math.isfinite(mark)
                found.setdefault(str(learner), {})[str(notebook), str(cell)] = (
                    float(mark) if known else None
                )
    except sqlite3.Error as error:
        raise GraderError(f"{path} cannot be read after it was graded: {error}") from error
    return found


_MARKS = """
SELECT sa.student_id, n.name, c.name, g.auto_score
FROM grade g
JOIN base_cell c ON g.cell_id = c.id
JOIN submitted_notebook sn ON g.notebook_id = sn.id
JOIN notebook n ON sn.notebook_id = n.id
JOIN submitted_assignment sa ON sn.assignment_id = sa.id
JOIN assignment a ON sa.assignment_id = a.id
WHERE a.name = ?
"""


class _Command:
    """nbgrader's command for one assignment of a copy."""

    def __init__(
        self, course: CourseFolder, copied: CourseFolder, assignment_id: str, *, confined: bool
    ) -> None:
        self._course = course
        self._copied = copied
        self._assignment = assignment_id
        seen_at = top_of(course) if confined else copied.root
        settings = settings_for(course, seen_at)
        readable = tuple(_readable(course, assignment_id)) if confined else ()
        self._place = Place(copied.root, seen_at, readable, confined)
        self._environment = _confined_environment() if confined else _own_environment()
        self._words = [*_NBGRADER, "autograde", assignment_id]
        self._words += [f"--CourseDirectory.{name}={value}" for name, value in settings.items()]
        self._words += ["--log-level=INFO"]
        marker = "\0"
        pattern = str(
            Path(
                course.directory.format_path(settings["submitted_directory"], marker, assignment_id)
            )
        )
        pattern = str(seen_at / os.path.relpath(pattern, top_of(course)))
        self._before, _, self._after = pattern.partition(marker)

    def run(self, left: Sequence[str], tell: Callable[[int], None], done: int) -> _Turn:
        """Let it grade those who are left, until it ends or has to be ended."""
        own = str(self._course.directory.student_id_exclude)
        others = sorted(set(self._copied.learners(self._assignment)) - set(left))
        excluded = ",".join(filter(None, [own, *others]))
        program = Program(
            [*self._words, f"--CourseDirectory.student_id_exclude={excluded}"],
            self._place,
            self._environment,
            self._limits(len(left)),
        )
        turn, now, since = _Turn(), "", time.monotonic()
        allowed = self._seconds()
        # in its own order; a line that names another comes from a learner's code
        waiting = sorted(left, key=lambda name: f"{self._before}{name}{self._after}")
        try:
            for line in program.lines():
                if waiting and self._begins(line) == waiting[0]:
                    now, since = waiting.pop(0), time.monotonic()
                    turn.begun.append(now)
                    tell(done + len(turn.begun) - 1)
                elif line and len(kept := turn.said.setdefault(now, [])) < _MOST_LINES:
                    kept.append(line)
                most = allowed if now else _START_SECONDS
                if time.monotonic() - since > most:
                    program.stop(f"it took more than {most:g} seconds")
        finally:
            turn.code, turn.ended_because = program.close()
        return turn

    def _seconds(self) -> float:
        notebooks = len(list(self._copied.source(self._assignment).glob("*.ipynb")))
        return self._course.limits.submission_seconds * max(1, notebooks)

    def _limits(self, learners: int) -> Limits:
        limits = self._course.limits
        return replace(limits, cpu_seconds=limits.cpu_seconds * (learners + 1), processes=2048)

    def _begins(self, line: str) -> str:
        """The learner whose submission nbgrader says that it begins, or an empty string."""
        found = _BEGINS.search(line)
        path = os.path.normpath(found[1] or found[2]) if found else ""
        inside = path.startswith(self._before) and path.endswith(self._after)
        return path[len(self._before) : len(path) - len(self._after)] if inside else ""


def _readable(course: CourseFolder, assignment_id: str) -> Iterator[Path]:
    """nbgrader's configuration and kernels outside of the course, and nothing beside them."""
    for name in asked_for(sorted(course.source(assignment_id).glob("*.ipynb"))):
        kernel = find_kernel(name, (top_of(course), course.cache))
        yield from map(Path, kernel.folders if kernel else ())
    for folder in map(Path, jupyter_config_path()):
        for name in (CONFIGURATION, "nbgrader_config.json"):
            if (folder / name).is_file():
                yield folder / name
    for folder in map(Path, jupyter_path("kernels")):
        if folder.is_dir():
            yield folder


def _confined_environment() -> dict[str, str]:
    return {
        "HOME": HOME,
        "LANG": "C.UTF-8",
        "MPLCONFIGDIR": f"{HOME}/matplotlib",
        "JUPYTER_CONFIG_PATH": os.pathsep.join(jupyter_config_path()),
        "JUPYTER_PATH": os.pathsep.join(jupyter_path()),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}/usr/bin{os.pathsep}/bin",
    }


def _own_environment() -> dict[str, str]:
    here = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": here}


def _is_graded(copied: CourseFolder, assignment_id: str, learner: str) -> bool:
    there = copied.submitted(assignment_id, learner).glob("*.ipynb")
    graded = copied.autograded(assignment_id, learner)
    return all((graded / path.name).is_file() for path in there)


def _cells_of(
    copied: CourseFolder, assignment_id: str, learner: str
) -> Iterator[tuple[Key, StockCell]]:
    """The graded cells of the notebooks that nbgrader wrote for a learner."""
    folder = copied.autograded(assignment_id, learner)
    for path in sorted(folder.glob("*.ipynb")):
        for cell in _cells(path):
            metadata = cell.get("metadata")
            about = metadata.get("nbgrader") if isinstance(metadata, dict) else None
            if isinstance(metadata, dict) and isinstance(about, dict) and about.get("grade"):
                tags = metadata.get("tags")
                skipped = isinstance(tags, list) and "skip-execution" in tags
                yield (path.stem, str(about.get("grade_id"))), _stock_cell(cell, skipped=skipped)


def _cells(path: Path) -> list[dict[str, Any]]:
    with suppress(OSError, ValueError, RecursionError):
        if not path.is_symlink() and path.stat().st_size <= _MOST_BYTES:
            found = json.loads(path.read_text("utf-8"))
            cells = found.get("cells") if isinstance(found, dict) else None
            return [each for each in cells or () if isinstance(each, dict)]
    return []


def _stock_cell(cell: Mapping[str, Any], *, skipped: bool) -> StockCell:
    error = stderr = value = ""
    outputs = cell.get("outputs")
    for each in outputs if isinstance(outputs, list) else ():
        if not isinstance(each, dict):
            continue
        kind = each.get("output_type")
        if kind == "error":
            error = f"{each.get('ename')}: {each.get('evalue')}"
        elif kind == "stream" and each.get("name") == "stderr":
            stderr += _text(each.get("text"))
        elif kind == "execute_result" and isinstance(each.get("data"), dict):
            value = _text(each["data"].get("text/plain"))
    return StockCell(error[:_SHORT], stderr[:_SHORT], value[:_SHORT], skipped)


def _text(value: Any) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value or "")

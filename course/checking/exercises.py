"""The exercises of an assignment and its visible tests, from the notebook that is released."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.checking.live_copy import LiveCopy
from course.link.codec import decode, encode
from course.study.errors import StudyError
from course.study.matching import name_of, role_of
from course.study.notebooks import Cell, read_notebook

__all__ = ["Exercise", "Test", "read_exercises", "run_visible_tests"]

# runs in the copy of the kernel, where a probe's globals are not the notebook's
_RUN = """
def run_visible_test(name, source):
    import __main__
    exec(compile(source, f"<{name}>", "exec"), vars(__main__))
"""


@dataclass(frozen=True)
class Test:
    """A test as it is released: of a hidden one there is only the title."""

    __test__ = False  # not a test class, whatever pytest thinks of the name

    name: str
    title: str
    points: float
    hidden: bool
    source: str


@dataclass(frozen=True)
class Exercise:
    """An answer that is code, and its tests in order."""

    id: str
    title: str
    tests: tuple[Test, ...]


def read_exercises(release: Path) -> tuple[Exercise, ...]:
    """The exercises of a released notebook, in order; none when it cannot be read."""
    try:
        cells = read_notebook(release)["cells"]
    except StudyError:
        return ()
    return tuple(
        Exercise(name_of(cell), _about(cell).get("title", ""), tuple(_tests(cells, name_of(cell))))
        for cell in cells
        if role_of(cell) == "answer"
    )


def _tests(cells: Sequence[Cell], exercise: str) -> Iterator[Test]:
    for cell in cells:
        about = _about(cell)
        if role_of(cell) == "test" and about.get("exercise") == exercise:
            points, hidden = float(about.get("points", 0)), bool(about.get("hidden"))
            yield Test(name_of(cell), about.get("title", ""), points, hidden, cell["source"])


def _about(cell: Cell) -> Mapping[str, Any]:
    """What the author said of one of the course's cells."""
    about = cell["metadata"].get("course")
    return about if isinstance(about, dict) else {}


def run_visible_tests(exercise: Exercise, copy: LiveCopy) -> list[dict[str, Any]]:
    """Run the tests that can be seen, in the copy itself: all that can be done without a tutor."""
    return [
        {"name": test.name, "title": test.title, "points": test.points} | _run(test, copy)
        for test in exercise.tests
        if not test.hidden
    ]


def _run(test: Test, copy: LiveCopy) -> dict[str, str]:
    question = {
        "do": "probe",
        "source": _RUN,
        "name": "run_visible_test",
        "args": [test.name, test.source],
        "kwargs": {},
    }
    reply = decode(copy.ask(encode(question)))
    error, prints = reply.get("error"), str(reply.get("prints", ""))
    if error is None:
        return {"outcome": "passed", "prints": prints}
    if "NotImplementedError" in error["bases"]:
        return {"outcome": "unattempted", "rationale": "It is not attempted yet."}
    said = error["message"]
    if "AssertionError" not in error["bases"]:
        said = "\nat ".join(filter(None, [f"{error['type']}: {said}", error["lines"]]))
    return {"outcome": "failed", "rationale": said or "The test does not hold.", "prints": prints}

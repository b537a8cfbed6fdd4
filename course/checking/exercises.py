"""The exercises of an assignment and its visible tests, from the notebook that is released."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.checking.live_copy import LiveCopy
from course.link.codec import decode, encode

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
    starter: str
    tests: tuple[Test, ...]


def read_exercises(release: Path) -> tuple[Exercise, ...]:
    """The exercises of a released notebook, in order; none when it cannot be read."""
    try:
        cells = json.loads(release.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    known = [(cell, cell.get("metadata", {}).get("course", {})) for cell in cells]
    return tuple(
        Exercise(
            cell["metadata"]["nbgrader"]["grade_id"],
            course.get("title", ""),
            "".join(cell["source"]),
            tuple(_tests(known, cell["metadata"]["nbgrader"]["grade_id"])),
        )
        for cell, course in known
        if course.get("role") == "answer"
    )


def _tests(
    cells: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]], exercise: str
) -> Iterator[Test]:
    for cell, course in cells:
        if course.get("role") == "test" and course.get("exercise") == exercise:
            yield Test(
                cell["metadata"]["nbgrader"]["grade_id"],
                course.get("title", ""),
                float(course.get("points", 0)),
                bool(course.get("hidden")),
                "".join(cell["source"]),
            )


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

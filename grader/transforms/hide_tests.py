"""Take the hidden tests out of a graded notebook before a learner's page is made of it.

Guarantees: after this, no line of a hidden test is in the notebook, unless the learner or
the released part of the notebook says the same line anyway. Their bodies and outputs go,
and what the learner's code printed or raised is searched for them: hidden probes run
beside the learner's code, which could have looked at them.
Option chosen: fail closed. A cell that is declared hidden and has no markers loses all of
its text, and a hidden part that is never ended goes on to the end of its cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

__all__ = ["HideTests", "hide_tests"]

_HIDDEN = re.compile(
    r"^[^\n]*BEGIN HIDDEN TESTS.*?(?:END HIDDEN TESTS[^\n]*(?:\n|\Z)|\Z)", re.S | re.M
)
# a shorter line gives nothing away, and would be found in innocent text
SHORTEST_SECRET = 8
LEFT_OUT = "[a line that belongs to a hidden test]"


class HideTests(NbGraderPreprocessor):  # type: ignore[misc]
    """Called by nbgrader's GenerateFeedback converter, before ShowResults."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Hide the tests of a copy of the notebook; the file in autograded/ keeps them."""
        hide_tests(nb)
        return nb, resources


def hide_tests(nb: NotebookNode) -> None:
    """Remove the hidden tests from `nb`, in place."""
    hidden: list[str] = []
    for cell in nb.cells:
        hidden += _take_hidden_lines(cell)
    said_openly = {_normal(line) for cell in nb.cells for line in cell.source.splitlines()}
    secrets = {_normal(line) for line in hidden} - said_openly
    secrets = {secret for secret in secrets if len(secret) >= SHORTEST_SECRET}
    for cell in nb.cells:
        _redact_cell(cell, secrets)


def _take_hidden_lines(cell: NotebookNode) -> list[str]:
    """Leave the released text in the cell; returns the lines that were taken out."""
    course = cell.metadata.get("course", {})
    whole = cell.source
    if cell.cell_type != "code" or not (course.get("hidden") or course.get("role") == "test"):
        return []
    cell.source = _HIDDEN.sub("", whole).strip()
    if course.get("hidden"):
        if cell.source == whole.strip():
            cell.source = f"# Hidden test: {course.get('title', '')}"
        cell.outputs = []
        if "result" in course:
            course["result"]["prints"] = ""
    kept = set(cell.source.splitlines())
    return [line for line in whole.splitlines() if line not in kept]


def _redact_cell(cell: NotebookNode, secrets: set[str]) -> None:
    result = cell.metadata.get("course", {}).get("result", {})
    for key in ("rationale", "help", "prints", "title"):
        if isinstance(result.get(key), str):
            result[key] = _redact(result[key], secrets)
    for output in cell.get("outputs", ()):
        for place, key in _texts(output):
            place[key] = _redact(str(place[key]), secrets)


def _texts(output: NotebookNode) -> Iterable[tuple[Any, Any]]:
    """Where an output holds text: a dictionary or list, and the key or index in it."""
    yield from ((output, key) for key in ("text", "ename", "evalue") if key in output)
    yield from ((output.get("traceback", []), i) for i in range(len(output.get("traceback", []))))
    yield from ((output.get("data", {}), kind) for kind in output.get("data", {}))


def _redact(text: str, secrets: set[str]) -> str:
    if not secrets:
        return text
    lines = text.split("\n")
    return "\n".join(
        LEFT_OUT if any(secret in _normal(line) for secret in secrets) else line for line in lines
    )


def _normal(line: str) -> str:
    return "".join(line.split())

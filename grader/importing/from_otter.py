"""Tell the cells of a notebook for Otter Assign apart, and write its marks as nbgrader's.

The format is that of Otter's documentation ("Notebook Format", from version 3): raw cells open and
close blocks, the first line says which, and the rest is YAML.

    # BEGIN QUESTION      name, points, manual
    # BEGIN SOLUTION      what learners write; lines that end in # SOLUTION go
    # BEGIN TESTS         each cell a test; # HIDDEN, or a config in a text, hides it
    # END ...
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from nbformat import NotebookNode

from grader.importing.foreign import Cell, Kind, Remarks, refusal
from grader.importing.otter_lines import otter_test, with_solution_regions

__all__ = ["is_otter", "otter_cells"]

_BOUNDARY = re.compile(r"#\s*(BEGIN|END) (QUESTION|SOLUTION|TESTS|PROMPT)\s*")
_CONFIG = re.compile(r"#\s*ASSIGNMENT CONFIG\s*", re.IGNORECASE)
_OLD = re.compile(r"```\s*\n\s*BEGIN (QUESTION|ASSIGN)")
_IGNORED = re.compile(r"\s*##\s*ignore\s*##", re.IGNORECASE)
_BLOCKS = {"SOLUTION", "TESTS", "PROMPT"}


@dataclass
class _Question:
    """What a question has told so far."""

    number: int
    name: str
    config: Mapping[str, Any]
    tests: list[tuple[int, NotebookNode]] = field(default_factory=list)


def is_otter(notebook: NotebookNode) -> bool:
    """Whether the notebook is written for Otter Assign."""
    return any(
        (cell.cell_type == "raw" and (_boundary(cell) or _CONFIG.match(cell.source)))
        or (cell.cell_type == "markdown" and _OLD.search(cell.source))
        for cell in notebook.cells
    )


def otter_cells(notebook: NotebookNode, remarks: Remarks) -> Iterator[Cell]:
    """The cells of the notebook, in order, without those that are only boundaries.

    Raises:
        ImportNotebookError: a block is not closed, a config is no YAML, the format is the old one.
    """
    question: _Question | None = None
    block, opened = "", 0
    for number, node in enumerate(notebook.cells, start=1):
        if node.cell_type == "markdown" and _OLD.search(node.source):
            raise refusal(
                number,
                "this is Otter's format from before version 3, with its settings in Markdown",
                "Bring the notebook to the newer one, with raw cells, first.",
            )
        boundary = _boundary(node)
        if boundary is None:
            yield from _content(number, node, question, block, remarks)
            continue
        edge, name = boundary
        if name == "QUESTION":
            _expect(number, node, (edge == "BEGIN") == (question is None) and not block)
            if question is not None:
                yield from _tests(question, remarks)
                question = None
            else:
                question, opened = _opened(number, node, remarks), number
        else:
            _expect(
                number, node, question is not None and block == ("" if edge == "BEGIN" else name)
            )
            block = name if edge == "BEGIN" else ""
    if question is not None or block:
        raise refusal(
            opened, f"the question {question.name if question else ''!r} has no end", _END
        )


_END = "Expected: a raw cell `# END QUESTION`."


def _boundary(node: NotebookNode) -> tuple[str, str] | None:
    first = node.source.strip().split("\n")[0]
    match = _BOUNDARY.fullmatch(first) if node.cell_type == "raw" else None
    return (match[1], match[2]) if match else None


def _expect(number: int, node: NotebookNode, holds: bool) -> None:
    if not holds:
        line = node.source.strip().split("\n")[0]
        raise refusal(
            number,
            f"`{line}` stands where it may not",
            "Expected: BEGIN and END in pairs, blocks inside a question; mend them.",
        )


def _opened(number: int, node: NotebookNode, remarks: Remarks) -> _Question:
    config = _yaml(number, node.source)
    name = str(config.pop("name", "")) or f"question_{number}"
    unknown = {key: value for key, value in config.items() if key not in ("points", "manual")}
    if unknown:
        remarks.add(number, f"settings of Otter with no place here: {_shown(unknown)}")
    return _Question(number, name, config)


def _yaml(number: int, text: str) -> dict[str, Any]:
    try:
        config = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise refusal(number, f"its settings are no YAML: {_line(error)}", "Mend them.") from error
    if config is None:
        return {}
    if not isinstance(config, dict):
        raise refusal(number, f"its settings are {config!r}, no keys and values", "Mend them.")
    return {str(key): value for key, value in config.items()}


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _shown(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in values.items())


def _content(
    number: int, node: NotebookNode, question: _Question | None, block: str, remarks: Remarks
) -> Iterator[Cell]:
    text = node.source
    if node.cell_type == "raw" and _CONFIG.match(text):
        remarks.add(number, f"settings of Otter with no place here: {_shown(_yaml(number, text))}")
    elif _IGNORED.match(text):
        remarks.add(number, f"left out, as Otter leaves it out of both notebooks: `{text}`")
    elif question is not None and block == "TESTS":
        if node.cell_type == "code":
            question.tests.append((number, node))
        else:
            remarks.add(number, "text among tests; learners read it now")
            yield Cell(number, Kind.PROSE, text)
    elif question is not None and block == "SOLUTION":
        yield _solution(number, node, question, remarks)
    else:
        kinds = {"markdown": Kind.PROSE, "code": Kind.CODE}
        yield Cell(number, kinds.get(node.cell_type, Kind.OTHER), text)


def _solution(number: int, node: NotebookNode, question: _Question, remarks: Remarks) -> Cell:
    is_manual = bool(question.config.get("manual"))
    points = _number(question, question.config.get("points", 1)) if is_manual else 0
    if node.cell_type != "code":
        return Cell(number, Kind.WRITTEN, node.source, question.name, points)
    text = with_solution_regions(number, node.source, remarks)
    return Cell(number, Kind.BOTH if is_manual else Kind.ANSWER, text, question.name, points)


def _tests(question: _Question, remarks: Remarks) -> Iterator[Cell]:
    """The tests of a question, with the points that Otter would give them."""
    read = [(number, otter_test(number, node, remarks)) for number, node in question.tests]
    points = _points(question, [test.points for _, test in read])
    for at, ((number, test), worth) in enumerate(zip(read, points, strict=True), start=1):
        name = test.name or f"{question.name}_test_{at}"
        yield Cell(number, Kind.TEST, test.text, name, worth, hidden=test.hidden)


def _points(question: _Question, own: list[float | None]) -> list[float]:
    """Each test has its own points, or an equal part of what is left of the question's.

    A question without points is worth 1 when none of its tests has any.
    """
    total = question.config.get("points")
    if isinstance(total, dict):
        return [_number(question, total.get("each", 1))] * len(own)
    if isinstance(total, list):
        if len(total) != len(own):
            raise refusal(
                question.number,
                f"the question {question.name!r} has {len(own)} tests, and points for {len(total)}",
                "Mend its list of points.",
            )
        return [_number(question, each) for each in total]
    given = sum(each for each in own if each is not None)
    left = (_number(question, total) if total is not None else float(given == 0)) - given
    share = max(left, 0.0) / max(own.count(None), 1)
    return [share if each is None else each for each in own]


def _number(question: _Question, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
        raise refusal(
            question.number,
            f"the points of the question {question.name!r} are {value!r}",
            "Expected: a number; mend it.",
        )
    return float(value)

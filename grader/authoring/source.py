"""Read the source of an assignment: which cell has which role, and is it all right?

Guarantees: an `AssignmentSource` can be built, released and audited; whatever an author
can get wrong is one `SourceError` with the file, the line of the cell's header, what was
found, what was expected, and the next step. The format: docs/decisions/0002-source-format.md.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from grader.authoring.cells import AssignmentSource, SourceCell, starter
from grader.authoring.hints import HINTS, is_ladder, read_ladders
from grader.authoring.percent import PercentCell, read_cells, refusal
from grader.authoring.rules import check
from grader.configuration import did_you_mean
from grader.records import Role

__all__ = ["AssignmentSource", "SourceCell", "read_source", "starter"]


@dataclass(frozen=True)
class _Kind:
    """What the header of a role must and may hold beside the role itself."""

    role: Role
    cell_type: str
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    hidden: bool = False


_KINDS = {
    "setup": _Kind(Role.SETUP, "code"),
    "figure": _Kind(Role.FIGURE, "code"),
    "answer": _Kind(Role.ANSWER, "code", needs=("title",), may=("minutes", "shortcuts")),
    "test": _Kind(Role.TEST, "code", needs=("exercise", "points", "title")),
    "hidden": _Kind(Role.TEST, "code", needs=("exercise", "points", "title"), hidden=True),
    "written": _Kind(Role.WRITTEN, "markdown", needs=("points", "title"), may=("minutes",)),
}
_DETAILS = ("exercise", "title", "points", "minutes", "shortcuts")
_LONGEST_ID = 64  # of a cell, says nbformat 4.5


def read_source(path: Path) -> AssignmentSource:
    """Read and check the Jupytext percent file of an assignment.

    Raises:
        SourceError: the file or one of its cells breaks a rule of the format.
    """
    written = read_cells(path)
    cells = [_source_cell(path, cell) for cell in written if not is_ladder(cell)]
    hints = read_ladders(path, filter(is_ladder, written), cells)
    source = AssignmentSource(path, tuple(_with_ids_for_prose(cells)), hints)
    check(source)
    return source


def _source_cell(path: Path, cell: PercentCell) -> SourceCell:
    name = _role_key(path, cell)
    if name is None:
        return SourceCell(Role.PROSE, "", cell.source, line=cell.line, cell_type="markdown")
    kind = _KINDS[name]
    _check_type(path, cell, name, kind)
    _check_keys(path, cell, name, kind)
    details: dict[str, Any] = {key: cell.keys[key] for key in _DETAILS if key in cell.keys}
    if "shortcuts" in details:
        details["shortcuts"] = tuple(details["shortcuts"].split())
    return SourceCell(
        role=kind.role,
        id=str(cell.keys[name]),
        source=cell.source,
        hidden=kind.hidden,
        line=cell.line,
        cell_type=kind.cell_type,
        **details,
    )


def _role_key(path: Path, cell: PercentCell) -> str | None:
    """The one key that gives the cell its role; None for prose."""
    for key in cell.keys:
        if key not in (*_KINDS, *_DETAILS):
            known = (*_KINDS, HINTS, *_DETAILS)
            raise refusal(
                path,
                cell.line,
                f"the key {key!r} in the header is unknown",
                f"one of {', '.join(known)}",
                f"Mend or remove it.{did_you_mean(key, known)}",
            )
    roles = [key for key in cell.keys if key in _KINDS]
    if len(roles) == 1:
        return roles[0]
    if not roles and not cell.keys and cell.cell_type == "markdown":
        return None
    found = f"the roles {' and '.join(roles)} in one header" if roles else "a cell without a role"
    raise refusal(
        path,
        cell.line,
        found,
        f"exactly one of {', '.join((*_KINDS, HINTS))}; only prose has none",
        'Say what the cell is for, e.g. `# %% setup="imports"`',
    )


def _check_type(path: Path, cell: PercentCell, name: str, kind: _Kind) -> None:
    if cell.cell_type != kind.cell_type:
        header = "# %% [markdown]" if kind.cell_type == "markdown" else "# %%"
        raise refusal(
            path,
            cell.line,
            f"{name!r} on a {cell.cell_type} cell",
            f"a {kind.cell_type} cell",
            f"Begin the header with `{header} {name}=`",
        )


def _check_keys(path: Path, cell: PercentCell, name: str, kind: _Kind) -> None:
    for key in (name, *kind.needs):
        if key not in cell.keys:
            raise refusal(
                path,
                cell.line,
                f"the {name} cell {cell.keys[name]!r} has no {key}",
                _WORDS[key],
                f"Add it to the header, e.g. `{_EXAMPLES[key]}`",
            )
    for key, value in cell.keys.items():
        if key not in (name, *kind.needs, *kind.may):
            raise refusal(
                path,
                cell.line,
                f"the key {key!r} on a cell whose role is {name!r}",
                f"only {', '.join((name, *kind.needs, *kind.may))}",
                f"Remove {key!r}",
            )
        word = key if key in _DETAILS else "id"
        if not _ACCEPTS[word](value):
            raise refusal(
                path,
                cell.line,
                f"{key} is {value!r}",
                _WORDS[word],
                f"Write it like `{_EXAMPLES[word].replace('id=', f'{key}=')}`",
            )


def _is_id(value: object) -> bool:
    is_snake = isinstance(value, str) and re.fullmatch(r"[a-z][a-z0-9_]*", value) is not None
    return is_snake and len(str(value)) <= _LONGEST_ID


def _is_title(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable()


def _is_positive(value: object) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value) and value > 0


def _is_shortcuts(value: object) -> bool:
    names = value.split() if isinstance(value, str) else []
    is_dotted = [re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", name) for name in names]
    return bool(names) and all(is_dotted) and len(set(names)) == len(names)


_ACCEPTS = {
    "id": _is_id,
    "exercise": _is_id,
    "title": _is_title,
    "points": _is_positive,
    "minutes": _is_positive,
    "shortcuts": _is_shortcuts,
}
_WORDS = {
    "id": f"a snake_case id of at most {_LONGEST_ID} letters: a-z, 0-9 and _",
    "exercise": "the id of an answer cell",
    "title": "a text of one line that is not empty",
    "points": "a positive number",
    "minutes": "a positive number",
    "shortcuts": "dotted names apart by blanks, each once, from the library down",
}
_EXAMPLES = {
    "id": 'id="svm_loss"',
    "exercise": 'exercise="svm_loss"',
    "title": 'title="the lecture\'s three images"',
    "points": "points=2",
    "minutes": "minutes=15",
    "shortcuts": 'shortcuts="torch.nn.functional.cross_entropy scipy.special.log_softmax"',
}


def _with_ids_for_prose(cells: Iterable[SourceCell]) -> Iterable[SourceCell]:
    """Name each prose cell by its text, so that an edit elsewhere does not rename it."""
    seen: Counter[str] = Counter()
    for cell in cells:
        if cell.role is not Role.PROSE:
            yield cell
            continue
        digest = hashlib.sha256(cell.source.encode()).hexdigest()[:12]
        seen[digest] += 1
        suffix = f"-{seen[digest]}" if seen[digest] > 1 else ""
        # a hyphen, which no snake_case id holds: the two kinds of ids never meet
        yield replace(cell, id=f"prose-{digest}{suffix}")

"""Set a learner's answers into a pristine copy of the released notebook.

Only three things are taken from a submission: the text of its answers, the text of the
cells that the learner added, and their order. Metadata, tags, kernelspec, ids and outputs
are dropped, and every locked cell is the author's again; so whatever was deleted,
duplicated, retagged or edited elsewhere cannot matter.
"""

from __future__ import annotations

import ast
import copy
import hashlib
import json
import warnings
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from grader.bitmaps import KINDS, bitmap
from grader.records import Role, Script, ScriptCell, Submission

__all__ = ["Rebuilt", "pristine_notebook", "rebuild", "script_of"]

_ANSWERS = (Role.ANSWER, Role.WRITTEN)
_MAX_PARSED = 50_000  # characters; the parser takes a thousand times as many bytes
_TOP = ""  # where cells go that stand before the first cell we know


@dataclass(frozen=True)
class Rebuilt:
    """A notebook that is safe to execute, and what was odd about the submission."""

    notebook: NotebookNode
    notes: tuple[str, ...]


def pristine_notebook(source: NotebookNode, release: NotebookNode) -> NotebookNode:
    """The released notebook, with the hidden tests that only the source holds."""
    full = {name: cell for cell in source.cells if (name := _grade_id(cell))}
    pristine = copy.deepcopy(release)
    for cell in pristine.cells:
        if role_of(cell) is Role.TEST:
            cell.source = full[_grade_id(cell)].source
    return pristine


def rebuild(pristine: NotebookNode, submission: Submission) -> Rebuilt:
    """The pristine notebook with the submission's answers; unanswered when it was refused."""
    notebook = copy.deepcopy(pristine)
    if submission.refusal is not None:
        notebook.metadata["course"] = {"refusal": submission.refusal}
        notice = f"**This submission could not be read.** {submission.refusal}"
        notebook.cells.insert(0, _extra("markdown", notice, 0))
        return Rebuilt(notebook, (submission.refusal,))
    reading = _Reading(pristine, submission.notebook or {})
    rebuilt = list(reading.extras[_TOP])
    for cell in notebook.cells:
        name = _grade_id(cell) or cell.id
        if role_of(cell) in _ANSWERS:
            _answer(cell, reading)
        elif name in reading.edited:
            cell.source = reading.edited[name]
        rebuilt += [cell, *reading.extras[name]]
    notebook.cells = rebuilt
    return Rebuilt(notebook, tuple(reading.notes))


def script_of(notebook: NotebookNode, *, assignment: str, learner: str) -> Script:
    """What a rebuilt notebook asks to be executed; figures and prose are left out."""
    cells = tuple(
        _script_cell(cell)
        for cell in notebook.cells
        if cell.cell_type == "code" and role_of(cell) is not Role.FIGURE
    )
    attempted = {cell.name: cell.attempted for cell in cells if cell.role is Role.ANSWER}
    known = tuple(
        ScriptCell(**{**vars(cell), "attempted": attempted.get(cell.exercise or "", True)})
        if cell.role is Role.TEST
        else cell
        for cell in cells
    )
    return Script(assignment, learner, known, _digest(notebook))


def _digest(notebook: NotebookNode) -> str:
    texts = [(cell.cell_type, cell.source, cell.get("attachments")) for cell in notebook.cells]
    return hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()


def role_of(cell: NotebookNode) -> Role:
    """The role that the author gave a cell; what has none is prose or a plain code cell."""
    role = cell.metadata.get("course", {}).get("role")
    if role is not None:
        return Role(role)
    return Role.EXTRA if cell.cell_type == "code" else Role.PROSE


class _Reading:
    """One pass over a submission: answers by id, added cells by the cell they follow."""

    def __init__(self, pristine: NotebookNode, submitted: dict[str, Any]) -> None:
        self.answers: dict[str, str] = {}
        self.attachments: dict[str, Any] = {}
        self.edited: dict[str, str] = {}
        self.extras: dict[str, list[NotebookNode]] = defaultdict(list)
        self.notes: list[str] = []
        self._roles = {_grade_id(c): role_of(c) for c in pristine.cells if _grade_id(c)}
        self._plain = {c.id: c for c in pristine.cells if not _grade_id(c)}
        self._texts = {_normal(c.source): c.id for c in self._plain.values()}
        self._place = _TOP
        self._count = 0
        for cell in submitted.get("cells", ()):
            self._read(cell)
        for name, role in self._roles.items():
            if role in _ANSWERS and name not in self.answers:
                self.notes.append(f"the answer cell `{name}` is missing")

    def _read(self, cell: Any) -> None:
        text = _text_of(cell)
        if text is None:
            self.notes.append("a cell without readable text was left out")
            return
        name = _claimed_id(cell)
        role = self._roles.get(name)
        if role is None:
            self._read_unknown(cell, text)
            return
        self._place = name
        if role in _ANSWERS and name not in self.answers:
            self.answers[name] = text
            self.attachments[name] = _pictures(cell)
        elif role in _ANSWERS:
            # a copied cell copies its id too; run in its place, the last one wins as it did
            self.notes.append(f"the answer cell `{name}` occurs more than once")
            self._add(cell, text)

    def _read_unknown(self, cell: dict[str, Any], text: str) -> None:
        """A cell without an id of ours: the author's prose, perhaps edited, or the learner's."""
        own = self._texts.get(_normal(text))
        claimed = cell.get("id")
        if own is None and isinstance(claimed, str) and claimed in self._plain:
            own = claimed
            if self._plain[own].cell_type == "code":
                self.edited[own] = text
            else:
                self._place = own
                self._add(cell, text)
                return
        if own is not None:
            self._place = own
        else:
            self._add(cell, text)

    def _add(self, cell: dict[str, Any], text: str) -> None:
        if not text.strip() or _normal(text) in self._texts:  # the author's own, once more
            return
        kind = "code" if cell.get("cell_type") == "code" else "markdown"
        self._count += 1
        self.extras[self._place].append(_extra(kind, text, self._count))


def _answer(cell: NotebookNode, reading: _Reading) -> None:
    name = _grade_id(cell)
    starter = cell.source
    cell.source = reading.answers.get(name, starter)
    if cell.cell_type == "markdown" and reading.attachments.get(name):
        cell.attachments = reading.attachments[name]
    cell.metadata.course["attempted"] = not _same_answer(cell.source, starter, cell.cell_type)


def _same_answer(answer: str, starter: str, cell_type: str) -> bool:
    """Whether only blanks and comments differ."""
    if cell_type == "code":
        try:
            return _syntax(answer) == _syntax(starter)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass  # magics, or not Python at all: compare as text
    return _normal(answer) == _normal(starter)


def _syntax(code: str) -> str:
    if len(code) > _MAX_PARSED:
        raise ValueError("too long to be parsed here, outside of the sandbox")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the learner's code, and no concern of ours
        return ast.dump(ast.parse(code))


def _script_cell(cell: NotebookNode) -> ScriptCell:
    course = cell.metadata.get("course", {})
    role = role_of(cell)
    return ScriptCell(
        name=_grade_id(cell) or cell.id,
        role=role,
        source=cell.source,
        exercise=course.get("exercise"),
        title=course.get("title", ""),
        points=float(cell.metadata.get("nbgrader", {}).get("points", 0))
        if role is Role.TEST
        else 0,
        hidden=bool(course.get("hidden", False)),
        attempted=bool(course.get("attempted", True)),
        shortcuts=tuple(course.get("shortcuts", ())),
    )


def _extra(kind: str, text: str, number: int) -> NotebookNode:
    make = new_code_cell if kind == "code" else new_markdown_cell
    role = Role.EXTRA if kind == "code" else Role.PROSE
    metadata = NotebookNode(course=NotebookNode(role=role.value))
    return make(source=text, id=f"extra-{number:04d}", metadata=metadata)


def _grade_id(cell: NotebookNode) -> str:
    """The nbgrader id of one of our own cells, or an empty string."""
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def _claimed_id(cell: dict[str, Any]) -> str:
    """The nbgrader id that a submitted cell claims; it decides only which text is taken."""
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return name if isinstance(name, str) else ""


def _text_of(cell: Any) -> str | None:
    """A submitted cell's text; nbformat allows a string or a list of lines."""
    source = cell.get("source") if isinstance(cell, dict) else None
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    # lone surrogates cannot be written as UTF-8 again
    return source.encode("utf-8", "replace").decode() if isinstance(source, str) else None


def _pictures(cell: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The bitmaps that a written answer carries; nothing that could hold a script."""
    attachments = cell.get("attachments")
    kept: dict[str, dict[str, str]] = {}
    for name, bundle in attachments.items() if isinstance(attachments, dict) else ():
        images = {
            kind: picture
            for kind in KINDS
            if isinstance(bundle, dict) and (picture := bitmap(kind, bundle.get(kind)))
        }
        if images and name.isprintable():  # half of a surrogate pair cannot be written
            kept[name] = images
    return kept


def _normal(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())

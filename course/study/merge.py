"""Bring a learner's notebook up to a new release, cell by cell, without losing a word of theirs.

A three-way merge with an owner for each cell: what the learner is meant to write (answers, and
cells of their own) is theirs; everything else is the course's, and becomes that of the new
release. So there are no conflicts, and never a marker in the middle of an answer. A pure
function of three notebooks: the release that the learner started from (`base`), the learner's
notebook (`mine`), and the new release.

- An answer that differs from its stub stays; an untouched one becomes the new stub.
- A cell of the learner's own stays behind the cell that it followed, or behind what took that
  cell's place. So does the learner's text where they wrote into the course's prose.
- An answer whose exercise is gone stays as a cell of the learner's own, below a note.
- Outputs stay where the code above them stays.
- What was deleted, copied or edited elsewhere in the course's cells is whole again.
"""

from __future__ import annotations

import copy
import difflib
import itertools
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from course.study.matching import match_cells, name_of, role_of, same_text
from course.study.notebooks import Cell, Notebook

__all__ = ["Merged", "merge"]

_TOP = ""  # where cells go that stand before the first cell of the course
_LOCKED = ("setup", "figure", "test")
_PROSE_ID = re.compile(r"prose-[0-9a-f]{12}(-\d+)?")  # as the course names its prose
_CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")  # as nbformat wants it
_COURSE_KEYS = ("nbgrader", "course", "deletable", "editable")


@dataclass(frozen=True)
class Merged:
    """The merged notebook, and what became of its cells, by name.

    Attributes:
        kept: the learner's answers.
        restated: those of them whose stub, with its description, is another one now.
        renewed: cells of the course that have a new text.
        added: cells that the learner did not have.
        removed: cells that the new release has no more.
        orphans: answers of the learner's whose exercise is gone.
    """

    notebook: Notebook
    kept: tuple[str, ...] = ()
    restated: tuple[str, ...] = ()
    renewed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()


def merge(base: Notebook | None, mine: Notebook, release: Notebook) -> Merged:
    """The new release with the learner's work in it.

    Args:
        base: the release that `mine` was started from; None when it is lost. Then every answer
            that differs from its new stub counts as the learner's.
        mine: the learner's notebook, whatever state it is in.
        release: the notebook that the course hands out now.
    """
    reading = _Reading(base, mine, release)
    cells = list(reading.own[_TOP])
    for name, new in reading.release.items():
        cells += [reading.renewed(name, new), *reading.own[name]]
    notebook = {
        "cells": cells,
        # the learner's come second: they may have chosen a kernel
        "metadata": {**release["metadata"], **mine["metadata"]},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    kept = tuple(name for name in reading.release if reading.is_kept(name))
    return Merged(
        notebook,
        kept=kept,
        restated=tuple(name for name in kept if reading.is_restated(name)),
        renewed=tuple(name for name in reading.release if reading.is_renewed(name)),
        added=tuple(name for name in reading.release if name not in reading.mine),
        removed=tuple(name for name in reading.base if name not in reading.release),
        orphans=tuple(reading.orphans),
    )


class _Reading:
    """One pass over a learner's notebook: the course's cells by name, their own by place."""

    def __init__(self, base: Notebook | None, mine: Notebook, release: Notebook) -> None:
        self.release = {name_of(cell): cell for cell in release["cells"]}
        self.base = {name_of(cell): cell for cell in base["cells"]} if base else {}
        self.mine: dict[str, Cell] = {}
        self.own: dict[str, list[Cell]] = defaultdict(list)
        self.orphans: list[str] = []
        self._is_base_lost = base is None
        self._places = _places(list(self.base), list(self.release))
        self._place = _TOP
        self._ids = {str(cell.get("id")) for cell in release["cells"]}
        for cell, name in match_cells(mine, *filter(None, [base, release])):
            self._read(cell, name)

    def renewed(self, name: str, new: Cell) -> Cell:
        """A cell of the release, with what the learner wrote in it and what it put out."""
        cell, old = copy.deepcopy(new), self.mine.get(name)
        if old is None:
            return cell
        if self.is_kept(name):
            cell["source"] = old["source"]
            if cell["cell_type"] == "markdown" and old.get("attachments"):
                cell["attachments"] = copy.deepcopy(old["attachments"])
        if cell["cell_type"] == old["cell_type"] == "code" and cell["source"] == old["source"]:
            cell["outputs"] = copy.deepcopy(old.get("outputs", []))
            cell["execution_count"] = old.get("execution_count")
        return cell

    def is_kept(self, name: str) -> bool:
        """Whether the text of this cell of the release is the learner's."""
        if name not in self.mine or not _is_answer(self.release[name]):
            return False
        return self._is_changed(self.mine[name], name)

    def is_restated(self, name: str) -> bool:
        """Whether the stub of this cell is another one than in the base."""
        old = self.base.get(name)
        return old is not None and not same_text(old["source"], self.release[name]["source"])

    def is_renewed(self, name: str) -> bool:
        """Whether the text of this cell becomes another one than the learner had."""
        if name not in self.mine or self.is_kept(name):
            return False
        return not same_text(self.mine[name]["source"], self.release[name]["source"])

    def _read(self, cell: Cell, name: str) -> None:
        if not name:
            if not self._is_left_over(cell):
                self._add(cell)
            return
        self._place = self._places.get(name, self._place)
        if name in self.release:
            self.mine[name] = cell
        known = self.release.get(name) or self.base[name]
        if _is_answer(known):
            if name not in self.release and self._is_changed(cell, name):
                self._keep_orphan(cell, name)
        elif role_of(known) not in _LOCKED and self._is_changed(cell, name):
            self._add(cell)  # the learner wrote into the course's prose

    def _is_changed(self, cell: Cell, name: str) -> bool:
        """Whether the text is the learner's: there is one, and it is no stub that we know."""
        stubs = [cells[name]["source"] for cells in (self.base, self.release) if name in cells]
        if not cell["source"].strip() and not cell.get("attachments"):
            return False
        return not any(same_text(cell["source"], stub) for stub in stubs)

    def _is_left_over(self, cell: Cell) -> bool:
        """Whether an unknown cell is nothing of the learner's: empty, a copy, or an old one."""
        if not cell["source"].strip() and not cell.get("attachments"):
            return True
        name = name_of(cell)
        if name in self._places and not self._is_changed(cell, name):
            return True
        marks = cell["metadata"].get("nbgrader")
        is_locked = isinstance(marks, dict) and marks.get("locked") is True
        return self._is_base_lost and (is_locked or bool(_PROSE_ID.fullmatch(name)))

    def _add(self, cell: Cell) -> None:
        """Set a cell here as one of the learner's own: without what makes it the course's."""
        own = copy.deepcopy(cell)
        for key in _COURSE_KEYS:
            own["metadata"].pop(key, None)
        wanted = str(own.get("id", ""))
        free = wanted not in self._ids and _CELL_ID.fullmatch(wanted)
        own["id"] = wanted if free else self._new_id()
        self._ids.add(own["id"])
        self.own[self._place].append(own)

    def _new_id(self) -> str:
        names = (f"own-{number:04d}" for number in itertools.count(1))
        return next(name for name in names if name not in self._ids)

    def _keep_orphan(self, cell: Cell, name: str) -> None:
        self.orphans.append(name)
        note = (
            f"*Kept for you:* your answer to `{name}`. The exercise is no longer part of this "
            "assignment; the cell below is yours now, to keep or to delete."
        )
        self._add({"cell_type": "markdown", "metadata": {}, "source": note})
        self._add(cell)


def _is_answer(cell: Cell) -> bool:
    """Whether learners write into this cell of the course; plain code cells are for trying out."""
    role = role_of(cell)
    return role in ("answer", "written") or (not role and cell["cell_type"] == "code")


def _places(base: Sequence[str], release: Sequence[str]) -> dict[str, str]:
    """Where in the release the place of each cell is that there is or was."""
    places = {}
    matcher = difflib.SequenceMatcher(None, base, release, autojunk=False)
    for _, start, end, first, last in matcher.get_opcodes():
        for number in range(start, end):
            # what took its place, or else the cell in front of it
            there = min(first + number - start, last - 1)
            places[base[number]] = release[there] if there >= 0 else _TOP
    return places | {name: name for name in release}

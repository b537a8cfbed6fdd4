"""Say which of the course's cells each cell of a learner's notebook is.

Each step looks only at what the steps before it left open: by the name that nbgrader keeps in
the metadata, by the cell's id, by its text, for answers by the function that it defines, for
written answers by its place. So a file whose metadata another tool has taken away is still
understood. Of two cells that claim one name the first has it, as when the notebook is graded;
the second is the learner's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from course.study.notebooks import Cell, Notebook

__all__ = ["Match", "match_cells", "name_of", "role_of", "same_text"]

Match = tuple[Cell, str]  # a cell and its name; "" for a cell of the learner's own

_DEFINED = re.compile(r"^(?:async\s+)?(?:def|class)\s+(\w+)", re.M)


def match_cells(mine: Notebook, *courses: Notebook) -> list[Match]:
    """The cells of `mine` in order, each with its name in one of the course's notebooks."""
    matching = _Matching(mine, courses)
    matching.claim(_grade_id)
    matching.claim(lambda cell: str(cell.get("id", "")))
    matching.claim_by_text()
    matching.claim(matching.answer_defined_by)
    matching.claim_by_place()
    return list(zip(mine["cells"], matching.names, strict=True))


def name_of(cell: Cell) -> str:
    """The name of one of the course's cells: nbgrader's, or the cell's id."""
    return _grade_id(cell) or str(cell.get("id", ""))


def role_of(cell: Cell) -> str:
    """The role that the author gave a cell; "" for prose, and for cells that are not ours."""
    about = cell["metadata"].get("course")
    return str(about.get("role", "")) if isinstance(about, dict) else ""


def same_text(one: str, other: str) -> bool:
    """Whether two texts differ in nothing but blanks at the ends of lines, and empty ends."""
    return _normal(one) == _normal(other)


class _Matching:
    def __init__(self, mine: Notebook, courses: Iterable[Notebook]) -> None:
        self.cells = mine["cells"]
        self.orders = [[name_of(cell) for cell in course["cells"]] for course in courses]
        self.course = {name_of(cell): cell for course in courses for cell in course["cells"]}
        self.texts: dict[tuple[str, str], list[str]] = {}
        for course in courses:
            for cell in course["cells"]:
                self.texts.setdefault(_text_key(cell), []).append(name_of(cell))
        self.names = [""] * len(self.cells)
        self.free = set(self.course)

    def claim(self, claimed: Callable[[Cell], str]) -> None:
        """Give each unnamed cell the name that it claims, if it is still free."""
        for number, cell in enumerate(self.cells):
            if not self.names[number]:
                self._name(number, claimed(cell))

    def claim_by_text(self) -> None:
        for number, cell in enumerate(self.cells):
            for name in self.texts.get(_text_key(cell), ()):
                if not self.names[number]:
                    self._name(number, name)

    def answer_defined_by(self, cell: Cell) -> str:
        """The answer whose function a code cell defines, or nothing."""
        if cell["cell_type"] != "code":
            return ""
        defined = set(_DEFINED.findall(cell["source"]))
        answers = (name for name in self.free if role_of(self.course[name]) == "answer")
        return next((name for name in sorted(answers) if self._function(name) in defined), "")

    def claim_by_place(self) -> None:
        """A text cell right behind the cell that a written answer follows is that answer."""
        above = ""
        for number, cell in enumerate(self.cells):
            if not self.names[number] and cell["cell_type"] == "markdown":
                behind = self._behind(above)
                if behind in self.free and role_of(self.course[behind]) == "written":
                    self._name(number, behind)
            above = self.names[number] or above

    def _name(self, number: int, name: str) -> None:
        if name in self.free:
            self.free.remove(name)
            self.names[number] = name

    def _function(self, name: str) -> str:
        """The function that an answer's stub defines first; its name, where there is none."""
        found = _DEFINED.search(self.course[name]["source"])
        return found.group(1) if found else name

    def _behind(self, name: str) -> str:
        for order in self.orders:
            if name in order[:-1]:
                return order[order.index(name) + 1]
        return ""


def _grade_id(cell: Cell) -> str:
    marks = cell["metadata"].get("nbgrader")
    return str(marks.get("grade_id", "")) if isinstance(marks, dict) else ""


def _text_key(cell: Cell) -> tuple[str, str]:
    return cell["cell_type"], _normal(cell["source"])


def _normal(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())

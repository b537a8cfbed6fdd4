"""Stale state: an answer that works only because of what a fresh run would not have.

A kernel remembers what no cell says any more. For the names that an answer reaches, this
module asks of the notebook as it stands: does a cell bind it, and does that cell stand above
the answer? The notebook as it stands is the saved file, with the texts of the cells that
were run after it was saved.
"""

from __future__ import annotations

import builtins
import dis
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from course.checking.history import Execution, History, names_bound_by
from course.checking.notebook_file import SavedNotebook

__all__ = ["Stale", "find_stale", "names_reached", "withheld_names"]

_DEEPEST = 200  # functions that are followed from one answer


@dataclass(frozen=True)
class Stale:
    """One thing that a fresh run would see differently, in words for the learner."""

    name: str
    message: str


@dataclass(frozen=True)
class _Now:
    """A code cell as it stands now."""

    id: str
    source: str
    names: frozenset[str]


def find_stale(
    exercise: str, names: Mapping[str, Any], history: History, saved: SavedNotebook | None
) -> tuple[Stale, ...]:
    """What the answer `exercise` owes to the past of this kernel.

    Args:
        exercise: the id of the answer, which is the name of its function.
        names: the live names of the kernel.
        history: what was run in it.
        saved: the notebook's file; without it only the history can be asked, by which a
            cell counts as it was last run.
    """
    cells = _cells_now(history, saved)
    place = _position(cells, exercise)
    found = [
        _edited(exercise, history, saved),
        *(
            _unbound(name, cells, place, history, is_saved=saved is not None)
            for name in sorted(names_reached(exercise, names))
        ),
    ]
    return tuple(each for each in found if each is not None)


def names_reached(name: str, names: Mapping[str, Any]) -> set[str]:
    """The notebook's names that a function uses, by itself or through the functions it uses."""
    reached: set[str] = set()
    todo = [names.get(name)]
    for _ in range(_DEEPEST):
        if not todo:
            break
        for used in _globals_of(todo.pop()):
            if used in names and used not in reached and used != name:
                reached.add(used)
                if _is_own(names[used], names):
                    todo.append(names[used])
    return {each for each in reached if not each.startswith("_") and not hasattr(builtins, each)}


def withheld_names(
    exercise: str, names: Mapping[str, Any], withheld: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """The names that an answer reaches and that come from a withheld module, with the module."""
    for name in sorted(names_reached(exercise, names)):
        value = names[name]
        module = value.__name__ if isinstance(value, types.ModuleType) else _module_of(value)
        for each in withheld:
            if module == each or module.startswith(f"{each}."):
                yield name, each


def _module_of(value: Any) -> str:
    module = getattr(value, "__module__", None)
    return module if isinstance(module, str) else ""


def _is_own(value: Any, names: Mapping[str, Any]) -> bool:
    """Whether this is a function or class that the notebook itself defines."""
    home = getattr(value, "__globals__", None)
    return home is names or (isinstance(value, type) and value.__module__ == "__main__")


def _globals_of(value: Any) -> Iterator[str]:
    """The global names in the code of a function or of a class's methods."""
    if isinstance(value, type):
        for member in vars(value).values():
            yield from _globals_of(member)
        return
    value = getattr(value, "__wrapped__", value)
    codes = [getattr(value, "__code__", None)]
    while codes:
        code = codes.pop()
        if not isinstance(code, types.CodeType):
            continue
        codes += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
        for step in dis.get_instructions(code):
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME") and isinstance(step.argval, str):
                yield step.argval


def _cells_now(history: History, saved: SavedNotebook | None) -> list[_Now]:
    """The code cells in order; without a file, in the order of their last runs."""
    if saved is None:
        last: dict[str, Execution] = {}
        for number, run in enumerate(history):
            key = run.cell_id or str(number)
            last.pop(key, None)
            last[key] = run
        return [_Now(run.cell_id, run.source, run.names) for run in last.values()]
    cells = []
    for cell in saved.cells:
        latest = history.last_of_cell(cell.id) if cell.id else None
        is_newer = latest is not None and latest.time > saved.saved
        source = latest.source if latest is not None and is_newer else cell.source
        cells.append(_Now(cell.grade_id or cell.id, source, names_bound_by(source)))
    known = {cell.id for cell in saved.cells}
    # a cell that is younger than the file: where it stands is not known yet
    young = {run.cell_id: run for run in history if run.time > saved.saved and run.cell_id}
    cells += [
        _Now("", run.source, run.names) for cell_id, run in young.items() if cell_id not in known
    ]
    return cells


def _position(cells: Sequence[_Now], exercise: str) -> int:
    places = [place for place, cell in enumerate(cells) if exercise in cell.names]
    return places[-1] if places else len(cells)


def _edited(exercise: str, history: History, saved: SavedNotebook | None) -> Stale | None:
    """The answer's cell was changed and saved after it was run."""
    cell = saved.cell_of(exercise) if saved is not None else None
    run = history.last_binding(exercise)
    if saved is None or cell is None or run is None or run.time >= saved.saved:
        return None
    if names_bound_by(cell.source) and _words(cell.source) != _words(run.source):
        return Stale(
            exercise,
            f"The cell of `{exercise}` was changed after it was run; what was checked is the "
            "older version. Run the cell, then check again.",
        )
    return None


def _words(source: str) -> list[str]:
    lines = (line for line in source.split("\n") if not line.lstrip().startswith("%"))
    return "\n".join(lines).split()


def _unbound(
    name: str, cells: Sequence[_Now], place: int, history: History, *, is_saved: bool
) -> Stale | None:
    """`name` is bound by no cell, or only by cells that a fresh run reaches later."""
    binding = [index for index, cell in enumerate(cells) if name in cell.names]
    if not binding:
        run = history.last_binding(name)
        if run is None:
            return None  # bound by a magic, the front end or code that we cannot read
        return Stale(
            name,
            f"It uses `{name}`, which no cell defines any more: it is left over from "
            f"In [{run.number}], whose cell was changed or deleted. After a restart it would be "
            "missing. Put its definition back into a cell above.",
        )
    if is_saved and min(binding) > place and all(cells[index].id for index in binding):
        below = cells[min(binding)]
        return Stale(
            name,
            f"It uses `{name}`, which is defined further down, in the cell that begins with "
            f"`{_first_line(below.source)}`. It works only because that cell was run before. "
            "Move the definition above the answer.",
        )
    return None


def _first_line(source: str) -> str:
    return next((line.strip() for line in source.split("\n") if line.strip()), "")[:60]

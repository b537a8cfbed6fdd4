"""Withheld modules: what an exercise asks a learner to write cannot be imported meanwhile.

course.toml names them for an assignment. While it is graded, an import of one fails in the
learner's process with words that say why, in every sandbox: that is the finder below. The
finder is courtesy, and code that takes it away gains nothing under bubblewrap, which covers
the files themselves (`places` says which). The tests' own process has the whole library.
Option chosen: files and finder, both told by name; nothing is deleted from a library that
other processes use at the same time.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = [
    "Withheld",
    "imported",
    "library_modules",
    "may_be_withheld",
    "places",
    "withheld_in",
    "withhold",
]

LIBRARY = Path(__file__).parents[1]
_PACKAGE = LIBRARY.name
# what a learner's process itself runs, and what its test cells and setup cells stand on
_NEEDED = ("course", "course.errors", "course.link", "course.testing")


@dataclass(frozen=True)
class Withheld:
    """The modules that the learners of one assignment are asked to write; empty: none."""

    assignment: str = ""
    modules: tuple[str, ...] = ()

    def reason(self, module: str) -> str | None:
        """Why `module` cannot be imported, and what to do; None when it can.

        Example:
            >>> Withheld("loss_functions", ("course.losses",)).reason("course.losses.hinge")
            'course.losses is withheld while loss_functions is graded: writing it is the exercise. \
What is tested is your own function; remove the import.'
        """
        for name in self.modules:
            if _is_in(module, name):
                return (
                    f"{name} is withheld while {self.assignment} is graded: writing it is the "
                    "exercise. What is tested is your own function; remove the import."
                )
        return None

    def as_option(self) -> dict[str, Any]:
        """As a learner's process is told it, in JSON; `withheld_in` reads it."""
        return {"withheld": asdict(self)}


def withheld_in(options: Mapping[str, Any]) -> Withheld:
    """What the options of a learner's process say is withheld."""
    said = options.get("withheld", {})
    return Withheld(said.get("assignment", ""), tuple(said.get("modules", ())))


class _Finder:
    """First among the finders: refuses a withheld module with the reason."""

    def __init__(self, withheld: Withheld) -> None:
        self._withheld = withheld

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """See `importlib.abc.MetaPathFinder.find_spec`."""
        reason = self._withheld.reason(name)
        if reason is not None:
            # Without the module's name in it: for an error that names what is looked for,
            # `from course import losses` would say that there is no such name, and not why.
            raise ModuleNotFoundError(reason)
        return None


def withhold(withheld: Withheld) -> None:
    """Refuse the modules in this process from now on.

    Raises:
        RuntimeError: one of them is imported already, and so within reach.
    """
    there = imported(withheld.modules)
    if there:
        raise RuntimeError(f"{', '.join(there)} cannot be withheld: it is imported already")
    if withheld.modules:
        sys.meta_path.insert(0, _Finder(withheld))


def imported(modules: Iterable[str]) -> list[str]:
    """Those of the modules that this process has imported, or whose parts it has."""
    return sorted(name for name in modules if any(_is_in(each, name) for each in sys.modules))


def library_modules() -> tuple[str, ...]:
    """The names of all modules and packages of the library, without importing any."""
    return tuple(sorted({_name(path) for path in LIBRARY.rglob("*.py")}))


def may_be_withheld(module: str) -> bool:
    """Whether a learner's process does without it."""
    return module not in _NEEDED and not _is_in(module, "course.link")


def places(modules: Sequence[str]) -> list[Path]:
    """The folders and files that hold the modules, byte code included.

    A package is its folder. A module is its file and the *whole* ``__pycache__`` beside it:
    the byte code may be written later, by the tests' process, under a name of its Python.
    """
    found: list[Path] = []
    for name in modules:
        if any(_is_in(name, other) for other in modules if other != name):
            continue  # covered together with the package that it is in
        path = LIBRARY.joinpath(*name.split(".")[1:])
        beside = [path.with_suffix(".py"), path.parent / "__pycache__"]
        found += [path] if path.is_dir() else beside
    return list(dict.fromkeys(found))


def _name(path: Path) -> str:
    parts = path.relative_to(LIBRARY).with_suffix("").parts
    return ".".join((_PACKAGE, *parts)).removesuffix(".__init__")


def _is_in(module: str, name: str) -> bool:
    return module == name or module.startswith(f"{name}.")

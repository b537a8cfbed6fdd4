"""A group of commands whose modules are imported when they are asked for.

Importing nbgrader and JupyterHub takes seconds, and most commands need neither or one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

__all__ = ["LazyGroup"]


class LazyGroup(TyperGroup):
    """Finds its commands in `places`: by name, a module of this package and what it is in it.

    For example ``{"grade": "grade:grade"}``. Given to Typer as ``cls``, by a subclass.
    """

    places: Mapping[str, str]

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = _Commands(self.places)  # type: ignore[assignment]  # nobody adds to it

    def list_commands(self, ctx: Any) -> list[str]:
        """The names in the order of `places`."""
        return list(self.places)


class _Commands(Mapping[str, Any]):
    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places

    def __getitem__(self, name: str) -> Any:
        return _imported(name, self._places[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


@cache
def _imported(name: str, place: str) -> Any:
    module, _, attribute = place.partition(":")
    found = getattr(import_module(f"{__package__}.{module}"), attribute)
    if not isinstance(found, typer.Typer):
        function = found
        found = typer.Typer(add_completion=False, rich_markup_mode=None)
        found.command(name)(function)
    return typer.main.get_command(found)

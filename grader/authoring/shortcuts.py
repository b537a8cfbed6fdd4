"""Shortcuts as an author declares them: are they there, and does calling one cost the marks?

`find_shortcut` imports, which only the audit does; while grading nothing is imported for the
sake of a name. `answer_by_shortcuts` writes an answer that no learner should get marks for.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Sequence
from functools import reduce

__all__ = ["answer_by_shortcuts", "find_shortcut"]


def find_shortcut(name: str) -> tuple[str, str]:
    """The module that a dotted name begins with, and the rest of the name.

    Raises:
        LookupError: there is no such thing, or it cannot be called; says what is missing.

    Example:
        >>> find_shortcut("numpy.linalg.norm")
        ('numpy.linalg', 'norm')
    """
    parts = name.split(".")
    module, found = parts[0], _module(parts[0])
    if found is None:
        raise LookupError(f"there is no module {module!r}")
    cut = 1
    while cut < len(parts) - 1 and (deeper := _module(".".join(parts[: cut + 1]))) is not None:
        module, found, cut = ".".join(parts[: cut + 1]), deeper, cut + 1
    try:
        shortcut = reduce(getattr, parts[cut:], found)
    except AttributeError as error:
        raise LookupError(f"{module} has no {'.'.join(parts[cut:])!r}") from error
    if not callable(shortcut) or inspect.ismodule(shortcut):
        raise LookupError(f"{name} cannot be called")
    return module, ".".join(parts[cut:])


def answer_by_shortcuts(exercise: str, reference: str, names: Sequence[str]) -> str:
    """A right answer that calls each of the shortcuts first, and hides what they raise.

    Args:
        exercise: the id of the answer.
        reference: the text of a right answer.
        names: the shortcuts; each is there (`find_shortcut`).
    """
    pairs = [find_shortcut(name) for name in names]
    return f"""{reference}

_without_shortcuts = {exercise}

def {exercise}(*args, **kwargs):
    import functools, importlib
    for module, path in {pairs!r}:
        shortcut = functools.reduce(getattr, path.split("."), importlib.import_module(module))
        try:
            shortcut()
        except Exception:
            pass
    return _without_shortcuts(*args, **kwargs)
"""


def _module(name: str) -> object | None:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return None

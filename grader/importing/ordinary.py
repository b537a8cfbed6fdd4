"""Decide what code that is neither answer nor test is for: set-up, or something to look at.

Code that answers or tests need, directly or through other such code, is set-up and runs wherever
they run; the rest is skipped when grading.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence

from grader.importing.foreign import Cell, Kind, Piece, Remarks
from grader.importing.python import bound_names, parse, used_names

__all__ = ["code_pieces"]


def code_pieces(
    part: Cell,
    parts: Sequence[Cell],
    exercises: Mapping[str, int],
    name: Callable[[], str],
    remarks: Remarks,
) -> Iterator[Piece]:
    """The cell as set-up or figure, or as a block of text where it is no Python at all."""
    if not part.text.strip():
        return
    tree = parse(part.text)
    if not isinstance(tree, ast.Module) or not tree.body:
        why = "no statement in it" if isinstance(tree, ast.Module) else "no plain Python"
        remarks.add(part.number, f"{why}; it is a block of text now")
        yield Piece(part.number, f"```python\n{part.text.strip()}\n```", is_prose=True)
        return
    is_needed = bool(bound_names(tree.body) & _needed(parts)) or _only_imports(tree)
    if is_needed and used_names(tree) & set(exercises):
        remarks.add(part.number, "calls an answer, and tests need it: move it into those tests")
    yield Piece(part.number, part.text.strip("\n"), {"setup" if is_needed else "figure": name()})


def _only_imports(tree: ast.Module) -> bool:
    return all(isinstance(node, (ast.Import, ast.ImportFrom)) for node in tree.body)


def _needed(parts: Sequence[Cell]) -> set[str]:
    """The names that answers and tests read, and those that these come from."""
    trees = [(part, tree) for part in parts if isinstance(tree := parse(part.text), ast.Module)]
    tested = (Kind.ANSWER, Kind.TEST)
    needed = {name for part, tree in trees if part.kind in tested for name in used_names(tree)}
    code = [tree for part, tree in trees if part.kind is Kind.CODE]
    while True:
        more = {
            name for tree in code if bound_names(tree.body) & needed for name in used_names(tree)
        }
        if more <= needed:
            return needed
        needed |= more

"""Make foreign test cells ours: visible or hidden as a whole, each with its exercise.

A cell with both kinds of lines becomes two cells that share its points.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import replace

from grader.importing.foreign import Cell, Piece, Remarks, refusal
from grader.importing.marks import HIDDEN_TESTS, has_region, marked_lines
from grader.importing.python import parse, used_names

__all__ = ["split_test", "test_pieces"]


def split_test(cell: Cell, remarks: Remarks) -> list[Cell]:
    """A test as it is, or in a visible and a hidden part.

    Raises:
        ImportNotebookError: it cannot be parsed, or its delimiters do not pair.
    """
    lines = marked_lines(cell.number, cell.text, HIDDEN_TESTS)
    _tree(cell, "\n".join(line for line, _ in lines))
    if not has_region(cell.text, HIDDEN_TESTS):
        return [cell]
    whole = replace(cell, text="\n".join(line for line, _ in lines).strip("\n"), hidden=True)
    seen = "\n".join(line for line, inside in lines if not inside).strip("\n")
    visible, concealed = parse(seen), [line for line, inside in lines if inside]
    if isinstance(visible, ast.Module) and not visible.body:
        return [whole]
    kept = textwrap.dedent("\n".join(concealed)).strip("\n")
    first, last = _edges([inside for _, inside in lines])
    after = any(line.strip() for line, _ in lines[last + 1 :])
    in_a_row = all(inside for _, inside in lines[first : last + 1])
    if after or not in_a_row or not _are_python(seen, kept):
        remarks.add(cell.number, "visible and hidden lines are mixed; all of them are hidden now")
        return [whole]
    remarks.add(
        cell.number,
        f"visible and hidden lines are two tests now, with half of the {cell.points:g} points each",
    )
    half = replace(cell, points=cell.points / 2)
    name = f"{cell.id}_hidden" if cell.id else ""
    return [replace(half, text=seen), replace(half, text=kept, id=name, hidden=True)]


def test_pieces(cell: Cell, exercises: Mapping[str, int], remarks: Remarks) -> Iterator[Piece]:
    """The test under its header, with the exercise that it belongs to; `cell.id` is ours."""
    title = _title(cell.id)
    if cell.points <= 0 and not cell.hidden:
        remarks.add(
            cell.number, f"{cell.id!r} carries no points: learners run it, nothing marks it"
        )
        yield Piece(cell.number, cell.text.strip("\n"), {"figure": cell.id})
        return
    if cell.points <= 0:
        remarks.add(cell.number, f"{cell.id!r} is hidden and has no points; give it some")
    exercise = _exercise(cell, exercises)
    if not exercise:
        remarks.add(cell.number, f"{cell.id!r} stands below no answer of ours: name its exercise")
    keys: dict[str, str | float] = {"exercise": exercise, "points": cell.points, "title": title}
    yield Piece(
        cell.number, cell.text.strip("\n"), {"hidden" if cell.hidden else "test": cell.id} | keys
    )


def _title(name: str) -> str:
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _exercise(cell: Cell, exercises: Mapping[str, int]) -> str:
    """The nearest answer above that the test uses; the nearest above when it uses none."""
    above = [name for name, number in exercises.items() if number <= cell.number]
    used = used_names(_tree(cell, cell.text))
    return next((name for name in reversed(above) if name in used), (above or [""])[-1])


def _tree(cell: Cell, text: str) -> ast.Module:
    tree = parse(text)
    if isinstance(tree, ast.Module):
        return tree
    raise refusal(
        cell.number,
        f"the test {cell.id!r} cannot be parsed: {tree.msg} in line {tree.lineno}",
        "Mend the code in the notebook.",
    )


def _edges(inside: list[bool]) -> tuple[int, int]:
    return inside.index(True), len(inside) - 1 - inside[::-1].index(True)


def _are_python(*texts: str) -> bool:
    return all(isinstance(tree := parse(text), ast.Module) and tree.body for text in texts)

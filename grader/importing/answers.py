"""Make a foreign answer cell one of ours: a single documented function, its solution inside.

Guarantees: nothing that learners were not given reaches them, except what ours must show them
(the line of the `def` and the docstring), and then a remark says so. What cannot be split or
marked stays whole, under the header of an answer: the next reading refuses it, and it cannot
be released before its author has mended it.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from grader.authoring.cells import CODE_STUB, SOLUTION, begin, end, without
from grader.importing.foreign import Cell, Kind, Remarks, refusal
from grader.importing.marks import marked_lines
from grader.importing.python import first_line, parse

__all__ = ["BY_HAND", "function_of", "split_answer", "tidy_answer"]

Lines = list[tuple[str, bool]]
BY_HAND = (
    "is more than functions, so it stays as it is, and cannot be built: make each answer one "
    "function, by hand"
)


def function_of(cell: Cell) -> ast.FunctionDef | None:
    """The one function that the cell defines; None where it holds anything else."""
    body = _body(cell, _lines(cell))
    is_function = len(body) == 1 and isinstance(body[0], ast.FunctionDef)
    return body[0] if is_function else None  # type: ignore[return-value]


def split_answer(cell: Cell, remarks: Remarks) -> list[Cell]:
    """The answer in cells of its own kind: code above, each function, what follows.

    A cell that cannot be split is returned whole, with a remark.
    """
    lines = _lines(cell)
    body = _body(cell, lines)
    parts = _parts(lines, body)
    functions = [at for at, node in enumerate(body) if isinstance(node, ast.FunctionDef)]
    has_marks = any(inside for _, inside in lines)
    others = [part for at, part in enumerate(parts) if at not in functions]
    secret = any(inside for part in others for _, inside in part)
    if not functions or secret or (not has_marks and not _one_and_imports(body, functions)):
        remarks.add(cell.number, BY_HAND)
        return [cell]
    if len(body) == 1:
        return [cell]
    found = []
    for at, part in enumerate(parts):
        is_answer = at in functions and (any(inside for _, inside in part) or not has_marks)
        kind = Kind.ANSWER if is_answer else Kind.CODE
        found.append(replace(cell, kind=kind, text=_text(part), id=cell.id if is_answer else ""))
    answers = sum(each.kind is Kind.ANSWER for each in found)
    remarks.add(cell.number, f"split: {answers} answer{'s' * (answers > 1)}, and code around it")
    return _joined(found)


def tidy_answer(cell: Cell, remarks: Remarks) -> Cell:
    """The cell of one function, with a docstring and one region inside of its body."""
    lines = _lines(cell)
    function = function_of(cell)
    assert function is not None
    inside = [number for number, (_, within) in enumerate(lines, start=1) if within]
    heading = _end_of_heading(function, [line for line, _ in lines])
    if heading is None:
        remarks.add(cell.number, "its function stands on one line; write it over several, by hand")
        return cell
    if not _is_one_region(inside, heading):
        end_of_body = function.end_lineno or len(lines)
        lines = [(line, heading < at <= end_of_body) for at, (line, _) in enumerate(lines, 1)]
        remarks.add(cell.number, _why(inside, heading))
    lines = _with_docstring(cell, lines, function, heading, remarks)
    tidied = replace(cell, text=_text(lines))
    if not isinstance(parse(without(tidied.text, SOLUTION, CODE_STUB)), ast.Module):
        remarks.add(cell.number, "is no Python once its solution is taken out; mend it by hand")
    return tidied


def _lines(cell: Cell) -> Lines:
    return marked_lines(cell.number, cell.text, SOLUTION)


def _body(cell: Cell, lines: Lines) -> list[ast.stmt]:
    tree = parse("\n".join(line for line, _ in lines))
    if isinstance(tree, ast.Module):
        return tree.body
    raise refusal(
        cell.number,
        f"the answer {cell.id!r} cannot be parsed: {tree.msg} in line {tree.lineno}",
        "Mend the code in the notebook.",
    )


def _one_and_imports(body: Sequence[ast.stmt], functions: Sequence[int]) -> bool:
    """Whether a cell without delimiters, which is all secret, gives nothing away when split."""
    rest = [node for at, node in enumerate(body) if at not in functions]
    return len(functions) == 1 and all(isinstance(n, (ast.Import, ast.ImportFrom)) for n in rest)


def _parts(lines: Lines, body: Sequence[ast.stmt]) -> list[Lines]:
    """The lines of each statement, with the comments above it; the last has all that follows."""
    ends = [node.end_lineno or first_line(node) for node in body[:-1]]
    starts = [0, *ends]
    return [lines[start:stop] for start, stop in zip(starts, [*ends, len(lines)], strict=True)]


def _joined(cells: Sequence[Cell]) -> list[Cell]:
    """Neighbours that are code become one cell; blank lines at the edges go."""
    found = []
    for kind, group in groupby(cells, key=lambda cell: cell.kind):
        members = list(group)
        if kind is Kind.CODE:
            text = "\n".join(each.text for each in members)
            members = [replace(members[0], text=text)]
        found += [replace(each, text=each.text.strip("\n")) for each in members]
    return found


def _text(lines: Lines) -> str:
    """The lines with delimiters around those inside, indented like the first of them."""
    texts = []
    for within, group in groupby(lines, key=lambda line: line[1]):
        region = [line for line, _ in group]
        if within:
            first = next((line for line in region if line.strip()), "")
            indent = first[: len(first) - len(first.lstrip())]
            region = [indent + begin(SOLUTION), *region, indent + end(SOLUTION)]
        texts += region
    return "\n".join(texts).strip("\n")


def _end_of_heading(function: ast.FunctionDef, lines: Sequence[str]) -> int | None:
    """The line, from 1, where signature and docstring end; None when the body is on it, too."""
    first, body = function.body[0], function.body
    if isinstance(first, ast.Expr) and ast.get_docstring(function, clean=False) is not None:
        if first.lineno > function.lineno and len(body) > 1:
            return first.end_lineno
        return None
    for at in range(function.lineno, first.lineno):
        heading = "\n".join(lines[function.lineno - 1 : at]).lstrip()
        if isinstance(parse(f"{heading} pass"), ast.Module):
            return at
        if isinstance(parse(f"{heading}\n    pass"), ast.Module):  # a comment ends the line
            return at
    return None


def _is_one_region(inside: Sequence[int], heading: int) -> bool:
    in_a_row = bool(inside) and list(inside) == list(range(inside[0], inside[-1] + 1))
    return in_a_row and inside[0] > heading


def _why(inside: Sequence[int], heading: int) -> str:
    if not inside:
        return "had no delimiters; learners get the line of the `def` and the docstring now"
    if inside[0] <= heading:
        return "its `def` or docstring was part of the solution; learners get both now"
    return "had several regions of solutions; they are one now, and learners get less"


def _with_docstring(
    cell: Cell, lines: Lines, function: ast.FunctionDef, heading: int, remarks: Remarks
) -> Lines:
    if ast.get_docstring(function) is not None:
        return lines
    remarks.add(cell.number, f"`{function.name}` had no docstring; say in it what to write")
    indent = " " * function.body[0].col_offset
    text = f'{indent}"""Write `{function.name}` as the text above asks for."""'
    return [*lines[:heading], (text, False), *lines[heading:]]

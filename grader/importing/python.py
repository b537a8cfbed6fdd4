"""Read the code of a cell: does it parse, which names does it bind and use?

Lines that only IPython understands become comments, because an assignment is plain Python.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Sequence

__all__ = ["asserts", "bound_names", "first_line", "parse", "used_names", "without_magics"]

_MAGIC = re.compile(r"\s*(?:%{1,2}[A-Za-z]|[!?]|\w[\w.]*\?+\s*$)")
LEFT_OUT = "# (left out: no plain Python) "


def parse(text: str) -> ast.Module | SyntaxError:
    """The tree of a text, or what keeps it from being Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an odd escape is Python's business
            return ast.parse(text)
    except SyntaxError as error:
        return error
    except ValueError as error:  # a null byte
        return SyntaxError(str(error))


def without_magics(text: str) -> tuple[str, list[str]]:
    """The text with the lines that are IPython's as comments, and these lines."""
    if isinstance(parse(text), ast.Module):
        return text, []
    lines, found = text.split("\n"), []
    for at, line in enumerate(lines):
        if _MAGIC.match(line):
            found.append(line.strip())
            indent = line[: len(line) - len(line.lstrip())]
            lines[at] = f"{indent}{LEFT_OUT}{line.strip()}"
    return "\n".join(lines), found


def asserts(text: str) -> bool:
    """Whether the code holds an assert, at any depth."""
    tree = parse(text)
    return isinstance(tree, ast.Module) and any(isinstance(n, ast.Assert) for n in ast.walk(tree))


def used_names(tree: ast.AST) -> set[str]:
    """The names that are read anywhere in the code."""
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return {name.id for name in names if isinstance(name.ctx, ast.Load)}


def bound_names(body: Sequence[ast.stmt]) -> set[str]:
    """The names that the statements bind in their module; not those inside functions."""
    found: set[str] = set()
    todo: list[ast.AST] = list(body)
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif not isinstance(node, (ast.Lambda, ast.comprehension)):
            todo.extend(ast.iter_child_nodes(node))
    return found


def first_line(node: ast.stmt) -> int:
    """The line where a statement begins, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(each.lineno for each in decorators)])

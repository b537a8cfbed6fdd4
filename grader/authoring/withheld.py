"""Refuse an assignment whose own cells import what is withheld while it is graded.

Tests run in the test process, where the library is whole, and may use it as an oracle.
Setup cells run in both processes; answers, and the probes that tests send, in the learner's.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from course.link.withhold import Withheld
from grader.authoring.cells import AssignmentSource, SourceCell
from grader.authoring.percent import refusal
from grader.records import Role

__all__ = ["refuse_withheld"]


def refuse_withheld(source: AssignmentSource, withheld: Withheld) -> None:
    """Look at every import that is to run in the learner's process.

    Raises:
        SourceError: one of them would fail there; names its line and the way out.
    """
    for cell in source.cells:
        for part in _for_the_learner(cell):
            for line, module in _imports(part):
                reason = withheld.reason(module)
                if reason is not None:
                    raise refusal(
                        source.path,
                        cell.line,
                        f"the cell {cell.id!r} imports {module} in line {cell.line + line}, and "
                        f"{reason.partition(':')[0]}",
                        "only modules that the learner's process has, in setup cells, answers "
                        "and probes",
                        "Import it in the test cell that needs it, or take it out of `withheld` "
                        "in course.toml",
                    )


def _for_the_learner(cell: SourceCell) -> Iterator[ast.AST]:
    """The parts of a cell that are executed in the learner's process."""
    if cell.role in (Role.SETUP, Role.ANSWER):
        yield ast.parse(cell.source)
    elif cell.role is Role.TEST:
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.FunctionDef) and any(map(_is_probe, node.decorator_list)):
                yield node


def _is_probe(decorator: ast.expr) -> bool:
    return ast.unparse(decorator).split(".")[-1] == "probe"


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The line and the name of everything that is imported and may be a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.lineno, node.module
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)

"""What may be changed in a statement: whether it is there, its condition, what it returns.

Each function is an operator of `grader.mutation.walk`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.mutation.walk import changed

__all__ = ["condition", "dropped", "jump", "returned"]

# an import or a definition that is missing is a name that is missing, and pass does nothing
_KEPT = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Pass, ast.Global)
_KEPT_TOO = (ast.Nonlocal, ast.Return)


def dropped(node: ast.AST) -> Iterator[ast.AST]:
    """One statement of a block is left out, unless it is the only one."""
    for field in ("body", "orelse", "finalbody"):
        block = getattr(node, field, None)
        if isinstance(block, list) and len(block) > 1:
            for place, statement in enumerate(block):
                if not isinstance(statement, _KEPT + _KEPT_TOO):
                    yield changed(node, **{field: block[:place] + block[place + 1 :]})


def returned(node: ast.AST) -> Iterator[ast.AST]:
    """`return x` becomes `return None`."""
    if isinstance(node, ast.Return) and node.value is not None:
        yield changed(node, value=ast.Constant(None))


def condition(node: ast.AST) -> Iterator[ast.AST]:
    """The condition of an `if` becomes True and False, that of a `while` False."""
    if isinstance(node, ast.If | ast.IfExp):
        yield changed(node, test=ast.Constant(True))
        yield changed(node, test=ast.Constant(False))
    if isinstance(node, ast.While):
        yield changed(node, test=ast.Constant(False))
    if isinstance(node, ast.comprehension):
        for place in range(len(node.ifs)):
            yield changed(node, ifs=node.ifs[:place] + node.ifs[place + 1 :])


def jump(node: ast.AST) -> Iterator[ast.AST]:
    """`break` becomes `continue`, and the other way round."""
    if isinstance(node, ast.Break):
        yield ast.Continue()
    if isinstance(node, ast.Continue):
        yield ast.Break()

"""Walk over a function and make every variant of it that differs in one place.

Guarantees: the function itself is left as it was, variants come in the order of the text,
and what people read or what only documents is never changed: docstrings, annotations,
messages of errors and assertions, strings in general.
Option chosen: a tree is never edited. A variant shares all nodes with the original but those
between the root and the change, so that one recursion makes them all.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

__all__ = ["AXES", "Operator", "changed", "variants", "without_docstrings"]

Operator = Callable[[ast.AST], Iterator[ast.AST]]
_Node = TypeVar("_Node", bound=ast.AST)

# the value of these arguments is an axis and not a number: `grader.mutation.calls` changes it
AXES = frozenset({"axis", "axes", "dim", "dims"})

# no marks hang on what only guards against a slip of one's own
_GUARDS = frozenset({"strict", "check", "validate"})
_CLOSED_FIELDS = frozenset({"annotation", "returns", "decorator_list", "msg", "type_comment"})
# an f-string or the error that is raised: nobody's marks hang on the words in it
_CLOSED_NODES = (ast.JoinedStr, ast.Raise)


def changed(node: _Node, **fields: Any) -> _Node:
    """A copy of one node with other fields; its children are the same objects.

    Example:
        >>> ast.unparse(changed(ast.Name("x"), id="y"))
        'y'
    """
    other = copy.copy(node)
    for name, value in fields.items():
        setattr(other, name, value)
    return other


def variants(node: ast.AST, operators: Sequence[Operator]) -> Iterator[ast.AST]:
    """Every tree that one of the operators makes of `node` or of one node below it.

    Example:
        >>> def swapped(node):
        ...     if isinstance(node, ast.BinOp):
        ...         yield changed(node, left=node.right, right=node.left)
        >>> tree = ast.parse("a - b * c", mode="eval")
        >>> [ast.unparse(other) for other in variants(tree, [swapped])]
        ['b * c - a', 'a - c * b']
    """
    for operator in operators:
        yield from operator(node)
    for field, value in _open_fields(node):
        if isinstance(value, ast.AST):
            for other in variants(value, operators):
                yield changed(node, **{field: other})
        elif isinstance(value, list):
            for place, child in enumerate(value):
                for other in variants(child, operators) if isinstance(child, ast.AST) else ():
                    yield changed(node, **{field: [*value[:place], other, *value[place + 1 :]]})


def without_docstrings(tree: ast.Module) -> ast.Module:
    """The tree without the docstrings of its functions and classes.

    Example:
        >>> ast.unparse(without_docstrings(ast.parse("def f():\\n    'Do.'\\n    return 1")))
        'def f():\\n    return 1'
    """
    tree = copy.deepcopy(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return tree


def _open_fields(node: ast.AST) -> Iterator[tuple[str, Any]]:
    if isinstance(node, _CLOSED_NODES):
        return
    if isinstance(node, ast.keyword) and node.arg in AXES | _GUARDS:
        return
    if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
        return  # -1 is one number
    yield from (
        (name, value) for name, value in ast.iter_fields(node) if name not in _CLOSED_FIELDS
    )

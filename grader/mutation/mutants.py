"""The mutants of one answer: its function with one small change each.

Guarantees: the same function gives the same mutants, in the same order, under the same ids;
an edit of a comment, of the docstring, of a test or of another answer changes no id. No two
mutants have the same text, and none uses a name that the answer does not use: such a one
stops with a NameError, which says nothing about the tests.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from grader.mistakes import globals_used
from grader.mutation import calls, expressions, statements
from grader.mutation.walk import Operator, variants, without_docstrings

__all__ = ["OPERATORS", "Mutant", "mutants_of", "plain_text"]

OPERATORS: tuple[Operator, ...] = (
    expressions.arithmetic,
    expressions.comparison,
    expressions.boolean,
    expressions.unary,
    expressions.number,
    expressions.slice_bound,
    expressions.subscript,
    calls.function,
    calls.unwrapped,
    calls.axis,
    calls.argument,
    statements.dropped,
    statements.returned,
    statements.condition,
    statements.jump,
)


@dataclass(frozen=True)
class Mutant:
    """An answer with one change. `change` shows it: the lines before with -, after with +."""

    id: str
    exercise: str
    source: str
    change: str


def mutants_of(exercise: str, answer: str) -> tuple[Mutant, ...]:
    """Every mutant of the answer to one exercise.

    Args:
        exercise: the id of the exercise.
        answer: the text of its reference answer, one function.

    Example:
        >>> for mutant in mutants_of("half", "def half(x):\\n    return x / 2"):
        ...     print(mutant.change.split("\\n")[-1])
        +    return -(x / 2)
        +    return None
        +    return x * 2
        +    return x
        +    return 2
        +    return x / 1
        +    return x / 3
    """
    tree = _tree(answer)
    original = plain_text(answer)
    known = globals_used(original) | set(dir(builtins))
    return tuple(
        Mutant(_id(exercise, original, text), exercise, text, _change(original, text))
        for text in _texts(tree)
        if text != original and globals_used(text) <= known
    )


def plain_text(answer: str) -> str:
    """The answer as its mutants are written: without docstrings and comments.

    Example:
        >>> plain_text("def f(x):\\n    return x+1  # the next")
        'def f(x):\\n    return x + 1'
    """
    return ast.unparse(_tree(answer))


def _tree(answer: str) -> ast.Module:
    return without_docstrings(ast.parse(answer))


def _texts(tree: ast.Module) -> Iterator[str]:
    texts = (ast.unparse(other) for other in variants(tree, OPERATORS))
    yield from dict.fromkeys(texts)


def _id(exercise: str, original: str, text: str) -> str:
    digest = hashlib.sha256(f"{original}\0{text}".encode()).hexdigest()
    return f"{exercise}-{digest[:8]}"


def _change(original: str, text: str) -> str:
    lines = difflib.unified_diff(original.split("\n"), text.split("\n"), n=0, lineterm="")
    return "\n".join(line for line in list(lines)[2:] if not line.startswith("@@"))

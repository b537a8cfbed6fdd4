"""A test that runs beside the learner's code: for what plain data cannot carry.

It is compiled here, by Python and not by the notebook's shell, so that transformers, hooks
and tags of the learner's have no say in it; Python's own functions are the original ones while
it runs; it counts only when its last statement has ended. What it cannot promise: the code
that is tested shares this process with it, and who knows how may still change what it sees.
"""

from __future__ import annotations

import ast
import builtins
import linecache
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

__all__ = ["run_beside"]

_ORIGINAL = dict(vars(builtins))
_compile, _exec, _eval = compile, exec, eval
_FILE = "<test>"


def run_beside(
    names: dict[str, Any], source: str, needs: Sequence[str], own: Sequence[str], nonce: str
) -> list[Any]:
    """Run a test among the notebook's names; returns the nonce and the test's last value.

    Args:
        names: the notebook's globals.
        source: the test.
        needs: definitions of the author's that it uses; each is made anew.
        own: names of Python's own functions that the exercise itself binds (``def max(...)``).
        nonce: given back with the value, so that it belongs to this test.
    """
    tree = ast.parse(source, _FILE)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - set(own)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    linecache.cache[_FILE] = (len(source), None, source.splitlines(True), _FILE)
    body = _compile(tree, _FILE, "exec")
    value = None
    with _original_builtins(names, used):
        for definition in needs:
            _exec(_compile(definition, _FILE, "exec"), names)
        _exec(body, names)
        if isinstance(last, ast.Expr):
            value = _eval(_compile(ast.Expression(last.value), _FILE, "eval"), names)
    return [nonce, value if _is_number(value) else None]


def _is_number(value: object) -> bool:
    """A part of the points is a number; what else a test ends with says nothing."""
    return type(value) in (int, float) or type(value).__module__ == "numpy"


@contextmanager
def _original_builtins(names: dict[str, Any], used: set[str]) -> Iterator[None]:
    """Give Python's own functions their meaning back, where a notebook took it from them."""
    own = vars(builtins)
    used = used & _ORIGINAL.keys()
    replaced = {name: own[name] for name in used if own.get(name) is not _ORIGINAL[name]}
    shadowed = {name: names.pop(name) for name in used if name in names}
    own.update((name, _ORIGINAL[name]) for name in replaced)
    try:
        yield
    finally:
        own.update(replaced)
        for name, value in shadowed.items():
            names.setdefault(name, value)

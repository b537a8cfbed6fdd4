"""Which names a piece of a notebook binds, and which it needs: when it runs, and later.

The standard library's `symtable` answers, so scopes are Python's own and nothing is guessed:
what a function's body reads is needed when it is called, what a comprehension or the body of
a class reads is needed at once.
"""

from __future__ import annotations

import ast
import builtins
import symtable
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Names", "is_portable", "names_of", "python_of"]

_AT_ONCE = {"listcomp", "setcomp", "dictcomp", "genexpr"}


@dataclass(frozen=True)
class Names:
    """What is bound at the top, needed at once, and needed by what it defines, when called."""

    binds: frozenset[str] = frozenset()
    now: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset()

    @property
    def needs(self) -> frozenset[str]:
        """Needed at any time."""
        return self.now | self.later


@lru_cache(maxsize=4096)
def names_of(code: str) -> Names:
    """The names of a piece of Python; SyntaxError when it is none."""
    top = symtable.symtable(code, "cell", "exec")
    binds = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    now = {s.get_name() for s in top.get_symbols() if s.is_referenced()}
    later: set[str] = set()
    for table in top.get_children():
        _descend(table, now, later, binds, at_once=True)
    known = set(vars(builtins))
    return Names(frozenset(binds), frozenset(now - known), frozenset(later - known))


def _descend(
    table: symtable.SymbolTable,
    now: set[str],
    later: set[str],
    binds: set[str],
    *,
    at_once: bool,
) -> None:
    runs_now = at_once and (table.get_type() == "class" or table.get_name() in _AT_ONCE)
    for symbol in table.get_symbols():
        if symbol.is_global() and symbol.is_referenced():
            (now if runs_now else later).add(symbol.get_name())
        if symbol.is_declared_global() and symbol.is_assigned():
            binds.add(symbol.get_name())
    for child in table.get_children():
        _descend(child, now, later, binds, at_once=runs_now)


def is_portable(statement: ast.stmt) -> bool:
    """Whether it may run again, or on both sides, and do no more than once: it only defines."""
    if isinstance(statement, ast.Import | ast.ImportFrom | ast.FunctionDef):
        return True
    return isinstance(statement, ast.Assign) and _is_constant(statement.value)


def _is_constant(value: ast.expr) -> bool:
    if isinstance(value, ast.UnaryOp):
        return _is_constant(value.operand)
    if isinstance(value, ast.Tuple):
        return all(map(_is_constant, value.elts))
    return isinstance(value, ast.Constant)


def python_of(source: str) -> str:
    """A cell without IPython's own syntax: ``%reset -f`` becomes a call."""
    from IPython.core.inputtransformer2 import TransformerManager

    return str(TransformerManager().transform_cell(source))

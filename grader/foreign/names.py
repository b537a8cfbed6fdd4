"""Which names a piece of a notebook binds, and which it needs: when it runs, and later.

Statements are followed in their order (`flow`): a name that is bound before it is read is no
need of the piece. Within a statement the standard library's `symtable` answers, so scopes are
Python's own and nothing is guessed: what a function's body reads is needed when it is called,
what a comprehension or the body of a class reads is needed at once.
"""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Names", "changed_in_place", "is_portable", "names_of", "python_of"]

_AT_ONCE = {"listcomp", "setcomp", "dictcomp", "genexpr"}
_KNOWN = frozenset(vars(builtins))


@dataclass(frozen=True)
class Names:
    """What is bound at the top, needed at once, and needed by what it defines, when called."""

    binds: frozenset[str] = frozenset()
    now: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset()

    @property
    def needs(self) -> frozenset[str]:
        """Needed from elsewhere, at any time."""
        return self.now | (self.later - self.binds)


@lru_cache(maxsize=4096)
def names_of(code: str) -> Names:
    """The names of a piece of Python; SyntaxError when it is none."""
    whole = _in_statement(code)
    reads, _ = _reads(ast.parse(code).body, frozenset())
    return Names(whole.binds, reads, whole.later)


@lru_cache(maxsize=4096)
def _in_statement(code: str) -> Names:
    """The names of one statement, or of several without regard to their order."""
    top = symtable.symtable(code, "cell", "exec")
    binds = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    now = {s.get_name() for s in top.get_symbols() if s.is_referenced()}
    later: set[str] = set()
    for table in top.get_children():
        _descend(table, now, later, binds, at_once=True)
    return Names(frozenset(binds), frozenset(now - _KNOWN), frozenset(later - _KNOWN))


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


_Flow = tuple[frozenset[str], frozenset[str] | None]  # read so far; bound, unless it never ends


def _reads(body: Sequence[ast.stmt], bound: frozenset[str]) -> _Flow:
    """What statements read before it is bound, and what is bound after them.

    A loop is taken to run and a `try` to succeed: so it is where the answer is right, and the
    trial with the reference answers finds out where it is not so.
    """
    reads: frozenset[str] = frozenset()
    for statement in body:
        more, after = _read_by(statement, bound)
        reads |= more
        if after is None:
            return reads, None
        bound = after
    return reads, bound


def _read_by(statement: ast.stmt, bound: frozenset[str]) -> _Flow:
    match statement:
        case ast.If(test, body, orelse):
            return _joined(_of(test), bound, body, orelse)
        case ast.For(target, iterable, body, orelse) | ast.AsyncFor(target, iterable, body, orelse):
            head = _of(iterable)
            return _after(head, bound, _of(target).binds, [*body, *orelse])
        case ast.While(test, body, orelse):
            return _after(_of(test), bound, frozenset(), [*body, *orelse])
        case ast.With(items, body) | ast.AsyncWith(items, body):
            managers = [ast.Expr(item.context_expr) for item in items]
            given = [_of(i.optional_vars).binds for i in items if i.optional_vars]
            return _after(_of(*managers), bound, frozenset().union(*given), body)
        case ast.Try(body, handlers, orelse, finalbody) | ast.TryStar(
            body, handlers, orelse, finalbody
        ):
            return _tried(bound, [*body, *orelse, *finalbody], handlers)
        case ast.Raise():
            return _of(statement).now - bound, None
        case ast.Break() | ast.Continue():
            return frozenset(), bound
        case ast.AugAssign(ast.Name(name)):
            return (_of(statement).now | {name}) - bound, bound | {name}
        case ast.Delete():
            names = _of(statement)
            gone = {target.id for target in statement.targets if isinstance(target, ast.Name)}
            return (names.now | gone) - bound, bound - gone
    names = _of(statement)
    return names.now - bound, bound | names.binds


def _after(
    head: Names, bound: frozenset[str], given: frozenset[str], body: Sequence[ast.stmt]
) -> _Flow:
    """A statement whose head is read, binds what is given, and then does its body."""
    start = bound | head.binds | given
    reads, after = _reads(body, start)
    return (head.now - bound) | reads, start if after is None else after


def _joined(
    test: Names, bound: frozenset[str], body: Sequence[ast.stmt], orelse: Sequence[ast.stmt]
) -> _Flow:
    start = bound | test.binds
    (one, after), (other, instead) = _reads(body, start), _reads(orelse, start)
    reads = (test.now - bound) | one | other
    if after is None or instead is None:
        return reads, instead if after is None else after
    return reads, after & instead


def _tried(
    bound: frozenset[str], body: Sequence[ast.stmt], handlers: Sequence[ast.ExceptHandler]
) -> _Flow:
    reads, after = _reads(body, bound)
    ends = [after]
    for handler in handlers:
        kind = _of(handler.type).now if handler.type else frozenset()
        more, end = _reads(handler.body, bound | ({handler.name} if handler.name else set()))
        reads |= (kind - bound) | more
        ends.append(end)
    return reads, next((end for end in ends if end is not None), None)


def _of(*nodes: ast.AST) -> Names:
    """The names of statements, or of an expression."""
    if len(nodes) == 1 and isinstance(getattr(nodes[0], "ctx", None), ast.Store):
        return _in_statement(f"{ast.unparse(nodes[0])} = 0")
    lines = [f"({ast.unparse(n)})" if isinstance(n, ast.expr) else ast.unparse(n) for n in nodes]
    return _in_statement("\n".join(lines))


def changed_in_place(code: str) -> frozenset[str]:
    """Names whose objects a piece of Python changes, as far as its syntax shows it.

    ``numbers[0] = 1``, ``person.age = 29``, ``del numbers[0]``, and ``numbers.append(1)`` as a
    statement of its own, which would be pointless did it change nothing.
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            found.add(_root(node))
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            found.add(_root(node.value.func) if isinstance(node.value.func, ast.Attribute) else "")
    return frozenset(found - {""})


def _root(node: ast.AST) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


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

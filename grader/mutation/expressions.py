"""What may be changed in an expression: operators, signs, numbers, and what is looked up.

Each function is an operator of `grader.mutation.walk`: it takes any node and makes the
variants of this node alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.mutation.walk import changed

__all__ = ["arithmetic", "boolean", "comparison", "number", "slice_bound", "subscript", "unary"]

_ARITHMETIC: dict[type[ast.operator], tuple[ast.operator, ...]] = {
    ast.Add: (ast.Sub(),),
    ast.Sub: (ast.Add(),),
    ast.Mult: (ast.Div(),),
    ast.Div: (ast.Mult(),),
    ast.Pow: (ast.Mult(),),
    ast.FloorDiv: (ast.Div(), ast.Mult()),
    ast.Mod: (ast.FloorDiv(),),
}
_WITH_TERMS = (ast.Add, ast.Sub, ast.Mult, ast.Div)  # one of which is easily forgotten
_COMPARISON: dict[type[ast.cmpop], tuple[ast.cmpop, ...]] = {
    ast.Lt: (ast.LtE(), ast.Gt()),
    ast.LtE: (ast.Lt(), ast.GtE()),
    ast.Gt: (ast.GtE(), ast.Lt()),
    ast.GtE: (ast.Gt(), ast.LtE()),
    ast.Eq: (ast.NotEq(),),
    ast.NotEq: (ast.Eq(),),
    ast.Is: (ast.IsNot(),),
    ast.IsNot: (ast.Is(),),
    ast.In: (ast.NotIn(),),
    ast.NotIn: (ast.In(),),
}
_MANY = 32  # of so many repetitions, one more or less may change nothing
_TINY = 0.01  # a smaller number is a step or a tolerance, of which only the magnitude counts


def arithmetic(node: ast.AST) -> Iterator[ast.AST]:
    """`a + b` becomes `a - b`, `a` and `b`; `a @ b` becomes `b @ a`; `a += b` also `a = b`."""
    if isinstance(node, ast.BinOp | ast.AugAssign):
        for op in _ARITHMETIC.get(type(node.op), ()):
            yield changed(node, op=op)
    if isinstance(node, ast.BinOp) and isinstance(node.op, _WITH_TERMS):
        yield from (node.left, node.right)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        yield changed(node, left=node.right, right=node.left)
    if isinstance(node, ast.AugAssign):
        yield ast.Assign([node.target], node.value, lineno=node.lineno)


def comparison(node: ast.AST) -> Iterator[ast.AST]:
    """`a < b` becomes `a <= b` and `a > b`, `a == b` becomes `a != b`."""
    if isinstance(node, ast.Compare):
        for place, op in enumerate(node.ops):
            for other in _COMPARISON[type(op)]:
                yield changed(node, ops=[*node.ops[:place], other, *node.ops[place + 1 :]])


def boolean(node: ast.AST) -> Iterator[ast.AST]:
    """`a and b` becomes `a or b`, `a` and `b`; `not a` becomes `a`; True becomes False."""
    if isinstance(node, ast.BoolOp):
        yield changed(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        for place in range(len(node.values)):
            left = node.values[:place] + node.values[place + 1 :]
            yield changed(node, values=left) if len(left) > 1 else left[0]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)


def unary(node: ast.AST) -> Iterator[ast.AST]:
    """`-a` becomes `a`; a sign is put before what is returned and what is computed."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Invert):
        yield node.operand
    signed = (ast.BinOp, ast.Name, ast.Call, ast.Subscript)
    if isinstance(node, ast.Return) and isinstance(node.value, signed):
        yield changed(node, value=ast.UnaryOp(ast.USub(), node.value))
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp):
        yield changed(node, value=ast.UnaryOp(ast.USub(), node.value))


def number(node: ast.AST) -> Iterator[ast.AST]:
    """1 becomes 0 and 2, 0 becomes 1; 0.5 becomes 1.0, 0.25 and -0.5."""
    value = _number_of(node)
    if type(value) is int:
        yield from map(_as_node, _other_whole_numbers(value))
    elif type(value) is float:
        yield from map(_as_node, _other_fractions(value))


def slice_bound(node: ast.AST) -> Iterator[ast.AST]:
    """`x[a:b]` becomes `x[a + 1:b]`, `x[a:b - 1]`, `x[:b]` and `x[a:]`."""
    if not isinstance(node, ast.Slice):
        return
    if node.lower is not None:
        yield changed(node, lower=None)
        if _is_computed(node.lower):
            yield changed(node, lower=ast.BinOp(node.lower, ast.Add(), ast.Constant(1)))
    if node.upper is not None:
        yield changed(node, upper=None)
        if _is_computed(node.upper):
            yield changed(node, upper=_one_less(node.upper))
    if node.step is not None:
        yield changed(node, step=None)


def subscript(node: ast.AST) -> Iterator[ast.AST]:
    """`x[i]` becomes `x[i - 1]`, `x[i, j]` also becomes `x[j, i]`."""
    if not isinstance(node, ast.Subscript):
        return
    index = node.slice
    if not isinstance(index, ast.Tuple):
        if _is_computed(index):
            yield changed(node, slice=_one_less(index))
        return
    for place, each in enumerate(index.elts):
        if _is_computed(each):
            others = [*index.elts[:place], _one_less(each), *index.elts[place + 1 :]]
            yield changed(node, slice=changed(index, elts=others))
    if len(index.elts) == 2:
        yield changed(node, slice=changed(index, elts=index.elts[::-1]))


def _number_of(node: ast.AST) -> object:
    """The value of `3` and of `-3`, which Python reads as a sign and a number."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _number_of(node.operand)
        if isinstance(node.operand, ast.Constant) and type(value) in (int, float):
            return -value  # type: ignore[operator] # the line above has looked
    return None


def _as_node(value: float) -> ast.expr:
    return ast.UnaryOp(ast.USub(), ast.Constant(-value)) if value < 0 else ast.Constant(value)


def _other_whole_numbers(value: int) -> tuple[int, ...]:
    if value == 0:
        return (1,)
    if abs(value) >= _MANY:
        return (value * 2, value // 2)
    return (value - 1, value + 1)


def _other_fractions(value: float) -> tuple[float, ...]:
    if value == 0:
        return (1.0,)
    factor = 100 if abs(value) < _TINY else 2
    # rounded: 1e-5 / 100 is not quite 1e-7
    return (float(f"{value * factor:.12g}"), float(f"{value / factor:.12g}"), -value)


def _is_computed(index: ast.expr) -> bool:
    """Whether this is an index that a program worked out: no number, slice, None or newaxis."""
    if isinstance(index, ast.Attribute) and index.attr == "newaxis":
        return False
    return isinstance(index, ast.Name | ast.Attribute | ast.Call | ast.BinOp | ast.Subscript)


def _one_less(index: ast.expr) -> ast.expr:
    return ast.BinOp(index, ast.Sub(), ast.Constant(1))

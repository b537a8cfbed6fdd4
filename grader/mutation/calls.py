"""What may be changed in a call: which function, which axis, which arguments.

Each function is an operator of `grader.mutation.walk`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.mutation.walk import AXES, changed

__all__ = ["argument", "axis", "function", "unwrapped"]

# only pairs of one signature, so that a test has to look at the numbers to tell them apart
_PAIRS = """
    sum mean, max min, argmax argmin, maximum minimum, amax amin, any all, exp log, floor ceil,
    sin cos, zeros ones, zeros_like ones_like, var std, cumsum cumprod, hstack vstack,
    logical_and logical_or, nansum nanmean, triu tril, argsort sort, randn rand
"""
_OTHERS = {
    one: other
    for pair in _PAIRS.split(",")
    for one, other in (pair.split(), reversed(pair.split()))
}
# what gives its argument in another form, and would often not be missed; not those by which an
# answer only takes in more than it must (float, asarray, contiguous): no test should ask for them
_FORMS = frozenset(
    "abs absolute fabs int round sqrt square exp log log1p expm1 tanh sigmoid relu softplus "
    "copy clone detach astype array squeeze unsqueeze reshape view ravel flatten transpose "
    "swapaxes permute flip flipud fliplr rot90 roll sort clip clamp sign conj real expand_dims "
    "broadcast_to sorted reversed set".split()
)
_MODULES = frozenset({"np", "numpy", "torch", "F", "math", "scipy", "nn", "functional", "xp"})


def function(node: ast.AST) -> Iterator[ast.AST]:
    """`np.mean(x)` becomes `np.sum(x)`, `x.max()` becomes `x.min()`."""
    if isinstance(node, ast.Call):
        name = _name_of(node.func)
        if name in _OTHERS:
            field = "id" if isinstance(node.func, ast.Name) else "attr"
            yield changed(node, func=changed(node.func, **{field: _OTHERS[name]}))


def unwrapped(node: ast.AST) -> Iterator[ast.AST]:
    """`abs(x)`, `np.abs(x)`, `x.abs()`, `x.copy()` and `x.T` become `x`."""
    if isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
        yield node.value
    if not isinstance(node, ast.Call) or _name_of(node.func) not in _FORMS:
        return
    if isinstance(node.func, ast.Attribute) and not _is_module(node.func.value):
        yield node.func.value
    elif node.args and not isinstance(node.args[0], ast.Starred):
        yield node.args[0]


def axis(node: ast.AST) -> Iterator[ast.AST]:
    """`axis=1` becomes `axis=0`, `axis=(1, 2)` becomes `axis=(2,)` and `axis=(1,)`."""
    if not isinstance(node, ast.keyword) or node.arg not in AXES:
        return
    if isinstance(node.value, ast.Tuple):
        for place in range(len(node.value.elts)):
            left = node.value.elts[:place] + node.value.elts[place + 1 :]
            yield changed(node, value=changed(node.value, elts=left))
        return
    try:
        value = ast.literal_eval(node.value)
    except ValueError:
        return  # computed, or a name
    if type(value) is int:
        # the neighbour that is there whenever this one is
        other = {0: 1, -1: -2}.get(value, value - 1 if value > 0 else value + 1)
        yield changed(node, value=ast.parse(str(other), mode="eval").body)


def argument(node: ast.AST) -> Iterator[ast.AST]:
    """`f(x, k=1)` becomes `f(x)`. True and False are flipped instead, which says the same."""
    if isinstance(node, ast.Call):
        for place, keyword in enumerate(node.keywords):
            is_flag = isinstance(keyword.value, ast.Constant) and isinstance(
                keyword.value.value, bool
            )
            if keyword.arg is not None and not is_flag:
                yield changed(node, keywords=node.keywords[:place] + node.keywords[place + 1 :])


def _name_of(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _is_module(receiver: ast.expr) -> bool:
    while isinstance(receiver, ast.Attribute):
        receiver = receiver.value
    return isinstance(receiver, ast.Name) and receiver.id in _MODULES

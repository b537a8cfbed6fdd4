"""What reading a test cell shows of it: does it need the learner's live objects, and for what?

Each rule is one line of `_RULES`: a question to one node of the cell's syntax, and the reason
in the words of ``grader audit``. A cell that no rule speaks of may still run beside, when the
trial with the reference answers says so.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection

from grader.foreign.names import Names

__all__ = ["advice_for", "live_reason"]

_LOOKS = frozenset(
    "globals locals vars dir eval exec compile callable id input breakpoint super".split()
)
_CAPTURES = frozenset("StringIO redirect_stdout redirect_stderr capture_output capsys".split())
_PATCHES = frozenset("mock patch Mock MagicMock monkeypatch setattr delattr".split())
_SEEDS = frozenset("seed manual_seed set_state setstate set_seed".split())
_INSPECTS = frozenset("inspect dis getsource getsourcelines signature getfullargspec".split())
_STREAMS = frozenset("stdout stderr stdin __stdout__".split())

Rule = Callable[[ast.AST], str]


def live_reason(
    tree: ast.Module, names: Names, live: Collection[str], figures: Collection[str]
) -> str:
    """Why the cell runs beside, or an empty string.

    Args:
        tree: the cell.
        names: what it binds and needs.
        live: names whose value depends on an answer.
        figures: names of libraries that draw.
    """
    if "get_ipython" in names.needs:
        return "it uses IPython's own syntax or shell"
    drawn = sorted(names.needs & set(figures))
    if drawn:
        return f"it looks at figures (`{drawn[0]}`), which are drawn in the learner's process"
    for node in ast.walk(tree):
        for rule in _RULES:
            if reason := rule(node):
                return reason
        if reason := _changes_live(node, live):
            return reason
    return ""


def advice_for(reason: str) -> str:
    """What to write instead, for a reason of `live_reason` or of the trial."""
    for words, advice in _ADVICE.items():
        if words in reason:
            return advice
    return "compare plain data: numbers, text, lists, dictionaries, arrays"


def _name_of(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _deletes(node: ast.AST) -> str:
    found = isinstance(node, ast.Delete) and any(isinstance(t, ast.Name) for t in node.targets)
    return "it deletes a name of the notebook" if found else ""


def _sets_attribute(node: ast.AST) -> str:
    found = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del)
    return "it patches: it sets an attribute of an object or a module" if found else ""


def _uses(words: Collection[str], reason: str) -> Rule:
    def rule(node: ast.AST) -> str:
        name = _name_of(node)
        return reason.format(name) if name in words else ""

    return rule


def _seeds(node: ast.AST) -> str:
    found = isinstance(node, ast.Call) and _name_of(node.func) in _SEEDS
    return "it seeds random numbers for the answer" if found else ""


def _reads_dunder(node: ast.AST) -> str:
    found = isinstance(node, ast.Attribute) and node.attr.startswith("__")
    return f"it reads `{node.attr}` of an object" if found else ""  # type: ignore[attr-defined]


def _compares_identity(node: ast.AST) -> str:
    if not isinstance(node, ast.Compare):
        return ""
    for operator, right in zip(node.ops, node.comparators, strict=True):
        # None is None on both sides, and so are the types of plain data
        plain = isinstance(right, ast.Constant) or _name_of(right) in _PLAIN_TYPES
        if isinstance(operator, ast.Is | ast.IsNot) and not plain:
            return "it asks whether two objects are the same one"
    return ""


def _looks(node: ast.AST) -> str:
    found = isinstance(node, ast.Name) and node.id in _LOOKS
    return f"it uses `{_name_of(node)}`, which would look at the test's own side" if found else ""


def _waits(node: ast.AST) -> str:
    found = isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith)
    return "it awaits something" if found else ""


def _changes_live(node: ast.AST, live: Collection[str]) -> str:
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
        root: ast.AST = node
        while isinstance(root, ast.Subscript | ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and root.id in live:
            return f"it changes `{root.id}` of the learner's in place"
    return ""


_PLAIN_TYPES = frozenset("int float str bool list tuple dict bytes complex".split())
_RULES: tuple[Rule, ...] = (
    _deletes,
    _sets_attribute,
    _seeds,
    _waits,
    _compares_identity,
    _uses(_INSPECTS, "it looks at the answer's source or signature (`{}`)"),
    _uses(_PATCHES, "it patches (`{}`)"),
    _uses(_CAPTURES, "it captures what the answer prints (`{}`)"),
    _uses(_STREAMS, "it captures what the answer prints (`{}`)"),
    _looks,
    _uses({"warnings", "warns"}, "it looks for warnings of the answer"),
    _reads_dunder,
)
_ADVICE = {
    "captures": "a function that returns the text, and a comparison of what it returns",
    "patches": "an argument with a default in the exercise, instead of a patched name",
    "source or signature": "calls with other inputs, which the right answer alone gets right",
    "seeds": "an argument `rng` or `seed` in the exercise",
    "deletes": "a probe that counts calls, or a comparison on other inputs",
    "shares names": "its own values, so that it needs no other test's",
    "figures": "a function that returns the numbers that are drawn",
    "reads `": "its own values, so that no answer depends on a test",
    "an object of type": "a comparison of the object's plain attributes, not of the object",
    "subclass": "plain lists, dictionaries and text as arguments",
}

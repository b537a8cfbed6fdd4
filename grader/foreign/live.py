"""What reading a test cell shows of it: does it need the learner's live objects, and for what?

Each rule is one line of `_RULES`: a question to one node of the cell's syntax, and the reason
in the words of ``grader audit``. A cell that no rule speaks of may still run beside, when the
trial with the reference answers says so.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator

from grader.foreign.names import Names

__all__ = ["advice_for", "is_seeding", "live_reason"]

_LOOKS = frozenset("vars exec compile id input breakpoint super".split())
# what an answer prints is printed to the test's own streams, but not what it displays
_CAPTURES = frozenset("capture_output capsys capfd".split())
_PATCHES = frozenset("mock patch Mock MagicMock monkeypatch setattr delattr".split())
_SEEDS = frozenset("seed manual_seed set_state setstate set_seed".split())
_INSPECTS = frozenset("dis currentframe stack getmembers getclosurevars getmodule getfile".split())
_DESCRIBES = frozenset(
    "__name__ __doc__ __defaults__ __kwdefaults__ __annotations__ __code__ __init__".split()
)
_STREAMS = frozenset("stdin __stdout__ __stderr__".split())
_STREAMS_OF_PYTHON = frozenset(["sys.stdout", "sys.stderr"])

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
    own = _made_by(tree)
    drawn = sorted(names.needs & set(figures))
    if drawn:
        return f"it looks at figures (`{drawn[0]}`), which are drawn in the learner's process"
    for node in _but_captures(tree):
        for rule in _RULES:
            if reason := rule(node):
                return reason
        for question in (_deletes, _changes_live, _patches):
            if reason := question(node, live, own):
                return reason
    return ""


def advice_for(reason: str) -> str:
    """What to write instead, for a reason of `live_reason` or of the trial."""
    for words, advice in _ADVICE.items():
        if words in reason:
            return advice
    return "compare plain data: numbers, text, lists, dictionaries, arrays"


def _but_captures(tree: ast.Module) -> Iterator[ast.AST]:
    """The nodes of a cell without those that put a stream of the test's in the place of Python's.

    That is a matter of the test's own side: ``patch("sys.stdout", ...)``, ``sys.stdout = ...``.
    """
    left_out: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _patched_by(node) in _STREAMS_OF_PYTHON:
            left_out.update(ast.walk(node.func))
        if node not in left_out and not _is_stream(node):
            yield node


def _patched_by(call: ast.Call) -> str:
    """What ``patch`` or ``patch.object`` patches."""
    function = ast.unparse(call.func)
    given = [arg.value if isinstance(arg, ast.Constant) else _name_of(arg) for arg in call.args]
    if function in ("patch", "mock.patch", "unittest.mock.patch"):
        return str(given[0]) if given else ""
    if function in ("patch.object", "mock.patch.object", "unittest.mock.patch.object"):
        return ".".join(map(str, given[:2]))
    return ""


def _is_stream(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and ast.unparse(node) in _STREAMS_OF_PYTHON


def _name_of(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _uses(words: Collection[str], reason: str) -> Rule:
    def rule(node: ast.AST) -> str:
        name = _name_of(node)
        return reason.format(name) if name in words else ""

    return rule


def is_seeding(node: ast.AST) -> bool:
    """Whether it is a statement that seeds a library's random numbers."""
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return False
    return _name_of(node.value.func) in _SEEDS and not node.value.keywords


def _reads_dunder(node: ast.AST) -> str:
    found = (
        isinstance(node, ast.Attribute)
        and node.attr.startswith("__")
        and node.attr not in _DESCRIBES
    )
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


def _made_by(tree: ast.Module) -> set[str]:
    """Names that the cell gives to values, and not to modules."""
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    stored = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    imports = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
    return stored - {alias.asname or alias.name for node in imports for alias in node.names}


def _is_stored(node: ast.Attribute | ast.Subscript) -> bool:
    return isinstance(node.ctx, ast.Store | ast.Del)


def _deletes(node: ast.AST, live: Collection[str], own: Collection[str]) -> str:
    names = {t.id for t in getattr(node, "targets", ()) if isinstance(t, ast.Name)}
    theirs = names & set(live) | names - set(own)
    found = isinstance(node, ast.Delete) and theirs
    return "it deletes a name of the notebook" if found else ""


def _patches(node: ast.AST, live: Collection[str], own: Collection[str]) -> str:
    """Setting an attribute of a value reaches that value; of a module, only the test's own side."""
    if not (isinstance(node, ast.Attribute) and _is_stored(node)):
        return ""
    reached = _root_of(node) in own or _root_of(node) in live
    return "" if reached else "it patches: it sets an attribute of an object or a module"


def _changes_live(node: ast.AST, live: Collection[str], own: Collection[str]) -> str:
    if isinstance(node, ast.Subscript) and _is_stored(node) and _root_of(node) in live:
        return f"it changes `{_root_of(node)}` of the learner's in place"
    return ""


def _root_of(node: ast.AST) -> str:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


_PLAIN_TYPES = frozenset("int float str bool list tuple dict bytes complex".split())
_RULES: tuple[Rule, ...] = (
    _waits,
    _compares_identity,
    _uses(_INSPECTS, "it looks at the answer's source or signature (`{}`)"),
    _uses(_PATCHES, "it patches (`{}`)"),
    _uses(_CAPTURES, "it captures what the answer prints (`{}`)"),
    _uses(_STREAMS, "it uses `{}`, which the learner's process has not"),
    _looks,
    _uses({"warnings", "warns"}, "it looks for warnings of the answer"),
    _reads_dunder,
)
_ADVICE = {
    "in an old copy": "a look at what it wants to know, before it calls the answer",
    "captures": "a function that returns the text, and a comparison of what it returns",
    "patches": "an argument with a default in the exercise, instead of a patched name",
    "source or signature": "calls with other inputs, which the right answer alone gets right",
    "deletes": "a probe that counts calls, or a comparison on other inputs",
    "shares names": "its own values, so that it needs no other test's",
    "figures": "a function that returns the numbers that are drawn",
    "reads `": "its own values, so that no answer depends on a test",
    "an object of type": "a comparison of the object's plain attributes, not of the object",
    "subclass": "plain lists, dictionaries and text as arguments",
}

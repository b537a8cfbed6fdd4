"""What a warm start imports for an assignment: what its author's cells import.

Only what is installed beside Python itself counts: the standard library is quick, and a module
of the course's own belongs to each learner's process, where a learner may hand in another. A
module that cannot be imported, or that starts a thread (which a fork would lose), is left out
by the zygote, and imported by the cells that ask for it.
"""

from __future__ import annotations

import ast
import importlib.util
import sysconfig
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from grader.foreign.cells import Notebook
from grader.foreign.names import python_of

__all__ = ["modules_of"]

# what every notebook needs before its first cell, and with its first magic
_ALWAYS = (
    "numpy",
    *("IPython.core.application", "IPython.core.completerlib", "IPython.core.magics"),
    *("IPython.core.magics.execution", "IPython.core.magics.pylab"),
)
# what a library imports besides when it is used: for a first figure, table or optimizer
_WITH = {
    "matplotlib": (
        *("matplotlib.pyplot", "matplotlib.backends.backend_agg"),
        "matplotlib_inline.backend_inline",
        *(f"PIL.{kind}ImagePlugin" for kind in ("Bmp", "Gif", "Jpeg", "Ppm", "Png")),
    ),
    "pandas": ("pandas", "pandas.io.formats.html", "pandas.io.formats.string"),
    "scipy": ("scipy", "scipy.stats", "scipy.optimize"),
    "torch": ("torch", "torch._dynamo"),
}
_NOT_FOR_LEARNERS = frozenset({"grader"})


def modules_of(notebooks: Iterable[Notebook], own: Collection[str]) -> tuple[str, ...]:
    """The modules to import before a learner's process begins, in the author's order.

    Args:
        notebooks: whose cells import, the reference answers among them.
        own: names of the assignment's own modules.
    """
    found = dict.fromkeys(_ALWAYS)
    for name in _imported(notebooks):
        top = name.partition(".")[0]
        if top not in own and _is_installed(top):
            found |= dict.fromkeys((*_WITH.get(top, ()), name))
    return tuple(found)


def _imported(notebooks: Iterable[Notebook]) -> Iterator[str]:
    """What is imported anywhere in a cell; with `from a import b` perhaps `a.b` is a module."""
    for notebook in notebooks:
        for cell in notebook.cells:
            if cell.kind == "code":
                for node in ast.walk(_tree(cell.reference)):
                    if isinstance(node, ast.Import):
                        yield from (alias.name for alias in node.names)
                    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                        yield node.module
                        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _tree(source: str) -> ast.Module:
    try:
        return ast.parse(python_of(source))
    except (SyntaxError, ValueError):
        return ast.Module([], [])  # another language, or a cell that is to be mended


def _is_installed(top: str) -> bool:
    """Whether a package of this name lies where packages are installed, and may be preloaded."""
    if top in _NOT_FOR_LEARNERS:
        return False
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return False
    if spec is None:
        return False
    places = [spec.origin or "", *(spec.submodule_search_locations or ())]
    installed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    return any(Path(folder) in Path(place).parents for folder in installed for place in places)

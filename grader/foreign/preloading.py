"""What a warm start imports for an assignment: what its author's cells import.

Only what is installed beside Python itself counts: the standard library is quick, and a module
of the course's own belongs to each learner's process, where a learner may hand in another. A
module that cannot be imported, or that starts a thread (which a fork would lose), is left out
by the zygote, and imported by the cells that ask for it.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import sysconfig
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from grader.foreign.finding import CONFIGURATION, find_course_folder
from grader.foreign.names import python_of
from grader.sandbox.base import View

__all__ = ["guessed_view", "modules_of", "workers_import"]

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
_SOURCE_DIRECTORY = re.compile(
    r"^c\.CourseDirectory\.source_directory\s*=\s*['\"]([^'\"\n]+)['\"]", re.MULTILINE
)
# what the test process imports as well; these start no threads, which it would lose
_ALSO_FOR_TESTS = ("numpy", "pandas", "matplotlib", "scipy")


def modules_of(sources: Iterable[str], own: Collection[str]) -> tuple[str, ...]:
    """The modules to import before a learner's process begins, in the author's order.

    Args:
        sources: the code cells, the reference answers among them.
        own: names of the assignment's own modules.
    """
    found = dict.fromkeys(_ALWAYS)
    for name in _imported(sources):
        top = name.partition(".")[0]
        if top not in own and _is_installed(top):
            found |= dict.fromkeys((*_WITH.get(top, ()), name))
    return tuple(found)


def workers_import(preload: Iterable[str]) -> tuple[str, ...]:
    """What workers have imported before they are forked, for learners who have `preload`."""
    also = (name for name in preload if name.partition(".")[0] in _ALSO_FOR_TESTS)
    return ("grader.execution.batch", "grader.foreign.executor", *also)


def guessed_view(assignment_id: str) -> View:
    """What learners of an assignment here will probably see, without the time to ask nbgrader.

    A guess, because a setting may be made elsewhere or be computed; whoever knows better later
    begins again.
    """
    course = find_course_folder() or Path()
    folder = course / _source_directory(course / CONFIGURATION) / assignment_id
    sources = [text for path in sorted(folder.glob("*.ipynb")) for text in _code_cells(path)]
    names = {p.name.partition(".")[0] for p in folder.glob("*") if p.suffix != ".ipynb"}
    return View(folder, modules_of(sources, names), inline=True)


def _source_directory(configuration: Path) -> str:
    """Where a course's own settings plainly say that its notebooks lie."""
    try:
        said = _SOURCE_DIRECTORY.findall(configuration.read_text("utf-8"))
    except (OSError, ValueError):
        said = []
    return said[-1] if said else "source"


def _code_cells(path: Path) -> Iterator[str]:
    try:
        notebook = json.loads(path.read_text("utf-8"))
        if notebook["metadata"].get("kernelspec", {}).get("language", "python") != "python":
            return
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                yield "".join(cell["source"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return  # whoever reads it in earnest says what is wrong


def _imported(sources: Iterable[str]) -> Iterator[str]:
    """What is imported anywhere in a cell; with `from a import b` perhaps `a.b` is a module."""
    for source in sources:
        for node in ast.walk(_tree(source)):
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

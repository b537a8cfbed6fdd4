"""The known wrong answers of an assignment: how an author writes them, how they are loaded.

    @mistake(exercise="svm_loss", loses=["svm_loss_lecture"], hint="...")
    def keeps_the_correct_class(W, X, y, delta=1.0): ...

Guarantees: a loaded `Mistake` has the text of an answer cell, and nothing of the author's
file stays behind: no name in `sys.modules`, no byte code on disk.
Option chosen: the file is executed once, so that hints may be put together and decorators
speak for themselves; the text of each function is cut from the same file by its syntax
tree, because a mistake runs as *text* in the place of an answer, not as an object.
"""

from __future__ import annotations

import ast
import builtins
import re
import symtable
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from grader.authoring.cells import AssignmentSource
from grader.configuration import did_you_mean
from grader.errors import MistakesError
from grader.records import Role

__all__ = ["Mistake", "check_mistakes", "globals_used", "load_mistakes", "mistake"]

_Function = TypeVar("_Function", bound=Callable[..., object])
_MARK = "__mistake__"
_MODULE = "_mistakes_of_an_assignment"


@dataclass(frozen=True)
class Mistake:
    """One known wrong answer.

    `source` is the text of the answer cell that makes the mistake: the function, under the
    name of its exercise. `loses` are the ids of exactly the tests that then fail.
    """

    name: str
    exercise: str
    loses: frozenset[str]
    hint: str
    source: str
    line: int = 0


@dataclass(frozen=True)
class _Declaration:
    exercise: str
    loses: frozenset[str]
    hint: str


def mistake(*, exercise: str, loses: Iterable[str], hint: str) -> Callable[[_Function], _Function]:
    """Declare a function to be a known wrong answer; it is returned as it was.

    Args:
        exercise: the id of the answer cell that it replaces.
        loses: the ids of exactly the tests that fail because of it.
        hint: what a learner who made this mistake is told; it teaches, and gives no code.

    Raises:
        MistakesError: one of the three is empty or of another type.

    Example:
        >>> @mistake(exercise="mean", loses=["mean_twice"], hint="You sum; average instead.")
        ... def sums(x: list[float]) -> float:
        ...     return sum(x)
        >>> sums([1.0, 2.0])
        3.0
    """
    ids = () if isinstance(loses, str) else tuple(loses)
    if not isinstance(exercise, str) or not exercise:
        raise MistakesError(f"exercise={exercise!r}; expected the id of an answer cell.")
    if not ids or not all(isinstance(name, str) and name for name in ids):
        raise MistakesError(
            f"loses={loses!r}; expected the ids of the tests that fail, in a list; a mistake "
            "that loses nothing is no mistake, or a test is missing."
        )
    if not isinstance(hint, str) or not hint.strip():
        raise MistakesError(f"hint={hint!r}; expected a sentence for the learner.")
    declaration = _Declaration(exercise, frozenset(ids), hint)

    def declare(function: _Function) -> _Function:
        setattr(function, _MARK, declaration)
        return function

    return declare


def load_mistakes(path: Path) -> tuple[Mistake, ...]:
    """The mistakes that the file declares, in its order; none when there is no such file.

    Raises:
        MistakesError: the file is no Python, fails when executed, or breaks a rule.
    """
    if not path.exists():
        return ()
    text = _text(path)
    tree = _parse(path, text)
    names = _execute(path, tree)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    _refuse_duplicates(path, functions)
    mistakes = tuple(
        _mistake(text, node, declaration)
        for node in functions
        if (declaration := _declared(names.get(node.name))) is not None
    )
    _refuse_strays(path, names, {each.name for each in mistakes})
    return mistakes


def check_mistakes(source: AssignmentSource, mistakes: Sequence[Mistake]) -> None:
    """Check that the mistakes fit the assignment: its exercises, its tests, its names.

    Raises:
        MistakesError: an exercise or test is unknown, or a mistake uses a name that the
            notebook does not define.
    """
    exercises = [cell.id for cell in source.answers]
    tests = [cell.id for cell in source.tests]
    names = _names_of_the_notebook(source)
    for each in mistakes:
        _require(each, "exercise", each.exercise, exercises)
        for test in sorted(each.loses):
            _require(each, "test", test, tests)
        for name in sorted(globals_used(each.source)):
            if names is not None and name not in names:
                raise MistakesError(
                    f"{_title(each)} uses the name {name!r}, which no setup cell of the notebook "
                    "defines. A mistake runs in the notebook, where imports and helpers of "
                    "mistakes.py are out of reach: define it inside the function."
                )


def _title(each: Mistake) -> str:
    return f"mistakes.py, line {each.line}: the mistake {each.name!r}"


def _require(each: Mistake, kind: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        raise MistakesError(
            f"{_title(each)} names the unknown {kind} {name!r}; expected one of "
            f"{', '.join(known)}.{did_you_mean(name, known)}"
        )


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except OSError as error:
        raise MistakesError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise MistakesError(
            f"{path} is not UTF-8 (byte {error.start}). Save it as UTF-8."
        ) from error


def _parse(path: Path, text: str) -> ast.Module:
    try:
        return ast.parse(text, filename=str(path))
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 0
        raise MistakesError(
            f"{path}, line {line}: {getattr(error, 'msg', error)}. Expected Python; mend the line."
        ) from error


def _execute(path: Path, tree: ast.Module) -> dict[str, object]:
    """The names of the file, executed as a module that is known only while it runs."""
    module = ModuleType(_MODULE)
    module.__file__ = str(path)
    code = compile(tree, filename=str(path), mode="exec", dont_inherit=True)
    sys.modules[_MODULE] = module
    try:
        exec(code, vars(module))  # noqa: S102 - the author's own file
    except (Exception, SystemExit) as error:
        frames = traceback.extract_tb(error.__traceback__)
        line = [frame.lineno for frame in frames if frame.filename == str(path)][-1]
        is_ours = isinstance(error, MistakesError)
        reason = str(error) if is_ours else f"{type(error).__name__}: {error}"
        raise MistakesError(f"{path}, line {line}: {reason}") from error
    finally:
        del sys.modules[_MODULE]
    return vars(module)


def _declared(value: object) -> _Declaration | None:
    declaration = getattr(value, _MARK, None)
    return declaration if isinstance(declaration, _Declaration) else None


def _refuse_duplicates(path: Path, functions: Sequence[ast.FunctionDef]) -> None:
    counts = Counter(node.name for node in functions)
    for node in functions:
        if counts[node.name] > 1 and node.decorator_list:
            raise MistakesError(
                f"{path}, line {node.lineno}: {node.name!r} is defined {counts[node.name]} times; "
                "expected names that differ. Rename all but one."
            )


def _refuse_strays(path: Path, names: dict[str, object], found: set[str]) -> None:
    for name, value in names.items():
        if _declared(value) is not None and name not in found:
            raise MistakesError(
                f"{path}: {name!r} is declared a mistake, but is no `def` at the top level of the "
                "file. Write it as one: its text takes the place of the answer."
            )


def _mistake(text: str, node: ast.FunctionDef, declaration: _Declaration) -> Mistake:
    return Mistake(
        name=node.name,
        exercise=declaration.exercise,
        loses=declaration.loses,
        hint=declaration.hint,
        source=_renamed(text, node, declaration.exercise),
        line=node.lineno,
    )


def _renamed(text: str, node: ast.FunctionDef, name: str) -> str:
    """The text of the function without its decorators, under another name."""
    # the positions of the syntax tree count bytes
    lines = [line.encode() for line in text.split("\n")]
    uses = [each for each in ast.walk(node) if isinstance(each, ast.Name) and each.id == node.name]
    for use in sorted(uses, key=lambda use: (use.lineno, use.col_offset), reverse=True):
        line = lines[use.lineno - 1]
        before, after = line[: use.col_offset], line[use.col_offset :]
        if after.startswith(node.name.encode()):  # Python 3.11 misplaces names in f-strings
            lines[use.lineno - 1] = before + name.encode() + after[len(node.name.encode()) :]
    body = b"\n".join(lines[node.lineno - 1 : node.end_lineno]).decode()
    return re.sub(rf"^def\s+{re.escape(node.name)}\b", f"def {name}", body, count=1)


def _names_of_the_notebook(source: AssignmentSource) -> set[str] | None:
    """What an answer may use; None when a star import makes that unknowable."""
    names = set(dir(builtins)) | {cell.id for cell in source.answers} | {"__name__"}
    for cell in source.of(Role.SETUP):
        if re.search(r"^\s*from\s+\S+\s+import\s+\*", cell.source, flags=re.MULTILINE):
            return None
        table = symtable.symtable(cell.source, cell.id, "exec")
        names |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned()}
        names |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_imported()}
    return names


def globals_used(text: str) -> set[str]:
    """The names that a function takes from its surroundings, when defined or when called."""
    top = symtable.symtable(text, "mistake", "exec")
    at_call = {
        symbol.get_name()
        for table in _tables(top)
        for symbol in table.get_symbols()
        if symbol.is_global() and symbol.is_referenced()
    }
    at_definition = {
        symbol.get_name()
        for symbol in top.get_symbols()
        if symbol.is_referenced() and not symbol.is_assigned()
    }
    return at_call | at_definition


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _tables(child)

"""The rules that the cells of a source keep, one function each, in the order of `RULES`.

Each rule raises the `SourceError` of the first cell that breaks it. A rule may rely on the
rules before it. They are as strict as nbgrader's reading is loose: it takes a line that
merely contains the words BEGIN SOLUTION for a delimiter, and would hand out the rest.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable

from grader.authoring.cells import (
    CODE_STUB,
    MARK_SCHEME,
    SOLUTION,
    AssignmentSource,
    SourceCell,
    begin,
    end,
    inside,
    starter,
)
from grader.authoring.percent import refusal
from grader.configuration import did_you_mean
from grader.records import Role

__all__ = ["RULES", "check"]

_HIDDEN_TESTS = "HIDDEN TESTS"
_AUTOTEST = "AUTOTEST"  # nbgrader would start a kernel and generate tests of its own
_ALLOWED = {
    Role.ANSWER: (SOLUTION,),
    Role.WRITTEN: (SOLUTION, MARK_SCHEME),
}


def check(source: AssignmentSource) -> None:
    """Apply all rules.

    Raises:
        SourceError: the first rule that is broken.
    """
    for rule in RULES:
        rule(source)


def ids_are_unique(source: AssignmentSource) -> None:
    """No two cells have the same id: it is nbgrader's grade_id."""
    lines: dict[str, int] = {}
    for cell in source.cells:
        if cell.id in lines:
            raise refusal(
                source.path,
                cell.line,
                f"the id {cell.id!r} is taken by the cell at line {lines[cell.id]}",
                "ids that are unique in the notebook",
                "Rename one of them",
            )
        lines[cell.id] = cell.line


def delimiters_stand_alone_and_where_they_may(source: AssignmentSource) -> None:
    """The words of a delimiter occur only as a whole line, in a cell that may have it."""
    for cell in source.cells:
        allowed = [
            delimiter
            for region in _ALLOWED.get(cell.role, ())
            for delimiter in (begin(region), end(region))
        ]
        for line in (cell.title, *cell.source.split("\n")):
            if _has_words_of_a_delimiter(line, cell) and line.strip() not in allowed:
                raise refusal(
                    source.path,
                    cell.line,
                    f"the line {line.strip()!r}, which nbgrader takes for a delimiter",
                    f"as whole lines, {' or '.join(allowed)}" if allowed else "no delimiter here",
                    "A hidden test needs none: give its cell the key `hidden=`"
                    if _HIDDEN_TESTS in line
                    else "Mend, move or reword the line",
                )


def _has_words_of_a_delimiter(line: str, cell: SourceCell) -> bool:
    regions = (SOLUTION, MARK_SCHEME, _HIDDEN_TESTS)
    words = [f"{edge} {region}" for edge in ("BEGIN", "END") for region in regions]
    if cell.cell_type == "code":
        words.append(_AUTOTEST)
    return any(word in line for word in words)


def regions_are_closed(source: AssignmentSource) -> None:
    """An answer and a written cell have one solution; regions are closed and not nested."""
    for cell in (*source.answers, *source.written):
        allowed = _ALLOWED[cell.role]
        closed, is_open = [], ""
        for line in map(str.strip, cell.source.split("\n")):
            for region in allowed:
                if line == begin(region):
                    if is_open:
                        raise _region(source, cell, f"`{line}` inside {is_open}")
                    is_open = region
                elif line == end(region):
                    if is_open != region:
                        raise _region(source, cell, f"`{line}` without its beginning")
                    closed.append(region)
                    is_open = ""
        if is_open:
            raise _region(source, cell, f"`{begin(is_open)}` without its end")
        for region in allowed:
            if closed.count(region) > 1:
                raise _region(source, cell, f"{closed.count(region)} regions {region}")
        if SOLUTION not in closed:
            raise _region(source, cell, f"the cell {cell.id!r} has no solution")
        if not inside(cell.source, SOLUTION).strip():
            raise _region(source, cell, f"the solution of {cell.id!r} is empty")


def _region(source: AssignmentSource, cell: SourceCell, found: str) -> Exception:
    return refusal(
        source.path,
        cell.line,
        found,
        f"the reference answer between one line `{begin(SOLUTION)}` and one `{end(SOLUTION)}`",
        "Mend the delimiters",
    )


def code_is_python(source: AssignmentSource) -> None:
    """Every code cell parses, as a learner gets it too, and does something."""
    for cell in source.cells:
        if cell.cell_type != "code":
            continue
        if not _parse(source, cell, cell.source).body:
            raise refusal(
                source.path,
                cell.line,
                f"the cell {cell.id!r} holds no statement",
                "Python code",
                "Write it, or remove the cell",
            )
        if cell.role is Role.ANSWER:
            _parse(source, cell, starter(cell), " once its solution is taken out")


def _parse(source: AssignmentSource, cell: SourceCell, text: str, when: str = "") -> ast.Module:
    try:
        with warnings.catch_warnings():
            # an odd escape in a string is Python's business, and a linter's
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 0
        found = f"{getattr(error, 'msg', error)} in line {line} of the cell"
        written = text.split("\n")[line - 1].strip() if line else ""
        raise refusal(
            source.path,
            cell.line,
            f"the cell {cell.id!r} is not Python{when}: {found}, `{written}`",
            "plain Python, without magics such as %matplotlib or !ls",
            f"Mend line {cell.line + line}",
        ) from error


def answers_are_one_function(source: AssignmentSource) -> None:
    """An answer is one `def` of the exercise's name, documented, its solution inside."""
    for cell in source.answers:
        body = ast.parse(cell.source).body
        first = body[0]
        if len(body) != 1 or not isinstance(first, ast.FunctionDef) or first.name != cell.id:
            found = ", ".join(_name(statement) for statement in body)
            raise _answer(source, cell, f"the answer {cell.id!r} defines: {found}")
        released = ast.parse(starter(cell)).body
        if len(released) != 1 or not _holds_stub(released[0], starter(cell)):
            raise _answer(source, cell, f"the solution of {cell.id!r} is not inside its function")
        if ast.get_docstring(released[0]) is None:  # type: ignore[arg-type] # _holds_stub
            raise _answer(source, cell, f"{cell.id!r} has no docstring outside its solution")


def _name(statement: ast.stmt) -> str:
    return str(getattr(statement, "name", None) or ast.unparse(statement).split("\n")[0])


def _holds_stub(statement: ast.stmt, text: str) -> bool:
    """Whether this is a function, with the stub that nbgrader writes inside."""
    stubs = [
        number
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip() == CODE_STUB[-1]
    ]
    raises = [node.lineno for node in ast.walk(statement) if isinstance(node, ast.Raise)]
    is_function = isinstance(statement, ast.FunctionDef)
    return is_function and bool(stubs) and all(number in raises for number in stubs)


def _answer(source: AssignmentSource, cell: SourceCell, found: str) -> Exception:
    return refusal(
        source.path,
        cell.line,
        found,
        f"exactly one top-level `def {cell.id}(...)` and nothing else, with a docstring, then "
        f"`{begin(SOLUTION)}` and `{end(SOLUTION)}` indented in its body",
        "Put imports and helpers into a setup cell; mend the function",
    )


def shortcuts_are_told(source: AssignmentSource) -> None:
    """What earns no marks stands in the docstring of the answer, as learners get it."""
    for cell in source.answers:
        docstring = ast.get_docstring(ast.parse(starter(cell)).body[0]) or ""  # type: ignore[arg-type]
        for name in cell.shortcuts:
            last = name.rpartition(".")[2]
            if re.search(rf"\b{last}\b", docstring) is None:
                raise refusal(
                    source.path,
                    cell.line,
                    f"the answer {cell.id!r} declares the shortcut {name!r}, and its docstring "
                    "does not tell",
                    f"the word `{last}` in the docstring, outside of the solution",
                    "Add a sentence that says what they write themselves, and what earns nothing",
                )


def tests_follow_their_exercise(source: AssignmentSource) -> None:
    """A test belongs to an answer that stands above it."""
    lines = {cell.id: cell.line for cell in source.answers}
    for cell in source.tests:
        exercise = str(cell.exercise)
        if exercise not in lines:
            raise refusal(
                source.path,
                cell.line,
                f"the test {cell.id!r} belongs to the unknown exercise {exercise!r}",
                f"the id of an answer cell: {', '.join(lines) or '(there is none)'}",
                f"Mend `exercise=`.{did_you_mean(exercise, lines)}",
            )
        if cell.line < lines[exercise]:
            raise refusal(
                source.path,
                cell.line,
                f"the test {cell.id!r} stands above its answer, at line {lines[exercise]}",
                "the answer first: a notebook runs from top to bottom",
                "Move the test below it",
            )


def exercises_have_both_kinds_of_tests(source: AssignmentSource) -> None:
    """An exercise has a visible test, to work by, and a hidden one, to be marked by."""
    for cell in source.answers:
        for hidden, word in ((False, "visible"), (True, "hidden")):
            if not any(test.exercise == cell.id and test.hidden is hidden for test in source.tests):
                key = "hidden" if hidden else "test"
                raise refusal(
                    source.path,
                    cell.line,
                    f"the exercise {cell.id!r} has no {word} test",
                    "at least one visible and one hidden test",
                    f'Add a cell `# %% {key}="..." exercise="{cell.id}" points=2 title="..."`',
                )


Rule = Callable[[AssignmentSource], None]

RULES: tuple[Rule, ...] = (
    ids_are_unique,
    delimiters_stand_alone_and_where_they_may,
    regions_are_closed,
    code_is_python,
    answers_are_one_function,
    shortcuts_are_told,
    tests_follow_their_exercise,
    exercises_have_both_kinds_of_tests,
)

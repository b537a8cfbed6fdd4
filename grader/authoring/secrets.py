"""Find what must not reach learners in what does: the wall of DESIGN.md, as a search.

Secrets are the lines of hidden tests, solutions, mark schemes, mistakes and equivalent mutants,
the hints, of mistakes and of the ladders, and the reasons why mutants are equivalent.
They are looked for in every text of `assignments/` and `course/`, without white space,
comment signs and prompts. What counts as found:

| where           | what                               | a run of lines | one line of at least |
|-----------------|------------------------------------|----------------|----------------------|
| assignments/    | any                                | 2              | 24 characters        |
| course/         | hidden tests, written parts,       | 2              | 40 characters        |
|                 | hints, reasons                     |                |                      |
| course/         | solutions, mistakes, mutants       | 3              | -                    |

The library implements the same formulas as the solutions, so that one line in common means
nothing there, but three in a row mean a paste. Only *significant* lines count, and a run skips
the others: at least 12 characters, no everyday Python (`return loss`, `n, d = X.shape`, `rng =
np.random.default_rng(0)`, `optimizer.zero_grad()`), and not shown by the release itself (the
starter code, the visible tests, the prose). Three lines of a solution in a row are a paste even
if the release shows them: then the author pasted them. The lines of a mistake are those that
the solutions do not have. Text that was encoded, say in base64, is not found.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from grader.authoring.cells import MARK_SCHEME, SOLUTION, AssignmentSource, inside, starter
from grader.authoring.places import Place, normalised, places
from grader.errors import MistakesError
from grader.mutation.equivalents import Equivalent

__all__ = ["Leak", "find_leaks"]

_LIBRARY = "course"  # the root of this name is read with the library's rules
_SHORTEST = 12
_EVERYDAY = re.compile(
    r"return\w+|pass|else:"
    r"|for[\w,]+in[\w.]*(\(.*\))?:"
    r"|import[\w.]+|from[\w.]+import[\w,()]+"
    r"|if(not)?\w+(is(not)?None|[=<>!]+[\w.]+)?:"
    r"|raise\w+(\(.*\))?"
    r"|withexercise\(.*\):|@probe"
    r"|[\w,]+=\w+\.(shape|size|dtype)(\[-?\d\])?"
    r"|\w+=np\.random\.default_rng\(\w*\)"
    r"|\w+=torch\.Generator\(\)\.manual_seed\(\w*\)"
    r"|withtorch\.(no_grad\(\)|random\.fork_rng\(devices=\[\]\)):"
    r"|\w+\.(zero_grad|backward|step|train|eval)\(\)"
    r"|[\w,]+=rng\.\w+\(.*\)(\.\w+\(.*\))?"
    r"|\w+=np\.(zeros|ones|empty|zeros_like|ones_like|empty_like|arange)\(.*\)"
)


@dataclass(frozen=True)
class Leak:
    """One secret in one place."""

    file: Path
    place: str
    kind: str
    owner: str
    text: str

    def __str__(self) -> str:
        where = f"{self.file}, {self.place}" if self.place else str(self.file)
        return f"{where}: the {self.kind} of {self.owner!r}, `{self.text}`"


@dataclass(frozen=True)
class _Rule:
    """How many significant lines in a row, or how long a single one, make a leak."""

    run: int
    alone: int | None


_IN_ASSIGNMENTS = _Rule(run=2, alone=24)
_IN_LIBRARY = {
    "solution": _Rule(run=3, alone=None),
    "mistake": _Rule(run=3, alone=None),
    "mutant": _Rule(run=3, alone=None),
}
_IN_LIBRARY_OTHERWISE = _Rule(run=2, alone=40)
_OF_WHAT_IS_SHOWN = _Rule(run=3, alone=None)


@dataclass(frozen=True)
class _Secret:
    """Lines that learners may not see. What `shown` contains does not count, in any text."""

    kind: str
    owner: str
    text: str
    rule: _Rule = _IN_ASSIGNMENTS
    shown: str = ""

    @cached_property
    def lines(self) -> list[str]:
        return _significant(self.text, self.shown)


def find_leaks(
    source: AssignmentSource,
    mistakes_text: str,
    roots: Sequence[Path],
    equivalents: Sequence[Equivalent] = (),
) -> tuple[Leak, ...]:
    """Every secret of the assignment that occurs in a file below one of the roots.

    A secret is reported once for each place.

    Raises:
        MistakesError: `mistakes_text` is no Python.
    """
    secrets = [
        *_secrets(source),
        *_secrets_of_mistakes(source, mistakes_text),
        *_secrets_of_equivalents(source, equivalents),
    ]
    return tuple(
        leak
        for root in roots
        for place in places(root)
        for leak in _leaks(place, secrets, in_library=root.name == _LIBRARY)
    )


def _leaks(place: Place, secrets: Sequence[_Secret], *, in_library: bool) -> Iterator[Leak]:
    text = _Text(place)
    found: set[tuple[str, str]] = set()
    for secret in secrets:
        rule = secret.rule
        if in_library:
            rule = _IN_LIBRARY.get(secret.kind, _IN_LIBRARY_OTHERWISE)
        line = text.first_match(secret, rule)
        if line is not None and (secret.kind, secret.owner) not in found:
            found.add((secret.kind, secret.owner))
            yield Leak(place.file, text.place_of(line), secret.kind, secret.owner, line)


class _Text:
    """One text of a learner's file, ready to be searched many times."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.lines = [normalised(line) for line in place.text.split("\n")]
        self.joined = "".join(self.lines)
        self._runs: dict[tuple[str, int], set[tuple[str, ...]]] = {}

    def first_match(self, secret: _Secret, rule: _Rule) -> str | None:
        """The first line of the secret that this text has, by the rule."""
        for line in secret.lines:
            if rule.alone is not None and len(line) >= rule.alone and line in self.joined:
                return line
        runs = self._runs_of(secret.shown, rule.run)
        return next((run[0] for run in _runs(secret.lines, rule.run) if run in runs), None)

    def place_of(self, line: str) -> str:
        """The name of the place, or the number of the line that holds `line`."""
        if self.place.name:
            return self.place.name
        numbers = (number for number, each in enumerate(self.lines, start=1) if line in each)
        number = next(numbers, None)
        return "" if number is None else f"line {number}"

    def _runs_of(self, shown: str, length: int) -> set[tuple[str, ...]]:
        key = (shown, length)
        if key not in self._runs:
            significant = [line for line in self.lines if _counts(line, shown)]
            self._runs[key] = set(_runs(significant, length))
        return self._runs[key]


def _runs(lines: Sequence[str], length: int) -> Iterator[tuple[str, ...]]:
    for start in range(len(lines) - length + 1):
        yield tuple(lines[start : start + length])


def _significant(text: str, shown: str) -> list[str]:
    return [line for line in map(normalised, text.split("\n")) if _counts(line, shown)]


def _counts(line: str, shown: str) -> bool:
    """Whether a normalised line says anything that others would not say by chance."""
    return len(line) >= _SHORTEST and line not in shown and not _EVERYDAY.fullmatch(line)


def _secrets(source: AssignmentSource) -> Iterator[_Secret]:
    shown = _joined(starter(cell) for cell in source.cells)
    for cell in source.tests:
        if cell.hidden:
            yield _Secret("hidden test", cell.id, cell.source, shown=shown)
    for cell in source.answers:
        solution = inside(cell.source, SOLUTION)
        yield _Secret("solution", cell.id, solution, shown=shown)
        yield _Secret("solution", cell.id, solution, rule=_OF_WHAT_IS_SHOWN)
    for cell in source.written:
        yield _Secret("reference answer", cell.id, inside(cell.source, SOLUTION), shown=shown)
        yield _Secret("mark scheme", cell.id, inside(cell.source, MARK_SCHEME), shown=shown)
    for exercise, ladder in source.hints.items():
        for hint in ladder:
            yield _Secret("hint", exercise, " ".join(hint.split()))


def _secrets_of_mistakes(source: AssignmentSource, text: str) -> Iterator[_Secret]:
    shown = _shown_or_solution(source)
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise MistakesError(f"mistakes.py is not Python: {error}. Mend it first.") from error
    lines = text.split("\n")
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.decorator_list:
            body = "\n".join(lines[node.body[0].lineno - 1 : node.end_lineno])
            yield _Secret("mistake", node.name, body, shown=shown)
            for hint in _hints(node):
                yield _Secret("hint", node.name, hint)


def _secrets_of_equivalents(
    source: AssignmentSource, equivalents: Sequence[Equivalent]
) -> Iterator[_Secret]:
    shown = _shown_or_solution(source)
    for each in equivalents:
        lines = "\n".join(line[1:] for line in each.change.split("\n"))
        yield _Secret("mutant", each.id, lines, shown=shown)
        yield _Secret("reason", each.id, " ".join(each.reason.split()))


def _shown_or_solution(source: AssignmentSource) -> str:
    solutions = [inside(cell.source, SOLUTION) for cell in source.answers]
    return _joined([*(starter(cell) for cell in source.cells), *solutions])


def _joined(texts: Iterable[str]) -> str:
    return "\n".join(normalised(line) for text in texts for line in text.split("\n"))


def _hints(node: ast.FunctionDef) -> Iterator[str]:
    """The texts of `hint=` in the decorators; each on one line, however it was wrapped."""
    for decorator in node.decorator_list:
        for keyword in decorator.keywords if isinstance(decorator, ast.Call) else ():
            if keyword.arg == "hint":
                for each in ast.walk(keyword.value):
                    if isinstance(each, ast.Constant) and isinstance(each.value, str):
                        yield " ".join(each.value.split())

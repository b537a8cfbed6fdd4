"""Decide for each test cell: apart from the learner's code, or beside it, and why.

Apart is the default: the cell runs in the test process, and only plain data crosses. A cell
runs beside, inside the sandbox, when reading it shows that apart it would not ask the same
question (it patches, deletes, captures); when the trial with the reference
answers shows it (`trial`); or when it shares names with such a cell. What reading cannot show
and the trial cannot either (an object that spies, a comparison by the learner's object) is
refused where it happens, by `session`.

What the test process may take from ordinary cells: statements that need nothing of an answer.
What they bind is the author's; every other name is the learner's.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from grader.errors import SourceError
from grader.foreign.cells import Cell, Notebook
from grader.foreign.live import live_reason
from grader.foreign.names import Names, changed_in_place, is_portable, names_of, python_of
from grader.records import Role

__all__ = ["Plan", "Step", "plan_notebook"]


@dataclass(frozen=True)
class Step:
    """What one cell of the author's means for the two processes.

    Attributes:
        name: of the cell.
        role: of the cell.
        here: what the test process runs of an ordinary cell: statements, each by itself.
        forgets: names that come from the learner's process from here on.
        code: a test's Python.
        valued: whether a test's last value counts.
        why_beside: empty when the test runs apart.
        defines: what only defines things, in a test: run on both sides.
        needs: definitions of earlier cells that a test beside gets anew.
        shares: names that a test sets and that answers or later cells read.
        objects: where a test met objects with the reference answers; elsewhere there was plain
            data, and no object of a learner's may answer for itself. None before they were tried.
    """

    name: str
    role: Role
    here: tuple[str, ...] = ()
    forgets: frozenset[str] = frozenset()
    code: str = ""
    valued: bool = True
    why_beside: str = ""
    defines: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    shares: frozenset[str] = frozenset()
    objects: frozenset[str] | None = None

    @property
    def apart(self) -> bool:
        """Whether a test runs apart from the learner's code."""
        return not self.why_beside


@dataclass(frozen=True)
class Plan:
    """The steps of one notebook, in the author's order, and what reads the author's names."""

    notebook: str
    steps: tuple[Step, ...]
    links: frozenset[frozenset[str]] = frozenset()

    @property
    def tests(self) -> tuple[Step, ...]:
        """The steps that are tests."""
        return tuple(step for step in self.steps if step.role is Role.TEST)

    def step(self, name: str) -> Step | None:
        """The step of a cell."""
        return next((step for step in self.steps if step.name == name), None)

    def as_text(self) -> str:
        """The same text for the same plan, whatever order its sets happen to have."""
        none: frozenset[str] = frozenset()
        bare = [replace(s, forgets=none, shares=none, objects=None) for s in self.steps]
        steps = [repr(step) for step in bare]
        sets = [
            [sorted(each or ()) for each in (s.forgets, s.shares, s.objects)] for s in self.steps
        ]
        return repr((self.notebook, steps, sets, sorted(map(sorted, self.links))))

    def foreseeing(self, objects: Mapping[str, frozenset[str]]) -> Plan:
        """The plan with what each test met with the reference answers."""
        steps = (replace(s, objects=objects.get(s.name)) if s.apart else s for s in self.steps)
        return replace(self, steps=tuple(steps))

    def moved_beside(self, reasons: Mapping[str, str]) -> Plan:
        """The plan with more tests beside, and with them those that share names with them."""
        steps = {step.name: step for step in self.steps}
        waiting = dict(reasons)
        while waiting:
            name, why = waiting.popitem()
            if not steps[name].apart:
                continue
            steps[name] = replace(steps[name], why_beside=why)
            for link in self.links:
                if name in link:
                    waiting |= dict.fromkeys(link - {name}, f"it shares names with `{name}`")
        return replace(self, steps=tuple(steps[step.name] for step in self.steps))


def plan_notebook(notebook: Notebook) -> Plan:
    """Read a notebook's cells and place its tests, as far as reading can.

    Raises:
        SourceError: a test cell is no Python.
    """
    codes = {cell.name: _python(cell, notebook) for cell in notebook.cells if cell.kind == "code"}
    reader = _Reader(notebook.cells, codes)
    read = [reader.read(cell) for cell in notebook.cells if cell.name in codes]
    steps = tuple(reader.with_shares(step) for step in read)
    plan = Plan(notebook.name, steps, frozenset(reader.links))
    reasons = {step.name: step.why_beside for step in steps if step.why_beside}
    bare = replace(plan, steps=tuple(replace(step, why_beside="") for step in steps))
    return bare.moved_beside(reasons)


def _python(cell: Cell, notebook: Notebook) -> str:
    text = cell.reference if cell.role is Role.ANSWER else cell.source
    try:
        code = python_of(text)
        ast.parse(code)
    except SyntaxError as error:
        if cell.role is not Role.TEST:
            return ""  # the learner's process will say so
        raise SourceError(
            f"{notebook.path}: the test cell `{cell.name}` cannot be parsed: {error.msg}, line "
            f"{error.lineno}. Mend it in the source and run nbgrader generate_assignment again"
        ) from None
    return code


class _Reader:
    """One pass over the author's cells, in order."""

    def __init__(self, cells: Sequence[Cell], codes: Mapping[str, str]) -> None:
        self._codes = codes
        written = [c.name for c in cells if c.role is Role.ANSWER and c.name in codes]
        answers = [names_of(codes[name]) for name in written]
        # nobody's but the learner's: bound by an answer, anywhere
        self._theirs = frozenset().union(*(n.binds for n in answers))
        self._read_by_answers = frozenset().union(*(n.later for n in answers))
        self._live: set[str] = set(self._theirs)  # their value depends on an answer
        self._calls_live: set[str] = set()  # functions of the author's that do, when called
        self._values: set[str] = set()  # the author's data, which an answer may change in place
        self._figures: set[str] = set()  # names of libraries that draw
        self._bound_by: dict[str, str] = {}  # the test that bound a name last
        self._definitions: dict[str, tuple[str, bool]] = {}  # name -> statement, of a test?
        self.links: set[frozenset[str]] = set()
        self._shares: dict[str, set[str]] = {}

    def with_shares(self, step: Step) -> Step:
        """The step with the names that cells after it were found to read."""
        return replace(step, shares=frozenset(self._shares.get(step.name, ())))

    def read(self, cell: Cell) -> Step:
        """The step of the next cell."""
        code = self._codes[cell.name]
        if cell.role is Role.TEST:
            return self._test(cell, code)
        if cell.role is Role.SETUP:
            return self._ordinary(cell, code)
        # what an answer changes of the author's is the learner's from then on
        changed = (changed_in_place(code) & self._values) if code else frozenset()
        binds = names_of(code).binds | changed
        self._forget(binds)
        self._live |= changed
        self._note_readers(names_of(code))
        return Step(cell.name, cell.role, forgets=binds)

    def _ordinary(self, cell: Cell, code: str) -> Step:
        here: list[str] = []
        forgets: set[str] = set()
        for statement in ast.parse(code).body:
            text = ast.unparse(statement)
            names = names_of(text)
            self._note_readers(names)
            from_tests = {n for n in names.now if n in self._bound_by}
            if "get_ipython" in names.now:
                here += ["%reset"] if "reset" in text else []
                continue
            if names.now & (self._live | self._calls_live) or from_tests:
                self._forget(names.binds)
                self._live |= names.binds
                forgets |= names.binds
                continue
            here.append(text)
            self._own(statement, text, names, of_test=False)
        return Step(cell.name, cell.role, here=tuple(here), forgets=frozenset(forgets))

    def _test(self, cell: Cell, code: str) -> Step:
        tree = ast.parse(code)
        names = names_of(code)
        why = live_reason(tree, names, self._live, self._figures)
        self._shares[cell.name] = set(self._assigned(tree) & self._read_by_answers)
        for name in sorted(names.needs & self._bound_by.keys()):
            self.links.add(frozenset({cell.name, self._bound_by[name]}))
        needs = tuple(self._needed(names.needs))
        defines = []
        for statement in tree.body:
            text = ast.unparse(statement)
            own = names_of(text)
            if is_portable(statement) and not own.now & (self._live | self._calls_live):
                defines.append(text)
                self._own(statement, text, own, of_test=True)
            else:
                self._bound_by |= dict.fromkeys(own.binds - self._theirs, cell.name)
                for name in own.binds:
                    self._definitions.pop(name, None)
        return Step(
            cell.name,
            cell.role,
            code=code,
            valued=not code.rstrip().endswith(";"),
            why_beside=why,
            defines=tuple(defines),
            needs=needs,
        )

    @staticmethod
    def _assigned(tree: ast.Module) -> frozenset[str]:
        kept = [s for s in tree.body if not isinstance(s, ast.Import | ast.ImportFrom)]
        return names_of(ast.unparse(ast.Module(kept, []))).binds

    def _own(self, statement: ast.stmt, text: str, names: Names, *, of_test: bool) -> None:
        """The author bound these names, whatever anyone else did before."""
        binds = names.binds - self._theirs
        self._forget(binds)
        self._live -= binds
        if isinstance(statement, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef):
            self._values -= binds
        else:
            self._values |= binds
        if names.later & (self._live | self._calls_live | self._theirs):
            self._calls_live |= binds
        if _draws(statement):
            self._figures |= binds
        again = isinstance(statement, ast.Import | ast.ImportFrom | ast.FunctionDef)
        if of_test or again:
            self._definitions |= dict.fromkeys(binds, (text, of_test))

    def _forget(self, names: Iterable[str]) -> None:
        for name in names:
            self._bound_by.pop(name, None)
            self._definitions.pop(name, None)
            self._calls_live.discard(name)

    def _note_readers(self, names: Names) -> None:
        """A cell that is no test reads what a test bound: it must be there, too."""
        for name in names.needs & self._bound_by.keys():
            self._shares[self._bound_by[name]].add(name)

    def _needed(self, names: Iterable[str]) -> Iterator[str]:
        """The definitions behind some names, those that they stand on first, each once."""
        done: set[str] = set()

        def visit(name: str) -> Iterator[str]:
            text, _ = self._definitions.get(name, ("", False))
            if not text or text in done:
                return
            done.add(text)
            for other in sorted(names_of(text).needs):
                yield from visit(other)
            yield text

        for name in sorted(names):
            yield from visit(name)


def _draws(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Import):
        return any(alias.name.split(".")[0] in _DRAWING for alias in statement.names)
    if isinstance(statement, ast.ImportFrom):
        return (statement.module or "").split(".")[0] in _DRAWING
    return False


_DRAWING = frozenset(["matplotlib", "pylab", "seaborn", "plotly", "altair", "bokeh", "turtle"])

"""Grade the same submissions with stock nbgrader and with us, on copies, and compare the marks.

Guarantees: the course's folder, its gradebook and what is kept of it in the cache stay as they
are. Both sides begin with a gradebook in which the assignment was never graded. Where a mark
differs, ours is taken a second time, so that chance is told apart from a difference.
"""

from __future__ import annotations

import builtins
import os
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from grader.errors import GraderError
from grader.execution.batch import default_workers
from grader.foreign.assignment import ForeignAssignment, open_assignment
from grader.foreign.cells import Cell, Notebook
from grader.foreign.comparison import CellMark, Comparison
from grader.foreign.copying import copy_course, top_of
from grader.foreign.grading import Progress, chosen, grade_folder
from grader.foreign.handin import read_notebook
from grader.foreign.names import names_of, python_of
from grader.foreign.place import CourseFolder
from grader.foreign.reasons import Facts, HandedInFacts, difference_of
from grader.foreign.rebuild import reference_notebook
from grader.foreign.stock import Progress as StockProgress
from grader.foreign.stock import Stock, read_marks, run_stock
from grader.foreign.trial import placed
from grader.grading import Graded, GradingOptions
from grader.records import Role, Run, TestResult
from grader.sandbox.choice import choose_sandbox

__all__ = [
    "HALF",
    "PSEUDO_LEARNERS",
    "SOLVED",
    "UNTOUCHED",
    "compare_folder",
    "reference_notebooks",
]

# who hands in the author's own notebooks; nobody's name has this form by accident
SOLVED, UNTOUCHED, HALF = "compare-solved", "compare-untouched", "compare-half"
PSEUDO_LEARNERS = (SOLVED, UNTOUCHED, HALF)


def compare_folder(
    course: CourseFolder,
    assignment_id: str,
    *,
    reference: bool = False,
    learners: Sequence[str] = (),
    sandbox: str = "bubblewrap",
    workers: int = 0,
    keep: Path | None = None,
    on_stock: StockProgress = lambda total, done: None,
    on_ours: Progress = lambda total, run: None,
) -> Comparison:
    """Compare the marks of `learners` (of everyone, when empty) for one assignment.

    Args:
        course: the course; it is only read.
        assignment_id: its assignment.
        reference: compare the author's solved notebooks, the untouched release, and half-solved
            notebooks (every second answer solved) too; then nobody need have handed in.
        learners: whose submissions.
        sandbox: around stock nbgrader, and around learners' code here.
        workers: notebooks that are executed at a time here; 0: one for each processor.
        keep: a new folder for the two copies; without it they are deleted.
        on_stock, on_ours: told how far either side is.

    Raises:
        GraderError: see `open_assignment`, `placed`, `copy_course`, `run_stock`; or nobody has
            handed in.
    """
    choose_sandbox(sandbox)
    there = course.learners(assignment_id)
    with _workplace(course, keep) as folder:
        open_assignment(replace(course, kept=folder / "looked.kept"), assignment_id)
        if not (there or reference):
            raise GraderError(
                f"nobody has handed in {assignment_id}; to compare your own answers and the "
                f"release instead: grader compare {assignment_id} --reference"
            )
        names = chosen(course, assignment_id, learners) if there or learners else ()
        copies = [copy_course(course, assignment_id, names, folder / n) for n in ("stock", "ours")]
        if reference:
            names = (*names, *_hand_in_reference(copies, assignment_id))
        stock = run_stock(
            course, copies[0], assignment_id, names, sandbox=sandbox, on_progress=on_stock
        )
        options = GradingOptions(sandbox=sandbox, workers=workers)
        with _told_of(course, copies[1]):
            ours = _grade(copies[1], assignment_id, names, options, on_ours)
            return _compared(ours, stock, options)


@dataclass(frozen=True)
class _Ours:
    """What we made of all submissions; times are seconds."""

    assignment: ForeignAssignment
    graded: Mapping[str, Graded]
    marks: Mapping[str, Mapping[tuple[str, str], float | None]]
    seconds: float
    trial_seconds: float

    def test(self, learner: str, notebook: str, cell: str) -> TestResult | None:
        """One test of one learner; a name says its notebook where a learner has several."""
        tests = {test.name: test for test in self.graded[learner].run.tests}
        return tests.get(f"{notebook}/{cell}", tests.get(cell))


def _grade(
    copied: CourseFolder,
    assignment_id: str,
    learners: Sequence[str],
    options: GradingOptions,
    on_progress: Progress,
) -> _Ours:
    started = time.perf_counter()
    assignment = open_assignment(copied, assignment_id)
    assignment, _ = placed(assignment, sandbox=options.sandbox, workers=options.workers)
    begun = time.perf_counter()
    lines = grade_folder(copied, assignment_id, learners, options=options, on_progress=on_progress)
    ended = time.perf_counter()
    graded = {line.learner: line for line in lines}
    marks = read_marks(copied, assignment_id)
    return _Ours(assignment, graded, marks, ended - begun, begun - started)


def _compared(ours: _Ours, stock: Stock, options: GradingOptions) -> Comparison:
    cells = list(_cells(ours, stock))
    differing = sorted({cell.learner for cell in cells if not cell.same})
    again = _grade_again(ours, differing, options)
    explained = tuple(cell if cell.same else _explained(cell, ours, again, stock) for cell in cells)
    faults = [f"{n}: nbgrader: {s.fault}" for n, s in stock.submissions.items() if s.fault]
    faults += [f"{n}: here: {g.run.fault}" for n, g in ours.graded.items() if g.run.fault]
    return Comparison(
        assignment=ours.assignment.id,
        cells=explained,
        submissions=len(stock.submissions),
        stock_seconds=stock.seconds,
        our_seconds=ours.seconds,
        trial_seconds=ours.trial_seconds,
        workers=options.workers or default_workers(),
        faults=tuple(faults),
        notes=tuple(f"{n}: {note}" for n, g in ours.graded.items() for note in g.run.notes),
    )


def _cells(ours: _Ours, stock: Stock) -> Iterator[CellMark]:
    """Every graded cell of every notebook that was handed in, with both marks."""
    nothing: Mapping[tuple[str, str], float | None] = {}
    for learner, theirs in stock.submissions.items():
        own = ours.marks.get(learner, nothing)
        for notebook, cell in _graded_cells(ours.assignment, learner):
            key = (notebook.name, cell.name)
            result = ours.test(learner, *key)
            step = ours.assignment.kit.plans[notebook.name].step(cell.name)
            place = result.place if result else ""
            why = step.why_beside if step and place == "beside" else ""
            if place == "beside" and not why:
                why = _noted(ours.graded[learner].run, cell.name)
            yield CellMark(
                learner,
                *key,
                float(str(cell.metadata.get("points") or 0)),
                theirs.marks.get(key),
                own.get(key),
                place,
                why,
                cell.role is Role.TEST,
            )


def _graded_cells(assignment: ForeignAssignment, learner: str) -> Iterator[tuple[Notebook, Cell]]:
    folder = assignment.course.submitted(assignment.id, learner)
    for notebook in assignment.notebooks:
        if (folder / f"{notebook.name}.ipynb").exists():
            for cell in notebook.cells:
                if cell.metadata.get("grade"):
                    yield notebook, cell


def _noted(run: Run, cell: str) -> str:
    """Why a test of this learner's ran beside, if a note of the run says it."""
    mark = f"`{cell}` ran beside for this answer: "
    return next((note.partition(mark)[2] for note in run.notes if mark in note), "")


def _grade_again(
    ours: _Ours, learners: Sequence[str], options: GradingOptions
) -> Mapping[str, Graded]:
    """A second run of those whose marks differ."""
    if not learners:
        return {}
    course, assignment_id = ours.assignment.course, ours.assignment.id
    lines = grade_folder(course, assignment_id, learners, options=replace(options, again=True))
    return {line.learner: line for line in lines}


def _explained(cell: CellMark, ours: _Ours, again: Mapping[str, Graded], stock: Stock) -> CellMark:
    theirs, run = stock.submissions[cell.learner], ours.graded[cell.learner].run
    key = (cell.notebook, cell.cell)
    facts = Facts(
        cell.cell,
        cell.max_score,
        cell.stock,
        cell.ours,
        theirs.fault,
        theirs.cells.get(key),
        run.fault or "",
        run.refusal or "",
        ours.test(cell.learner, *key),
        replace(ours, graded=again).test(cell.learner, *key),
        _handed_in(ours.assignment, cell.learner, cell.notebook),
    )
    return replace(cell, difference=difference_of(facts))


def _handed_in(assignment: ForeignAssignment, learner: str, name: str) -> HandedInFacts:
    submitted, _ = read_notebook(assignment, learner, name)
    if submitted is None:
        return HandedInFacts()
    known = {cell.name for cell in assignment.notebook(name).cells if cell.graded}
    named = [str(c.metadata.get("nbgrader", {}).get("grade_id", "")) for c in submitted.cells]
    counts = Counter(named)
    theirs = [c.source for c, n in zip(submitted.cells, named, strict=True) if n not in known]
    authors = [c for c in assignment.notebook(name).cells if not c.graded and c.kind == "code"]
    have = {text.strip() for text in theirs}
    lost = [c.source.strip() for c in authors if c.source.strip() not in have]
    text = "\n".join(c.source for c in submitted.cells if c.cell_type == "code")
    tampers = re.search(_TAMPERS, text)
    return HandedInFacts(
        {cell: counts[cell] for cell in known},
        lost[0].splitlines()[0][:80] if lost and lost[0] else "",
        tuple(sorted(_shadowed(submitted))),
        tampers[0] if tampers else "",
    )


_TAMPERS = (
    r"ast_transformers|displayhook|input_transformers\w*|run_cell\b|set_custom_exc|sys\._getframe"
)


def _shadowed(submitted: NotebookNode) -> set[str]:
    """Python's own functions that the learner's cells bind."""
    found: set[str] = set()
    for cell in submitted.cells:
        if cell.cell_type == "code":
            with suppress(SyntaxError, ValueError, RecursionError):
                found |= names_of(python_of(cell.source)).binds & set(vars(builtins))
    return found


def _hand_in_reference(copies: Sequence[CourseFolder], assignment_id: str) -> tuple[str, ...]:
    """Let the author's own notebooks be handed in, in each of the copies."""
    for copied in copies:
        assignment = open_assignment(copied, assignment_id)
        for notebook in assignment.notebooks:
            for name, handed in reference_notebooks(notebook).items():
                path = copied.submitted(assignment_id, name) / f"{notebook.name}.ipynb"
                path.parent.mkdir(parents=True, exist_ok=True)
                nbformat.write(handed, path)
    return PSEUDO_LEARNERS


def reference_notebooks(notebook: Notebook) -> dict[str, NotebookNode]:
    """What the author's own notebook can hand in: solved, untouched, every second answer solved."""
    solved = reference_notebook(notebook, solved=True)
    untouched = reference_notebook(notebook, solved=False)
    half = reference_notebook(notebook, solved=False)
    answers = [i for i, cell in enumerate(notebook.cells) if cell.role is Role.ANSWER]
    for i in answers[::2]:
        half.cells[i].source = solved.cells[i].source
    return {SOLVED: solved, UNTOUCHED: untouched, HALF: half}


@contextmanager
def _workplace(course: CourseFolder, keep: Path | None) -> Iterator[Path]:
    """A folder for the copies, which is deleted afterwards, whatever happened, if not kept."""
    if keep is None:
        folder = Path(tempfile.mkdtemp(prefix="grader-compare-")).resolve()
    else:
        folder = keep.resolve()
        if folder.is_relative_to(top_of(course)):
            raise GraderError(f"{keep} is inside the course; name a folder that is not")
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise GraderError(f"{keep} is there already; name a new folder, or an empty one")
        folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    finally:
        if keep is None:
            _remove(folder)
        else:
            for kept in folder.glob("*.kept"):
                _remove(kept)
            if not any(folder.iterdir()):
                folder.rmdir()


def _remove(folder: Path) -> None:
    """Delete a folder in which learners' code may have closed folders."""
    for top, names, _ in os.walk(folder):
        for name in names:
            if not Path(top, name).is_symlink():
                with suppress(OSError):
                    Path(top, name).chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _told_of(course: CourseFolder, copied: CourseFolder) -> Iterator[None]:
    """Let messages name the places of the course, and not those of its copy."""
    try:
        yield
    except GraderError as error:
        told = str(error).replace(str(copied.root), str(top_of(course)))
        raise type(error)(told) from error

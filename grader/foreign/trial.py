"""Prove with the reference answers where each test can run, and remember it.

The author's solved notebook is executed twice, in the sandbox: with every test where reading
put it, and with every test beside. A test that gives the same marks both times stays; one that
passes beside and not apart runs beside. Moving some may change others, so it is tried again
until nothing moves. The plans are kept in the cache, under everything they depend on.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from grader.errors import GraderError, SourceError
from grader.execution.batch import default_workers, execute_batch, keep_workers
from grader.foreign.assignment import ForeignAssignment
from grader.foreign.kit import ForeignScript, make_foreign_executor
from grader.foreign.placing import Plan
from grader.foreign.preloading import workers_import
from grader.foreign.rebuild import reference_notebook, script_cells
from grader.records import Outcome, Run, TestResult

__all__ = ["Trial", "placed", "try_reference"]

_FORMAT = 2  # raise it when tests should be tried again though nothing of theirs has changed
_ROUNDS = 5
_MISSING_IN_R = ("there is no package called", "cannot open the connection")


@dataclass(frozen=True)
class Trial:
    """The plans of an assignment, and the last run of each notebook's reference answers."""

    plans: Mapping[str, Plan]
    runs: Mapping[str, Run]


def placed(
    assignment: ForeignAssignment, *, sandbox: str, workers: int = 0
) -> tuple[ForeignAssignment, Trial]:
    """The assignment with each test in its place.

    Raises:
        SandboxError: learners' code cannot be confined here.
        GraderError: the reference answers cannot be executed at all.
    """
    path = assignment.course.cache / "plans" / f"{assignment.id}-{_digest(assignment)}"
    trial = _kept(path)
    if trial is None:
        trial = try_reference(assignment, sandbox=sandbox, workers=workers)
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in path.parent.glob(f"{assignment.id}-*"):
            old.unlink()
        path.write_bytes(pickle.dumps(trial))
    return assignment.with_plans(trial.plans), trial


def try_reference(assignment: ForeignAssignment, *, sandbox: str, workers: int = 0) -> Trial:
    """Execute the reference answers until each test has its place."""
    with keep_workers():
        return _tried(assignment, sandbox, workers)


def _tried(assignment: ForeignAssignment, sandbox: str, workers: int) -> Trial:
    plans = dict(assignment.kit.plans)
    apart = {name: plan for name, plan in plans.items() if any(step.apart for step in plan.tests)}
    beside = {name: _all_beside(plan) for name, plan in apart.items()}
    runs, stock = _execute(assignment, (plans, beside), sandbox, workers)
    for _ in range(_ROUNDS):
        moved = {name: _to_move(plans[name], runs[name], stock[name]) for name in stock}
        if not any(moved.values()):
            break
        plans = {n: plan.moved_beside(moved.get(n, {})) for n, plan in plans.items()}
        (runs,) = _execute(assignment, (plans,), sandbox, workers)
    _check_files(assignment, runs)
    plans = {name: plan.foreseeing(dict(runs[name].objects)) for name, plan in plans.items()}
    return Trial(plans, _doubted(assignment, runs, sandbox, workers))


def _all_beside(plan: Plan) -> Plan:
    return plan.moved_beside({step.name: "tried" for step in plan.tests})


def _execute(
    assignment: ForeignAssignment,
    all_plans: Sequence[Mapping[str, Plan]],
    sandbox: str,
    workers: int,
    *,
    solved: bool = True,
) -> tuple[dict[str, Run], ...]:
    """For each set of plans, the run of each notebook in it, with the reference answers or none."""
    scripts = {}
    for number, plans in enumerate(all_plans):
        for notebook in (each for each in assignment.notebooks if each.name in plans):
            cells = script_cells(notebook, reference_notebook(notebook, solved=solved))
            # a run tells whose it is by the learner's name alone
            key = f"{number}\n{notebook.name}"
            scripts[key] = ForeignScript(
                assignment.id,
                key,
                cells,
                notebook=notebook.name,
                plan=plans[notebook.name],
                of_the_author=True,
            )
    runs: tuple[dict[str, Run], ...] = tuple({} for _ in all_plans)
    finished = execute_batch(
        assignment.workers_kit,
        list(scripts.values()),
        sandbox=sandbox,
        workers=workers or default_workers(),
        make=make_foreign_executor,
        preload=workers_import(assignment.workers_kit.view.preload),
        view=assignment.workers_kit.shared_view,
    )
    with closing(finished):
        for run in finished:
            which, _, name = run.learner.partition("\n")
            if run.fault is not None:
                raise GraderError(
                    f"the reference answers of {assignment.id}/{name} cannot be executed: "
                    f"{run.fault}"
                )
            runs[int(which)][name] = run
    return tuple({name: found[name] for name in sorted(found)} for found in runs)


def _doubted(
    assignment: ForeignAssignment, runs: dict[str, Run], sandbox: str, workers: int
) -> dict[str, Run]:
    """The runs, with a note where a kernel lets every test pass with no answers as well."""
    plans = {name: assignment.kit.plans[name] for name in assignment.kit.kernels}
    if not plans:
        return runs
    (released,) = _execute(assignment, (plans,), sandbox, workers, solved=False)
    for name, run in released.items():
        if run.tests and all(test.outcome is Outcome.PASSED for test in run.tests):
            note = (
                "every test passes without any answer too. Does the kernel "
                f"`{assignment.kit.kernels[name].name}` report a failing test as an error?"
            )
            runs[name] = replace(runs[name], notes=(*runs[name].notes, note))
    return runs


def _check_files(assignment: ForeignAssignment, runs: Mapping[str, Run]) -> None:
    """Refuse to grade where the reference answers fail because something is not there."""
    for name, run in runs.items():
        lost = [test for test in run.tests if test.outcome is not Outcome.PASSED]
        errors = [(cell.name, cell.error or "") for cell in run.cells]
        errors += [(test.name, test.rationale) for test in lost]
        for cell, error in errors if lost else ():
            missing = error.startswith(("ModuleNotFoundError", "FileNotFoundError"))
            if missing or any(words in error for words in _MISSING_IN_R):
                raise SourceError(
                    f"{assignment.notebook(name).path}: with the reference answers, `{cell}` stops "
                    f"with {error.splitlines()[0]}. Is a file missing beside the notebook, or a "
                    "library that is not installed here? Nothing was graded."
                )


def _to_move(plan: Plan, run: Run, stock: Run) -> dict[str, str]:
    """The tests that give the reference answer other marks apart than beside, and why."""
    beside = {test.name: test for test in stock.tests}
    found: dict[str, str] = {}
    for test in run.tests:
        step = plan.step(test.name)
        if step is None or not step.apart:
            continue
        if test.place == "beside":
            noted = [n for n in run.notes if n.startswith(f"`{test.name}` ran beside")]
            found[test.name] = noted[0].partition(": ")[2] if noted else "it shares names"
        elif _marks(test) != _marks(beside[test.name]):
            found[test.name] = f"apart, the reference answer gets: {_why(test)}"
    return found


def _marks(test: TestResult) -> tuple[Outcome, float]:
    return test.outcome, round(test.earned, 9)


def _why(test: TestResult) -> str:
    said = test.rationale.splitlines()
    return said[0][:160] if said else f"{test.earned:g} of {test.points:g} points"


def _digest(assignment: ForeignAssignment) -> str:
    parts = [repr(each.cells) for each in assignment.notebooks]
    plans = [plan.as_text() for plan in assignment.kit.plans.values()]
    everything = repr((_FORMAT, assignment.id, assignment.kit.surroundings(), plans, parts))
    return hashlib.sha256(everything.encode()).hexdigest()[:16]


def _kept(path: Path) -> Trial | None:
    """What is kept in our own cache folder, which nobody's code but ours writes."""
    with suppress(OSError, pickle.UnpicklingError, AttributeError, EOFError, ImportError):
        found = pickle.loads(path.read_bytes())
        if isinstance(found, Trial):
            return found
    return None

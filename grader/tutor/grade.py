"""Grade a learner's own notebook as it would be graded when handed in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from grader.errors import GraderError, SandboxError
from grader.execution.execute import Executor
from grader.sandbox.choice import choose_sandbox
from grader.submissions import read_submission
from grader.tutor.results import plain_results
from grader.workbench import Workbench

__all__ = ["grade_file"]

_LEARNER = "you"


def grade_file(bench: Workbench, path: Path, sandbox: str) -> dict[str, Any]:
    """Run a notebook from the beginning, in a process of its own, and all of its tests.

    Args:
        bench: the assignment.
        path: the learner's file.
        sandbox: the one to use; "" for bubblewrap where it works, and none elsewhere.

    Returns:
        Plain data: the `results`, the `errors` of cells that stopped, `attempted` for each
        written answer, and the sandbox.

    Raises:
        GraderError: the file is no notebook that can be graded, or the grader itself failed.
    """
    submission = read_submission(
        path,
        assignment=bench.assignment.id,
        learner=_LEARNER,
        max_mib=bench.assignment.limits.notebook_mib,
        inside=path.parent,
    )
    if submission.refusal is not None:
        raise GraderError(submission.refusal)
    chosen = _chosen(sandbox)
    try:
        rebuilt = bench.rebuild(submission)
        run = Executor(bench.kit, chosen).execute(bench.script(rebuilt.notebook, _LEARNER))
    finally:
        chosen.close()
    if run.fault is not None:
        raise GraderError(f"the notebook could not be graded: {run.fault}")
    return {
        "results": plain_results(run.tests),
        "errors": {cell.name: cell.error for cell in run.cells if cell.error is not None},
        "written": _written(rebuilt.notebook),
        "notes": list(rebuilt.notes),
        "sandbox": chosen.name,
        "seconds": run.seconds,
    }


def _chosen(name: str) -> Any:
    if name:
        return choose_sandbox(name)
    try:
        return choose_sandbox("bubblewrap")
    except SandboxError:
        return choose_sandbox("none")  # it is the learner's own code, on their own machine


def _written(notebook: Any) -> dict[str, bool]:
    """For each written answer, whether anything was written."""
    return {
        cell.metadata.nbgrader["grade_id"]: bool(cell.metadata.course.get("attempted", True))
        for cell in notebook.cells
        if cell.metadata.get("course", {}).get("role") == "written"
    }

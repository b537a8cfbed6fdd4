"""Second pass of autograde: collect the finished run of a notebook, or make it now."""

from __future__ import annotations

import functools
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from grader.configuration import load_course
from grader.errors import GraderError
from grader.execution.execute import Executor
from grader.execution.store import find_run, keep_run
from grader.records import Run
from grader.sandbox import Sandbox, choose_sandbox
from grader.transforms.outputs import safe_outputs
from grader.workbench import Workbench, open_workbench, refused_run

__all__ = ["Execute"]


class Execute(NbGraderPreprocessor):  # type: ignore[misc]
    """Puts a run's outputs and results into the rebuilt notebook.

    Called by nbgrader's Autograde converter, first in `autograde_preprocessors`. A batch
    (``grader grade``) has executed everything beforehand; `nbgrader autograde` and the
    formgrader's button come here with nothing done, and then it is done here.
    """

    sandbox = Unicode(
        "bubblewrap",
        help="Where learners' code runs: 'bubblewrap', or 'none' for work that you trust.",
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Attach outputs and results; the run goes on to SaveScores in `resources`."""
        about = resources["nbgrader"]
        bench = open_workbench(load_course(Path.cwd()), about["assignment"])
        record = bench.course.run_record(bench.assignment.id, about["student"])
        run = self._run(bench, nb, about["student"], record)
        if run.fault is not None:
            # nbgrader reports the learner as failed and goes on; nobody gets a zero for it
            raise GraderError(f"{about['student']}: {run.fault}")
        _attach(nb, run, bench.assignment.limits.output_kib * 1024)
        resources.setdefault("course", {}).update(run=run, record=record)
        return nb, resources

    def _run(self, bench: Workbench, nb: NotebookNode, learner: str, record: Path) -> Run:
        script = bench.script(nb, learner)
        key = bench.key(script)
        refusal = nb.metadata.get("course", {}).get("refusal")
        if refusal is not None:
            run = refused_run(script, refusal)
        elif (found := find_run(record, key)) is not None:
            return found
        else:
            run = Executor(bench.kit, _sandbox(self.sandbox)).execute(script)
        if run.fault is None:
            keep_run(record, key, run)
        return run


@functools.cache
def _sandbox(name: str) -> Sandbox:
    """One for all notebooks of this process, because its first start is its slowest.

    Closed when the process ends; what it keeps warm ends before that when it is not used.
    """
    return choose_sandbox(name)


def _attach(nb: NotebookNode, run: Run, output_bytes: int) -> None:
    done = {cell.name: cell for cell in run.cells}
    results = {test.name: test for test in run.tests}
    for cell in nb.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id") or cell.id
        if name in results:
            result = results[name]
            cell.metadata.course["result"] = {**asdict(result), "outcome": result.outcome.value}
            text = "\n\n".join(filter(None, [result.rationale, result.help]))
            cell.outputs = [_text(f"{result.outcome.value}: {result.title}\n{text}".strip())]
        elif name in done:
            cell.outputs = safe_outputs(done[name].outputs, output_bytes)
            if done[name].error:
                cell.outputs.append(_text(str(done[name].error)))


def _text(text: str) -> NotebookNode:
    # a stream, not an error: nbgrader would take an error output for a verdict of its own
    return new_output("stream", name="stdout", text=text + "\n")

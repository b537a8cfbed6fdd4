"""One execution of a notebook of another language: all of its cells in its own kernel.

Its tests run there too, beside the answers, as with nbgrader: no process of ours speaks the
language. The kernel and what drives it are in the sandbox, and held to the same limits.
"""

from __future__ import annotations

from grader.errors import LinkError, SandboxError
from grader.foreign.kernels import Kernel
from grader.foreign.placing import Plan
from grader.foreign.session import Verdict
from grader.foreign.verdicts import result_of, verdict_of_cell
from grader.link.learner import LinkedLearner
from grader.records import CellRun, Role, ScriptCell, TestResult

__all__ = ["KernelPass"]

START_SECONDS = 60.0  # as nbclient's startup_timeout


class KernelPass:
    """Runs cell after cell, and keeps what they did."""

    def __init__(self, plan: Plan, kernel: Kernel, learner: LinkedLearner) -> None:
        """Start the kernel.

        Raises:
            SandboxError: it does not start here; says why.
            LinkError: the learner's process is gone.
        """
        self._plan = plan
        self._learner = learner
        self.cells: list[CellRun] = []
        self.tests: list[TestResult] = []
        self.refused: dict[str, str] = {}
        self.notes: list[str] = []
        try:
            learner.start_kernel(
                START_SECONDS,
                argv=list(kernel.argv),
                environment=dict(kernel.environment),
                by_message=kernel.by_message,
            )
        except SandboxError as error:
            raise SandboxError(
                f"the kernel `{kernel.name}` of {kernel.language} does not start in the sandbox: "
                f"{error}. It sees of this machine: the system's libraries"
                f"{''.join(f', {place}' for place in kernel.folders)}"
            ) from None

    def run(self, cell: ScriptCell) -> None:
        """Run the next cell of the learner's notebook."""
        step = self._plan.step(cell.name) if cell.role is Role.TEST else None
        try:
            done, decides = self._learner.execute(cell.name, step.code if step else cell.source)
        except LinkError as error:
            done, decides = CellRun(cell.name, error=str(error)), None
        if step is None:
            self.cells.append(done)
            return
        verdict: Verdict = verdict_of_cell(done, decides)
        printed = "".join(out["text"] for out in done.outputs if "text" in out)
        self.tests.append(result_of(cell, step, verdict, printed))

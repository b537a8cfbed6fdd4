"""First pass of autograde: replace whatever was handed in by a rebuilt notebook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from grader.configuration import load_course
from grader.workbench import open_workbench

__all__ = ["Rebuild"]


class Rebuild(NbGraderPreprocessor):  # type: ignore[misc]
    """Sets the learner's answers into the pristine release; see `grader.rebuild`.

    Called by nbgrader's Autograde converter, alone in `sanitize_preprocessors`.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Return the rebuilt notebook in place of `nb`."""
        about = resources["nbgrader"]
        bench = open_workbench(load_course(Path.cwd()), about["assignment"])
        path = Path.cwd() / resources["course"]["submitted"]
        rebuilt = bench.rebuild(bench.read(path, about["student"]))
        for note in rebuilt.notes:
            self.log.warning("%s: %s", about["student"], note)
        return rebuilt.notebook, resources

"""Make the notebook that a learner with given answers would hand in.

From the real release notebook, as a learner's would be. Used by the audit, the demo and
the tests; learners' own notebooks never come near it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

__all__ = ["answered"]


def answered(
    release: NotebookNode, answers: Mapping[str, str], extra_cells: Sequence[str] = ()
) -> NotebookNode:
    """The release with the text of some answer cells replaced, and code cells added on top.

    Raises:
        KeyError: an answer is for a cell that the release does not have.
    """
    notebook = copy.deepcopy(release)
    cells = {
        cell.metadata.nbgrader["grade_id"]: cell
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
    for name, source in answers.items():
        cells[name].source = source
    added = [
        new_code_cell(source=source, id=f"added-{number}")
        for number, source in enumerate(extra_cells)
    ]
    notebook.cells[:0] = added
    return notebook

"""The page to begin with: the notebooks of the week as links, and how far one is.

A notebook and not a page of text, because JupyterLab shows a notebook's prose as it should look,
and because a cell of it can draw the progress.
"""

from __future__ import annotations

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course.study.catalogue import AssignmentInfo, Catalogue

__all__ = ["welcome"]

_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
_PROGRESS = """\
from course.study.progress import Progress, show_progress

show_progress(Progress.open())"""
_HOW = """\
## How it goes

Open a notebook, run it from the top, replace each `raise NotImplementedError()` by your own code,
and run the tests below it. What you write here is yours: when the course changes, `course start`
in a terminal brings these notebooks up to date and keeps your answers, your cells and a backup.

Run the next cell to see how far you are."""


def welcome(catalogue: Catalogue) -> NotebookNode:
    """The page for a course. The same course gives the same page."""
    rows = [_row(assignment) for assignment in catalogue.assignments]
    head = ["| notebook | about | exercises |", "|---|---|---|"]
    table = "\n".join([f"# {catalogue.title}", "", *head, *rows])
    return new_notebook(
        metadata={"kernelspec": _KERNEL},
        cells=[
            new_markdown_cell(table, id="notebooks"),
            new_markdown_cell(_HOW, id="how"),
            new_code_cell(_PROGRESS, id="progress"),
        ],
    )


def _row(assignment: AssignmentInfo) -> str:
    link = f"{assignment.id}/{assignment.id}.ipynb"
    number = len(assignment.exercises)
    return f"| [{assignment.title}]({link}) | {assignment.minutes:g} minutes | {number} |"

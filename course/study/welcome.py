"""The page to begin with: the notebooks of the week as links, and how far one is.

A notebook and not a page of text, because JupyterLab shows a notebook's prose as it should look,
and because a cell of it can draw the progress.
"""

from __future__ import annotations

from course.study.catalogue import AssignmentInfo, Catalogue
from course.study.notebooks import Cell, Notebook

__all__ = ["welcome"]

_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
_PROGRESS = """\
from course.study.progress import Progress, show_progress

show_progress(Progress.open())"""
_ALONE = """\
## How it goes

Open a notebook, run it from the top, replace each `raise NotImplementedError()` by your own code,
and run the tests below it. What you write here is yours: when the course changes, `course start`
in a terminal brings these notebooks up to date and keeps your answers, your cells and a backup.

Run the next cell to see how far you are."""
_ON_A_HUB = """\
## How it goes

Open a notebook, run it from the top, replace each `raise NotImplementedError()` by your own code,
and run the tests below it. `%check` in a cell runs all tests of the exercise that you are at, the
hidden ones too; `%hint` gives a nudge.

**To hand in**, save the notebook, open *Nbgrader → Assignment List* in the menu above, and press
*Submit*; as often as you like. When your work is graded, *Fetch Feedback* is there too.

What you write here is yours: when a notebook is released anew, the next start of your server
brings it up to date and keeps your answers, your cells and a backup.

Run the next cell to see how far you are."""


def welcome(catalogue: Catalogue, *, on_a_hub: bool = False) -> Notebook:
    """The page for a course. The same course gives the same page.

    Args:
        catalogue: what there is to link to.
        on_a_hub: whether there is a group to hand in to, by nbgrader's list of assignments.
    """
    rows = [_row(assignment) for assignment in catalogue.assignments]
    head = ["| notebook | about | exercises |", "|---|---|---|"]
    table = "\n".join([f"# {catalogue.title}", "", *head, *rows])
    cells = [
        _cell("notebooks", table),
        _cell("how", _ON_A_HUB if on_a_hub else _ALONE),
        {**_cell("progress", _PROGRESS, "code"), "execution_count": None, "outputs": []},
    ]
    metadata = {"kernelspec": _KERNEL}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _cell(name: str, text: str, kind: str = "markdown") -> Cell:
    return {"cell_type": kind, "id": name, "metadata": {}, "source": text}


def _row(assignment: AssignmentInfo) -> str:
    link = f"{assignment.id}/{assignment.id}.ipynb"
    number = len(assignment.exercises)
    return f"| [{assignment.title}]({link}) | {assignment.minutes:g} minutes | {number} |"

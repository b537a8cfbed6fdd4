"""The one line of a notebook that makes it interactive.

Imported by every notebook, also where it is graded: so it imports nothing heavy before it is
known that a learner is there.
"""

from __future__ import annotations

import os
import sys

__all__ = ["OFF", "open_notebook"]

OFF = "COURSE_CHECKING"  # set to "off", the notebook stays as it is: for those who render it


def open_notebook(assignment: str) -> None:
    """Give this notebook `%check`, `%hint`, `%solution` and `%progress`.

    Starts the process of the tests in the background, so that it is warm when it is needed.
    Outside of IPython, and when somebody grades, it does nothing.

    Args:
        assignment: the id of the assignment, `"loss_functions"`.
    """
    graded = os.environ.get("NBGRADER_EXECUTION") or os.environ.get(OFF) == "off"
    if graded or "IPython" not in sys.modules:
        return
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is not None:
        from course.checking.magics import begin

        begin(shell, assignment)

"""Checks in the notebook: `%check`, `%hint`, `%solution` and `%progress`.

Two processes and a link, as when a notebook is graded: the tests run in a *tutor* that is
started once and stays warm; the learner's functions run in a copy of their kernel, so that a
check leaves variables, random state and plots as they were. In a notebook:

    from course.checking import open_notebook

    open_notebook("loss_functions")
"""

from course.checking.opening import open_notebook

__all__ = ["open_notebook"]

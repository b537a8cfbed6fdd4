"""What happens when a learner's server starts on a hub: their notebooks are brought up to date.

The settings that a hub gives to learners' servers call `arrive`, in the server and as the
learner. No notebook is open then, so that none is changed under anybody's hands. Whatever goes
wrong is said in the server's log and stops nothing: a learner must always be able to log in.
"""

from __future__ import annotations

import logging

from course.study.errors import StudyError
from course.study.workspace import Workspace

__all__ = ["arrive"]

_log = logging.getLogger(__name__)


def arrive() -> None:
    """Copy what was released into the working folder, or bring what is there up to date."""
    try:
        workspace = Workspace.open()
        for assignment in workspace.catalogue.assignments:
            _start(workspace, assignment.id)
        workspace.start_page()
    except (StudyError, OSError) as error:
        _log.warning("the working folder could not be made: %s", error)


def _start(workspace: Workspace, assignment_id: str) -> None:
    try:
        workspace.start(assignment_id)
    except StudyError as error:
        _log.warning("%s stays as it is: %s", assignment_id, error)

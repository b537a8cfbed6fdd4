"""`python -m grader.tutor ID`: one learner's tutor, on standard input and output.

Started by `course.checking.tutor_process`, in the folder of the course, and ended by the end
of its input; `grader.tutor.conversation` says what is said.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from course.link.frames import LinkClosed, LinkTimeout, take_over_stdio
from grader.configuration import load_course
from grader.errors import GraderError
from grader.tutor.conversation import Messages, answer
from grader.tutor.tutor import Tutor

__all__ = ["main"]


def main() -> None:
    """Serve until the input ends."""
    messages = Messages(take_over_stdio((0, 1)))  # its last words go to standard error
    try:
        try:
            tutor = Tutor(load_course(Path.cwd()), sys.argv[1])
        except GraderError as error:
            messages.receive()
            messages.send({"error": str(error)})
            return
        while True:
            request = _next(tutor, messages)
            messages.send(answer(tutor, messages, request))
    except LinkClosed:
        return


def _next(tutor: Tutor, messages: Messages) -> Mapping[str, Any]:
    """The next request; until it comes, get ready for it."""
    while True:
        try:
            return messages.receive(0.0 if tutor.is_not_ready else None)
        except LinkTimeout:
            tutor.prepare()


if __name__ == "__main__":
    main()

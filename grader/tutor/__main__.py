"""`python -m grader.tutor ID`: one learner's tutor, on standard input and output.

Started by `course.checking.tutor_process`, in the folder of the course, and ended by the end
of its input. Messages are the link's frames with dictionaries in the link's codec:

    {"do": "about"}                            -> {"about": {...}}
    {"do": "check", "exercise"}                -> {"ask": bytes} ... -> {"results": [...]}
    {"do": "hint", "exercise", "number"}       -> {"hint": str}
    {"do": "solution", "exercise"}             -> {"solution": str}
    {"do": "grade", "path", "sandbox"}         -> {"graded": {...}}
    {"do": "review", "exercise", "seed"}       -> {"question": str}
    {"do": "judge", "exercise", "seed", "given"} -> {"right": bool, "answer", "explanation"}
    anything that cannot be answered           -> {"error": str}
"""

# ruff: noqa: E402

from __future__ import annotations

import sys

# jsonschema, which nbformat imports, would build a grammar of internationalised addresses:
# half of our start-up, for a format that no notebook has. It goes without where there is none.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from course.link.codec import decode, encode
from course.link.frames import LinkClosed, LinkTimeout, Stream, take_over_stdio
from grader.configuration import load_course
from grader.errors import GraderError
from grader.reviews import Question, judge, parse_numbers
from grader.tutor.grade import grade_file
from grader.tutor.results import plain_results
from grader.tutor.tutor import Tutor

__all__ = ["main"]


class _Messages:
    """The learner's side, over a stream."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def send(self, message: Mapping[str, Any]) -> None:
        """Send one message."""
        self._stream.send(encode(dict(message)))

    def receive(self, timeout: float | None = None) -> Mapping[str, Any]:
        """The next message."""
        message = decode(self._stream.receive(timeout=timeout))
        return message if type(message) is dict else {}


def main() -> None:
    """Serve until the input ends."""
    messages = _Messages(take_over_stdio((0, 1)))  # its last words go to standard error
    try:
        try:
            tutor = Tutor(load_course(Path.cwd()), sys.argv[1])
        except GraderError as error:
            messages.receive()
            messages.send({"error": str(error)})
            return
        while True:
            request = _next(tutor, messages)
            messages.send(_answer(tutor, messages, request))
    except LinkClosed:
        return


def _next(tutor: Tutor, messages: _Messages) -> Mapping[str, Any]:
    """The next request; until it comes, get ready for it."""
    while True:
        try:
            return messages.receive(0.0 if tutor.is_not_ready else None)
        except LinkTimeout:
            tutor.prepare()


def _answer(tutor: Tutor, messages: _Messages, request: Mapping[str, Any]) -> dict[str, Any]:
    answers: dict[str, Callable[[], dict[str, Any]]] = {
        "about": lambda: {"about": tutor.about()},
        "check": lambda: {
            "results": plain_results(tutor.check(str(request["exercise"]), messages))
        },
        "hint": lambda: {"hint": tutor.hint(str(request["exercise"]), int(request["number"]))},
        "solution": lambda: {"solution": tutor.solution(str(request["exercise"]))},
        "review": lambda: {"question": tutor.question(*_which(request)).text},
        "judge": lambda: _judged(tutor.question(*_which(request)), str(request["given"])),
        "grade": lambda: {
            "graded": grade_file(tutor.bench, Path(request["path"]), str(request["sandbox"]))
        },
    }
    try:
        return answers[str(request["do"])]()
    except GraderError as error:
        return {"error": str(error)}
    except (KeyError, TypeError, ValueError) as error:
        return {"error": f"the request was not understood ({type(error).__name__}: {error})"}


def _which(request: Mapping[str, Any]) -> tuple[str, int]:
    return str(request["exercise"]), int(request["seed"])


def _judged(question: Question, given: str) -> dict[str, Any]:
    numbers = parse_numbers(given)
    if numbers is None:
        raise GraderError(
            f"{given!r} is not understood; expected numbers, such as 2.5 or 1/4 or 0.2, 0.8"
        )
    return {
        "right": judge(question, numbers),
        "answer": list(question.numbers),
        "explanation": question.explanation,
    }


if __name__ == "__main__":
    main()

"""One tutor's side of a conversation: requests as plain dictionaries, and their answers.

    {"do": "about"}                            -> {"about": {...}}
    {"do": "check", "exercise"}                -> {"ask": bytes} ... -> {"results": [...]}
    {"do": "hint", "exercise", "number"}       -> {"hint": str}
    {"do": "solution", "exercise"}             -> {"solution": str}
    {"do": "grade", "path", "sandbox"}         -> {"graded": {...}}
    {"do": "review", "exercise", "seed"}       -> {"question": str}
    {"do": "judge", "exercise", "seed", "given"} -> {"right": bool, "answer", "explanation"}
    anything that cannot be answered           -> {"error": str}

Messages are the link's frames with dictionaries in the link's codec.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from course.link.codec import decode, encode
from course.link.frames import Stream
from grader.errors import GraderError
from grader.reviews import Question, judge, parse_numbers
from grader.tutor.grade import grade_file
from grader.tutor.results import plain_results
from grader.tutor.tutor import Tutor

__all__ = ["Messages", "answer"]


class Messages:
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


def answer(tutor: Tutor, messages: Messages, request: Mapping[str, Any]) -> dict[str, Any]:
    """The last message of what a request begins; a check asks back before."""
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

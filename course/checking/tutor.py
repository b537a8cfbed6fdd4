"""What a notebook asks of the tests, wherever they are: in a process beside it, or on a hub."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from course.link.codec import decode, encode
from course.link.frames import LinkClosed
from course.study.errors import StudyError

__all__ = ["HiddenTestsUnavailable", "Tutor", "TutorError"]

Answering = Callable[[bytes], bytes]

PATIENCE = 120.0  # seconds for an answer that is not a question


class TutorError(StudyError):
    """The tutor cannot do what it was asked; the message says why and what next."""


class HiddenTestsUnavailable(TutorError):
    """On a hub: they are out of reach, or ran often enough for now; the visible ones still run."""


class Tutor(abc.ABC):
    """Its messages; how they are carried is the subclass's."""

    def __init__(self) -> None:
        self._about: dict[str, Any] = {}

    @property
    @abc.abstractmethod
    def is_alive(self) -> bool:
        """Whether it can be asked."""

    @abc.abstractmethod
    def close(self) -> None:
        """End it; closing twice is harmless."""

    @abc.abstractmethod
    def _exchange(self, message: bytes, patience: float | None) -> bytes:
        """Send a message, and wait for what comes back.

        Raises:
            TutorError: nothing did.
        """

    def about(self) -> Mapping[str, Any]:
        """What it says of its assignment: exercises, limits, what is withheld."""
        if not self._about:
            self._about = dict(self._ask({"do": "about"})["about"])
        return self._about

    def hint(self, exercise: str, number: int) -> str:
        """One hint; empty when there is none of that number."""
        return str(self._ask({"do": "hint", "exercise": exercise, "number": number})["hint"])

    def solution(self, exercise: str) -> str:
        """The reference answer."""
        return str(self._ask({"do": "solution", "exercise": exercise})["solution"])

    def question(self, exercise: str, seed: int) -> str:
        """A fresh question about an exercise; the same for the same seed."""
        request = {"do": "review", "exercise": exercise, "seed": seed}
        return str(self._ask(request)["question"])

    def judge(self, exercise: str, seed: int, given: str) -> Mapping[str, Any]:
        """Whether `given` answers the question of that seed: `right`, `answer`, `explanation`."""
        request = {"do": "judge", "exercise": exercise, "seed": seed, "given": given}
        judged: Mapping[str, Any] = self._ask(request)
        return judged

    def grade(self, path: Path, sandbox: str = "") -> Mapping[str, Any]:
        """Grade a whole notebook from the beginning, in a process of its own."""
        request = {"do": "grade", "path": str(path), "sandbox": sandbox}
        graded: Mapping[str, Any] = self._ask(request, patience=None)["graded"]
        return graded

    def check(self, exercise: str, answer: Answering) -> list[Mapping[str, Any]]:
        """Run the tests of one exercise; `answer` answers the tutor's questions.

        Args:
            exercise: its id.
            answer: raises LinkClosed, with the reason, when nobody is left to answer.

        Raises:
            TutorError: no such exercise, or the tutor has ended.
            KeyboardInterrupt: the learner stopped it; the tutor is ready for the next check.
        """
        interrupted = False
        message = self._ask({"do": "check", "exercise": exercise})
        while "ask" in message:
            reply: dict[str, Any]
            try:
                if interrupted:
                    raise LinkClosed("the check was stopped")
                reply = {"answer": answer(message["ask"])}
            except LinkClosed as error:
                reply = {"gone": str(error)}
            except KeyboardInterrupt:
                interrupted, reply = True, {"gone": "the check was stopped"}
            message = self._ask(reply)
        if interrupted:
            raise KeyboardInterrupt
        results: list[Mapping[str, Any]] = message["results"]
        return results

    def _ask(self, message: Mapping[str, Any], patience: float | None = PATIENCE) -> Any:
        reply = decode(self._exchange(encode(dict(message)), patience))
        if "error" in reply:
            kind = HiddenTestsUnavailable if reply.get("limit") else TutorError
            raise kind(str(reply["error"]))
        return reply

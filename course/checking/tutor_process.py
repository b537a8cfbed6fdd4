"""The tutor of a notebook as the kernel sees it: a process beside it, started once.

The course knows nothing of the grader: it starts a command and speaks messages. Where the
command is not there, as in the learner's edition, there is no tutor, and only the visible
tests can be run.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from course.link.codec import decode, encode
from course.link.frames import FrameError, LinkClosed, LinkTimeout, Stream
from course.study.errors import StudyError

__all__ = ["TutorError", "TutorProcess", "tutor_is_here"]

_MODULE = "grader.tutor"
_PATIENCE = 120.0  # seconds for an answer that is not a question

Answering = Callable[[bytes], bytes]


class TutorError(StudyError):
    """The tutor cannot do what it was asked; the message says why and what next."""


def tutor_is_here(root: Path) -> bool:
    """Whether there are tests to be run, and the command that runs them."""
    command = _MODULE.partition(".")[0]
    is_installed = (root / command).is_dir() or importlib.util.find_spec(command) is not None
    return is_installed and (root / "solutions").is_dir()


class TutorProcess:
    """The process, its messages and its end. It is started at once and answers when ready."""

    def __init__(self, root: Path, assignment: str) -> None:
        self._root = root
        self._assignment = assignment
        self._about: dict[str, Any] = {}
        self._start()

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

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

    def close(self) -> None:
        """End it; closing twice is harmless."""
        self._stream.close()
        with contextlib.suppress(OSError):
            self._process.kill()
        self._process.wait()
        self._words.close()

    def _start(self) -> None:
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            [sys.executable, "-m", _MODULE, self._assignment],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            cwd=self._root,
            env=os.environ | {"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"},
            start_new_session=True,  # what interrupts the notebook must not end it
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        # copies, so that Popen's own file objects can be closed right away
        self._stream = Stream(
            os.dup(self._process.stdout.fileno()), os.dup(self._process.stdin.fileno())
        )
        for file in (self._process.stdin, self._process.stdout):
            file.close()

    def _ask(self, message: Mapping[str, Any], patience: float | None = _PATIENCE) -> Any:
        try:
            self._stream.send(encode(dict(message)), timeout=patience)
            reply = decode(self._stream.receive(timeout=patience))
        except LinkTimeout:
            self.close()
            raise TutorError(
                "the tests did not answer and were stopped. Check again: they are started anew."
            ) from None
        except FrameError:
            words = self._last_words()
            self.close()
            raise TutorError(f"the process of the tests has ended. {words}") from None
        if "error" in reply:
            raise TutorError(str(reply["error"]))
        return reply

    def _last_words(self) -> str:
        """The last line that it wrote to its standard error."""
        with contextlib.suppress(OSError, ValueError):
            self._words.seek(0)
            lines = self._words.read().decode("utf-8", "replace").strip().splitlines()
            if lines:
                return f"Its last words: {lines[-1]}"
        return "It said nothing. Check again: it is started anew."

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
from pathlib import Path

from course.checking.tutor import Tutor, TutorError
from course.link.frames import FrameError, LinkTimeout, Stream

__all__ = ["TutorProcess", "tutor_is_here"]

_MODULE = "grader.tutor"


def tutor_is_here(root: Path) -> bool:
    """Whether there are tests to be run, and the command that runs them."""
    command = _MODULE.partition(".")[0]
    is_installed = (root / command).is_dir() or importlib.util.find_spec(command) is not None
    return is_installed and (root / "solutions").is_dir()


class TutorProcess(Tutor):
    """The process, its messages and its end. It is started at once and answers when ready."""

    def __init__(self, root: Path, assignment: str) -> None:
        super().__init__()
        self._root = root
        self._assignment = assignment
        self._start()

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

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

    def _exchange(self, message: bytes, patience: float | None) -> bytes:
        try:
            self._stream.send(message, timeout=patience)
            return self._stream.receive(timeout=patience)
        except LinkTimeout:
            self.close()
            raise TutorError(
                "the tests did not answer and were stopped. Check again: they are started anew."
            ) from None
        except FrameError:
            words = self._last_words()
            self.close()
            raise TutorError(f"the process of the tests has ended. {words}") from None

    def _last_words(self) -> str:
        """The last line that it wrote to its standard error."""
        with contextlib.suppress(OSError, ValueError):
            self._words.seek(0)
            lines = self._words.read().decode("utf-8", "replace").strip().splitlines()
            if lines:
                return f"Its last words: {lines[-1]}"
        return "It said nothing. Check again: it is started anew."

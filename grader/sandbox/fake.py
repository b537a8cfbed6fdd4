"""Sandboxes for tests, named by how their learner's process behaves; nothing is started."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from course.link.codec import decode, encode
from course.link.frames import FrameError, Stream
from course.link.withhold import Withheld
from grader.records import Limits
from grader.sandbox.base import NOTHING_WITHHELD

__all__ = ["BabblingSandbox", "DeadSandbox", "ScriptedSandbox", "SilentSandbox"]


class _Thread:
    """A learner's process that is a thread: whatever `behave` does with its end of the link."""

    def __init__(self, behave: Callable[[Stream], None]) -> None:
        to_learner, from_learner = os.pipe(), os.pipe()
        self.stream = Stream(from_learner[0], to_learner[1])
        theirs = Stream(to_learner[0], from_learner[1])
        self._thread = threading.Thread(target=self._run, args=(behave, theirs), daemon=True)
        self._thread.start()

    @staticmethod
    def _run(behave: Callable[[Stream], None], stream: Stream) -> None:
        try:
            behave(stream)
        except FrameError:
            pass  # the grader hung up
        finally:
            stream.close()

    def kill(self) -> None:
        self.stream.close()
        self._thread.join(timeout=5)

    def exit_code(self) -> int | None:
        self._thread.join(timeout=0.5)  # the link's end is seen a moment before the thread's
        return None if self._thread.is_alive() else 0

    def verdict(self) -> str | None:
        return None


class _Fake:
    name = "fake"
    files: str | None = None

    def unavailable(self) -> str | None:
        return None

    def start(self, limits: Limits, withheld: Withheld = NOTHING_WITHHELD) -> _Thread:
        return _Thread(self._behave)

    def close(self) -> None:
        pass

    def _behave(self, stream: Stream) -> None:
        raise NotImplementedError


class ScriptedSandbox(_Fake):
    """Answers each request with what a function of the test returns."""

    def __init__(self, answer: Callable[[Any], Any]) -> None:
        self._answer = answer

    def _behave(self, stream: Stream) -> None:
        while True:
            stream.send(encode(self._answer(decode(stream.receive()))))


class DeadSandbox(_Fake):
    """Its process ends at the first request."""

    def _behave(self, stream: Stream) -> None:
        stream.receive()


class SilentSandbox(_Fake):
    """Its process reads every request and never answers."""

    def _behave(self, stream: Stream) -> None:
        while True:
            stream.receive()


class BabblingSandbox(_Fake):
    """Its process answers with bytes that are no message."""

    def __init__(self, answer: bytes) -> None:
        self._bytes = answer

    def _behave(self, stream: Stream) -> None:
        while True:
            stream.receive()
            stream.send(self._bytes)

"""The learner's process as the tutor sees it: at the far end of its own conversation.

A check is a dialogue inside a dialogue. The tutor's question to the learner's code travels as
``{"ask": bytes}`` and comes back as ``{"answer": bytes}``, or as ``{"gone": why}`` when the
process that ran the code has ended. So one stream serves a pipe to a kernel and a WebSocket.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Protocol

from course.link.frames import LinkClosed, LinkTimeout

__all__ = ["Correspondent", "RelayedProcess"]


class Correspondent(Protocol):
    """Whoever carries messages between the tutor and the learner's notebook."""

    def send(self, message: Mapping[str, Any]) -> None:
        """Send one message."""

    def receive(self, timeout: float | None) -> Mapping[str, Any]:
        """The next message. Raises LinkTimeout or LinkClosed."""


class RelayedProcess:
    """See `grader.sandbox.base.LearnerProcess`; starting and ending it is the other side's."""

    def __init__(self, correspondent: Correspondent) -> None:
        self.stream: Any = _RelayedStream(correspondent)

    def kill(self) -> None:
        """The other side ends its process when it is told the result."""

    def exit_code(self) -> int | None:
        """Not known here."""
        return None

    def verdict(self) -> str | None:
        """Why the other side says that its process is gone, as a whole sentence."""
        why: str | None = self.stream.gone
        return why if why is None or why.endswith((".", "?")) else f"{why}."


class _RelayedStream:
    """What `course.link.frames.Stream` is to a process at hand."""

    def __init__(self, correspondent: Correspondent) -> None:
        self._correspondent = correspondent
        self.gone: str | None = None

    def send(self, message: bytes, *, timeout: float | None = None) -> None:
        """Ask one question."""
        self._correspondent.send({"ask": message})

    def receive(self, *, timeout: float | None = None) -> bytes:
        """Its answer.

        Raises:
            LinkClosed: the process that should answer is gone.
            LinkTimeout: there was none within `timeout` seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise LinkTimeout("no answer in time")
            message = self._correspondent.receive(left)
            answer = message.get("answer")
            if type(answer) is bytes:
                return answer
            if type(message.get("gone")) is str:
                self.gone = message["gone"][:500]
                raise LinkClosed("the other end has gone")

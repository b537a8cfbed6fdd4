"""The tutor of a notebook on a hub: the check service, over a WebSocket for each request.

The hub says by the environment where the service is and gives the token; the service knows by it
who asks. The tests, the references and the known mistakes never come here: what comes are
questions to the learner's code, and in the end the result.
"""

from __future__ import annotations

import contextlib
import os
from typing import Any

import websocket

from course.checking.tutor import HiddenTestsUnavailable, Tutor
from course.link.codec import CodecError, decode

__all__ = ["URL_VARIABLE", "TutorService", "service_url"]

URL_VARIABLE = "COURSE_CHECKS_URL"
_TOKEN_VARIABLE = "JUPYTERHUB_API_TOKEN"  # noqa: S105 - the name of a variable
_CONNECT_SECONDS = 10.0
_TELL = "If it stays so, tell your instructor."


def service_url() -> str:
    """Where the hub's check service is; empty when this is no hub with one."""
    return os.environ.get(URL_VARIABLE, "").rstrip("/")


class TutorService(Tutor):
    """One assignment's tests in the check service. It is connected to when it is asked."""

    def __init__(self, url: str, assignment: str) -> None:
        super().__init__()
        # http becomes ws, and https wss
        self._url = f"ws{url.removeprefix('http')}/check/{assignment}"
        self._connection: Any = None

    @property
    def is_alive(self) -> bool:
        """It is somebody else's to keep alive."""
        return True

    def close(self) -> None:
        """End the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(OSError, websocket.WebSocketException):
                connection.close(timeout=1)

    def _exchange(self, message: bytes, patience: float | None) -> bytes:
        if self._connection is None:
            self._connection = self._connect()
        try:
            self._connection.settimeout(patience)
            self._connection.send_binary(message)
            reply = self._connection.recv()
        except KeyboardInterrupt:
            self.close()
            raise
        except (OSError, websocket.WebSocketException):
            self.close()
            raise HiddenTestsUnavailable(
                f"the connection to the hub's check service was lost. Check again. {_TELL}"
            ) from None
        if not _is_question(reply):
            self.close()
        if not isinstance(reply, bytes) or not reply:
            raise HiddenTestsUnavailable(f"the hub's check service ended without a word. {_TELL}")
        return reply

    def _connect(self) -> Any:
        token = os.environ.get(_TOKEN_VARIABLE, "")
        try:
            return websocket.create_connection(
                self._url,
                header={"Authorization": f"token {token}"},
                timeout=_CONNECT_SECONDS,
                suppress_origin=True,
            )
        except websocket.WebSocketBadStatusException as error:
            raise HiddenTestsUnavailable(_why_refused(error.status_code)) from None
        except (OSError, websocket.WebSocketException):
            raise HiddenTestsUnavailable(
                f"the hub's check service cannot be reached. {_TELL}"
            ) from None


def _is_question(reply: object) -> bool:
    try:
        told = decode(reply) if isinstance(reply, bytes) else None
    except CodecError:
        return False
    return isinstance(told, dict) and "ask" in told


def _why_refused(status: int) -> str:
    if status == 403:
        return (
            "the hub does not let you check: you are not in the group of this course, or your "
            "server was started long ago. Stop your server (File, Hub Control Panel), start it "
            f"again, and check again. {_TELL}"
        )
    return f"the hub's check service answered with status {status}. {_TELL}"

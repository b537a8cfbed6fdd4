"""Messages over a byte stream: four bytes of length, then that many bytes.

Works on file descriptors, so that a pipe, a socket pair and a terminal-less process are
all the same to it. Reading has a deadline, because the other end may never answer.
"""

from __future__ import annotations

import os
import select
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass

from course.link.limits import MAX_MESSAGE

__all__ = ["FrameError", "LinkClosed", "LinkTimeout", "Stream", "take_over_stdio"]

_LENGTH = struct.Struct(">I")
_CHUNK = 1 << 20


class FrameError(Exception):
    """The other end did not keep to the framing; nothing more can be read from it."""


class LinkClosed(FrameError):
    """The other end has gone."""


class LinkTimeout(FrameError):
    """The other end did not answer in time."""


def take_over_stdio(silenced: Sequence[int] = (0, 1, 2)) -> Stream:
    """A stream over standard input and output, moved to where nothing else reads or writes.

    The descriptors in `silenced` then lead nowhere, so that nothing that is printed can be
    mistaken for a message.
    """
    stream = Stream(os.dup(0), os.dup(1))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in silenced:
        os.dup2(nowhere, descriptor)
    return stream


@dataclass
class Stream:
    """One end of the link: a file descriptor to read from and one to write to."""

    reader: int
    writer: int

    def __post_init__(self) -> None:
        # A blocking write could wait for ever behind a poll that said "writable".
        os.set_blocking(self.writer, False)

    def send(self, message: bytes, *, timeout: float | None = None) -> None:
        """Write one message.

        Raises:
            LinkClosed: when nobody reads at the other end.
            LinkTimeout: when the other end does not take it within `timeout` seconds.
        """
        deadline = _deadline(timeout)
        data = memoryview(_LENGTH.pack(len(message)) + message)
        while data:
            _wait(self.writer, select.POLLOUT, deadline)
            try:
                data = data[os.write(self.writer, data) :]
            except BlockingIOError:
                continue  # poll(2) may say "ready" for nothing
            except ConnectionError as error:
                raise LinkClosed("the other end has gone") from error

    def receive(self, *, timeout: float | None = None) -> bytes:
        """Read one message.

        Raises:
            LinkClosed: at the end of the stream.
            LinkTimeout: when the whole message is not there within `timeout` seconds.
            FrameError: when a length is announced that no message may have.
        """
        deadline = _deadline(timeout)
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size, deadline))
        if length > MAX_MESSAGE:
            raise FrameError(f"a message of {length} bytes was announced; {MAX_MESSAGE} may be")
        return self._exactly(length, deadline)

    def _exactly(self, count: int, deadline: float | None) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            _wait(self.reader, select.POLLIN, deadline)
            try:
                part = os.read(self.reader, min(_CHUNK, count - len(parts)))
            except BlockingIOError:
                continue  # a socket's one descriptor is non-blocking both ways
            except ConnectionError as error:
                raise LinkClosed("the other end has gone") from error
            if not part:
                raise LinkClosed("the other end has gone")
            parts += part
        return bytes(parts)

    def close(self) -> None:
        """Close both directions; closing twice is harmless."""
        for descriptor in {self.reader, self.writer} - {-1}:
            os.close(descriptor)
        self.reader = self.writer = -1


def _deadline(timeout: float | None) -> float | None:
    return None if timeout is None else time.monotonic() + timeout


def _wait(descriptor: int, event: int, deadline: float | None) -> None:
    if descriptor < 0:
        raise LinkClosed("this end of the link is closed")
    poll = select.poll()  # select.select() itself stops at descriptor 1024
    poll.register(descriptor, event)
    left = None if deadline is None else (deadline - time.monotonic()) * 1000
    # late is late: an end that always has one more byte ready would never be stopped
    if (left is not None and left < 0) or not poll.poll(left):
        raise LinkTimeout("no answer in time")

"""Messages over a byte stream: cut anywhere, too long, too late, or with nobody to read them."""

from __future__ import annotations

import os
import socket
import struct
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.link import frames
from course.link.codec import MAX_MESSAGE
from course.link.frames import FrameError, LinkClosed, LinkTimeout, Stream

SOON = 0.05
LATE = 30.0  # never waited for, unless something is broken
LARGE = 3 * 2**20  # far more than a pipe or a socket holds


def pipes() -> tuple[Stream, Stream]:
    here, there = os.pipe(), os.pipe()
    return Stream(here[0], there[1]), Stream(there[0], here[1])


def sockets() -> tuple[Stream, Stream]:
    ends = [end.detach() for end in socket.socketpair()]
    return Stream(ends[0], ends[0]), Stream(ends[1], ends[1])


@pytest.fixture(params=[pipes, sockets])
def link(request: pytest.FixtureRequest) -> Iterator[tuple[Stream, Stream]]:
    near, far = request.param()
    yield near, far
    near.close()
    far.close()


Link = tuple[Stream, Stream]


def at_the_other_end(behave: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=behave)
    thread.start()
    return thread


def test_messages_arrive_one_by_one_and_in_order(link: Link):
    near, far = link
    messages = [b"", b"a", b"\0" * 5, b"last"]
    for message in messages:
        near.send(message, timeout=LATE)
    assert [far.receive(timeout=LATE) for _ in messages] == messages


@given(st.lists(st.binary(max_size=50), min_size=1), st.data())
def test_a_stream_may_be_cut_anywhere(messages: list[bytes], data: st.DataObject):
    near, far = pipes()
    try:
        stream = b"".join(struct.pack(">I", len(message)) + message for message in messages)
        cut = data.draw(st.integers(0, len(stream)))
        os.write(near.writer, stream[:cut])
        rest = at_the_other_end(lambda: os.write(near.writer, stream[cut:]))
        assert [far.receive(timeout=LATE) for _ in messages] == messages
        rest.join()
    finally:
        near.close()
        far.close()


def test_a_message_may_trickle_in_byte_by_byte(link: Link):
    near, far = link
    trickle = at_the_other_end(
        lambda: [os.write(near.writer, bytes([byte])) for byte in b"\0\0\0\3abc"] and None
    )
    assert far.receive(timeout=LATE) == b"abc"
    trickle.join()


def test_large_questions_and_large_answers_do_not_wait_for_each_other(link: Link):
    near, far = link

    def answer() -> None:
        for _ in range(2):
            far.send(far.receive(timeout=LATE)[::-1], timeout=LATE)

    other = at_the_other_end(answer)
    question = os.urandom(LARGE)
    for _ in range(2):
        near.send(question, timeout=LATE)
        assert near.receive(timeout=LATE) == question[::-1]
    other.join()


def test_two_that_only_talk_are_stopped_by_the_clock(link: Link):
    near, far = link
    seen: list[BaseException] = []

    def talk() -> None:
        try:
            far.send(bytes(LARGE), timeout=SOON)
        except FrameError as error:
            seen.append(error)

    other = at_the_other_end(talk)
    with pytest.raises(LinkTimeout):
        near.send(bytes(LARGE), timeout=SOON)
    other.join()
    assert type(seen[0]) is LinkTimeout


@pytest.mark.parametrize("sent", [b"", b"\0\0", b"\0\0\0\5", b"\0\0\0\5half"])
def test_half_a_message_is_waited_for_no_longer_than_told(link: Link, sent: bytes):
    near, far = link
    os.write(near.writer, sent)
    with pytest.raises(LinkTimeout):
        far.receive(timeout=SOON)


@pytest.mark.parametrize("sent", [b"", b"\0\0", b"\0\0\0\5", b"\0\0\0\5half"])
def test_half_a_message_and_the_end_is_a_closed_link(link: Link, sent: bytes):
    near, far = link
    os.write(near.writer, sent)
    near.close()
    with pytest.raises(LinkClosed):
        far.receive(timeout=LATE)
    with pytest.raises(LinkClosed):
        far.receive()


def test_a_deadline_is_for_the_whole_message_not_for_each_byte(
    link: Link, monkeypatch: pytest.MonkeyPatch
):
    near, far = link
    clock = iter(range(1000))
    monkeypatch.setattr(frames, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))
    monkeypatch.setattr(frames, "_CHUNK", 1)
    os.write(near.writer, struct.pack(">I", 20) + bytes(20))
    with pytest.raises(LinkTimeout):
        far.receive(timeout=10.0)


@pytest.mark.parametrize("length", [MAX_MESSAGE + 1, 2**31, 2**32 - 1])
def test_an_announced_length_that_no_message_may_have_is_refused_at_once(link: Link, length: int):
    near, far = link
    os.write(near.writer, struct.pack(">I", length))
    with pytest.raises(FrameError, match=str(length)) as caught:
        far.receive(timeout=LATE)
    assert type(caught.value) is FrameError


def test_an_announced_length_alone_takes_no_memory(link: Link):
    near, far = link
    os.write(near.writer, struct.pack(">I", MAX_MESSAGE) + b"a little")
    tracemalloc.start()
    with pytest.raises(LinkTimeout):
        far.receive(timeout=SOON)
    assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    tracemalloc.stop()


def test_sending_to_nobody_is_a_closed_link(link: Link):
    near, far = link
    far.close()
    with pytest.raises(LinkClosed):
        near.send(bytes(LARGE), timeout=LATE)


def test_an_end_that_was_closed_here_is_closed(link: Link):
    near, _ = link
    near.close()
    near.close()
    with pytest.raises(LinkClosed, match="this end"):
        near.receive(timeout=LATE)
    with pytest.raises(LinkClosed, match="this end"):
        near.send(b"x", timeout=LATE)


def test_closing_leaves_no_descriptor_open():
    near, far = sockets()
    descriptors = {near.reader, near.writer, far.reader, far.writer}
    near.close()
    far.close()
    for descriptor in descriptors:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)


def test_every_error_of_the_link_is_a_frame_error():
    errors = ["FrameError", "LinkClosed", "LinkTimeout"]
    assert frames.__all__ == [*errors, "Stream", "take_over_stdio"]
    assert issubclass(LinkClosed, FrameError)
    assert issubclass(LinkTimeout, FrameError)

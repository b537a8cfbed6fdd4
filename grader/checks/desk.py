"""Decides what a learner may ask, brings it to the keeper, and puts it on record.

The order of things is what the service promises: a check is on record before its first question
reaches the learner, and its outcome before its result does. A learner has one request at a time;
the service has so many, and the others wait their turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from course.checking.report import report_of
from course.link.codec import CodecError, decode, encode
from grader.checks.attempts import Attempts, RecordError
from grader.configuration import Assignment, Course
from grader.errors import UnknownAssignment

__all__ = ["AT_ONCE", "LARGEST", "Desk", "Learner", "Refused"]

AT_ONCE = 16  # checks that run at the same time; most of the time they wait for their learner
LARGEST = 32 * 2**20  # bytes of a message
_TURN_SECONDS = 60.0
_REQUESTS = ("about", "check", "hint", "solution", "review", "judge")
_LENGTH = struct.Struct(">I")


class Learner(Protocol):
    """The learner's side of one request."""

    name: str

    async def ask(self, message: bytes) -> bytes:
        """Send a question and give what comes back. Raises ConnectionError when they are gone."""


class Refused(Exception):
    """A request that is not carried out; the message is for the learner.

    Attributes:
        is_limit: there were enough for now; the visible tests can still be run.
    """

    def __init__(self, message: str, *, is_limit: bool = False) -> None:
        super().__init__(message)
        self.is_limit = is_limit


def now() -> datetime:
    """The service's clock."""
    return datetime.now(UTC)


class Desk:
    """Serves the learners of one course."""

    def __init__(self, course: Course, attempts: Attempts, sockets: Path, clock: Any = now) -> None:
        self._course = course
        self._attempts = attempts
        self._sockets = sockets
        self._clock = clock
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def serve(self, learner: Learner, assignment_id: str, message: bytes) -> bytes:
        """The last message of what `message` begins.

        Raises:
            Refused: it is not carried out, and why.
            ConnectionError: the learner is gone.
        """
        request = _request(message)
        assignment = self._assignment(assignment_id)
        async with self._turn(learner.name):
            number = self._admit(learner.name, assignment, request)
            begun = time.monotonic()
            try:
                last = await self._converse(learner, assignment.id, message)
                result = _decoded(last)
                if "error" in result and number:
                    self._attempts.take_back(number)
                elif "results" in result:
                    self._finish(number, result["results"], time.monotonic() - begun)
            except (OSError, EOFError, asyncio.IncompleteReadError) as error:
                if isinstance(error, ConnectionAbortedError):  # the learner's: it stays on record
                    raise
                if number:
                    self._attempts.take_back(number)
                raise Refused(
                    "the process of the tests ended before its last word. Check again; if it "
                    "happens twice, tell your instructor which exercise it was."
                ) from error
        return last

    def _assignment(self, assignment_id: str) -> Assignment:
        try:
            return self._course.assignment(assignment_id)
        except UnknownAssignment:
            raise Refused(f"this course has no assignment {assignment_id!r}.") from None

    @asynccontextmanager
    async def _turn(self, name: str) -> AsyncIterator[None]:
        """One request of a learner's at a time, and so many of all of them."""
        try:
            async with asyncio.timeout(_TURN_SECONDS) as waiting:
                async with self._turns[name], self._slots:
                    waiting.reschedule(None)
                    yield
        except TimeoutError:
            raise Refused(
                "many checks are waiting, or another of your own is running in another notebook. "
                "Check again in a minute."
            ) from None

    def _admit(self, name: str, assignment: Assignment, request: Mapping[str, Any]) -> int:
        """Put the request on record where it is one that counts; 0 where it is not."""
        kind, exercise = str(request["do"]), str(request.get("exercise", ""))[:200]
        moment = self._clock()
        if kind == "check":
            free = self._attempts.next_allowed(
                name,
                assignment.id,
                exercise,
                per_hour=self._course.checks.per_hour,
                now=moment,
            )
            if free is not None:
                minutes = max(1, round((free - moment).total_seconds() / 60))
                raise Refused(
                    f"you have checked `{exercise}` {self._course.checks.per_hour} times within "
                    f"an hour; the hidden tests run again in {minutes} min. Until then think on "
                    "paper, or take a `%hint`.",
                    is_limit=True,
                )
        if kind == "solution":
            self._refuse_early_solution(assignment, moment)
        if kind in ("check", "hint", "solution"):
            return self._attempts.begin(name, assignment.id, exercise, kind, moment)
        return 0

    def _refuse_early_solution(self, assignment: Assignment, moment: datetime) -> None:
        if self._course.checks.solutions == "never":
            raise Refused("your group keeps the solutions to itself. `%hint` gives more help.")
        if assignment.due is None:
            raise Refused("solutions are not shown here. `%hint` gives more help.")
        if moment < assignment.due:
            raise Refused(
                f"solutions are shown after the due date, {assignment.due:%d %B %Y, %H:%M}. "
                "`%hint` gives more help."
            )

    async def _converse(self, learner: Learner, assignment: str, message: bytes) -> bytes:
        """Carry frames between the learner and a child of the keeper, up to the last one."""
        path = str(self._sockets / assignment)
        reader, writer = await asyncio.open_unix_connection(path, limit=LARGEST)
        try:
            while True:
                writer.write(_LENGTH.pack(len(message)) + message)
                await writer.drain()
                (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
                reply = await reader.readexactly(length)
                if "ask" not in _decoded(reply):
                    return reply
                message = _answer(await learner.ask(reply))
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _finish(self, number: int, results: Any, seconds: float) -> None:
        report = report_of("", "", results)
        self._attempts.finish(
            number,
            outcome=report.outcome,
            earned=report.earned,
            points=report.points,
            mistake=report.mistake,
            seconds=seconds,
        )


def _request(message: bytes) -> Mapping[str, Any]:
    request = _decoded(message)
    kind = request.get("do")
    if kind == "grade":
        raise Refused(
            "whole files are not checked on a hub. Open the notebook and type %check all."
        )
    if kind not in _REQUESTS:
        raise Refused("the request was not understood.")
    return request


def _answer(message: bytes) -> bytes:
    """Only what answers a question may reach the tests."""
    told = _decoded(message)
    return encode({key: told[key] for key in ("answer", "gone") if key in told})


def _decoded(message: bytes) -> Mapping[str, Any]:
    try:
        told = decode(message)
    except CodecError:
        raise Refused("the message was not understood.") from None
    if type(told) is not dict:
        raise Refused("the message was not understood.")
    return told


def refusal(error: Exception) -> bytes:
    """The message that tells a learner of a `Refused` or a `RecordError`."""
    if isinstance(error, RecordError):
        text = "checks cannot be recorded just now, so none is carried out. Tell your instructor."
        return encode({"error": text})
    limit = isinstance(error, Refused) and error.is_limit
    return encode({"error": str(error)} | ({"limit": True} if limit else {}))

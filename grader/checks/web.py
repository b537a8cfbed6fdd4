"""The web side of the check service: a WebSocket for learners, pages for instructors."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from urllib.parse import urlsplit

from jupyterhub.services.auth import HubOAuthCallbackHandler, HubOAuthenticated
from tornado.web import Application, HTTPError, RequestHandler, authenticated
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from grader.checks.attempts import Attempts, RecordError
from grader.checks.desk import LARGEST, Desk, Refused, refusal
from grader.checks.page import as_csv, overview
from grader.checks.people import People, Visitor
from grader.configuration import Course

__all__ = ["make_application"]

_ANSWER_SECONDS = 60.0  # a call has a limit of its own at the learner's side, which is shorter
_log = logging.getLogger("grader.checks")


def make_application(
    prefix: str, hub_auth: Any, people: People, desk: Desk, course: Course, attempts: Attempts
) -> Application:
    """The service, below `prefix`, which begins and ends with a slash."""
    pages = {"hub_auth": hub_auth, "people": people, "course": course, "attempts": attempts}
    return Application(
        [
            (prefix + r"check/([a-z0-9_]+)", Check, {"people": people, "desk": desk}),
            (prefix + r"oauth_callback", HubOAuthCallbackHandler),
            (prefix + r"attempts\.csv", AttemptsAsCsv, pages),
            (prefix, Overview, pages),
            (r".*", Nothing),
        ],
        cookie_secret=hub_auth.api_token,
        hub_auth=hub_auth,
        websocket_max_message_size=LARGEST,
        websocket_ping_interval=20,
        websocket_ping_timeout=20,
        xsrf_cookies=False,  # nothing can be changed by a page
    )


class Check(WebSocketHandler):
    """One request of one learner: their first message, questions and answers, the last message."""

    def initialize(self, people: People, desk: Desk) -> None:
        """Take what `make_application` gives."""
        self._people = people
        self._desk = desk
        self._answers: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=2)
        self._work: asyncio.Task[None] | None = None
        self.name = ""

    async def prepare(self) -> None:
        """Only a token in the header is believed: a page of somebody else's could send a cookie."""
        kind, _, token = self.request.headers.get("Authorization", "").partition(" ")
        visitor = await self._people.by_token(token) if kind.lower() == "token" else None
        if visitor is None:
            raise HTTPError(403, "the hub does not know this token")
        if not (visitor.is_learner or visitor.is_instructor):
            raise HTTPError(403, f"{visitor.name} is not in this course")
        self.name = visitor.name

    def check_origin(self, origin: str) -> bool:
        """Kernels send none; a browser's must be ours."""
        return urlsplit(origin).netloc == self.request.headers.get("Host")

    def open(self, assignment: str) -> None:
        """Wait for the first message."""
        self._work = asyncio.create_task(self._serve(assignment))

    async def on_message(self, message: bytes | str) -> None:
        """Each is one answer; whoever sends more than were asked for is cut off."""
        if isinstance(message, str) or self._answers.full():
            self.close(1003, "binary messages in turns")
            return
        await self._answers.put(message)

    def on_close(self) -> None:
        """The learner is gone: so is their request."""
        if self._work is not None:
            self._work.cancel()

    async def ask(self, message: bytes) -> bytes:
        """See `grader.checks.desk.Learner`."""
        try:
            await self.write_message(message, binary=True)
            return await self._next()
        except (WebSocketClosedError, TimeoutError) as error:
            raise ConnectionAbortedError("the learner's side is silent") from error

    async def _next(self) -> bytes:
        async with asyncio.timeout(_ANSWER_SECONDS):
            message = await self._answers.get()
        if message is None:
            raise ConnectionAbortedError("the learner's side is gone")
        return message

    async def _serve(self, assignment: str) -> None:
        try:
            last = await self._desk.serve(self, assignment, await self._next())
        except (Refused, RecordError) as error:
            if isinstance(error, RecordError):
                _log.error("%s", error)
            last = refusal(error)
        except (ConnectionError, TimeoutError):
            self.close(1002, "silence")
            return
        except Exception:  # noqa: BLE001 - one request's fault must not be silence to its learner
            _log.exception("a request of %s failed", self.name)
            last = refusal(Refused("the check service failed. Tell your instructor."))
        try:
            await self.write_message(last, binary=True)
        except WebSocketClosedError:
            return
        self.close()


class _Page(HubOAuthenticated, RequestHandler):  # type: ignore[misc]
    """A page for instructors."""

    def initialize(self, hub_auth: Any, people: People, course: Course, attempts: Attempts) -> None:
        """Take what `make_application` gives."""
        self.hub_auth = hub_auth
        self._people = people
        self.course = course
        self.attempts = attempts

    def set_default_headers(self) -> None:
        """Nothing is fetched from elsewhere, and nobody may frame the page."""
        policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
        self.set_header("Content-Security-Policy", policy)
        self.set_header("Cache-Control", "no-store")

    async def require_instructor(self) -> Visitor:
        """Raises HTTPError 403 for everybody else."""
        visitor = await self._people.by_name(self.current_user["name"])
        if not visitor.is_instructor:
            raise HTTPError(403, f"{visitor.name} does not teach this course")
        return visitor

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """One sentence."""
        reason = "This page is for the instructors of the course." if status_code == 403 else ""
        self.finish(f"{status_code}. {reason or self._reason}\n")


class Overview(_Page):
    """What happened, by exercise."""

    @authenticated
    async def get(self) -> None:
        """The page."""
        await self.require_instructor()
        self.finish(overview(self.course, self.attempts.read()))


class AttemptsAsCsv(_Page):
    """The whole record."""

    @authenticated
    async def get(self) -> None:
        """The file."""
        await self.require_instructor()
        self.set_header("Content-Type", "text/csv; charset=utf-8")
        self.set_header("Content-Disposition", 'attachment; filename="attempts.csv"')
        self.finish(as_csv(self.attempts.read()))


class Nothing(RequestHandler):
    """Any other address."""

    def prepare(self) -> None:
        """There is nothing."""
        raise HTTPError(404)

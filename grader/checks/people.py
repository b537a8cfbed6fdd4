"""Who asks: the hub knows, by the token that a request carries; the client is never believed."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any, Protocol

from tornado.escape import url_escape
from tornado.httpclient import AsyncHTTPClient

__all__ = ["GroupsOfTheHub", "People", "Visitor"]

_KEPT_SECONDS = 60.0


@dataclass(frozen=True)
class Visitor:
    """Somebody whom the hub knows."""

    name: str
    is_learner: bool
    is_instructor: bool


class People(Protocol):
    """Says who the owner of a token is, and what they are in the course."""

    async def by_token(self, token: str) -> Visitor | None:
        """None when the hub does not know the token, or it is not for this service."""

    async def by_name(self, name: str) -> Visitor:
        """What somebody is whom the hub has logged in."""


class GroupsOfTheHub:
    """Asks JupyterHub: the token's owner by their token, their groups by the service's own."""

    def __init__(self, hub_auth: Any, course_id: str) -> None:
        self._hub = hub_auth
        self._learners = f"nbgrader-{course_id}"
        self._instructors = f"formgrade-{course_id}"
        self._groups: dict[str, tuple[float, frozenset[str]]] = {}

    async def by_token(self, token: str) -> Visitor | None:
        """See `People`."""
        model = await self._hub.user_for_token(token, sync=False)
        if not model or not self._hub.check_scopes(self._hub.access_scopes, model):
            return None
        return await self.by_name(model["name"])

    async def by_name(self, name: str) -> Visitor:
        """See `People`."""
        groups = await self._groups_of(name)
        return Visitor(name, self._learners in groups, self._instructors in groups)

    async def _groups_of(self, name: str) -> frozenset[str]:
        """Kept for a minute: a group at work asks many times, and rarely changes."""
        until, groups = self._groups.get(name, (0.0, frozenset()))
        if time.monotonic() > until:
            answer = await AsyncHTTPClient().fetch(
                f"{self._hub.api_url}/users/{url_escape(name, plus=False)}",
                headers={"Authorization": f"token {self._hub.api_token}"},
                raise_error=False,
            )
            model = json.loads(answer.body) if answer.code == 200 else {}
            groups = frozenset(model.get("groups", ()))
            self._groups[name] = (time.monotonic() + _KEPT_SECONDS, groups)
        return groups

"""The same hub on Kubernetes, by the chart of Zero to JupyterHub: its configuration.

deploy/kubernetes/values.yaml calls `configure` in the hub's pod; the groups, the roles and the
scopes of servers are those of a hub on one machine (`grader.hub.roles`).

Each person's pod runs as a user id of their own, made from their name, and the exchange is one
shared volume. So a file's owner says who handed it in, as on one machine, and collecting needs no
other rule; in the grader's pod `passwd_lines` gives the ids their names. Two names with one id
are refused when the hub starts.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grader.errors import HubError
from grader.hub.plan import HubPlan, read_plan
from grader.hub.roles import CHECKS, groups, roles, server_scopes
from grader.hub.roster import Person

__all__ = ["configure", "main", "passwd_lines", "uid_of"]

_FIRST_UID, _UIDS = 2**20, 2**30  # below 2**31, and far from those of images and systems
_HOME = "/home/jovyan"
_EXCHANGE = "/srv/exchange"


def uid_of(name: str) -> int:
    """The user id of somebody's pod: the same for a name, wherever it is asked for.

    Example:
        >>> uid_of("ada") == uid_of("ada") != uid_of("bola")
        True
    """
    digest = hashlib.sha256(name.encode("utf-8")).digest()
    return _FIRST_UID + int.from_bytes(digest[:8], "big") % _UIDS


def passwd_lines(people: Sequence[Person]) -> str:
    """Lines of /etc/passwd by which a user id has its person's name.

    Raises:
        HubError: two names have one user id.
    """
    names: dict[int, str] = {}
    for person in people:
        other = names.setdefault(uid_of(person.id), person.id)
        if other != person.id:
            raise HubError(
                f"{person.id!r} and {other!r} would be the same user to the exchange. "
                "Give one of them another id in the roster."
            )
    return "".join(
        f"{name}:x:{uid}:100::{_HOME}:/usr/sbin/nologin\n" for uid, name in names.items()
    )


def configure(c: Any, plan: HubPlan) -> None:
    """Set in JupyterHub's configuration what the chart's values cannot say.

    Raises:
        HubError: two names have one user id.
    """
    passwd_lines(plan.people)
    c.Authenticator.allowed_users = {each.id for each in plan.people}
    c.JupyterHub.load_groups = groups(plan)
    c.JupyterHub.load_roles = [*c.JupyterHub.load_roles, *roles(plan)]  # the chart has set its own
    c.Spawner.server_token_scopes = server_scopes(plan)
    teach = {each.id for each in plan.instructors}

    def before_a_server_starts(spawner: Any) -> None:
        name = spawner.user.name
        role = "instructor" if name in teach else "learner"
        spawner.uid = uid_of(name)
        spawner.gid = spawner.fs_gid = 100
        spawner.environment = dict(spawner.environment) | {
            "JUPYTER_CONFIG_PATH": f"/srv/edition/jupyter/{role}",
            "COURSE_ROOT": "/srv/edition",
            "COURSE_WORK": f"{_HOME}/{plan.course_id}",
            "COURSE_CHECKS_URL": f"http://proxy-http:8000/services/{CHECKS}",
            "OMP_NUM_THREADS": "1",
        }
        spawner.volume_mounts = [*spawner.volume_mounts, *_mounts(plan)]

    c.Spawner.pre_spawn_hook = before_a_server_starts


def _mounts(plan: HubPlan) -> list[dict[str, Any]]:
    """Of the exchange: what is released and given back to read, and `inbound` to write into."""
    course = plan.course_id
    return [
        {
            "name": "exchange",
            "mountPath": f"{_EXCHANGE}/{course}/{name}",
            "subPath": f"{course}/{name}",
            "readOnly": name != "inbound",
        }
        for name in ("outbound", "feedback", "inbound")
    ]


def main() -> None:
    """Print the lines of /etc/passwd for the plan that is named: for the grader's pod."""
    sys.stdout.write(passwd_lines(read_plan(Path(sys.argv[1])).people))


if __name__ == "__main__":
    main()

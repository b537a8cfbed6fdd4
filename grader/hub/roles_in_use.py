"""Compare who may do what on a hub with what was planned.

It is read from the hub's database, which root may do without a token of the hub's: a token that
may read all roles would be one more thing to keep. The hub writes its groups and roles there
when it starts, so a difference is either a change by hand or a hub that was not restarted.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

from grader.doctor import Finding, one_line, shortened
from grader.hub.folders import DATABASE
from grader.hub.plan import HubPlan
from grader.hub.roles import groups, roles
from grader.hub.units import HUB_UNIT

__all__ = ["roles_in_use"]

# what JupyterHub has in every hub, as of 6.1; "admin" is looked at by who has it
_USUAL = {
    "user": {"self"},
    "server": {"users:activity!user", "access:servers!server"},
    "token": {"inherit"},
}
_ADMIN = "admin"


def roles_in_use(plan: HubPlan) -> Finding:
    """Are the hub's roles, and who has them, those of the plan and no wider?"""
    path = plan.folders.state / DATABASE
    if not path.exists() or path.stat().st_size == 0:
        return Finding("roles", True, "needed", "the hub has not been started yet")
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            wrong = [*_scopes(database, plan), *_holders(database, plan), *_members(database, plan)]
    except sqlite3.Error as error:
        seen = f"{path} cannot be read: {one_line(str(error))}"
        return Finding("roles", False, "needed", seen, "Restore the state folder from a backup.")
    seen = shortened(wrong) if wrong else "as planned, and no wider"
    advice = f"systemctl restart {HUB_UNIT}. What is left then, somebody has changed by hand."
    return Finding("roles", not wrong, "needed", seen, advice)


def _scopes(database: sqlite3.Connection, plan: HubPlan) -> Iterator[str]:
    wanted = _USUAL | {role["name"]: set(role["scopes"]) for role in roles(plan)}
    seen: Mapping[str, str] = dict(database.execute("SELECT name, scopes FROM roles"))
    for name, text in seen.items():
        if name == _ADMIN:
            continue
        if name not in wanted:
            yield f"there is a role {name!r} that was not planned"
            continue
        for scope in sorted(set(json.loads(text)) - wanted[name]):
            yield f"the role {name!r} may {scope} too"
    for role in roles(plan):
        if missing := sorted(set(role["scopes"]) - set(json.loads(seen.get(role["name"], "[]")))):
            yield f"the role {role['name']!r} may not {', '.join(missing)}"


def _holders(database: sqlite3.Connection, plan: HubPlan) -> Iterator[str]:
    planned = {
        (kind, holder, role["name"])
        for role in roles(plan)
        for kind in ("group", "service")
        for holder in role.get(f"{kind}s", ())
    }
    for kind in ("user", "group", "service"):
        held = database.execute(
            f"SELECT holder.name, roles.name FROM {kind}_role_map AS map "
            f"JOIN {kind}s AS holder ON holder.id = map.{kind}_id "
            "JOIN roles ON roles.id = map.role_id"
        )
        for holder, role in held:
            if (kind, holder, role) not in planned and (kind, role) != ("user", "user"):
                yield f"the {kind} {holder!r} has the role {role!r}"
    for (name,) in database.execute("SELECT name FROM users WHERE admin"):
        yield f"{name!r} is an administrator of the hub"


def _members(database: sqlite3.Connection, plan: HubPlan) -> Iterator[str]:
    seen: dict[str, set[str]] = {}
    rows: Any = database.execute(
        "SELECT groups.name, users.name FROM user_group_map AS map "
        "JOIN groups ON groups.id = map.group_id JOIN users ON users.id = map.user_id"
    )
    for group, name in rows:
        seen.setdefault(group, set()).add(name)
    wanted = {name: set(group["users"]) for name, group in groups(plan).items()}
    for group in sorted({*seen, *wanted}):
        members, planned = seen.get(group, set()), wanted.get(group, set())
        for name in sorted(members - planned):
            yield f"{name} is in the hub's group {group}"
        for name in sorted(planned - members):
            yield f"{name} is not in the hub's group {group}"

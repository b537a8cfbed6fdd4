"""Who may do what on a hub, read from its database, against the plan."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from grader.hub.folders import DATABASE
from grader.hub.plan import HubPlan
from grader.hub.roles import groups, roles
from grader.hub.roles_in_use import roles_in_use

from .machine import plan_in

SCHEMA = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, admin INTEGER DEFAULT 0);
CREATE TABLE groups (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE services (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE roles (id INTEGER PRIMARY KEY, name TEXT, scopes TEXT);
CREATE TABLE user_role_map (user_id INTEGER, role_id INTEGER);
CREATE TABLE group_role_map (group_id INTEGER, role_id INTEGER);
CREATE TABLE service_role_map (service_id INTEGER, role_id INTEGER);
CREATE TABLE user_group_map (user_id INTEGER, group_id INTEGER);
"""


@pytest.fixture
def plan(tmp_path: Path) -> HubPlan:
    plan = plan_in(tmp_path)
    plan.folders.state.mkdir()
    return plan


@pytest.fixture
def database(plan: HubPlan) -> Iterator[sqlite3.Connection]:
    """As JupyterHub leaves it after a start with the plan."""
    path = plan.folders.state / DATABASE
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript(SCHEMA)
        usual = {"user": ["self"], "token": ["inherit"], "admin": ["shutdown"]}
        usual["server"] = ["users:activity!user", "access:servers!server"]
        for name, scopes in usual.items():
            _role(database, name, scopes)
        for name in ("ada", "bola", "efe", plan.grader):
            database.execute("INSERT INTO users (name) VALUES (?)", (name,))
            _give(database, "user", name, "user")
        for name in (plan.course_id, "checks"):
            database.execute("INSERT INTO services (name) VALUES (?)", (name,))
        for name, group in groups(plan).items():
            database.execute("INSERT INTO groups (name) VALUES (?)", (name,))
            for member in group["users"]:
                _join(database, member, name)
        for role in roles(plan):
            _role(database, role["name"], role["scopes"])
            for kind in ("group", "service"):
                for holder in role.get(f"{kind}s", ()):
                    _give(database, kind, holder, role["name"])
        yield database


def _role(database: sqlite3.Connection, name: str, scopes: list[str]) -> None:
    row = (name, json.dumps(scopes))
    database.execute("INSERT INTO roles (name, scopes) VALUES (?, ?)", row)


def _give(database: sqlite3.Connection, kind: str, holder: str, role: str) -> None:
    found = database.execute(
        f"INSERT INTO {kind}_role_map SELECT holder.id, roles.id FROM {kind}s AS holder, roles "
        "WHERE holder.name = ? AND roles.name = ?",
        (holder, role),
    )
    assert found.rowcount == 1, (kind, holder, role)


def _join(database: sqlite3.Connection, name: str, group: str) -> None:
    found = database.execute(
        "INSERT INTO user_group_map SELECT users.id, groups.id FROM users, groups "
        "WHERE users.name = ? AND groups.name = ?",
        (name, group),
    )
    assert found.rowcount == 1, (name, group)


def test_a_hub_as_planned_is_fine(plan: HubPlan, database: sqlite3.Connection) -> None:
    finding = roles_in_use(plan)
    assert (finding.holds, finding.detail) == (True, "as planned, and no wider")


def test_a_hub_that_never_started_is_fine(plan: HubPlan) -> None:
    assert "not been started" in roles_in_use(plan).detail
    (plan.folders.state / DATABASE).touch()
    assert "not been started" in roles_in_use(plan).detail


def test_a_database_that_is_none_is_told(plan: HubPlan) -> None:
    (plan.folders.state / DATABASE).write_text("no database, but longer than nothing " * 40)
    finding = roles_in_use(plan)
    assert not finding.holds
    assert "file is not a database" in finding.detail


def test_a_wider_role_is_told(plan: HubPlan, database: sqlite3.Connection) -> None:
    wide = json.dumps(["access:services!service=checks", "admin:users"])
    database.execute("UPDATE roles SET scopes = ? WHERE name = 'learner-sample'", (wide,))
    assert roles_in_use(plan).detail == "the role 'learner-sample' may admin:users too"


def test_a_wider_usual_role_is_told(plan: HubPlan, database: sqlite3.Connection) -> None:
    database.execute("""UPDATE roles SET scopes = '["self", "list:users"]' WHERE name = 'user'""")
    assert roles_in_use(plan).detail == "the role 'user' may list:users too"


def test_a_narrower_role_is_told(plan: HubPlan, database: sqlite3.Connection) -> None:
    database.execute("UPDATE roles SET scopes = '[]' WHERE name = 'learner-sample'")
    told = "the role 'learner-sample' may not access:services!service=checks"
    assert roles_in_use(plan).detail == told


def test_a_role_that_was_not_planned_is_told(plan: HubPlan, database: sqlite3.Connection) -> None:
    _role(database, "helper", [])
    assert roles_in_use(plan).detail == "there is a role 'helper' that was not planned"


@pytest.mark.parametrize(
    ("kind", "holder", "role"),
    [
        ("user", "ada", "admin"),
        ("user", "ada", "instructor-sample"),
        ("group", "nbgrader-sample", "instructor-sample"),
        ("service", "checks", "formgrader-sample"),
    ],
)
def test_somebody_with_a_role_that_is_not_theirs_is_told(
    plan: HubPlan, database: sqlite3.Connection, kind: str, holder: str, role: str
) -> None:
    _give(database, kind, holder, role)
    assert roles_in_use(plan).detail == f"the {kind} {holder!r} has the role {role!r}"


def test_an_administrator_is_told(plan: HubPlan, database: sqlite3.Connection) -> None:
    database.execute("UPDATE users SET admin = 1 WHERE name = 'efe'")
    assert roles_in_use(plan).detail == "'efe' is an administrator of the hub"


def test_a_learner_among_the_instructors_is_told(
    plan: HubPlan, database: sqlite3.Connection
) -> None:
    _join(database, "ada", "formgrade-sample")
    assert roles_in_use(plan).detail == "ada is in the hub's group formgrade-sample"


def test_somebody_whom_the_running_hub_does_not_know_yet_is_told(
    plan: HubPlan, database: sqlite3.Connection
) -> None:
    database.execute("DELETE FROM user_group_map WHERE user_id = 2")
    finding = roles_in_use(plan)
    assert finding.detail == "bola is not in the hub's group nbgrader-sample"
    assert "restart" in finding.advice

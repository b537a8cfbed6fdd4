"""Who may do what: exactly this, and no more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from grader.configuration import load_course
from grader.hub.plan import HubPlan
from grader.hub.roles import groups, roles, server_scopes
from grader.hub.roster import INSTRUCTORS, Person
from grader.hub.trial import trial_plan

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "course"


@pytest.fixture
def plan() -> HubPlan:
    people = (
        Person("ada", "Ada", group="ikeja"),
        Person("bola", "Bola", group="yaba"),
        Person("chidi", "Chidi"),
        Person("efe", "Efe", group=INSTRUCTORS),
    )
    made = trial_plan(load_course(SAMPLE))
    return replace(made, people=people, accounts=True, grader="grader-sample")


def test_groups_hold_who_the_roster_says(plan: HubPlan) -> None:
    assert groups(plan) == {
        "nbgrader-sample": {"users": ["ada", "bola", "chidi"]},
        "formgrade-sample": {"users": ["efe", "grader-sample"]},
        "team-sample-ikeja": {"users": ["ada"]},
        "team-sample-yaba": {"users": ["bola"]},
    }


def test_without_accounts_the_graders_account_is_nobody_on_the_hub(plan: HubPlan) -> None:
    assert groups(replace(plan, accounts=False))["formgrade-sample"] == {"users": ["efe"]}


def test_learners_may_reach_the_check_service_and_nothing_else(plan: HubPlan) -> None:
    scopes = {
        scope
        for role in roles(plan)
        if role.get("groups") == ["nbgrader-sample"]
        for scope in role["scopes"]
    }
    assert scopes == {"access:services!service=checks"}


def test_no_role_reaches_beyond_this_course(plan: HubPlan) -> None:
    told = {role["name"]: set(role["scopes"]) for role in roles(plan)}
    assert told["instructor-sample"] == {
        "access:services!service=sample",
        "access:services!service=checks",
        "list:services",
        "read:services!service=sample",
    }
    assert told["formgrader-sample"] == {
        "list:users",
        "read:users:groups",
        "list:groups",
        "groups!group=nbgrader-sample",
        "read:groups!group=nbgrader-sample",
    }
    assert told["checks-sample"] == {"read:users:groups"}
    assert all(len(name) >= 3 for name in told)


def test_a_servers_token_is_for_its_own_person(plan: HubPlan) -> None:
    assert [each for each in server_scopes(plan) if "!" not in each] == ["list:services"]
    wide = ("admin", "tokens", "servers!user", "users:", "self")
    bad = [each for each in server_scopes(plan) if each.startswith(wide)]
    assert bad == ["users:activity!user"]

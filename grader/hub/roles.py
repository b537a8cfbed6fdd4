"""Who may do what on the hub: groups, roles, services, as JupyterHub's configuration has them.

Pure functions of a plan, so that a hub on one machine and one on a cluster have the same, and
`grader hub check` can compare a running hub with what was planned. The scopes are the narrowest
with which the whole cycle was seen to work; see docs/decisions/0016-roles-of-the-hub.md.
"""

from __future__ import annotations

from typing import Any

from grader.hub.plan import HubPlan

__all__ = ["CHECKS", "groups", "roles", "server_scopes", "team_group"]

CHECKS = "checks"  # the name of the check service


def team_group(plan: HubPlan, team: str) -> str:
    """The hub's group of a learners' group of the roster."""
    return f"team-{plan.course_id}-{team}"


def groups(plan: HubPlan) -> dict[str, dict[str, list[str]]]:
    """The hub's groups and their members, for ``JupyterHub.load_groups``."""
    members: dict[str, list[str]] = {
        plan.learners_group: [each.id for each in plan.learners],
        plan.instructors_group: [each.id for each in plan.instructors],
    }
    if plan.accounts:
        # nbgrader asks, as the grader's account, whether that account may grade
        members[plan.instructors_group].append(plan.grader)
    for each in plan.learners:
        if each.group:
            members.setdefault(team_group(plan, each.group), []).append(each.id)
    return {name: {"users": users} for name, users in members.items()}


def roles(plan: HubPlan) -> list[dict[str, Any]]:
    """The roles, for ``JupyterHub.load_roles``. Their names have three characters or more."""
    course = plan.course_id
    return [
        {
            "name": f"instructor-{course}",
            "description": "Open the formgrader and the record of checks",
            "scopes": [
                f"access:services!service={course}",
                f"access:services!service={CHECKS}",
                "list:services",
                f"read:services!service={course}",
            ],
            "groups": [plan.instructors_group],
        },
        {
            "name": f"learner-{course}",
            "description": "Check answers",
            "scopes": [f"access:services!service={CHECKS}"],
            "groups": [plan.learners_group],
        },
        {
            "name": f"formgrader-{course}",
            "description": "Keep the list of learners",
            "scopes": [
                "list:users",
                "read:users:groups",
                "list:groups",
                f"groups!group={plan.learners_group}",
                f"read:groups!group={plan.learners_group}",
            ],
            "services": [course],
        },
        {
            "name": f"checks-{course}",
            "description": "See who is in the course",
            "scopes": ["read:users:groups"],
            "services": [CHECKS],
        },
    ]


def server_scopes(plan: HubPlan) -> list[str]:
    """What the token in a person's own server may do, as far as the person may."""
    course = plan.course_id
    return [
        "users:activity!user",
        "access:servers!server",
        "read:users!user",
        "read:users:groups!user",
        "list:services",
        f"read:services!service={course}",
        f"access:services!service={CHECKS}",
    ]

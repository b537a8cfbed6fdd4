"""JupyterHub's configuration, from a plan.

Everything listens on 127.0.0.1. With accounts, people log in with the password of their Linux
account, and their servers run as them; without, one password serves all learners and nothing
is kept from anybody, which is for looking at a hub and for tests.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grader.errors import HubError
from grader.hub.links import course_links
from grader.hub.plan import PLAN_FILE, PLAN_VARIABLE, HubPlan
from grader.hub.proxy import proxy_command
from grader.hub.roles import CHECKS, groups, roles, server_scopes
from grader.hub.settings import environment

__all__ = ["ADMIN_PASSWORD", "USER_PASSWORD", "configure"]

USER_PASSWORD = "SATURDAYS_USER_PASSWORD"  # noqa: S105 - names of variables, not passwords
ADMIN_PASSWORD = "SATURDAYS_ADMIN_PASSWORD"  # noqa: S105

_HOST = "127.0.0.1"
_NOT_ISOLATED = "This is a hub to look at: nothing in it is kept from anybody."


def configure(c: Any, plan: HubPlan) -> None:
    """Set everything in JupyterHub's configuration object."""
    _places(c, plan)
    _proxy(c, plan)
    _people(c, plan)
    _servers(c, plan)
    _pages(c, plan)
    c.JupyterHub.load_groups = groups(plan)
    c.JupyterHub.load_roles = roles(plan)
    c.JupyterHub.services = [_formgrader(plan), _checks(plan)]


def _places(c: Any, plan: HubPlan) -> None:
    state = plan.folders.state
    c.JupyterHub.bind_url = f"http://{_HOST}:{plan.ports.public}"
    c.JupyterHub.hub_bind_url = f"http://{_HOST}:{plan.ports.hub}"
    c.JupyterHub.db_url = f"sqlite:///{state / 'jupyterhub.sqlite'}"
    c.JupyterHub.cookie_secret_file = str(state / "cookie_secret")
    c.JupyterHub.pid_file = str(state / "jupyterhub.pid")
    c.JupyterHub.cleanup_servers = not plan.accounts  # a restart leaves a group at work alone
    c.JupyterHub.authenticate_prometheus = True


def _proxy(c: Any, plan: HubPlan) -> None:
    c.ConfigurableHTTPProxy.command = proxy_command(plan.folders.environment)
    c.ConfigurableHTTPProxy.api_url = f"http://{_HOST}:{plan.ports.proxy}"
    c.ConfigurableHTTPProxy.pid_file = str(plan.folders.state / "proxy.pid")


def _people(c: Any, plan: HubPlan) -> None:
    c.Authenticator.allowed_users = {each.id for each in plan.people}
    c.Authenticator.delete_invalid_users = True
    if plan.accounts:
        c.JupyterHub.authenticator_class = "pam"
        c.PAMAuthenticator.open_sessions = False
        c.Authenticator.admin_users = set()  # the administrator is root, on the machine
    else:
        c.JupyterHub.authenticator_class = "shared-password"
        c.SharedPasswordAuthenticator.user_password = os.environ[USER_PASSWORD]
        c.SharedPasswordAuthenticator.admin_password = os.environ[ADMIN_PASSWORD]
        # the one way to give them a password of their own; they may also open others' servers
        c.Authenticator.admin_users = {each.id for each in plan.instructors}


def _pages(c: Any, plan: HubPlan) -> None:
    """Instructors arrive at the formgrader, learners at their own server."""
    teach = {each.id for each in plan.instructors}

    def arrival(handler: Any) -> str:
        user = handler.current_user
        arrives = user is not None and user.name in teach
        return f"/services/{plan.course_id}/" if arrives else ""  # which is JupyterHub's own way

    c.JupyterHub.default_url = arrival
    c.JupyterHub.extra_handlers = course_links(plan)
    if not plan.accounts:
        c.JupyterHub.template_vars = {"announcement": _NOT_ISOLATED}


def _servers(c: Any, plan: HubPlan) -> None:
    c.Spawner.cmd = [_program(plan, "jupyterhub-singleuser")]
    c.Spawner.args = _single_user_arguments(plan)
    # written by course.study.arriving when the server starts
    c.Spawner.default_url = f"/lab/tree/{plan.course_id}/start_here.ipynb"
    c.Spawner.http_timeout = c.Spawner.start_timeout = 120
    c.Spawner.server_token_scopes = server_scopes(plan)
    c.Spawner.env_keep = ["PATH", "LANG", "LC_ALL"]
    c.Spawner.environment = {name: _variable(plan, name) for name in _variables_of(plan)}
    if plan.accounts:
        c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
    else:
        c.JupyterHub.spawner_class = "simple"
        c.SimpleLocalProcessSpawner.home_dir_template = f"{_homes(plan)}/{{username}}"


def _variables_of(plan: HubPlan) -> list[str]:
    return sorted({*environment(plan, "learner", Path("/")), "PATH"})


def _variable(plan: HubPlan, name: str) -> Callable[[Any], str]:
    """JupyterHub asks for a variable's value when a server is started."""

    def value(spawner: Any) -> str:
        if name == "PATH":
            return _path(plan)
        user = str(spawner.user.name)
        teaches = user in {each.id for each in plan.instructors}
        role = "instructor" if teaches else "learner"
        return environment(plan, role, _home(plan, user))[name]

    return value


def _formgrader(plan: HubPlan) -> dict[str, Any]:
    service: dict[str, Any] = {
        "name": plan.course_id,
        "url": f"http://{_HOST}:{plan.ports.formgrader}",
        "command": [
            _program(plan, "jupyterhub-singleuser"),
            *_single_user_arguments(plan),
            "--ServerApp.default_url=/formgrader",
        ],
        "cwd": str(plan.folders.course),
        "environment": environment(plan, "formgrader", _home(plan, plan.grader))
        | {"PATH": _path(plan), "COURSE_WORK": "", "COURSE_ROOT": str(plan.folders.course)},
        "oauth_no_confirm": True,
    }
    if not plan.accounts:
        # whose courses nbgrader asks for; with accounts JupyterHub says it
        service["environment"]["JUPYTERHUB_USER"] = plan.instructors[0].id
    return service | _as_the_grader(plan)


def _checks(plan: HubPlan) -> dict[str, Any]:
    service: dict[str, Any] = {
        "name": CHECKS,
        "url": f"http://{_HOST}:{plan.ports.checks}",
        "command": [_program(plan, "python"), "-P", "-m", "grader.checks"],
        "cwd": str(plan.folders.course),
        "environment": {
            PLAN_VARIABLE: str(plan.folders.state / PLAN_FILE),
            "PATH": _path(plan),
            "OMP_NUM_THREADS": "1",
            "MPLBACKEND": "Agg",
        },
        "oauth_no_confirm": True,
        "display": False,
    }
    return service | _as_the_grader(plan)


def _as_the_grader(plan: HubPlan) -> dict[str, str]:
    return {"user": plan.grader} if plan.accounts else {}


def _single_user_arguments(plan: HubPlan) -> list[str]:
    # without accounts the hub may be tried as root, in a container or in a test
    return ["--allow-root"] if not plan.accounts and os.geteuid() == 0 else []


def _program(plan: HubPlan, name: str) -> str:
    return str(plan.folders.environment / "bin" / name)


def _path(plan: HubPlan) -> str:
    usual = os.environ.get("PATH", os.defpath)
    return f"{plan.folders.environment / 'bin'}{os.pathsep}{usual}"


def _homes(plan: HubPlan) -> Path:
    return plan.folders.state / "homes"


def _home(plan: HubPlan, user: str) -> Path:
    if not plan.accounts:
        return _homes(plan) / user
    try:
        return Path(pwd.getpwnam(user).pw_dir)
    except KeyError:
        raise HubError(f"there is no account {user!r} here. Run: grader hub install") from None

"""The settings of Jupyter and nbgrader in each person's server, by what they are.

One folder for each of three roles, named by JUPYTER_CONFIG_PATH in the server's environment:
learners list assignments and validate them, instructors also find the courses that they grade,
and the formgrader's service has the formgrader. Nothing in the folders is secret.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from grader.hub.plan import PLAN_FILE, PLAN_VARIABLE, HubPlan
from grader.hub.roles import CHECKS

__all__ = ["ROLES", "environment", "settings_folder", "write_settings"]

ROLES = ("learner", "instructor", "formgrader")

_EXTENSIONS = {
    # of nbgrader: the server's half, its half in JupyterLab, and the roles that have both
    "assignment_list": ("assignment-list", ("learner", "instructor")),
    "validate_assignment": ("validate-assignment", ROLES),
    "course_list": ("course-list", ("instructor",)),
    "formgrader": ("formgrader", ("formgrader",)),
}
_NOT_HANDED_IN = [".ipynb_checkpoints", "__pycache__", "*.pyc", "backups", "feedback"]
_CREATE = "create-assignment"  # in JupyterLab only; ours are written as Python files

# JupyterLab asks each newcomer whether it may fetch news from the internet
_QUIET = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}
}
_ARRIVE = """\
from course.study.arriving import arrive

arrive()
"""


def settings_folder(plan: HubPlan, role: str) -> Path:
    """Where the settings of a role lie."""
    return plan.folders.edition / "jupyter" / role


def environment(plan: HubPlan, role: str, home: Path) -> dict[str, str]:
    """The variables that the server of somebody with this role has besides the usual."""
    return {
        PLAN_VARIABLE: str(plan.folders.state / PLAN_FILE),  # by which its processes are known
        "JUPYTER_CONFIG_PATH": str(settings_folder(plan, role)),
        "COURSE_ROOT": str(plan.folders.edition),
        "COURSE_WORK": str(home / plan.course_id),  # where nbgrader puts what is fetched
        "COURSE_CHECKS_URL": f"http://127.0.0.1:{plan.ports.public}/services/{CHECKS}",
        # two learners on two cores each with as many threads as cores get in each other's way
        "OMP_NUM_THREADS": "1",
    }


def write_settings(plan: HubPlan) -> None:
    """Write the folders of all roles."""
    for role in ROLES:
        folder = settings_folder(plan, role)
        folder.joinpath("labconfig").mkdir(parents=True, exist_ok=True)
        _write(folder / "jupyter_server_config.json", _server(role))
        _write(folder / "labconfig" / "page_config.json", _lab(role))
        _write(folder / "labconfig" / "default_setting_overrides.json", _QUIET)
        folder.joinpath("nbgrader_config.py").write_text(_nbgrader(plan, role), "utf-8")
        if role != "formgrader":  # an instructor may want to see what learners see
            folder.joinpath("jupyter_server_config.py").write_text(_ARRIVE, "utf-8")


def _server(role: str) -> Mapping[str, object]:
    loaded = {
        f"nbgrader.server_extensions.{name}": role in roles
        for name, (_, roles) in _EXTENSIONS.items()
    }
    return {"ServerApp": {"jpserver_extensions": loaded}}


def _lab(role: str) -> Mapping[str, object]:
    off = {
        f"@jupyter/nbgrader:{name}": True
        for name, roles in _EXTENSIONS.values()
        if role not in roles
    }
    return {"disabledExtensions": off | {f"@jupyter/nbgrader:{_CREATE}": True}}


def _nbgrader(plan: HubPlan, role: str) -> str:
    lines = [
        f'"""nbgrader on the hub of {plan.course_id}; written anew by each set-up of the hub."""',
        "",
        "import os",
        "",
        "c = get_config()",
        f'c.Exchange.root = "{plan.folders.exchange}"',
        f'c.CourseDirectory.course_id = "{plan.course_id}"',
        'c.Authenticator.plugin_class = "nbgrader.auth.JupyterHubAuthPlugin"',
    ]
    if role == "formgrader":
        # one account for everybody cannot tell who wrote what is handed in
        lines.append(f"c.ExchangeCollect.check_owner = {plan.accounts}")
    else:
        lines.append("c.Exchange.path_includes_course = True")
        lines.append(f"c.CourseDirectory.ignore = {_NOT_HANDED_IN}")
        lines.append('c.ExchangeFactory.submit = "grader.exchange.submit.SafeSubmit"')
        if not plan.accounts:
            # nbgrader goes by the account's name, which is the same for everybody here
            lines.append('c.CourseDirectory.student_id = os.environ.get("JUPYTERHUB_USER", "*")')
    return "\n".join(lines) + "\n"


def _write(path: Path, data: Mapping[str, object]) -> None:
    path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")

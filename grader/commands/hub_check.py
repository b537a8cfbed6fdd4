"""`grader hub check`: whether an installed hub keeps and gives what it should."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.commands.console import JsonOption, plainly
from grader.commands.findings import show_findings
from grader.errors import HubError
from grader.hub.health import examine
from grader.hub.install import Options
from grader.hub.plan import PLAN_FILE, read_plan
from grader.hub.system import System

__all__ = ["check"]

_USUAL = Options().state / PLAN_FILE


@plainly
def check(
    plan: Annotated[
        Path, typer.Option(help="The plan that grader hub install has written.")
    ] = _USUAL,
    json: JsonOption = False,
) -> None:
    """Say what of an installed hub is not as it should be, and what mends it (root).

    It tries things as a learner and as the grader; nothing is changed. Exit code 1 when
    something that is needed does not hold.
    """
    system = System()
    if not system.is_root():
        raise HubError("only root can try what others may do. Run the same command with sudo.")
    installed = read_plan(plan)
    if not installed.accounts:
        raise HubError(f"{plan} is of a hub to look at, which keeps nothing from anybody.")
    show_findings(examine(system, installed), json=json)

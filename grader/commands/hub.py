"""`grader hub`: a hub for the study group, to look at or to stay."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from grader.commands.console import console, plainly
from grader.commands.hub_check import check
from grader.commands.hub_install import install
from grader.configuration import load_course
from grader.errors import HubError
from grader.hub.configure import ADMIN_PASSWORD, USER_PASSWORD
from grader.hub.plan import HubPlan, read_plan
from grader.hub.proxy import install_proxy
from grader.hub.roster import Person
from grader.hub.start import LOG, running_hub
from grader.hub.trial import make_passwords, prepare, trial_plan

__all__ = ["hub"]

hub = typer.Typer(
    name="hub",
    help="JupyterHub for a study group. To look at one: grader hub start",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

hub.command()(install)
hub.command()(check)


@hub.command()
@plainly
def start(
    plan: Annotated[
        Path | None,
        typer.Option(help="The plan of an installed hub; without one, a hub to look at is made."),
    ] = None,
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="Where the hub to look at listens.")
    ] = 8000,
    learners: Annotated[
        int, typer.Option(min=1, max=100, help="How many learners the hub to look at has.")
    ] = 3,
) -> None:
    """Start a hub, and stop it with Ctrl-C.

    Without --plan it is a hub to look at: it is made below var/hub in seconds, prints its
    passwords, and runs all people's servers as you. NOTHING IS KEPT FROM ANYBODY in it; a
    group's hub is set up by: grader hub install.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # systemd's way to say Ctrl-C
    if plan is not None:
        with running_hub(read_plan(plan), {}) as process:
            sys.exit(process.wait())
    course = load_course()
    if install_proxy(Path(sys.prefix)):
        console.print("Fetched the hub's proxy.")
    made = trial_plan(course, learners=learners, port=port)
    prepare(course, made)
    passwords = make_passwords()
    with running_hub(made, passwords) as process:
        _say_where(made, passwords[USER_PASSWORD], passwords[ADMIN_PASSWORD])
        if process.wait() != 0:
            raise HubError(f"the hub ended by itself. Its log is in {made.folders.state / LOG}.")


def _say_where(plan: HubPlan, learners_password: str, instructors_password: str) -> None:
    console.print(f"The hub of {plan.course_id} is at {plan.address}\n")
    console.print(f"  learners    {_names(plan.learners)}")
    console.print(f"  password    {learners_password}", soft_wrap=True)
    console.print(f"  instructor  {_names(plan.instructors)}")
    console.print(f"  password    {instructors_password}\n", soft_wrap=True)
    console.print(
        "This is a hub to look at: all of it runs as you, and nothing is kept from anybody. "
        "Its state is in var/hub. Stop it with Ctrl-C."
    )


def _names(people: Sequence[Person]) -> str:
    return ", ".join(each.id for each in people)

"""`grader hub install`: a hub for a group, with a Linux account for each person."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from grader.commands.console import console, plainly
from grader.configuration import load_course
from grader.errors import HubError
from grader.hub.install import Options, installation, installed_plan, units_folder
from grader.hub.plan import PLAN_FILE, HubPlan
from grader.hub.roster import read_roster
from grader.hub.steps import Outcome, Step, carry_out
from grader.hub.system import System
from grader.hub.units import HUB_UNIT, TLS_UNIT, Tls

__all__ = ["install"]

_MARKS: dict[Outcome, str] = {
    "already so": "[dim]= already so  [/]",
    "done": "[green]✔ done        [/]",
    "would be done": "[yellow]+ would be done[/]",
}
_USUAL = Options()


@plainly
def install(
    roster: Annotated[
        Path, typer.Argument(metavar="ROSTER", help="A CSV file: name,id,e-mail,group")
    ],
    prefix: Annotated[
        Path, typer.Option(help="Where Python packages and what learners read are put.")
    ] = _USUAL.prefix,
    state: Annotated[
        Path, typer.Option(help="Where the hub keeps its database, its log and its plan.")
    ] = _USUAL.state,
    exchange: Annotated[
        Path, typer.Option(help="nbgrader's exchange, where notebooks are handed out and in.")
    ] = _USUAL.exchange,
    course_folder: Annotated[
        Path | None,
        typer.Option(help="The instructors' clone of the course.  [default: /srv/saturdays/ID]"),
    ] = None,
    environment: Annotated[
        Path | None,
        typer.Option(help="A Python environment to use, instead of making one below --prefix."),
    ] = None,
    port: Annotated[
        int,
        typer.Option(
            min=1, max=65531, help="Where the hub listens, on 127.0.0.1; it uses the next four too."
        ),
    ] = _USUAL.port,
    address: Annotated[
        str | None, typer.Option(help="What people type, if it is not the port on 127.0.0.1.")
    ] = None,
    tls_certificate: Annotated[
        Path | None, typer.Option(help="A certificate, to listen on port 443 with TLS too.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="The key of the certificate.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")
    ] = False,
) -> None:
    """Set up a hub with a Linux account for each person, or bring it up to date (root).

    Run it again with a changed roster, a new version of the course, or after a failure: it
    changes only what is different. Who is not on the roster any more is locked out, and what is
    in their home is kept.
    """
    os.umask(0o022)
    course = load_course()
    people = read_roster(roster)
    options = Options(
        prefix=prefix.absolute(),
        state=state.absolute(),
        exchange=exchange.absolute(),
        course_folder=course_folder and course_folder.absolute(),
        environment=environment and environment.absolute(),
        port=port,
        address=address,
        tls=_tls(tls_key, tls_certificate),
    )
    plan = installed_plan(course, people, options)
    try:
        steps = installation(System(), plan, course, options)
        with console.status("Looking at what is there ...") as status:
            changed = carry_out(
                steps,
                dry_run=dry_run,
                begin=lambda step: status.update(f"{step.what} ..."),
                tell=_tell,
            )
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise HubError(
            f"{where}{error.strerror}. What is done is kept; mend that, and run this again."
        ) from error
    if not dry_run:
        _say_how_to_go_on(plan, changed > 0, tls=options.tls is not None)


def _tls(key: Path | None, certificate: Path | None) -> Tls | None:
    if key is None and certificate is None:
        return None
    if key is None or certificate is None:
        raise HubError("--tls-key and --tls-certificate belong together: give both, or neither.")
    for path in (key, certificate):
        if not path.is_file():
            raise HubError(f"{path} is no file.")
    return Tls(key.absolute(), certificate.absolute())


def _tell(step: Step, outcome: Outcome, note: str) -> None:
    more = f"\n                 [bold]{escape(note)}[/]" if note else ""
    console.print(f"{_MARKS[outcome]} {escape(step.what)}{more}", soft_wrap=True)


def _say_how_to_go_on(plan: HubPlan, changed: bool, *, tls: bool) -> None:
    units = units_folder(plan)
    names = f"{HUB_UNIT} {TLS_UNIT}" if tls else HUB_UNIT
    if units == plan.folders.state:
        start = f"{plan.folders.environment}/bin/grader hub start --plan {units / PLAN_FILE}"
        console.print(
            f"\nsystemd does not run here, so start the hub by hand:\n  {start}",
            soft_wrap=True,
        )
    elif changed:
        console.print("\nStart the hub, or restart it; people's servers go on meanwhile:")
        console.print(f"  systemctl enable {names}\n  systemctl restart {names}", soft_wrap=True)
    console.print(
        f"\nIts address: {plan.address}\nLook at it with: grader hub check", soft_wrap=True
    )

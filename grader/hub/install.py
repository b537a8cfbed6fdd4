"""Set up a hub on one machine, or bring one up to date with its roster.

Everything that could stop the set-up is looked at before anything is changed. Then each step
looks, and changes only what is different (`grader.hub.steps`); the order is such that what a
step needs was made before it. A failure leaves a state that the next run repairs.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.configuration import Course
from grader.errors import HubError
from grader.hub.accounts import account_steps, grader_steps, made_group, refuse_strangers
from grader.hub.course_work import enrolment_step, first_release_step
from grader.hub.folders import (
    course_step,
    edition_steps,
    exchange_folders,
    folder_step,
    state_steps,
)
from grader.hub.packages import environment_steps, given_environment_steps
from grader.hub.plan import PLAN_FILE, Folders, HubPlan, Ports, read_plan, write_plan
from grader.hub.roster import Person, is_account_name
from grader.hub.steps import Step
from grader.hub.system import Held, System, is_open_to_all
from grader.hub.units import HUB_UNIT, TLS_UNIT, Tls, hub_unit, tls_unit, unit_step

__all__ = ["Options", "installation", "installed_plan", "units_folder"]

_PROGRAMS = ("useradd", "usermod", "groupadd", "chpasswd", "getent", "git")
_SYSTEMD = Path("/run/systemd/system")  # sd_booted(3)
_UNITS = Path("/etc/systemd/system")


@dataclass(frozen=True)
class Options:
    """Where an installation puts things, and how it is reached.

    Attributes:
        environment: a Python environment to use; None: one is made below `prefix`.
        course_folder: None: /srv/saturdays/ID of the course.
        address: what people type; None: the port on 127.0.0.1.
        tls: the group's own certificate; None: a web server in front has one, or there is none.
    """

    prefix: Path = Path("/opt/saturdays")
    state: Path = Path("/var/lib/saturdays")
    exchange: Path = Path("/srv/saturdays/exchange")
    course_folder: Path | None = None
    environment: Path | None = None
    port: int = 8000
    address: str | None = None
    tls: Tls | None = None


def installed_plan(course: Course, people: Sequence[Person], options: Options) -> HubPlan:
    """What the hub will be made of.

    Raises:
        HubError: the course's id does not do for a hub.
    """
    grader = f"grader-{course.id}"
    plan = HubPlan(
        course_id=course.id,
        people=tuple(people),
        grader=grader,
        accounts=True,
        address=options.address or f"http://127.0.0.1:{options.port}",
        folders=Folders(
            course=options.course_folder or Path("/srv/saturdays") / course.id,
            edition=options.prefix / "edition",
            exchange=options.exchange,
            state=options.state,
            environment=options.environment or options.prefix / "environment",
        ),
        ports=Ports.beginning_at(options.port),
    )
    if not is_account_name(made_group(plan)):
        raise HubError(
            f"the course's id {course.id!r} is too long: the name of the group of its accounts, "
            f"{made_group(plan)!r}, must not have more than 32 letters."
        )
    return plan


def installation(system: System, plan: HubPlan, course: Course, options: Options) -> Iterator[Step]:
    """All steps of the set-up, in their order.

    Raises:
        HubError: it cannot be done here; nothing was changed.
    """
    _refuse(system, plan)
    environment = plan.folders.environment
    if options.environment is None:
        packages = environment_steps(system, environment, course.root)
    else:
        packages = given_environment_steps(environment)
    return iter(
        [
            *grader_steps(system, plan),
            *packages,
            *state_steps(system, plan),
            *account_steps(system, plan),
            *(folder_step(system, *each) for each in exchange_folders(plan).items()),
            folder_step(system, plan.folders.course, Held(plan.grader, plan.grader, 0o700)),
            course_step(system, plan, course.root),
            *edition_steps(system, plan),
            first_release_step(system, plan),
            enrolment_step(system, plan),
            _plan_step(plan),
            *_unit_steps(system, plan, options),
        ]
    )


def units_folder(plan: HubPlan, systemd: Path = _SYSTEMD) -> Path:
    """Where the unit files go: systemd's folder where it runs, else the hub's state."""
    return _UNITS if systemd.is_dir() else plan.folders.state


def _refuse(system: System, plan: HubPlan) -> None:
    if not system.is_root():
        raise HubError(
            "only root can make accounts. Run the same command with sudo; "
            "--dry-run, as root too, says what it would do."
        )
    missing = [name for name in _PROGRAMS if shutil.which(name) is None]
    if missing:
        raise HubError(
            f"not installed: {', '.join(missing)}. On Debian or Ubuntu: apt install passwd git"
        )
    refuse_strangers(system, plan)
    folders = plan.folders
    for folder in (folders.exchange, folders.edition, folders.environment):
        above = next(each for each in folder.parents if each.exists())
        if not is_open_to_all(above):
            raise HubError(
                f"{folder} would be no use: others may not enter {above}, or a folder above it. "
                "Choose another place for it."
            )


def _plan_step(plan: HubPlan) -> Step:
    path = plan.folders.state / PLAN_FILE

    def is_due() -> bool:
        return not path.exists() or read_plan(path) != plan

    def write() -> str:
        write_plan(plan, path)
        return "restart the hub to have it known there"

    return Step(f"the hub's plan, {path}", is_due, write)


def _unit_steps(system: System, plan: HubPlan, options: Options) -> Iterator[Step]:
    folder = units_folder(plan)

    def reload() -> None:
        if folder == _UNITS:
            system.run(["systemctl", "daemon-reload"])

    yield from unit_step(folder / HUB_UNIT, lambda: hub_unit(plan), reload)
    tls = options.tls
    if tls is not None:
        yield from unit_step(folder / TLS_UNIT, lambda: tls_unit(plan, tls), reload)

"""A hub to look at: one Linux user for everybody, state below var/hub, made in seconds.

Nothing is kept from anybody in it, which every page of it that we make says; a real group needs
`grader hub install`.
"""

from __future__ import annotations

import os
import pwd
import secrets
import socket
import sys
from pathlib import Path

from grader.authoring.build import write_if_changed
from grader.configuration import Course
from grader.exchange.handing_out import hand_out, outbound
from grader.hub.configure import ADMIN_PASSWORD, USER_PASSWORD
from grader.hub.plan import Folders, HubPlan, Ports
from grader.hub.roster import INSTRUCTORS, Person
from grader.hub.settings import write_settings

__all__ = ["make_passwords", "prepare", "trial_plan"]

_NAMES = ("ada", "bola", "chidi", "dele", "efe", "femi", "gozie", "habib", "ife", "jide")


def trial_plan(course: Course, *, learners: int = 3, port: int = 8000) -> HubPlan:
    """An instructor and some learners; only the port for browsers is fixed."""
    names = [_NAMES[n] if n < len(_NAMES) else f"learner{n + 1}" for n in range(learners)]
    state = course.var / "hub"
    return HubPlan(
        course_id=course.id,
        people=(
            Person("instructor", "The instructor", group=INSTRUCTORS),
            *(Person(name, name.capitalize(), group="saturday") for name in names),
        ),
        grader=pwd.getpwuid(os.geteuid()).pw_name,
        accounts=False,
        address=f"http://127.0.0.1:{port}",
        folders=Folders(
            course=course.root,
            edition=state / "edition",
            exchange=state / "exchange",
            state=state,
            environment=Path(sys.prefix),
        ),
        ports=Ports(port, *_free_ports(4)),
    )


def prepare(course: Course, plan: HubPlan) -> None:
    """Make the folders, and hand out what is released; what is there stays."""
    folders = plan.folders
    folders.edition.mkdir(parents=True, exist_ok=True)
    write_if_changed(
        folders.edition / "course.toml", (course.root / "course.toml").read_text("utf-8")
    )
    for assignment in course.assignments:
        if course.release_notebook(assignment.id).exists():
            hand_out(course, assignment.id, folders.exchange)
    link = folders.edition / "assignments"
    if not link.is_symlink():
        link.symlink_to(outbound(folders.exchange, course.id))
    write_settings(plan)


def make_passwords() -> dict[str, str]:
    """One for learners and one for the instructor, as the variables that the hub reads."""
    return {USER_PASSWORD: secrets.token_urlsafe(8), ADMIN_PASSWORD: secrets.token_urlsafe(24)}


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [int(each.getsockname()[1]) for each in held]
    finally:
        for each in held:
            each.close()

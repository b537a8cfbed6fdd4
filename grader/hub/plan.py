"""What a hub is made of: who is in the group, where things lie, on which ports they listen.

A plan is written once, by what sets a hub up, and read by all that runs in it: JupyterHub's
configuration, the check service, nbgrader's configuration, `grader hub check`. It is a JSON
file that holds no secret.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from grader.errors import HubError
from grader.hub.roster import Person

__all__ = [
    "PLAN_FILE",
    "PLAN_VARIABLE",
    "Folders",
    "HubPlan",
    "Ports",
    "read_plan",
    "write_plan",
]

PLAN_FILE = "hub.json"  # in the folder of the hub's state

PLAN_VARIABLE = "SATURDAYS_HUB"  # the environment variable that names the plan's file


@dataclass(frozen=True)
class Folders:
    """Where a hub's things lie; all paths are absolute.

    Attributes:
        course: the instructor's clone of the course; nobody else may enter it.
        edition: what learners may read: course.toml, and `assignments` as they are released.
        exchange: nbgrader's exchange.
        state: the hub's own: its database, its cookie secret, its log.
        environment: the Python environment that hub, learners and grader share; its `bin` holds
            `python`, `jupyterhub` and `jupyterhub-singleuser`.
    """

    course: Path
    edition: Path
    exchange: Path
    state: Path
    environment: Path


@dataclass(frozen=True)
class Ports:
    """Where the parts of the hub listen, all on 127.0.0.1; `public` is the one for browsers."""

    public: int
    proxy: int
    hub: int
    formgrader: int
    checks: int

    @classmethod
    def beginning_at(cls, public: int) -> Ports:
        """Five ports in a row."""
        return cls(*range(public, public + 5))


@dataclass(frozen=True)
class HubPlan:
    """One hub of one course.

    Attributes:
        course_id: as in course.toml; the formgrader's service is called so too.
        people: everyone in the group.
        grader: the Linux account that owns the course and grades.
        accounts: whether each person has a Linux account; otherwise all share one, and
            nothing is kept from anybody.
        address: what people type into the browser.
    """

    course_id: str
    people: tuple[Person, ...]
    grader: str
    accounts: bool
    address: str
    folders: Folders
    ports: Ports

    @property
    def learners(self) -> tuple[Person, ...]:
        """Those who hand in."""
        return tuple(each for each in self.people if not each.is_instructor)

    @property
    def instructors(self) -> tuple[Person, ...]:
        """Those who may open the formgrader."""
        return tuple(each for each in self.people if each.is_instructor)

    @property
    def learners_group(self) -> str:
        """The hub's group by which nbgrader knows the learners of the course."""
        return f"nbgrader-{self.course_id}"

    @property
    def instructors_group(self) -> str:
        """The hub's group by which nbgrader knows the instructors of the course."""
        return f"formgrade-{self.course_id}"


def write_plan(plan: HubPlan, path: Path) -> None:
    """Write the plan, whole or not at all; everyone may read it."""
    text = json.dumps(asdict(plan), indent=2, default=str) + "\n"
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.chmod(0o644)
    part.replace(path)


def read_plan(path: Path) -> HubPlan:
    """The plan in a file.

    Raises:
        HubError: it is not there, or is no plan.
    """
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        folders = Folders(**{name: Path(place) for name, place in values["folders"].items()})
        plan = HubPlan(**values | {"folders": folders, "ports": Ports(**values["ports"])})
        return replace(plan, people=tuple(Person(**each) for each in values["people"]))
    except OSError as error:
        raise HubError(
            f"the plan of the hub cannot be read: {error}. Set the hub up again."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise HubError(f"{path} is no plan of a hub: {error}. Set the hub up again.") from error

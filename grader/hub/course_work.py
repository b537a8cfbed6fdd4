"""What is done in the course as the grader, to whom it belongs: first releases, and enrolment.

An assignment whose release is in the course, and that was never released on this machine, is
built, put into the gradebook and handed out. Later releases are for the instructors to make.
Learners are in the gradebook by the names of the roster; who has left stays in it, with marks.

Run as a module it is the child that does so: it reads what is wanted as JSON from standard
input, and prints one number.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grader.authoring.release import release
from grader.configuration import Course, load_course
from grader.errors import GraderError
from grader.exchange.handing_out import hand_out
from grader.gradebook import enrol
from grader.hub.plan import HubPlan
from grader.hub.steps import Step
from grader.hub.system import System

__all__ = ["enrolment_step", "first_release_step"]


def first_release_step(system: System, plan: HubPlan) -> Step:
    """What the course has released, is in the exchange and in the gradebook."""

    def do() -> str:
        wanted = {"do": "release", "exchange": str(plan.folders.exchange)}
        return f"{_as_grader(system, plan, wanted)} handed out"

    return Step(
        "assignments in the exchange and in the gradebook (some seconds each, the first time)",
        lambda: not _has_course(plan) or bool(_never_released(_course(plan))),
        do,
    )


def enrolment_step(system: System, plan: HubPlan) -> Step:
    """The learners of the plan are in the gradebook."""
    people = {each.id: (*split_name(each.name), each.email) for each in plan.learners}

    def is_due() -> bool:
        # to look is to read, which root may do by itself
        return not _has_course(plan) or enrol(_course(plan), people, change=False) > 0

    def do() -> str:
        number = _as_grader(system, plan, {"do": "enrol", "people": people})
        return f"{number} added or brought up to date"

    return Step("learners in the gradebook", is_due, do)


def split_name(name: str) -> tuple[str, str]:
    """The first names, and the last one, by which nbgrader sorts.

    Example:
        >>> split_name("Chinua Albert Achebe"), split_name("Bola")
        (('Chinua Albert', 'Achebe'), ('', 'Bola'))
    """
    first, _, last = name.rpartition(" ")
    return first, last


def main() -> None:
    """Do what standard input asks for, in the course of the current folder."""
    wanted = json.load(sys.stdin)
    course = load_course(Path.cwd())
    if wanted["do"] == "release":
        names = _never_released(course)
        for name in names:
            _release(course, name, Path(wanted["exchange"]))
        print(len(names))  # noqa: T201
    else:
        people = {name: tuple(told) for name, told in wanted["people"].items()}
        print(enrol(course, people, change=True))  # noqa: T201


def _release(course: Course, name: str, exchange: Path) -> None:
    hand_out(course, name, exchange)  # first: the release is what says that both were done
    release(course, name)
    hand_out(course, name, exchange)


def _never_released(course: Course) -> Sequence[str]:
    return [
        each.id
        for each in course.assignments
        if course.release_notebook(each.id).exists()
        and not course.source_notebook(each.id).exists()
    ]


def _has_course(plan: HubPlan) -> bool:
    return plan.folders.course.joinpath("course.toml").exists()


def _course(plan: HubPlan) -> Course:
    return load_course(plan.folders.course)


def _as_grader(system: System, plan: HubPlan, wanted: dict[str, Any]) -> int:
    programs = plan.folders.environment / "bin"
    said = system.run(
        [programs / "python", "-P", "-m", "grader.hub.course_work"],
        text=json.dumps(wanted),
        user=system.account(plan.grader),
        folder=plan.folders.course,
        variables={"PATH": f"{programs}:/usr/bin:/bin"},  # nbgrader calls alembic by its name
    )
    return int(said.split()[-1])


if __name__ == "__main__":
    try:
        main()
    except GraderError as error:
        sys.exit(str(error))

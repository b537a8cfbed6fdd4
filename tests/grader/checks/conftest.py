"""The check service as JupyterHub starts it, beside a stand-in for the hub's API."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from course.checking.session import Session
from grader.checks.attempts import Attempts, record_of
from grader.configuration import Course, load_course

from ..tutor.conftest import Kernel

sys.path.append(str(Path(__file__).parents[3]))  # benchmarks/ is no installed package
from benchmarks.hub_stand_in import Service as StandIn
from benchmarks.hub_stand_in import stand_in_hub

LEARNERS, INSTRUCTORS = "nbgrader-sample", "formgrade-sample"
PEOPLE = {"ada": [LEARNERS], "bola": [LEARNERS], "efe": [INSTRUCTORS], "stranger": []}


class Service(StandIn):
    """The service of a course of its own, and its record."""

    def __init__(self, course: Course, hub: str) -> None:
        self.course = course
        self.record = Attempts(record_of(course))
        super().__init__(course.root, hub)


@pytest.fixture(scope="module")
def hub() -> Iterator[str]:
    with stand_in_hub(PEOPLE.get) as address:
        yield address


@pytest.fixture(scope="module")
def service(
    released_once: Course, hub: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    root = tmp_path_factory.mktemp("checks") / "a course"
    shutil.copytree(released_once.root, root)
    with (root / "course.toml").open("a") as file:
        file.write("\n[checks]\nper_hour = 12\n")
    service = Service(load_course(root), hub)
    yield service
    assert service.stop() == 0


@pytest.fixture
def learner(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Session, Kernel]]:
    """Ada's notebook, in a learner's edition: nothing of the tests is beside it."""
    root = tmp_path / "edition"
    shutil.copytree(service.course.root / "assignments", root / "assignments")
    shutil.copy(service.course.root / "course.toml", root)
    monkeypatch.setenv("COURSE_CHECKS_URL", service.url)
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "token-ada")
    service.record.path.unlink(missing_ok=True)
    kernel = Kernel()
    kernel.run("import numpy as np")
    session = Session(kernel, root, "tiny")
    yield session, kernel
    session.close()

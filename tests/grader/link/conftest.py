"""Learners of both kinds, and cells to run beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from grader.link.learner import Learner, LinkedLearner, LocalLearner
from grader.link.session import TestSession
from grader.records import Limits, Role, ScriptCell, TestResult
from grader.sandbox.base import LearnerProcess
from grader.sandbox.none import NoSandbox

PATIENT = Limits(cell_seconds=30.0, submission_seconds=60.0)
HASTY = Limits(cell_seconds=0.5, submission_seconds=60.0)


class Desk:
    """A learner and the session that tests them."""

    def __init__(self, learner: Learner, test_seconds: float = 20.0) -> None:
        self.learner = learner
        self.session = TestSession(learner, test_seconds)

    def setup(self, source: str) -> None:
        cell = ScriptCell("setup", Role.SETUP, source)
        self.session.run_setup(cell)
        self.learner.run(cell.name, cell.source)

    def answer(self, source: str) -> Any:
        return self.learner.run("answer", source)

    def test(self, source: str, *, name: str = "a_test", **fields: Any) -> TestResult:
        cell = ScriptCell(name, Role.TEST, source, exercise="f", points=2.0, **fields)
        return self.session.run_test(cell)


@pytest.fixture
def local() -> Desk:
    return Desk(LocalLearner())


@pytest.fixture(scope="module")
def process() -> Iterator[LearnerProcess]:
    yield from _started(PATIENT)


@pytest.fixture
def linked(process: LearnerProcess) -> Desk:
    """On a process that is shared by tests which leave it as they found it."""
    learner = LinkedLearner(process, PATIENT)
    learner.run("reset", "%reset -f")
    return Desk(learner)


@pytest.fixture
def fresh() -> Iterator[Desk]:
    """On a process of its own, which may be ruined."""
    for process in _started(PATIENT):
        yield Desk(LinkedLearner(process, PATIENT))


@pytest.fixture
def hasty() -> Iterator[Desk]:
    for process in _started(HASTY):
        learner = LinkedLearner(process, HASTY)
        learner.run("warm-up", "")
        yield Desk(learner)


@pytest.fixture(params=["local", "linked"])
def desk(request: pytest.FixtureRequest) -> Desk:
    found: Desk = request.getfixturevalue(request.param)
    return found


def _started(limits: Limits) -> Iterator[LearnerProcess]:
    process = NoSandbox().start(limits)
    yield process
    process.kill()

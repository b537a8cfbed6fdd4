"""Learners of both kinds, and cells to run beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from grader.link.learner import Learner, LinkedLearner, LocalLearner
from grader.link.session import TestSession
from grader.records import Limits, Role, ScriptCell, TestResult
from grader.sandbox.none import NoSandbox

QUICK = Limits(cell_seconds=1.0, submission_seconds=60.0, output_kib=4)


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


@pytest.fixture
def linked() -> Iterator[Desk]:
    yield from _linked(QUICK)


@pytest.fixture(params=["local", "linked"])
def desk(request: pytest.FixtureRequest) -> Desk:
    found: Desk = request.getfixturevalue(request.param)
    return found


def _linked(limits: Limits) -> Iterator[Desk]:
    process = NoSandbox().start(limits)
    try:
        yield Desk(LinkedLearner(process, limits))
    finally:
        process.kill()

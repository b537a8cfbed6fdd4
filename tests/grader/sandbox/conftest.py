"""The sandboxes of this machine, and a way to run a cell inside one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from grader.link.learner import LinkedLearner
from grader.records import Limits
from grader.sandbox.base import LearnerProcess, Sandbox
from grader.sandbox.bubblewrap import Bubblewrap

LIMITS = Limits(cell_seconds=30.0)


@pytest.fixture(scope="session")
def why_no_bubblewrap() -> str | None:
    return Bubblewrap().unavailable()


@pytest.fixture(scope="module")
def warm(why_no_bubblewrap: str | None) -> Iterator[Bubblewrap]:
    yield from _bubblewrap(why_no_bubblewrap, warm=True)


@pytest.fixture(scope="module")
def cold(why_no_bubblewrap: str | None) -> Iterator[Bubblewrap]:
    yield from _bubblewrap(why_no_bubblewrap, warm=False)


def _bubblewrap(obstacle: str | None, *, warm: bool) -> Iterator[Bubblewrap]:
    if obstacle is not None:  # test_ci_has_a_working_bubblewrap does not let CI skip
        pytest.skip(obstacle)
    sandbox = Bubblewrap(warm=warm)
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="module", params=["warm", "cold"])
def bubblewrap(request: pytest.FixtureRequest) -> Bubblewrap:
    """Its two ways to start a process; where namespaces cannot be nested, the second twice."""
    found: Bubblewrap = request.getfixturevalue(request.param)
    return found


class Inside:
    """A learner's process and what its cells see."""

    def __init__(self, process: LearnerProcess) -> None:
        self.process = process
        self.learner = LinkedLearner(process, LIMITS)

    def see(self, source: str) -> Any:
        """The value that the cell gives to `seen`."""
        run = self.learner.run("cell", source)
        assert run.error is None, run.error
        return self.learner.get("seen")

    def attempt(self, statement: str) -> str:
        """The name of the exception that a statement raises, or "done"."""
        indented = "\n".join(f"    {line}" for line in statement.splitlines())
        cell = f"seen = 'done'\ntry:\n{indented}\nexcept BaseException as error:\n"
        return str(self.see(cell + "    seen = type(error).__name__"))


@pytest.fixture
def enter() -> Iterator[Callable[[Sandbox], Inside]]:
    entered: list[Inside] = []

    def enter_one(sandbox: Sandbox) -> Inside:
        entered.append(Inside(sandbox.start(LIMITS)))
        return entered[-1]

    yield enter_one
    for inside in entered:
        inside.process.kill()


@pytest.fixture(scope="module")
def inside(bubblewrap: Sandbox) -> Iterator[Inside]:
    """Bubblewrap's inside, shared by tests that leave it as they found it."""
    found = Inside(bubblewrap.start(LIMITS))
    yield found
    found.process.kill()

"""Two who collect or grade at once: the second waits, is told for whom, and never for the dead."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from grader.errors import ExchangeError
from grader.exchange.lock import locked

from .conftest import Exchange

HOLD = """
import sys, time
from pathlib import Path
from grader.configuration import load_course
from grader.exchange.lock import locked

with locked(load_course(Path(sys.argv[1])), "tiny", "grader grade tiny"):
    print("held", flush=True)
    time.sleep(60)
"""


def hold(root: Path) -> subprocess.Popen[str]:
    """Another process that holds the lock until it is ended."""
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(root)], stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    return other


def test_who_waits_too_long_is_told_who_holds_it_and_a_killed_holder_holds_nothing(
    exchange: Exchange,
) -> None:
    told: list[str] = []
    with hold(exchange.course.root) as other:
        with (
            pytest.raises(ExchangeError, match=f"grader grade tiny is at work.*{other.pid} on "),
            locked(exchange.course, "tiny", "second", wait=0.05, on_wait=told.append),
        ):
            pytest.fail("two hold the lock")
        assert len(told) == 1
        assert "Waiting until it is done" in told[0]
        with locked(exchange.course, "another", "third", wait=0.05):
            pass
        os.kill(other.pid, signal.SIGKILL)
    with locked(exchange.course, "tiny", "fourth", wait=0.05, on_wait=pytest.fail):
        pass


def test_two_who_collect_at_once_collect_each_submission_once(exchange: Exchange) -> None:
    for number in range(5):
        exchange.hand_in("ada", f"answer {number}")
    new: list[int] = []

    def collect() -> None:
        with locked(exchange.course, "tiny", "collect"):
            new.append(sum(exchange.collect().new.values()))

    both = [threading.Thread(target=collect) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted(new) == [0, 5]
    assert len(exchange.attempts()) == 5


def test_a_lock_is_free_after_an_error(exchange: Exchange) -> None:
    with pytest.raises(ZeroDivisionError), locked(exchange.course, "tiny", "first"):
        raise ZeroDivisionError
    with locked(exchange.course, "tiny", "second", wait=0.01, on_wait=pytest.fail):
        pass

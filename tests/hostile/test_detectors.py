"""What looks for calls, processes, files and secrets would find them: else no test could fail."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from .case import Case
from .conftest import REPOSITORY
from .grade_all import digests, has_heard, listening

# A daemon in a session of its own, whose parent has ended: who else would still know of it?
DAEMON = """
import os, signal, subprocess
from grader.sandbox.tree import usage_of
from tests.hostile import grade_all
grade_all.adopt_orphans()
command = "import os; os.setsid(); os.fork() or os.execv('/bin/sleep', ['sleep', '47.11'])"
subprocess.run([%r, "-c", command], check=True)
left = grade_all.processes_left(patience=1)
print(left)
for process in set(usage_of(os.getpid()).processes) - {os.getpid()}:
    os.kill(process, signal.SIGKILL)
print(grade_all.processes_left(patience=5))
"""


@pytest.mark.parametrize(
    "called", ["TCP", "UDP", "an abstract socket", "a socket in the course", None]
)
def test_a_call_is_heard(called: str | None) -> None:
    with listening() as listeners:
        if called is not None:
            listener = listeners[called]
            with socket.socket(listener.family, listener.type) as call:
                call.connect(listener.getsockname())
                call.send(b"a secret")
        heard = [name for name, listener in listeners.items() if has_heard(listener)]
    assert heard == ([called] if called else [])


def test_a_daemon_is_found_wherever_it_hides() -> None:
    done = subprocess.run(
        [sys.executable, "-c", DAEMON % sys.executable],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ["['sleep 47.11 ']", "[]"], done.stderr


def test_a_changed_solution_is_found(tmp_path: Path) -> None:
    solution = tmp_path / "solutions" / "tiny" / "notebook.py"
    solution.parent.mkdir(parents=True)
    solution.write_text("right")
    before = digests(tmp_path)
    solution.write_text("wrong")
    assert digests(tmp_path)[str(solution)] != before[str(solution)]


def test_a_trick_that_would_gain_marks_cannot_be_declared() -> None:
    with pytest.raises(ValueError, match="the first three tests must be lost"):
        Case("x", "It tries.", "It sees.", "PFFPP", True, wrong=True)

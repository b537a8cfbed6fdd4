"""Batches: workers that die, batches that are stopped, and runs that are kept."""

import contextlib
import json
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import torch
from nbformat import NotebookNode

from course.link.withhold import Withheld
from grader import grading
from grader.configuration import Course
from grader.errors import SandboxError
from grader.execution import batch
from grader.execution.batch import execute_batch, keep_workers
from grader.execution.execute import Executor
from grader.execution.store import find_run, keep_run, load_run, mark_recorded, run_key
from grader.records import CellRun, Outcome, Role, Run, Script, Submission, TestResult
from grader.sandbox import Sandbox
from grader.sandbox.choice import OpenSandbox
from grader.workbench import Workbench

from .cohort import answers, hand_in


@pytest.fixture
def script(bench: Workbench, right: NotebookNode) -> Script:
    notebook = bench.rebuild(Submission("tiny", "ann", "", right)).notebook
    return bench.script(notebook, "ann")


# A worker does not have the tests on its path, so that what it runs comes as text.
_DIE = """
import os, pathlib, pickle, signal
marker = pathlib.Path(marker)
before = len(marker.read_bytes()) if marker.exists() else 0
if before < deaths:
    marker.write_bytes(b"x" * (before + 1))
    os.kill(os.getpid(), signal.SIGKILL)
script = pickle.loads(data)
"""


@dataclass(frozen=True)
class Deadly(Script):
    """A script at whose sight a worker kills itself, as the kernel would when out of memory."""

    marker: str = ""
    deaths: int = 10**6

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        names = {
            "marker": self.marker,
            "deaths": self.deaths,
            "data": pickle.dumps(Script(self.assignment, self.learner, self.cells)),
        }
        return eval, (f"(lambda n: (exec({_DIE!r}, n), n['script'])[1])({names!r})",)


def test_a_worker_that_dies_twice_is_a_fault_of_one_and_the_others_are_graded(
    bench: Workbench, script: Script, tmp_path: Path
) -> None:
    marker = tmp_path / "deaths"
    deadly = Deadly("tiny", "deadly", script.cells, marker=str(marker))
    again = Deadly("tiny", "again", script.cells, marker=str(marker))
    scripts = [deadly, script, again]
    runs = {
        run.learner: run
        for run in execute_batch(bench.kit, scripts, sandbox="bubblewrap", workers=1)
    }
    assert set(runs) == {"deadly", "ann", "again"}
    assert runs["deadly"].outcome is Outcome.ERRORED
    assert "died twice" in str(runs["deadly"].fault)
    assert "died twice" in str(runs["again"].fault)
    assert len(marker.read_bytes()) == 3
    assert (runs["ann"].fault, runs["ann"].earned) == (None, 6.5)


def test_a_worker_that_dies_once_costs_nobody_anything(
    bench: Workbench, script: Script, tmp_path: Path
) -> None:
    deadly = Deadly("tiny", "ann", script.cells, marker=str(tmp_path / "deaths"), deaths=1)
    [run] = execute_batch(bench.kit, [deadly], sandbox="bubblewrap", workers=1)
    assert (run.fault, run.earned) == (None, 6.5)


def test_what_is_read_after_a_worker_died_is_graded(
    bench: Workbench, script: Script, tmp_path: Path
) -> None:
    marker = tmp_path / "deaths"

    def read() -> Iterator[Script]:
        yield Deadly("tiny", "deadly", script.cells, marker=str(marker), deaths=1)
        # a thread of the pool's, which ends when the pool is broken
        wait_until(lambda: not [t for t in threading.enumerate() if "Executor" in repr(t)])
        assert marker.exists()
        yield script

    batch = execute_batch(bench.kit, read(), sandbox="bubblewrap", workers=1)
    assert {run.learner: run.earned for run in batch} == {"deadly": 6.5, "ann": 6.5}


def test_the_first_is_executed_while_the_next_is_read(bench: Workbench, script: Script) -> None:
    others = set(multiprocessing.active_children())

    def read() -> Iterator[Script]:
        yield script
        wait_until(lambda: set(multiprocessing.active_children()) - others)
        yield replace(script, learner="bob")

    runs = execute_batch(bench.kit, read(), sandbox="bubblewrap", workers=1)
    assert {run.learner for run in runs} == {"ann", "bob"}


def test_workers_that_are_kept_serve_the_next_batch_unless_one_has_died(
    bench: Workbench, script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Any] = []
    start = batch._start_workers
    monkeypatch.setattr(batch, "_start_workers", lambda *a: started.append(a) or start(*a))
    deadly = Deadly("tiny", "ann", script.cells, marker=str(tmp_path / "deaths"), deaths=1)

    def run(each: Script) -> float:
        (run,) = execute_batch(bench.kit, [each], sandbox="bubblewrap", workers=1)
        return run.earned

    with keep_workers():
        assert [run(script), run(script)] == [6.5, 6.5]
        assert len(started) == 1
        assert run(deadly) == 6.5  # dies once, is tried again alone
        assert len(started) == 2
        assert run(script) == 6.5
        assert len(started) == 3
    assert run(script) == 6.5
    assert len(started) == 4


def test_an_unknown_sandbox_is_refused_before_anything_is_started(
    bench: Workbench, script: Script
) -> None:
    with pytest.raises(SandboxError, match="no sandbox is called 'docker'; there are: bubblewrap"):
        list(execute_batch(bench.kit, [script], sandbox="docker", workers=1))


def test_a_worker_computes_on_one_thread_as_learners_do(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", threads.append)
    monkeypatch.setattr(batch, "_executor", None)
    batch._start_worker(None, lambda *_: (mock.Mock(), lambda: None), OpenSandbox("none"))
    assert threads == [1]


# Ctrl-C.


def descendants(pid: int) -> set[tuple[int, int]]:
    """All processes below `pid`, each with the time of its start (proc(5))."""
    parents: dict[int, tuple[int, int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if fields[0] != "Z":
                parents[int(stat.parent.name)] = (int(fields[1]), int(fields[19]))
    found: set[tuple[int, int]] = set()
    below = {pid}
    while below:
        below = {child for child, (parent, _) in parents.items() if parent in below}
        found |= {(child, parents[child][1]) for child in below}
    return found


def wait_until(condition: Callable[[], Any], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def alive(processes: set[tuple[int, int]]) -> set[tuple[int, int]]:
    return processes & descendants(0)


def is_recorded(course: Course, learner: str) -> bool:
    record = course.run_record("tiny", learner)
    notebook = course.autograded_notebook("tiny", learner)
    if not (record.exists() and json.loads(record.read_text())["recorded"]):
        return False
    # the last thing that nbgrader does to a graded notebook is to make it read-only
    return notebook.exists() and notebook.stat().st_mode & 0o222 == 0


@pytest.mark.parametrize("whole_group", [True, False], ids=["at a terminal", "by its pid alone"])
def test_ctrl_c_stops_within_seconds_leaves_nothing_behind_and_can_be_resumed(
    whole_group: bool,
    released: Course,
    right: NotebookNode,
    without_workers: list[str],
) -> None:
    endless = answers(row_sums="def row_sums(rows):\n    while True: pass")(right)
    names = [f"learner-{number}" for number in range(16)]  # a minute and more, if not stopped
    two, others = names[:2], names[2:]
    for name in names:
        hand_in(released, name, right if name in two else endless)
    process = subprocess.Popen(
        [sys.executable, "-c", "from grader.commands.main import app; app()", "grade", "tiny"],
        cwd=released.root,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # when both are, one of them is done with; the other may be stopped on its very last steps
    wait_until(
        lambda: all(is_recorded(released, name) for name in two) or process.poll() is not None
    )
    below = descendants(process.pid)
    assert below
    send: Callable[[int, int], None] = os.killpg if whole_group else os.kill
    send(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 130, errors
    assert "stopped; what is finished is kept" in errors
    assert "Traceback" not in output + errors
    wait_until(lambda: not alive(below), seconds=5)
    # and on
    hand_in(released, others[0], right)
    lines = {line.learner: line for line in grading.grade(released, "tiny", [*two, others[0]])}
    assert lines[others[0]].fresh
    assert not all(lines[name].fresh for name in two)
    assert {line.run.earned for line in lines.values()} == {6.5}


# What is kept of a run.

RUN = Run(
    "tiny",
    "ann",
    (
        TestResult(
            "t", "e", Outcome.FAILED, 2.0, "title", True, "seen", "help", "mistake", "\ud83d"
        ),
    ),
    (CellRun("c", ({"output_type": "stream", "name": "stdout", "text": "é\n"},), "error"),),
    seconds=1.5,
    notes=("note",),
)


def test_a_kept_run_comes_back_as_it_was_and_only_under_its_key(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "ann.json"
    keep_run(path, "key", RUN)
    assert find_run(path, "key") == load_run(path) == RUN
    assert find_run(path, "another key") is None
    assert [entry.name for entry in path.parent.iterdir()] == ["ann.json"]


def test_a_run_is_no_graded_one_before_it_was_recorded(tmp_path: Path) -> None:
    path = tmp_path / "ann.json"
    keep_run(path, "key", RUN)
    assert find_run(path, "key", recorded=True) is None
    mark_recorded(path)
    assert find_run(path, "key", recorded=True) == RUN
    keep_run(path, "key", RUN)
    assert find_run(path, "key", recorded=True) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'{"key": "key"}',
        b"\xff",
        b'{"key": "key", "recorded": true, "run": {"tests": [{}]}}',
    ],
)
def test_a_damaged_record_is_no_run(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "ann.json"
    path.write_bytes(data)
    assert find_run(path, "key") is None
    assert load_run(path) is None


def test_the_key_changes_with_everything_that_could_change_a_run(
    bench: Workbench, script: Script
) -> None:
    kit = bench.kit
    answer = next(cell for cell in script.cells if cell.role is Role.ANSWER)
    one, *others = kit.mistakes
    changed = [
        (kit, replace(script, cells=script.cells[1:])),
        (kit, replace(script, cells=(replace(answer, source="x = 1"), *script.cells))),
        (replace(kit, mistakes=tuple(others)), script),
        (replace(kit, mistakes=(replace(one, hint="another"), *others)), script),
        (replace(kit, limits=replace(kit.limits, cell_seconds=9)), script),
        (replace(kit, reference=script), script),
        (replace(kit, withheld=Withheld("tiny", ("course.losses",))), script),
    ]
    keys = {run_key(kit, script)} | {run_key(*each) for each in changed}
    assert len(keys) == 1 + len(changed)


def test_the_key_is_the_same_in_another_process(bench: Workbench, script: Script) -> None:
    # the order of a set differs from process to process
    code = (
        "import pickle, sys; from grader.execution.store import run_key; "
        "print(run_key(*pickle.loads(sys.stdin.buffer.read())))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=pickle.dumps((bench.kit, script)),
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONHASHSEED": "1"},
    )
    assert done.stdout.decode().strip() == run_key(bench.kit, script)


# Faults of the author's and of the machine's.


def test_a_setup_cell_that_fails_is_a_fault_and_no_zero(
    bench: Workbench, script: Script, sandbox: Sandbox
) -> None:
    cells = tuple(
        replace(cell, source="import nothing_of_that_name") if cell.role is Role.SETUP else cell
        for cell in script.cells
    )
    run = Executor(bench.kit, sandbox).execute(replace(script, cells=cells))
    assert run.outcome is Outcome.ERRORED
    assert "nothing_of_that_name" in str(run.fault)


def test_a_sandbox_that_fails_is_a_fault_and_no_zero(bench: Workbench, script: Script) -> None:
    class Broken:
        name = "broken"

        def unavailable(self) -> str | None:
            return None

        def start(self, limits: Any, withheld: Any) -> Any:
            raise SandboxError("no memory left")

        def close(self) -> None: ...

    run = Executor(bench.kit, Broken()).execute(script)
    assert (run.outcome, run.fault) == (Outcome.ERRORED, "SandboxError: no memory left")
    assert "NBGRADER_EXECUTION" not in os.environ

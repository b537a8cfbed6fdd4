"""The limits of a submission hold for all of its processes together, whoever enforces them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.errors import LinkError, SandboxError
from grader.link.learner import LinkedLearner
from grader.records import Limits
from grader.sandbox import guard
from grader.sandbox.base import Sandbox
from grader.sandbox.bubblewrap import Bubblewrap
from grader.sandbox.control_group import ControlGroup, find_control_groups
from grader.sandbox.none import NoSandbox
from grader.sandbox.watchdog import Watchdog

MIB = 2**20
LIMITS = Limits(cell_seconds=60.0, memory_mib=1200, cpu_seconds=300.0)

# five processes, each well below the limit, together far above it; they stop by themselves
MEMORY = """
import os, time
for _ in range(5):
    if os.fork() == 0:
        held = bytearray(400 * 2**20)
        for at in range(0, len(held), 4096): held[at] = 1
        time.sleep(20)
        os._exit(0)
time.sleep(20)
"""
PROCESSOR = """
import os, time
for _ in range(2):
    if os.fork() == 0:
        started = time.time()
        while time.time() < started + 20: pass
        os._exit(0)
time.sleep(20)
"""
# honest: four processes that share what was there before them, and each a little of its own
SHARING = """
import multiprocessing, numpy as np
shared = np.ones(50 * 2**20 // 8 * 5)
def total(n): return float(shared.sum()) + n
with multiprocessing.get_context("fork").Pool(4) as pool:
    seen = pool.map(total, range(8))
"""


@pytest.fixture(params=["kernel", "watchdog"])
def keeper(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Who holds the tree to its limits: control groups, or a watchdog alone."""
    if request.param == "watchdog":
        monkeypatch.setattr(guard, "control_groups", lambda: None)
    elif guard.control_groups() is None:
        pytest.skip("this account may not make control groups")
    return str(request.param)


@pytest.fixture(params=["warm", "cold", "none"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    if request.param == "none":
        yield NoSandbox()
    else:
        yield request.getfixturevalue(request.param)


@pytest.mark.parametrize(
    ("cell", "limits", "why"),
    [
        (MEMORY, LIMITS, "it used more than 1200 MiB of memory"),
        (
            PROCESSOR,
            Limits(cell_seconds=60.0, cpu_seconds=2.0),
            "it used more than 2 seconds of processor time",
        ),
    ],
    ids=["memory", "processor"],
)
def test_the_sum_is_limited_and_the_reason_is_named(
    sandbox: Sandbox, keeper: str, cell: str, limits: Limits, why: str
):
    process = sandbox.start(limits)
    learner = LinkedLearner(process, limits)
    try:
        with pytest.raises(LinkError, match=f"is gone: {why} and was ended"):
            learner.run("bomb", cell)
        assert process.verdict() == why
    finally:
        process.kill()
    assert process.verdict() == why, "also when all is over"


@pytest.mark.skipif(guard.control_groups() is None, reason="this account may not make groups")
def test_the_kernel_holds_a_group_to_its_memory_while_nobody_looks(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("grader.sandbox.watchdog.LOOK_SECONDS", 600.0)
    process = sandbox.start(LIMITS)
    waiting = MEMORY.replace("time.sleep(20)\n        os._exit", "time.sleep(2)\n        os._exit")
    waiting = waiting.removesuffix("time.sleep(20)\n") + "ended = [os.wait()[1] for _ in range(5)]"
    try:
        learner = LinkedLearner(process, LIMITS)
        try:
            learner.run("bomb", waiting)
        except LinkError:
            pass  # the kernel chose the notebook itself
        else:
            assert 9 in learner.get("ended"), "one of them was killed"
        assert process.verdict() == "it used more than 1200 MiB of memory"
    finally:
        process.kill()


def test_processes_that_share_their_memory_are_not_taken_for_a_bomb(sandbox: Sandbox, keeper: str):
    limits = Limits(cell_seconds=60.0, memory_mib=1200)
    process = sandbox.start(limits)
    learner = LinkedLearner(process, limits)
    try:
        run = learner.run("honest", SHARING)
        assert run.error is None, run.error
        assert learner.get("seen") == [50 * 2**20 // 8 * 5 + n for n in range(8)]
        assert process.verdict() is None
    finally:
        process.kill()


def test_too_many_processes_are_ended_where_the_kernel_lets_them_be(
    cold: Bubblewrap, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(guard, "control_groups", lambda: None)
    process = cold.start(LIMITS)
    cell = "import os, time\nfor _ in range(600):\n    if os.fork() == 0: time.sleep(20)\n"
    try:
        with pytest.raises(LinkError, match="it started more than 128 processes and threads"):
            LinkedLearner(process, LIMITS).run("bomb", cell + "time.sleep(20)")
    finally:
        process.kill()


def test_no_group_is_left_behind(sandbox: Sandbox):
    groups = guard.control_groups()
    if groups is None:
        pytest.skip("this account may not make control groups")
    mine = f"saturdays-{os.getpid()}-*"
    process = sandbox.start(LIMITS)
    assert all(list(parent.glob(mine)) for parent in groups.parents)
    process.kill()
    assert not any(list(parent.glob(mine)) for parent in groups.parents)


def test_a_group_that_cannot_be_made_is_an_error_and_starts_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    class Full:
        def make(self, limits: Limits) -> ControlGroup:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(guard, "control_groups", Full)
    with pytest.raises(SandboxError, match=r"no control group can be made: .*No space left"):
        NoSandbox().start(LIMITS)


def test_what_cannot_be_started_leaves_no_group():
    left: list[Path] = []

    def fail(group: ControlGroup | None) -> guard.Startable:
        left.extend(group.folders if group else ())
        raise SandboxError("it cannot be started")

    with pytest.raises(SandboxError, match="it cannot be started"):
        guard.guarded(LIMITS, fail)
    assert not any(folder.exists() for folder in left)


# ---- the watchdog by itself


@pytest.fixture
def sleeper() -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process.pid
    process.kill()
    process.wait()


def test_a_watchdog_ends_a_tree_once_and_keeps_its_verdict(sleeper: int):
    ended: list[str] = []
    watchdog = Watchdog(sleeper, Limits(memory_mib=1), lambda: ended.append("ended"))
    deadline = time.monotonic() + 30
    while not ended and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.3)
    watchdog.stop()
    assert (ended, watchdog.verdict) == (["ended"], "it used more than 1 MiB of memory")


def test_a_watchdog_lets_a_quiet_tree_be(sleeper: int):
    watchdog = Watchdog(sleeper, Limits(), pytest.fail)
    time.sleep(0.3)
    watchdog.stop()
    assert watchdog.verdict is None


def test_what_the_kernel_ended_has_a_verdict_too(sleeper: int, tmp_path: Path):
    (tmp_path / "memory.events").write_text("low 0\noom 3\noom_kill 2\n")
    watchdog = Watchdog(sleeper, Limits(), lambda: None, ControlGroup((tmp_path,)))
    assert watchdog.verdict == "it used more than 4096 MiB of memory"
    watchdog.stop()


# ---- where control groups are found


V1_MOUNTS = """\
30 23 0:26 / {root}/memory rw,relatime - cgroup cgroup rw,memory
31 23 0:27 / {root}/pids rw,relatime - cgroup cgroup rw,pids
32 23 0:28 / {root}/unified rw,relatime - cgroup2 cgroup2 rw
"""
V2_MOUNTS = "30 23 0:26 / {root} rw,relatime - cgroup2 cgroup2 rw\n"


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_the_older_hierarchies_are_used_where_both_can_be_written_to(tmp_path: Path):
    own = written(tmp_path / "own", "5:memory:/mine\n4:pids:/\n0::/\n")
    mounts = written(tmp_path / "mounts", V1_MOUNTS.format(root=tmp_path))
    for folder in ("memory/mine", "pids", "unified"):
        (tmp_path / folder).mkdir(parents=True)
    groups = find_control_groups(own, mounts)
    assert groups is not None
    assert (groups.version, groups.parents) == (1, (tmp_path / "memory/mine", tmp_path / "pids"))
    (tmp_path / "pids").rmdir()
    assert find_control_groups(own, mounts) is None


def v2(tmp_path: Path, inside: int, offered: str = "cpu memory pids") -> tuple[Path, Path]:
    own = written(tmp_path / "own", "0::/user/mine\n")
    mounts = written(tmp_path / "mounts", V2_MOUNTS.format(root=tmp_path))
    written(tmp_path / "user/mine/cgroup.controllers", offered)
    written(tmp_path / "user/mine/cgroup.procs", f"{inside}\n")
    return own, mounts


def test_a_delegated_group_is_divided_and_the_grader_moves_out_of_the_way(tmp_path: Path):
    """Against files alone: no machine with delegated groups of version 2 was at hand."""
    groups = find_control_groups(*v2(tmp_path, os.getpid()))
    assert groups is not None
    mine = tmp_path / "user/mine"
    assert (groups.version, groups.parents) == (2, (mine,))
    assert (mine / "saturdays-grader/cgroup.procs").read_text() == str(os.getpid())
    assert (mine / "cgroup.subtree_control").read_text() == "+memory +pids"
    written(tmp_path / "own", "0::/user/mine/saturdays-grader\n")
    again = find_control_groups(tmp_path / "own", tmp_path / "mounts")
    assert again == groups, "a worker finds what its parent has found"


def test_a_group_with_other_peoples_processes_is_left_alone(tmp_path: Path):
    assert find_control_groups(*v2(tmp_path, 1)) is None
    assert not (tmp_path / "user/mine/saturdays-grader").exists()


def test_a_group_that_offers_no_memory_is_of_no_use(tmp_path: Path):
    assert find_control_groups(*v2(tmp_path, os.getpid(), "cpu hugetlb")) is None


def test_a_machine_without_groups_has_none(tmp_path: Path):
    assert find_control_groups(tmp_path / "nothing", tmp_path / "nothing") is None

"""What begins before it is needed, and what workers share: one warm process, whole to the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from grader.errors import SandboxError
from grader.execution import starting
from grader.execution.batch import execute_batch
from grader.execution.kit import Kit
from grader.execution.starting import begun_early, zygote_for
from grader.link.learner import LinkedLearner
from grader.records import CellRun, Limits, Role, Run, Script, ScriptCell
from grader.sandbox import bubblewrap
from grader.sandbox.base import View
from grader.sandbox.bubblewrap import Bubblewrap
from grader.sandbox.choice import OpenSandbox

obstacle = Bubblewrap().unavailable() or Bubblewrap().no_warm_start()
needs_warmth = pytest.mark.skipif(obstacle is not None, reason=str(obstacle))

LIMITS = Limits(cell_seconds=20.0)
LIGHT = View(preload=("json",))  # so that a zygote is ready at once


_of_other_tests: set[int] = set()  # whose sandboxes may live as long as this process


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    _of_other_tests.clear()
    _of_other_tests.update(zygotes())
    yield
    assert not zygotes()
    assert not starting._begun


def zygotes() -> set[int]:
    """The warm processes below this one: each bwrap that runs the zygote's module."""
    parents, found = {}, set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended
        parents[int(folder.name)] = parent
        if b"course.link.zygote" in words and words[0].endswith(b"bwrap"):
            found.add(int(folder.name))
    # of bwrap's two processes, one is the other's child
    own = {pid for pid in found if parents[pid] not in found and is_below(pid, parents)}
    return own - _of_other_tests


def the_one() -> int:
    """The warm process that there is, once it runs what it was started for."""
    end = time.monotonic() + 30
    while len(zygotes()) != 1:
        assert time.monotonic() < end, zygotes()
        time.sleep(0.02)
    return zygotes().pop()


def is_below(pid: int, parents: Mapping[int, int]) -> bool:
    while pid > 1 and pid != os.getpid():
        pid = parents.get(pid, 0)
    return pid == os.getpid()


def cell_of(run: Run) -> CellRun:
    assert run.fault is None
    (cell,) = run.cells
    assert cell.error is None
    return cell


@needs_warmth
def test_workers_share_one_zygote() -> None:
    cell = ScriptCell("sleeps", Role.SETUP, "import time; time.sleep(1); print('done')")
    scripts = [Script("tiny", f"learner-{n}", (cell,)) for n in range(4)]
    kit = Kit("tiny", scripts[0], (), LIMITS)
    seen = []
    for run in execute_batch(kit, scripts, sandbox="bubblewrap", workers=2):
        assert cell_of(run).outputs[0]["text"] == "done\n"
        seen.append(len(zygotes()))
    assert seen[:3] == [1, 1, 1]


@needs_warmth
def test_a_worker_whose_shared_zygote_has_ended_starts_its_own() -> None:
    zygote = bubblewrap.start_zygote(LIGHT)
    zygote.ready()
    sandbox = OpenSandbox("bubblewrap", LIGHT, zygote.shared())(LIGHT)
    sandbox.start(LIMITS).kill()
    assert len(zygotes()) == 1
    zygote.close()
    again = sandbox.start(LIMITS)
    again.kill()
    assert len(zygotes()) == 1
    sandbox.close()


@needs_warmth
def test_one_that_does_not_end_is_no_reason_to_end_those_of_other_workers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    zygote = bubblewrap.start_zygote(LIGHT)
    zygote.ready()
    hers = OpenSandbox("bubblewrap", LIGHT, zygote.shared())(LIGHT)
    usual = bubblewrap.start_zygote(LIGHT)
    usual.ready()
    process = hers.start(LIMITS)
    monkeypatch.setattr("grader.sandbox.zygote._hear", lambda *_: None)  # nobody says that it has
    process.kill()
    monkeypatch.undo()
    assert len(zygotes()) == 2
    usual.close()
    zygote.close()
    hers.close()


def test_a_view_of_another_kind_shares_nothing() -> None:
    zygote = bubblewrap.SharedZygote(None, ())  # type: ignore[arg-type]  # is not used
    opener = OpenSandbox("bubblewrap", LIGHT, zygote)
    assert opener(LIGHT)._zygote is zygote  # type: ignore[attr-defined]
    assert opener(View(preload=("csv",)))._zygote is None  # type: ignore[attr-defined]
    assert opener()._zygote is None  # type: ignore[attr-defined]
    assert OpenSandbox("none", LIGHT)(LIGHT).name == "none"


@needs_warmth
def test_what_was_begun_is_taken_with_the_files_that_are_known_by_then(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "readings.csv").write_text("1,2\n")
    guess = View(tmp_path / "elsewhere", ("json",))
    view = View(tmp_path, ("json",))
    with begun_early("bubblewrap", view=guess):
        begun = the_one()
        zygote = zygote_for("bubblewrap", view)
        assert zygote is not None
        assert zygotes() == {begun}
        zygote.ready()
        sandbox = OpenSandbox("bubblewrap", view, zygote.shared())(view)
        process = sandbox.start(LIMITS)
        cell = LinkedLearner(process, LIMITS).run(
            "reads", "print(open('/assignment/data/readings.csv').read(), end='')"
        )
        process.kill()
        assert (cell.outputs[0]["text"], cell.error) == ("1,2\n", None)
        other = zygote_for("bubblewrap", view)  # for the next batch
        assert other is not None
        assert other is not zygote
        other.close()


@needs_warmth
@pytest.mark.parametrize(
    "view",
    [
        View(preload=("csv",)),
        View(preload=("json",), places=("/usr/share",)),
        View(Path(__file__).parent / "data", ("json",)),
    ],
    ids=["other modules", "other places", "with files"],
)
def test_what_was_begun_for_another_view_is_ended(view: View) -> None:
    with begun_early("bubblewrap", view=LIGHT):
        begun = the_one()
        zygote = zygote_for("bubblewrap", view)
        assert zygote is not None
        assert begun not in zygotes()
        zygote.close()


@needs_warmth
def test_what_nobody_takes_is_ended() -> None:
    with begun_early("bubblewrap", view=LIGHT):
        assert the_one()
    assert not zygotes()


def test_where_there_is_no_zygote_nothing_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    with begun_early("none"):
        assert not zygotes()
    with begun_early("docker"):  # which is the batch's to refuse
        assert zygote_for("docker", LIGHT) is None
    assert zygote_for("bubblewrap", View(cold=True)) is None

    def fails(view: View) -> None:
        raise SandboxError("bubblewrap cannot be started")

    monkeypatch.setattr(starting, "start_zygote", fails)
    with begun_early("bubblewrap", view=LIGHT):
        assert zygote_for("bubblewrap", LIGHT) is None


def test_ctrl_c_meanwhile_is_no_business_of_what_was_begun() -> None:
    code = (
        "import os, signal, time\n"
        "from grader.execution.starting import start_server\n"
        "signal.signal(signal.SIGINT, lambda *_: print('mine', flush=True))\n"
        "start_server(('json', 'this'))\n"  # `this` prints, so a server that ended would show
        "os.killpg(0, signal.SIGINT)\n"
        "time.sleep(0.5)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        start_new_session=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "mine" in done.stdout


def test_the_list_of_fonts_is_the_one_that_matplotlib_names() -> None:
    # elsewhere, because matplotlib asks for its folder once, and other tests change it
    code = (
        "from grader.sandbox import bubblewrap\n"
        "made = bubblewrap._font_list()\n"
        "print(made.exists() and bubblewrap._known_font_list() == made)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


@pytest.mark.parametrize("variable", ["MPLCONFIGDIR", "XDG_CACHE_HOME"])
def test_a_list_of_fonts_that_is_not_where_it_usually_is_is_asked_for(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MPLCONFIGDIR", raising=False)
    monkeypatch.setenv(variable, str(tmp_path))
    assert bubblewrap._known_font_list() is None
    name = bubblewrap._font_list().name
    made = tmp_path / ("matplotlib" if variable == "XDG_CACHE_HOME" else "") / name
    made.parent.mkdir(exist_ok=True)
    made.touch()
    assert bubblewrap._known_font_list() == made


def test_signals_are_as_before() -> None:
    before = signal.getsignal(signal.SIGINT)
    starting.start_server()
    assert signal.getsignal(signal.SIGINT) is before

"""What every sandbox promises, and what the one without a wall does not."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from course.link.codec import decode, encode
from course.link.frames import LinkClosed
from grader.errors import LinkError, SandboxError
from grader.records import Limits
from grader.sandbox import SANDBOXES, choice, choose_sandbox
from grader.sandbox.base import Sandbox, learner_command, learner_environment
from grader.sandbox.bubblewrap import Bubblewrap
from grader.sandbox.fake import BabblingSandbox, DeadSandbox, ScriptedSandbox, SilentSandbox
from grader.sandbox.guard import control_groups
from grader.sandbox.none import NoSandbox

LONG = 60.0


class Echo(ScriptedSandbox):
    """Enough of a learner's process for the contract: one name, set by the only cell."""

    def __init__(self) -> None:
        super().__init__(lambda request: {"value": 2} if request["do"] == "get" else {})


@pytest.fixture(params=["warm", "cold", "none", "fake"])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    return _sandbox(request)


@pytest.fixture(params=["warm", "cold", "none"])
def real(request: pytest.FixtureRequest) -> Sandbox:
    return _sandbox(request)


def _sandbox(request: pytest.FixtureRequest) -> Sandbox:
    if request.param in ("none", "fake"):
        return NoSandbox() if request.param == "none" else Echo()
    found: Sandbox = request.getfixturevalue(request.param)
    return found


def test_it_has_a_name_and_says_that_it_is_available(sandbox: Sandbox):
    assert sandbox.name in {*SANDBOXES, "fake"}
    assert sandbox.unavailable() is None


def test_it_starts_a_process_that_serves(sandbox: Sandbox, enter: Any):
    assert enter(sandbox).see("seen = 1 + 1") == 2


def test_two_processes_at_once_do_not_meet(sandbox: Sandbox, enter: Any):
    one, other = enter(sandbox), enter(sandbox)
    assert one.see("seen = 2") == other.see("seen = 2") == 2
    one.process.kill()
    assert other.see("seen = 2") == 2


def test_killing_ends_the_link_and_the_process(sandbox: Sandbox):
    process = sandbox.start(Limits())
    process.stream.send(encode({"do": "run", "source": "x = 2"}), timeout=LONG)
    decode(process.stream.receive(timeout=LONG))
    assert process.exit_code() is None
    process.kill()
    assert process.exit_code() is not None
    with pytest.raises(LinkClosed):
        process.stream.receive(timeout=LONG)


def test_who_broke_no_limit_has_no_verdict(sandbox: Sandbox, enter: Any):
    inside = enter(sandbox)
    assert inside.see("seen = 1 + 1") == 2
    assert inside.process.verdict() is None
    inside.process.kill()
    assert inside.process.verdict() is None


def test_killing_what_has_ended_is_harmless(sandbox: Sandbox):
    process = sandbox.start(Limits())
    if isinstance(sandbox, ScriptedSandbox):
        process = DeadSandbox().start(Limits())
    process.stream.send(encode({"do": "run", "source": "import os; os._exit(0)"}), timeout=LONG)
    with pytest.raises(LinkClosed):
        process.stream.receive(timeout=LONG)
    assert wait_until(lambda: process.exit_code() == 0)
    process.kill()
    assert process.exit_code() == 0


def test_no_descriptor_is_left_open(sandbox: Sandbox):
    sandbox.start(Limits()).kill()  # imports and caches of the first start
    before = set(Path("/proc/self/fd").iterdir())
    sandbox.start(Limits()).kill()
    assert set(Path("/proc/self/fd").iterdir()) == before


def test_closing_it_ends_what_it_started_and_twice_is_harmless(sandbox: Sandbox):
    if sandbox.name == "bubblewrap":
        sandbox = Bubblewrap()  # the other one is needed further on
    sandbox.close()
    sandbox.close()


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("import os; os._exit(3)", {3}),
        # bubblewrap reports the signal as a shell does
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", {-9, 128 + 9}),
    ],
)
def test_the_exit_code_tells_how_it_ended(real: Sandbox, enter: Any, cell: str, code: set[int]):
    inside = enter(real)
    with pytest.raises(LinkError, match="ended by itself"):
        inside.see(cell)
    assert inside.process.exit_code() in code


def processes_with(marker: str) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
        except OSError:  # it ended while we looked
            continue
        if marker.encode() in command:
            found.append(int(folder.name))
    return found


def wait_until(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


SLEEPER = "import time; time.sleep(600)  # {marker}"
WAYS = {
    "a child": "subprocess.Popen([sys.executable, '-c', {code!r}])",
    "a group": "subprocess.Popen([sys.executable, '-c', {code!r}], process_group=0)",
    "a session": "subprocess.Popen([sys.executable, '-c', {code!r}], start_new_session=True)",
    "a daemon": "os.system('setsid ' + shlex.join([sys.executable, '-c', {code!r}]) + ' &')",
}
# Without a namespace or a control group, a process group is all that can be ended.
ESCAPES = {("none", "a group"), ("none", "a session"), ("none", "a daemon")}


@pytest.mark.parametrize("way", WAYS)
def test_killing_leaves_no_process_behind(real: Sandbox, enter: Any, way: str):
    marker = uuid.uuid4().hex
    inside = enter(real)
    start = WAYS[way].format(code=SLEEPER.format(marker=marker))
    inside.see(f"import os, shlex, subprocess, sys\n{start}\nseen = 0")
    assert wait_until(lambda: bool(processes_with(marker)))
    inside.process.kill()
    if (real.name, way) in ESCAPES and control_groups() is None:
        left = processes_with(marker)
        for number in left:
            os.kill(number, 9)
        assert left, "it is stronger than documented"
    assert wait_until(lambda: not processes_with(marker))


def test_a_process_that_was_left_alone_ends_with_its_link(real: Sandbox):
    process = real.start(Limits())
    process.stream.send(encode({"do": "run", "source": "1"}), timeout=LONG)
    decode(process.stream.receive(timeout=LONG))
    process.stream.close()
    assert wait_until(lambda: process.exit_code() == 0)
    process.kill()


def test_the_environment_holds_nothing_of_the_graders(
    real: Sandbox, enter: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("GRADER_SECRET", "secret")
    monkeypatch.setenv("PYTHONSTARTUP", "/secret.py")
    monkeypatch.setenv("PYTHONPATH", "/secret")
    monkeypatch.setenv("LD_PRELOAD", "")
    seen = enter(real).see("import os, sys\nseen = [dict(os.environ), sys.path]")
    home = seen[0]["HOME"]
    wanted = learner_environment(home)
    shell = {"PWD"} if real.name == "bubblewrap" else set()
    assert set(seen[0]) == set(wanted) | shell
    assert {key: seen[0][key] for key in wanted} == wanted
    assert "/secret" not in seen[1]
    assert "" not in seen[1]


def test_the_home_is_empty_and_the_current_folder(real: Sandbox, enter: Any):
    cell = "import os\nseen = [os.getcwd() == os.environ['HOME'], sorted(os.listdir())]"
    same, files = enter(real).see(cell)
    assert same
    assert set(files) <= {".ipython", "matplotlib"}


def test_matplotlib_finds_its_fonts_and_a_file_can_be_written(real: Sandbox, enter: Any):
    inside = enter(real)
    cell = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.savefig('figure.png')\n"
    assert inside.see(cell + "import os\nseen = os.path.getsize('figure.png') > 1000") is True


def test_the_temporary_folder_of_no_sandbox_is_removed(enter: Any):
    inside = enter(NoSandbox())
    home = Path(inside.see("import os\nopen('file', 'w').close()\nseen = os.getcwd()"))
    assert home.is_dir()
    inside.process.kill()
    assert not home.exists()


# ---- the fakes


@pytest.mark.parametrize("sandbox", [DeadSandbox(), SilentSandbox(), BabblingSandbox(b"x"), Echo()])
def test_a_fake_ends_when_it_is_killed(sandbox: Sandbox):
    process = sandbox.start(Limits())
    process.stream.send(encode({"do": "run", "source": ""}), timeout=LONG)
    process.kill()
    assert process.exit_code() == 0


# ---- which one


def test_the_safe_one_is_chosen_unless_another_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Bubblewrap, "unavailable", lambda self: None)
    assert type(choose_sandbox()) is Bubblewrap
    assert type(choose_sandbox("none")) is NoSandbox
    assert set(SANDBOXES) == {"bubblewrap", "none"}, "the fakes are for tests alone"


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(SandboxError, match="called 'docker'; there are: bubblewrap, none"):
        choose_sandbox("docker")


def test_nothing_runs_unconfined_because_something_is_missing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Bubblewrap, "unavailable", lambda self: "it broke")
    with pytest.raises(SandboxError, match=r"^it broke\. To grade only .* --sandbox none$"):
        choose_sandbox()
    assert choice.choose_sandbox("none").name == "none"


def test_python_inside_is_isolated():
    command = learner_command(Limits(cell_seconds=2, memory_mib=100, output_kib=3))
    assert command[1:4] == ["-I", "-m", "course.link.serve"]
    options = {"cell_seconds": 2, "memory_mib": 100, "output_kib": 3}
    assert options.items() <= json.loads(command[4]).items()

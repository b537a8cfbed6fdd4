"""Learners' processes that a warm one forks: as good as started cold, and alone with themselves.

Every process of a sandbox carries a mark in its environment, so that what is left behind is
found wherever it hides. Some tests need a machine that lets namespaces be nested.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from ast import literal_eval
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import course.link.confine
from course.link.codec import decode, encode
from course.link.frames import LinkClosed
from grader.errors import SandboxError
from grader.execution.batch import execute_batch
from grader.execution.kit import Kit
from grader.records import Limits, Role, Script, ScriptCell
from grader.sandbox import LearnerProcess, bubblewrap
from grader.sandbox.base import described_code, learner_options
from grader.sandbox.bubblewrap import Bubblewrap
from grader.sandbox.zygote import Zygote

PATIENCE = 60.0
LIMITS = Limits(cell_seconds=20.0)
MARK = f"MARK_{uuid.uuid4().hex}"
KERNEL = tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2])

obstacle = Bubblewrap().unavailable()
cold_only = obstacle or Bubblewrap().no_warm_start()

pytestmark = pytest.mark.skipif(obstacle is not None, reason=str(obstacle))
needs_warmth = pytest.mark.skipif(cold_only is not None, reason=str(cold_only))


class Notebook:
    """A learner's process, and cells to run in it."""

    def __init__(self, process: LearnerProcess) -> None:
        self.process = process

    def __call__(self, source: str) -> Any:
        """The value of the cell's last line, as it is shown; the error's type if it raised."""
        self.process.stream.send(encode({"do": "run", "source": source}), timeout=PATIENCE)
        reply = decode(self.process.stream.receive(timeout=PATIENCE))
        if reply["error"] is not None:
            return reply["error"]["type"]
        shown = reply["outputs"][-1] if reply["outputs"] else {"text": ""}
        return shown["text"] if "text" in shown else literal_eval(shown["data"]["text/plain"])


@contextmanager
def notebook(sandbox: Bubblewrap, limits: Limits = LIMITS) -> Iterator[Notebook]:
    process = sandbox.start(limits)
    try:
        yield Notebook(process)
    finally:
        process.kill()


@pytest.fixture(scope="module", autouse=True)
def marked() -> Iterator[None]:
    """Give every process the mark, and find none of them at the end."""
    usual = bubblewrap.learner_environment
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            bubblewrap,
            "learner_environment",
            lambda home, **more: usual(home, **more) | {MARK: "1"},
        )
        yield
    assert eventually(lambda: not processes())


@pytest.fixture(scope="module")
def warm(marked: None) -> Iterator[Bubblewrap]:
    sandbox = Bubblewrap()
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="module", params=[pytest.param("warm", marks=needs_warmth), "cold"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Bubblewrap]:
    if request.param == "warm":
        yield request.getfixturevalue("warm")
    else:
        yield Bubblewrap(warm=False)


@pytest.fixture
def alone(marked: None) -> Iterator[Bubblewrap]:
    """A sandbox of this test's own, to kill things in; it imports little."""
    with pytest.MonkeyPatch.context() as patch:
        usual = bubblewrap._zygote
        patch.setattr(bubblewrap, "_zygote", lambda preload=(), **more: usual(preload, **more))
        sandbox = Bubblewrap()
        yield sandbox
        sandbox.close()


def processes() -> dict[int, str]:
    """The living processes that carry the mark: number -> command."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if MARK.encode() in (folder / "environ").read_bytes():
                found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue  # it has ended, or is somebody else's
    return found


def zygote_of(sandbox: Bubblewrap) -> int:
    assert sandbox._zygote is not None
    (zygote,) = [pid for pid in processes() if parent(pid) == sandbox._zygote._bwrap.pid]
    return zygote


def parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return -1  # it ended while we looked


def eventually(holds: Callable[[], object], seconds: float = 30.0) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


# ---- the contract: the same, whether warm or cold


def test_cells_run_in_a_home_of_their_own(sandbox: Bubblewrap):
    with notebook(sandbox) as cell:
        assert cell(
            "import os\nos.getcwd(), os.path.expanduser('~'), os.getuid(), os.getgid()"
        ) == (
            *("/home/learner", "/home/learner"),
            *(1000, 1000),
        )
        assert cell("open('mine', 'w').write('12345')") == 5
    with notebook(sandbox) as cell:
        assert cell("import os\nos.path.exists('mine')") is False


def test_there_are_no_privileges_to_begin_with_and_none_to_gain(sandbox: Bubblewrap):
    with notebook(sandbox) as cell:
        status = cell("open('/proc/self/status').read()")
        lines = dict(line.split(":\t", 1) for line in status.splitlines())
        held = {name: int(lines[name], 16) for name in lines if name.startswith("Cap")}
        assert set(held) == {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}
        assert not any(held.values())
        assert lines["NoNewPrivs"] == "1"


@pytest.mark.parametrize(
    "path",
    [
        *("/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches", "/proc/sysrq-trigger"),
        *("/written", "/usr/written", "/dev/written", "/home/written"),
        sys.prefix + "/written",
        str(Path(course.link.confine.__file__).with_name("written")),
    ],
)
def test_nothing_outside_its_own_folders_can_be_written(sandbox: Bubblewrap, path: str):
    with notebook(sandbox) as cell:
        assert cell(f"open({path!r}, 'w')") in ("OSError", "PermissionError", "FileNotFoundError")


def test_it_sees_no_process_but_its_own(sandbox: Bubblewrap):
    with notebook(sandbox) as cell:
        assert cell("import os\nlen([n for n in os.listdir('/proc') if n.isdigit()])") == 2


def test_no_address_can_be_reached(sandbox: Bubblewrap):
    server = threading.Event()
    with notebook(sandbox) as cell:
        for address in ("127.0.0.1", "10.0.0.1", "::1"):
            tried = f"import socket\nsocket.create_connection(({address!r}, 80), timeout=2)"
            assert cell(tried) in ("OSError", "ConnectionRefusedError", "gaierror")
    assert not server.is_set()


def test_its_memory_and_its_files_are_limited(sandbox: Bubblewrap):
    with notebook(sandbox, Limits(memory_mib=2000)) as cell:
        limits = "[resource.getrlimit(n) for n in (resource.RLIMIT_AS, resource.RLIMIT_FSIZE)]"
        memory, size = cell(f"import resource\n{limits}")
        assert memory == (2000 * 2**20, 2000 * 2**20)
        assert size == (64 * 2**20, 64 * 2**20)
        assert cell("bytearray(2**31)") == "MemoryError"


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("os._exit(0)", 0),
        ("os._exit(7)", 7),
        ("os.kill(os.getpid(), 9)", -signal.SIGKILL),
        ("os.abort()", -signal.SIGABRT),
        ("import ctypes; ctypes.string_at(0)", -signal.SIGSEGV),
    ],
)
def test_how_it_ended_is_told(sandbox: Bubblewrap, ending: str, code: int):
    with notebook(sandbox) as cell:
        cell("import os")
        with pytest.raises(LinkClosed):
            cell(ending)
        assert cell.process.exit_code() == code


def test_while_it_runs_there_is_no_exit_code(sandbox: Bubblewrap):
    with notebook(sandbox) as cell:
        assert cell("1 + 1") == 2
        assert cell.process.exit_code() is None


def test_nothing_outlives_its_submission(sandbox: Bubblewrap):
    with notebook(sandbox) as cell:
        before = set(processes())
        cell(
            "import os, time\n"
            "for _ in range(3):\n"
            "    if os.fork() == 0:\n"
            "        os.setsid()\n"
            "        if os.fork() == 0:\n"
            "            time.sleep(3600)\n"
            "        os._exit(0)\n"
        )
        assert eventually(lambda: len(set(processes()) - before) >= 3)
        started = set(processes()) - before
    # a cold bubblewrap's first process is ended by the kernel, a moment after the outer one
    assert eventually(lambda: not started & set(processes()))


def test_orphans_that_end_do_not_take_it_along(sandbox: Bubblewrap):
    with notebook(sandbox) as cell:
        cell("import os, time\nif os.fork() == 0:\n    os.fork()\n    os._exit(0)\ntime.sleep(0.2)")
        assert cell("1 + 1") == 2


def test_the_shell_and_its_terminal_work(sandbox: Bubblewrap):
    with notebook(sandbox) as cell:
        assert cell("!tty && echo $((6 * 7))").splitlines()[-1] == "42"


def test_the_shell_finds_its_folders(sandbox: Bubblewrap):
    with notebook(sandbox) as cell:
        assert (
            cell(
                "import os\n"
                "profile = get_ipython().profile_dir\n"
                "[os.path.isdir(f) for f in (profile.location, profile.startup_dir, os.getcwd())]"
            )
            == [True] * 3
        )
        places = "os.getcwd(), get_ipython().starting_dir, str(*_dh), os.environ['HOME']"
        assert cell(f"[{places}]") == ["/home/learner"] * 4


# ---- what a warm start must not share


@needs_warmth
def test_two_at_once_share_nothing(warm: Bubblewrap):
    with notebook(warm) as one, notebook(warm) as other:
        one("mine = 1")
        assert other("mine") == "NameError"
        assert other("In[:-1]") == ["", "mine"]
        for folder in ("/home/learner", "/tmp", "/dev/shm"):
            one(f"open('{folder}/secret', 'w').write('mine')")
            assert other(f"import os\n'secret' in os.listdir('{folder}')") is False
        one("import os\nos.environ['SECRET'] = 'mine'")
        assert other("import os\nb'mine' in open('/proc/1/environ', 'rb').read()") is False
        one("import socket\ns = socket.socket(socket.AF_UNIX); s.bind('\\0name'); s.listen()")
        assert other("import socket\nsocket.socket(socket.AF_UNIX).connect('\\0name')") == (
            "ConnectionRefusedError"
        )
        one("terminals = [os.openpty() for _ in range(3)]")
        assert other("os.listdir('/dev/pts')") == ["ptmx"]
        for space in ("user", "mnt", "pid", "ipc", "net"):
            names = {
                cell(f"import os\nos.readlink('/proc/self/ns/{space}')") for cell in (one, other)
            }
            assert len(names) == 2, space


@needs_warmth
def test_no_process_but_its_own_can_be_signalled_or_traced(warm: Bubblewrap):
    with notebook(warm) as one, notebook(warm) as other:
        one("import os, ctypes\nmine = os.getpid()")
        reached = one(
            "def reached(pid):\n"
            "    try: os.kill(pid, 0)\n"
            "    except ProcessLookupError: return False\n"
            "    return True\n"
            "[pid for pid in range(1, 2000) if reached(pid)]"
        )
        assert reached == [1, one("mine")]
        attach = (
            f"[p for p in range(1, 2000) if p not in {reached} and libc.ptrace(16, p, 0, 0) == 0]"
        )
        assert one(f"libc = ctypes.CDLL(None)\n{attach}") == []
        assert other("1 + 1") == 2


@needs_warmth
def test_the_link_is_the_only_descriptor(warm: Bubblewrap):
    with notebook(warm) as cell:
        links = cell(
            "import os\n"
            "def of(n):\n"
            "    try: return os.readlink(f'/proc/self/fd/{n}').split(':')[0]\n"
            "    except OSError: return None\n"
            "[of(n) for n in range(300) if of(n)]"
        )
        assert links == ["/dev/null"] * 3 + ["socket"]
        cell("os.system('ls -l /proc/self/fd >listing')")
        assert "socket" not in cell("open('listing').read()")


@needs_warmth
def test_memory_is_shared_only_until_it_is_written_to(warm: Bubblewrap):
    with notebook(warm) as cell:
        maps = "[line for line in open('/proc/self/maps') if line.split()[1][1::2] == 'ws']"
        assert cell(maps) == []


@needs_warmth
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the number of keyctl differs")
def test_keys_of_the_kernel_are_not_shared(alone: Bubblewrap):
    keyctl, join, session, number = 250, 1, -3, 0
    own = ctypes.CDLL(None).syscall(keyctl, join, None)  # as a login does
    if own < 0:
        pytest.skip("this kernel keeps no keys")
    ask = f"import ctypes\nctypes.CDLL(None).syscall({keyctl}, {number}, {session}, 1)"
    with notebook(alone) as one, notebook(alone) as other:
        assert len({own, one(ask), other(ask)}) == 3


@needs_warmth
def test_a_fork_is_as_random_as_a_fresh_process(warm: Bubblewrap):
    draw = (
        "import random, uuid, numpy as np, torch\n"
        "random.random(), float(np.random.rand()), str(uuid.uuid4()), "
        "float(np.random.default_rng().random()), float(torch.rand(())), torch.initial_seed()"
    )
    with notebook(warm) as one, notebook(warm) as other:
        assert not set(one(draw)) & set(other(draw))


@needs_warmth
def test_no_new_namespaces_can_be_made(warm: Bubblewrap):
    with notebook(warm) as cell:
        cell("import ctypes; libc = ctypes.CDLL(None, use_errno=True)")
        for flag in (0x10000000, 0x10020000, 0x20000, 0x40000000):
            assert cell(f"libc.unshare({flag})") == -1
        assert cell("libc.umount2(b'/proc', 2), libc.umount2(b'/tmp', 2)") == (-1, -1)


@needs_warmth
@pytest.mark.skipif(KERNEL < (6, 14), reason="an older kernel counts the whole machine's processes")
def test_a_fork_bomb_ends_at_the_limit(warm: Bubblewrap):
    with notebook(warm) as cell:
        cell(
            "import os, time\nn = 0\ntry:\n"
            "    while n < 2000:\n"
            "        if os.fork() == 0: time.sleep(3600)\n"
            "        n += 1\n"
            "except OSError: pass"
        )
        assert 50 < cell("n") <= 301


@needs_warmth
def test_what_is_imported_works_in_a_fork(warm: Bubblewrap):
    with notebook(warm) as cell:
        assert cell("import sys\n'torch' in sys.modules and 'matplotlib.pyplot' in sys.modules")
        assert cell("import os\nlen(os.listdir('/proc/self/task'))") == 1
        assert cell(
            "import torch\nx = torch.ones(2, 2, requires_grad=True)\n"
            "(x @ x).sum().backward()\nx.grad.tolist()"
        ) == [[4.0, 4.0], [4.0, 4.0]]
        assert cell("round(float(torch.linalg.inv(2 * torch.eye(300)).trace()), 3)") == 150.0
        assert cell("torch.get_num_threads()") == 1
        assert (
            cell("import numpy as np\nround(float(np.linalg.svd(np.ones((200, 200)))[1][0]), 6)")
            == 200
        )
        assert (
            cell(
                "import io, matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.title('$x^2$')\n"
                "f = io.BytesIO(); plt.savefig(f); f.getvalue()[:4]"
            )
            == b"\x89PNG"
        )
        assert "fontlist" in cell("import os\n' '.join(os.listdir('/home/learner/matplotlib'))")


# ---- the life of a zygote


@needs_warmth
def test_a_zygote_that_was_killed_is_replaced(alone: Bubblewrap):
    first = alone.start(LIMITS)
    zygote = zygote_of(alone)
    os.kill(zygote, signal.SIGKILL)
    with pytest.raises(LinkClosed):
        Notebook(first)("import time; time.sleep(60)")
    assert first.exit_code() == -signal.SIGKILL
    with notebook(alone) as cell:
        assert cell("1 + 1") == 2
    first.kill()
    assert zygote_of(alone) != zygote


@needs_warmth
def test_one_that_hears_nothing_is_ended_and_the_zygote_stays(alone: Bubblewrap):
    with notebook(alone) as cell:
        busy = "import signal, time\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\n"
        request = {"do": "run", "source": busy + "while True: time.sleep(60)"}
        cell.process.stream.send(encode(request), timeout=PATIENCE)
        zygote = zygote_of(alone)
    assert eventually(lambda: not list(family_of(zygote))), "its dead are not collected"
    with notebook(alone) as cell:
        assert cell("1 + 1") == 2
        assert zygote_of(alone) == zygote


@needs_warmth
def test_a_zygote_that_hangs_fails_one_start_and_is_replaced(
    alone: Bubblewrap, monkeypatch: pytest.MonkeyPatch
):
    with notebook(alone) as cell:
        cell("1")
    zygote = zygote_of(alone)
    os.kill(zygote, signal.SIGSTOP)
    monkeypatch.setattr("grader.sandbox.zygote.FORK_SECONDS", 0.2)
    monkeypatch.setattr("grader.sandbox.zygote.END_SECONDS", 0.5)
    with pytest.raises(SandboxError, match="said nothing"):
        alone.start(LIMITS)
    monkeypatch.undo()
    with notebook(alone) as cell:
        assert cell("1 + 1") == 2


@needs_warmth
def test_a_fork_that_fails_fails_alone(alone: Bubblewrap):
    with notebook(alone) as before:
        zygote = alone._zygote
        assert zygote is not None
        options = learner_options(LIMITS)
        with pytest.raises(SandboxError, match=r"could not be started: .*'str'"):
            zygote.fork(options | {"processes": "many"})
        assert before("1 + 1") == 2
        with notebook(alone) as after:
            assert after("1 + 1") == 2


@needs_warmth
def test_closing_ends_everything_and_twice_is_harmless(alone: Bubblewrap):
    before = set(processes())
    first, second = alone.start(LIMITS), alone.start(LIMITS)
    assert len(set(processes()) - before) >= 6
    alone.close()
    assert set(processes()) <= before
    alone.close()
    for process in (first, second):
        assert process.exit_code() == -signal.SIGKILL
        process.kill()
        process.kill()


@needs_warmth
def test_a_sandbox_that_nobody_holds_is_closed(alone: Bubblewrap):
    before = set(processes())
    forgotten = Bubblewrap()
    forgotten.start(LIMITS).kill()
    assert set(processes()) > before
    del forgotten
    assert set(processes()) <= before


@needs_warmth
def test_the_thread_that_started_it_may_end(alone: Bubblewrap):
    def start_and_end() -> None:
        alone.start(LIMITS).kill()

    thread = threading.Thread(target=start_and_end)
    thread.start()
    thread.join()
    zygote = zygote_of(alone)
    with notebook(alone) as cell:
        assert cell("1 + 1") == 2
    assert zygote_of(alone) == zygote


@needs_warmth
def test_nothing_outlives_a_grader_that_was_killed(marked: None):
    mark = f"{MARK}_KILLED"
    script = (
        "import time\n"
        "from grader.sandbox import bubblewrap\n"
        "from grader.records import Limits\n"
        "usual, plain = bubblewrap.learner_environment, bubblewrap._zygote\n"
        f"bubblewrap.learner_environment = lambda home, **k: usual(home, **k) | {{{mark!r}: '1'}}\n"
        "bubblewrap._zygote = lambda **more: plain(preload=(), **more)\n"
        "sandbox = bubblewrap.Bubblewrap()\n"
        "process = sandbox.start(Limits())\n"
        "print('started', flush=True)\n"
        "time.sleep(60)\n"
    )
    grader = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert grader.stdout is not None
    assert grader.stdout.readline() == "started\n"
    assert len(processes()) >= 4
    grader.kill()
    grader.wait()
    grader.stdout.close()
    assert eventually(lambda: not set(processes()) - set(family_of(os.getpid())))


def family_of(ancestor: int) -> Iterator[int]:
    for folder in Path("/proc").glob("[0-9]*"):
        if parent(int(folder.name)) == ancestor:
            yield from (int(folder.name), *family_of(int(folder.name)))


@needs_warmth
def test_a_first_optimizer_finds_what_it_needs_imported(warm: Bubblewrap):
    with notebook(warm) as cell:
        assert cell("import sys\n'torch._dynamo.decorators' in sys.modules") is True


@needs_warmth
def test_a_zygote_that_is_not_used_ends_by_itself_and_not_while_it_is():
    zygote = Zygote(
        bubblewrap._confinement(zygote=True),
        bubblewrap.learner_environment(bubblewrap.HOME),
        folders=[bubblewrap.HOME, "/tmp", "/dev/shm"],
        folder_bytes=2**20,
        preload=[],
        idle_seconds=0.2,
    )
    zygote.ready()
    process = zygote.fork(learner_options(LIMITS) | {"processes": 64})
    cell = Notebook(process)
    assert cell("import time\ntime.sleep(1.0)") == ""
    assert cell("1 + 1") == 2
    process.kill()
    assert eventually(lambda: zygote._bwrap.poll() is not None)
    assert zygote._bwrap.returncode == 0
    zygote.close()


def test_a_batch_leaves_nothing_behind():
    cell = ScriptCell("imports", Role.SETUP, "import numpy")
    scripts = [Script("tiny", f"learner-{n}", (cell,)) for n in range(4)]
    kit = Kit("tiny", scripts[0], (), LIMITS)
    before, started = set(family_of(os.getpid())), set[int]()
    for run in execute_batch(kit, scripts, sandbox="bubblewrap", workers=2):
        assert run.fault is None
        family = set(family_of(os.getpid())) - before
        started |= {pid for pid in family if "course.link" in command_of(pid)}
    assert started
    assert eventually(lambda: not any("course.link" in command_of(pid) for pid in started))


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


# ---- where it cannot work


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        # as in a container that hides parts of /proc
        (lambda usual: (*usual[:-1], "--tmpfs", "/proc/fs", "--"), "mount of /proc: "),
        (lambda usual: ("false",), "without a word"),
        (lambda usual: ("/no/such/bwrap",), "cannot be started"),
    ],
)
def test_where_namespaces_cannot_be_nested_each_start_is_cold(
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[tuple[str, ...]], tuple[str, ...]],
    reason: str,
):
    usual = bubblewrap._confinement

    def confinement(*, zygote: bool = False, **more: Any) -> tuple[str, ...]:
        return change(usual(zygote=True, **more)) if zygote else usual(**more)

    monkeypatch.setattr(bubblewrap, "_confinement", confinement)
    sandbox = Bubblewrap()
    assert reason in (sandbox.no_warm_start() or "")
    for _ in range(2):
        with notebook(sandbox) as cell:
            assert cell("1 + 1") == 2
    assert sandbox._zygote is None


AS_AN_ORDINARY_USER = """
import sys
enter_namespaces()
first = os.fork()
if first == 0:
    furnish(["/tmp"], folder_bytes=2**20, processes=64)
    give_up_privileges()
    only_open()
    status = open("/proc/self/status").read()
    good = os.getpid() == 1 and os.getuid() == 1000 and "CapEff:\\t0000000000000000" in status
    good = good and os.listdir("/tmp") == [] and len(os.listdir("/proc/self/ns")) > 5
    os._exit(5 if good else 6)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(first, 0)[1]))
"""


@needs_warmth
@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None or not Path("/usr/bin/python3").exists(),
    reason="only root can be somebody else, with setpriv and an interpreter that all may run",
)
def test_an_ordinary_user_may_do_it_too(tmp_path: Path):
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "-i"]
    bwrap = [shutil.which("bwrap") or "", "--unshare-all", "--uid", "1000", "--gid", "1000"]
    bwrap += ["--cap-drop", "ALL", "--ro-bind", "/usr", "/usr", "--bind", "/proc", "/proc"]
    for folder in ("/lib", "/lib64", "/bin"):
        bwrap += bubblewrap._view(Path(folder))
    bwrap += ["--dev", "/dev", "--tmpfs", "/tmp", "--chdir", "/", "--as-pid-1", "--"]
    source = Path(course.link.confine.__file__).read_text() + AS_AN_ORDINARY_USER
    command = [*user, *bwrap, "/usr/bin/python3", "-I", "-c", source]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (5, "")


@pytest.mark.parametrize(("code", "said"), [(0, 0), (7, 7), (128, 128), (137, -9), (255, 255)])
def test_an_exit_code_of_a_shell_is_one_of_subprocess(code: int, said: int):
    assert described_code(code) == said

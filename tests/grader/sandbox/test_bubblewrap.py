"""Inside bubblewrap: no network, no other process, no file of the grader's, no end of the disk."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.records import Limits
from grader.sandbox import bubblewrap as module
from grader.sandbox.base import Sandbox
from grader.sandbox.bubblewrap import Bubblewrap

ROOT = Path(__file__).parents[3]
SHOWN = [*map(Path, module._interpreter_folders()), ROOT / "course"]
DENIED = {"FileNotFoundError", "PermissionError", "NotADirectoryError"}


@pytest.mark.skipif(os.environ.get("CI") != "true", reason="only CI promises bubblewrap")
def test_ci_has_a_working_bubblewrap(why_no_bubblewrap: str | None):
    assert why_no_bubblewrap is None


# ---- network


@pytest.fixture(params=[socket.AF_INET, socket.AF_INET6], ids=["IPv4", "IPv6"])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, int]]:
    host = "127.0.0.1" if request.param is socket.AF_INET else "::1"
    try:
        listening = socket.create_server((host, 0), family=request.param)
    except OSError:
        pytest.skip(f"this machine has no {host}")
    with listening:
        yield host, listening.getsockname()[1]


def test_a_server_on_loopback_cannot_be_reached(inside: Any, server: tuple[str, int]):
    with socket.create_connection(server, timeout=10):
        pass  # it can from here
    attempt = f"import socket\nsocket.create_connection({server!r}, timeout=10)"
    assert inside.attempt(attempt) in {"ConnectionRefusedError", "OSError"}


def test_there_is_no_interface_but_loopback(inside: Any):
    assert inside.see("import socket\nseen = [n for _, n in socket.if_nameindex()]") == ["lo"]
    routes = inside.see("seen = open('/proc/net/route').read().splitlines()[1:]")
    assert routes == []


def test_nobody_beyond_can_be_reached(inside: Any):
    for address in [("192.0.2.1", 80), ("169.254.169.254", 80), ("8.8.8.8", 53)]:
        attempt = f"import socket\nsocket.create_connection({address!r}, timeout=10)"
        assert inside.attempt(attempt) == "OSError"


def test_sockets_of_the_machine_are_out_of_sight(inside: Any):
    with socket.socket(socket.AF_UNIX) as abstract:
        name = f"\0grader-{os.getpid()}"
        abstract.bind(name)
        abstract.listen()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(name)  # it can from here
        attempt = f"import socket\nsocket.socket(socket.AF_UNIX).connect({name!r})"
        assert inside.attempt(attempt) == "ConnectionRefusedError"
    assert inside.attempt("import os\nos.stat('/run')") in DENIED


# ---- files


def test_no_part_of_the_project_is_seen_but_the_library(inside: Any):
    seen = inside.see(f"import os\nseen = os.listdir({str(ROOT)!r})")
    # its environment may lie in the project too
    assert {"course"} <= set(seen) <= {"course", Path(sys.prefix).name}
    for name in ("solutions", "grader", "var", "assignments", "tests", ".git", "course.toml"):
        assert inside.attempt(f"import os\nos.stat({str(ROOT / name)!r})") in DENIED


@pytest.mark.parametrize("name", ["grader", "solutions", "tests", "grader.records"])
def test_nothing_of_the_graders_can_be_imported(inside: Any, name: str):
    assert inside.attempt(f"import {name}") == "ModuleNotFoundError"
    paths = f"import sys\nsys.path[:0] = ['.', '/', {str(ROOT)!r}]\nimport {name}"
    assert inside.attempt(paths) == "ModuleNotFoundError"
    assert inside.attempt("import course.losses, course.testing") == "done"


def test_homes_hold_nothing_but_the_way_to_python(inside: Any):
    allowed = [*SHOWN, Path(module.HOME)]
    for top in {str(Path("~root").expanduser()), "/home", str(Path.home())}:
        cell = f"import os\nskip = {[str(folder) for folder in allowed]!r}\nseen = []\n"
        cell += f"for folder, folders, names in os.walk({top!r}):\n"
        cell += "    folders[:] = [f for f in folders if os.path.join(folder, f) not in skip]\n"
        cell += "    seen += [os.path.join(folder, n) for n in names]\n"
        if Path(top) not in allowed:
            assert inside.see(cell) == []


def test_files_of_others_are_out_of_sight(inside: Any, tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    with tempfile.NamedTemporaryFile() as other:
        for path in (str(secret), other.name, str(tmp_path), "/etc/passwd", "/etc/shadow", "/var"):
            assert inside.attempt(f"import os\nos.stat({path!r})") in DENIED
    # unless the project itself lies there
    ours = {str(path.relative_to("/tmp").parts[0]) for path in SHOWN if path.is_relative_to("/tmp")}
    assert set(inside.see("import os\nseen = os.listdir('/tmp')")) <= ours


def test_the_grader_is_hidden_where_it_is_installed_beside_the_libraries(
    monkeypatch: pytest.MonkeyPatch,
):
    installed = Path(sys.prefix, "lib", "grader")
    assert module._cover(installed) == ["--tmpfs", str(installed)]
    assert module._cover(Path("/usr/lib/python3/dist-packages/grader"))
    assert module._cover(Path("/somewhere/else/grader")) == []


def test_everything_that_is_seen_is_read_only_but_what_is_its_own(inside: Any):
    cell = "seen = [l.split()[1:4] for l in open('/proc/self/mounts').read().splitlines()]"
    writable = {
        (place, kind)
        for place, kind, options in inside.see(cell)
        if "rw" in options.split(",") and not place.startswith("/dev/")
    }
    assert writable - {("/proc", "proc")} == {("/tmp", "tmpfs"), (module.HOME, "tmpfs")}


@pytest.mark.parametrize(
    "name", ["sys/kernel/core_pattern", "sys/vm/drop_caches", "sysrq-trigger", "1/oom_score_adj"]
)
def test_the_kernel_takes_no_orders(inside: Any, name: str):
    """Not even where the grader is root, who owns these files and is this very user."""
    assert inside.attempt(f"import os\nos.open('/proc/{name}', os.O_WRONLY)") in {
        *("PermissionError", "OSError", "FileNotFoundError")
    }


@pytest.mark.parametrize(
    "path",
    [
        *("/mine", "/usr/mine", "/etc/mine", "/dev/mine", "/home/mine", "/bin/mine", "/lib/mine"),
        *([] if ROOT.is_relative_to("/tmp") else [str(ROOT / "mine")]),
        str(ROOT / "course" / "mine"),
        str(Path(sys.prefix) / "mine"),
        str(Path(sys.base_prefix) / "mine"),
        str(Path(sys.executable).resolve()),
        str(ROOT / "course" / "testing.py"),
    ],
)
def test_nothing_can_be_written_outside(inside: Any, path: str):
    assert inside.attempt(f"open({path!r}, 'ab').write(b'x')") in {"OSError", "PermissionError"}
    assert not Path(path).exists() or Path(path).stat().st_size > 1


@pytest.mark.parametrize("folder", ["/tmp", "/dev/shm", "."])
def test_what_can_be_written_is_limited_in_size(bubblewrap: Sandbox, enter: Any, folder: str):
    written = enter(bubblewrap).see(
        "import os, shutil\n"
        f"free = shutil.disk_usage({folder!r}).total\n"
        "seen = 0\n"
        "try:\n"
        "    for n in range(40):\n"
        f"        with open(os.path.join({folder!r}, f'fill-{{n}}'), 'wb', 0) as file:\n"
        "            os.posix_fallocate(file.fileno(), 0, 32 * 2**20)\n"
        "            seen += 32\n"
        "except OSError as error:\n"
        "    seen = [seen, free // 2**20, error.errno]\n"
    )
    size, claimed, error = written
    assert (claimed, error) == (256, errno.ENOSPC)
    assert size in (224, 256)  # the home is not quite empty


# ---- processes and rights


def test_there_is_no_other_process(inside: Any):
    cell = "import os\nseen = [int(p) for p in os.listdir('/proc') if p.isdigit()]\n"
    seen = inside.see(cell + "me = os.getpid()")
    assert inside.learner.get("me") in seen
    assert len(seen) <= 2, "bubblewrap's own first process and the learner's"
    assert max(seen) < 10


def test_the_grader_is_no_process_to_see_or_to_signal(inside: Any):
    names = inside.see(
        "import os\nseen = []\nfor p in filter(str.isdigit, os.listdir('/proc')):\n"
        "    seen.append(open(f'/proc/{p}/cmdline').read())"
    )
    ours = [Path(f"/proc/{p}/cmdline").read_text() for p in (os.getpid(), os.getppid())]
    assert not set(ours) & set(names)
    if os.getpid() > 10:
        assert inside.attempt(f"import os\nos.kill({os.getpid()}, 0)") == "ProcessLookupError"
    assert inside.attempt("import os\nos.kill(os.getppid(), 0)") in {"done", "PermissionError"}


def test_the_learner_is_nobody_special_and_holds_no_right(inside: Any):
    cell = "import os\nseen = [os.getuid(), os.geteuid(), os.getgid(), os.getegid()]"
    assert inside.see(cell) == [1000] * 4
    status = inside.see(
        "seen = dict(l.split(':\\t') for l in open('/proc/self/status').read().splitlines())"
    )
    capabilities = {key: int(value, 16) for key, value in status.items() if key.startswith("Cap")}
    assert capabilities == dict.fromkeys(["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"], 0)
    assert status["NoNewPrivs"] == "1"
    for attempt in ("os.setuid(0)", "os.chroot('/tmp')", "socket.sethostname('x')"):
        assert inside.attempt(f"import os, socket\n{attempt}") in {"PermissionError", "OSError"}


def test_memory_without_an_owner_cannot_be_had(inside: Any):
    assert inside.attempt("import os\nos.memfd_create('mine')") == "PermissionError"


@pytest.mark.parametrize("namespace", ["user", "pid", "net", "mnt", "ipc", "uts", "cgroup"])
def test_every_namespace_is_its_own(inside: Any, namespace: str):
    theirs = inside.see(f"import os\nseen = os.readlink('/proc/self/ns/{namespace}')")
    assert theirs != str(Path(f"/proc/self/ns/{namespace}").readlink())


def test_no_descriptor_of_the_graders_is_inherited(bubblewrap: Sandbox, enter: Any, tmp_path: Path):
    with (tmp_path / "gradebook").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        inside = enter(bubblewrap)
    cell = (
        "import os\nseen = [os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd')"
    )
    seen = inside.see(cell + " if os.path.exists(f'/proc/self/fd/{n}')]")
    assert not any("gradebook" in name for name in seen)


def test_the_host_is_not_named(inside: Any):
    assert inside.see("import socket\nseen = socket.gethostname()") == "learner"


# ---- what is said when it does not work


def test_a_missing_bubblewrap_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    assert Bubblewrap().unavailable() == (
        "bubblewrap is not installed; install it with: apt install bubblewrap"
    )


def test_a_bubblewrap_that_fails_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    refusing = tmp_path / "bwrap"
    refusing.write_text("#!/bin/sh\necho first >&2\necho 'bwrap: No permissions' >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setattr(module, "_confinement", lambda: (str(refusing),))
    reason = Bubblewrap().unavailable()
    assert reason == (
        "bubblewrap is installed but cannot start a process here: bwrap: No permissions"
    )
    refusing.write_text("#!/bin/sh\nexit 1\n")
    assert "no message" in (Bubblewrap().unavailable() or "")


def test_a_bubblewrap_that_hangs_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch):
    def hang(*_: object, **options: Any) -> None:
        raise subprocess.TimeoutExpired("bwrap", options["timeout"])

    monkeypatch.setattr(module, "_confinement", lambda: ("bwrap",))
    monkeypatch.setattr(module.subprocess, "run", hang)
    assert Bubblewrap().unavailable() == "bubblewrap did not start a process within 60 seconds"


def test_it_starts_where_the_path_of_the_learner_has_no_bubblewrap(
    bubblewrap: Sandbox, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(
        module, "learner_environment", lambda home, **_: {"PATH": "/nowhere", "HOME": home}
    )
    process = bubblewrap.start(Limits())
    assert process.exit_code() is None
    process.kill()


@pytest.mark.parametrize("warm", [True, False])
def test_what_lies_below_tmp_is_shown_there(
    cold: Sandbox, enter: Any, monkeypatch: pytest.MonkeyPatch, warm: bool
):
    """A project that was cloned into /tmp can be graded."""
    usual = module._interpreter_folders()
    with tempfile.TemporaryDirectory(prefix="with a space ", dir="/tmp") as folder:
        Path(folder, "module.py").write_text("x = 5")
        monkeypatch.setattr(module, "_interpreter_folders", lambda: [*usual, folder])
        module._confinement.cache_clear()
        sandbox = Bubblewrap(warm=warm)
        try:
            inside = enter(sandbox)
            cell = f"import sys\nsys.path.append({folder!r})\nimport module\nseen = module.x"
            assert inside.see(cell) == 5
            assert inside.attempt(f"open({folder + '/mine'!r}, 'w')") == "OSError"
        finally:
            sandbox.close()
            module._confinement.cache_clear()

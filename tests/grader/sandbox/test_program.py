"""A program that runs learners' code itself sees one folder to write to, and is held to limits."""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from grader.records import Limits
from grader.sandbox import program
from grader.sandbox.program import Place, Program

WITHOUT_BWRAP = shutil.which("bwrap") is None
needs_bwrap = pytest.mark.skipif(WITHOUT_BWRAP, reason="bubblewrap is not installed")
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/home/learner"}


def run(code: str, place: Place, limits: Limits | None = None) -> tuple[list[str], int, str]:
    words = [sys.executable, "-I", "-c", code]
    running = Program(words, place, ENVIRONMENT, limits or replace(Limits(), processes=512))
    lines = [line for line in running.lines() if line]
    return lines, *running.close()


@pytest.fixture(params=[pytest.param(True, marks=needs_bwrap), False], ids=["confined", "not"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    folder = tmp_path / "copy"
    folder.mkdir()
    seen_at = tmp_path / "course" if request.param else folder
    return Place(folder, seen_at, confined=request.param)


def test_it_works_in_the_folder_and_what_it_says_is_heard(place: Place):
    code = "import os, sys; print(os.getcwd()); open('made', 'w'); sys.stderr.write('b'); exit(3)"
    assert run(code, place) == ([str(place.seen_at), "b"], 3, "")
    assert (place.folder / "made").exists()


def test_it_is_ended_where_its_tree_is_too_large_or_the_disk_too_full(
    place: Place, monkeypatch: pytest.MonkeyPatch
):
    limits = replace(Limits(), memory_mib=200, processes=512)
    code = "import time\nheld = b'x' * 900_000_000\ntime.sleep(60)"
    _, status, why = run(code, place, limits)
    assert "more than 200 MiB" in why
    assert status != 0
    usage = SimpleNamespace(free=1000)
    monkeypatch.setattr(program.shutil, "disk_usage", lambda folder: usage)
    _, status, why = run("import time; time.sleep(60)", place)
    assert "too little room on the disk" in why
    assert status != 0


def test_it_can_be_stopped(place: Place):
    words = [sys.executable, "-I", "-c", "print('on', flush=True); import time; time.sleep(60)"]
    running = Program(words, place, ENVIRONMENT, replace(Limits(), processes=512))
    lines = running.lines()
    assert next(line for line in lines if line) == "on"
    running.stop("it was told to")
    assert [line for line in lines if line] == []
    assert running.close()[1] == "it was told to"


_TRIES = """
import os, socket
def can(what):
    try:
        what()
    except OSError:
        return "no"
    return "yes"
def listen():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
print("secret", can(lambda: open({secret!r})))
can(lambda: open({beside!r}, "w"))  # where it is seen is the sandbox's own
print("network", can(lambda: socket.create_connection(("192.0.2.1", 80), timeout=3)))
print("loopback", can(listen))
print("readable", can(lambda: open({readable!r})))
print("change", can(lambda: open({readable!r}, "w")))
print("namespaces", os.system("unshare -r true 2>/dev/null") == 0)
print("others", len([name for name in os.listdir("/proc") if name.isdigit()]) > 5)
"""


@needs_bwrap
def test_confined_it_sees_nothing_but_its_folder_and_what_it_is_shown(tmp_path: Path):
    for name in ("secret", "readable"):
        (tmp_path / name).write_text("here")
    (tmp_path / "copy").mkdir()
    shown = Place(tmp_path / "copy", tmp_path / "course", (tmp_path / "readable",))
    names: Sequence[str] = ("secret", "beside", "readable")
    code = _TRIES.format(**{name: str(tmp_path / name) for name in names})
    lines, status, _ = run(code, shown)
    assert status == 0
    assert dict(line.split() for line in lines) == {
        "secret": "no",
        "network": "no",
        "loopback": "yes",
        "readable": "yes",
        "change": "no",
        "namespaces": "False",
        "others": "False",
    }
    assert not (tmp_path / "beside").exists()


@needs_bwrap
def test_pythons_own_folders_stay_in_sight_in_a_folder_around_them(tmp_path: Path):
    around = Path(sys.prefix).parent
    lines, status, _ = run("import numpy, os; print(os.getcwd())", Place(tmp_path, around))
    assert (lines, status) == ([str(around)], 0)

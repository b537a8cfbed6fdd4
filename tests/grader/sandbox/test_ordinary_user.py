"""The sandbox as an ordinary user: its whole suite again, run by an account without any right.

As root many things work that do not work for others, and some hold for others only. Neither
this project nor its environment need be open to other accounts (root's home is closed), so
both are shown to the account in a mount namespace, below a folder that is open to all, with
the interpreter of the system, which everyone can run.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NOBODY = 65534
PYTHON = "/usr/bin/python3"


def unusable() -> str | None:
    """Why it cannot be tried on this machine."""
    if os.getuid() != 0:
        return "only root can become another user; an ordinary user has run it all by now"
    ask = [PYTHON, "-c", "import sys, venv; print(*sys.version_info[:2], sep='.')"]
    try:
        version = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return f"there is no {PYTHON} that can make environments"
    ours = f"{sys.version_info.major}.{sys.version_info.minor}"
    return None if version == ours else f"{PYTHON} is {version}, the packages are for {ours}"


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that is open to all, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="ordinary-") as folder:
        path = Path(folder)
        path.chmod(0o755)
        (path / "project").mkdir()
        (path / "home").mkdir()
        (path / "home").chmod(0o777)
        (path / "here.pth").write_text(str(path / "project"))
        subprocess.run([PYTHON, "-m", "venv", "--without-pip", path / "env"], check=True)
        yield path


def command(*words: object) -> str:
    return shlex.join(map(str, words))


@pytest.mark.skipif(unusable() is not None, reason=str(unusable()))
def test_the_sandbox_keeps_its_promises_to_an_ordinary_user(place: Path):
    ours = Path(sysconfig.get_paths()["purelib"])
    (theirs,) = (place / "env").glob("lib/python3*/site-packages")
    (link,) = ours.glob("__editable__.saturdays-*.pth")  # leads to where we are
    mounts = [(ROOT, place / "project"), (ours, theirs), (place / "here.pth", theirs / link.name)]
    pytest_of_theirs = [place / "env/bin/python", "-m", "pytest", "-p", "no:cacheprovider"]
    pytest_of_theirs += ["-o", "addopts=--import-mode=importlib", "tests/grader/sandbox"]
    become = ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]
    steps = [
        *(command("mount", "--bind", what, where) for what, where in mounts),
        command("cd", place / "project"),
        "exec " + command(*become, *pytest_of_theirs),
    ]
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-ec", "\n".join(steps)],
        env={"PATH": os.environ["PATH"], "HOME": str(place / "home"), "TMPDIR": str(place / "home")}
        | {name: os.environ[name] for name in ("CI",) if name in os.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) > 200, "it is the whole suite"

"""A hub with Linux accounts, set up by `grader hub install`, and removed without a trace.

Needs root. The accounts' names begin with PREFIX, which nobody else's do.
"""

from __future__ import annotations

import csv
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from grader.hub.leftovers import end_leftovers
from grader.hub.plan import PLAN_FILE, HubPlan, read_plan
from grader.hub.start import running_hub

from ..grader.hub.client import Client
from ..grader.hub.environments import readable_environment, why_no_readable_environment

ROOT = Path(__file__).resolve().parents[2]
COURSE = "lagos"  # not the id of the course that a machine may really have
PREFIX = "sat-test-"
ADA, BOLA, EFE = (f"{PREFIX}{name}" for name in ("ada", "bola", "efe"))
ROSTER = f"""\
name,id,e-mail,group
Ada Obi,{ADA},ada@example.org,ikeja
Bola Ade,{BOLA},bola@example.org,yaba
Efe Eze,{EFE},efe@example.org,instructors
"""
_AS = ("setpriv", "--reuid")


@dataclass
class InstalledHub:
    """What was set up: the plan, and the password of each person."""

    plan: HubPlan
    passwords: dict[str, str]

    def client(self, name: str) -> Client:
        return Client(self.plan.address, name, self.passwords[name])

    def home(self, name: str) -> Path:
        return Path("/home") / name

    def run_as(self, name: str, script: str) -> str:
        """What a Python script prints that somebody runs in a terminal of theirs."""
        python = self.plan.folders.environment / "bin" / "python"
        done = subprocess.run(
            [*_AS, name, "--regid", name, "--init-groups", "--", python, "-c", script],
            cwd="/",
            env={"HOME": str(self.home(name)), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr


def why_none_can_be_installed() -> str:
    """The reason, or nothing."""
    if os.geteuid() != 0:
        return "only root can make accounts"
    for program in ("useradd", "userdel", "setpriv"):
        if shutil.which(program) is None:
            return f"there is no {program}"
    return why_no_readable_environment()


@contextmanager
def installed_hub() -> Iterator[InstalledHub]:
    """Set one up and start it; afterwards end it and remove accounts, homes and folders."""
    place = Path(tempfile.mkdtemp(dir="/var/tmp", prefix="saturdays-hub-"))
    place.chmod(0o755)
    try:
        _copy_of_the_course(place / "checkout")
        _install(place)
        hub = InstalledHub(read_plan(place / "state" / PLAN_FILE), _passwords(place / "state"))
        with running_hub(hub.plan, {}):
            yield hub
    finally:
        _end_what_is_left(place / "state" / PLAN_FILE)
        _remove_accounts()
        shutil.rmtree(place, ignore_errors=True)


def _end_what_is_left(plan_file: Path) -> None:
    if plan_file.exists():  # otherwise nothing was installed, and there is no grader
        end_leftovers(plan_file, f"grader-{COURSE}")


def _copy_of_the_course(folder: Path) -> None:
    """What is committed, with another id: the names of accounts are made from it."""
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
    toml = folder / "course.toml"
    toml.write_text(toml.read_text("utf-8").replace('id = "week3"', f'id = "{COURSE}"', 1), "utf-8")
    for other in (folder / "assignments").iterdir():  # each takes seconds to be handed out
        if other.name != "loss_functions":
            shutil.rmtree(other)
    author = ["-c", "user.name=A test", "-c", "user.email=test@example.org"]
    commit = ["commit", "--quiet", "--all", "--message", "Give the course another id"]
    subprocess.run(["git", *author, *commit], cwd=folder, check=True)


def _install(place: Path) -> None:
    roster = place / "roster.csv"
    roster.write_text(ROSTER, encoding="utf-8")
    environment = readable_environment(place / "environment")
    done = subprocess.run(
        [
            *(environment / "bin" / "grader", "hub", "install", roster),
            *("--prefix", place / "prefix", "--state", place / "state"),
            *("--exchange", place / "exchange", "--course-folder", place / "course"),
            *("--environment", environment, "--port", str(_free_port())),
        ],
        cwd=place / "checkout",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _passwords(state: Path) -> dict[str, str]:
    (file,) = state.glob("passwords-*.csv")
    assert file.stat().st_mode & 0o777 == 0o600
    with file.open(encoding="utf-8", newline="") as lines:
        return {row["id"]: row["password"] for row in csv.DictReader(lines)}


def _free_port() -> int:
    """The first of five in a row that nobody listens on."""
    for port in range(21000, 30000, 10):
        try:
            for each in range(port, port + 5):
                socket.create_server(("127.0.0.1", each)).close()
        except OSError:
            continue
        return port
    raise AssertionError("no five free ports in a row")


def _remove_accounts() -> None:
    """Theirs and the grader's, with all that still runs as them."""
    for line in Path("/etc/passwd").read_text(encoding="utf-8").splitlines():
        name, _, uid = line.split(":")[:3]
        if name.startswith(PREFIX) or name == f"grader-{COURSE}":
            subprocess.run(["pkill", "-KILL", "-u", uid], check=False)
            subprocess.run(
                ["userdel", "--force", "--remove", name], capture_output=True, check=False
            )
    subprocess.run(["groupdel", f"saturdays-{COURSE}"], capture_output=True, check=False)

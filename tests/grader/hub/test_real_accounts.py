"""A hub set up on this machine, with real accounts, which are removed again.

Needs root. The course of these accounts has an id that no real one has, and the accounts have
names that nobody's begin with.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader.hub.plan import read_plan

from .environments import readable_environment, why_no_readable_environment

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = Path(__file__).resolve().parents[1] / "data" / "course"
COURSE = "sat_real"
ADA, BOLA, CHIDI, EFE = (f"sat-real-{name}" for name in ("ada", "bola", "chidi", "efe"))
ROSTER = f"""\
name,id,e-mail,group
Adé Obi,{ADA},ada@example.org,ikeja
Bola,{BOLA},,
Efe Eze,{EFE},efe@example.org,instructors
"""


def why_not() -> str:
    if os.geteuid() != 0:
        return "only root can make accounts"
    for program in ("useradd", "userdel", "setpriv", "git"):
        if shutil.which(program) is None:
            return f"there is no {program}"
    return why_no_readable_environment()


pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())


@dataclass
class Installed:
    """The folder in which everything is, and what the set-up said."""

    place: Path
    said: str

    def grader(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [self.place / "environment" / "bin" / "grader", "hub", *arguments]
        return subprocess.run(
            command, cwd=self.place / "checkout", capture_output=True, text=True, check=False
        )

    def install(self, roster: str) -> str:
        (self.place / "roster.csv").write_text(roster, encoding="utf-8")
        done = self.grader(
            *("install", self.place / "roster.csv", "--port", "8500"),
            *("--prefix", self.place / "prefix", "--state", self.place / "state"),
            *("--exchange", self.place / "exchange", "--course-folder", self.place / "course"),
            *("--environment", self.place / "environment"),
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def findings(self) -> dict[str, dict[str, str]]:
        done = self.grader("check", "--plan", self.place / "state" / "hub.json", "--json")
        return {each["name"]: each for each in json.loads(done.stdout)}

    def may(self, name: str, *command: str | Path) -> bool:
        """Whether a command succeeds as somebody."""
        done = subprocess.run(
            ["setpriv", "--reuid", name, "--regid", name, "--init-groups", "--", *command],
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "HOME": f"/home/{name}"},
            capture_output=True,
            check=False,
        )
        return done.returncode == 0


@pytest.fixture(scope="module")
def hub() -> Iterator[Installed]:
    place = Path(tempfile.mkdtemp(dir="/var/tmp", prefix="saturdays-real-"))
    place.chmod(0o755)
    try:
        readable_environment(place / "environment")
        _checkout(place / "checkout")
        hub = Installed(place, "")
        hub.said = hub.install(ROSTER)
        yield hub
    finally:
        _remove_accounts()
        shutil.rmtree(place)


def _checkout(folder: Path) -> None:
    """The sample course under another id, in a checkout that only root may enter."""
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    toml = folder / "course.toml"
    text = toml.read_text("utf-8")
    assert 'id = "sample"' in text
    toml.write_text(text.replace('id = "sample"', f'id = "{COURSE}"', 1), "utf-8")
    author = ["-c", "user.name=A test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    subprocess.run(["git", "add", "."], cwd=folder, check=True)
    subprocess.run(["git", *author, "commit", "-q", "-m", "A course"], cwd=folder, check=True)
    folder.chmod(0o700)


def _remove_accounts() -> None:
    for name in (ADA, BOLA, CHIDI, EFE, f"grader-{COURSE}"):
        subprocess.run(["userdel", "--remove", name], capture_output=True, check=False)
    subprocess.run(["groupdel", f"saturdays-{COURSE}"], capture_output=True, check=False)


def passwords(hub: Installed) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in hub.place.joinpath("state").glob("passwords-*.csv"):
        assert path.stat().st_mode & 0o777 == 0o600
        with path.open(encoding="utf-8", newline="") as lines:
            found |= {row["id"]: row["password"] for row in csv.DictReader(lines)}
    return found


def test_a_learner_reads_what_is_handed_out_and_writes_where_it_is_handed_in(
    hub: Installed,
) -> None:
    place = hub.place
    assert hub.may(ADA, "cat", place / "prefix" / "edition" / "course.toml")
    assert hub.may(ADA, "ls", place / "prefix" / "edition" / "assignments" / ".")
    mine = place / "exchange" / COURSE / "inbound" / f"{ADA}+tiny+a"
    assert hub.may(ADA, "mkdir", mine)
    assert hub.may(ADA, place / "environment" / "bin" / "python", "-c", "import course, nbgrader")


@pytest.mark.parametrize(
    "path",
    [
        "/home/{bola}",
        "/home/grader-sat_real",
        "{place}/course",
        "{place}/course/solutions/tiny/notebook.py",
        "{place}/course/var/gradebook.db",
        "{place}/state",
        "{place}/state/hub.json",
        "{place}/state/jupyterhub.sqlite",
        "{place}/exchange/sat_real/inbound",
    ],
)
@pytest.mark.parametrize("name", [ADA, EFE])
def test_neither_a_learner_nor_an_instructor_reads_what_is_anothers(
    hub: Installed, name: str, path: str
) -> None:
    whole = Path(path.format(bola=BOLA, place=hub.place))
    assert whole.exists()
    assert not hub.may(name, "test", "-r", whole)


def test_a_learner_reads_no_passwords(hub: Installed) -> None:
    for path in hub.place.joinpath("state").glob("passwords-*.csv"):
        assert not hub.may(ADA, "cat", path)
        assert not hub.may(f"grader-{COURSE}", "cat", path)


def test_a_learner_renames_and_removes_nothing_of_the_exchange(hub: Installed) -> None:
    exchange = hub.place / "exchange"
    assert not hub.may(ADA, "mv", exchange / COURSE, exchange / "other")
    assert not hub.may(ADA, "rmdir", exchange / COURSE / "outbound")
    assert not hub.may(ADA, "touch", exchange / COURSE / "outbound" / "mine")


def test_the_grader_reads_the_plan_and_neither_sessions_nor_homes(hub: Installed) -> None:
    grader, state = f"grader-{COURSE}", hub.place / "state"
    assert hub.may(grader, "cat", state / "hub.json")
    assert not hub.may(grader, "ls", state)
    assert not hub.may(grader, "cat", state / "jupyterhub.sqlite")
    assert not hub.may(grader, "ls", f"/home/{ADA}")


def test_everybody_of_the_roster_has_a_password_that_was_not_said(hub: Installed) -> None:
    words = passwords(hub)
    assert {ADA, BOLA, EFE} <= set(words)
    assert not any(word in hub.said for word in words.values())


def test_what_was_set_up_passes_the_check_but_for_the_passwords_and_the_start(
    hub: Installed,
) -> None:
    wrong = {name: each["detail"] for name, each in hub.findings().items() if not each["holds"]}
    assert set(wrong) - {"sandbox", "disk"} == {"answers", "state"}, wrong
    assert "not running" in wrong["answers"]


def test_the_check_names_what_was_opened(hub: Installed) -> None:
    opened = (Path(f"/home/{BOLA}"), hub.place / "course", hub.place / "exchange")
    modes = [path.stat().st_mode & 0o7777 for path in opened]
    try:
        for path in opened:
            path.chmod(0o777)
        findings = hub.findings()
    finally:
        for path, mode in zip(opened, modes, strict=True):
            path.chmod(mode)
    assert f"{opened[0]} is {BOLA}'s, with mode 777" in findings["homes"]["detail"]
    assert f"{ADA} may enter" in findings["course"]["detail"]
    assert "with 777, not" in findings["exchange"]["detail"]


def test_a_second_run_changes_nothing_and_a_changed_roster_only_who_comes_and_goes(
    hub: Installed,
) -> None:
    assert "done" not in hub.install(ROSTER)
    before = passwords(hub)
    changed = hub.install(ROSTER.replace(f"Bola,{BOLA}", f"Chidi,{CHIDI}"))
    done = [line for line in changed.splitlines() if "✔ done" in line]
    assert [line.split("done")[1].split(",")[0].strip() for line in done] == [
        *(f"account {CHIDI}", f"account {BOLA} locked", "passwords of new accounts"),
        *("learners in the gradebook", "the hub's plan"),
    ]
    after = passwords(hub)
    assert {name: after[name] for name in before} == before
    assert Path(f"/home/{BOLA}").is_dir()
    secret = subprocess.run(["getent", "shadow", BOLA], capture_output=True, text=True, check=True)
    assert secret.stdout.split(":")[1].startswith("!")
    assert secret.stdout.split(":")[7] == "1"
    assert {each.id for each in read_plan(hub.place / "state" / "hub.json").people} == {
        *(ADA, CHIDI, EFE)
    }

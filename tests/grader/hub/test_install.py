"""The set-up of a hub: refused before anything is changed, or made step by step."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from grader.commands.main import app
from grader.configuration import Course, load_course
from grader.errors import HubError
from grader.hub import install
from grader.hub.install import Options, installation, installed_plan, units_folder
from grader.hub.plan import Ports
from grader.hub.steps import Step, carry_out
from grader.hub.system import Account
from grader.hub.units import HUB_UNIT, Tls, hub_unit, tls_unit, unit_step

from .machine import ADA, BOLA, EFE, Machine, plan_in

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "course"
PEOPLE = (ADA, BOLA, EFE)


@pytest.fixture
def course() -> Course:
    return load_course(SAMPLE)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """All programs are there, and every folder is open."""
    monkeypatch.setattr(install.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(install, "is_open_to_all", lambda _: True)
    return Machine(tmp_path)


def options_in(folder: Path) -> Options:
    return Options(
        prefix=folder / "prefix",
        state=folder / "state",
        exchange=folder / "exchange",
        course_folder=folder / "course",
    )


def test_the_plan_has_the_folders_the_ports_and_the_people(course: Course, tmp_path: Path) -> None:
    plan = installed_plan(course, PEOPLE, replace(options_in(tmp_path), port=9000))
    assert (plan.course_id, plan.grader, plan.accounts) == ("sample", "grader-sample", True)
    assert plan.people == PEOPLE
    assert plan.address == "http://127.0.0.1:9000"
    assert plan.ports == Ports(9000, 9001, 9002, 9003, 9004)
    assert plan.folders.edition == tmp_path / "prefix" / "edition"
    assert plan.folders.environment == tmp_path / "prefix" / "environment"


def test_usual_places_are_those_of_a_linux_machine(course: Course) -> None:
    folders = installed_plan(course, PEOPLE, Options(address="https://hub.example.org")).folders
    assert [str(path) for path in vars(folders).values()] == [
        "/srv/saturdays/sample",
        "/opt/saturdays/edition",
        "/srv/saturdays/exchange",
        "/var/lib/saturdays",
        "/opt/saturdays/environment",
    ]


def test_a_course_whose_id_is_too_long_for_a_group_is_refused(course: Course) -> None:
    with pytest.raises(HubError, match="must not have more than 32 letters"):
        installed_plan(replace(course, id="c" * 23), PEOPLE, Options())
    installed_plan(replace(course, id="c" * 22), PEOPLE, Options())


def test_steps_come_in_the_order_in_which_they_need_each_other(
    machine: Machine, course: Course, tmp_path: Path
) -> None:
    options = options_in(tmp_path)
    plan = installed_plan(course, PEOPLE, options)
    names = [step.what for step in installation(machine, plan, course, options)]
    order = [
        *("group saturdays-sample", "account grader-sample", "Python packages", "the hub's proxy"),
        *(f"folder {plan.folders.state}", "account ada", "passwords", "folder", "the course in"),
        *("settings", "assignments in the exchange", "learners in the gradebook"),
        *("the hub's plan", "unit"),
    ]
    places = [next(n for n, name in enumerate(names) if name.startswith(each)) for each in order]
    assert sorted(places[:7]) == places[:7]
    assert sorted(places[8:]) == places[8:]
    assert len(names) == len(set(names))


def refused(machine: Machine, course: Course, tmp_path: Path) -> str:
    options = options_in(tmp_path)
    plan = installed_plan(course, PEOPLE, options)
    with pytest.raises(HubError) as caught:
        installation(machine, plan, course, options)
    assert list(tmp_path.iterdir()) == []
    assert machine.commands == []
    return str(caught.value)


def test_only_root_may(machine: Machine, course: Course, tmp_path: Path) -> None:
    machine.root_runs = False
    assert "Run the same command with sudo" in refused(machine, course, tmp_path)


def test_a_missing_program_is_named(
    machine: Machine, course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install.shutil, "which", lambda name: None if name == "git" else name)
    assert "not installed: git" in refused(machine, course, tmp_path)


def test_a_strangers_account_is_named(machine: Machine, course: Course, tmp_path: Path) -> None:
    stranger = Account("bola", 1500, 1500, Path("/home/bola"), True, False, False)
    machine.accounts["bola"] = stranger
    assert "not made for this course: bola" in refused(machine, course, tmp_path)


def test_a_place_that_learners_cannot_reach_is_named(
    machine: Machine, course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "is_open_to_all", lambda _: False)
    assert "others may not enter" in refused(machine, course, tmp_path)


def test_where_systemd_does_not_run_units_are_in_the_state(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    assert units_folder(plan, tmp_path / "none") == plan.folders.state
    assert units_folder(plan, tmp_path) == Path("/etc/systemd/system")


def test_a_unit_is_written_when_it_differs(tmp_path: Path) -> None:
    texts, reloads = ["one"], []
    (step,) = unit_step(tmp_path / HUB_UNIT, lambda: texts[0], lambda: reloads.append(1))
    seen = []
    for text in ("one", "one", "two"):
        texts[0] = text
        seen.append(step.is_due())
        if step.is_due():
            step.do()
    assert seen == [True, False, True]
    assert (tmp_path / HUB_UNIT).read_text() == "two"
    assert len(reloads) == 2


def test_the_hubs_unit_starts_the_plan_and_lets_servers_live(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    lines = hub_unit(plan).splitlines()
    start = f"{plan.folders.environment}/bin/grader hub start --plan {tmp_path}/state/hub.json"
    assert f"ExecStart={start}" in lines
    assert "KillMode=process" in lines
    assert "Restart=on-failure" in lines


def test_the_hubs_unit_forbids_nothing_that_the_sandbox_needs(tmp_path: Path) -> None:
    names = {line.partition("=")[0] for line in hub_unit(plan_in(tmp_path)).splitlines()}
    hindrances = {"ProtectKernelTunables", "ProtectKernelLogs", "ProtectProc", "ProcSubset"}
    hindrances |= {"RestrictNamespaces", "RestrictSUIDSGID", "NoNewPrivileges", "ProtectHome"}
    hindrances |= {"MemoryDenyWriteExecute", "PrivateUsers", "DynamicUser", "User"}
    assert not names & hindrances


def test_the_listener_with_tls_leads_to_the_hub_and_shows_its_key_to_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.hub.units.proxy_command", lambda _: ["/node", "/proxy"])
    tls = Tls(Path("/etc/key.pem"), Path("/etc/certificate.pem"))
    text = tls_unit(plan_in(tmp_path), tls)
    assert "ExecStart=/node /proxy --ip= --port=443 " in text
    assert "--default-target=http://127.0.0.1:8000" in text
    assert "--api-socket=%t/saturdays-tls/api" in text
    assert "LoadCredential=key:/etc/key.pem" in text
    assert "--ssl-key=${CREDENTIALS_DIRECTORY}/key" in text


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    path = tmp_path / "roster.csv"
    path.write_text("name,id,group\nEfe,efe,instructors\nAda,ada,ikeja\n")
    return path


def command(
    monkeypatch: pytest.MonkeyPatch, machine: Machine, *arguments: str | Path
) -> tuple[int, str]:
    monkeypatch.setattr("grader.commands.hub_install.System", lambda: machine)
    monkeypatch.chdir(SAMPLE)
    before = os.umask(0o022)
    try:
        done = CliRunner().invoke(app, ["hub", "install", *map(str, arguments)])
    finally:
        os.umask(before)
    return done.exit_code, done.output


def test_the_command_says_what_it_would_do_and_does_nothing(
    monkeypatch: pytest.MonkeyPatch, machine: Machine, roster: Path, tmp_path: Path
) -> None:
    places = {"--prefix": "prefix", "--state": "state", "--exchange": "exchange"}
    told = [word for name, folder in places.items() for word in (name, str(tmp_path / folder))]
    told += ["--course-folder", str(tmp_path / "course"), "--dry-run"]
    code, said = command(monkeypatch, machine, roster, *told)
    assert code == 0, said
    assert "+ would be done account ada" in said
    assert [path.name for path in tmp_path.iterdir()] == ["roster.csv"]
    assert machine.accounts == {}


def test_the_command_refuses_a_bad_roster_in_one_message(
    monkeypatch: pytest.MonkeyPatch, machine: Machine, tmp_path: Path
) -> None:
    (tmp_path / "roster.csv").write_text("name,id,group\nAda,Ada,\n")
    code, said = command(monkeypatch, machine, tmp_path / "roster.csv", "--dry-run")
    assert code == 1
    assert said.startswith("grader: ")
    assert "nothing was changed" in said


def test_a_key_without_a_certificate_is_refused(
    monkeypatch: pytest.MonkeyPatch, machine: Machine, roster: Path
) -> None:
    code, said = command(monkeypatch, machine, roster, "--tls-key", roster, "--dry-run")
    assert (code, "belong together" in said) == (1, True)


def test_a_full_disk_is_one_message(
    monkeypatch: pytest.MonkeyPatch, machine: Machine, roster: Path
) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device", "/srv/saturdays")

    monkeypatch.setattr("grader.commands.hub_install.carry_out", full)
    monkeypatch.setattr("grader.commands.hub_install.installation", lambda *_: [])
    code, said = command(monkeypatch, machine, roster)
    assert code == 1
    assert "/srv/saturdays: No space left on device. What is done is kept" in said


def test_steps_that_are_not_due_are_not_done() -> None:
    done: list[str] = []
    told: list[tuple[str, str, str]] = []

    def step(name: str, due: bool) -> Step:
        return Step(name, lambda: due, lambda: done.append(name) or f"{name} is new")

    steps = [step("one", True), step("two", False)]

    def tell(step: Step, outcome: str, note: str) -> None:
        told.append((step.what, outcome, note))

    assert carry_out(steps, dry_run=False, tell=tell) == 1
    assert done == ["one"]
    assert told == [("one", "done", "one is new"), ("two", "already so", "")]

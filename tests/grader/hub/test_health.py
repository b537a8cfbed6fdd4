"""What is not as it should be on an installed hub is named, with what mends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from grader.doctor import GIB, Finding
from grader.hub import health
from grader.hub.accounts import account_steps, grader_steps
from grader.hub.folders import exchange_folders, folder_step
from grader.hub.plan import HubPlan
from grader.hub.system import Held

from .machine import ADA, EFE, Machine, plan_in


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A hub of which all is well; `test -r` says no, as it should to learners."""
    machine, plan = Machine(tmp_path), plan_in(tmp_path)
    folders = plan.folders
    folders.state.mkdir()
    for steps in (grader_steps(machine, plan), account_steps(machine, plan)):
        for step in steps:
            if step.is_due():
                step.do()
    for path, held in exchange_folders(plan).items():
        folder_step(machine, path, held).do()
    folder_step(machine, folders.course, Held(plan.grader, plan.grader, 0o700)).do()
    for name in ("", "bin", "share", "lib/python3.11/site-packages"):
        folder_step(machine, folders.environment / name, Held("root", "root", 0o755)).do()
    next(folders.state.iterdir()).unlink()
    machine.broken.add("test")
    machine.says["python"] = ""
    return machine


@pytest.fixture
def plan(tmp_path: Path) -> HubPlan:
    return plan_in(tmp_path)


def every(machine: Machine, plan: HubPlan) -> list[Finding]:
    checks = (
        *(health.accounts, health.who_left, health.homes, health.environment, health.packages),
        *(health.closed_course, health.closed_state, health.exchange, health.sandbox),
    )
    return [check(machine, plan) for check in checks]


def change(machine: Machine, name: str, **fields: bool) -> None:
    machine.accounts[name] = replace(machine.accounts[name], **fields)


def test_a_hub_on_which_all_is_well_has_no_fault(machine: Machine, plan: HubPlan) -> None:
    assert [each.detail for each in every(machine, plan) if not each.holds] == []


def _lock(machine: Machine, plan: HubPlan) -> None:
    change(machine, "ada", locked=True)


def _expire(machine: Machine, plan: HubPlan) -> None:
    change(machine, "ada", expired=True)


def _forget(machine: Machine, plan: HubPlan) -> None:
    del machine.accounts["bola"]


def _leave_the_group(machine: Machine, plan: HubPlan) -> None:
    machine.groups["saturdays-sample"].remove("ada")


def _open_home(machine: Machine, plan: HubPlan) -> None:
    machine.hold(machine.accounts["ada"].home, Held("ada", "ada", 0o755))


def _steal_home(machine: Machine, plan: HubPlan) -> None:
    machine.hold(machine.accounts["ada"].home, Held("bola", "bola", 0o700))


def _open_packages(machine: Machine, plan: HubPlan) -> None:
    machine.hold(plan.folders.environment / "bin", Held("root", "root", 0o775))


def _break_python(machine: Machine, plan: HubPlan) -> None:
    machine.broken.add("python")


def _open_everything(machine: Machine, plan: HubPlan) -> None:
    machine.broken.remove("test")
    machine.says["test"] = ""


def _open_course(machine: Machine, plan: HubPlan) -> None:
    machine.hold(plan.folders.course, Held(plan.grader, plan.grader, 0o750))


def _close_exchange(machine: Machine, plan: HubPlan) -> None:
    machine.hold(plan.folders.exchange, Held(plan.grader, plan.grader, 0o755))


def _let_rename(machine: Machine, plan: HubPlan) -> None:
    machine.hold(plan.folders.exchange, Held(plan.grader, plan.grader, 0o777))


def _no_sandbox(machine: Machine, plan: HubPlan) -> None:
    machine.says["python"] = "bwrap: No permissions to create new namespace\n"


def _keep_passwords(machine: Machine, plan: HubPlan) -> None:
    (plan.folders.state / "passwords-20260101T000000Z.csv").touch()


@pytest.mark.parametrize(
    ("fault", "name", "told"),
    [
        (_lock, "accounts", "ada cannot log in"),
        (_expire, "accounts", "ada cannot log in"),
        (_forget, "accounts", "bola has none"),
        (_leave_the_group, "accounts", "ada is not in the group saturdays-sample"),
        (_open_home, "homes", "home/ada is ada's, with mode 755"),
        (_steal_home, "homes", "home/ada is bola's, with mode 700"),
        (_open_packages, "environment", "bin is root's, with mode 775"),
        (_break_python, "packages", "python failed"),
        (_open_everything, "course", "ada may enter"),
        (_open_everything, "state", "ada may read"),
        (_open_course, "course", "with mode 750"),
        (_close_exchange, "exchange", "with 755, not grader-sample's with 1777"),
        (_let_rename, "exchange", "with 777, not grader-sample's with 1777"),
        (_no_sandbox, "sandbox", "No permissions to create new namespace"),
        (_keep_passwords, "state", "passwords-20260101T000000Z.csv is still there"),
    ],
)
def test_a_fault_is_named_with_what_mends_it(
    machine: Machine,
    plan: HubPlan,
    fault: Callable[[Machine, HubPlan], None],
    name: str,
    told: str,
) -> None:
    fault(machine, plan)
    try:
        findings = {each.name: each for each in every(machine, plan)}
    except health.HubError:  # the sandbox cannot be asked without a Python; see `attempt`
        findings = {"packages": health.packages(machine, plan)}
    assert not findings[name].holds
    assert told in findings[name].detail
    assert findings[name].advice


def test_who_left_and_can_still_log_in_is_named(machine: Machine, plan: HubPlan) -> None:
    fewer = replace(plan, people=(ADA, EFE))
    finding = health.who_left(machine, fewer)
    assert (finding.holds, finding.detail) == (False, "bola can still log in")
    change(machine, "bola", locked=True)  # a key would still let in
    assert not health.who_left(machine, fewer).holds
    change(machine, "bola", expired=True)
    assert health.who_left(machine, fewer).holds


@pytest.mark.parametrize(("gib", "holds"), [(50.0, True), (0.5, False)])
def test_a_disk_that_is_nearly_full_is_told(
    machine: Machine, plan: HubPlan, gib: float, holds: bool
) -> None:
    finding = health.disk(machine, plan, lambda _: SimpleNamespace(free=gib * GIB))
    assert finding.holds is holds
    assert f"{gib:.1f} GiB" in finding.detail


def test_things_are_tried_as_a_learner_and_as_the_grader(machine: Machine, plan: HubPlan) -> None:
    machine.users.clear()
    every(machine, plan)
    assert set(machine.users) == {"ada", "grader-sample"}


def test_an_access_control_list_is_told(
    machine: Machine, plan: HubPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.listxattr", lambda _: ["system.posix_acl_access"])
    for check in (health.homes, health.closed_course, health.exchange):
        assert "setfacl -b" in check(machine, plan).detail


def test_a_check_that_fails_hides_no_other(machine: Machine, plan: HubPlan) -> None:
    machine.accounts.clear()
    findings = health.examine(machine, plan)
    assert len(findings) == 14
    assert len({each.name for each in findings}) == 14
    assert any("could not be examined" in each.detail for each in findings)

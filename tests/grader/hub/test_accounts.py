"""Accounts: made once, locked when somebody leaves, never anybody else's."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from grader.errors import HubError
from grader.hub.accounts import account_steps, grader_steps, made_group, refuse_strangers
from grader.hub.plan import HubPlan
from grader.hub.steps import Step, carry_out
from grader.hub.system import Account, Held

from .machine import ADA, EFE, Machine, plan_in


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def plan(tmp_path: Path) -> HubPlan:
    plan = plan_in(tmp_path)
    plan.folders.state.mkdir()
    return plan


def set_up(machine: Machine, plan: HubPlan, *, dry_run: bool = False) -> list[str]:
    """What was done, or would be."""
    done: list[str] = []

    def tell(step: Step, outcome: str, note: str) -> None:
        if outcome != "already so":
            done.append(f"{step.what}: {note}" if note else step.what)

    refuse_strangers(machine, plan)
    for steps in (grader_steps, account_steps):
        carry_out(steps(machine, plan), dry_run=dry_run, tell=tell)
    return done


def test_everybody_gets_an_account_with_a_closed_home(machine: Machine, plan: HubPlan) -> None:
    set_up(machine, plan)
    assert set(machine.accounts) == {"ada", "bola", "efe", "grader-sample"}
    assert machine.groups == {"saturdays-sample": {"ada", "bola", "efe", "grader-sample"}}
    for account in machine.accounts.values():
        assert machine.held(account.home) == Held(account.name, account.name, 0o700)


def test_a_second_run_does_nothing(machine: Machine, plan: HubPlan) -> None:
    set_up(machine, plan)
    assert set_up(machine, plan) == []


def test_a_trial_run_says_what_would_be_done_and_does_nothing(
    machine: Machine, plan: HubPlan
) -> None:
    told = set_up(machine, plan, dry_run=True)
    assert [line.partition(",")[0] for line in told] == [
        *("group saturdays-sample", "account grader-sample", "account ada", "account bola"),
        *("account efe", "passwords of new accounts"),
    ]
    assert machine.commands == []
    assert list(plan.folders.state.iterdir()) == []


def test_passwords_are_in_a_file_of_roots_and_on_no_command_line(
    machine: Machine, plan: HubPlan
) -> None:
    told = set_up(machine, plan)
    (path,) = plan.folders.state.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open(encoding="utf-8", newline="") as lines:
        handed = {row["id"]: row["password"] for row in csv.DictReader(lines)}
    assert handed == machine.passwords
    assert set(handed) == {"ada", "bola", "efe"}
    assert len(set(handed.values())) == 3
    assert min(map(len, handed.values())) >= 18
    said = str(machine.commands) + str(told)
    assert not any(word in said for word in handed.values())
    assert str(path) in said


def test_nobody_can_log_in_as_the_grader(machine: Machine, plan: HubPlan) -> None:
    set_up(machine, plan)
    assert machine.accounts["grader-sample"].locked
    assert not machine.accounts["grader-sample"].password


def test_a_name_cannot_write_another_field_of_the_list_of_accounts(
    machine: Machine, plan: HubPlan
) -> None:
    set_up(machine, replace(plan, people=(replace(ADA, name="A:0:0,x=y\\z"), EFE)))
    command = next(each for each in machine.commands if each[-1] == "ada")
    assert command[command.index("--comment") + 1] == "A 0 0 x y z"


def test_who_left_is_locked_out_at_once_and_keeps_the_home(machine: Machine, plan: HubPlan) -> None:
    set_up(machine, plan)
    machine.at_work["bola"] = (4711,)
    told = set_up(machine, replace(plan, people=(ADA, EFE)))
    bola = machine.accounts["bola"]
    assert (bola.locked, bola.expired) == (True, True)
    assert machine.at_work == {}
    assert bola.home.is_dir()
    kept = f"what is in {bola.home} is kept"
    assert told == [f"account bola locked: not on the roster any more; {kept}"]
    assert not machine.accounts["ada"].locked


def test_what_somebody_who_left_still_runs_is_ended(machine: Machine, plan: HubPlan) -> None:
    set_up(machine, plan)
    fewer = replace(plan, people=(ADA, EFE))
    set_up(machine, fewer)
    assert set_up(machine, fewer) == []
    machine.at_work["bola"] = (4712,)
    assert len(set_up(machine, fewer)) == 1
    assert machine.at_work == {}


def test_who_returns_has_the_account_and_the_password_of_before(
    machine: Machine, plan: HubPlan
) -> None:
    set_up(machine, plan)
    words = dict(machine.passwords)
    set_up(machine, replace(plan, people=(ADA, EFE)))
    set_up(machine, plan)
    bola = machine.accounts["bola"]
    assert (bola.locked, bola.expired) == (False, False)
    assert machine.passwords == words


def test_an_unlocking_that_was_cut_short_is_finished(machine: Machine, plan: HubPlan) -> None:
    set_up(machine, plan)
    machine.accounts["bola"] = replace(machine.accounts["bola"], locked=False, expired=True)
    set_up(machine, plan)
    assert not machine.accounts["bola"].expired


def test_a_home_that_was_opened_is_closed_again(machine: Machine, plan: HubPlan) -> None:
    set_up(machine, plan)
    home = machine.accounts["ada"].home
    machine.hold(home, Held("ada", "ada", 0o755))
    assert len(set_up(machine, plan)) == 1
    assert machine.held(home) == Held("ada", "ada", 0o700)


def test_an_account_of_somebody_else_stops_everything(machine: Machine, plan: HubPlan) -> None:
    stranger = Account("ada", 1500, 1500, Path("/home/ada"), True, False, False)
    machine.accounts["ada"] = stranger
    with pytest.raises(HubError, match=r"not made for this course: ada\. Nothing was changed"):
        set_up(machine, plan)
    assert machine.accounts == {"ada": stranger}
    assert machine.commands == []


def test_an_account_of_somebody_else_is_never_locked(machine: Machine, plan: HubPlan) -> None:
    machine.accounts["teacher"] = Account("teacher", 1500, 1500, Path("/x"), True, False, False)
    set_up(machine, plan)
    assert not machine.accounts["teacher"].locked


def test_passwords_that_could_not_be_set_are_in_no_file_and_the_next_run_sets_them(
    machine: Machine, plan: HubPlan
) -> None:
    machine.broken.add("chpasswd")
    with pytest.raises(HubError, match="chpasswd failed"):
        set_up(machine, plan)
    assert list(plan.folders.state.iterdir()) == []
    machine.broken.clear()
    assert len(set_up(machine, plan)) == 1
    assert set(machine.passwords) == {"ada", "bola", "efe"}


def test_the_group_is_named_after_the_course(plan: HubPlan) -> None:
    assert made_group(replace(plan, course_id="week4")) == "saturdays-week4"

"""The Linux accounts of a group: made for who is on the roster, locked for who has left.

Guarantees: no account is touched that was not made here. Those that were are in a group of the
course (`made_group`), into which `useradd` puts them in the same step; an account of a wanted
name outside of it is a reason to stop before anything is changed. No home is ever removed.
Passwords go to `chpasswd` by its standard input, and to one file that only root may read.
"""

from __future__ import annotations

import csv
import io
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from grader.errors import HubError
from grader.hub.plan import HubPlan
from grader.hub.roster import Person
from grader.hub.steps import Step
from grader.hub.system import Account, Held, System

__all__ = ["account_steps", "grader_steps", "left_over", "made_group", "refuse_strangers"]

_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"  # none that a hand-written note confuses
_SYLLABLES = 9  # of 70 each: 55 bits


def made_group(plan: HubPlan) -> str:
    """The Linux group of all accounts that were made for the course."""
    return f"saturdays-{plan.course_id}"


def left_over(system: System, plan: HubPlan) -> tuple[str, ...]:
    """Whose accounts were made for the course, and who are not in the plan any more."""
    made = system.members(made_group(plan)) or frozenset()
    return tuple(sorted(made - {each.id for each in plan.people} - {plan.grader}))


def refuse_strangers(system: System, plan: HubPlan) -> None:
    """Stop when an account of a wanted name was made by somebody else.

    Raises:
        HubError: with all such names.
    """
    made = system.members(made_group(plan)) or frozenset()
    wanted = [plan.grader, *(each.id for each in plan.people)]
    strangers = [name for name in wanted if name not in made and system.account(name)]
    if strangers:
        raise HubError(
            f"there are accounts that were not made for this course: {', '.join(strangers)}. "
            "Nothing was changed. Give those people other ids in the roster; or, if the accounts "
            f"are theirs and may be locked when they leave: usermod -aG {made_group(plan)} ID"
        )


def grader_steps(system: System, plan: HubPlan) -> Iterator[Step]:
    """The group, and the account that owns the course, into which nobody can log in."""
    group = made_group(plan)
    yield Step(
        f"group {group}",
        lambda: system.members(group) is None,
        lambda: _quietly(system, "groupadd", group),
    )
    yield _account(system, group, Person(plan.grader, f"grader of {plan.course_id}"))


def account_steps(system: System, plan: HubPlan) -> Iterator[Step]:
    """An account for each person, passwords for the new ones, a lock for who has left."""
    for person in plan.people:
        yield _account(system, made_group(plan), person)
    for name in left_over(system, plan):
        yield _locked(system, name)
    yield Step(
        "passwords of new accounts",
        lambda: bool(_without_password(system, plan)),
        lambda: _give_passwords(system, plan),
    )


def _account(system: System, group: str, person: Person) -> Step:
    """It exists, its home is closed to others, and it is open to the one who returns."""
    name = person.id

    def is_due() -> bool:
        account = system.account(name)
        return account is None or account.expired or not _home_is_closed(system, account)

    def make() -> None:
        account = system.account(name) or _add(system, group, person)
        if account.expired:
            if account.password:
                _quietly(system, "usermod", "--unlock", name)
            _quietly(system, "usermod", "--expiredate", "", name)
        if not _home_is_closed(system, account):
            account.home.mkdir(parents=True, exist_ok=True)
            system.hold(account.home, Held(name, name, 0o700))

    return Step(f"account {name}, open, with a home closed to others", is_due, make)


def _add(system: System, group: str, person: Person) -> Account:
    comment = re.sub(r"[:,=\\]+", " ", person.name)  # which have a meaning in /etc/passwd
    new = ["useradd", "--create-home", "--user-group", "--shell", "/bin/bash"]
    _quietly(system, *new, "--groups", group, "--comment", comment, person.id)
    return _existing(system, person.id)


def _home_is_closed(system: System, account: Account) -> bool:
    held = system.held(account.home)
    return held is not None and (held.owner, held.mode) == (account.name, 0o700)


def _locked(system: System, name: str) -> Step:
    def is_at_work() -> bool:
        account = system.account(name)
        if account is None:
            return False
        shut = account.locked and account.expired
        return not shut or bool(system.processes_of(account))

    def lock() -> str:
        _quietly(system, "usermod", "--lock", "--expiredate", "1", name)
        account = _existing(system, name)
        system.end_processes_of(account)
        return f"not on the roster any more; what is in {account.home} is kept"

    return Step(f"account {name} locked", is_at_work, lock)


def _without_password(system: System, plan: HubPlan) -> Sequence[str]:
    accounts = {each.id: system.account(each.id) for each in plan.people}
    return [name for name, account in accounts.items() if account is None or not account.password]


def _give_passwords(system: System, plan: HubPlan) -> str:
    """The file comes first: a password that nobody knows would be of no use."""
    made = {name: _password() for name in _without_password(system, plan)}
    people = {each.id: each for each in plan.people}
    rows = [(people[name].name, name, people[name].email, made[name]) for name in made]
    path = _write_passwords(plan.folders.state, rows)
    try:
        system.run(["chpasswd"], text="".join(f"{name}:{made[name]}\n" for name in made))
    except BaseException:
        path.unlink()
        raise
    return f"written to {path}, which only root can read. Hand them out, then delete it"


def _write_passwords(folder: Path, rows: Sequence[tuple[str, ...]]) -> Path:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("name", "id", "e-mail", "password"), *rows])
    path = folder / f"passwords-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.csv"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(text.getvalue())
        file.flush()
        os.fsync(file.fileno())
    return path


def _password() -> str:
    syllables = [secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS) for _ in range(_SYLLABLES)]
    return "-".join("".join(syllables[n : n + 3]) for n in range(0, _SYLLABLES, 3))


def _existing(system: System, name: str) -> Account:
    account = system.account(name)
    if account is None:
        raise HubError(f"the account {name!r} is gone. Run the same command again.")
    return account


def _quietly(system: System, *command: str) -> None:
    system.run(command)

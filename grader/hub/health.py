"""Examine an installed hub: is everybody kept out of what is not theirs, and does it answer?

What can be tried is tried, in a child process with a learner's rights or the grader's; modes are
compared besides, because a try sees only today's files. As with the doctor, each check is a
finding, one that fails in a way nobody foresaw becomes one too, and nothing is changed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from grader.doctor import GIB, LEAST_DISK_GIB, Finding, attempt, shortened
from grader.errors import HubError
from grader.hub.accounts import left_over, made_group
from grader.hub.folders import exchange_folders
from grader.hub.plan import HubPlan
from grader.hub.reach import answers, certificate, listeners
from grader.hub.roles_in_use import roles_in_use
from grader.hub.system import Account, System

__all__ = ["examine"]

_AGAIN = "Run grader hub install with the roster again."
_SANDBOX = (
    "from grader.sandbox.bubblewrap import Bubblewrap; print(Bubblewrap().unavailable() or '')"
)
_ACL = "system.posix_acl_access"


def examine(system: System, plan: HubPlan) -> tuple[Finding, ...]:
    """Run every check on the hub of a plan."""
    checks: tuple[tuple[str, Callable[[System, HubPlan], Finding]], ...] = (
        ("accounts", accounts),
        ("who left", who_left),
        ("homes", homes),
        ("environment", environment),
        ("packages", packages),
        ("course", closed_course),
        ("state", closed_state),
        ("exchange", exchange),
        ("sandbox", sandbox),
        ("disk", disk),
        ("roles", lambda _, plan: roles_in_use(plan)),
        ("listening", lambda _, plan: listeners(plan)),
        ("answers", lambda _, plan: answers(plan)),
        ("certificate", lambda _, plan: certificate(plan.address)),
    )
    return tuple(
        attempt(name, lambda check=check: check(system, plan))  # type: ignore[misc]
        for name, check in checks
    )


def accounts(system: System, plan: HubPlan) -> Finding:
    """Has everybody of the plan an account that was made for the course, and can log in?"""
    made = system.members(made_group(plan)) or frozenset()
    wrong = []
    for person in plan.people:
        account = system.account(person.id)
        if account is None:
            wrong.append(f"{person.id} has none")
        elif account.expired or account.locked or not account.password:
            wrong.append(f"{person.id} cannot log in")
        elif person.id not in made:
            wrong.append(f"{person.id} is not in the group {made_group(plan)}")
    if system.account(plan.grader) is None:
        wrong.append(f"{plan.grader} has none")
    seen = f"{len(plan.people)} people, and {plan.grader}"
    return _finding("accounts", wrong, seen, f"{_AGAIN} To unlock one: usermod -U ID")


def who_left(system: System, plan: HubPlan) -> Finding:
    """Are those locked out who are not on the roster any more?"""
    left = left_over(system, plan)
    found = {name: system.account(name) for name in left}
    wrong = [
        f"{name} can still log in"
        for name, account in found.items()
        if account is not None and not (account.locked and account.expired)
    ]
    return _finding("who left", wrong, f"{len(left)}, locked out", _AGAIN)


def homes(system: System, plan: HubPlan) -> Finding:
    """Is each home its owner's alone?"""
    wrong = []
    for name in [plan.grader, *(each.id for each in plan.people)]:
        account = system.account(name)
        held = None if account is None else system.held(account.home)
        if account is None or held is None:
            wrong.append(f"{name} has none")
        elif (held.owner, held.mode) != (name, 0o700):
            wrong.append(f"{account.home} is {held.owner}'s, with mode {held.mode:o}")
        else:
            wrong.extend(_access_lists(account.home))
    return _finding("homes", wrong, "each closed to others", _AGAIN)


def environment(system: System, plan: HubPlan) -> Finding:
    """Can nobody but root change what everybody runs?"""
    folder = plan.folders.environment
    places = [folder, folder / "bin", *folder.glob("lib/python3*/site-packages"), folder / "share"]
    wrong = []
    for place in places:
        held = system.held(place)
        if held is None:
            wrong.append(f"{place} is not there")
        elif held.owner != "root" or held.mode & 0o022:
            wrong.append(f"{place} is {held.owner}'s, with mode {held.mode:o}")
    advice = f"chown -R root:root {folder}; chmod -R go-w {folder}"
    return _finding("environment", wrong, f"{folder}, which only root can change", advice)


def packages(system: System, plan: HubPlan) -> Finding:
    """Can a learner run what the hub starts for them?"""
    python = plan.folders.environment / "bin" / "python"
    learner = _a_learner(system, plan)
    try:
        system.run([python, "-P", "-c", "import course, jupyterhub, nbgrader"], user=learner)
    except HubError as error:
        advice = f"Make {plan.folders.environment} readable for all, or remove it. {_AGAIN}"
        return Finding("packages", False, "needed", str(error), advice)
    return Finding("packages", True, "needed", f"{learner.name} can import them")


def closed_course(system: System, plan: HubPlan) -> Finding:
    """Can a learner neither enter the course, with its solutions and marks, nor another's home?"""
    learner = _a_learner(system, plan)
    course = plan.folders.course
    others = [each.id for each in plan.people if each.id != learner.name] + [plan.grader]
    closed = [course, course / "solutions", course / "var" / "gradebook.db"]
    closed += [account.home for name in others if (account := system.account(name))]
    wrong = [f"{learner.name} may enter {path}" for path in closed if _may(system, learner, path)]
    held = system.held(course)
    if held is None:
        wrong.append(f"{course} is not there")
    elif (held.owner, held.mode) != (plan.grader, 0o700):
        wrong.append(f"{course} is {held.owner}'s, with mode {held.mode:o}")
    wrong += _access_lists(course)
    return _finding("course", wrong, f"{course}, closed to learners", _AGAIN)


def closed_state(system: System, plan: HubPlan) -> Finding:
    """Can a learner read nothing of the hub's own: sessions, the list of people, passwords?"""
    learner, state = _a_learner(system, plan), plan.folders.state
    wrong = [
        f"{learner.name} may read {path}"
        for path in (state, *state.iterdir())
        if _may(system, learner, path)
    ]
    kept = [path.name for path in state.glob("passwords-*.csv")]
    if kept and not wrong:
        advice = f"Hand the passwords out, then: rm {state}/passwords-*.csv"
        return Finding("state", False, "wanted", f"{shortened(kept)} is still there", advice)
    return _finding("state", wrong, f"{state}, closed to learners", _AGAIN)


def exchange(system: System, plan: HubPlan) -> Finding:
    """Has the exchange the modes with which everyone can hand in, and touch nobody's work?"""
    wrong = []
    for path, wanted in exchange_folders(plan).items():
        held = system.held(path)
        if held is None:
            wrong.append(f"{path} is not there")
        elif held != wanted:
            wrong.append(
                f"{path} is {held.owner}'s with {held.mode:o}, not {wanted.owner}'s "
                f"with {wanted.mode:o}"
            )
        else:
            wrong.extend(_access_lists(path))
    return _finding("exchange", wrong, f"{plan.folders.exchange}, as nbgrader needs it", _AGAIN)


def sandbox(system: System, plan: HubPlan) -> Finding:
    """Can the grader's account confine the code of learners?"""
    python = plan.folders.environment / "bin" / "python"
    grader = system.account(plan.grader)
    if grader is None:
        return Finding("sandbox", False, "needed", f"there is no account {plan.grader}", _AGAIN)
    obstacle = system.run([python, "-P", "-c", _SANDBOX], user=grader).strip()
    seen = obstacle or f"{plan.grader} can confine learners' code"
    return Finding("sandbox", not obstacle, "needed", seen, "grader doctor says why, and how.")


def disk(
    system: System, plan: HubPlan, usage: Callable[[Path], Any] = shutil.disk_usage
) -> Finding:
    """Is there room where people write?"""
    grader = system.account(plan.grader)
    places = [plan.folders.exchange, plan.folders.state, plan.folders.course]
    places += [grader.home.parent] if grader else []
    free = {place: usage(place).free / GIB for place in places}
    least = min(free, key=lambda place: free[place])
    advice = f"Less than {LEAST_DISK_GIB:g} GiB: make room, or nobody can save their work."
    seen = f"{free[least]:.1f} GiB free in {least}"
    return Finding("disk", free[least] >= LEAST_DISK_GIB, "wanted", seen, advice)


def _finding(name: str, wrong: list[str], seen: str, advice: str) -> Finding:
    return Finding(name, not wrong, "needed", shortened(wrong) if wrong else seen, advice)


def _a_learner(system: System, plan: HubPlan) -> Account:
    """The first one, as whom things are tried."""
    for person in plan.learners:
        account = system.account(person.id)
        if account is not None:
            return account
    raise HubError(f"no learner has an account. {_AGAIN}")


def _may(system: System, account: Account, path: Path) -> bool:
    """Whether somebody can read a file, or list a folder."""
    try:
        system.run(["test", "-r", path], user=account)
    except HubError:
        return False
    return True


def _access_lists(path: Path) -> Iterator[str]:
    """An access-control list may open what the mode closes; nothing of ours has one."""
    try:
        if _ACL in os.listxattr(path):
            yield f"{path} has an access-control list (setfacl -b {path} removes it)"
    except OSError:  # the file system has none
        return

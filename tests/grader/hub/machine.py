"""A machine that only pretends: its accounts are in memory, and its files in a folder."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from grader.errors import HubError
from grader.hub.plan import Folders, HubPlan, Ports
from grader.hub.roster import INSTRUCTORS, Person
from grader.hub.system import Account, Held, System

ADA, BOLA = Person("ada", "Ada Obi", "ada@example.org", "ikeja"), Person("bola", "Bola")
EFE = Person("efe", "Efe: Eze", group=INSTRUCTORS)


class Machine(System):
    """Knows the commands that make accounts; git and the like are run for real, as ourselves.

    Attributes:
        commands: all that were run, in order.
        broken: the names of programs that fail.
        says: what a program prints, by its name, instead of being run.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.accounts: dict[str, Account] = {}
        self.groups: dict[str, set[str]] = {}
        self.holders: dict[Path, Held] = {}
        self.passwords: dict[str, str] = {}
        self.at_work: dict[str, tuple[int, ...]] = {}
        self.commands: list[tuple[str, ...]] = []
        self.users: list[str] = []
        self.broken: set[str] = set()
        self.says: dict[str, str] = {}
        self.root_runs = True

    def is_root(self) -> bool:
        return self.root_runs

    def account(self, name: str) -> Account | None:
        return self.accounts.get(name)

    def members(self, group: str) -> frozenset[str] | None:
        return frozenset(self.groups[group]) if group in self.groups else None

    def held(self, path: Path) -> Held | None:
        return self.holders.get(path) if path.exists() else None

    def hold(self, path: Path, wanted: Held) -> None:
        assert path.exists(), path
        self.holders[path] = wanted

    def processes_of(self, account: Account) -> tuple[int, ...]:
        return self.at_work.get(account.name, ())

    def end_processes_of(self, account: Account) -> None:
        self.at_work.pop(account.name, None)

    def run(
        self,
        command: Sequence[str | Path],
        *,
        text: str = "",
        user: Account | None = None,
        folder: Path = Path("/"),
        variables: Mapping[str, str] | None = None,
    ) -> str:
        words = tuple(map(str, command))
        name = Path(words[0]).name
        self.commands.append(words)
        self.users.append(user.name if user else "root")
        if name in self.broken:
            raise HubError(f"{name} failed: it is broken")
        if name in self.says:
            return self.says[name]
        if name in ("useradd", "usermod", "groupadd", "chpasswd"):
            getattr(self, f"_{name}")(words, text)
            return ""
        done = subprocess.run(
            words, cwd=folder, input=text, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise HubError(f"{name} failed: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    def _groupadd(self, words: tuple[str, ...], _: str) -> None:
        self.groups[words[1]] = set()

    def _useradd(self, words: tuple[str, ...], _: str) -> None:
        name, home, uid = words[-1], self.root / "home" / words[-1], 1000 + len(self.accounts)
        home.mkdir(parents=True)
        self.holders[home] = Held(name, name, 0o755)
        self.groups[words[words.index("--groups") + 1]].add(name)
        self.accounts[name] = Account(
            name, uid, uid, home, password=False, locked=True, expired=False
        )

    def _usermod(self, words: tuple[str, ...], _: str) -> None:
        account = self.accounts[words[-1]]
        if "--lock" in words:
            account = replace(account, locked=True)
        if "--unlock" in words:
            assert account.password, "usermod refuses to unlock an account without a password"
            account = replace(account, locked=False)
        if "--expiredate" in words:
            account = replace(account, expired=words[words.index("--expiredate") + 1] != "")
        self.accounts[words[-1]] = account

    def _chpasswd(self, _: tuple[str, ...], text: str) -> None:
        for line in text.splitlines():
            name, _, word = line.partition(":")
            self.passwords[name] = word
            self.accounts[name] = replace(self.accounts[name], password=True, locked=False)


def plan_in(folder: Path, *people: Person, course_id: str = "sample") -> HubPlan:
    """A plan with all of its folders below one."""
    return HubPlan(
        course_id=course_id,
        people=people or (ADA, BOLA, EFE),
        grader=f"grader-{course_id}",
        accounts=True,
        address="http://127.0.0.1:8000",
        folders=Folders(
            course=folder / "course",
            edition=folder / "edition",
            exchange=folder / "exchange",
            state=folder / "state",
            environment=folder / "environment",
        ),
        ports=Ports.beginning_at(8000),
    )

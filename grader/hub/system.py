"""The machine, as far as setting up a hub looks at it and changes it.

The one seam between the set-up and the accounts, files and commands of a machine: tests put a
machine of their own in its place, so that nothing in /etc is touched by them.
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import signal
import stat
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.errors import HubError

__all__ = ["Account", "Held", "System", "is_open_to_all"]

_GRACE_SECONDS = 5.0


@dataclass(frozen=True)
class Account:
    """A Linux account.

    Attributes:
        password: whether it has one; it may be locked.
        locked: whether no password lets anybody log in.
        expired: whether nothing lets anybody log in, keys neither.
    """

    name: str
    uid: int
    gid: int
    home: Path
    password: bool
    locked: bool
    expired: bool


@dataclass(frozen=True)
class Held:
    """To whom a file or folder belongs, by name, and with which mode."""

    owner: str
    group: str
    mode: int


class System:
    """This machine."""

    def is_root(self) -> bool:
        """Whether accounts can be made."""
        return os.geteuid() == 0

    def account(self, name: str) -> Account | None:
        """The account of this name, or None."""
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            return None
        fields = self.run(["getent", "shadow", name]).strip().split(":")
        secret, expires = fields[1], fields[7]
        return Account(
            name,
            entry.pw_uid,
            entry.pw_gid,
            Path(entry.pw_dir),
            password=secret.lstrip("!*") != "",
            locked=secret.startswith(("!", "*")),
            expired=expires != "" and int(expires) * 86400 <= time.time(),
        )

    def members(self, group: str) -> frozenset[str] | None:
        """The accounts in a group; None when there is no such group."""
        try:
            return frozenset(grp.getgrnam(group).gr_mem)
        except KeyError:
            return None

    def held(self, path: Path) -> Held | None:
        """Owner and mode; None when there is nothing at the path."""
        try:
            seen = path.stat(follow_symlinks=False)
        except FileNotFoundError:
            return None
        return Held(_user(seen.st_uid), _group(seen.st_gid), stat.S_IMODE(seen.st_mode))

    def hold(self, path: Path, wanted: Held) -> None:
        """Give a path to an owner, with a mode; never what a symbolic link points to."""
        uid, gid = pwd.getpwnam(wanted.owner).pw_uid, grp.getgrnam(wanted.group).gr_gid
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            os.fchown(descriptor, uid, gid)
            os.fchmod(descriptor, wanted.mode)  # last: a change of owner drops the bits above 0777
        finally:
            os.close(descriptor)

    def run(
        self,
        command: Sequence[str | Path],
        *,
        text: str = "",
        user: Account | None = None,
        folder: Path = Path("/"),
        variables: Mapping[str, str] | None = None,
    ) -> str:
        """Run a command to its end, as somebody else if asked; what it printed.

        Args:
            text: goes to its standard input, where no list of processes shows it.
            user: whose rights it has; it then gets nothing of our environment.

        Raises:
            HubError: it is not there, or ended with an error; with its last line.
        """
        usual = dict(os.environ) if user is None else _environment_of(user)
        try:
            done = subprocess.run(
                list(map(str, command)),
                input=text,
                cwd=folder,
                env=usual | dict(variables or {}),
                capture_output=True,
                text=True,
                check=False,
                user=None if user is None else user.uid,
                group=None if user is None else user.gid,
                extra_groups=None if user is None else [],
            )
        except OSError as error:
            raise HubError(f"{command[0]} cannot be run: {error.strerror}.") from error
        if done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip() or "it did not say why").splitlines()
            who = "" if user is None else f" (as {user.name})"
            name = " ".join(map(str, command[:3]))
            raise HubError(f"{name} ...{who} failed: {said[-1]}")
        return done.stdout

    def processes_of(self, account: Account) -> tuple[int, ...]:
        """The ids of the processes that run as an account."""
        return tuple(
            int(folder.name)
            for folder in Path("/proc").iterdir()
            if folder.name.isdecimal() and _uid_of(folder) == account.uid
        )

    def end_processes_of(self, account: Account) -> None:
        """Ask them to end, each by its id; after some seconds, no longer ask."""
        deadline = time.monotonic() + _GRACE_SECONDS
        while processes := self.processes_of(account):
            last = time.monotonic() > deadline
            for process in processes:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL if last else signal.SIGTERM)
            time.sleep(0.1)


def is_open_to_all(path: Path) -> bool:
    """Whether every account may enter a folder, or run a program, and all folders above."""
    place = path.resolve()
    return all(each.stat().st_mode & 0o001 for each in (place, *place.parents))


def _environment_of(user: Account) -> dict[str, str]:
    path = "/usr/local/bin:/usr/bin:/bin"
    return {"HOME": str(user.home), "USER": user.name, "PATH": path, "LANG": "C.UTF-8"}


def _uid_of(folder: Path) -> int:
    try:
        return folder.stat().st_uid
    except OSError:  # ended meanwhile
        return -1


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)

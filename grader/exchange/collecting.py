"""Collect what learners have put into the exchange, believing nothing of it.

Guarantees: a folder is kept as an attempt, whole, or it is refused with its reason on record,
and the others are collected all the same. Nothing in the exchange is changed. What was collected
is never collected twice, nor lost when there is something newer. The time of a submission is
the server's: when its folder or a file in it was last changed, which the kernel writes down and
no learner can set back; a claim to another time is put on record.
"""

from __future__ import annotations

import errno
import pwd
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from logging import Logger
from pathlib import Path

from grader.configuration import Course
from grader.errors import ExchangeError
from grader.exchange.attempts import (
    Attempt,
    clear_parts,
    keep_attempt,
    learners_with_attempts,
    read_attempts,
)
from grader.exchange.refusals import Refusal, RefusalRecord
from grader.exchange.submitted import Standing, claimed_time, settle, time_of
from grader.exchange.tree import Rules, TreeChanged, TreeError, copy_tree, look_at

__all__ = ["Collected", "Owner", "account_number", "collect_inbound"]

_NAME = re.compile(
    r"(?P<learner>[^+]+)\+(?P<assignment>[^+]+)\+(?P<time>[^+]+)(\+(?P<random>[^+]*))?"
)
_LEARNER = re.compile(r"[\w@][\w@. -]{0,99}")
_NEEDED = ("timestamp.txt", "submission_secret.txt")  # what nbgrader's submit writes last
_TRIES = 3
_TOLERANCE = timedelta(minutes=1)  # between the time that submit wrote down and its last rename

Owner = Callable[[str], int | None]  # the number of the account of a learner, if there is one
Progress = Callable[[int, int], None]  # how many folders there are, and have been looked at


@dataclass(frozen=True)
class Collected:
    """What one collect has done.

    Attributes:
        learners: everyone who has attempts at this assignment.
        new: how many attempts each has that were not there before.
        refused: what was not collected, or not with the time that it claims.
        unfinished: folders that are being written, or never were finished.
    """

    assignment: str
    learners: tuple[Standing, ...]
    new: dict[str, int]
    refused: tuple[Refusal, ...]
    unfinished: tuple[str, ...]


class _UnfinishedError(Exception):
    """A folder without what submit writes last."""


def account_number(learner: str) -> int | None:
    """The number of the Linux account of this name."""
    try:
        return pwd.getpwnam(learner).pw_uid
    except KeyError:
        return None


def collect_inbound(
    course: Course,
    assignment_id: str,
    inbound: Path,
    *,
    log: Logger,
    owner: Owner | None = account_number,
    learners: str = "*",
    on_progress: Progress = lambda total, done: None,
) -> Collected:
    """Collect one assignment; the lock must be held.

    Args:
        course: into which.
        assignment_id: which assignment.
        inbound: where the exchange keeps what was handed in.
        log: gets one line for each new attempt and each refusal.
        owner: whose account a learner's is; None where all share one.
        learners: a pattern of the learners that are wanted.
        on_progress: is called after each folder.

    Raises:
        UnknownAssignment: course.toml declares no such assignment.
        ExchangeError: `inbound` cannot be read, or var/ cannot be written; what was collected
            until then is kept.
    """
    course.assignment(assignment_id)
    desk = _Desk(course, assignment_id, inbound, log, owner)
    clear_parts(course, assignment_id)
    try:
        found = sorted(folder.name for folder in inbound.iterdir())
        names = [name for name in found if desk.wants(name, learners)]
        for done, name in enumerate(names, start=1):
            desk.take(name)
            on_progress(len(names), done)
        standings = tuple(
            settle(course, assignment_id, learner, now=_now())
            for learner in learners_with_attempts(course, assignment_id)
        )
    except OSError as error:
        raise ExchangeError(_why(error, assignment_id)) from error
    for standing in standings:
        if standing.problem:
            log.warning("%s: %s", standing.learner, standing.problem)
    return Collected(
        assignment_id, standings, desk.new, tuple(desk.refused), tuple(desk.unfinished)
    )


class _Desk:
    """Looks at one folder after another."""

    def __init__(
        self, course: Course, assignment_id: str, inbound: Path, log: Logger, owner: Owner | None
    ) -> None:
        self._course = course
        self._assignment = assignment_id
        self._inbound = inbound
        self._log = log
        self._owner = owner
        self._declared = {each.id for each in course.assignments}
        self._record = RefusalRecord(course)
        self._kept: dict[str, dict[str, list[Attempt]]] = {}  # by learner and inbound folder
        self.new: dict[str, int] = {}
        self.refused: list[Refusal] = []
        self.unfinished: list[str] = []

    def wants(self, name: str, learners: str) -> bool:
        """Whether it is of this assignment; what is of none is looked at, to be refused."""
        if name.startswith("."):
            return False  # a submission that is being copied
        found = _NAME.fullmatch(name)
        if found is None or found["assignment"] not in self._declared:
            return learners == "*"
        return found["assignment"] == self._assignment and fnmatchcase(found["learner"], learners)

    def take(self, name: str) -> None:
        """Keep one folder as an attempt, if it is new and nothing speaks against it."""
        try:
            learner = self._named(name)
            for attempt in range(1, _TRIES + 1):
                try:
                    self._keep(name, learner)
                    break
                except TreeChanged:
                    if attempt == _TRIES:
                        raise
        except _UnfinishedError:
            self.unfinished.append(name)
            self._log.info("%s is not complete yet", name)
        except ExchangeError as error:  # a rule that it breaks, or attempts that cannot be read
            self._refuse(name, str(error))

    def _named(self, name: str) -> str:
        found = _NAME.fullmatch(name)
        if found is None:
            raise TreeError("its name is not LEARNER+ASSIGNMENT+TIME, as nbgrader gives it")
        if found["assignment"] not in self._declared:
            raise TreeError("course.toml declares no such assignment")
        if not _LEARNER.fullmatch(found["learner"]):
            raise TreeError("no learner can be called so")
        return found["learner"]

    def _rules(self, learner: str) -> Rules:
        number = None
        if self._owner is not None:
            number = self._owner(learner)
            if number is None:
                raise TreeError(f"there is no account {learner!r} on this machine")
        return Rules(self._course.submissions.folder_mib * 2**20, number)

    def _keep(self, name: str, learner: str) -> None:
        rules, folder = self._rules(learner), self._inbound / name
        known = self._known(learner).setdefault(name, [])
        tree = look_at(folder, rules)
        if any(each.changed == tree.changed for each in known):
            return
        if not set(_NEEDED) <= set(tree.files):
            raise _UnfinishedError
        with keep_attempt(self._course, self._assignment, learner) as (part, complete):
            files = part / "files"
            sums = copy_tree(folder, tree, files, check=lambda: look_at(folder, rules))
            if any(each.sha256 == sums for each in known):
                return  # somebody has touched it, or brought it back from a backup
            now = _now()
            # a file server's clock may be ahead; nothing can have come later than now
            came = min(time_of(tree.changed), now)
            kept = complete(
                Attempt(
                    part,
                    learner,
                    self._assignment,
                    came,
                    claimed_time(files),
                    now,
                    sums,
                    name,
                    tree.changed,
                )
            )
        known.append(kept)
        self.new[learner] = self.new.get(learner, 0) + 1
        self._log.info("Collected %s, handed in %s", learner, kept.id)
        self._compare_claims(name, kept)

    def _known(self, learner: str) -> dict[str, list[Attempt]]:
        """The attempts that are kept, by inbound folder; read once, for there may be thousands."""
        if learner not in self._kept:
            found: dict[str, list[Attempt]] = {}
            for each in read_attempts(self._course, self._assignment, learner):
                found.setdefault(each.inbound, []).append(each)
            self._kept[learner] = found
        return self._kept[learner]

    def _compare_claims(self, name: str, kept: Attempt) -> None:
        """Say when what the learner's side wrote down is not when it was written."""
        if kept.claimed is None:
            claim = "says no time in timestamp.txt"
        elif abs(kept.submitted - kept.claimed) > _TOLERANCE:
            claim = f"claims {kept.claimed:%Y-%m-%d %H:%M:%S} UTC"
        else:
            return
        self._refuse(
            name,
            f"it {claim}, but was last changed {kept.submitted:%Y-%m-%d %H:%M:%S} UTC by the "
            "server's clock: collected with the server's time",
        )

    def _refuse(self, name: str, reason: str) -> None:
        found = _NAME.fullmatch(name)
        refusal = Refusal(
            time=_now(),
            assignment=found["assignment"] if found else "",
            learner=found["learner"] if found else "",
            owner=_owner_of(self._inbound / name),
            folder=name,
            reason=reason,
        )
        self.refused.append(refusal)
        self._record.note(refusal)
        self._log.warning("%s (owner: %s): %s", _shown(name), refusal.owner, reason)


def _now() -> datetime:
    return datetime.now(UTC)


def _owner_of(folder: Path) -> str:
    try:
        number = folder.lstat().st_uid
    except OSError:
        return "unknown"
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _shown(name: str) -> str:
    return "".join(each if each.isprintable() else "?" for each in name[:200])


def _why(error: OSError, assignment_id: str) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        what = "the disk is full. Make room"
    else:
        what = f"{error.strerror}: {error.filename}. Mend that"
    return (
        f"{assignment_id} could not be collected to the end: {what}, then collect again. "
        "What was collected is kept, and what is in the exchange stays there."
    )

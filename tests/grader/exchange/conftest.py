"""An exchange of the sample course, into which learners hand in as they like."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from grader.configuration import COURSE_FILE, Course, load_course
from grader.exchange import tree
from grader.exchange.attempts import Attempt, read_attempts
from grader.exchange.collecting import Collected, collect_inbound

from ..conftest import copy_of_sample

SOMEBODY = 60001  # the number of an account that is nobody's here


class Exchange:
    """Learners hand in by hand, as nbgrader's submit does or as they like; all owned by us.

    Attributes:
        accounts: the number of each learner's account.
        said: what collect has logged.
    """

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch | None = None) -> None:
        self.course = copy_of_sample(root / "a course")
        self.inbound = root / "exchange" / "sample" / "inbound"
        self.inbound.mkdir(parents=True)
        self.accounts = dict.fromkeys(("ada", "bola", "chidi"), os.getuid())
        self.said: list[str] = []
        self._monkeypatch = monkeypatch
        self._number = 0

    def hand_in(
        self,
        learner: str = "ada",
        text: str = "an answer",
        *,
        claimed: datetime | str | None = None,
        name: str | None = None,
        assignment: str = "tiny",
    ) -> Path:
        """Make the folder that nbgrader's submit makes."""
        self._number += 1
        if not isinstance(claimed, str):
            moment = (claimed or datetime.now(UTC)).astimezone(UTC)
            claimed = f"{moment:%Y-%m-%d %H:%M:%S.%f} UTC"
        folder = self.inbound / (name or f"{learner}+{assignment}+{claimed}+r{self._number}")
        folder.mkdir()
        (folder / "tiny.ipynb").write_text(text)
        (folder / "timestamp.txt").write_text(claimed)
        (folder / "submission_secret.txt").write_text(f"secret {self._number}")
        return folder

    def give_away(self, path: Path) -> None:
        """Let a file belong to somebody else; where only root may, let it look so."""
        if os.getuid() == 0:
            os.chown(path, SOMEBODY, SOMEBODY)
            return
        checked, inode = tree._checked, path.lstat().st_ino

        def lie(name: str, status: os.stat_result, rules: tree.Rules) -> Any:
            if status.st_ino == inode:
                status = os.stat_result([*status[:4], SOMEBODY, *status[5:10]])
            return checked(name, status, rules)

        assert self._monkeypatch is not None
        self._monkeypatch.setattr(tree, "_checked", lie)

    def due(self, moment: datetime | None, **submissions: str) -> Course:
        """Say in course.toml when the assignment is due, and which attempt counts."""
        path = self.course.root / COURSE_FILE
        lines = [each for each in path.read_text().splitlines() if not each.startswith("due = ")]
        if moment is not None:
            lines.append(f"due = {moment.isoformat()}")
        if submissions:
            lines += ["[submissions]", *(f'{key} = "{to}"' for key, to in submissions.items())]
        path.write_text("\n".join(lines) + "\n")
        self.course = load_course(self.course.root)
        return self.course

    def collect(self, *, owners: bool = True, learners: str = "*") -> Collected:
        """What `nbgrader collect` does."""
        log = logging.Logger("collect", logging.INFO)
        handler = logging.Handler()
        handler.emit = lambda record: self.said.append(record.getMessage())  # type: ignore[method-assign]
        log.addHandler(handler)
        owner = self.accounts.get if owners else None
        return collect_inbound(
            self.course, "tiny", self.inbound, log=log, owner=owner, learners=learners
        )

    def attempts(self, learner: str = "ada") -> tuple[Attempt, ...]:
        return read_attempts(self.course, "tiny", learner)

    def counting(self, learner: str = "ada") -> str | None:
        """The text that is graded now."""
        path = self.course.submitted_notebook("tiny", learner)
        return path.read_text() if path.exists() else None


@pytest.fixture
def exchange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Exchange:
    return Exchange(tmp_path, monkeypatch)

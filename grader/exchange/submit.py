"""nbgrader's submit, made whole or not at all.

A submission is copied under a name that `collect` passes over and gets its own name in one
step; so whoever collects meanwhile sees all of it or nothing. What `collect` would refuse is
refused here, while its author can still do something about it. The files and folders are those
of nbgrader's own submit, so its lists and its feedback work as always.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from nbgrader.exchange.default import ExchangeSubmit
from nbgrader.utils import ignore_patterns
from traitlets import Integer, default

from grader.configuration import COURSE_FILE, Submissions, load_course
from grader.errors import GraderError
from grader.exchange.tree import (
    Rules,
    Tree,
    TreeChanged,
    TreeError,
    copy_tree,
    look_at,
    sync_folder,
)

__all__ = ["SafeSubmit"]

_TRIES = 3
_SAFE = "Nothing was handed in; your work is where it was."


class SafeSubmit(ExchangeSubmit):  # type: ignore[misc]
    """Hands in; called by `nbgrader submit`, the assignment list's button, `course submit`."""

    folder_mib = Integer(
        help="What all files of one submission may take together, in MiB; by default what the "
        "course.toml says that COURSE_ROOT leads to."
    ).tag(config=True)

    @default("folder_mib")
    def _folder_mib_default(self) -> int:
        root = Path(os.environ.get("COURSE_ROOT") or ".")
        if (root / COURSE_FILE).is_file():
            with contextlib.suppress(GraderError):
                return load_course(root).submissions.folder_mib
        return Submissions().folder_mib

    def copy_files(self) -> None:
        """Look, copy, and hand over; the learner's own copy, for feedback, comes with it."""
        self.init_release()
        self.check_filename_diff()
        secret = secrets.token_hex(64)
        source, inbound, cache = map(Path, (self.src_path, self.inbound_path, self.cache_path))
        handed_in = inbound / self.assignment_filename
        name = self.assignment_filename
        kept = cache / (name.rsplit("+", 1)[0] if self.add_random_string else name)
        try:
            cache.mkdir(parents=True, exist_ok=True)
            for attempt in range(1, _TRIES + 1):
                try:
                    self._hand_over(source, handed_in, kept, secret)
                    break
                except TreeChanged:  # JupyterLab has saved the notebook meanwhile
                    if attempt == _TRIES:
                        raise
        except TreeError as error:
            self._refuse(str(error))
        except OSError as error:
            self._refuse_for_the_disk(error)
        self.log.info(
            "Submitted as: %s %s %s",
            self.coursedir.course_id,
            self.coursedir.assignment_id,
            self.timestamp,
        )

    def _hand_over(self, source: Path, handed_in: Path, kept: Path, secret: str) -> None:
        tree = self._look(source)
        # both copies are complete before one of them counts
        with _part(kept) as copy, _part(handed_in) as submission:
            for folder in (copy, submission):
                copy_tree(source, tree, folder, check=lambda: self._look(source))
                (folder / "timestamp.txt").write_text(self.timestamp, encoding="utf-8")
                (folder / "submission_secret.txt").write_text(secret, encoding="utf-8")
            _open_to_the_grader(submission)
            copy.rename(kept)
            try:
                submission.rename(handed_in)
            except OSError:
                shutil.rmtree(kept, ignore_errors=True)
                raise
        sync_folder(kept.parent)

    def _look(self, source: Path) -> Tree:
        rules = Rules(max_bytes=self.folder_mib * 2**20, one_name=False)
        ignore = ignore_patterns(
            exclude=self.coursedir.ignore,
            include=self.coursedir.include,
            max_file_size=self.coursedir.max_file_size,
            log=self.log,
        )
        return look_at(source, rules, ignore)

    def _refuse(self, why: str) -> NoReturn:
        self._fail(
            f"{self.coursedir.assignment_id} was not handed in: {why}. Put plain files in the "
            f"folder {self.src_path}, take away what is too much, and hand in again. {_SAFE}"
        )

    def _refuse_for_the_disk(self, error: OSError) -> NoReturn:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            why, what = "the disk is full", "Make room in your home, or tell your instructor"
        else:
            why, what = f"{error.strerror}: {error.filename}", "Tell your instructor"
        self._fail(
            f"{self.coursedir.assignment_id} was not handed in: {why}. {what}, and hand in "
            f"again. {_SAFE}"
        )

    def _fail(self, message: str) -> NoReturn:
        self.fail(message)  # logs the message, and raises nbgrader's ExchangeError
        raise AssertionError("nbgrader's fail() has returned")


@contextlib.contextmanager
def _part(place: Path) -> Iterator[Path]:
    """A name beside `place` for what is not complete; whatever still bears it goes in the end."""
    part = place.with_name(f".{place.name}.part")
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _open_to_the_grader(folder: Path) -> None:
    """Let the grader read it and, by the group that the exchange's folders give, remove it.

    Nobody may list the exchange, and nbgrader has put a random text into the folder's name.
    """
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o775 if path.is_dir() else 0o644)

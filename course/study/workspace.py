"""The learner's working folder: their copy of each notebook, which takes in new releases.

    work/
      start_here.ipynb            the way in: the notebooks, and how far one is
      progress.jsonl              see course.study.progress
      ID/ID.ipynb                 the learner's notebook
      ID/backups/ID-TIME.ipynb    as it was before a new release was taken in
      .course/base/ID.ipynb       the release that it was last brought up to
      .course/base/ID.releases    the SHA-256 of each release so far, one a line

Guarantees: the learner's file is replaced as a whole or not at all, its former content is kept
under backups/ first, and a file that is no notebook is left alone. Interrupted at any point, the
next `start` does the rest. Two at once take turns.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from course.study.catalogue import Catalogue, read_catalogue
from course.study.errors import NotANotebook, OlderRelease, WorkspaceError
from course.study.merge import Merged, merge
from course.study.notebooks import (
    Notebook,
    parse_notebook,
    read_bytes,
    read_notebook,
    replace_file,
    text_of,
)
from course.study.places import MARK, is_on_a_hub, progress_file, work_folder
from course.study.welcome import welcome

__all__ = ["WELCOME", "Started", "Workspace"]

WELCOME = "start_here"
_PATIENCE = 30.0  # seconds for another `start` to finish


@dataclass(frozen=True)
class Started:
    """What `start` did with one notebook.

    Attributes:
        action: "new", "unchanged", or "merged" when a release was taken in.
        merged: what became of its cells, if it was merged.
        backup: the file as it was before, if it has changed.
    """

    path: Path
    action: Literal["new", "unchanged", "merged"]
    merged: Merged | None = None
    backup: Path | None = None


class Workspace:
    """A working folder and the course that it is for. Nothing is made before `start`."""

    def __init__(self, folder: Path, catalogue: Catalogue) -> None:
        self.folder = folder
        self.catalogue = catalogue

    @classmethod
    def open(cls, folder: Path | None = None, root: Path | None = None) -> Workspace:
        """The working folder that `course.study.places.work_folder` names.

        Raises:
            CourseNotFound, NotANotebook: the course cannot be found or read.
        """
        catalogue = read_catalogue(root)
        return cls(work_folder(folder, catalogue.root), catalogue)

    @property
    def welcome(self) -> Path:
        """The page to begin with."""
        return self.folder / f"{WELCOME}.ipynb"

    @property
    def progress(self) -> Path:
        """The record of progress of whoever works here."""
        return progress_file(self.folder)

    def notebook(self, assignment_id: str) -> Path:
        """The learner's notebook; it need not exist."""
        return self.folder / assignment_id / f"{assignment_id}.ipynb"

    def base(self, assignment_id: str) -> Notebook | None:
        """The release that the learner's notebook was last brought up to, if it is known."""
        with contextlib.suppress(NotANotebook, WorkspaceError):
            return read_notebook(self._base(assignment_id))
        return None

    def is_behind(self, assignment_id: str) -> bool:
        """Whether the course has another release than the learner's notebook was brought up to."""
        release = read_bytes(self.catalogue.assignment(assignment_id).notebook)
        base = self._base(assignment_id)
        return base.is_file() and read_bytes(base) != release

    def start(self, assignment_id: str, *, restore: bool = False) -> Started:
        """Copy an assignment's notebook here, or bring the one that is here up to date.

        Args:
            assignment_id: its id.
            restore: set the answers into the course's notebook also when it is not new, for
                cells that were deleted, and when it is older.

        Raises:
            UnknownAssignment: there is none of this id.
            NotANotebook: the learner's file is none; it is left as it is.
            OlderRelease: the learner's notebook has left the course's behind.
            WorkspaceError: something cannot be read or written.
        """
        release = read_bytes(self.catalogue.assignment(assignment_id).notebook)
        with self._locked():
            if not restore:
                self._refuse_older(assignment_id, release)
            started = self._bring(assignment_id, self.notebook(assignment_id), release, restore)
            self._note_release(assignment_id, release)
        return started

    def start_page(self) -> Started:
        """Write the page to begin with, or bring it up to date; a learner may write on it."""
        page = welcome(self.catalogue, on_a_hub=is_on_a_hub())
        with self._locked():
            return self._bring(WELCOME, self.welcome, text_of(page), False)

    def _bring(self, name: str, path: Path, release: bytes, restore: bool) -> Started:
        if not path.exists():
            replace_file(self._base(name), release)
            replace_file(path, release)
            return Started(path, "new")
        was = read_bytes(path)
        mine = parse_notebook(was, path)
        base = self.base(name)
        new = parse_notebook(release, path)
        if base == new and not restore:
            return Started(path, "unchanged")
        merged = merge(base, mine, new)
        backup = None
        if merged.notebook != mine:
            backup = self._back_up(path, was)
            _replace_if_still(path, was, text_of(merged.notebook))
        replace_file(self._base(name), release)
        return Started(path, "merged", merged, backup)

    def _back_up(self, path: Path, data: bytes) -> Path:
        moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        folder = path.parent / "backups"
        number, backup = 1, folder / f"{path.stem}-{moment}.ipynb"
        while backup.exists():
            number += 1
            backup = folder / f"{path.stem}-{moment}-{number}.ipynb"
        replace_file(backup, data)
        return backup

    def _refuse_older(self, assignment_id: str, release: bytes) -> None:
        *earlier, last = self._releases(assignment_id) or [""]
        digest = hashlib.sha256(release).hexdigest()
        if digest in earlier and digest != last:
            raise OlderRelease(
                f"{assignment_id}: your notebook is from a newer release than the course here, so "
                "nothing was changed. Update the course, for example with git pull; to go back "
                f"to its notebook all the same: course start {assignment_id} --restore"
            )

    def _note_release(self, assignment_id: str, release: bytes) -> None:
        digest, noted = hashlib.sha256(release).hexdigest(), self._releases(assignment_id)
        if noted[-1:] != [digest]:
            # gone back to an earlier one, what came after it is new again
            before = noted[: noted.index(digest)] if digest in noted else noted
            lines = "\n".join([*before, digest, ""])
            replace_file(self._releases_file(assignment_id), lines.encode())

    def _releases(self, assignment_id: str) -> list[str]:
        path = self._releases_file(assignment_id)
        return read_bytes(path).decode("ascii", "replace").split() if path.exists() else []

    def _releases_file(self, assignment_id: str) -> Path:
        return self._base(assignment_id).with_suffix(".releases")

    def _base(self, name: str) -> Path:
        return self.folder / MARK / "base" / f"{name}.ipynb"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = self.folder / MARK / "lock"
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            held = FileLock(lock, timeout=_PATIENCE)
            held.acquire()
        except Timeout:
            raise WorkspaceError(
                f"{self.folder} is in use by another `course start`. If that stays so, "
                f"remove {lock}."
            ) from None
        except OSError as error:
            raise WorkspaceError(
                f"{self.folder} cannot be used as a working folder: {error.strerror or error}. "
                "Name a folder of yours with --folder or COURSE_WORK."
            ) from None
        with held:
            yield


def _replace_if_still(path: Path, was: bytes, data: bytes) -> None:
    """Replace a file unless somebody, such as an open JupyterLab, has saved it meanwhile."""
    if read_bytes(path) != was:
        raise WorkspaceError(
            f"{path} was saved by another program just now, so it was left alone. Close it "
            "there, and run the command again."
        )
    replace_file(path, data)

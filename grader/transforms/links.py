"""Take symbolic links out of a submission before nbgrader copies its files.

nbgrader copies every file of a submission to autograded/ and on to the learner's feedback,
and it follows links; a link to the gradebook would hand the gradebook out. Named pipes,
sockets and devices go too: nbgrader stops at them.
"""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

__all__ = ["remove_links"]


def remove_links(assignment: str, student: str, notebooks: Sequence[str]) -> None:
    """Replace each symbolic link by a text that says where it pointed.

    Called by nbgrader's Autograde converter as its `pre_convert_hook`, once for each
    submission; `assignment` and `student` may be patterns, so the paths are what counts.
    """
    try:
        for folder in {Path(notebook).absolute().parent for notebook in notebooks}:
            _make_real(folder)
            # all are gone before anything is written: a link may bear the name of a note
            for path, note in [(path, _take(path)) for path in list(_odd(folder))]:
                _leave_note(path, note)
    except OSError:
        # nbgrader goes on when a hook fails; without notebooks it gives this submission up
        # and removes what it has copied of it
        if isinstance(notebooks, list):
            notebooks.clear()
        raise


def _make_real(folder: Path) -> None:
    """Let the learner's folder and the assignment's in it be folders, empty if they were links."""
    replaced = False
    for part in (folder.parent, folder):
        if part.is_symlink():
            _leave_note(part, _take(part))
            replaced = True
        if replaced:
            part.mkdir(exist_ok=True)


def _odd(folder: Path) -> Iterator[Path]:
    """What is neither a file nor a folder; notebooks are read without following them."""
    for path in folder.rglob("*"):
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode) and path.suffix != ".ipynb":
            yield path


def _take(path: Path) -> str:
    """Remove what is at `path`, and say what it was."""
    if path.is_symlink():
        note = f"A symbolic link to {path.readlink()} was handed in here and removed.\n"
    else:
        note = "A named pipe, a socket or a device was handed in here and removed.\n"
    try:
        path.unlink()
    except PermissionError:
        path.parent.chmod(0o755)  # nbgrader collects folders with the modes that they had
        path.unlink()
    return note


def _leave_note(path: Path, text: str) -> None:
    # never over, or through, something that was handed in; and no note matters that much
    with (
        contextlib.suppress(OSError),
        path.with_name(f"{path.name}.link-removed.txt").open(
            "x", encoding="utf-8", errors="replace"
        ) as file,
    ):
        file.write(text)

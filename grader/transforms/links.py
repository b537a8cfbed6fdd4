"""Take symbolic links out of a submission before nbgrader copies its files.

nbgrader copies every file of a submission to autograded/ and on to the learner's feedback,
and it follows links; a link to the gradebook would hand the gradebook out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

__all__ = ["remove_links"]


def remove_links(assignment: str, student: str, notebooks: Sequence[str]) -> None:
    """Replace each symbolic link by a text that says where it pointed.

    Called by nbgrader's Autograde converter as its `pre_convert_hook`, once for each
    submission; `assignment` and `student` may be patterns, so the paths are what counts.
    """
    for folder in {Path(notebook).absolute().parent for notebook in notebooks}:
        for part in (folder.parent, folder):
            if part.is_symlink():
                _replace(part)
                part.mkdir()
        for path in folder.rglob("*"):
            # the notebook itself is read without following it, and refused with a reason
            if path.is_symlink() and path.suffix != ".ipynb":
                _replace(path)


def _replace(link: Path) -> None:
    target = link.readlink()
    link.unlink()
    note = link.with_name(f"{link.name}.link-removed.txt")
    note.write_text(f"A symbolic link to {target} was handed in here and removed.\n")

"""Read what was handed in, believing nothing: not its type, its size or its encoding.

Whatever is wrong with a file becomes the `refusal` of its Submission, in words that the
learner can act on; the batch goes on. No refusal loses anything, the file stays where it is.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any

from grader.errors import SubmissionError
from grader.records import Submission

__all__ = ["read_submission"]

_MAX_CELLS = 5000  # each cell costs time in every step that follows
_SAVE_AGAIN = (
    "Open your notebook in JupyterLab, save it (File, Save Notebook), and hand it in again."
)


def read_submission(
    path: Path, *, assignment: str, learner: str, max_mib: float, inside: Path
) -> Submission:
    """The submission at `path`, with a notebook or with the reason why there is none.

    Args:
        path: the notebook file that is expected.
        assignment: its assignment.
        learner: who handed it in.
        max_mib: the largest file that is read, in MiB.
        inside: the folder that no part of the path may lead out of by a symbolic link.
    """
    data = b""
    try:
        data = _read_bytes(path, inside, int(max_mib * 2**20))
        notebook, refusal = _parse(data), None
    except SubmissionError as error:
        notebook, refusal = None, str(error)
    digest = hashlib.sha256(data or (refusal or "").encode()).hexdigest()
    return Submission(assignment, learner, digest, notebook, refusal)


def _read_bytes(path: Path, inside: Path, limit: int) -> bytes:
    for part in (path, *path.parents):
        if part == inside:
            break
        if part.is_symlink():
            raise SubmissionError(
                f"`{part.name}` is a symbolic link, not a file of your own. "
                "Hand in the notebook itself."
            )
    try:
        # O_NOFOLLOW: the link may have been put there since; O_NONBLOCK: a named pipe never opens
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise SubmissionError(_missing(path)) from None
    except NotADirectoryError:
        raise SubmissionError(
            f"`{path.parent.name}` is a file, not a folder with `{path.name}` in it. {_SAVE_AGAIN}"
        ) from None
    except OSError as error:
        what = "is not a regular file" if error.errno == errno.ENXIO else "cannot be opened"
        raise SubmissionError(f"`{path.name}` {what}: {error.strerror}. {_SAVE_AGAIN}") from None
    try:
        _check_file(path.name, os.fstat(descriptor), limit)
        # not before the check: a file object of a folder cannot even be made
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(limit + 1)
    finally:
        os.close(descriptor)


def _check_file(name: str, status: os.stat_result, limit: int) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise SubmissionError(f"`{name}` is a folder, not a notebook. {_SAVE_AGAIN}")
    if not stat.S_ISREG(status.st_mode):
        raise SubmissionError(f"`{name}` is not a regular file. {_SAVE_AGAIN}")
    if status.st_size > limit:
        raise SubmissionError(
            f"`{name}` has {status.st_size / 2**20:.1f} MiB; a submission may have "
            f"{limit / 2**20:g}. Clear the outputs (Edit, Clear Outputs of All Cells), save, "
            "and hand it in again."
        )


def _missing(path: Path) -> str:
    for part in (path.parent, path.parent.parent):
        if part.with_name(f"{part.name}.link-removed.txt").exists():
            return (
                f"`{part.name}` was a symbolic link, not a folder of your own; it was removed. "
                "Hand in the notebook itself."
            )
    found = sorted(entry.name for entry in path.parent.iterdir()) if path.parent.is_dir() else []
    others = [name for name in found if name.endswith(".ipynb")]
    hint = f" There is `{_shown(others[0])}`: was it renamed?" if others else ""
    return f"The submission holds no `{path.name}`.{hint} Hand in a file of exactly that name."


def _parse(data: bytes) -> dict[str, Any]:
    if not data.strip():
        raise SubmissionError(f"The file is empty. {_SAVE_AGAIN}")
    try:
        text = data.decode("utf-8-sig")  # some editors begin a file with a byte order mark
    except UnicodeDecodeError as error:
        raise SubmissionError(
            f"The file is not UTF-8 text (byte {error.start} is {data[error.start]:#04x}), "
            f"so it is no notebook. {_SAVE_AGAIN}"
        ) from None
    try:
        notebook = json.loads(text)
    except json.JSONDecodeError as error:
        cut = " It seems to be cut off." if _is_cut(error) else ""
        what = error.msg.removesuffix(" at")
        raise SubmissionError(
            f"The file is not a notebook: {what} at line {error.lineno}, column "
            f"{error.colno}.{cut} {_SAVE_AGAIN}"
        ) from None
    except RecursionError:
        raise SubmissionError(
            f"The file is not a notebook: it is nested too deeply. {_SAVE_AGAIN}"
        ) from None
    except ValueError:  # int() takes numbers of 4300 digits
        raise SubmissionError(
            f"The file is not a notebook: a number in it has too many digits. {_SAVE_AGAIN}"
        ) from None
    return _checked(notebook)


def _is_cut(error: json.JSONDecodeError) -> bool:
    """Whether the text ended before its JSON did."""
    at_the_end = error.pos >= len(error.doc.rstrip()) - 1
    return at_the_end or error.msg.startswith("Unterminated string")


def _checked(notebook: Any) -> dict[str, Any]:
    if not isinstance(notebook, dict) or "nbformat" not in notebook:
        raise SubmissionError(f"The file is JSON, but not a notebook. {_SAVE_AGAIN}")
    version = notebook["nbformat"]
    if version != 4:
        # the repr of something nested could fail
        found = f"{version!r:.20}" if isinstance(version, int | float | str) else "of no number"
        raise SubmissionError(
            f"The notebook is in format {found}; format 4 is needed. {_SAVE_AGAIN}"
        )
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        raise SubmissionError(f"The notebook has no list of cells. {_SAVE_AGAIN}")
    if len(cells) > _MAX_CELLS:
        raise SubmissionError(
            f"The notebook has {len(cells)} cells; a submission may have {_MAX_CELLS}. "
            "Remove those that you added and do not need, save, and hand it in again."
        )
    return notebook


def _shown(name: str) -> str:
    """A file name of a learner's choice, fit for a message; it may be any bytes."""
    return "".join(each if each.isprintable() else "?" for each in name[:80])

"""Read what was handed in, believing nothing: not its type, its size or its encoding.

Whatever is wrong with a file becomes the `refusal` of its Submission, in words that the
learner can act on; the batch goes on. No refusal loses anything, the file stays where it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any

from grader.errors import SubmissionError
from grader.records import Submission

__all__ = ["read_submission"]

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
    except OSError as error:
        raise SubmissionError(f"`{path.name}` cannot be opened: {error.strerror}.") from None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if stat.S_ISDIR(status.st_mode):
            raise SubmissionError(f"`{path.name}` is a folder, not a notebook. {_SAVE_AGAIN}")
        if not stat.S_ISREG(status.st_mode):
            raise SubmissionError(f"`{path.name}` is not a regular file. {_SAVE_AGAIN}")
        if status.st_size > limit:
            raise SubmissionError(
                f"`{path.name}` has {status.st_size / 2**20:.1f} MiB; a submission may have "
                f"{limit / 2**20:g}. Clear the outputs (Edit, Clear Outputs of All Cells), save, "
                "and hand it in again."
            )
        return file.read(limit + 1)


def _missing(path: Path) -> str:
    if path.parent.with_name(f"{path.parent.name}.link-removed.txt").exists():
        return (
            f"`{path.parent.name}` was a symbolic link, not a folder of your own; it was removed. "
            "Hand in the notebook itself."
        )
    found = sorted(entry.name for entry in path.parent.iterdir()) if path.parent.is_dir() else []
    others = [name for name in found if name.endswith(".ipynb")]
    hint = f" There is `{others[0]}`: was it renamed?" if others else ""
    return f"The submission holds no `{path.name}`.{hint} Hand in a file of exactly that name."


def _parse(data: bytes) -> dict[str, Any]:
    if not data.strip():
        raise SubmissionError(f"The file is empty. {_SAVE_AGAIN}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SubmissionError(
            f"The file is not UTF-8 text (byte {error.start} is {data[error.start]:#04x}), "
            f"so it is no notebook. {_SAVE_AGAIN}"
        ) from None
    try:
        notebook = json.loads(text)
    except json.JSONDecodeError as error:
        cut = " It seems to be cut off." if error.pos >= len(text.rstrip()) - 1 else ""
        raise SubmissionError(
            f"The file is not a notebook: {error.msg} at line {error.lineno}, column "
            f"{error.colno}.{cut} {_SAVE_AGAIN}"
        ) from None
    except (RecursionError, ValueError):
        raise SubmissionError(
            f"The file is not a notebook: it is nested too deeply. {_SAVE_AGAIN}"
        ) from None
    return _checked(notebook)


def _checked(notebook: Any) -> dict[str, Any]:
    if not isinstance(notebook, dict) or "nbformat" not in notebook:
        raise SubmissionError(f"The file is JSON, but not a notebook. {_SAVE_AGAIN}")
    version = notebook["nbformat"]
    if version != 4:
        raise SubmissionError(
            f"The notebook is in format {version!r:.20}; format 4 is needed. {_SAVE_AGAIN}"
        )
    if not isinstance(notebook.get("cells"), list):
        raise SubmissionError(f"The notebook has no list of cells. {_SAVE_AGAIN}")
    return notebook

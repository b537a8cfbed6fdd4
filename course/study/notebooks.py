"""Read and write notebook files: all or nothing, and nothing is taken on trust.

A notebook is the JSON of its file as it stands, but for the text of each cell, which is one
string; so what is not looked at is written back unchanged. Here a file is a notebook whose cells
have a type and a text, or `NotANotebook` says why not: nbformat's own reader only logs what is
wrong, and takes a second to be imported, which is long for a command. Writing replaces the file
in one step, and keeps its permissions.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from course.study.errors import NotANotebook, WorkspaceError

__all__ = [
    "Cell",
    "Notebook",
    "parse_notebook",
    "read_bytes",
    "read_notebook",
    "replace_file",
    "text_of",
]

Cell = dict[str, Any]
Notebook = dict[str, Any]


def read_notebook(path: Path) -> Notebook:
    """The notebook in a file.

    Raises:
        NotANotebook: it cannot be read as one; the file is left as it is.
        WorkspaceError: it cannot be read at all.
    """
    return parse_notebook(read_bytes(path), path)


def read_bytes(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        WorkspaceError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except IsADirectoryError:
        raise WorkspaceError(
            f"{path} is a folder, and a notebook should be there. Rename the folder and try again."
        ) from None
    except OSError as error:
        raise WorkspaceError(f"{path} cannot be read: {error.strerror or error}.") from None


def parse_notebook(data: bytes, path: Path) -> Notebook:
    """The notebook that these bytes are; `path` is for the message.

    Raises:
        NotANotebook: they are none.
    """
    try:
        document: Notebook = json.loads(data.decode("utf-8-sig"))
        _require_notebook(document)
    except (ValueError, RecursionError) as error:
        raise NotANotebook(
            f"{path} is not a notebook that can be read: {error}. It was left as it is. If "
            "JupyterLab cannot open it either, move it away and start again, then copy over "
            "what you need."
        ) from None
    for cell in document["cells"]:
        if isinstance(cell["source"], list):
            cell["source"] = "".join(cell["source"])
        if not isinstance(cell.get("metadata"), dict):
            cell["metadata"] = {}
    if not isinstance(document.get("metadata"), dict):
        document["metadata"] = {}
    return document


def _require_notebook(document: Any) -> None:
    if not isinstance(document, dict) or not isinstance(document.get("cells"), list):
        raise ValueError("it has no list of cells")
    if document.get("nbformat") != 4:
        raise ValueError(f"its format is {document.get('nbformat')!r}, expected 4")
    for number, cell in enumerate(document["cells"], start=1):
        if not isinstance(cell, dict) or cell.get("cell_type") not in ("code", "markdown", "raw"):
            raise ValueError(f"its cell {number} is no cell")
        source = cell.get("source")
        lines = source if isinstance(source, list) else [source]
        if not all(isinstance(line, str) for line in lines):
            raise ValueError(f"its cell {number} has no text")


def text_of(notebook: Notebook) -> bytes:
    """A notebook as the bytes of its file, in the form in which JupyterLab saves it."""
    cells = [{**cell, "source": cell["source"].splitlines(True)} for cell in notebook["cells"]]
    text = json.dumps({**notebook, "cells": cells}, indent=1, sort_keys=True, ensure_ascii=False)
    return f"{text}\n".encode("utf-8", "replace")  # halves of surrogate pairs are no UTF-8


def replace_file(path: Path, data: bytes) -> None:
    """Write a file, making its folders; it is replaced as a whole or not at all.

    Raises:
        WorkspaceError: it cannot be written; nothing has changed.
    """
    target = path.resolve()  # a link stays a link
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            raise IsADirectoryError(0, "a folder is in its place")
        _replace(target, data)
    except OSError as error:
        raise WorkspaceError(
            f"{path} cannot be written: {error.strerror or error}. Nothing was changed. "
            "To work elsewhere, name a folder of yours with --folder or COURSE_WORK."
        ) from None


def _replace(target: Path, data: bytes) -> None:
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
    # in the same folder, so that the replacement is one step on one file system
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise

"""Read a notebook from elsewhere, with nbgrader's metadata in its newest form.

Guarantees: a Python notebook of version 4, in which no grade id stands twice, or one message.
"""

from __future__ import annotations

import logging
import warnings
from collections import defaultdict
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.nbgraderformat import (
    SCHEMA_VERSION,
    MetadataValidator,
    SchemaTooNewError,
    SchemaTooOldError,
    ValidationError,
)

from grader.errors import ImportNotebookError

__all__ = ["read_notebook"]


def read_notebook(path: Path) -> NotebookNode:
    """The notebook in a file; metadata of nbgrader are upgraded by nbgrader.

    Raises:
        ImportNotebookError: it is no notebook, not for Python, or its grade ids repeat.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise ImportNotebookError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise _no_notebook(path, f"byte {error.start} is no UTF-8") from error
    notebook = _parse(path, text)
    _refuse_other_languages(path, notebook)
    _upgrade(path, notebook)
    _refuse_repeated_ids(path, notebook)
    return notebook


def _parse(path: Path, text: str) -> NotebookNode:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # ids of cells that are missing: they are not used
            notebook: NotebookNode = nbformat.reads(text, as_version=4)
            _, notebook = nbformat.validator.normalize(notebook)
            nbformat.validate(notebook, relax_add_props=True)
    except (ValueError, TypeError, KeyError, AttributeError, nbformat.ValidationError) as error:
        first = str(error).strip().split("\n")[0][:200]
        raise _no_notebook(path, first or type(error).__name__) from error
    return notebook


def _no_notebook(path: Path, why: str) -> ImportNotebookError:
    return ImportNotebookError(
        f"{path} is no notebook: {why}. Expected: an .ipynb file. Nothing was imported."
    )


def _refuse_other_languages(path: Path, notebook: NotebookNode) -> None:
    kernel = notebook.metadata.get("kernelspec", {})
    language = notebook.metadata.get("language_info", {}).get("name") or kernel.get("language")
    if (language or "python").lower() not in ("python", "ipython", "python3"):
        raise ImportNotebookError(
            f"{path} is for {language}; the source of an assignment is Python. Grade such a "
            "notebook as it is, in its own nbgrader course. Nothing was imported."
        )


def _upgrade(path: Path, notebook: NotebookNode) -> None:
    validator = MetadataValidator()
    validator.log.setLevel(logging.ERROR)  # it would tell of keys that it takes out
    for number, cell in enumerate(notebook.cells, start=1):
        try:
            validator.upgrade_cell_metadata(cell)
            validator.validate_cell(cell)
        except (ValidationError, SchemaTooNewError, SchemaTooOldError, ValueError) as error:
            version = cell.metadata["nbgrader"].get("schema_version")
            raise ImportNotebookError(
                f"{path}, cell {number}: its nbgrader metadata, of version {version!r}, are not "
                f"understood: {getattr(error, 'message', error)}. Expected: a version up to "
                f"{SCHEMA_VERSION}; `nbgrader update` mends old ones. Nothing was imported."
            ) from error


def _refuse_repeated_ids(path: Path, notebook: NotebookNode) -> None:
    cells: dict[str, list[int]] = defaultdict(list)
    for number, cell in enumerate(notebook.cells, start=1):
        about = cell.metadata.get("nbgrader", {})
        if about.get("grade_id") and (about["grade"] or about["solution"] or about["locked"]):
            cells[about["grade_id"]].append(number)
    for name, numbers in cells.items():
        if len(numbers) > 1:
            raise ImportNotebookError(
                f"{path}: the grade id {name!r} stands in the cells "
                f"{' and '.join(map(str, numbers))}; expected ids that differ. Rename all but one. "
                "Nothing was imported."
            )

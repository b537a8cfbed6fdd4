"""What is done to the file of a notebook where its cells alone do not make the case."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

Cells = list[NotebookNode]


def _is_test(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("course", {}).get("role") == "test")


def _on_tests(notebook: NotebookNode, change: Callable[[NotebookNode], object]) -> NotebookNode:
    for cell in filter(_is_test, notebook.cells):
        change(cell)
    return notebook


def _about(cell: NotebookNode) -> NotebookNode:
    about: NotebookNode = cell.metadata.get("nbgrader", NotebookNode())
    return about


def _at(notebook: NotebookNode, name: str) -> int:
    return [_about(cell).get("grade_id") for cell in notebook.cells].index(name)


def delete_tests(notebook: NotebookNode) -> NotebookNode:
    notebook.cells = [cell for cell in notebook.cells if not _is_test(cell)]
    return notebook


def duplicate_tests(notebook: NotebookNode) -> NotebookNode:
    notebook.cells += [copy.deepcopy(cell) for cell in notebook.cells if _is_test(cell)]
    return notebook


def empty_tests(notebook: NotebookNode) -> NotebookNode:
    return _on_tests(notebook, lambda cell: cell.update(source="assert True"))


def skip_tests(notebook: NotebookNode) -> NotebookNode:
    return _on_tests(notebook, lambda cell: cell.metadata.update(tags=["skip-execution"]))


def tests_as_markdown(notebook: NotebookNode) -> NotebookNode:
    return _on_tests(notebook, lambda cell: cell.update(cell_type="markdown"))


def tests_as_answers(notebook: NotebookNode) -> NotebookNode:
    return _on_tests(notebook, lambda cell: _about(cell).update(solution=True, locked=False))


def hundred_points(notebook: NotebookNode) -> NotebookNode:
    return _on_tests(notebook, lambda cell: _about(cell).update(points=100))


def forged_outputs(notebook: NotebookNode) -> NotebookNode:
    full = {
        "output_type": "execute_result",
        "data": {"text/plain": "2.0"},
        "metadata": {},
        "execution_count": 1,
    }
    return _on_tests(notebook, lambda cell: cell.update(outputs=[full], execution_count=1))


def schema_99(notebook: NotebookNode) -> NotebookNode:
    for cell in notebook.cells:
        _about(cell)["schema_version"] = 99
    return notebook


def answer_last(notebook: NotebookNode) -> NotebookNode:
    notebook.cells.append(notebook.cells.pop(_at(notebook, "mean_square")))
    return notebook


def reversed_cells(notebook: NotebookNode) -> NotebookNode:
    notebook.cells.reverse()
    return notebook


def stolen_id(notebook: NotebookNode) -> NotebookNode:
    fake = new_code_cell(source="assert True", id="fake")
    fake.metadata = copy.deepcopy(notebook.cells[_at(notebook, "mean_square_twice")].metadata)
    notebook.cells.insert(0, fake)
    return notebook


def unknown_id(notebook: NotebookNode) -> NotebookNode:
    cell = notebook.cells[_at(notebook, "row_sums")]
    cell.id = _about(cell)["grade_id"] = "row_sum"
    return notebook


def another_kernel(notebook: NotebookNode) -> NotebookNode:
    notebook.metadata.kernelspec = {"name": "bash", "language": "bash", "display_name": "Bash"}
    return notebook


def split_answer(notebook: NotebookNode) -> NotebookNode:
    """The first line stays in the answer's cell; the whole of it follows in a new one."""
    at = _at(notebook, "mean_square")
    source = notebook.cells[at].source
    notebook.cells[at].source = "import numpy as np"
    notebook.cells.insert(at + 1, new_code_cell(source=source, id="second-half"))
    return notebook


def no_cells(notebook: NotebookNode) -> NotebookNode:
    notebook.cells = []
    return notebook


def many_cells(notebook: NotebookNode) -> NotebookNode:
    notebook.cells += [NotebookNode(cell_type="code", source="1", metadata={})] * 10_000
    return notebook


def many_markdown_cells(notebook: NotebookNode) -> NotebookNode:
    notebook.cells += [NotebookNode(cell_type="markdown", source="-", metadata={})] * 1_000
    return notebook


def byte_order_mark(notebook: NotebookNode) -> bytes:
    return b"\xef\xbb\xbf" + json.dumps(notebook).encode()


def windows_lines(notebook: NotebookNode) -> bytes:
    for cell in notebook.cells:
        cell.source = cell.source.replace("\n", "\r\n")
    return json.dumps(notebook, indent=1).replace("\n", "\r\n").encode()


def surrogates(notebook: NotebookNode) -> NotebookNode:
    notebook.cells[_at(notebook, "mean_square")].source += "# half a pair: \ud83d\n"
    return notebook


def huge_output(notebook: NotebookNode) -> NotebookNode:
    stream = {"output_type": "stream", "name": "stdout", "text": "x" * 2_000_000}
    return _on_tests(notebook, lambda cell: cell.update(outputs=[stream]))


def deep_metadata(notebook: NotebookNode) -> bytes:
    notebook.metadata["deep"] = "HERE"
    return json.dumps(notebook).encode().replace(b'"HERE"', b"[" * 100_000 + b"]" * 100_000)


def schema_1(notebook: NotebookNode) -> NotebookNode:
    for cell in notebook.cells:
        _about(cell)["schema_version"] = 1
    return notebook


def flipped_flags(notebook: NotebookNode) -> NotebookNode:
    for cell in notebook.cells:
        _about(cell)["solution"] = not _about(cell).get("solution")
    return notebook

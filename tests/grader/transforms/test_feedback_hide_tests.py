"""Hidden tests are taken out of the notebook, and out of whatever could have seen them."""

from __future__ import annotations

from typing import Any

import pytest
from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from grader.transforms.hide_tests import LEFT_OUT, hide_tests

SECRET = "assert answer(41) == 42, 'the secret of life'"
BODY = f"rng = np.random.default_rng(7)\n{SECRET}"


def test_cell(source: str, **course: Any) -> NotebookNode:
    result = {"outcome": "failed", "rationale": "", "help": "", "prints": "", "title": ""}
    course = {"role": "test", "title": "a kind title", "result": result, **course}
    return new_code_cell(source, metadata=from_dict({"course": course}))


test_cell.__test__ = False  # type: ignore[attr-defined]


def hidden_cell(source: str = "") -> NotebookNode:
    marked = f"### BEGIN HIDDEN TESTS\n{BODY}\n### END HIDDEN TESTS"
    return test_cell(source or f"# Hidden test: a kind title (2 points)\n{marked}", hidden=True)


def text_of(nb: NotebookNode) -> str:
    return str(nb)


def test_a_hidden_test_is_left_with_the_text_that_was_released():
    cell = hidden_cell()
    hide_tests(new_notebook(cells=[cell]))
    assert cell.source == "# Hidden test: a kind title (2 points)"


def test_a_visible_test_keeps_what_is_visible():
    cell = test_cell(f"a = 1\n### BEGIN HIDDEN TESTS\n{BODY}\n### END HIDDEN TESTS\nb = 2")
    hide_tests(new_notebook(cells=[cell]))
    assert cell.source == "a = 1\nb = 2"


@pytest.mark.parametrize(
    "source",
    [
        BODY,
        f"# Hidden test: x\n### BEGIN HIDDEN TESTS\n{BODY}",
        f"    # BEGIN HIDDEN TESTS\n{BODY}\n### END HIDDEN TESTS",
        f"### BEGIN HIDDEN TESTS\n{BODY}\n### END HIDDEN TESTS",
        f"### BEGIN HIDDEN TESTS\n1\n### END HIDDEN TESTS\n### BEGIN HIDDEN TESTS\n{BODY}",
    ],
)
def test_a_hidden_test_without_proper_markers_is_hidden_all_the_same(source: str):
    nb = new_notebook(cells=[hidden_cell(source)])
    hide_tests(nb)
    assert "secret" not in text_of(nb)
    assert "default_rng" not in text_of(nb)


def test_what_the_grader_wrote_under_a_hidden_test_goes():
    cell = hidden_cell()
    cell.outputs = [new_output("stream", text="anything")]
    cell.metadata.course.result["prints"] = "anything"
    hide_tests(new_notebook(cells=[cell]))
    assert cell.outputs == []
    assert cell.metadata.course.result["prints"] == ""


LEAK = f"before\n  1: {SECRET.replace(' ', '   ')}\nafter"
LEAKS = [
    new_output("stream", text=LEAK),
    new_output("error", ename=SECRET, evalue=LEAK, traceback=["frame", LEAK]),
    new_output("display_data", data={"text/plain": LEAK, "text/html": LEAK}),
]


@pytest.mark.parametrize("output", LEAKS)
def test_a_hidden_line_that_the_learners_code_printed_is_taken_out(output: NotebookNode):
    own = new_code_cell("print(open('probe').read())", outputs=[from_dict(output)])
    nb = new_notebook(cells=[own, hidden_cell()])
    hide_tests(nb)
    assert "secret" not in text_of(nb)
    assert LEFT_OUT in text_of(own.outputs)


@pytest.mark.parametrize("key", ["rationale", "help", "prints"])
def test_a_hidden_line_in_what_is_said_of_another_test_is_taken_out(key: str):
    other = test_cell("visible = 1")
    other.metadata.course.result[key] = LEAK
    hide_tests(new_notebook(cells=[other, hidden_cell()]))
    assert other.metadata.course.result[key] == f"before\n{LEFT_OUT}\nafter"


@pytest.mark.parametrize("shared", [new_markdown_cell, new_code_cell])
def test_a_line_that_the_notebook_says_openly_is_no_secret(shared: Any):
    said = "rng = np.random.default_rng(7)"
    own = new_code_cell("x", outputs=[new_output("stream", text=said)])
    nb = new_notebook(cells=[shared(f"text\n{said}"), own, hidden_cell()])
    hide_tests(nb)
    assert own.outputs[0].text == said


def test_a_notebook_without_hidden_tests_stays_as_it_is():
    cells = [new_markdown_cell("BEGIN HIDDEN TESTS is prose here"), test_cell("a = 1")]
    nb = new_notebook(cells=cells)
    before = text_of(nb)
    hide_tests(nb)
    assert text_of(nb) == before

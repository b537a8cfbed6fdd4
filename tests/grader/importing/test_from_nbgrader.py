"""nbgrader's source notebooks, and those with delimiters alone, as our source."""

from collections.abc import Callable

import pytest

from grader.authoring.build import reference_answers, to_notebook
from grader.authoring.cells import starter
from grader.errors import ImportNotebookError, SourceError
from grader.records import Role
from grader.rendering.forms import released_notebook

from .conftest import ANSWER, Result, cell, code, prose, raw

Converted = Callable[..., Result]
VISIBLE = cell("test", "assert f(1) == 2", "f_one", points=1)
HIDDEN = cell(
    "test", "# seen\n### BEGIN HIDDEN TESTS\nassert f(7) == 14\n### END HIDDEN TESTS", "f_seven",
    points=2.5,
)  # fmt: skip
EXERCISE = (cell("answer", ANSWER, "f"), VISIBLE, HIDDEN)


def concealed(text: str) -> str:
    return f"### BEGIN HIDDEN TESTS\n{text}\n### END HIDDEN TESTS"


def test_an_exercise_keeps_ids_points_and_code(converted: Converted):
    result = converted(prose("# Title\n\ntext"), code("import math"), *EXERCISE)
    cells = [(c.role, c.id, c.points, c.hidden) for c in result.source.cells[1:]]
    assert cells == [
        (Role.SETUP, "cell_2", 0, False),
        (Role.ANSWER, "f", 0, False),
        (Role.TEST, "f_one", 1, False),
        (Role.TEST, "f_seven", 2.5, True),
    ]
    assert result.cell("f").source == ANSWER
    assert result.cell("f_seven").exercise == "f"
    assert result.source.cells[0].source == "# Title\n\ntext"


def test_what_was_hidden_stays_hidden(converted: Converted):
    released = released_notebook(converted(*EXERCISE).source)
    text = "\n".join(each.source for each in released.cells)
    assert "2 * x" not in text
    assert "f(7)" not in text
    assert "assert f(1) == 2" in text


def test_visible_and_hidden_lines_in_one_cell_become_two_tests_that_share_the_points(
    converted: Converted,
):
    mixed = f"y = f(1)\nassert y == 2\n{concealed('assert f(7) == 7 * y')}"
    result = converted(EXERCISE[0], cell("test", mixed, "f_mixed", points=3))
    seen, kept = result.source.tests
    assert (seen.id, seen.source, seen.points) == ("f_mixed", "y = f(1)\nassert y == 2", 1.5)
    assert (kept.id, kept.source, kept.points) == ("f_mixed_hidden", "assert f(7) == 7 * y", 1.5)
    assert kept.hidden
    assert not seen.hidden
    assert any(r.startswith("cell 2: visible and hidden lines are two") for r in result.remarks)


@pytest.mark.parametrize(
    "mixed",
    [
        "### BEGIN HIDDEN TESTS\nz = 14\n### END HIDDEN TESTS\nassert f(7) == z",
        "for n in (1, 2):\n    f(n)\n    ### BEGIN HIDDEN TESTS\n    assert f(n) == 2 * n\n"
        "    ### END HIDDEN TESTS\n    f(n)",
    ],
)
def test_lines_that_cannot_be_parted_are_all_hidden(converted: Converted, mixed: str):
    result = converted(EXERCISE[0], VISIBLE, cell("test", mixed, "f_mixed", points=3))
    test = result.cell("f_mixed")
    assert (test.hidden, test.points) == (True, 3)
    assert any("all of them are hidden now" in remark for remark in result.remarks)


def test_imports_above_an_answer_become_set_up_and_calls_below_it_a_figure(converted: Converted):
    text = f"import math\n\n{ANSWER}\n\n\nf(3)"
    result = converted(cell("answer", text, "f"), VISIBLE, HIDDEN)
    roles = [(each.role, each.source) for each in result.source.cells[:3]]
    assert roles == [(Role.SETUP, "import math"), (Role.ANSWER, ANSWER), (Role.FIGURE, "f(3)")]


def test_two_functions_in_one_cell_become_two_answers(converted: Converted):
    both = f"{ANSWER}\n\n{ANSWER.replace('def f', 'def g')}"
    tests = [
        cell("test", f"assert g(1) == 2 {sign} 0", name, points=1) for name, sign in (("a", "+"),)
    ]
    hidden = cell(
        "test", "### BEGIN HIDDEN TESTS\nassert g(2) == 4\n### END HIDDEN TESTS", "b", points=1
    )
    result = converted(cell("answer", both, "f"), VISIBLE, HIDDEN, *tests, hidden)
    assert [answer.id for answer in result.source.answers] == ["f", "g"]
    assert {test.id: test.exercise for test in result.source.tests} == {
        "f_one": "f",
        "f_seven": "f",
        "a": "g",
        "b": "g",
    }


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("def f(x):\n    return 2 * x", "had no delimiters"),
        ('def f(\n    x,  # any\n):\n    """D."""\n    return 2 * x', "had no delimiters"),
        (
            "### BEGIN SOLUTION\ndef f(x):\n    return 2 * x\n### END SOLUTION",
            "was part of the solution",
        ),
        (
            "def f(x):\n    ### BEGIN SOLUTION\n    y = x\n    ### END SOLUTION\n    z = 0\n"
            "    ### BEGIN SOLUTION\n    return x + y + z\n    ### END SOLUTION",
            "had several regions",
        ),
    ],
)
def test_any_function_becomes_one_documented_region(converted: Converted, text: str, remark: str):
    result = converted(cell("answer", text, "f"), VISIBLE, HIDDEN)
    answer = result.cell("f")
    assert "return" not in starter(answer)
    names: dict[str, object] = {}
    exec(reference_answers(result.source)["f"], names)
    assert names["f"](4) == 8  # type: ignore[operator]
    assert any(remark in each for each in result.remarks)


@pytest.mark.parametrize(
    "text",
    [
        "### BEGIN SOLUTION\nx = 2\n### END SOLUTION",
        "class F:\n    ### BEGIN SOLUTION\n    y = 1\n    ### END SOLUTION",
        "def f(x):\n    return g(x)\n\ndef g(x):\n    return 2 * x",
        "x = 41\n\ndef f(y):\n    return x",
        f"{ANSWER}\n\n### BEGIN SOLUTION\nsecret = f(3)\n### END SOLUTION",
    ],
)
def test_an_answer_of_another_kind_stays_whole_and_cannot_be_released(
    converted: Converted, text: str
):
    result = converted(cell("answer", text, "f"), VISIBLE, HIDDEN)
    assert text in result.text
    assert any("make each answer one function" in remark for remark in result.remarks)
    with pytest.raises(SourceError):
        _ = result.source


def test_an_answer_with_its_tests_in_the_same_cell_is_split(converted: Converted):
    text = f"{ANSWER}\n\nassert f(1) == 2\n{concealed('assert f(5) == 10')}"
    result = converted(cell("manual", text, "f", points=4))
    assert [(c.id, c.points, c.hidden) for c in result.source.cells] == [
        ("f", 0, False),
        ("f_test", 2, False),
        ("f_test_hidden", 2, True),
    ]
    assert result.source.total_points == 4


def test_code_that_people_mark_becomes_a_written_answer(converted: Converted):
    result = converted(cell("manual", "plot(1)", "picture", points=3))
    written = result.cell("picture")
    assert (written.role, written.points) == (Role.WRITTEN, 3)
    assert "plot(1)" in written.source
    assert "plot(1)" not in starter(written)


@pytest.mark.parametrize("text", ["Because.", "### BEGIN SOLUTION\nBecause.\n### END SOLUTION"])
def test_a_written_answer_keeps_its_points_and_its_secret(converted: Converted, text: str):
    scheme = "\n### BEGIN MARK SCHEME\n- 2 for this\n### END MARK SCHEME"
    result = converted(cell("manual", text + scheme, "why", points=2, markdown=True))
    written = result.cell("why")
    assert (written.role, written.points) == (Role.WRITTEN, 2)
    assert starter(written).strip() == "YOUR ANSWER HERE"
    assert "- 2 for this" in written.source


def test_a_task_becomes_its_question_and_a_written_answer(converted: Converted):
    text = "Explore.\n\n### BEGIN MARK SCHEME\n- 4 for a plot\n### END MARK SCHEME"
    result = converted(cell("task", text, "explore", points=4))
    question, answer = result.source.cells
    assert question.source == "Explore."
    assert (answer.id, answer.points) == ("explore", 4)
    assert "- 4 for a plot" in answer.source
    assert "4 for a plot" not in released_notebook(result.source).cells[0].source


def test_code_that_tests_need_is_set_up_and_the_rest_is_skipped(converted: Converted):
    result = converted(
        code("base = 1"),
        code("offset = base + 1"),
        code("print(f(3))"),
        EXERCISE[0],
        cell("test", "assert f(1) == offset", "t", points=1),
        HIDDEN,
    )
    assert [each.role for each in result.source.cells[:3]] == [Role.SETUP, Role.SETUP, Role.FIGURE]
    assert "cells 1, 2, 3: code that learners run and cannot change any longer" in result.remarks


def test_magics_become_comments_and_what_is_no_python_a_block(converted: Converted):
    result = converted(
        code("%matplotlib inline\nimport math"),
        code("%%bash\nls"),
        code("# only a comment"),
        raw("raw"),
        *EXERCISE,
    )
    setup, *blocks = result.source.cells[:4]
    assert setup.source == "# (left out: no plain Python) %matplotlib inline\nimport math"
    assert "# (left out: no plain Python) %%bash" in blocks[0].source
    assert blocks[1].source == "```python\n# only a comment\n```"
    assert blocks[2].source == "```text\nraw\n```"
    numbers = {remark.split(":")[0] for remark in result.remarks}
    assert {"cell 1", "cell 2", "cell 3", "cell 4"} <= numbers


def test_ids_that_are_not_ours_are_changed_and_said(converted: Converted):
    result = converted(
        EXERCISE[0],
        cell("test", "assert f(1) == 2", "F-one", points=1),
        cell("test", "assert f(2) == 4", "f_one", points=1),
        HIDDEN,
    )
    assert [test.id for test in result.source.tests] == ["f_one", "f_one_2", "f_seven"]
    assert "cell 2: the id 'F-one' is 'f_one' now" in result.remarks
    assert "cell 3: the id 'f_one' is 'f_one_2' now" in result.remarks


def test_the_id_of_an_answer_becomes_the_name_of_its_function(converted: Converted):
    result = converted(cell("answer", ANSWER, "cell-17"), VISIBLE, HIDDEN)
    assert result.cell("f").role is Role.ANSWER
    assert "cell 1: the id 'cell-17' is 'f' now, the name of the function" in result.remarks


def test_delimiters_are_enough(converted: Converted):
    """A notebook without any metadata, as many are that were written by hand."""
    result = converted(
        prose("# T"),
        code(ANSWER.replace("### ", "#")),
        code("assert f(1) == 2"),
        code("### BEGIN HIDDEN TESTS\nassert f(3) == 6\n### END HIDDEN TESTS"),
        prose("### BEGIN SOLUTION\nBecause.\n### END SOLUTION"),
    )
    assert [each.role for each in result.source.cells] == [
        Role.PROSE,
        Role.ANSWER,
        Role.TEST,
        Role.TEST,
        Role.WRITTEN,
    ]
    assert [each.points for each in result.source.cells[2:]] == [1, 1, 1]
    assert result.cell("f").source == ANSWER


def test_a_test_without_points_is_no_test_and_a_hidden_one_waits_for_its_author(
    converted: Converted,
):
    free = cell("test", "assert f(0) == 0", "free", points=0)
    result = converted(*EXERCISE, free)
    assert result.cell("free").role is Role.FIGURE
    hidden = cell(
        "test", "### BEGIN HIDDEN TESTS\nassert f(0) == 0\n### END HIDDEN TESTS", "h", points=0
    )
    with pytest.raises(SourceError, match="points is 0"):
        _ = converted(*EXERCISE, hidden).source


def test_a_hidden_test_without_an_answer_cannot_be_released(converted: Converted):
    result = converted(HIDDEN, EXERCISE[0], VISIBLE)
    assert '# %% hidden="f_seven" exercise=""' in result.text
    with pytest.raises(SourceError, match="exercise is ''"):
        _ = result.source


def test_metadata_that_we_have_no_place_for_are_named_and_kept_in_the_head(converted: Converted):
    tagged = prose("text", metadata={"tags": ["hide"], "slideshow": {"slide_type": "slide"}})
    result = converted(tagged, *EXERCISE, authors=[{"name": "Ada \u00e9"}])
    assert any("cell 1" in r and "tags: ['hide']" in r and "slide" in r for r in result.remarks)
    head = result.text.split("# %%")[0]
    assert '#   authors: [{"name": "Ada \\u00e9"}]' in head
    assert "hide" in head
    assert "hide" not in str(to_notebook(result.source))


@pytest.mark.parametrize(
    ("text", "reads"),
    [("%% [markdown] no", "&#37;% [markdown] no"), ("# %% answer", "# &#37;% answer")],
)
def test_text_cannot_begin_a_cell_of_the_source(converted: Converted, text: str, reads: str):
    result = converted(prose(f"a\n{text}"), *EXERCISE)
    assert len(result.source.cells) == 4
    assert result.source.cells[0].source == f"a\n{reads}"


def test_code_cannot_begin_a_cell_of_the_source(converted: Converted):
    result = converted(code("a = 1\n# %% hidden=1"), *EXERCISE)
    assert len(result.source.cells) == 4
    assert any("began like a cell" in remark for remark in result.remarks)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            [EXERCISE[0], cell("test", "assert f(1) ==", "t", points=1)],
            "cell 2: the test 't' cannot be parsed: invalid syntax in line 1",
        ),
        ([cell("answer", "def f(:", "f")], "cell 1: the answer 'f' cannot be parsed"),
        ([cell("answer", ANSWER.rpartition("\n")[0], "f")], "cell 1: `BEGIN SOLUTION` has no end"),
        (
            [EXERCISE[0], cell("test", "### END HIDDEN TESTS\nassert f(1)", "t", points=1)],
            "cell 2: `### END HIDDEN TESTS` stands where none may",
        ),
        ([prose("  ")], "there is no text in it"),
    ],
)
def test_what_cannot_be_read_is_one_message(
    converted: Converted, cells: list[object], message: str
):
    with pytest.raises(ImportNotebookError) as caught:
        converted(*cells)
    assert message in str(caught.value)
    assert "Nothing was imported." in str(caught.value)

"""Notebooks for Otter Assign as our source: blocks, solutions by lines, tests, points."""

from collections.abc import Callable

import pytest
from nbformat import NotebookNode

from grader.authoring.build import reference_answers
from grader.authoring.cells import starter
from grader.errors import ImportNotebookError
from grader.records import Role

from .conftest import Result, code, prose, raw

Converted = Callable[..., Result]
SQUARE = (
    'def square(x):\n    """Square."""\n    y = x * x # SOLUTION NO PROMPT\n    return y # SOLUTION'
)


def question(config: str, solution: list[NotebookNode], *tests: NotebookNode) -> list[NotebookNode]:
    block = [raw("# BEGIN TESTS"), *tests, raw("# END TESTS")] if tests else []
    return [
        raw(f"# BEGIN QUESTION\n{config}"),
        prose("**Question.**"),
        raw("# BEGIN SOLUTION"),
        *solution,
        raw("# END SOLUTION"),
        *block,
        raw("# END QUESTION"),
    ]


def square(config: str = "name: q1", *tests: NotebookNode) -> list[NotebookNode]:
    mine = [code("assert square(2) == 4"), code("# HIDDEN\nassert square(3) == 9")]
    return question(config, [code(SQUARE)], *(tests or mine))


def test_a_question_becomes_an_exercise(converted: Converted):
    source = converted(prose("# T"), *square()).source
    assert [(c.role, c.id, c.hidden) for c in source.cells[2:]] == [
        (Role.ANSWER, "square", False),
        (Role.TEST, "q1_test_1", False),
        (Role.TEST, "q1_test_2", True),
    ]
    assert source.cells[1].source == "**Question.**"
    assert "x * x" not in starter(source.answers[0])
    names: dict[str, object] = {}
    exec(reference_answers(source)["square"], names)
    assert names["square"](5) == 25  # type: ignore[operator]


@pytest.mark.parametrize(
    ("lines", "released"),
    [
        ("    # BEGIN SOLUTION\n    y = 1\n    return y\n    # END SOLUTION", []),
        ("    y = 1 # SEED\n    return y # SOLUTION", []),
        ("    y = 1\n    return y # SOLUTION", ["    y = 1"]),
        (
            '    return 1 # SOLUTION\n    """ # BEGIN PROMPT\n    pass\n    """; # END PROMPT',
            ["    # pass"],
        ),
        ("    return 1 # SOLUTION\n    print(2) # IGNORE", []),
    ],
)
def test_lines_of_solutions_become_one_region(
    converted: Converted, lines: str, released: list[str]
):
    answer = code(f'def square(x):\n    """S."""\n{lines}')
    tests = [code("assert square(2) == 1"), code("# HIDDEN\nassert square(3) == 1")]
    source = converted(*question("name: q1", [answer], *tests)).source
    stub = ["    # YOUR CODE HERE", "    raise NotImplementedError()"]
    head = ["def square(x):", '    """S."""']
    assert sorted(starter(source.answers[0]).split("\n")) == sorted([*head, *stub, *released])


@pytest.mark.parametrize(
    ("config", "heads", "points"),
    [
        ("name: q", ["", "# HIDDEN\n"], [0.5, 0.5]),
        ("name: q\npoints: 3", ["", "# HIDDEN\n"], [1.5, 1.5]),
        ("name: q\npoints: [1, 4]", ["", "# HIDDEN\n"], [1, 4]),
        ("name: q\npoints:\n  each: 2", ["", "# HIDDEN\n"], [2, 2]),
        (
            "name: q\npoints: 5",
            ["", '""" # BEGIN TEST CONFIG\nhidden: true\npoints: 2\n""" # END TEST CONFIG\n'],
            [3, 2],
        ),
    ],
)
def test_points_are_those_that_otter_gives(
    converted: Converted, config: str, heads: list[str], points: list[float]
):
    tests = [code(f"{head}assert square({at}) == {at * at}") for at, head in enumerate(heads)]
    source = converted(*square(config, *tests)).source
    assert [test.points for test in source.tests] == points
    assert [test.hidden for test in source.tests] == [False, True]


def test_what_a_test_showed_becomes_an_assert(converted: Converted):
    tests = [
        code("n = 2\nsquare(n)", shows="4"),
        code("square(2) == 4", shows="True"),
        code("# HIDDEN\nsquare('a')", shows="'aa'"),
    ]
    source = converted(*square("name: q1", *tests)).source
    assert [test.source for test in source.tests] == [
        "n = 2\nassert repr(square(n)) == '4'",
        "assert square(2) == 4",
        "assert repr(square('a')) == \"'aa'\"",
    ]


def test_a_test_in_a_function_is_called(converted: Converted):
    body = "def test_it(square):\n    assert square(2) == 4"
    tests = [
        code(body),
        code(f"{body}\n\ntest_it(square)  # IGNORE"),
        code("# HIDDEN\n" + body),
    ]
    result = converted(*square("name: q1", *tests))
    assert all(test.source.endswith("\ntest_it(square)") for test in result.source.tests)


def test_written_and_manual_questions_keep_their_points(converted: Converted):
    words = question("name: why\nmanual: true\npoints: 2", [prose("**SOLUTION**: Because.")])
    plot = question("name: draw\nmanual: true\npoints: 3", [code("plot(1) # SOLUTION")])
    source = converted(*words, *plot).source
    assert [(c.id, c.points) for c in source.written] == [("why", 2), ("draw", 3)]
    assert all("Because" not in starter(c) and "plot" not in starter(c) for c in source.written)


def test_settings_without_a_place_are_remarks_and_reach_no_learner(converted: Converted):
    config = raw("# ASSIGNMENT CONFIG\ngenerate:\n  token: s3cret\n")
    ignored = prose("## Ignore ##\nnote to self")
    result = converted(config, ignored, *square("name: q1\nexport: true"))
    assert any(r.startswith("cell 1: settings of Otter") and "s3cret" in r for r in result.remarks)
    assert any("note to self" in remark for remark in result.remarks)
    assert any("export: True" in remark for remark in result.remarks)
    assert "s3cret" in result.text.split("# %%")[0]
    assert all("s3cret" not in c.source and "note" not in c.source for c in result.source.cells)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([raw("# BEGIN QUESTION\nname: q1")], "cell 1: the question 'q1' has no end"),
        (
            [raw("# BEGIN QUESTION\nname: q1"), raw("# BEGIN QUESTION\nname: q2")],
            "cell 2: `# BEGIN QUESTION` stands where it may not",
        ),
        ([raw("# BEGIN TESTS")], "cell 1: `# BEGIN TESTS` stands where it may not"),
        ([raw("# BEGIN QUESTION\nname: [")], "cell 1: its settings are no YAML"),
        (square("name: q1\npoints: [1]"), "has 2 tests, and points for 1"),
        (square("name: q1\npoints: many"), "are 'many'"),
        ([prose("```\nBEGIN QUESTION\nname: q1\n```")], "before version 3"),
    ],
)
def test_what_cannot_be_read_is_one_message(
    converted: Converted, cells: list[NotebookNode], message: str
):
    with pytest.raises(ImportNotebookError) as caught:
        converted(*cells)
    assert message in str(caught.value)

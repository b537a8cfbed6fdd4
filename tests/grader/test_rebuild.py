"""Only the text of answers and added cells gets through; everything locked is the author's."""

import copy
import json
from collections.abc import Callable
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from grader.rebuild import Rebuilt, role_of, script_of
from grader.records import Role, Script, Submission
from grader.workbench import Workbench

Cell = dict[str, Any]
Document = dict[str, Any]

ANSWERS = (Role.ANSWER, Role.WRITTEN)
PNG = "iVBORw0KGgo="


def rebuilt(bench: Workbench, notebook: Any) -> Rebuilt:
    return bench.rebuild(Submission("tiny", "ann", "", notebook))


def script(bench: Workbench, notebook: Any) -> Script:
    return script_of(rebuilt(bench, notebook).notebook, assignment="tiny", learner="ann")


def grade_id(cell: Any) -> str:
    """What a cell claims to be, read as naively as possible."""
    try:
        name = cell["metadata"]["nbgrader"]["grade_id"]
    except (KeyError, TypeError, IndexError):
        return ""
    return name if isinstance(name, str) else ""


def text(cell: Any) -> str | None:
    source = cell.get("source") if isinstance(cell, dict) else None
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    return source.encode("utf-8", "replace").decode() if isinstance(source, str) else None


# Whatever a learner, a tool or an attacker may do to the cells of a notebook.

WORDS = st.sampled_from(
    ["mean_square", "mean_square_by_hand", "imports", "squares", "why_unchanged", "nobody", ""]
)
SOURCES = st.sampled_from(
    ["x = 1", "", " \n", "%%bash\nls", "def mean_square(x): return 0", "# Two", "'\\d'", "\ud800"]
) | st.text(max_size=8)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=4,
)
METADATA = JUNK | st.fixed_dictionaries(
    {},
    optional={
        "nbgrader": JUNK
        | st.fixed_dictionaries(
            {"grade_id": WORDS | JUNK},
            optional={"locked": JUNK, "solution": JUNK, "points": JUNK, "schema_version": JUNK},
        ),
        "course": JUNK | st.fixed_dictionaries({"role": st.sampled_from(list(Role)) | JUNK}),
        "tags": st.just(["skip-execution"]) | JUNK,
    },
)
CELLS = JUNK | st.fixed_dictionaries(
    {"source": SOURCES | st.lists(SOURCES, max_size=3) | JUNK},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw", "heading"]) | JUNK,
        "id": st.sampled_from(["imports", "extra-0001", "mean_square"]) | JUNK,
        "metadata": METADATA,
        "outputs": JUNK,
        "attachments": st.dictionaries(
            st.text(max_size=4) | st.just("\ud800"),
            JUNK | st.dictionaries(st.just("image/png"), st.just(PNG) | st.text(max_size=3)),
            max_size=2,
        )
        | JUNK,
    },
)


@st.composite
def tampered(draw: st.DrawFn, cells: list[Cell]) -> list[Any]:
    """The cells of a real notebook: shuffled, deleted, duplicated, edited, and among junk."""
    result: list[Any] = []
    for cell in draw(st.permutations(cells)) if draw(st.booleans()) else cells:
        result += draw(st.lists(CELLS, max_size=1))
        for _ in range(draw(st.sampled_from([1, 1, 1, 1, 0, 2]))):
            one = copy.deepcopy(cell)
            if draw(st.sampled_from([True, False, False])):
                key = draw(st.sampled_from(["source", "cell_type", "id", "metadata", "outputs"]))
                one[key] = draw({"source": SOURCES, "metadata": METADATA}.get(key, WORDS | JUNK))
            result.append(one)
    return result


def plain(notebook: NotebookNode) -> list[Cell]:
    cells: list[Cell] = json.loads(nbformat.writes(notebook))["cells"]
    return cells


@pytest.fixture
def properties(
    bench: Workbench, right: NotebookNode
) -> Callable[[Callable[[Document, Rebuilt], None]], None]:
    """Runs a check on the rebuilt notebooks of many submissions."""

    def run(check: Callable[[Document, Rebuilt], None]) -> None:
        @settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
        @given(cells=tampered(plain(right)), metadata=JUNK)
        def examples(cells: list[Any], metadata: Any) -> None:
            document = {"nbformat": 4, "metadata": metadata, "cells": cells}
            check(document, rebuilt(bench, copy.deepcopy(document)))

        examples()

    return run


Properties = Callable[[Callable[[Document, Rebuilt], None]], None]


def test_every_locked_cell_is_the_authors_and_in_its_place(
    properties: Properties, bench: Workbench
) -> None:
    def check(_: Document, result: Rebuilt) -> None:
        locked = {c.id for c in bench.pristine.cells if role_of(c) not in ANSWERS}
        kept = [c for c in result.notebook.cells if c.id in locked]
        assert kept == [c for c in bench.pristine.cells if c.id in locked]

    properties(check)


def test_the_notebook_is_valid_with_ids_of_its_own_and_can_be_written(
    properties: Properties, bench: Workbench
) -> None:
    def check(_: Document, result: Rebuilt) -> None:
        nbformat.validate(result.notebook)
        ids = [cell.id for cell in result.notebook.cells]
        assert len(set(ids)) == len(ids)
        nbformat.writes(result.notebook).encode("utf-8")
        assert result.notebook.metadata == bench.pristine.metadata

    properties(check)


def test_answers_are_the_first_texts_that_carry_their_id(
    properties: Properties, bench: Workbench
) -> None:
    def check(document: Document, result: Rebuilt) -> None:
        after = {cell.id: cell for cell in result.notebook.cells}
        for cell in (c for c in bench.pristine.cells if role_of(c) in ANSWERS):
            claimed = [
                read
                for each in document["cells"]
                if grade_id(each) == cell.id and (read := text(each)) is not None
            ]
            assert after[cell.id].source == (claimed[0] if claimed else cell.source)
            assert after[cell.id].cell_type == cell.cell_type

    properties(check)


def test_nothing_else_is_taken_from_a_submission(properties: Properties, bench: Workbench) -> None:
    known = {cell.id for cell in bench.pristine.cells}

    def check(document: Document, result: Rebuilt) -> None:
        texts = {text(cell) for cell in document["cells"]}
        for cell in result.notebook.cells:
            if cell.id not in known:
                assert cell.source in texts
                assert set(cell.metadata) == {"course"}
                assert set(cell.metadata.course) == {"role"}
                assert cell.get("outputs", []) == []

    properties(check)


def test_rebuilding_a_rebuilt_notebook_changes_nothing(
    properties: Properties, bench: Workbench
) -> None:
    def check(_: Document, result: Rebuilt) -> None:
        once = json.loads(nbformat.writes(result.notebook))
        again = rebuilt(bench, once)
        assert [cell.source for cell in again.notebook.cells] == [
            cell.source for cell in result.notebook.cells
        ]
        first, second = (
            script_of(each.notebook, assignment="tiny", learner="ann") for each in (result, again)
        )
        assert [(c.role, c.source) for c in first.cells] == [
            (c.role, c.source) for c in second.cells
        ]

    properties(check)


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(places=st.lists(st.integers(min_value=0, max_value=14), min_size=1, max_size=12))
def test_added_cells_stay_where_they_were_put(
    places: list[int], bench: Workbench, right: NotebookNode
) -> None:
    notebook = copy.deepcopy(right)
    for number, place in enumerate(places):
        added = new_code_cell if number % 3 else new_markdown_cell
        notebook.cells.insert(place, added(source=f"added = {number}"))
    before = [cell.source for cell in notebook.cells]
    full = {cell.id: cell.source for cell in bench.pristine.cells}
    full |= {cell.id: cell.source for cell in right.cells if role_of(cell) in ANSWERS}
    expected = [full.get(cell.id, cell.source) for cell in notebook.cells]
    assert len(before) == len(expected)
    assert [cell.source for cell in rebuilt(bench, notebook).notebook.cells] == expected


# What NBGRADER.md found to change marks, and more of the kind: here it changes nothing at all.


def on_every_cell(change: Callable[[Cell], object]) -> Callable[[list[Cell]], None]:
    def tamper(cells: list[Cell]) -> None:
        for cell in cells:
            change(cell)

    return tamper


def with_nbgrader(**entries: object) -> Callable[[list[Cell]], None]:
    def change(cell: Cell) -> None:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"].update(entries)

    return on_every_cell(change)


def with_metadata(**entries: object) -> Callable[[list[Cell]], None]:
    return on_every_cell(lambda cell: cell["metadata"].update(entries))


def is_test(cell: Cell) -> bool:
    return bool(cell["metadata"].get("course", {}).get("role") == "test")


def edit_the_tests(cells: list[Cell]) -> None:
    for cell in filter(is_test, cells):
        cell["source"] = "assert True"


def delete_the_tests(cells: list[Cell]) -> None:
    cells[:] = [cell for cell in cells if not is_test(cell)]


def delete_everything_locked(cells: list[Cell]) -> None:
    cells[:] = [c for c in cells if c["metadata"].get("nbgrader", {}).get("solution")]


def duplicate_the_tests(cells: list[Cell]) -> None:
    cells += [copy.deepcopy(cell) for cell in cells if is_test(cell)]


def move_the_tests_to_the_top(cells: list[Cell]) -> None:
    cells.sort(key=is_test, reverse=True)


def swap_the_ids_of_the_tests(cells: list[Cell]) -> None:
    tests = [cell for cell in cells if is_test(cell)]
    names = [grade_id(cell) for cell in tests]
    for cell, name in zip(tests, reversed(names), strict=True):
        cell["metadata"]["nbgrader"]["grade_id"] = name


def claim_marks_in_outputs(cells: list[Cell]) -> None:
    result = {"output_type": "execute_result", "data": {"text/plain": "2.0"}, "metadata": {}}
    for cell in cells:
        cell["outputs"] = [result | {"execution_count": 1}]
        cell["metadata"]["course"] = {"role": "test", "result": {"outcome": "passed"}}


def give_lines_as_lists(cells: list[Cell]) -> None:
    for cell in cells:
        cell["source"] = "".join(cell["source"]).splitlines(keepends=True)


TAMPERINGS: dict[str, Callable[[list[Cell]], None]] = {
    "nothing": lambda cells: None,
    "the tag skip-execution": with_metadata(tags=["skip-execution", "remove_cell"]),
    "edited tests": edit_the_tests,
    "deleted tests": delete_the_tests,
    "everything locked deleted": delete_everything_locked,
    "duplicated tests": duplicate_the_tests,
    "tests moved to the top": move_the_tests_to_the_top,
    "tests with each other's ids": swap_the_ids_of_the_tests,
    "all cells retyped as Markdown": on_every_cell(lambda c: c.update(cell_type="markdown")),
    "all cells retyped as code": on_every_cell(lambda c: c.update(cell_type="code")),
    "all cells retyped as raw": on_every_cell(lambda c: c.update(cell_type="raw")),
    "solution flags flipped": with_nbgrader(solution=True, grade=False, locked=False),
    "graded flags flipped": with_nbgrader(grade=True, solution=False),
    "a schema of the past": with_nbgrader(schema_version=0),
    "a schema of the future": with_nbgrader(schema_version=99),
    "a schema of junk": with_nbgrader(schema_version={"x": []}),
    "more points": with_nbgrader(points=1000),
    "points that are NaN": with_nbgrader(points=float("nan")),
    "checksums of others": with_nbgrader(checksum="0" * 32, cell_type="code"),
    "other roles": with_metadata(course={"role": "figure", "attempted": False}),
    "no roles": with_metadata(course=None),
    "the same id everywhere": on_every_cell(lambda cell: cell.update(id="same")),
    "ids of junk": on_every_cell(lambda cell: cell.update(id=["x", {}])),
    "no ids": on_every_cell(lambda cell: cell.pop("id")),
    "outputs that claim marks": claim_marks_in_outputs,
    "lines in lists": give_lines_as_lists,
}


@pytest.mark.parametrize("tamper", TAMPERINGS.values(), ids=TAMPERINGS)
def test_tampering_changes_nothing_that_is_executed(
    tamper: Callable[[list[Cell]], None], bench: Workbench, right: NotebookNode
) -> None:
    cells = plain(right)
    tamper(cells)
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    assert script(bench, document) == script(bench, right)


KERNELS: dict[str, Any] = {
    "another kernel": {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}},
    "no kernel": {},
    "a kernel of junk": {"kernelspec": [1], "language_info": "python"},
    "no metadata": None,
    "a refusal": {"course": {"refusal": "grade me by hand"}},
}


@pytest.mark.parametrize("metadata", KERNELS.values(), ids=KERNELS)
def test_the_notebooks_own_metadata_is_the_authors(
    metadata: Any, bench: Workbench, right: NotebookNode
) -> None:
    document = {"nbformat": 4, "metadata": metadata, "cells": plain(right)}
    assert rebuilt(bench, document).notebook.metadata == bench.pristine.metadata


def test_an_answer_with_an_unknown_id_is_an_added_cell_and_noted(
    bench: Workbench, right: NotebookNode, blank: NotebookNode
) -> None:
    answer = next(cell for cell in right.cells if cell.id == "row_sums")
    answer.metadata.nbgrader["grade_id"] = "row_sum"
    answer.id = "row_sum"
    result = rebuilt(bench, right)
    assert "the answer cell `row_sums` is missing" in result.notes
    by_id = {cell.id: cell for cell in result.notebook.cells}
    starter = next(cell for cell in blank.cells if cell.id == "row_sums")
    assert by_id["row_sums"].source == starter.source
    assert role_of(by_id["extra-0001"]) is Role.EXTRA
    assert by_id["extra-0001"].source == answer.source


def test_of_a_duplicated_answer_the_last_one_wins_as_it_did_for_the_learner(
    bench: Workbench, right: NotebookNode
) -> None:
    place, answer = next((n, c) for n, c in enumerate(right.cells) if c.id == "row_sums")
    second = copy.deepcopy(answer) | {"id": "another", "source": "def row_sums(rows): ..."}
    right.cells.insert(place + 1, nbformat.from_dict(second))
    result = rebuilt(bench, right)
    assert "the answer cell `row_sums` occurs more than once" in result.notes
    sources = [c.source for c in script_of(result.notebook, assignment="", learner="").cells]
    assert sources.index(second["source"]) == sources.index(answer.source) + 1


def test_a_hidden_test_is_the_sources_and_not_the_releases(
    bench: Workbench, blank: NotebookNode
) -> None:
    released = next(cell for cell in blank.cells if cell.id == "mean_square_twice")
    assert "data_seen_twice" not in released.source
    [test] = [each for each in script(bench, blank).tests if each.name == "mean_square_twice"]
    assert "data_seen_twice" in test.source
    assert (test.points, test.hidden, test.exercise) == (2.0, True, "mean_square")


def test_figures_and_prose_are_not_executed(bench: Workbench, blank: NotebookNode) -> None:
    assert {cell.role for cell in script(bench, blank).cells} == {
        Role.SETUP,
        Role.ANSWER,
        Role.TEST,
    }


STARTER = 'def row_sums(rows: Array) -> Array:\n    """The sum of each row of `rows`."""\n'
UNATTEMPTED = {
    "as released": f"{STARTER}    # YOUR CODE HERE\n    raise NotImplementedError()",
    "other comments": f"{STARTER}    # no idea\n    raise NotImplementedError()",
    "other blanks": f"\n\n{STARTER}\n\n    raise  NotImplementedError( )  \n\n",
}
ATTEMPTED = {
    "a line more": f"{STARTER}    x = 1\n    raise NotImplementedError()",
    "no Python": "def row_sums(rows)",
    "a magic": f"%%time\n{STARTER}    raise NotImplementedError()",
    "NUL": "\0",
    "a warning of the compiler": "def row_sums(rows): return '\\d' is 5",
    "brackets without end": "(" * 10_000,
    "a long sum": "+".join("1" * 20_000),
    "a long chain": ".".join("a" * 20_000),
    "many signs": "-" * 20_000 + "1",
    "a megabyte of statements": "1;" * 500_000,
    "half of a surrogate pair": "x = '\ud800'",
}


@pytest.mark.parametrize(
    ("answer", "attempted"),
    [(each, False) for each in UNATTEMPTED.values()]
    + [(each, True) for each in ATTEMPTED.values()],
    ids=[*UNATTEMPTED, *ATTEMPTED],
)
def test_an_answer_is_attempted_when_more_than_blanks_and_comments_changed(
    answer: str, attempted: bool, bench: Workbench, blank: NotebookNode
) -> None:
    next(cell for cell in blank.cells if cell.id == "row_sums").source = answer
    seen = {cell.name: cell.attempted for cell in script(bench, blank).cells}
    assert seen["row_sums"] is attempted
    assert seen["row_sums_by_hand"] is seen["row_sums_one_row"] is attempted
    assert seen["mean_square"] is False


@pytest.mark.parametrize(
    ("attachments", "kept"),
    [
        ({"a.png": {"image/png": PNG}}, {"a.png": {"image/png": PNG}}),
        ({"a.svg": {"image/svg+xml": "<svg onload='alert(1)'/>"}}, None),
        ({"a.png": {"image/png": PNG, "text/html": "<script>"}}, {"a.png": {"image/png": PNG}}),
        ({"a.png": {"image/png": '" onerror="alert(1)'}}, None),
        ({"a.png": {"image/png": f'{PNG}" onerror="alert(1)'}}, None),
        ({"a.jpg": {"image/jpeg": PNG}}, None),
        ({"\ud800.png": {"image/png": PNG}}, None),
        ({"a.png": {"image/png": "\ud800"}}, None),
        ({"a.png": PNG, "b": None}, None),
        ([PNG], None),
    ],
)
def test_of_what_is_pasted_into_a_written_answer_bitmaps_are_kept(
    attachments: Any, kept: Any, bench: Workbench, blank: NotebookNode
) -> None:
    cells = plain(blank)
    cells[-1] |= {"source": "See ![this](attachment:a.png)", "attachments": attachments}
    result = rebuilt(bench, {"nbformat": 4, "metadata": {}, "cells": cells}).notebook
    assert result.cells[-1].get("attachments") == kept
    nbformat.writes(result).encode("utf-8")


def test_a_refused_submission_is_the_untouched_notebook_under_a_notice(bench: Workbench) -> None:
    result = bench.rebuild(Submission("tiny", "ann", "", None, "The file is empty."))
    notice, *rest = result.notebook.cells
    assert "The file is empty." in notice.source
    assert rest == bench.pristine.cells
    assert result.notebook.metadata.course.refusal == "The file is empty."
    nbformat.validate(result.notebook)


def test_the_authors_prose_under_the_id_of_an_answer_is_not_taken_for_an_added_cell(
    bench: Workbench, right: NotebookNode
) -> None:
    prose = next(cell for cell in right.cells if cell.source == "## Sums by rows")
    prose.metadata["nbgrader"] = {"grade_id": "mean_square"}
    result = rebuilt(bench, json.loads(nbformat.writes(right)))
    texts = [cell.source for cell in result.notebook.cells]
    assert texts.count("## Sums by rows") == 1

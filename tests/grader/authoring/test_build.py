"""nbgrader's source notebook: what it holds, and that it is the same every time."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from grader.authoring.build import build, reference_answers, starter, to_notebook, write_if_changed
from grader.authoring.cells import AssignmentSource
from grader.configuration import Course
from grader.errors import SourceError, UnknownAssignment


def cell_of(source: AssignmentSource, name: str) -> nbformat.NotebookNode:
    return next(cell for cell in to_notebook(source).cells if cell.id == name)


def test_the_notebook_is_valid_and_has_one_cell_for_each_of_the_source(
    tiny: AssignmentSource,
) -> None:
    notebook = to_notebook(tiny)
    nbformat.validate(notebook)
    assert [cell.id for cell in notebook.cells] == [cell.id for cell in tiny.cells]
    assert notebook.metadata.kernelspec.name == "python3"
    assert set(notebook.metadata) == {"kernelspec", "language_info"}


ROLES = [
    # id, grade, solution, locked, points, what the tools want to know
    ("imports", False, False, True, None, {"role": "setup"}),
    ("squares", False, False, True, None, {"role": "figure"}),
    (
        "mean_square",
        False,
        True,
        False,
        None,
        {"role": "answer", "title": "The mean of squares", "minutes": 5},
    ),
    (
        "mean_square_by_hand",
        True,
        False,
        True,
        1,
        {
            "role": "test",
            "exercise": "mean_square",
            "title": "three numbers by hand",
            "points": 1,
        },
    ),
    (
        "row_sums_one_row",
        True,
        False,
        True,
        1.5,
        {
            "role": "test",
            "exercise": "row_sums",
            "title": "a single row",
            "points": 1.5,
            "hidden": True,
        },
    ),
    (
        "why_unchanged",
        True,
        True,
        False,
        5,
        {"role": "written", "title": "Why does the mean stay?", "minutes": 2, "points": 5},
    ),
]


@pytest.mark.parametrize(("name", "grade", "solution", "locked", "points", "about"), ROLES)
def test_each_role_has_its_metadata(
    tiny: AssignmentSource,
    name: str,
    grade: bool,
    solution: bool,
    locked: bool,
    points: float | None,
    about: dict[str, object],
) -> None:
    metadata = cell_of(tiny, name).metadata
    assert metadata.nbgrader == {
        "schema_version": 3,
        "grade_id": name,
        "grade": grade,
        "solution": solution,
        "locked": locked,
        "task": False,
    } | ({} if points is None else {"points": points})
    assert metadata.course == about


def test_prose_has_no_metadata(tiny: AssignmentSource) -> None:
    first = to_notebook(tiny).cells[0]
    assert (first.cell_type, first.metadata) == ("markdown", {})


def test_a_hidden_test_lies_between_the_delimiters_under_its_public_line(
    tiny: AssignmentSource,
) -> None:
    lines = cell_of(tiny, "row_sums_one_row").source.split("\n")
    assert lines == [
        "# Hidden test: a single row (1.5 points)",
        "### BEGIN HIDDEN TESTS",
        'assert_close(row_sums(np.array([[0.5, 0.25, 0.25]])), [1.0], "the sum of one row")',
        "### END HIDDEN TESTS",
    ]


def test_one_point_is_singular(tiny: AssignmentSource) -> None:
    assert starter(next(c for c in tiny.cells if c.id == "mean_square_input")) == (
        "# Hidden test: the input stays as it was (1 point)"
    )


def test_the_mark_scheme_leaves_with_the_solution(tiny: AssignmentSource) -> None:
    assert cell_of(tiny, "why_unchanged").source == (
        "### BEGIN SOLUTION\n"
        "Both the sum of squares and the number of entries double, so the quotient stays.\n"
        "\n"
        "**Mark scheme**\n"
        "\n"
        "- 3 points for naming that numerator and denominator double\n"
        "- 2 points for the conclusion about the quotient\n"
        "### END SOLUTION"
    )
    assert starter(tiny.written[0]) == "YOUR ANSWER HERE"


def test_a_starter_has_the_stub_in_the_place_of_the_solution(tiny: AssignmentSource) -> None:
    assert starter(tiny.answers[1]) == (
        "def row_sums(rows: Array) -> Array:\n"
        '    """The sum of each row of `rows`."""\n'
        "    # YOUR CODE HERE\n"
        "    raise NotImplementedError()"
    )


def test_a_reference_answer_is_the_cell_without_the_delimiters(tiny: AssignmentSource) -> None:
    answers = reference_answers(tiny)
    assert list(answers) == ["mean_square", "row_sums"]
    assert answers["row_sums"] == (
        "def row_sums(rows: Array) -> Array:\n"
        '    """The sum of each row of `rows`."""\n'
        "    return np.asarray(rows).sum(axis=1)"
    )


def test_the_reference_notebook_passes_its_own_tests(tiny: AssignmentSource) -> None:
    answers = reference_answers(tiny)
    text = "\n".join(
        answers.get(cell.id, cell.source) for cell in tiny.cells if cell.cell_type == "code"
    )
    exec(text, {"__name__": "reference"})


def test_building_again_gives_the_same_bytes_and_leaves_the_file_alone(course: Course) -> None:
    path = build(course, "tiny")
    assert path == course.source_notebook("tiny")
    before = path.read_bytes()
    os.utime(path, (1, 1))
    assert build(course, "tiny") == path
    assert path.read_bytes() == before
    assert path.stat().st_mtime == 1
    assert [each.name for each in path.parent.iterdir()] == ["tiny.ipynb"]


def test_another_process_builds_the_same_bytes(course: Course, tiny: AssignmentSource) -> None:
    code = (
        "import sys; from pathlib import Path; from grader.configuration import load_course; "
        "from grader.authoring.build import build; build(load_course(Path(sys.argv[1])), 'tiny')"
    )
    here = build(course, "tiny").read_bytes()
    course.source_notebook("tiny").unlink()
    environment = {**os.environ, "PYTHONHASHSEED": "77"}
    subprocess.run([sys.executable, "-c", code, str(course.root)], check=True, env=environment)
    assert course.source_notebook("tiny").read_bytes() == here


def test_an_unknown_assignment_and_a_wrong_source_write_nothing(course: Course) -> None:
    with pytest.raises(UnknownAssignment):
        build(course, "tinny")
    source = course.solution_source("tiny")
    source.write_text(source.read_text().replace("points=5", "points=0"))
    with pytest.raises(SourceError):
        build(course, "tiny")
    assert not course.var.exists()


def test_a_file_is_written_whole_and_readable_by_all(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.txt"
    assert write_if_changed(path, "ọrọ\n")
    assert path.read_text(encoding="utf-8") == "ọrọ\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    path.chmod(0o755)
    assert not write_if_changed(path, "ọrọ\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert write_if_changed(path, "other\n")


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.txt"
    write_if_changed(path, "old")

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="no space left"):
        write_if_changed(path, "new")
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["file.txt"]

"""A whole notebook, graded for its own learner as it would be graded when handed in."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from course.checking.tutor import TutorError
from course.checking.tutor_process import TutorProcess
from grader.configuration import Course


@pytest.fixture(scope="module")
def tutor(released_once: Course) -> Iterator[TutorProcess]:
    tutor = TutorProcess(released_once.root, "tiny")
    yield tutor
    tutor.close()


def saved(notebook: NotebookNode, folder: Path) -> Path:
    path = folder / "tiny.ipynb"
    nbformat.write(notebook, path)
    return path


def outcomes(graded: Any) -> dict[str, str]:
    return {each["name"]: each["outcome"] for each in graded["results"]}


def test_a_right_notebook_passes_and_a_written_answer_may_be_missing(
    tutor: TutorProcess, right: NotebookNode, tmp_path: Path
) -> None:
    graded = tutor.grade(saved(right, tmp_path))
    assert set(outcomes(graded).values()) == {"passed"}
    assert graded["written"] == {"why_unchanged": False}
    assert (graded["sandbox"], graded["errors"]) == ("bubblewrap", {})


def test_it_is_run_from_the_beginning_and_stopped_cells_are_named(
    tutor: TutorProcess, right: NotebookNode, tmp_path: Path
) -> None:
    for cell in right.cells:
        if cell.get("id") == "row_sums":
            cell.source = "offset\n" + cell.source  # a name that only the kernel remembers
    graded = tutor.grade(saved(right, tmp_path), "none")
    assert graded["sandbox"] == "none"
    assert "NameError" in graded["errors"]["row_sums"]
    assert outcomes(graded)["mean_square_by_hand"] == "passed"
    assert outcomes(graded)["row_sums_by_hand"] == "failed"


def test_no_line_of_a_hidden_test_and_no_print_of_one_comes_back(
    tutor: TutorProcess, wrong: NotebookNode, tmp_path: Path
) -> None:
    said = repr(tutor.grade(saved(wrong, tmp_path)))
    assert "data_drawn_once" not in said


@pytest.mark.parametrize("text", ["", "no notebook", "[]"])
def test_what_is_no_notebook_is_refused_in_a_sentence(
    tutor: TutorProcess, text: str, tmp_path: Path
) -> None:
    path = tmp_path / "tiny.ipynb"
    path.write_text(text)
    with pytest.raises(TutorError, match="notebook"):
        tutor.grade(path)


def test_a_sandbox_that_is_unknown_is_refused(
    tutor: TutorProcess, right: NotebookNode, tmp_path: Path
) -> None:
    with pytest.raises(TutorError, match="no sandbox is called 'glass'"):
        tutor.grade(saved(right, tmp_path), "glass")


def test_a_course_without_the_assignment_is_told(released_once: Course) -> None:
    tutor = TutorProcess(released_once.root, "nothing")
    with pytest.raises(TutorError, match="nothing"):
        tutor.about()
    tutor.close()

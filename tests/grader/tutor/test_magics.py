"""The magics in an IPython shell: what they show, what they remember, what they never do."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from course.checking import magics, open_notebook
from course.checking.opening import OFF
from grader.configuration import Course

from .conftest import RIGHT, SUMS
from .test_commands import HINTS

Shown = list[str]


@pytest.fixture(scope="module")
def root(released_once: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A released course whose first exercise has hints."""
    root = tmp_path_factory.mktemp("magics") / "a course"
    shutil.copytree(released_once.root, root)
    with (root / "solutions" / "tiny" / "notebook.py").open("a") as file:
        file.write(HINTS)
    return root


@pytest.fixture(scope="module")
def _shell(root: Path) -> Iterator[Any]:
    config = Config()
    config.HistoryManager.enabled = False
    before = sys.modules["__main__"]  # a shell puts its own module there
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=config)
    yield shell
    magics.end(shell)
    InteractiveShell.clear_instance()
    sys.modules["__main__"] = before


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    """The plain text of all that was displayed."""
    shown: Shown = []
    monkeypatch.setattr(magics, "display", lambda value: shown.append(repr(value)))
    return shown


@pytest.fixture
def shell(_shell: Any, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A shell with a tutor that is warm, and a record of progress of its own."""
    monkeypatch.setenv("COURSE_ROOT", str(root))
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.jsonl"))
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    _shell.reset(new_session=False)
    if getattr(_shell, "course_magics", None) is None:
        _shell.run_cell("from course.checking import open_notebook; open_notebook('tiny')")
    else:
        _shell.course_magics.session.move_to(_shell)
    _shell.course_magics.diary = magics.Diary("tiny", magics.Progress.open())
    _shell.run_cell("import numpy as np")
    return _shell


def events(tmp_path: Path) -> list[dict[str, Any]]:
    lines = (tmp_path / "progress.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_check_in_the_cell_of_the_answer_checks_that_answer(
    shell: Any, shown: Shown, tmp_path: Path
) -> None:
    shell.run_cell(SUMS + "%check")
    assert "✘ mean_square, The mean of squares: 1 of 4 marks" in shown[0]
    assert "A likely cause: You sum the squares" in shown[0]
    assert "%hint" in shown[0]
    (event,) = events(tmp_path)
    assert (event["kind"], event["outcome"], event["mistake"]) == (
        "check",
        "failed",
        "sums_the_squares",
    )


def test_check_all_checks_what_is_there_and_names_what_is_not(shell: Any, shown: Shown) -> None:
    shell.run_cell(RIGHT)
    shell.run_cell("%check all")
    assert "✔ mean_square, The mean of squares: 4 of 4 marks" in shown[0]
    assert shown[1] == "Not there yet, so not checked: row_sums."


def test_hints_climb_and_stay_at_the_top(shell: Any, shown: Shown, tmp_path: Path) -> None:
    for _ in range(4):
        shell.run_cell("%hint mean_square")
    shell.run_cell("%hint mean_square 1")
    words = [
        "number that you divide by",
        "sum over a count",
        "Square, add",
        "Square, add",
        "divide",
    ]
    assert all(word in text for word, text in zip(words, shown, strict=True))
    assert "`%solution` shows an answer" in shown[2]
    assert [event["number"] for event in events(tmp_path)] == [1, 2, 3, 3, 1]


def test_a_solution_comes_after_an_attempt_or_when_asked_for_twice(
    shell: Any, shown: Shown, tmp_path: Path
) -> None:
    shell.run_cell("%solution mean_square")
    assert "Try mean_square first" in shown[0]
    assert "total_of_the_squares" not in shown[0]
    shell.run_cell("%solution mean_square now")
    assert "total_of_the_squares" in shown[1]
    shell.run_cell(SUMS + "%check")
    shell.run_cell("%solution")
    assert "total_of_the_squares" in shown[3]
    assert [event["kind"] for event in events(tmp_path)] == ["solution", "check", "solution"]


def test_an_unattempted_answer_is_no_attempt(shell: Any, shown: Shown) -> None:
    shell.run_cell("def mean_square(x):\n    raise NotImplementedError()\n")
    shell.run_cell("%check")
    assert "not attempted yet. That is not wrong" in shown[0]
    shell.run_cell("%solution")
    assert "Try mean_square first" in shown[1]


def test_progress_shows_this_notebook(shell: Any, shown: Shown) -> None:
    shell.run_cell(RIGHT + "%check")
    shell.run_cell("%progress")
    assert "1 of 2 passed, 4 of 6.5 marks" in shown[1]
    assert "✔ mean_square" in shown[1]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%check", "No exercise was run yet. Write for example %check NAME"),
        ("%check nothing", "There is no exercise nothing."),
        ("%check row_sums", "Row_sums is not there yet."),
        ("%hint row_sums", "There is no hint 1 for row_sums."),
        ("%hint mean_square 9", "There is no hint 9 for mean_square."),
    ],
)
def test_whatever_goes_wrong_is_a_sentence_and_no_traceback(
    line: str, said: str, shell: Any, shown: Shown
) -> None:
    result = shell.run_cell(line)
    assert result.success
    assert said.lower() in shown[0].lower()


def test_progress_that_cannot_be_written_is_said_once_and_hints_go_on(
    shell: Any, shown: Shown, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    shell.course_magics.diary = magics.Diary(
        "tiny", magics.Progress.open(tmp_path / "file" / "progress.jsonl")
    )
    for _ in range(3):
        shell.run_cell("%hint mean_square")
    problems = [text for text in shown if "cannot be recorded" in text]
    assert len(problems) == 1
    assert "Square, add" in shown[-1]  # the third hint: the first two are remembered


def test_without_a_tutor_the_visible_tests_are_run_and_said_to_be_all(
    shell: Any, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell.course_magics.session, "_tutor", None)
    shell.run_cell("from course.testing import assert_close, exercise, probe")
    shell.run_cell(SUMS + "%check")
    assert "0 of 1 marks" in shown[0]
    assert "the mean of squares: expected 4.66667, got 14" in shown[0]
    assert "Only the visible tests were run" in shown[0]
    shell.run_cell("def mean_square(x):\n    raise NotImplementedError()\n%check")
    assert "not attempted yet" in shown[1]
    shell.run_cell(RIGHT + "%check")
    assert "1 of 1 marks" in shown[2]
    shell.run_cell("%hint mean_square")
    assert "Hints are kept with the tests, and this copy of the course has none" in shown[3]


@pytest.mark.parametrize(("name", "value"), [("NBGRADER_EXECUTION", "autograde"), (OFF, "off")])
def test_where_nobody_learns_nothing_is_started(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    monkeypatch.setattr(magics, "begin", lambda *what: started.append(what))
    monkeypatch.setenv(name, value)
    open_notebook("tiny")
    assert started == []

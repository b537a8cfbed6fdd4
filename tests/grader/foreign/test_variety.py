"""What courses differ in: schemas, settings, files, magics, cells that are answer and test."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook

from grader.foreign.grading import grade_folder
from grader.foreign.place import open_course_folder
from grader.grading import Graded

from .course_maker import (
    answer,
    assertion,
    hand_in,
    make_course,
    marks,
    ordinary,
    stock_autograde,
)

MakeOnce = Callable[[str, Callable[[Path], object]], Path]

CONFIGURATION = """
from nbgrader.plugins import BasePlugin

class HalfAPoint(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return 0.5

c.AssignLatePenalties.plugin_class = HalfAPoint
c.CourseDirectory.submitted_directory = 'handed_in'
c.CourseDirectory.db_url = 'sqlite:///gradebook.db'
c.Autograde.exclude_overwriting = {'a1': ['own.py']}
"""


def answer_and_test() -> NotebookNode:
    cell = new_code_cell("### BEGIN SOLUTION\nx = 2\n### END SOLUTION\nassert x == 2")
    cell.metadata["nbgrader"] = NotebookNode(
        grade=True, solution=True, locked=False, points=2.0, grade_id="both", schema_version=3
    )
    return cell


CELLS = [
    ordinary("import json\nwith open('data/numbers.json') as file:\n    numbers = json.load(file)"),
    answer("mean", "def mean(xs):\n    return sum(xs) / len(xs)"),
    assertion("mean_of_file", "assert mean(numbers) == 2"),
    assertion(
        "mean_of_shifted", "%timeit -n1 -r1 mean([1])\nassert mean([x + 1 for x in numbers]) == 3"
    ),
    answer("load", "def load():\n    from own import OWN\n    return OWN"),
    assertion("loads_own", "assert load() == 'mine'"),
    answer("write", "def write():\n    open('out.txt', 'w').write('done')"),
    assertion("writes_a_file", "write()\nassert open('out.txt').read() == 'done'"),
    answer_and_test(),
    assertion("says_nothing", "'full marks'"),
    assertion("too_much", "9"),
    assertion("no_number", "float('nan')"),
    assertion("a_true_value", "mean([1]) == 1"),
    assertion("no_value", "0;"),
    assertion("zero", "0"),
]
FILES = {"data/numbers.json": "[1, 2, 3]", "own.py": "OWN = 'mine'\n"}
DIFFERENT = {"too_much", "no_number"}  # stock: no marks for anything, and full marks for NaN


def _make(root: Path) -> None:
    make_course(root, {"one": CELLS}, FILES, CONFIGURATION)
    folder = hand_in(root, "ann")
    shutil.move(root / "submitted", root / "handed_in")
    folder = root / "handed_in" / "ann" / "a1"
    (folder / "own.py").write_text("OWN = 'mine'\n")
    (folder / "timestamp.txt").write_text("2026-01-02 00:00:00 UTC")
    with Gradebook(f"sqlite:///{root}/gradebook.db", "small") as gradebook:
        gradebook.update_or_create_assignment("a1", duedate="2026-01-01 00:00:00")
    shutil.copytree(folder, root / "handed_in" / "old" / "a1")
    _make_old(root / "handed_in" / "old" / "a1" / "one.ipynb")


def _make_old(path: Path) -> None:
    """Metadata of schema 1 in a notebook of format 4.0, as years ago."""
    notebook = json.loads(path.read_text())
    notebook["nbformat_minor"] = 0
    for cell in notebook["cells"]:
        cell.pop("id", None)
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["schema_version"] = 1
            cell["metadata"]["nbgrader"].pop("task", None)
    path.write_text(json.dumps(notebook))


@pytest.fixture(scope="module")
def course(once: MakeOnce) -> Path:
    return once("a varied course", _make)


@pytest.fixture(scope="module")
def line(course: Path, once: MakeOnce) -> dict[str, Graded]:
    root = once("varied, by us", lambda root: shutil.copytree(course, root))
    return {each.learner: each for each in grade_folder(open_course_folder(root), "a1")}


def earned(graded: Graded) -> dict[str, tuple[float, str]]:
    assert graded.run.fault is None
    return {test.name: (test.earned, test.place) for test in graded.run.tests}


def test_tests_find_the_files_and_may_use_magics(line: dict[str, Graded]):
    found = earned(line["ann"])
    assert found["mean_of_file"] == (1.0, "apart")
    assert found["mean_of_shifted"] == (1.0, "beside")
    assert found["writes_a_file"] == (1.0, "beside")
    assert found["loads_own"] == (1.0, "apart")


def test_a_part_of_the_points_is_a_number_from_nothing_to_all(line: dict[str, Graded]):
    found = {name: mark for name, (mark, _) in earned(line["ann"]).items()}
    assert found["says_nothing"] == found["a_true_value"] == found["no_value"] == 1.0
    assert found["zero"] == found["too_much"] == found["no_number"] == 0.0


def test_old_metadata_are_brought_up_to_date(line: dict[str, Graded]):
    assert earned(line["old"]) == earned(line["ann"])


def test_a_cell_that_is_answer_and_test_waits_for_a_person(line: dict[str, Graded], once: MakeOnce):
    assert line["ann"].marks is not None
    assert line["ann"].marks.needs_manual_grade
    assert "both" not in earned(line["ann"])


def test_the_late_penalty_is_that_of_the_courses_plug_in(
    line: dict[str, Graded], course: Path, once: MakeOnce
):
    root = once("varied, by us", lambda root: None)
    with Gradebook(f"sqlite:///{root}/gradebook.db", "small") as gradebook:
        entry = gradebook.find_submission("a1", "ann")
        assert entry.late_submission_penalty == 0.5


def test_marks_are_stock_nbgraders_but_for_numbers_that_are_none(
    line: dict[str, Graded], course: Path, once: MakeOnce
):
    def stock(root: Path) -> None:
        shutil.copytree(course, root)
        shutil.rmtree(root / "handed_in" / "old")  # stock asks to run nbgrader update first
        _without(root / "source" / "a1" / "one.ipynb", root)
        stock_autograde(root)

    theirs = marks(once("varied, by stock", stock))
    ours = marks(once("varied, by us", lambda root: None))
    same = {key: mark for key, mark in theirs.items() if key[1] not in DIFFERENT}
    assert len(same) > 8
    assert {key: ours[key] for key in same} == same


def _without(path: Path, root: Path) -> None:
    """Stock nbgrader gives up a submission with more than all points; leave that test out."""
    submitted = root / "handed_in" / "ann" / "a1" / "one.ipynb"
    notebook = nbformat.read(submitted, as_version=4)
    notebook.cells = [
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") != "too_much"
    ]
    nbformat.write(notebook, submitted)

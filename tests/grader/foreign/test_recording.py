"""A learner's record is one transaction: whole or not there, unless the course's own code joins."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import pytest
from nbformat import NotebookNode
from nbgrader import api
from sqlalchemy import event
from sqlalchemy.engine import Engine

from grader.errors import GradebookError
from grader.foreign.assignment import open_assignment
from grader.foreign.grading import hand_in
from grader.foreign.handin import read_notebook
from grader.foreign.place import CourseFolder, open_course_folder
from grader.foreign.recording import record
from grader.records import Outcome, Run, TestResult

HOOK = """
def hook(assignment, student, notebooks):
    import sqlite3
    with sqlite3.connect({path!r}, timeout=1.0) as database:
        database.execute("CREATE TABLE seen (marks FLOAT)")
        database.execute("INSERT INTO seen SELECT sum(auto_score) FROM grade")

c.Autograde.post_convert_hook = hook
"""


def all_passed(folder: CourseFolder, learner: str) -> Mapping[str, tuple[NotebookNode, Run]]:
    """A learner's notebooks, rebuilt, and runs in which every test passed."""
    assignment = open_assignment(folder, "a1")
    found = {}
    for notebook in assignment.notebooks:
        submitted, _ = read_notebook(assignment, learner, notebook.name)
        assert submitted is not None
        rebuilt = hand_in(assignment, notebook, learner, submitted).rebuilt
        assert rebuilt is not None
        tests = tuple(
            TestResult(cell.name, "", Outcome.PASSED, cell.points) for cell in notebook.tests
        )
        found[notebook.name] = (rebuilt, Run("a1", learner, tests))
    return found


@pytest.fixture
def commits() -> Iterator[list[Any]]:
    """The database's transactions that end well, one entry each."""
    seen: list[Any] = []
    note = seen.append  # another object each time that it is asked for
    event.listen(Engine, "commit", note)
    yield seen
    event.remove(Engine, "commit", note)


def rows(folder: CourseFolder, query: str) -> list[Any]:
    with closing(sqlite3.connect(str(folder.gradebook_file))) as database:
        return database.execute(query).fetchall()


MARKED = "SELECT count(*) FROM grade WHERE auto_score IS NOT NULL"
LEARNERS = "SELECT id FROM student ORDER BY id"


@contextmanager
def nbgraders_own_names() -> Iterator[None]:
    names = ("create_engine", "sessionmaker", "inspect", "Base", "Gradebook")
    before = [getattr(api, name) for name in names]
    yield
    assert [getattr(api, name) for name in names] == before


def test_a_record_is_one_transaction(folder: CourseFolder, commits: list[Any]) -> None:
    graded = all_passed(folder, "ann")
    commits.clear()
    with nbgraders_own_names():
        record(folder, "a1", "ann", graded)
    assert len(commits) == 2  # the look whether all tables are there ends with one, too
    tests = sum(len(run.tests) for _, run in graded.values())
    assert rows(folder, MARKED) == [(tests,)]


def test_of_a_record_that_fails_nothing_is_there_and_the_next_is_whole(
    folder: CourseFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    graded, wrong = all_passed(folder, "ann"), dict(all_passed(folder, "bob"))
    rebuilt, run = wrong["two"]
    for cell in rebuilt.cells:  # in the second notebook, when the first is in the gradebook
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.metadata.nbgrader.grade_id = "nobody's"
    wrong["two"] = (rebuilt, replace(run))
    with nbgraders_own_names(), pytest.raises(GradebookError, match="nobody's"):
        record(folder, "a1", "bob", wrong)
    assert (rows(folder, MARKED), rows(folder, LEARNERS)) == ([(0,)], [])
    assert not folder.autograded("a1", "bob").exists()
    record(folder, "a1", "ann", graded)
    assert rows(folder, LEARNERS) == [("ann",)]


def test_what_was_recorded_before_stays_when_a_later_record_fails(folder: CourseFolder) -> None:
    graded = all_passed(folder, "ann")
    record(folder, "a1", "ann", graded)
    before = rows(folder, MARKED)
    for cell in graded["two"][0].cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.metadata.nbgrader.grade_id = "nobody's"
    with pytest.raises(GradebookError):
        record(folder, "a1", "ann", graded)
    assert rows(folder, MARKED) == before != [(0,)]


def test_a_hook_of_the_courses_may_write_into_the_gradebook_itself(
    folder: CourseFolder,
) -> None:
    settings = folder.root / "nbgrader_config.py"
    path = str(folder.gradebook_file)
    settings.write_text(settings.read_text() + HOOK.format(path=path))
    folder = open_course_folder(folder.root)
    record(folder, "a1", "ann", all_passed(folder, "ann"))
    [(marks,)] = rows(folder, "SELECT marks FROM seen")
    assert marks > 0
    assert marks == rows(folder, "SELECT sum(auto_score) FROM grade")[0][0]

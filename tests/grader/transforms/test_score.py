"""Marks fail closed: what is no number of marks reaches no gradebook, and nothing old stays."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from grader import grading
from grader.authoring.handin import answered
from grader.configuration import Course
from grader.grading import Graded
from grader.records import Outcome, Run, Score, Script, TestResult

from ..cohort import WRONG, delete_tests, hand_in

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("marks", "points"),
    [
        (NAN, 2.0),
        (-0.5, 2.0),
        (-INF, 2.0),
        (2.5, 2.0),
        (INF, 2.0),
        (INF, INF),
        (1.0, NAN),
        (1.0, -1.0),
        ("2.0", 2.0),
        (None, 2.0),
        ([2.0], 2.0),
        (1 + 0j, 2.0),
    ],
)
def test_what_is_no_number_from_0_to_the_points_is_no_score(marks: Any, points: float) -> None:
    with pytest.raises(ValueError, match="the marks of test 'a_test' are"):
        Score("a_test", marks, points)


@pytest.mark.parametrize("marks", [0.0, 0, 1.5, 2, 2.0])
def test_a_number_from_0_to_the_points_is_a_score(marks: float) -> None:
    assert Score("a_test", marks, 2.0).marks == marks


def passed(script: Script) -> Run:
    """A run that claims everything."""
    tests = tuple(
        TestResult(cell.name, cell.exercise or "", Outcome.PASSED, cell.points)
        for cell in script.tests
    )
    return Run("tiny", script.learner, tests)


def change_first(run: Run, **changes: Any) -> Run:
    return replace(run, tests=(replace(run.tests[0], **changes), *run.tests[1:]))


Pretend = Callable[[Callable[[Run], Run]], Graded]


@pytest.fixture
def graded_as(released: Course, right: NotebookNode, monkeypatch: pytest.MonkeyPatch) -> Pretend:
    """Grades a notebook whose run is whatever the test says."""
    hand_in(released, "ann", right)

    def grade(change: Callable[[Run], Run]) -> Graded:
        def execute(kit: object, scripts: Sequence[Script], **_: object) -> Iterator[Run]:
            yield from (change(passed(script)) for script in scripts)

        monkeypatch.setattr(grading, "execute_batch", execute)
        [line] = grading.grade(released, "tiny")
        return line

    return grade


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda run: change_first(run, points=NAN), "expected a number from 0 to"),
        (lambda run: change_first(run, points=-1.0), "expected a number from 0 to"),
        (lambda run: change_first(run, points=100.0), "the gradebook has 1 points"),
        (lambda run: replace(run, tests=run.tests[1:]), "KeyError"),
        (lambda run: change_first(run, name="another"), "KeyError"),
    ],
    ids=["NaN", "negative", "too large", "missing", "of another name"],
)
def test_a_run_with_odd_marks_is_a_fault_and_leaves_the_gradebook_without_marks(
    change: Callable[[Run], Run], says: str, graded_as: Pretend
) -> None:
    line = graded_as(change)
    assert line.outcome is Outcome.ERRORED
    assert line.run.fault is not None
    assert says in line.run.fault
    assert line.marks is None or line.marks.score == 0
    assert graded_as(lambda run: run).marks.score == 6.5  # type: ignore[union-attr]


def test_an_errored_test_waits_for_a_person_and_is_no_zero(
    graded_as: Pretend, released: Course
) -> None:
    line = graded_as(lambda run: change_first(run, outcome=Outcome.ERRORED))
    assert line.marks is not None
    assert (line.marks.score, line.marks.needs_manual_grade) == (5.5, True)
    assert grades(released)["mean_square_by_hand"] == (None, None, True)


def grades(course: Course) -> dict[str, tuple[float | None, float | None, bool]]:
    """What the gradebook holds of ann: automatic marks, marks by hand, and whether to look."""
    with Gradebook(f"sqlite:///{course.gradebook}", course.id) as gradebook:
        notebook = gradebook.find_submission_notebook("tiny", "tiny", "ann")
        return {
            grade.name: (grade.auto_score, grade.manual_score, grade.needs_manual_grade)
            for grade in notebook.grades
        }


def mark_by_hand(course: Course, name: str, marks: float) -> None:
    """What the formgrader does when a person has typed a number."""
    with Gradebook(f"sqlite:///{course.gradebook}", course.id) as gradebook:
        grade = gradebook.find_grade(name, "tiny", "tiny", "ann")
        grade.manual_score, grade.needs_manual_grade = marks, False
        gradebook.db.commit()


def regrade(course: Course, notebook: NotebookNode | bytes) -> tuple[float, bool]:
    hand_in(course, "ann", notebook)
    [line] = grading.grade(course, "tiny")
    assert line.run.fault is None
    assert line.fresh
    assert line.marks is not None
    return line.marks.score, line.marks.needs_manual_grade


def test_hole_6_no_mark_of_an_earlier_hand_in_survives(
    released: Course, right: NotebookNode, blank: NotebookNode, without_workers: list[str]
) -> None:
    assert regrade(released, right) == (6.5, False)
    worse = answered(right, {"mean_square": WRONG})
    delete_tests(worse.cells)
    assert regrade(released, worse) == (2.5, False)
    worse.cells = [cell for cell in worse.cells if cell.id != "row_sums"]
    assert regrade(released, worse) == (0, False)
    assert regrade(released, right) == (6.5, False)
    assert regrade(released, b"") == (0, True)  # a person decides what a broken file is worth
    assert all(auto is None for auto, _, _ in grades(released).values())
    assert regrade(released, blank) == (0, False)


def test_marks_by_hand_survive_an_unchanged_run_and_are_shown_again_after_a_change(
    released: Course, right: NotebookNode, without_workers: list[str]
) -> None:
    written = answered(right, {"why_unchanged": "Both double."})
    assert regrade(released, written) == (6.5, True)
    assert grades(released)["why_unchanged"] == (None, None, True)
    mark_by_hand(released, "why_unchanged", 4.0)
    [line] = grading.grade(released, "tiny")
    assert not line.fresh
    assert line.marks is not None
    assert (line.marks.score, line.marks.needs_manual_grade) == (10.5, False)
    assert without_workers == ["ann"]
    better = answered(written, {"why_unchanged": "Numerator and denominator double."})
    assert regrade(released, better) == (10.5, True)


def test_a_written_answer_that_was_not_touched_needs_nobody(
    released: Course, right: NotebookNode, without_workers: list[str]
) -> None:
    assert regrade(released, right) == (6.5, False)
    assert grades(released)["why_unchanged"] == (0.0, None, False)

"""Marks are stock nbgrader's where it is fair, and none where a learner plays a trick on it."""

from pathlib import Path

from grader.foreign.audit import audit_folder
from grader.foreign.place import CourseFolder
from grader.grading import Graded
from grader.records import Outcome, TestResult

from .conftest import BESIDE, WRONG
from .course_maker import marks

Course = tuple[CourseFolder, dict[str, Graded]]


def results(graded: Course, learner: str) -> dict[str, TestResult]:
    run = graded[1][learner].run
    assert run.fault is None
    return {test.name.rpartition("/")[2]: test for test in run.tests}


def test_every_mark_is_the_one_that_stock_nbgrader_gives(
    graded: Course, stock: dict[tuple[str, str], float | None]
):
    ours = marks(graded[0].root)
    assert len(stock) > 60
    assert {key: ours[key] for key in stock} == stock


def test_the_reference_earns_everything(graded: Course):
    assert all(test.outcome is Outcome.PASSED for test in results(graded, "ann").values())


def test_each_wrong_answer_loses_its_test(graded: Course):
    lost = {n for n, test in results(graded, "bob").items() if test.earned < test.points}
    assert len(lost) >= len(WRONG)


def test_a_test_runs_beside_only_where_it_must_and_the_audit_says_why(graded: Course):
    report = audit_folder(graded[0], "a1")
    assert {line.test for line in report.lines if line.place == "beside"} == BESIDE
    assert all(
        bool(line.why) == bool(line.advice) == (line.place == "beside") for line in report.lines
    )
    assert report.holds


def test_an_answer_that_is_right_and_no_plain_data_is_graded_beside_with_a_note(graded: Course):
    found = results(graded, "dan")
    assert found["area_of_two"].outcome is Outcome.PASSED
    assert found["area_of_two"].place == "beside"
    assert any("area_of_two" in note for note in graded[1]["dan"].run.notes)


def test_an_object_that_marks_itself_earns_nothing(graded: Course):
    found = results(graded, "cyd")
    for name in ("area_of_two", "chosen_is_b", "squares_again"):
        assert found[name].earned == 0.0, name
        assert found[name].place == "apart"
    assert found["squares_in_parts"].earned == 1.5  # and not the 4 that it displayed itself


def test_beside_neither_shadows_nor_transformers_nor_an_exit_pass_a_test(graded: Course):
    found = results(graded, "cyd")
    for name in ("point_is_one", "applies_a_callback", "ask_patched"):
        assert (found[name].place, found[name].earned) == ("beside", 0.0), name


def test_deleting_tagging_or_editing_a_test_changes_nothing(graded: Course):
    found = results(graded, "eve")
    assert found["chosen_is_b"].outcome is Outcome.PASSED  # put back, and the answer is right
    assert found["squares_again"].outcome is Outcome.FAILED


def test_a_file_that_is_no_notebook_waits_for_a_person(graded: Course):
    line = graded[1]["fay"]
    assert line.outcome is Outcome.ERRORED
    assert "cut off" in str(line.run.refusal)
    ours = marks(graded[0].root)
    assert all(mark is None for (who, _), mark in ours.items() if who == "fay") or not ours


def test_nothing_but_what_autograde_leaves_is_in_the_course(graded: Course, made: Path):
    def names(root: Path) -> set[str]:
        return {str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()}

    new = names(graded[0].root) - names(made)
    assert {name.split("/")[0] for name in new} == {"autograded", "submitted"}
    assert not any("submitted" in n for n in new if n.split("/")[1] in ("ann", "bob", "dan"))


def test_what_has_not_changed_is_not_graded_again(graded: Course):
    from grader.foreign.grading import grade_folder

    again = grade_folder(graded[0], "a1", ["ann", "bob"])
    assert [line.fresh for line in again] == [False, False]

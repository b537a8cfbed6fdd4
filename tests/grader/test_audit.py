"""The tests are tested: each way in which an assignment may be wrong is found and named."""

from pathlib import Path

import pytest

from grader.audit import AuditReport, audit, audit_all
from grader.authoring.release import release
from grader.configuration import Course, load_course
from grader.errors import GraderError
from grader.scaffold.create import new_assignment

pytestmark = pytest.mark.usefixtures("without_workers")

COPY = """

@mistake(
    exercise="row_sums",
    loses=["row_sums_by_hand", "row_sums_one_row"],
    hint="Add up along the other axis, please.",
)
def adds_up_the_columns(rows):
    return np.add.reduce(rows)
"""

HARMLESS = """

@mistake(exercise="row_sums", loses=["row_sums_one_row"], hint="Nothing is wrong with this.")
def sums_with_another_name(rows):
    return np.add.reduce(rows, axis=1)
"""


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def problems(report: AuditReport) -> dict[str, str]:
    assert report.holds == all(finding.holds for finding in report.findings)
    return {each.subject: "\n".join(each.problems) for each in report.findings if each.problems}


def test_a_sound_assignment_holds_and_every_mistake_was_examined(released: Course) -> None:
    report = audit(released, "tiny")
    assert problems(report) == {}
    assert [finding.subject for finding in report.findings] == [
        "the reference",
        "the untouched release",
        "sums_the_squares",
        "sums_the_columns",
        "the wall",
    ]
    assert "6.5 points" in report.findings[0].detail


def test_a_mistake_that_passes_everything_is_found(released: Course) -> None:
    path = released.mistakes_file("tiny")
    path.write_text(path.read_text() + HARMLESS)
    found = problems(audit(released, "tiny"))
    assert found == {"sums_with_another_name": "does not lose row_sums_one_row"}


def test_a_mistake_that_loses_other_tests_than_it_declares_is_found(released: Course) -> None:
    edit(
        released.mistakes_file("tiny"),
        'loses=["mean_square_by_hand", "mean_square_twice"]',
        'loses=["mean_square_by_hand", "mean_square_input"]',
    )
    found = problems(audit(released, "tiny"))
    assert set(found) == {"sums_the_squares"}
    assert "does not lose mean_square_input" in found["sums_the_squares"]
    assert "loses mean_square_twice too" in found["sums_the_squares"]


def test_two_mistakes_that_cannot_be_told_apart_are_found(released: Course) -> None:
    path = released.mistakes_file("tiny")
    path.write_text(path.read_text() + COPY)
    found = problems(audit(released, "tiny"))
    assert len(found) == 1
    [(subject, problem)] = found.items()
    names = {"sums_the_columns", "adds_up_the_columns"}
    [other] = names - {subject}
    assert f"is recognised as {other}" in problem


def test_a_reference_that_fails_is_found(released: Course) -> None:
    edit(released.solution_source("tiny"), "14 / 3, ", "15 / 3, ")
    release(released, "tiny")
    found = problems(audit(released, "tiny"))
    assert found["the reference"].startswith("mean_square_by_hand: failed, the mean of squares")
    assert "the untouched release" not in found


def test_a_test_that_passes_without_an_answer_is_found(released: Course) -> None:
    edit(
        released.solution_source("tiny"),
        'assert_close(row_sums(np.array([[0.5, 0.25, 0.25]])), [1.0], "the sum of one row")',
        'assert_close(np.array([[0.5, 0.25, 0.25]]).sum(), 1.0, "the sum of one row")',
    )
    release(released, "tiny")
    found = problems(audit(released, "tiny"))
    assert "row_sums_one_row: passed, not unattempted" in found["the untouched release"]
    assert "does not lose row_sums_one_row" in found["sums_the_columns"]


@pytest.mark.parametrize("place", ["course/hints.py", "assignments/tiny/notes.md"])
def test_a_hidden_line_in_what_learners_get_is_found(place: str, released: Course) -> None:
    path = released.root / place
    path.parent.mkdir(exist_ok=True)
    path.write_text("data_seen_twice = np.concatenate([data_drawn_once, data_drawn_once])\n")
    found = problems(audit(released, "tiny"))
    assert set(found) == {"the wall"}
    assert "mean_square_twice" in found["the wall"]


def test_a_setup_cell_that_fails_is_said_of_everything(released: Course) -> None:
    edit(released.solution_source("tiny"), "Array = npt.", "Array = nptt.")
    release(released, "tiny")
    found = problems(audit(released, "tiny"))
    assert set(found) == {
        "the reference",
        "the untouched release",
        "sums_the_squares",
        "sums_the_columns",
    }
    assert all("Error: " in problem for problem in found.values())


def test_what_was_not_released_cannot_be_audited(released: Course) -> None:
    edit(released.solution_source("tiny"), "14 / 3, ", "15 / 3, ")
    with pytest.raises(GraderError, match="run: grader release tiny"):
        audit(released, "tiny")


@pytest.fixture
def with_another(released: Course) -> Course:
    """A course with a second assignment."""
    new_assignment(released.root, "sizes", "Sizes")
    course = load_course(released.root)
    release(course, "sizes")
    return course


def test_several_assignments_are_audited_together_each_by_its_own_tests(
    with_another: Course,
) -> None:
    path = with_another.mistakes_file("tiny")
    path.write_text(path.read_text() + HARMLESS)
    seen: list[tuple[int, str | None]] = []
    reports = audit_all(
        with_another,
        ["sizes", "tiny"],
        on_progress=lambda total, run: seen.append((total, run and run.assignment)),
    )
    assert [report.assignment for report in reports] == ["sizes", "tiny"]
    alone = audit(with_another, "sizes")
    assert [each.subject for each in reports[0].findings] == [f.subject for f in alone.findings]
    assert problems(reports[0]) == problems(alone) == {}
    assert problems(reports[1]) == {"sums_with_another_name": "does not lose row_sums_one_row"}
    assert len(seen) == seen[0][0] + 1
    assert {name for _, name in seen} == {None, "sizes", "tiny"}


def test_nothing_is_audited_when_one_of_several_cannot_be(
    with_another: Course, without_workers: list[str]
) -> None:
    edit(with_another.solution_source("tiny"), "14 / 3, ", "15 / 3, ")
    with pytest.raises(GraderError, match="run: grader release tiny"):
        audit_all(with_another, ["sizes", "tiny"])
    assert without_workers == []

"""A cohort with every kind of bad submission among good ones, and what a second run does."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from grader import grading
from grader.authoring.handin import answered
from grader.configuration import Course
from grader.errors import GradebookError, GraderError, ReleaseError, UnknownAssignment
from grader.gradebook import GradebookWriter, read_marks
from grader.grading import Graded, GradingOptions
from grader.records import Outcome, Run, Script

from .cohort import BAD, WRONG, hand_in, holes, ordinary

Cohort = tuple[Course, dict[str, Graded]]


def test_everyone_is_graded_or_refused_and_nobody_is_a_fault(graded_once: Cohort) -> None:
    course, graded = graded_once
    expected = {*holes(course), *ordinary(), *BAD, "ben"}  # ben: whom a link pointed to
    assert set(graded) == expected
    assert [line.learner for line in graded.values()] == sorted(expected)
    assert {name: line.run.fault for name, line in graded.items() if line.run.fault} == {}
    assert {name for name, line in graded.items() if line.run.refusal} == set(BAD)
    assert all(line.fresh for line in graded.values())


@pytest.mark.parametrize("learner", BAD)
def test_a_bad_submission_is_errored_with_its_reason_and_waits_for_a_person(
    learner: str, graded_once: Cohort
) -> None:
    course, graded = graded_once
    line = graded[learner]
    assert line.outcome is Outcome.ERRORED
    assert line.run.refusal
    assert {test.outcome for test in line.run.tests} == {Outcome.ERRORED}
    assert line.marks is not None
    assert (line.marks.score, line.marks.max_score) == (0, 11.5)
    assert line.marks.needs_manual_grade
    notebook = nbformat.read(course.autograded_notebook("tiny", learner), as_version=4)
    assert "could not be read" in notebook.cells[0].source
    with Gradebook(f"sqlite:///{course.gradebook}", course.id) as gradebook:
        entry = gradebook.find_submission_notebook("tiny", "tiny", learner)
        assert all(grade.auto_score is None for grade in entry.grades)


def test_a_known_mistake_is_named_across_the_sandbox(graded_once: Cohort) -> None:
    _, graded = graded_once
    named = {test.name: test.mistake for test in graded["sums"].run.tests if test.mistake}
    assert set(named) == {"mean_square_by_hand", "mean_square_twice"}
    assert set(named.values()) == {"sums_the_squares"}


def snapshot(*folders: Path) -> dict[Path, tuple[int, int]]:
    return {
        Path(root, name): (status.st_mtime_ns, status.st_size)
        for folder in folders
        for root, _, names in os.walk(folder)
        for name in names
        if (status := Path(root, name).lstat())
    }


def test_a_second_run_executes_nobody_and_touches_nothing(
    graded_once: Cohort, without_workers: list[str]
) -> None:
    course, graded = graded_once
    folders = [course.var / name for name in ("runs", "autograded", "submitted", "source")]
    before = snapshot(*folders)
    told: list[tuple[int, Run | None]] = []
    again = grading.grade(course, "tiny", on_progress=lambda *seen: told.append(seen))
    assert without_workers == []
    assert told == [(0, None)]
    assert {line.learner for line in again if line.fresh} == set()
    assert {line.learner: line.marks for line in again} == {
        name: line.marks for name, line in graded.items()
    }
    assert {line.learner: line.run.tests for line in again} == {
        name: line.run.tests for name, line in graded.items()
    }
    assert snapshot(*folders) == before


@pytest.fixture
def three(released: Course, right: NotebookNode, without_workers: list[str]) -> Course:
    """Three learners, graded."""
    hand_in(released, "ann", right)
    hand_in(released, "ben", answered(right, {"mean_square": WRONG}))
    hand_in(released, "cyd", b"")
    lines = grading.grade(released, "tiny")
    assert scores(lines) == {"ann": 6.5, "ben": 2.5, "cyd": 0}
    without_workers.clear()
    return released


def scores(lines: Sequence[Graded]) -> dict[str, float | None]:
    return {line.learner: None if line.marks is None else line.marks.score for line in lines}


def fresh(lines: Sequence[Graded]) -> list[str]:
    return [line.learner for line in lines if line.fresh]


def test_only_what_changed_is_graded_again(
    three: Course, right: NotebookNode, without_workers: list[str]
) -> None:
    hand_in(three, "ben", right)
    lines = grading.grade(three, "tiny")
    assert without_workers == fresh(lines) == ["ben"]
    assert scores(lines) == {"ann": 6.5, "ben": 6.5, "cyd": 0}


def test_again_grades_everybody(three: Course, without_workers: list[str]) -> None:
    lines = grading.grade(three, "tiny", options=GradingOptions(again=True))
    assert without_workers == ["ann", "ben"]
    assert fresh(lines) == ["ann", "ben", "cyd"]
    assert scores(lines) == {"ann": 6.5, "ben": 2.5, "cyd": 0}


def test_only_those_who_are_named_are_graded(
    three: Course, right: NotebookNode, without_workers: list[str]
) -> None:
    for name in ("ann", "ben", "cyd"):
        hand_in(three, name, answered(right, {"row_sums": "# nothing"}))
    lines = grading.grade(three, "tiny", ["cyd", "ann", "ann"])
    assert [line.learner for line in lines] == fresh(lines) == ["ann", "cyd"]
    assert read_marks(three, "tiny")["ben"].score == 2.5


@pytest.mark.parametrize("lost", ["autograded", "runs"])
def test_what_is_missing_is_made_again(
    lost: str, three: Course, without_workers: list[str]
) -> None:
    place = {"autograded": three.autograded_notebook, "runs": three.run_record}[lost]
    place("tiny", "ann").unlink()
    lines = grading.grade(three, "tiny")
    assert fresh(lines) == ["ann"]
    assert scores(lines)["ann"] == 6.5
    assert place("tiny", "ann").exists()


def test_another_list_of_mistakes_grades_everybody_again(
    three: Course, without_workers: list[str]
) -> None:
    path = three.mistakes_file("tiny")
    path.write_text(path.read_text().replace("Which axis", "Say, which axis"))
    assert fresh(grading.grade(three, "tiny")) == ["ann", "ben", "cyd"]


def test_a_fault_concerns_one_learner_and_is_tried_again(
    three: Course, right: NotebookNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute_batch: Any = grading.execute_batch

    def execute(kit: object, scripts: Sequence[Script], **options: Any) -> Iterator[Run]:
        for run in execute_batch(kit, scripts, **options):
            yield replace(run, tests=(), fault="no memory") if run.learner == "ann" else run

    for name in ("ann", "ben"):
        hand_in(three, name, answered(right, {"row_sums": "# nothing"}))
    with monkeypatch.context() as patch:
        patch.setattr(grading, "execute_batch", execute)
        lines = {line.learner: line for line in grading.grade(three, "tiny")}
    assert (lines["ann"].outcome, lines["ann"].run.fault) == (Outcome.ERRORED, "no memory")
    assert lines["ben"].run.earned == 4.0
    assert fresh(grading.grade(three, "tiny")) == ["ann"]


def test_a_locked_gradebook_is_a_fault_of_that_moment_and_the_batch_goes_on(
    three: Course, right: NotebookNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = GradebookWriter.record

    def sometimes(self: GradebookWriter, learner: str) -> None:
        if learner == "ann":
            raise GradebookError("database is locked")
        record(self, learner)

    for name in ("ann", "ben"):
        hand_in(three, name, answered(right, {"row_sums": "# nothing"}))
    with monkeypatch.context() as patch:
        patch.setattr(GradebookWriter, "record", sometimes)
        lines = {line.learner: line for line in grading.grade(three, "tiny")}
    assert lines["ann"].run.fault == "database is locked"
    assert scores(list(lines.values()))["ben"] == 4.0
    lines = {line.learner: line for line in grading.grade(three, "tiny")}
    assert fresh(list(lines.values())) == ["ann"]
    assert scores(list(lines.values()))["ann"] == 4.0


@pytest.mark.parametrize(
    "timestamp", [b"never", b"\xff\xfe", b"9" * 400, b"", b"1970-01-01 00:00:00 UTC", None]
)
def test_an_odd_timestamp_is_a_clear_fault_at_most(
    timestamp: bytes | None, released: Course, right: NotebookNode, without_workers: list[str]
) -> None:
    # a forged one survives (hole 7): only the hub can know when a file arrived
    path = hand_in(released, "ann", right).parent / "timestamp.txt"
    hand_in(released, "ben", right)
    path.mkdir() if timestamp is None else path.write_bytes(timestamp)
    ann, ben = grading.grade(released, "tiny")
    assert ben.marks is not None
    assert ben.marks.score == 6.5
    if ann.run.fault is None:
        assert ann.marks == ben.marks
    else:
        assert "timestamp.txt" in ann.run.fault
        assert "grade again" in ann.run.fault


def test_nobody_handed_in(released: Course) -> None:
    with pytest.raises(GraderError, match="nobody has handed in tiny: there is no folder"):
        grading.grade(released, "tiny")


def test_an_unknown_learner_is_refused_before_anything_is_done(
    three: Course, without_workers: list[str]
) -> None:
    with pytest.raises(GraderError, match=r"'anne' has not handed in tiny\. .* 'ann'"):
        grading.grade(three, "tiny", ["anne"])


def test_an_unknown_assignment_is_refused(released: Course) -> None:
    with pytest.raises(UnknownAssignment, match="Did you mean 'tiny'"):
        grading.grade(released, "tinny")


@pytest.mark.parametrize("lost", ["source_notebook", "release_notebook"])
def test_an_assignment_that_is_not_released_is_refused(lost: str, released: Course) -> None:
    path: Callable[[str], Path] = getattr(released, lost)
    path("tiny").unlink()
    with pytest.raises(ReleaseError, match="run: grader release tiny"):
        grading.grade(released, "tiny")


def test_a_release_that_is_older_than_its_source_is_refused(released: Course) -> None:
    source = released.solution_source("tiny")
    source.write_text(source.read_text().replace("14 / 3", "14 / 3.0"))
    with pytest.raises(ReleaseError, match="run: grader release tiny"):
        grading.grade(released, "tiny")


def test_a_gradebook_that_is_gone_is_said_in_one_line(
    released: Course, right: NotebookNode
) -> None:
    hand_in(released, "ann", right)
    released.gradebook.unlink()
    with pytest.raises(GradebookError, match="run: grader release tiny"):
        grading.grade(released, "tiny")


def test_nbgraders_own_command_gives_the_same_marks_and_notebooks(
    three: Course, right: NotebookNode
) -> None:
    hand_in(three, "duplicated", holes(three)["hole-10-duplicated-tests"].make(right))
    grading.grade(three, "tiny", ["duplicated"])
    names = ("ann", "ben", "cyd", "duplicated")

    def graded() -> dict[str, Any]:
        marks = read_marks(three, "tiny")
        return {
            name: (
                marks[name],
                json.loads(three.autograded_notebook("tiny", name).read_text()),
                {**json.loads(three.run_record("tiny", name).read_text())["run"], "seconds": 0},
            )
            for name in names
        }

    ours = graded()
    for name in names:  # so that it executes everything itself
        three.run_record("tiny", name).unlink()
    command = [Path(sys.executable).with_name("nbgrader"), "autograde", "tiny", "--force"]
    done = subprocess.run(command, cwd=three.root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert graded() == ours
    assert fresh(grading.grade(three, "tiny")) == []

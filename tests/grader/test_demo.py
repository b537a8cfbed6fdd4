"""The demo: a cohort made from the real release, graded, and the same when it is run again."""

import json
from pathlib import Path

import pytest
from nbformat import NotebookNode
from typer.testing import CliRunner

from grader.authoring.source import read_source
from grader.commands.console import console
from grader.commands.main import app
from grader.configuration import Course
from grader.demo.cohort import PREFIX, Member, demo_cohort, hand_in
from grader.mistakes import load_mistakes
from grader.rebuild import script_of
from grader.records import Role, Submission
from grader.workbench import Workbench

from . import cohort as others
from .test_grading import snapshot


@pytest.fixture
def cohort(released_once: Course, blank: NotebookNode) -> tuple[Member, ...]:
    source = read_source(released_once.solution_source("tiny"))
    return demo_cohort(source, blank, load_mistakes(released_once.mistakes_file("tiny")))


def test_there_is_one_member_for_everything_that_happens(cohort: tuple[Member, ...]) -> None:
    assert [member.about for member in cohort] == [
        "the reference answers",
        "the notebook, untouched",
        "the first half",
        "a loop that never ends",
        "a file that was cut off",
        "mistake: sums the squares",
        "mistake: sums the columns",
    ]
    assert len({member.learner for member in cohort}) == len(cohort)
    assert all(member.learner.startswith(PREFIX) for member in cohort)


def test_the_same_assignment_has_the_same_cohort(
    cohort: tuple[Member, ...], released_once: Course, blank: NotebookNode
) -> None:
    source = read_source(released_once.solution_source("tiny"))
    mistakes = load_mistakes(released_once.mistakes_file("tiny"))
    assert demo_cohort(source, blank, mistakes) == cohort


def test_there_are_names_for_many(released_once: Course, blank: NotebookNode) -> None:
    source = read_source(released_once.solution_source("tiny"))
    mistakes = load_mistakes(released_once.mistakes_file("tiny")) * 100
    names = [member.learner for member in demo_cohort(source, blank, mistakes)]
    assert len(set(names)) == len(names) == 205


def test_what_members_hand_in_is_the_release_with_other_answers(
    cohort: tuple[Member, ...], bench: Workbench, blank: NotebookNode
) -> None:
    for member in cohort:
        if member.about == "a file that was cut off":
            with pytest.raises(json.JSONDecodeError):
                json.loads(member.text)
            continue
        notebook = bench.rebuild(Submission("tiny", "x", "", json.loads(member.text))).notebook
        script = script_of(notebook, assignment="tiny", learner="x")
        attempted = [cell.attempted for cell in script.cells if cell.role is Role.ANSWER]
        expected = {"the notebook, untouched": [False, False], "the first half": [True, False]}
        assert attempted == expected.get(member.about, [True, True])


def test_handing_in_touches_only_what_changed_and_only_the_demos_learners(
    cohort: tuple[Member, ...], released: Course, blank: NotebookNode
) -> None:
    others.hand_in(released, "ann", blank)
    others.hand_in(released, f"{PREFIX}gone", blank)
    hand_in(released, "tiny", cohort)
    assert released.learners("tiny") == tuple(sorted(["ann", *(m.learner for m in cohort)]))
    before = snapshot(released.var / "submitted")
    hand_in(released, "tiny", cohort)
    assert snapshot(released.var / "submitted") == before
    path = released.submitted_notebook("tiny", cohort[0].learner)
    path.write_text("something else")
    hand_in(released, "tiny", cohort)
    assert path.read_text() == cohort[0].text


def run_demo(at: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(console, "_width", 250)
    monkeypatch.chdir(at)
    result = CliRunner().invoke(app, ["demo"])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_demo_ends_with_a_table_and_what_to_open_and_does_nothing_twice(
    released: Course, without_workers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = run_demo(released.root, monkeypatch)
    rows = {about: row for row in said.splitlines() for about in EXPECTED if about in row}
    assert {about: what in rows[about] for about, what in EXPECTED.items()} == dict.fromkeys(
        EXPECTED, True
    ), said
    assert "7 submissions: 7 graded, 0 unchanged." in said
    [page] = [line.split()[-1] for line in said.splitlines() if "feedback   var" in line]
    assert (released.root / page).is_file()
    folders = [released.var / name for name in ("submitted", "autograded", "runs", "feedback")]
    before = snapshot(*folders, released.root / "assignments")
    without_workers.clear()
    again = run_demo(released.root, monkeypatch)
    assert "7 submissions: 0 graded, 7 unchanged." in again
    assert without_workers == []
    assert snapshot(*folders, released.root / "assignments") == before


EXPECTED = {
    "the reference answers": "6.5/11.5",
    "the notebook, untouched": "unattempted",
    "the first half": "4/11.5",
    "a loop that never ends": "4/11.5",
    "a file that was cut off": "errored",
    "mistake: sums the squares": "that mistake",
    "mistake: sums the columns": "that mistake",
}

"""`grader collect`, `grader attempts`, and nbgrader's own ways, which take the same way."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import Result
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeFactory
from typer.testing import CliRunner

from grader import grading
from grader.authoring.handin import answered
from grader.authoring.release import release
from grader.commands.console import console
from grader.commands.main import app
from grader.configuration import COURSE_FILE, Course, load_course
from grader.converters import load_config
from grader.exchange.attempts import read_attempts
from grader.exchange.collect import SafeCollect
from grader.exchange.handing_out import hand_out
from grader.exchange.lock import locked
from grader.exchange.submit import SafeSubmit
from grader.feedback import write_feedback
from grader.records import Run, TestResult

ME = pwd.getpwuid(os.getuid()).pw_name


class Hub:
    """A course with an exchange that its nbgrader_config.py names; everybody is this account."""

    def __init__(self, course: Course, root: Path) -> None:
        self.course = course
        self.exchange = root / "exchange"
        hand_out(course, "tiny", self.exchange)
        self.inbound = self.exchange / "sample" / "inbound"
        self.home = root / "home"
        (self.home / "tiny").mkdir(parents=True)
        config = course.root / "nbgrader_config.py"
        added = {
            "Exchange.root": str(self.exchange),
            "Exchange.cache": str(self.home / "cache"),
            "Exchange.assignment_dir": str(self.home),
        }
        lines = [f"config.{name} = {value!r}" for name, value in added.items()]
        config.write_text("\n".join([config.read_text(), *lines, ""]))

    def part(self, kind: str, learner: str = ME) -> Any:
        """One of nbgrader's parts of the exchange, as the course configures it."""
        config = load_config(self.course)
        directory = CourseDirectory(config=config)
        directory.assignment_id, directory.student_id = "tiny", learner
        factory = ExchangeFactory(config=config)
        authenticator = Authenticator(config=config)
        return getattr(factory, kind)(
            coursedir=directory, authenticator=authenticator, config=config
        )

    def hand_in(self, notebook: NotebookNode) -> None:
        nbformat.write(notebook, self.home / "tiny" / "tiny.ipynb")
        self.part("Submit").start()

    def due(self, moment: datetime | None, rule: str = "last") -> Course:
        path = self.course.root / COURSE_FILE
        lines = [
            each
            for each in path.read_text().splitlines()
            if not each.startswith(("due = ", "[submissions]", "grade = "))
        ]
        lines += [f"due = {moment.isoformat()}"] if moment else []
        path.write_text("\n".join([*lines, "[submissions]", f'grade = "{rule}"', ""]))
        self.course = load_course(self.course.root)
        return self.course


@pytest.fixture
def hub(released: Course, tmp_path: Path) -> Hub:
    return Hub(released, tmp_path)


@pytest.fixture
def call(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setattr(console, "_width", 250)
    monkeypatch.chdir(hub.course.root)
    return lambda *words: CliRunner().invoke(app, words)


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_nbgrader_makes_our_submit_and_our_collect(hub: Hub) -> None:
    assert type(hub.part("Submit")) is SafeSubmit
    assert type(hub.part("Collect")) is SafeCollect


def test_the_commands_tell_what_was_collected_and_what_counts(
    hub: Hub, right: NotebookNode, wrong: NotebookNode, call: Callable[..., Result]
) -> None:
    hub.hand_in(right)
    hub.hand_in(wrong)
    (hub.inbound / "eve+tiny+2026-01-01 00:00:00 UTC+x").mkdir()
    result = call("collect", "tiny")
    assert result.exit_code == 0, result.output
    assert "tiny: 2 new, 1 learner." in result.stdout
    assert "1 folder was refused or corrected:" in result.stdout
    assert "eve+tiny+2026-01-01 00:00:00 UTC+x, owned by" in result.stdout
    assert "there is no account 'eve' on this machine" in result.stdout
    (listed,) = told(call("attempts", "tiny", "--json"))["learners"]
    assert [each["counts"] for each in listed["attempts"]] == [False, True]
    assert "✔" in call("attempts", "tiny").stdout
    assert "1 folder was refused or corrected so far" in call("attempts", "tiny").stdout
    (collected,) = told(call("collect", "--json"))
    assert collected["learners"][0] == {
        "learner": ME,
        "attempts": 2,
        "new": 0,
        "counts": listed["attempts"][1]["time"],
        "late": False,
        "restored": False,
        "problem": "",
    }
    assert [each["learner"] for each in collected["refused"]] == ["eve"]


def test_an_attempt_is_restored_by_the_beginning_of_its_time(
    hub: Hub, right: NotebookNode, wrong: NotebookNode, call: Callable[..., Result]
) -> None:
    for notebook in (right, wrong):
        hub.hand_in(notebook)
    call("collect", "tiny")
    first, second = (each.id for each in read_attempts(hub.course, "tiny", ME))
    result = call("attempts", "tiny", "--student", ME, "--restore", first[:-1])
    assert result.exit_code == 0, result.output
    assert f"Grade again: grader grade tiny --student {ME}" in result.stdout
    submitted = hub.course.submitted_notebook("tiny", ME)
    assert nbformat.read(submitted, 4) == right
    assert "✔ restored" in call("attempts", "tiny").stdout
    result = call("attempts", "tiny", "--student", ME, "--restore", "last")
    assert second in result.stdout
    assert nbformat.read(submitted, 4) == wrong


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("attempts", "tiny", "--student", "eve"), "nothing was collected of 'eve' for tiny"),
        (("attempts", "tiny", "--restore", "2026"), "Say --student LEARNER with --restore"),
        (("attempts", "tinny"), "Did you mean 'tiny'"),
        (("collect", "tinny"), "Did you mean 'tiny'"),
    ],
)
def test_what_cannot_be_done_is_said(
    words: tuple[str, ...], said: str, call: Callable[..., Result]
) -> None:
    result = call(*words)
    assert result.exit_code == 1
    assert said in result.stderr


def test_without_an_exchange_collect_says_so(hub: Hub, call: Callable[..., Result]) -> None:
    hub.inbound.rmdir()
    result = call("collect", "tiny")
    assert result.exit_code == 1
    assert "There is no exchange for this course" in result.stderr


def test_the_formgraders_button_collects_by_the_same_way(
    hub: Hub, right: NotebookNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.hand_in(right)
    (hub.inbound / "eve+tiny+2026-01-01 00:00:00 UTC+x").mkdir()
    config = load_config(hub.course)
    api = NbGraderAPI(CourseDirectory(config=config), Authenticator(config=config), config=config)
    answer = api.collect("tiny")
    assert answer["success"], answer
    assert "eve+tiny+2026-01-01 00:00:00 UTC+x" in answer["log"]
    assert "there is no account 'eve'" in answer["log"]
    assert len(read_attempts(hub.course, "tiny", ME)) == 1
    monkeypatch.setattr(SafeCollect.patience, "default_value", 0.01)
    with locked(hub.course, "tiny", "grader grade tiny"):
        answer = api.collect("tiny")
    assert not answer["success"]
    assert "grader grade tiny is at work on this assignment" in answer["log"]


def test_a_shared_account_is_said_in_the_log(hub: Hub, right: NotebookNode) -> None:
    hub.hand_in(right)
    (folder,) = hub.inbound.iterdir()
    folder.rename(folder.with_name(folder.name.replace(ME, "eve")))
    config = load_config(hub.course)
    config.ExchangeCollect.check_owner = False
    api = NbGraderAPI(CourseDirectory(config=config), Authenticator(config=config), config=config)
    answer = api.collect("tiny")
    assert answer["success"], answer
    assert answer["log"].count("Owners are not compared") == 1
    assert len(read_attempts(hub.course, "tiny", "eve")) == 1


def test_feedback_finds_its_way_back_to_the_attempt_that_was_graded(
    hub: Hub, right: NotebookNode, wrong: NotebookNode, without_workers: list[str]
) -> None:
    """Release and fetch are nbgrader's own; the secret of the submission connects them."""
    hub.hand_in(right)
    in_time = datetime.now(UTC)
    hub.hand_in(wrong)
    hub.due(in_time)
    hub.part("Collect", "*").start()
    (line,) = grading.grade(hub.course, "tiny")
    assert line.marks is not None
    assert line.marks.score == 6.5
    write_feedback(hub.course, "tiny")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # nbgrader leaves a file open
        hub.part("ReleaseFeedback", "*").start()
    hub.part("FetchFeedback").start()
    first, _ = sorted((hub.home / "cache" / "sample").iterdir())
    time = first.name.split("+")[2]
    fetched = list((hub.home / "tiny" / "feedback").rglob("*.html"))
    assert [path.parent.name for path in fetched] == [time]


@pytest.mark.usefixtures("without_workers")
def test_an_equal_notebook_that_was_handed_in_later_is_recorded_with_its_time(
    hub: Hub, right: NotebookNode
) -> None:
    for fresh in (True, True, False):
        if fresh:
            hub.hand_in(right)
        hub.part("Collect", "*").start()
        (line,) = grading.grade(hub.course, "tiny")
        assert line.fresh is fresh
    last = read_attempts(hub.course, "tiny", ME)[-1]
    with Gradebook(f"sqlite:///{hub.course.gradebook}", "sample") as gradebook:
        entry = gradebook.find_submission("tiny", ME)
        assert entry.timestamp.replace(tzinfo=UTC) == last.submitted


def test_the_best_in_time_is_graded_and_only_new_attempts_are_executed(
    hub: Hub, right: NotebookNode, wrong: NotebookNode, without_workers: list[str]
) -> None:
    worse = answered(wrong, {"row_sums": "# nothing"})
    for notebook in (worse, wrong):
        hub.hand_in(notebook)
    in_time = datetime.now(UTC)
    hub.hand_in(right)  # the best of all, and late
    hub.due(in_time, "best")
    hub.part("Collect", "*").start()
    told: list[tuple[int, Run | None]] = []
    (line,) = grading.grade(hub.course, "tiny", on_progress=lambda *seen: told.append(seen))
    assert (line.run.learner, line.run.earned) == (ME, 2.5)
    assert without_workers == ["0", "1"]  # the two in time; the best of them not once more
    assert [total for total, _ in told] == [2, 2, 2, 3, 3]
    without_workers.clear()
    assert not grading.grade(hub.course, "tiny")[0].fresh
    assert without_workers == []
    hub.due(datetime.now(UTC), "best")
    (line,) = grading.grade(hub.course, "tiny")
    assert (line.run.earned, without_workers) == (6.5, ["0"])


def test_who_has_one_attempt_needs_no_search_and_grading_knows_the_due_date(
    hub: Hub, right: NotebookNode, without_workers: list[str]
) -> None:
    hub.hand_in(right)
    due = datetime.now(UTC).replace(microsecond=0)
    hub.due(due, "best")
    hub.part("Collect", "*").start()
    grading.grade(hub.course, "tiny")
    assert without_workers == [ME]
    with Gradebook(f"sqlite:///{hub.course.gradebook}", "sample") as gradebook:
        assert gradebook.find_assignment("tiny").duedate.replace(tzinfo=UTC) == due


def test_a_better_earlier_attempt_comes_before_a_worse_later_one(
    hub: Hub, right: NotebookNode, wrong: NotebookNode, without_workers: list[str]
) -> None:
    for notebook in (right, wrong):
        hub.hand_in(notebook)
    hub.due(None, "best")
    hub.part("Collect", "*").start()
    assert grading.grade(hub.course, "tiny")[0].run.earned == 6.5
    hub.due(None, "last")
    assert grading.grade(hub.course, "tiny")[0].run.earned == 2.5


def test_a_fault_of_the_grader_on_one_attempt_compares_the_others(
    hub: Hub, right: NotebookNode, wrong: NotebookNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    for notebook in (wrong, right):
        hub.hand_in(notebook)
    hub.due(None, "best")
    hub.part("Collect", "*").start()
    faults = ["no memory"]

    def execute(_kit: object, scripts: Any, **_: object) -> Any:
        for script in scripts:
            points = {"0": 2.5, "1": 6.5}.get(script.learner, 0.0)
            tests = tuple(
                TestResult(c.name, c.exercise or "", grading.Outcome.PASSED, c.points)
                for c in script.tests
            )
            fault = faults[0] if faults and points == 6.5 else None
            yield Run("tiny", script.learner, () if fault else tests, fault=fault)

    monkeypatch.setattr(grading, "execute_batch", execute)
    (line,) = grading.grade(hub.course, "tiny")
    assert line.run.fault is None
    assert nbformat.read(hub.course.submitted_notebook("tiny", ME), 4) == wrong
    faults.clear()
    (line,) = grading.grade(hub.course, "tiny")
    assert nbformat.read(hub.course.submitted_notebook("tiny", ME), 4) == right


def test_an_attempt_that_cannot_be_put_in_place_is_a_fault_and_not_marks(
    hub: Hub, right: NotebookNode, without_workers: list[str]
) -> None:
    hub.hand_in(right)
    hub.part("Collect", "*").start()
    (attempt,) = read_attempts(hub.course, "tiny", ME)
    (attempt.files / "tiny.ipynb").write_text("{}")
    (hub.course.submitted("tiny", ME) / "timestamp.txt").write_text("2026-01-01 00:00:00 UTC")
    (line,) = grading.grade(hub.course, "tiny")
    assert "is not what was collected" in str(line.run.fault)
    assert (line.marks, without_workers) == (None, [])


def test_the_due_date_of_course_toml_is_that_of_the_gradebook(hub: Hub) -> None:
    def known() -> object:
        with Gradebook(f"sqlite:///{hub.course.gradebook}", "sample") as gradebook:
            return gradebook.find_assignment("tiny").duedate

    hub.due(datetime.fromisoformat("2026-01-31T23:59:00+01:00"))
    release(hub.course, "tiny")
    assert known() == datetime(2026, 1, 31, 22, 59)
    release(hub.due(None), "tiny")
    assert known() is None


def test_grading_says_that_something_was_refused(
    hub: Hub, right: NotebookNode, without_workers: list[str], call: Callable[..., Result]
) -> None:
    hub.hand_in(right)
    (hub.inbound / "eve+tiny+2026-01-01 00:00:00 UTC+x").mkdir()
    call("collect", "tiny")
    result = call("grade", "tiny")
    assert "1 folder was refused or corrected when they were collected" in result.stdout
    assert "grader attempts tiny" in result.stdout


def test_nbgraders_own_commands_hand_in_and_collect(hub: Hub, right: NotebookNode) -> None:
    nbformat.write(right, hub.home / "tiny" / "tiny.ipynb")
    nbgrader = Path(sys.executable).with_name("nbgrader")
    for word in ("submit", "collect"):
        done = subprocess.run(
            [nbgrader, word, "tiny"], cwd=hub.course.root, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    (attempt,) = read_attempts(hub.course, "tiny", ME)
    assert f"Collected {ME}, handed in {attempt.id}" in done.stderr
    assert nbformat.read(hub.course.submitted_notebook("tiny", ME), 4) == right

"""The instructor's command: help, plain messages, exit codes, tables and JSON."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from nbformat import NotebookNode
from typer.testing import CliRunner

from grader import grading
from grader.authoring.handin import answered
from grader.authoring.release import release
from grader.commands.console import console, counted
from grader.commands.main import app
from grader.configuration import Course, load_course
from grader.grading import Graded
from grader.records import Run, Script
from grader.scaffold.create import new_assignment

from .cohort import BAD, WRONG, hand_in
from .test_grading import snapshot

NAMES = ["demo", "preview", "build", "release", "audit", "render", "collect", "grade", "feedback"]
NAMES += ["attempts", "checks", "week", "compare", "doctor"]
OF_AN_ASSIGNMENT = ["build", "release", "audit", "render", "collect", "grade", "feedback"]
OF_AN_ASSIGNMENT += ["attempts"]

COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]

Call = Callable[..., Result]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Call:
    """Runs `grader ...` in a folder, on a wide terminal."""
    monkeypatch.setattr(console, "_width", 250)

    def call(*words: str, at: Path) -> Result:
        monkeypatch.chdir(at)
        return CliRunner().invoke(app, words)

    return call


def refused(result: Result, *said: str) -> None:
    """One message for people, on the error stream, and exit code 1."""
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert result.stderr.startswith("grader: ")
    assert "Traceback" not in result.output
    for words in said:
        assert words in result.stderr


def test_the_commands_are_these_in_the_order_in_which_they_are_met() -> None:
    assert list(COMMANDS) == [*NAMES, "import", "new", "hub"]


def test_a_command_is_imported_when_it_is_asked_for() -> None:
    slow = ["nbgrader", "jupyterhub", "torch", "IPython", "numpy"]
    code = f"import sys; from grader.commands.main import app; print({slow} & sys.modules.keys())"
    code = code.replace("[", "{").replace("]", "}")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize("name", NAMES)
def test_every_command_and_every_option_has_help(name: str, call: Call, tmp_path: Path) -> None:
    result = call(name, "--help", at=tmp_path)
    assert result.exit_code == 0
    assert result.output == call(name, "-h", at=tmp_path).output
    summary = str(COMMANDS[name].help).splitlines()[0]
    assert summary in " ".join(result.output.split())
    lines = [line.split() for line in result.output.splitlines() if line.startswith("  -")]
    assert all(len(words) > 2 for words in lines), "an option without a word of help"


@pytest.mark.parametrize(
    "name", ["audit", "render", "collect", "grade", "week", "compare", "doctor"]
)
def test_exit_codes_that_mean_something_are_documented(
    name: str, call: Call, tmp_path: Path
) -> None:
    assert "xit code" in call(name, "--help", at=tmp_path).output


def test_without_a_command_there_is_help(call: Call, tmp_path: Path) -> None:
    assert all(name in call(at=tmp_path).output for name in NAMES)


@pytest.mark.parametrize("words", [["grad", "tiny"], ["grade"], ["grade", "tiny", "--wrokers=2"]])
def test_a_call_that_is_no_command_is_a_usage_error(
    words: list[str], call: Call, tmp_path: Path
) -> None:
    assert call(*words, at=tmp_path).exit_code == 2


# Bad input.


@pytest.mark.parametrize("name", OF_AN_ASSIGNMENT)
def test_an_unknown_assignment_is_refused_with_the_closest(
    name: str, call: Call, released_once: Course
) -> None:
    before = snapshot(released_once.root)
    result = call(name, "tinny", at=released_once.root)
    refused(result, "no assignment is called 'tinny'", "Did you mean 'tiny'?")
    assert snapshot(released_once.root) == before


@pytest.mark.parametrize("words", [[name, "tiny"] for name in OF_AN_ASSIGNMENT] + [["demo"]])
def test_without_a_course_there_is_one_message(
    words: list[str], call: Call, tmp_path: Path
) -> None:
    refused(call(*words, at=tmp_path), "no course.toml was found", "Go to the folder")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [[name, "tiny"] for name in OF_AN_ASSIGNMENT] + [["demo"]])
def test_a_missing_key_is_named(words: list[str], call: Call, released: Course) -> None:
    path = released.root / "course.toml"
    path.write_text(path.read_text().replace("minutes = 10\n", ""))
    refused(call(*words, at=released.root), "course.toml", "'minutes' is missing", "minutes = 180")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('test="row_sums_by_hand"', 'test="mean_square_by_hand"', "mean_square_by_hand"),
        (" points=1.5", "", "row_sums_one_row"),
    ],
    ids=["a duplicate id", "no points"],
)
@pytest.mark.parametrize("name", ["build", "release"])
def test_a_broken_source_is_refused_and_nothing_is_half_written(
    name: str, old: str, new: str, said: str, call: Call, released: Course
) -> None:
    path = released.solution_source("tiny")
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    before = snapshot(released.root)
    refused(call(name, "tiny", at=released.root), said)
    assert snapshot(released.root) == before


def test_nobody_handed_in(call: Call, released_once: Course) -> None:
    refused(call("grade", "tiny", at=released_once.root), "nobody has handed in tiny")
    refused(call("feedback", "tiny", at=released_once.root), "nothing is graded yet")


def test_an_unknown_sandbox_is_refused(call: Call, released: Course, right: NotebookNode) -> None:
    hand_in(released, "ann", right)
    result = call("grade", "tiny", "--sandbox", "docker", at=released.root)
    assert result.exit_code == 1
    assert "grader: no sandbox is called 'docker'; there are: bubblewrap" in result.stderr


# What the commands say.


def test_build_and_release_say_what_they_wrote(call: Call, released: Course) -> None:
    assert call("build", at=released.root).output == "built var/source/tiny/tiny.ipynb\n"
    assert call("release", "tiny", at=released.root).output == (
        "unchanged assignments/tiny/tiny.ipynb\n"
    )


def test_a_cohort_with_bad_files_is_a_success_and_everyone_is_in_the_table(
    call: Call, graded_once: tuple[Course, dict[str, Graded]], without_workers: list[str]
) -> None:
    course, graded = graded_once
    result = call("grade", "tiny", at=course.root)
    assert result.exit_code == 0
    lines = {name: [row for row in result.output.splitlines() if name in row] for name in graded}
    assert all(lines.values())
    assert all("errored" in lines[name][0] for name in BAD)
    assert "6.5/11.5" in lines["amina"][0]
    assert "sums the squares" in lines["sums"][0]
    assert f"{len(graded)} submissions: 0 graded, {len(graded)} unchanged." in result.output
    assert without_workers == []


def test_json_holds_the_same(
    call: Call, graded_once: tuple[Course, dict[str, Graded]], without_workers: list[str]
) -> None:
    course, graded = graded_once
    result = call("grade", "tiny", "--json", at=course.root)
    assert result.exit_code == 0
    assert result.stderr == ""
    lines = {line["learner"]: line for line in json.loads(result.stdout)}
    assert set(lines) == set(graded)
    for name, line in lines.items():
        assert line["outcome"] == graded[name].outcome
        assert line["marks"]["score"] == graded[name].marks.score  # type: ignore[union-attr]
        assert (line["refusal"] is not None) == (name in BAD)
        assert sum(test["earned"] for test in line["tests"]) == line["marks"]["score"]
        assert line["fresh"] is False


@pytest.fixture
def two(released: Course, right: NotebookNode, without_workers: list[str]) -> Course:
    hand_in(released, "ann", right)
    hand_in(released, "ben", answered(right, {"mean_square": WRONG}))
    return released


def test_one_learner_at_a_time(call: Call, two: Course, without_workers: list[str]) -> None:
    result = call("grade", "tiny", "--student", "ben", at=two.root)
    assert (result.exit_code, without_workers) == (0, ["ben"])
    assert "ann" not in result.stdout
    refused(
        call("grade", "tiny", "--student", "bem", at=two.root),
        "'bem' has not handed in tiny",
        "Did you mean 'ben'?",
    )
    result = call("grade", "tiny", "--again", at=two.root)
    assert (result.exit_code, without_workers) == (0, ["ben", "ann", "ben"])
    result = call("feedback", "tiny", at=two.root)
    assert (result.exit_code, result.stdout) == (0, "2 feedback pages in var/feedback/\n")
    assert two.feedback_page("tiny", "ann").exists()


def test_a_fault_of_the_grader_is_exit_code_1(
    call: Call, two: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute_batch: Any = grading.execute_batch

    def execute(kit: object, scripts: Sequence[Script], **options: Any) -> Iterator[Run]:
        for run in execute_batch(kit, scripts, **options):
            yield replace(run, tests=(), fault="no memory") if run.learner == "ann" else run

    monkeypatch.setattr(grading, "execute_batch", execute)
    result = call("grade", "tiny", at=two.root)
    assert result.exit_code == 1
    assert "the grader failed: no memory" in result.stdout
    assert "2.5/11.5" in result.stdout
    result = call("grade", "tiny", "--json", at=two.root)
    assert result.exit_code == 1
    assert [line["fault"] for line in json.loads(result.stdout)] == ["no memory", None]


def test_ctrl_c_is_exit_code_130(call: Call, two: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> Iterator[Run]:
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(grading, "execute_batch", stop)
    result = call("grade", "tiny", at=two.root)
    assert result.exit_code == 130
    assert "Run it again to go on" in result.stderr


def test_a_learners_name_is_no_markup(call: Call, two: Course, right: NotebookNode) -> None:
    hand_in(two, "[bold red]x[blue] [link=a]", right)
    result = call("grade", "tiny", at=two.root)
    assert "[bold red]x[blue] [link=a]" in result.stdout


def test_an_audit_that_holds_is_exit_code_0_and_one_that_does_not_1(
    call: Call, released: Course, without_workers: list[str]
) -> None:
    result = call("audit", "tiny", at=released.root)
    assert result.exit_code == 0
    assert "5 hold, 0 do not: tiny may be released." in result.stdout
    (released.root / "course").mkdir()
    (released.root / "course" / "x.py").write_text(
        "data_seen_twice = np.concatenate([data_drawn_once, data_drawn_once])\n"
    )
    result = call("audit", "tiny", "--json", at=released.root)
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert report["holds"] is False
    assert [each["subject"] for each in report["findings"] if each["problems"]] == ["the wall"]
    result = call("audit", "tiny", at=released.root)
    assert result.exit_code == 1
    assert "4 hold, 1 do not: tiny may not be released yet." in result.stdout


def test_without_an_id_all_assignments_are_audited(
    call: Call, released: Course, without_workers: list[str]
) -> None:
    new_assignment(released.root, "sizes", "Sizes")
    release(load_course(released.root), "sizes")
    result = call("audit", at=released.root)
    assert result.exit_code == 0
    for verdict in ("0 do not: tiny may be released.", "0 do not: sizes may be released."):
        assert verdict in result.stdout
    (released.root / "course").mkdir()
    (released.root / "course" / "x.py").write_text(
        "data_seen_twice = np.concatenate([data_drawn_once, data_drawn_once])\n"
    )
    result = call("audit", "--json", at=released.root)
    assert result.exit_code == 1
    verdicts = {each["assignment"]: each["holds"] for each in json.loads(result.stdout)}
    assert verdicts == {"tiny": False, "sizes": True}


def test_an_exercise_without_its_assignment_is_a_usage_error(call: Call, released: Course) -> None:
    words = ["audit", "--mutants", "--exercise", "row_sums"]
    assert call(*words, at=released.root).exit_code == 2


def test_in_a_course_that_nbgrader_made_an_audit_needs_the_assignment(
    call: Call, tmp_path: Path
) -> None:
    (tmp_path / "nbgrader_config.py").touch()
    result = call("audit", at=tmp_path)
    assert result.exit_code == 2
    assert "name an assignment" in result.stderr


def test_the_commands_work_from_any_folder_of_the_course(call: Call, released: Course) -> None:
    result = call("build", at=released.root / "solutions" / "tiny")
    assert result.exit_code == 0
    assert os.fspath(released.root) not in result.stdout


def test_one_of_something_is_not_many() -> None:
    assert [counted(n, "page") for n in range(3)] == ["0 pages", "1 page", "2 pages"]

"""The command: what it prints, what it asks, and that errors are one message."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from course.commands.main import app
from course.study.notebooks import read_notebook
from course.study.places import users_progress_file
from course.study.progress import Event, Progress, now

from .sample import checks, find, insert_after, save, stub, tiny


@pytest.fixture(autouse=True)
def _here(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_ROOT", str(root))
    monkeypatch.chdir(root)


def course(*words: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, words, input=answer)


def answered(root: Path) -> Path:
    path = root / "work/tiny/tiny.ipynb"
    mine = read_notebook(path)
    find(mine, "double")["source"] = "def double(x): return 2 * x"
    return save(mine, path)


def passed(exercise: str) -> Event:
    return Event(now(), "tiny", exercise, "check", "passed", 2, 2)


def test_start_says_where_the_notebooks_are(root: Path):
    done = course("start")
    assert done.exit_code == 0
    assert "tiny: your notebook is work/tiny/tiny.ipynb" in done.output
    assert "second: your notebook is work/second/second.ipynb" in done.output
    assert "Open work/start_here.ipynb in JupyterLab" in done.output
    assert (root / "work/start_here.ipynb").exists()


def test_start_takes_one_assignment(root: Path):
    course("start", "tiny")
    assert not (root / "work/second").exists()


def test_start_again_says_that_nothing_is_new():
    course("start")
    assert "tiny: work/tiny/tiny.ipynb is up to date" in course("start").output


def test_start_says_what_a_new_release_changed(root: Path):
    course("start", "tiny")
    answered(root)
    release = tiny()
    find(release, "double")["source"] = stub("double", "Return twice x.")
    insert_after(release, "half", checks("more", "half"))
    save(release, root / "assignments/tiny/tiny.ipynb")
    output = course("start", "tiny").output
    assert "brought up to date; 1 answer of yours kept, 1 cell added" in output
    assert "it was before: work/tiny/backups/tiny-" in output
    assert "double: its description is a new one; read it again, your answer is kept" in output


def test_start_says_where_an_answer_went_whose_exercise_is_gone(root: Path):
    course("start", "tiny")
    answered(root)
    release = tiny()
    release["cells"] = [each for each in release["cells"] if "double" not in each["id"]]
    save(release, root / "assignments/tiny/tiny.ipynb")
    assert "double: the exercise is gone; your answer is a cell" in course("start", "tiny").output


def test_one_broken_notebook_does_not_keep_the_others_back(root: Path):
    course("start", "second")
    (root / "work/second/second.ipynb").write_text("{")
    (root / "work/.course/base/second.ipynb").unlink()
    done = course("start")
    assert done.exit_code == 1
    assert "second.ipynb is not a notebook" in done.stderr
    assert "tiny: your notebook is work/tiny/tiny.ipynb" in done.output


def test_start_takes_in_the_progress_from_before(root: Path):
    Progress.open(users_progress_file()).record(passed("double"))
    assert "1 event" in course("start", "tiny").output
    assert Progress.open(root / "work/progress.jsonl").status("tiny", "double").state == "passed"
    assert "event" not in course("start", "tiny").output


def test_list_says_how_far_one_is(root: Path):
    rows = {row["id"]: row["state"] for row in json.loads(course("list", "--json").output)}
    assert rows == {"second": "not started", "tiny": "not started"}
    course("start", "tiny")
    Progress.open(root / "work/progress.jsonl").record(passed("double"))
    assert "1 of 2 passed" in course("list").output
    assert "later is announced, and not handed out yet." in course("list").output
    save(tiny() | {"metadata": {}}, root / "assignments/tiny/tiny.ipynb")
    states = [row["state"] for row in json.loads(course("list", "--json").output)]
    assert states[1] == "1 of 2 passed, new release: course start tiny"


def test_list_knows_progress_without_a_notebook():
    Progress.open(users_progress_file()).record(passed("double"))
    states = [row["state"] for row in json.loads(course("list", "--json").output)]
    assert states == ["not started", "1 of 2 passed, no notebook in your folder"]


def test_progress_is_drawn_and_given_to_scripts(root: Path):
    course("start")
    Progress.open(root / "work/progress.jsonl").record(passed("double"))
    assert "✔ double" in course("progress").output
    data = json.loads(course("progress", "--json").output)
    assert [each["id"] for each in data["assignments"]] == ["second", "tiny"]


def test_progress_is_carried_to_another_machine(root: Path, tmp_path: Path):
    course("start")
    Progress.open(root / "work/progress.jsonl").record(passed("double"))
    carried = tmp_path / "carried.jsonl"
    assert course("progress", "--export", str(carried)).exit_code == 0
    there = str(tmp_path / "there")
    done = course("progress", "--folder", there, "--merge", str(carried))
    assert "1 event added" in done.output
    again = course("progress", "--folder", there, "--merge", str(carried), "--json")
    assert "0 events added" in again.stderr
    assert json.loads(again.stdout)["course"] == "sample"


def test_an_export_overwrites_nothing(root: Path, tmp_path: Path):
    course("start")
    Progress.open(root / "work/progress.jsonl").record(passed("double"))
    (tmp_path / "thesis").write_text("mine")
    done = course("progress", "--export", str(tmp_path / "thesis"))
    assert (done.exit_code, "exists already" in done.stderr) == (1, True)
    assert (tmp_path / "thesis").read_text() == "mine"


def test_an_export_of_nothing_says_so(tmp_path: Path):
    done = course("progress", "--export", str(tmp_path / "empty"))
    assert (done.exit_code, "nothing to write yet" in done.stderr) == (1, True)


def test_a_line_that_cannot_be_read_is_mentioned(root: Path):
    course("start")
    (root / "work/progress.jsonl").write_text("{\n")
    done = course("progress")
    assert done.exit_code == 0
    assert "work/progress.jsonl: line 1 was left out" in done.stderr


def test_submit_asks_before_it_hands_in_what_is_incomplete(root: Path):
    course("start", "tiny")
    answered(root)
    done = course("submit", "tiny", "--copy", answer="n\n")
    assert done.exit_code == 1
    assert "Not attempted yet: half." in done.output
    assert "Not written yet: why." in done.output
    assert not (root / "work/handed-in").exists()
    done = course("submit", "tiny", "--copy", answer="y\n")
    assert done.exit_code == 0
    assert "A copy of your notebook is laid aside: work/handed-in/tiny/" in done.output
    assert "SHA-256" in done.output


def test_submit_says_how_to_put_back_what_is_missing(root: Path):
    course("start", "tiny")
    mine = read_notebook(answered(root))
    mine["cells"] = [each for each in mine["cells"] if each["id"] != "double_by_hand"]
    save(mine, root / "work/tiny/tiny.ipynb")
    output = course("submit", "tiny", "--copy", "--yes").output
    assert "Cells are missing: double_by_hand." in output
    assert "course start tiny --restore" in output
    course("start", "tiny", "--restore")
    assert "missing" not in course("submit", "tiny", "--copy", "--yes").output


def test_submit_hands_a_whole_notebook_to_the_exchange(root: Path, tmp_path: Path):
    course("start", "second")
    mine = read_notebook(root / "work/second/second.ipynb")
    find(mine, "triple")["source"] = "def triple(x): return 3 * x"
    save(mine, root / "work/second/second.ipynb")
    for each in ("inbound", "outbound/second"):
        (tmp_path / "exchange/sample" / each).mkdir(parents=True)
    done = course("submit", "second", "--exchange", str(tmp_path / "exchange"))
    assert "Every exercise of The second, which comes first is attempted." in done.output
    assert "second is handed in, through nbgrader's exchange." in done.output
    assert len(list((tmp_path / "exchange/sample/inbound").iterdir())) == 1
    assert not (root / "work/handed-in").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["start", "tinny"], "course: no assignment is called 'tinny'"),
        (["submit", "tiny"], "course: "),
        (["progress", "--merge", "missing"], "course: missing is no file"),
    ],
)
def test_an_error_is_one_message(words: list[str], message: str):
    done = course(*words)
    assert done.exit_code == 1
    assert done.stderr.startswith(message)
    assert "Traceback" not in done.output


def test_the_environment_names_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COURSE_WORK", str(tmp_path / "mine"))
    course("start", "tiny")
    assert (tmp_path / "mine/tiny/tiny.ipynb").exists()


def test_the_command_runs_as_a_program(root: Path):
    code = "from course.commands.main import app; app()"
    done = subprocess.run(
        [sys.executable, "-c", code, "list"], cwd=root, capture_output=True, text=True, check=True
    )
    assert "A sample week" in done.stdout


COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_help(name: str):
    assert len(COMMANDS[name].help) > 40
    options = [each for each in COMMANDS[name].params if isinstance(each.help, str)]
    assert all(each.help for each in options)

"""`course check`, `watch`, `hint` and `review`, as a learner types them."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from typer.testing import CliRunner

from course.commands.main import app
from grader.authoring.handin import answered
from grader.configuration import Course

HINTS = """
# %% [markdown] hints="mean_square"
# 1. Look at the number that you divide by.
# 2. An average is a sum over a count.
# 3. Square, add up, divide by the number of entries.
"""
REVIEWS = """
from grader.reviews import Question, review

@review(exercise="mean_square")
def two_numbers(rng):
    a, b = (int(n) for n in rng.integers(1, 9, size=2))
    text = f"What is the mean of the squares of {a} and {b}?"
    return Question(text, (a * a + b * b) / 2, "Square both, add, halve.")
"""
SUMS = "def mean_square(x):\n    return float((np.asarray(x) ** 2).sum())\n"


@pytest.fixture
def work(released: Course, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of a course whose first exercise has hints and a question."""
    folder = released.root / "solutions" / "tiny"
    with (folder / "notebook.py").open("a") as file:
        file.write(HINTS)
    (folder / "reviews.py").write_text(REVIEWS)
    for name in ("COURSE_WORK", "COURSE_PROGRESS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COURSE_ROOT", str(released.root))
    monkeypatch.setenv("COLUMNS", "300")
    assert run("start")[0] == 0
    return released.root / "work"


def run(*arguments: str, typed: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments), input=typed)
    return result.exit_code, result.output


def write(work: Path, notebook: NotebookNode) -> None:
    nbformat.write(notebook, work / "tiny" / "tiny.ipynb")


def events(work: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (work / "progress.jsonl").read_text().splitlines()]


def test_check_says_what_is_wrong_what_is_missing_and_remembers(
    work: Path, wrong: NotebookNode
) -> None:
    write(work, answered(wrong, {"mean_square": SUMS}))
    code, said = run("check", "tiny")
    assert code == 1
    assert "✘ mean_square, The mean of squares: 1 of 4 marks" in said
    assert "the mean of squares: expected 4.66667, got 14" in said
    assert "A likely cause: You sum the squares" in said
    assert "✔ row_sums, Sums by rows: 2.5 of 2.5 marks" in said
    assert "the written answer why_unchanged is still empty" in said
    assert "Stuck? course hint tiny mean_square" in said
    assert [(e["exercise"], e["outcome"]) for e in events(work)] == [
        ("mean_square", "failed"),
        ("row_sums", "passed"),
    ]


def test_check_succeeds_when_every_test_passes(work: Path, right: NotebookNode) -> None:
    write(work, right)
    code, said = run("check", "tiny", "--sandbox", "none")
    assert (code, "6.5 of 6.5 marks" in said, "not confined" in said) == (0, True, True)


def test_check_takes_an_untouched_notebook_for_what_it_is(work: Path) -> None:
    code, said = run("check", "tiny")
    assert code == 1
    assert "○ not attempted yet: mean_square, row_sums" in said
    assert not (work / "progress.jsonl").exists()


def test_check_gives_json_to_scripts(work: Path, right: NotebookNode) -> None:
    write(work, right)
    code, said = run("check", "tiny", "--json")
    report = json.loads(said[said.index("{") :])
    assert (code, report["earned"], report["points"], report["sandbox"]) == (
        0,
        6.5,
        6.5,
        "bubblewrap",
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check", "nothing"), "no assignment is called 'nothing'"),
        (("hint", "tiny", "nothing"), "tiny has no exercise 'nothing': mean_square, row_sums"),
        (("hint", "tiny", "row_sums"), "there is no hint 1 for row_sums"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(
    arguments: tuple[str, ...], said: str, work: Path
) -> None:
    code, output = run(*arguments)
    assert (code, said in output) == (1, True)


def test_without_a_copy_check_says_how_to_get_one(work: Path) -> None:
    (work / "tiny" / "tiny.ipynb").unlink()
    code, said = run("check", "tiny")
    assert (code, "course start tiny" in said) == (1, True)


def test_hints_climb_the_ladder_and_stay_at_its_top(work: Path) -> None:
    said = [run("hint", "tiny", "mean_square")[1] for _ in range(4)]
    assert "the number that you divide by" in said[0]
    assert "a sum over a count" in said[1]
    assert "Square, add up" in said[2]
    assert said[3] == said[2]
    assert "the number that you divide by" in run("hint", "tiny", "mean_square", "-n", "1")[1]
    assert [e["number"] for e in events(work)] == [1, 2, 3, 3, 1]


def test_without_the_tests_hints_say_where_they_are(work: Path) -> None:
    (work.parent / "solutions").rename(work.parent / "elsewhere")
    code, said = run("hint", "tiny", "mean_square")
    assert (code, "the tests are not in this copy of the course" in said) == (1, True)


def test_what_was_hard_comes_back_as_a_question_with_fresh_numbers(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Nothing to come back to" in run("review")[1]
    run("hint", "tiny", "mean_square")
    assert "Nothing to come back to" in run("review")[1]  # not on the same day
    code, said = run("review", "--all", typed="about ten\n-1\n")
    assert code == 0
    assert "What is the mean of the squares of" in said
    assert "'about ten' is not understood" in said
    assert "✘ it is" in said
    assert "Square both, add, halve." in said
    assert events(work)[-1]["kind"] == "review"
    assert events(work)[-1]["outcome"] == "failed"
    first, second = (number for number in said.split("squares of ")[1].split("?")[0].split(" and "))
    assert 1 <= int(first) <= 8
    assert 1 <= int(second) <= 8
    assert "Skipped" in run("review", "--all", typed="\n")[1]


def test_watch_checks_at_once_and_again_when_the_file_is_saved(
    work: Path, right: NotebookNode
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "course", "watch", "tiny", "--sandbox", "none"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"NO_COLOR": "1"},
    )
    assert process.stdout is not None
    patience = threading.Timer(120, process.kill)  # reading would otherwise wait for ever
    patience.start()
    lines: list[str] = []

    def read_until(words: str) -> None:
        for line in process.stdout or ():
            lines.append(line)
            if words in line:
                return
        raise AssertionError("".join(lines))

    try:
        read_until("0 of 6.5 marks")
        write(work, right)
        read_until("6.5 of 6.5 marks")
    finally:
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
        patience.cancel()
    assert "No longer watching" in rest
    assert process.returncode == 0

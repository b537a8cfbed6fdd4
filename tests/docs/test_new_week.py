"""The tutorial is typed from its first line to its last, in an empty folder."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from grader.commands.main import app

from .pages import Command, commands

PAGE = "docs/new-week.md"
BIN = Path(sys.executable).parent

# what is not typed here, and where it is proven instead
ELSEWHERE = {
    "grader preview sizes": "it waits for a person; tests/grader/preview",
    "grader import ~/old/homework.ipynb --id homework": "tests/grader/importing",
}


def typed(text: str, folder: Path, has_sandbox: bool) -> tuple[int, str]:
    if not has_sandbox and re.match(r"grader (audit|grade) ", text):
        text += " --sandbox none"
    if text.startswith("grader ") and not re.search(r"[|<>]", text):
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            result = CliRunner().invoke(app, shlex.split(text)[1:])
        return result.exit_code, result.output
    done = subprocess.run(
        ["bash", "-c", text], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def outcome(command: Command, folder: Path, has_sandbox: bool) -> Path:
    """Type one command, check what the page says of it, and return the folder afterwards."""
    exit_code, output = typed(command.text, folder, has_sandbox)
    assert exit_code == 0, f"{command.text}\n{output}"
    for line in command.output:
        assert line in output, command.text
    is_move = command.text.startswith("cd ")
    return folder / command.text.removeprefix("cd ") if is_move else folder


def test_the_tutorial_leads_from_nothing_to_a_graded_submission(
    tmp_path: Path, has_sandbox: bool
) -> None:
    folder = tmp_path
    for command in commands(PAGE):
        if command.text not in ELSEWHERE:
            folder = outcome(command, folder, has_sandbox)
    assert folder == tmp_path / "seeing"
    feedback = (folder / "var" / "feedback" / "ada" / "sizes" / "sizes.html").read_text("utf-8")
    assert "square metres" in feedback
    assert "# Week 1: how large?" in (folder / "docs" / "week1.md").read_text("utf-8")


def test_what_is_proven_elsewhere_still_stands_in_the_page() -> None:
    assert ELSEWHERE.keys() <= {command.text for command in commands(PAGE)}

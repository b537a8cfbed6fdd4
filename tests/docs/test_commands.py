"""Every command in the pages is run, in a small course; every command is in the pages."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from course.commands.main import app as learners_app
from grader.commands.main import app
from grader.configuration import Course

from .pages import PAGES, REPOSITORY, Command, commands, read, section

BIN = Path(sys.executable).parent

# what is not run here, and where it is proven instead
ELSEWHERE = {
    "make demo": "the gate runs it twice, .ci/run",
    "make test": "the gate runs it, .ci/run; these tests are a part of it",
    "make setup": "every other target runs it first; its parts are tested in tests/test_house.py",
    "make check": "a part of make test",
    ".venv/bin/python -m benchmarks.grading --write": "minutes; tests/benchmarks tests its parts",
    ".venv/bin/python -m benchmarks.algorithms --write": "a minute, and it writes into a page",
    ".venv/bin/python -m benchmarks.assignments --write": "minutes; see test_assignments.py there",
    ".venv/bin/python -m benchmarks.checking --write": "minutes, and it writes into a page",
    ".venv/bin/python -m benchmarks.check_service --write": "minutes, and it writes into a page",
    ".venv/bin/python -m benchmarks.nbgrader_courses --write": "minutes, and it writes into a page",
    ".venv/bin/python -m benchmarks.naming --write": "a minute, and it writes into a page",
    ".venv/bin/pytest tests/course": "a part of make test",
    ".venv/bin/pytest tests/course course/losses": "a part of make test; see test_recipes.py",
    ".venv/bin/jupyter lab": "it waits for a person; test_jupyter_lab_can_be_started asks for less",
    "make lab": "as jupyter lab",
    "make hub": "it waits for a person; tests/grader/hub/test_cycle.py starts what it starts",
}
ELSEWHERE |= dict.fromkeys(
    [
        "sudo .venv/bin/grader hub install roster.csv --dry-run",
        "sudo .venv/bin/grader hub install roster.csv",
        "sudo systemctl enable --now saturdays-hub",
        "sudo .venv/bin/grader hub check",
    ],
    "they change the machine; tests/grader/hub and tests/browser/test_hub.py do as much",
)
ELSEWHERE |= {
    ".venv/bin/grader compare ps1 --reference": "in a folder of nbgrader's; see test_compare.py",
    ".venv/bin/python -m benchmarks.nbgrader_survey results course1 course2": (
        "courses of other people's"
    ),
    ".venv/bin/python -m benchmarks.public_courses introPy:week_1:5_extra_exercises --size 60": (
        "a course of other people's"
    ),
}
ELSEWHERE |= {
    each.text: "there is no cluster here, as the page says; tests/deploy looks at the files"
    for each in commands("docs/kubernetes.md")
}
EXCHANGE = ("release_assignment", "fetch_assignment", "submit", "collect")
EXCHANGE += ("release_feedback", "fetch_feedback")

NEW_WEEK = "docs/new-week.md"  # typed by test_new_week.py
HUB = "docs/hub.md"  # a journey in a course of its own: there everyone uses the exchange

OTHERS = [page for page in PAGES if page != NEW_WEEK]
ALL = list({(each.page == HUB, each.text): each for p in OTHERS for each in commands(p)}.values())
RUN = [each for each in ALL if each.text not in ELSEWHERE]
PROGRAMS = {".venv/bin/grader": app, ".venv/bin/course": learners_app}
COMMANDS = {
    f"{name} {inner}".rstrip(): command
    for name, group in typer.main.get_command(app).commands.items()
    for inner, command in getattr(group, "commands", {"": group}).items()
}
LEARNERS_COMMANDS = typer.main.get_command(learners_app).commands


@dataclass
class Reader:
    """Types what the pages say, each command once, in their order, in one course."""

    course: Course
    has_sandbox: bool
    done: dict[str, tuple[int, str]] = field(default_factory=dict)

    def type(self, command: Command) -> tuple[int, str]:
        """Type what stands on the page before the command, too; returns exit code and output."""
        for each in commands(command.page):
            if each.text not in self.done and each.text not in ELSEWHERE:
                self.done[each.text] = self._run(each.text)
            if each.text == command.text:
                break
        return self.done[command.text]

    def _run(self, text: str) -> tuple[int, str]:
        line = self._here(text)
        program = PROGRAMS.get(line.split()[0])
        if program is not None and not re.search(r"[|<>]", line):
            with pytest.MonkeyPatch.context() as patch:
                patch.chdir(self.course.root)
                patch.setenv("COURSE_ROOT", str(self.course.root))
                patch.setenv("XDG_DATA_HOME", str(self.course.root.with_name("users data")))
                result = CliRunner().invoke(program, line.split()[1:])
            return result.exit_code, result.output
        return self._run_in_shell(line)

    def _run_in_shell(self, line: str) -> tuple[int, str]:
        folder = self.course.root
        if line.startswith("nbgrader "):  # the learner's, in a folder of their own
            folder = folder.with_name("learner")
            folder.mkdir(exist_ok=True)
        done = subprocess.run(
            ["bash", "-c", line.replace(".venv/bin/", "")],
            cwd=folder,
            env={**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def _here(self, text: str) -> str:
        """The command for the small course: another assignment, and an exchange of its own."""
        line = in_the_sample(text)
        if line.split()[1] in EXCHANGE and "nbgrader" in line:
            exchange = self.course.root.with_name("exchange")
            exchange.mkdir(exist_ok=True)
            exchange.chmod(0o1777)
            line += f" --Exchange.root='{exchange}'"
        if not self.has_sandbox and re.search(
            r"grader (audit|grade|autograde) (?!.*sandbox)", line
        ):
            name, *rest = line.split(" ", 2)
            option = "--Execute.sandbox=none" if rest[0] == "autograde" else "--sandbox none"
            line = f"{name} {rest[0]} {option} {rest[1]}"
        return line


def in_the_sample(text: str) -> str:
    return text.replace("loss_functions", "tiny").replace("week3", "sample")


@pytest.fixture(scope="module")
def reader(course_in_use: Course, has_sandbox: bool) -> Reader:
    return Reader(course_in_use, has_sandbox)


@pytest.fixture(scope="module")
def hub_reader(
    copy_of_sample: Callable[[Path], Course],
    tmp_path_factory: pytest.TempPathFactory,
    has_sandbox: bool,
) -> Reader:
    return Reader(copy_of_sample(tmp_path_factory.mktemp("hub") / "a course"), has_sandbox)


@pytest.mark.parametrize("command", RUN, ids=lambda command: f"{command.page}: {command.text}")
def test_a_command_does_what_the_page_says(
    reader: Reader, hub_reader: Reader, command: Command
) -> None:
    reader = hub_reader if command.page == HUB else reader
    exit_code, output = reader.type(command)
    assert exit_code == 0 or (command.text.endswith("doctor") and not reader.has_sandbox), output
    for line in command.output:
        assert in_the_sample(line) in output


def test_the_json_of_a_grading_has_the_keys_that_the_page_names(reader: Reader) -> None:
    command = next(each for each in RUN if each.text.endswith("--json > marks.json"))
    assert reader.type(command)[0] == 0
    lines = json.loads((reader.course.root / "marks.json").read_text("utf-8"))
    outcomes = {line["learner"]: line["outcome"] for line in lines}
    assert (outcomes["ada"], outcomes["bola"]) == ("failed", "errored")
    documented = section("docs/instructor.md", "`grader grade")
    assert {key for key in lines[0] if f"`{key}`" not in documented} == set()
    assert (lines[1]["refusal"] or "") in read("docs/instructor.md")


def test_the_exchange_brings_a_page_back_to_the_learner(hub_reader: Reader) -> None:
    hub_reader.type(commands(HUB)[-1])
    pages = hub_reader.course.root.with_name("learner").glob("tiny/feedback/*/tiny.html")
    assert len(list(pages)) == 1


def test_what_is_proven_elsewhere_still_stands_in_the_pages() -> None:
    assert ELSEWHERE.keys() - {each.text for each in ALL} == set()


def test_every_target_of_make_in_the_pages_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.M))
    named = {name for page in PAGES for name in re.findall(r"(?:`|\$ )make ([a-z]+)", read(page))}
    assert {"demo", "test"} <= named <= targets


def test_the_paths_that_pytest_is_given_exist() -> None:
    lines = [each.text.split() for each in ALL if "pytest" in each.text]
    assert lines
    assert all((REPOSITORY / path).exists() for _, *paths in lines for path in paths)


def test_jupyter_lab_can_be_started() -> None:
    jupyter = shutil.which("jupyter", path=str(BIN))
    assert jupyter is not None
    subprocess.run([jupyter, "lab", "--version"], check=True, capture_output=True)


def test_the_walk_finds_the_commands() -> None:
    assert {"build", "release", "audit", "grade", "feedback", "doctor", "demo"} <= set(COMMANDS)
    assert "--again" in {option for each in COMMANDS["grade"].params for option in each.opts}


def page_of(name: str) -> str:
    """The page where a command is documented."""
    pages = {"hub": HUB, "new": NEW_WEEK, "import": NEW_WEEK, "preview": NEW_WEEK}
    return pages.get(name.split()[0], "docs/instructor.md")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_and_its_options_are_documented(name: str) -> None:
    text = section(page_of(name), f"### `grader {name}")
    assert text
    options = [option for each in COMMANDS[name].params for option in each.opts if "--" in option]
    assert [option for option in options if f"`{option}" not in text] == []
    assert COMMANDS[name].help


def test_the_options_of_the_command_itself_are_documented() -> None:
    options = [option for each in typer.main.get_command(app).params for option in each.opts]
    assert [option for option in options if f"`{option}`" not in read("docs/instructor.md")] == []


@pytest.mark.parametrize("name", LEARNERS_COMMANDS)
def test_a_learners_command_and_its_options_are_documented(name: str) -> None:
    text = read("docs/learner.md")
    assert f"| `course {name}" in text
    options = [o for each in LEARNERS_COMMANDS[name].params for o in each.opts if "--" in o]
    assert [option for option in options if f"{option}" not in text] == []
    assert LEARNERS_COMMANDS[name].help


def test_the_learners_commands_of_the_pages_exist() -> None:
    named = {
        name for page in PAGES for name in re.findall(r"(?:`|bin/)course ([a-z]+)", read(page))
    }
    assert {"start", "submit"} <= named <= set(LEARNERS_COMMANDS)

"""The house: the commands of the Makefile, the set-up, the size of files, what must not be in them.

The set-up is run for real on a copy of its scripts in a path with a space, with a stand-in for
Python that makes an environment of two small scripts and notes what pip was asked for.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from tests.conftest import LONGEST

ROOT = Path(__file__).parents[1]
LONGEST_FILE = 400

# All that the set-up may take for granted; bubblewrap, apt-get, sudo and Python are played.
TOOLS = ["bash", "cat", "cp", "dirname", "env", "flock", "mkdir", "mv", "rm", "sha256sum", "sleep"]
TOOLS += ["tail", "true"]

# The interpreter and, once copied, the environment's own. Without a wish of the test it is new
# enough, complete, and its pip succeeds.
FAKE_PYTHON = """\
#!/bin/bash
case "$*" in
    --version) echo "Python 3.12.${FAKE_PATCH:-0}" ;;
    "-m venv .venv") echo venv >>"$CALLS"; mkdir -p .venv/bin; cp "$FAKE" .venv/bin/python ;;
    "-m pip install"*)
        echo "pip ${*:3}" >>"$CALLS"
        echo "${FAKE_PIP_SAYS:-}"
        exit "${FAKE_PIP:-0}" ;;
    "-m compileall"*) echo "compile ${*:3}" >>"$CALLS"; exit 1 ;;
    *"sys.version_info < "*) exit "${FAKE_TOO_OLD:-0}" ;;
    *"import ensurepip"*) exit "${FAKE_NO_VENV:-0}" ;;
    *"%d.%d-venv"*) echo python3.12-venv ;;
esac
"""

# Notes the package that is to be installed (its last word), and fails where the test wants it.
FAKE_APT = """\
#!/bin/bash
echo "apt ${*: -1}" >>"$CALLS"
exit "${FAKE_APT:-0}"
"""


class Project:
    """A copy of what the set-up reads, on a machine that only pretends."""

    def __init__(self, root: Path) -> None:
        self.root = root / "with a space" / "course"
        self.calls = root / "calls"
        self.commands = root / "commands"
        (self.root / "tools").mkdir(parents=True)
        for name in ("tools/setup.sh", "pyproject.toml", "constraints.txt"):
            shutil.copy(ROOT / name, self.root / name)
        self.commands.mkdir()
        for tool in TOOLS:
            (self.commands / tool).symlink_to(str(shutil.which(tool)))
        self.python = self.command("python3.12", FAKE_PYTHON)
        self.command("bwrap", "#!/bin/bash\n")
        self.command("apt-get", FAKE_APT)
        self.command("sudo", '#!/bin/bash\n[ "$FAKE_SUDO" ] && [ "$1" = -n ] && exec "${@:2}"\n')
        self.command("id", '#!/bin/bash\necho "${FAKE_UID:-1000}"\n')
        self.environment = {
            "PATH": str(self.commands),
            "CALLS": str(self.calls),
            "FAKE": str(self.python),
        }

    def command(self, name: str, text: str) -> Path:
        path = self.commands / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    @property
    def stamp(self) -> Path:
        return self.root / ".venv" / ".set-up"

    def set_up(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.root / "tools" / "setup.sh"],
            cwd=self.root,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def take_calls(self) -> list[str]:
        calls = self.calls.read_text().splitlines() if self.calls.exists() else []
        self.calls.unlink(missing_ok=True)
        return [call.split()[0] for call in calls]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_the_first_set_up_makes_an_environment_and_installs_the_pins(project: Project):
    done = project.set_up()
    assert done.returncode == 0, done.stderr
    assert project.calls.read_text().splitlines() == [
        "venv",
        "pip install -c constraints.txt setuptools",
        "pip install --no-compile -c constraints.txt --no-build-isolation -e .[dev]",
        "compile -q -j 0 .venv/lib course grader",
    ]
    assert "Setting up: virtual environment (Python 3.12.0)" in done.stdout
    assert "Setting up: packages" in done.stdout


def test_a_second_set_up_does_nothing_and_says_nothing(project: Project):
    project.set_up()
    project.take_calls()
    done = project.set_up()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert project.take_calls() == []


def test_an_interrupted_set_up_is_begun_again(project: Project):
    project.set_up()
    project.take_calls()
    project.stamp.unlink()
    half_copied = project.root / ".venv" / "half-copied"
    half_copied.touch()
    assert "unfinished" in project.set_up().stdout
    assert project.take_calls() == ["venv", "pip", "pip", "compile"]
    assert project.stamp.exists()
    assert not half_copied.exists()


@pytest.mark.parametrize("name", ["constraints.txt", "pyproject.toml"])
def test_changed_pins_are_brought_in_without_a_new_environment(project: Project, name: str):
    project.set_up()
    project.take_calls()
    with (project.root / name).open("a") as file:
        file.write("# changed\n")
    assert project.set_up().returncode == 0
    assert project.take_calls() == ["pip", "pip", "compile"]


def test_another_version_of_the_interpreter_is_noticed(project: Project):
    project.set_up()
    project.take_calls()
    assert project.set_up(FAKE_PATCH="1").returncode == 0
    assert project.take_calls() == ["pip", "pip", "compile"]


def test_a_moved_project_gets_a_new_environment(project: Project):
    project.set_up()
    project.take_calls()
    project.root = project.root.rename(project.root.with_name("moved"))
    project.set_up()
    assert project.take_calls() == ["venv", "pip", "pip", "compile"]


def test_a_failing_pip_shows_its_last_words_and_leaves_no_stamp(project: Project):
    done = project.set_up(FAKE_PIP="1", FAKE_PIP_SAYS="no matching distribution")
    assert done.returncode != 0
    assert "no matching distribution" in done.stderr
    assert ".venv/set-up.log" in done.stderr
    assert not project.stamp.exists()
    assert project.set_up().returncode == 0


def test_an_update_that_failed_half_way_is_not_trusted(project: Project):
    project.set_up()
    project.take_calls()
    assert project.set_up(FAKE_PATCH="1", FAKE_PIP="1").returncode != 0
    assert project.take_calls() == ["pip"]
    assert project.set_up(FAKE_PATCH="1").returncode == 0
    assert project.take_calls() == ["venv", "pip", "pip", "compile"]


def test_the_first_interpreter_that_is_new_enough_is_taken(project: Project):
    project.command("python3.14", "#!/bin/bash\nexit 127\n")  # a shim with nothing behind it
    project.command("python3", "#!/bin/bash\nexit 1\n")
    assert "Python 3.12.0" in project.set_up().stdout


def test_without_an_interpreter_one_line_says_what_to_install(project: Project):
    done = project.set_up(FAKE_TOO_OLD="1")
    assert done.returncode != 0
    assert done.stdout == ""
    assert done.stderr == (
        "No Python 3.11 or newer was found. "
        "On Debian or Ubuntu: sudo apt install python3 python3-venv\n"
    )
    assert not (project.root / ".venv").exists()


def test_a_chosen_interpreter_that_is_too_old_is_refused_by_name(project: Project):
    done = project.set_up(FAKE_TOO_OLD="1", PYTHON="python3.12")
    assert done.returncode != 0
    assert done.stderr == "PYTHON=python3.12 is not a Python 3.11 or newer that can be run here.\n"


def test_an_interpreter_without_venv_names_the_package(project: Project):
    done = project.set_up(FAKE_NO_VENV="1")
    assert done.returncode != 0
    assert done.stderr.endswith("sudo apt install python3.12-venv\n")
    assert project.take_calls() == []


def test_real_interpreters_are_judged_by_their_version():
    judge = 'source tools/setup.sh; is_new_enough "$0"'
    for interpreter, status in ((sys.executable, 0), ("/no/such/python", 1)):
        done = subprocess.run(["bash", "-c", judge, interpreter], cwd=ROOT, check=False)
        assert min(done.returncode, 1) == status


@pytest.mark.parametrize("rights", [{"FAKE_UID": "0"}, {"FAKE_SUDO": "yes"}])
def test_bubblewrap_is_installed_where_that_is_allowed(project: Project, rights: dict[str, str]):
    (project.commands / "bwrap").unlink()
    done = project.set_up(**rights)
    assert (done.returncode, done.stderr) == (0, "")
    assert project.calls.read_text().splitlines()[0] == "apt bubblewrap"


@pytest.mark.parametrize("rights", [{}, {"FAKE_UID": "0", "FAKE_APT": "100"}])
def test_otherwise_one_line_says_how_and_the_set_up_goes_on(
    project: Project, rights: dict[str, str]
):
    (project.commands / "bwrap").unlink()
    done = project.set_up(**rights)
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1
    assert ("bubblewrap ..." in done.stdout) == bool(rights), "only who may install says so"
    assert "sudo apt install bubblewrap" in done.stderr
    assert project.stamp.exists()


def test_make_help_lists_every_target():
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.M)
    assert phony is not None
    targets = set(re.findall(r"^([a-z]+):", makefile, re.M))
    assert targets == set(phony.group(1).split())
    shown = subprocess.run(
        ["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert {line.split()[1] for line in shown.splitlines()} == targets


def test_every_package_that_is_asked_for_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    pins = re.findall(r"^([\w.-]+)==[\w.]+$", (ROOT / "constraints.txt").read_text(), re.M)

    def plain(name: str) -> str:
        return re.sub(r"[-_.]+", "-", re.split("[<>=!~ ]", name)[0]).lower()

    assert {plain(name) for name in asked} - {plain(name) for name in pins} == set()


@pytest.mark.parametrize("python", ["3.11.0", "3.12.0", "3.13.0", "3.14.0"])
def test_every_installed_package_admits_every_python_that_we_promise(python: str):
    asked = {item.name: item.metadata["Requires-Python"] for item in distributions()}
    refusing = {
        name: wish for name, wish in asked.items() if wish and python not in SpecifierSet(wish)
    }
    assert refusing == {}


def files_of_the_project() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    paths = [ROOT / name for name in listing.split("\0") if name]
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def test_no_file_names_a_place_on_this_machine():
    places = [place for place in (ROOT, Path.home()) if place != Path("/")]
    telling = re.compile(
        b"|".join(rb"(?<![\w.])" + re.escape(os.fsencode(place)) + rb"\b" for place in places)
    )
    found = {
        str(path.relative_to(ROOT)): match.group().decode()
        for path in files_of_the_project()
        if (match := telling.search(path.read_bytes()))
    }
    assert found == {}


def test_no_python_file_of_the_packages_is_long():
    long = {
        str(path.relative_to(ROOT)): lines
        for folder in ("course", "grader")
        for path in (ROOT / folder).rglob("*.py")
        if (lines := len(path.read_text().splitlines())) >= LONGEST_FILE
    }
    assert long == {}


def test_the_licence_is_the_one_that_the_project_declares():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["license"]
    text = (ROOT / "LICENSE").read_text()
    assert declared == "BSD-3-Clause"
    assert text.startswith("BSD 3-Clause License")
    assert "Saturdays contributors" in text
    assert "Neither the name of the copyright holder" in text


def test_the_files_that_are_to_come_first_are_there() -> None:
    assert [name for name in LONGEST if not (ROOT / name).is_file()] == []

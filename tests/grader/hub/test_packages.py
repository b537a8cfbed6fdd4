"""The hub's Python environment: made once, made anew when the course changes, open to all."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from grader.errors import HubError
from grader.hub import packages
from grader.hub.packages import environment_steps, given_environment_steps, python_for_all
from grader.hub.system import System, is_open_to_all

from .machine import Machine

PROGRAMS = ("python", "jupyterhub", "jupyterhub-singleuser", "nbgrader", "grader", "course")


class Pip(Machine):
    """Makes the folder of an environment, and nothing in it."""

    def run(self, command: Sequence[str | Path], **options: Any) -> str:
        if "venv" in command:
            Path(command[-1]).mkdir(parents=True)
        return super().run(command, **options)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """pip and venv are only noted; the proxy is always there."""
    machine = Pip(tmp_path)
    machine.says = {"python": "", "python3": ""}
    monkeypatch.setattr(packages, "python_for_all", lambda _: Path("/usr/bin/python3"))
    monkeypatch.setattr(packages, "install_proxy", lambda _: False)
    monkeypatch.setattr(packages, "proxy_command", lambda _: ["node"])
    return machine


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    for name in ("course", "grader"):
        (source / name).mkdir(parents=True)
        (source / name / "__init__.py").write_text(f"# {name}")
    for name in ("pyproject.toml", "constraints.txt", "README.md", "LICENSE"):
        (source / name).write_text(name)
    return source


def set_up(machine: Machine, source: Path) -> list[str]:
    """The commands that a run of the steps takes."""
    environment = machine.root / "prefix" / "environment"
    machine.commands.clear()
    for step in environment_steps(machine, environment, source):
        if step.is_due():
            step.do()
    return [" ".join(words[1:]) for words in machine.commands]


def test_packages_are_pinned_and_a_second_run_installs_nothing(
    machine: Machine, source: Path
) -> None:
    commands = set_up(machine, source)
    assert commands[0] == f"-m venv {machine.root / 'prefix' / 'environment'}"
    assert all("-c constraints.txt" in command for command in commands[1:])
    assert commands[-1].endswith("--no-build-isolation .")
    assert set_up(machine, source) == []


def test_a_changed_course_is_installed_into_the_same_environment(
    machine: Machine, source: Path
) -> None:
    set_up(machine, source)
    (source / "course" / "__init__.py").write_text("# another")
    commands = set_up(machine, source)
    assert len(commands) == 2
    assert "venv" not in str(commands)


def test_an_environment_that_was_cut_short_is_made_anew(machine: Machine, source: Path) -> None:
    machine.broken.add("python")
    with pytest.raises(HubError):
        set_up(machine, source)
    machine.broken.clear()
    assert set_up(machine, source)[0].startswith("-m venv")


def test_a_new_version_that_was_cut_short_takes_a_new_environment(
    machine: Machine, source: Path
) -> None:
    set_up(machine, source)
    (source / "course" / "__init__.py").write_text("# another")
    machine.broken.add("python")
    with pytest.raises(HubError):
        set_up(machine, source)
    machine.broken.clear()
    assert set_up(machine, source)[0].startswith("-m venv")


def test_what_python_leaves_behind_makes_no_new_version(machine: Machine, source: Path) -> None:
    set_up(machine, source)
    (source / "course" / "__pycache__").mkdir()
    (source / "course" / "__pycache__" / "x.pyc").write_bytes(b"\0")
    assert set_up(machine, source) == []


def test_an_interpreter_in_a_closed_home_is_passed_over(tmp_path: Path) -> None:
    closed = tmp_path / "home"
    closed.mkdir(mode=0o700)
    python = closed / "python3"
    python.symlink_to(sys.executable)
    python_in_open = Path("/usr/bin/python3")
    if not python_in_open.exists():
        pytest.skip("there is no /usr/bin/python3")

    class Willing(System):
        def run(self, *_: object, **__: object) -> str:
            return ""

    assert python_for_all(Willing(), [python, python_in_open]) == python_in_open
    with pytest.raises(HubError, match="apt install python3 python3-venv"):
        python_for_all(Willing(), [python, tmp_path / "none"])


def test_an_interpreter_that_cannot_make_environments_is_passed_over() -> None:
    class Unwilling(System):
        def run(self, *_: object, **__: object) -> str:
            raise HubError("No module named ensurepip")

    with pytest.raises(HubError, match="can make environments"):
        python_for_all(Unwilling(), [Path("/usr/bin/env")])


def test_a_given_environment_must_have_the_programs(tmp_path: Path) -> None:
    with pytest.raises(HubError, match=r"has no python, jupyterhub, .*Install this project there"):
        list(given_environment_steps(tmp_path))


def test_a_given_environment_must_be_open_to_all(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "bin").mkdir(parents=True)
    for name in PROGRAMS:
        (closed / "bin" / name).touch(mode=0o755)
    closed.chmod(0o700)
    with pytest.raises(HubError, match="others cannot run"):
        list(given_environment_steps(closed))


def test_open_to_all_means_all_folders_above_and_where_links_lead() -> None:
    assert is_open_to_all(Path("/usr/bin/env"))
    assert not is_open_to_all(Path("/proc/self/fd"))

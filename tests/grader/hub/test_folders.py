"""The folders of a hub; the instructors' clone goes forward only, and keeps what is theirs."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from grader.errors import HubError
from grader.hub.folders import (
    DATABASE,
    course_step,
    edition_steps,
    exchange_folders,
    folder_step,
    state_steps,
)
from grader.hub.plan import HubPlan
from grader.hub.steps import Step
from grader.hub.system import Account, Held

from .machine import Machine, plan_in


def git(folder: Path, *arguments: str) -> str:
    author = ["-c", "user.name=A test", "-c", "user.email=test@example.org"]
    command = ["git", "-c", "init.defaultBranch=main", *author, *arguments]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    git(folder, "add", name)
    git(folder, "commit", "-q", "-m", f"Write {name}")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    home = Path("/home/grader-sample")
    machine.accounts["grader-sample"] = Account("grader-sample", 1, 1, home, False, True, False)
    return machine


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A checkout of the course, with one commit."""
    source = tmp_path / "a checkout"
    source.mkdir()
    git(source, "init", "-q")
    commit(source, "course.toml", "first")
    return source


@pytest.fixture
def plan(tmp_path: Path) -> HubPlan:
    plan = plan_in(tmp_path)
    plan.folders.course.mkdir()
    return plan


def run(*steps: Step) -> list[str | None]:
    """What is said of the steps that were due."""
    return [step.do() for step in steps if step.is_due()]


def is_due(steps: Iterable[Step]) -> bool:
    return any(step.is_due() for step in steps)


def test_a_folder_is_made_once_and_mended(tmp_path: Path) -> None:
    machine, path, wanted = Machine(tmp_path), tmp_path / "a" / "b", Held("root", "root", 0o710)
    step = folder_step(machine, path, wanted)
    assert run(step) == [None]
    assert machine.held(path) == wanted
    assert not step.is_due()
    machine.hold(path, replace(wanted, mode=0o755))
    assert step.is_due()


def test_the_exchange_lets_write_and_keeps_others_from_renaming(plan: HubPlan) -> None:
    exchange = plan.folders.exchange
    modes = {path: held.mode for path, held in exchange_folders(plan).items()}
    assert modes == {
        exchange: 0o1777,
        exchange / "sample": 0o755,
        exchange / "sample" / "outbound": 0o755,
        exchange / "sample" / "inbound": 0o2733,
    }
    assert {held.owner for held in exchange_folders(plan).values()} == {"grader-sample"}


def test_the_state_is_closed_to_learners(machine: Machine, plan: HubPlan) -> None:
    run(*state_steps(machine, plan))
    state = plan.folders.state
    assert machine.held(state) == Held("root", "grader-sample", 0o710)
    assert machine.held(state / DATABASE) == Held("root", "root", 0o600)
    assert not is_due(state_steps(machine, plan))


def test_the_course_is_cloned_as_the_grader(machine: Machine, plan: HubPlan, source: Path) -> None:
    step = course_step(machine, plan, source)
    assert run(step) == [None]
    assert (plan.folders.course / "course.toml").read_text() == "first"
    assert not step.is_due()
    for words, user in zip(machine.commands, machine.users, strict=True):
        assert (user == "grader-sample") == ("safe.directory" not in str(words))


def test_a_new_commit_is_brought_and_the_work_beside_it_kept(
    machine: Machine, plan: HubPlan, source: Path
) -> None:
    run(course_step(machine, plan, source))
    var = plan.folders.course / "var"
    var.mkdir()
    (var / "gradebook.db").write_text("marks")
    commit(source, "course.toml", "second")
    assert run(course_step(machine, plan, source)) == [None]
    assert (plan.folders.course / "course.toml").read_text() == "second"
    assert (var / "gradebook.db").read_text() == "marks"


def test_an_instructors_change_that_is_not_committed_stops_it_and_is_kept(
    machine: Machine, plan: HubPlan, source: Path
) -> None:
    run(course_step(machine, plan, source))
    commit(source, "course.toml", "second")
    theirs = plan.folders.course / "course.toml"
    theirs.write_text("an instructor's")
    with pytest.raises(HubError, match=r"not committed, among them course\.toml"):
        run(course_step(machine, plan, source))
    assert theirs.read_text() == "an instructor's"


def test_an_instructors_change_does_not_matter_while_there_is_nothing_new(
    machine: Machine, plan: HubPlan, source: Path
) -> None:
    run(course_step(machine, plan, source))
    (plan.folders.course / "course.toml").write_text("an instructor's")
    assert run(course_step(machine, plan, source)) == []


def test_an_instructors_commit_is_ahead_or_stops_it(
    machine: Machine, plan: HubPlan, source: Path
) -> None:
    run(course_step(machine, plan, source))
    commit(plan.folders.course, "theirs.md", "theirs")
    assert run(course_step(machine, plan, source)) == []
    commit(source, "course.toml", "second")
    with pytest.raises(HubError, match=r"has commits that .* lacks"):
        run(course_step(machine, plan, source))
    assert git(plan.folders.course, "log", "-1", "--format=%s") == "Write theirs.md"


def test_a_file_of_an_instructor_in_the_way_is_kept(
    machine: Machine, plan: HubPlan, source: Path
) -> None:
    run(course_step(machine, plan, source))
    (plan.folders.course / "notes.md").write_text("an instructor's")
    commit(source, "notes.md", "ours")
    with pytest.raises(HubError, match="files that are in its way"):
        run(course_step(machine, plan, source))
    assert (plan.folders.course / "notes.md").read_text() == "an instructor's"


def test_a_clone_that_was_cut_short_is_finished(
    machine: Machine, plan: HubPlan, source: Path
) -> None:
    git(plan.folders.course, "init", "-q")
    run(course_step(machine, plan, source))
    assert (plan.folders.course / "course.toml").read_text() == "first"


def test_changes_here_that_are_not_committed_are_told(
    machine: Machine, plan: HubPlan, source: Path
) -> None:
    (source / "course.toml").write_text("not committed")
    (told,) = run(course_step(machine, plan, source))
    assert told is not None
    assert told.startswith("only what is committed")
    assert (plan.folders.course / "course.toml").read_text() == "first"


def test_a_folder_that_git_does_not_know_is_one_message(
    machine: Machine, plan: HubPlan, tmp_path: Path
) -> None:
    (tmp_path / "unpacked").mkdir()
    with pytest.raises(HubError, match="is no git checkout with a commit"):
        run(course_step(machine, plan, tmp_path / "unpacked"))


def test_learners_read_what_is_released_and_the_description(
    machine: Machine, plan: HubPlan, source: Path
) -> None:
    run(course_step(machine, plan, source), *edition_steps(machine, plan))
    edition = plan.folders.edition
    assert (edition / "assignments").readlink() == plan.folders.exchange / "sample" / "outbound"
    assert (edition / "course.toml").read_text() == "first"
    assert (edition / "jupyter" / "learner" / "nbgrader_config.py").exists()
    assert not is_due(edition_steps(machine, plan))


def test_what_changed_in_the_edition_is_put_right(
    machine: Machine, plan: HubPlan, source: Path
) -> None:
    run(course_step(machine, plan, source), *edition_steps(machine, plan))
    edition = plan.folders.edition
    (edition / "assignments").unlink()
    (edition / "assignments").symlink_to("/etc")
    (edition / "course.toml").write_text("old")
    (edition / "jupyter" / "learner" / "nbgrader_config.py").write_text("old")
    assert len(run(*edition_steps(machine, plan))) == 3
    assert not is_due(edition_steps(machine, plan))

"""The folders of a hub: the exchange, the instructor's clone of the course, what learners read.

Who may do what in them:

- the exchange is nbgrader's: everyone may write into its root and into `inbound`, and the sticky
  bit keeps everyone from renaming what is another's. `inbound` can be listed by its owner only.
- the clone of the course, with solutions and gradebook, is closed to all but the grader. It is
  brought up to date by git, as the grader, and only forward: what an instructor has changed in
  it stops the set-up and is kept.
- the edition is what learners read: course.toml, and what is released, by a link.
- the state is root's. The grader may enter it and read the plan, but not list it.
"""

from __future__ import annotations

import contextlib
import filecmp
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from grader.configuration import COURSE_FILE
from grader.errors import HubError
from grader.exchange.handing_out import outbound
from grader.hub.plan import HubPlan
from grader.hub.settings import write_settings
from grader.hub.steps import Step
from grader.hub.system import Held, System

__all__ = ["course_step", "edition_steps", "exchange_folders", "folder_step", "state_steps"]

DATABASE = "jupyterhub.sqlite"


def folder_step(system: System, path: Path, wanted: Held) -> Step:
    """A folder with this owner and mode."""

    def make() -> None:
        path.mkdir(parents=True, exist_ok=True)
        system.hold(path, wanted)

    what = f"folder {path}, {wanted.mode:o}, of {wanted.owner}"
    return Step(what, lambda: system.held(path) != wanted, make)


def exchange_folders(plan: HubPlan) -> dict[Path, Held]:
    """The folders of the exchange, with the owners and modes that they must have."""
    folder = plan.folders.exchange / plan.course_id
    modes = {
        plan.folders.exchange: 0o1777,
        folder: 0o755,
        outbound(plan.folders.exchange, plan.course_id): 0o755,
        folder / "inbound": 0o2733,
    }
    return {path: Held(plan.grader, plan.grader, mode) for path, mode in modes.items()}


def state_steps(system: System, plan: HubPlan) -> Iterator[Step]:
    """The folder of the hub's state, and in it the database, which JupyterHub would open to all."""
    state = plan.folders.state
    yield folder_step(system, state, Held("root", plan.grader, 0o710))
    path, wanted = state / DATABASE, Held("root", "root", 0o600)

    def make() -> None:
        path.touch()
        system.hold(path, wanted)

    yield Step("the hub's database, closed to others", lambda: system.held(path) != wanted, make)


def edition_steps(system: System, plan: HubPlan) -> Iterator[Step]:
    """What learners read."""
    edition = plan.folders.edition
    yield folder_step(system, edition, Held("root", "root", 0o755))
    link, target = edition / "assignments", outbound(plan.folders.exchange, plan.course_id)
    yield Step(
        "what is released, for learners to read",
        lambda: not link.is_symlink() or link.readlink() != target,
        lambda: _put_link(link, target),
    )
    yield _description(system, plan)
    yield Step(
        "settings of everybody's servers",
        lambda: not _settings_are_current(plan),
        lambda: write_settings(plan),
    )


def course_step(system: System, plan: HubPlan, source: Path) -> Step:
    """The instructor's clone of the course in `source`, which need not be readable by others."""
    course = plan.folders.course

    def is_due() -> bool:
        wanted = _revision(system, source)
        if not course.joinpath(".git").exists():
            return True
        return not _has(system, plan, wanted)

    return Step(f"the course in {course}", is_due, lambda: _bring(system, plan, source))


def _has(system: System, plan: HubPlan, revision: str) -> bool:
    try:
        _git_as_grader(system, plan, "merge-base", "--is-ancestor", revision, "HEAD")
    except HubError:  # git fails too when the revision is not there, or when nothing is
        return False
    return True


def _bring(system: System, plan: HubPlan, source: Path) -> str | None:
    """By a bundle: neither does root run git in the grader's folder, nor the grader in root's."""
    course = plan.folders.course
    if not course.joinpath(".git").exists():
        _git_as_grader(system, plan, "init", "--quiet", "--initial-branch=main")
    elif changed := _git_as_grader(system, plan, "status", "--porcelain", "-uno").splitlines():
        raise HubError(
            f"the course in {course} has changes that are not committed, among them "
            f"{changed[0][3:]}. It was left as it is: commit them there, and run this again."
        )
    with tempfile.TemporaryDirectory(prefix="saturdays-") as folder:
        system.hold(Path(folder), Held("root", plan.grader, 0o750))
        bundle = Path(folder) / "course.bundle"
        _git(system, source, "bundle", "create", str(bundle), "HEAD")
        system.hold(bundle, Held("root", plan.grader, 0o640))
        _git_as_grader(system, plan, "fetch", "--quiet", str(bundle), "HEAD")
    try:
        _git_as_grader(system, plan, "merge", "--quiet", "--ff-only", "FETCH_HEAD")
    except HubError as error:
        raise HubError(
            f"the course in {course} has commits that {source} lacks, or files that are in its "
            f"way ({error}) It was left as it is: merge FETCH_HEAD there, and run this again."
        ) from error
    changed = _git(system, source, "status", "--porcelain", "-uno").splitlines()
    return "only what is committed; some files here have changes besides" if changed else None


def _revision(system: System, source: Path) -> str:
    try:
        return _git(system, source, "rev-parse", "HEAD").strip()
    except HubError as error:
        raise HubError(
            f"{source} is no git checkout with a commit, from which the instructors' folder "
            f"could be cloned: {error}"
        ) from error


def _git(system: System, folder: Path, *arguments: str) -> str:
    # git refuses the checkout of another account, also root's wish to read that of who ran sudo
    trusted = ["-c", f"safe.directory={folder}"]
    return system.run(["git", *trusted, *arguments], folder=folder)


def _git_as_grader(system: System, plan: HubPlan, *arguments: str) -> str:
    grader = system.account(plan.grader)
    if grader is None:
        raise HubError(f"the account {plan.grader!r} is gone. Run the same command again.")
    return system.run(["git", *arguments], user=grader, folder=plan.folders.course)


def _description(system: System, plan: HubPlan) -> Step:
    """A copy of course.toml, read as the grader: the file is the instructors', and so is a link."""
    path = plan.folders.edition / COURSE_FILE

    def theirs() -> str:
        source = plan.folders.course / COURSE_FILE
        return system.run(["cat", source], user=system.account(plan.grader))

    def is_due() -> bool:
        return (
            not path.exists()
            or system.account(plan.grader) is None
            or path.read_text("utf-8") != theirs()
        )

    def copy() -> None:
        path.write_text(theirs(), "utf-8")
        path.chmod(0o644)

    return Step(f"{COURSE_FILE}, for learners to read", is_due, copy)


def _put_link(link: Path, target: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        link.unlink()
    link.symlink_to(target)


def _settings_are_current(plan: HubPlan) -> bool:
    """Written once more into a scratch folder, they are the same."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = replace(plan, folders=replace(plan.folders, edition=Path(folder)))
        write_settings(scratch)
        wanted = [path for path in Path(folder).rglob("*") if path.is_file()]
        there = [plan.folders.edition / path.relative_to(folder) for path in wanted]
        return all(
            one.exists() and filecmp.cmp(one, other, shallow=False)
            for one, other in zip(there, wanted, strict=True)
        )

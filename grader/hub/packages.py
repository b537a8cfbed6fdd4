"""The Python environment of a hub, which everybody's server runs on: made, or looked at.

It stands on an interpreter that every account can run, never one in somebody's closed home, and
has its own copies of the course's library and of the grader. A finished one carries a stamp,
written last: a hash of all that it was made from. So a second run is quick, a new version of the
course is installed by running the set-up again, and one that was cut short is finished.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from grader.errors import HubError
from grader.hub.proxy import install_proxy, proxy_command
from grader.hub.steps import Step
from grader.hub.system import System, is_open_to_all

__all__ = ["environment_steps", "given_environment_steps", "python_for_all"]

_OLDEST = (3, 11)
_PYTHONS: tuple[Path, ...] = (
    *(Path(f"/usr/bin/python3.{minor}") for minor in (14, 13, 12, 11)),
    Path("/usr/local/bin/python3"),
    Path(sys.base_prefix, "bin", "python3"),
)
_STAMP = "saturdays.stamp"
_PARTS = ("course", "grader", "pyproject.toml", "constraints.txt", "README.md", "LICENSE")
_PROGRAMS = ("python", "jupyterhub", "jupyterhub-singleuser", "nbgrader", "grader", "course")


def environment_steps(system: System, environment: Path, source: Path) -> Iterator[Step]:
    """An environment made from the checkout in `source`, and the hub's proxy in it."""
    yield Step(
        f"Python packages in {environment} (some minutes, the first time)",
        lambda: _stamp(environment) != _fingerprint(source),
        lambda: _install(system, environment, source),
    )
    yield _proxy(environment)


def given_environment_steps(environment: Path) -> Iterator[Step]:
    """An environment that was made by somebody else; only the proxy is put into it.

    Raises:
        HubError: it lacks a program, or others cannot run it.
    """
    programs = [environment / "bin" / name for name in _PROGRAMS]
    missing = [program.name for program in programs if not program.exists()]
    if missing:
        raise HubError(
            f"{environment} has no {', '.join(missing)}. Install this project there (pip install "
            "-c constraints.txt .), or leave out --environment and one is made."
        )
    if closed := [program for program in programs if not is_open_to_all(program)]:
        raise HubError(
            f"others cannot run {closed[0]}, which is {closed[0].resolve()}. Open all folders "
            "above it, or leave out --environment and one is made with the system's Python."
        )
    yield _proxy(environment)


def python_for_all(system: System, candidates: Sequence[Path] | None = None) -> Path:
    """An interpreter that every account can run, and that can make environments.

    Raises:
        HubError: there is none; says which package has one.
    """
    ask = f"import sys, ensurepip, venv; sys.exit(sys.version_info < {_OLDEST})"
    for python in _PYTHONS if candidates is None else candidates:
        if python.exists() and is_open_to_all(python):
            try:
                system.run([python, "-c", ask])
            except HubError:
                continue
            return python
    raise HubError(
        f"there is no Python {'.'.join(map(str, _OLDEST))} or newer that every account can run "
        "and that can make environments. On Debian or Ubuntu: apt install python3 python3-venv"
    )


def _install(system: System, environment: Path, source: Path) -> str:
    """pip works on a copy: what building leaves behind does not stay in the checkout."""
    python = environment / "bin" / "python"
    if not _stamp(environment):  # cut short, or never begun
        shutil.rmtree(environment, ignore_errors=True)
        environment.parent.mkdir(parents=True, exist_ok=True)
        system.run([python_for_all(system), "-m", "venv", environment])
    environment.joinpath(_STAMP).unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="saturdays-") as folder:
        for name in _PARTS:
            _copy(source / name, Path(folder) / name)
        pip: list[str | Path] = [
            python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]
        constraints = ["-c", "constraints.txt"]
        quiet = {"PIP_USER": "no", "PIP_NO_INPUT": "1"}
        system.run([*pip, *constraints, "setuptools"], folder=Path(folder), variables=quiet)
        here = ["--no-build-isolation", "."]
        system.run([*pip, *constraints, *here], folder=Path(folder), variables=quiet)
    install_proxy(environment)
    environment.joinpath(_STAMP).write_text(_fingerprint(source), "ascii")
    return "restart the hub to use them"


def _proxy(environment: Path) -> Step:
    def is_due() -> bool:
        try:
            proxy_command(environment)
        except HubError:
            return True
        return False

    def install() -> None:
        install_proxy(environment)

    return Step("the hub's proxy", is_due, install)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copyfile(source, target)


def _stamp(environment: Path) -> str:
    try:
        return environment.joinpath(_STAMP).read_text("ascii")
    except OSError:
        return ""


def _fingerprint(source: Path) -> str:
    """Of all files that are installed, and of where the interpreter would come from."""
    digest = hashlib.sha256()
    for name in _PARTS:
        place = source / name
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(source)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()

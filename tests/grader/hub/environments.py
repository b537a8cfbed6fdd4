"""A Python environment that every account of this machine can read, made from the tests' own.

The project's .venv may stand on an interpreter in somebody's closed home, as pyenv's do. This
one stands on the system's Python of the same minor version; its packages are hard links, so
that it is made in about a second and takes no room. The course and the grader are copies, as in
an installed hub.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
_MINOR = f"python{sys.version_info.major}.{sys.version_info.minor}"
_OWN = ("course", "grader")
_DATA = ("etc", "share")  # JupyterLab, the kernel, the hub's pages, the hub's proxy


def why_no_readable_environment() -> str:
    """The reason why none can be made here, or nothing."""
    python = _system_python()
    if python is None:
        return f"there is no {_MINOR} in /usr/bin, whose packages would fit"
    return ""


def readable_environment(folder: Path) -> Path:
    """Make one in `folder`, which must not exist, below folders that all may enter."""
    python = _system_python()
    assert python is not None, why_no_readable_environment()
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
    packages = Path("lib") / _MINOR / "site-packages"
    (folder / packages).rmdir()
    _copy(Path(sys.prefix) / packages, folder / packages)
    for name in _DATA:
        if (Path(sys.prefix) / name).is_dir():
            shutil.rmtree(folder / name, ignore_errors=True)
            _copy(Path(sys.prefix) / name, folder / name)
    _put_copies_for_links(folder / packages)
    _copy_scripts(folder)
    return folder


def _system_python() -> Path | None:
    for place in (Path("/usr/bin"), Path("/usr/local/bin")):
        python = place / _MINOR
        if python.exists() and _may_be_run_by_all(python.resolve()):
            return python
    return None


def _may_be_run_by_all(path: Path) -> bool:
    return all(place.stat().st_mode & 0o001 for place in (path, *path.parents))


def _copy(source: Path, target: Path) -> None:
    """Hard links where they are possible: the same file system."""
    linked = subprocess.run(["cp", "-al", source, target], capture_output=True, check=False)
    if linked.returncode != 0:
        shutil.rmtree(target, ignore_errors=True)
        subprocess.run(["cp", "-a", source, target], check=True)


def _put_copies_for_links(packages: Path) -> None:
    for link in packages.glob("__editable__*saturdays*"):
        link.unlink()
    for name in _OWN:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, packages / name, ignore=ignored)
    subprocess.run(["chmod", "-R", "go+rX", *(packages / name for name in _OWN)], check=True)


def _copy_scripts(folder: Path) -> None:
    """The programs that pip wrote name their interpreter in the first line.

    Or in the second of three, where its path has a blank: then the first is the shell's.
    """
    own = f"#!{sys.prefix}/".encode()
    blank = b"#!/bin/sh\n'''exec' " + f'"{sys.prefix}/'.encode()
    for script in (Path(sys.prefix) / "bin").iterdir():
        if script.is_symlink() or not script.is_file():
            continue
        text = script.read_bytes()
        if text.startswith(blank):
            text = own + b"\n" + text.split(b"\n", 3)[3]
        first, newline, rest = text.partition(b"\n")
        if first.startswith(own):
            copy = folder / "bin" / script.name
            copy.write_bytes(f"#!{folder / 'bin' / 'python'}".encode() + newline + rest)
            copy.chmod(0o755)

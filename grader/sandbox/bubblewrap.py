"""The default on Linux: bubblewrap, unprivileged namespaces around one process.

Inside there is no network, no other process, no file of the grader's: a read-only view
of the system's libraries, of Python and of the learner's library `course`, an empty home
and a size-limited /tmp. bubblewrap (bwrap(1)) was chosen over containers and firejail
because it needs neither a daemon nor a setuid helper, and is in every distribution.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import course
import grader
from grader.records import Limits
from grader.sandbox.base import ProcessGroup, learner_command, learner_environment, spawn

__all__ = ["Bubblewrap"]

HOME = "/home/learner"
_TMPFS_BYTES = 256 * 2**20


class Bubblewrap:
    """Starts each learner's process in namespaces of its own."""

    name = "bubblewrap"

    def unavailable(self) -> str | None:
        """Try it: only a sandbox that starts is a sandbox."""
        if shutil.which("bwrap") is None:
            return "bubblewrap is not installed; install it with: apt install bubblewrap"
        try:
            done = subprocess.run(
                [*_confinement(), sys.executable, "-I", "-c", "import course.link.codec"],
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return "bubblewrap did not start a process within 60 seconds"
        if done.returncode == 0:
            return None
        why = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return f"bubblewrap is installed but cannot start a process here: {why}"

    def start(self, limits: Limits) -> ProcessGroup:
        """See `Sandbox.start`."""
        command = [*_confinement(), *learner_command(limits)]
        return spawn(command, learner_environment(HOME), Path("/"))


@functools.cache
def _confinement() -> tuple[str, ...]:
    """bwrap's arguments; each mount is there because Python does not start without it."""
    # found here and not in start(), whose environment has a path of its own
    options = [
        shutil.which("bwrap") or "bwrap",
        "--unshare-all",
        "--die-with-parent",
        "--new-session",
    ]
    options += ["--uid", "1000", "--gid", "1000", "--cap-drop", "ALL", "--hostname", "learner"]
    for folder in ("/usr", "/lib", "/lib64", "/bin", "/sbin"):
        options += _view(Path(folder))
    options += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    # fontconfig and the name of the time zone: read by matplotlib and by datetime
    options += ["--ro-bind-try", "/etc/localtime", "/etc/localtime"]
    options += ["--proc", "/proc", "--dev", "/dev"]
    for folder in ("/tmp", "/dev/shm", HOME):  # noqa: S108 - tmpfs of the process's own
        options += ["--size", str(_TMPFS_BYTES), "--tmpfs", folder]
    for prefix in _interpreter_folders():
        options += ["--ro-bind", prefix, prefix]
    library = str(Path(course.__file__).parent)
    options += ["--ro-bind", library, library]
    options += _cover(Path(grader.__file__).parent)
    options += _font_cache()
    # what is left of the tree is bubblewrap's own tmpfs, and those have no size
    options += ["--remount-ro", "/dev", "--remount-ro", "/"]
    return (*options, "--chdir", HOME, "--")


def _view(folder: Path) -> list[str]:
    """`folder` as it is outside: a link stays a link, a folder becomes a read-only view."""
    if folder.is_symlink():
        return ["--symlink", str(folder.readlink()), str(folder)]
    return ["--ro-bind-try", str(folder), str(folder)]


def _interpreter_folders() -> list[str]:
    """The folders that Python runs from, outermost first, less those below /usr."""
    paths = sysconfig.get_paths()
    found = {sys.prefix, sys.base_prefix, paths["purelib"], paths["platlib"]}
    found |= {str(Path(sys.executable).resolve().parent.parent)}
    outside = [Path(path) for path in sorted(found) if not Path(path).is_relative_to("/usr")]
    # a folder inside one that is seen already needs no view of its own
    return [str(p) for p in outside if not any(q in p.parents for q in outside)]


def _cover(package: Path) -> list[str]:
    """Hide the grader where it is installed next to the libraries that must be seen."""
    seen = any(package.is_relative_to(prefix) for prefix in _interpreter_folders())
    return ["--tmpfs", str(package)] if seen or package.is_relative_to("/usr") else []


def _font_cache() -> list[str]:
    """matplotlib's list of fonts, which takes it seconds to make in an empty home."""
    import matplotlib as mpl
    from matplotlib import font_manager  # importing it makes the list

    name = f"fontlist-v{font_manager.FontManager.__version__}.json"
    made = Path(mpl.get_cachedir()) / name
    return ["--ro-bind", str(made), f"{HOME}/matplotlib/{name}"] if made.exists() else []

"""The default on Linux: bubblewrap, unprivileged namespaces around one process.

Inside there is no network, no other process, no file of the grader's: a read-only view
of the system's libraries, of Python and of the learner's library `course`, an empty home
and a size-limited /tmp. bubblewrap (bwrap(1)) was chosen over containers and firejail
because it needs neither a daemon nor a setuid helper, and is in every distribution.

There are two ways to start a learner's process, with the same confinement: warm, as a
fork of a zygote that runs inside and has imported what notebooks import, and cold, each
in a bubblewrap of its own, where namespaces cannot be nested
(docs/decisions/0006-zygote.md).
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import threading
import weakref
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import course
import grader
from course.link.withhold import Withheld, places
from grader.errors import SandboxError
from grader.records import Limits
from grader.sandbox.base import (
    NOTHING_WITHHELD,
    LearnerProcess,
    View,
    learner_command,
    learner_environment,
    learner_options,
    spawn,
)
from grader.sandbox.control_group import ControlGroup
from grader.sandbox.guard import Startable, guarded
from grader.sandbox.zygote import PRELOADED, Forks, SharedZygote, Zygote, ZygoteGone

__all__ = ["HOME", "Bubblewrap", "confinement_with", "start_zygote"]

HOME = "/home/learner"
FILES = "/assignment"
_SCRATCH = ("/tmp", "/dev/shm")  # noqa: S108 - in memory, the process's own
_TMPFS_BYTES = 256 * 2**20
_NOTHING = View()
_TRIAL = "from course.link.syscalls import refuse_dangerous_calls as refuse; refuse()"


class Bubblewrap:
    """Starts each learner's process in namespaces of its own.

    Args:
        warm: whether to try a zygote; without success, and without this, each start is cold.
        view: what learners see besides; its folder is seen at `FILES`.
        zygote: one of the same view, which other sandboxes use, too.
    """

    name = "bubblewrap"

    def __init__(
        self,
        *,
        warm: bool = True,
        view: View | None = None,
        zygote: SharedZygote | None = None,
    ) -> None:
        self.files = FILES if view and view.files else None
        self._view = view or View()
        self._warm = warm and not self._view.cold
        self._zygote: Forks | None = zygote
        self._lock = threading.Lock()

    def unavailable(self) -> str | None:
        """Try it: only a sandbox that starts is a sandbox."""
        if shutil.which("bwrap") is None:
            return "bubblewrap is not installed; install it with: apt install bubblewrap"
        try:
            done = subprocess.run(
                [*_confinement(), sys.executable, "-I", "-c", _TRIAL],
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

    def no_warm_start(self) -> str | None:
        """Why every start is a cold one here, in one line; None when starts are warm.

        Called by ``grader doctor``. Tried as it is done, but without the imports.
        """
        try:
            with contextlib.closing(_zygote(preload=())) as zygote:
                zygote.ready()
        except SandboxError as error:
            return str(error)
        return None

    def start(self, limits: Limits, withheld: Withheld = NOTHING_WITHHELD) -> LearnerProcess:
        """See `Sandbox.start`. A zygote that has ended is replaced by a new one."""
        return guarded(limits, functools.partial(self._start, limits, withheld))

    def _start(self, limits: Limits, withheld: Withheld, group: ControlGroup | None) -> Startable:
        hidden = _made(places(withheld.modules))
        for _ in range(2):
            zygote = self._ready_zygote()
            if zygote is None:
                break
            try:
                options = learner_options(limits, withheld, confined=True)
                return zygote.fork(options | {"processes": limits.processes}, group)
            except ZygoteGone:
                self._forget(zygote)
        confinement = _covering(
            _seeing(_confinement(places=self._view.places), self._view.files), hidden
        )
        command = [*confinement, *learner_command(limits, withheld, confined=True)]
        doors = group.doors if group else ()
        environment = learner_environment(HOME, inline=self._view.inline)
        return spawn(command, environment, Path("/"), doors)

    @property
    def left_out(self) -> tuple[str, ...]:
        """What was to be imported once and is not, because it starts threads: each start does."""
        return self._zygote.left_out if self._zygote is not None else ()

    def close(self) -> None:
        """See `Sandbox.close`."""
        if self._zygote is not None:
            self._forget(self._zygote)

    def _forget(self, zygote: Forks) -> None:
        zygote.close()
        with self._lock:
            if self._zygote is zygote:  # and not one that has replaced it meanwhile
                self._zygote = None

    def _ready_zygote(self) -> Forks | None:
        with self._lock:
            try:
                if self._warm and (self._zygote is None or self._zygote.closed):
                    self._zygote = start_zygote(self._view)
                    # also for those who forget to close, and before the interpreter ends
                    weakref.finalize(self, self._zygote.close)
                if self._zygote is not None:
                    self._zygote.ready()
            except SandboxError:
                self._zygote, self._warm = None, False
            return self._zygote


def start_zygote(view: View) -> Zygote:
    """A zygote for sandboxes of this view, which is not ready yet.

    Raises:
        SandboxError: bubblewrap cannot be started.
    """
    return _zygote(**_asked(view))


def confinement_with(folder: Path, seen_at: Path, readable: Sequence[Path]) -> list[str]:
    """bwrap's arguments, without the program: with `folder` to be written, and more to be read.

    What Python runs from stays to be seen where `seen_at` is a folder around it.
    """
    *options, _, _, _ = _confinement()  # without its --chdir HOME --
    ours = [*map(Path, _interpreter_folders()), Path(course.__file__).parent]
    mounts = ["--bind", str(folder), str(seen_at)]
    for path in (*(p for p in ours if p.is_relative_to(seen_at)), *readable):
        mounts += ["--ro-bind", str(path), str(path)]
    end = len(options) - options[::-1].index("/dev") - 2  # from there on nothing can be mounted
    return [*options[:end], *mounts, *options[end:], "--chdir", str(seen_at), "--"]


def _asked(view: View) -> dict[str, Any]:
    return {"view": view} | ({"preload": view.preload} if view.preload else {})


def _zygote(preload: Sequence[str] = PRELOADED, view: View = _NOTHING) -> Zygote:
    return Zygote(
        _seeing(_confinement(zygote=True, places=view.places), view.files),
        learner_environment(HOME, inline=view.inline),
        folders=[HOME, *_SCRATCH],
        folder_bytes=_TMPFS_BYTES,
        preload=preload,
    )


@functools.cache
def _confinement(*, zygote: bool = False, places: tuple[str, ...] = ()) -> tuple[str, ...]:
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
    # The zygote's forks mount a /proc of their own over it, which the kernel permits only
    # to who sees one that nothing is mounted over, as bubblewrap does (mount_too_revealing).
    options += ["--bind", "/proc", "/proc", "--as-pid-1"] if zygote else _own_proc()
    options += ["--dev", "/dev"]
    for folder in (*_SCRATCH, HOME):
        options += ["--size", str(_TMPFS_BYTES), "--tmpfs", folder]
    # before ours, which stay as they are where a place holds them or is one of them
    for place in (*places, *_interpreter_folders()):
        options += ["--ro-bind", place, place]
    library = str(Path(course.__file__).parent)
    options += ["--ro-bind", library, library]
    options += _cover(Path(grader.__file__).parent)
    options += _font_cache()
    # what is left of the tree is bubblewrap's own tmpfs, and those have no size
    options += ["--remount-ro", "/dev", "--remount-ro", "/"]
    return (*options, "--chdir", HOME, "--")


def _seeing(confinement: Sequence[str], files: Path | None) -> Sequence[str]:
    """bwrap's arguments, with the folder `files` to be read at `FILES`."""
    if files is None:
        return confinement
    end = confinement.index("--remount-ro")  # from there on nothing can be mounted on the root
    return [*confinement[:end], "--ro-bind", str(files), FILES, *confinement[end:]]


def _made(places: Sequence[Path]) -> Sequence[Path]:
    """The places, of which a folder for byte code is there now, lest it appear uncovered later."""
    for place in places:
        if place.name == "__pycache__":
            with contextlib.suppress(OSError):  # then nobody else of ours makes it either
                place.mkdir(exist_ok=True)
    return places


def _covering(confinement: Sequence[str], hidden: Sequence[Path]) -> list[str]:
    """bwrap's arguments, with nothing to be seen in the `hidden` folders and files."""
    *options, end = confinement
    for place in map(str, filter(Path.exists, hidden)):
        is_folder = Path(place).is_dir()
        cover = ["--tmpfs", place, "--remount-ro", place]
        options += cover if is_folder else ["--ro-bind", "/dev/null", place]
    return [*options, end]


def _own_proc() -> list[str]:
    # read-only, because to the grader's root, who is this learner by another name, files such
    # as /proc/sys/kernel/core_pattern are writable without any capability
    return ["--proc", "/proc", "--remount-ro", "/proc"]


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
    made = _known_font_list() or _font_list()
    return ["--ro-bind", str(made), f"{HOME}/matplotlib/{made.name}"] if made.exists() else []


def _known_font_list() -> Path | None:
    """The one of this matplotlib, where it usually is: found without the second of its import."""
    library = find_spec("matplotlib")
    if library is None or library.origin is None:
        return None
    source = Path(library.origin).with_name("font_manager.py").read_text("utf-8")
    version = re.search(r"__version__ = '([\w.]+)'", source)
    settings, caches = os.environ.get("MPLCONFIGDIR"), os.environ.get("XDG_CACHE_HOME")
    folder = Path(settings or Path(caches or Path.home() / ".cache") / "matplotlib")
    made = folder / f"fontlist-v{version[1] if version else None}.json"
    return made if made.exists() else None


def _font_list() -> Path:
    """What matplotlib itself says; there may be none at this place."""
    import matplotlib as mpl
    from matplotlib import font_manager  # importing it makes the list

    return Path(mpl.get_cachedir()) / f"fontlist-v{font_manager.FontManager.__version__}.json"

"""What takes seconds before a first notebook runs, and may begin before it is needed.

Two processes: the server that workers are forked from has imported what tests import, and the
zygote that learners' processes are forked from has imported what notebooks import
(docs/decisions/0006-zygote.md). A command that will need both begins them while it still imports
nbgrader itself, which takes as long (`begun_early`).
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import forkserver
from pathlib import Path

from grader.errors import SandboxError
from grader.sandbox.base import View
from grader.sandbox.bubblewrap import Bubblewrap, start_zygote
from grader.sandbox.zygote import Zygote

__all__ = [
    "PRELOADED",
    "begun_early",
    "deaf_to_ctrl_c",
    "start_server",
    "zygote_for",
]

# torch imports torch._dynamo with the first optimizer that somebody makes, in a second or two
PRELOADED = (
    *("grader.execution.batch", "grader.execution.execute"),
    *("torch", "torch._dynamo", "matplotlib.font_manager"),
)

_begun: list[tuple[View, Zygote]] = []


def start_server(preload: Sequence[str] = PRELOADED) -> None:
    """Start the server that forks workers, unless it runs; only then `preload` is imported."""
    multiprocessing.get_context("forkserver").set_forkserver_preload(list(preload))
    before = os.environ.get("MPLBACKEND")
    os.environ.setdefault("MPLBACKEND", "Agg")  # pyplot asks once, when it is imported
    try:
        with deaf_to_ctrl_c():
            forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ["MPLBACKEND"]


@contextmanager
def begun_early(
    sandbox: str, preload: Sequence[str] = PRELOADED, view: View | None = None
) -> Iterator[None]:
    """Start within it what the first batch will need, as far as that can be told by now.

    Args:
        sandbox: its name; one that is wrong or does not work is the batch's business.
        preload: see `start_server`.
        view: what the learners of the batch will see. Its folder of files may be another one:
            the files are put where the zygote sees them when the batch takes it.
    """
    start_server(preload)
    zygote = None
    with tempfile.TemporaryDirectory(prefix="assignment-") as folder:
        if sandbox == Bubblewrap.name:
            seen = view or View()
            seen = replace(seen, files=Path(folder) if seen.files else None)
            try:
                zygote = start_zygote(seen)
                _begun.append((seen, zygote))
            except (SandboxError, OSError):
                pass
        try:
            yield
        finally:
            _begun.clear()
            if zygote is not None:
                zygote.close()


def zygote_for(sandbox: str, view: View) -> Zygote | None:
    """The one that was begun for this view, or a new one, to be closed by whoever asked for it.

    None where sandboxes have none, or each has to find out for itself why it has none.
    """
    if sandbox != Bubblewrap.name or view.cold:
        return None
    while _begun:
        seen, zygote = _begun.pop()
        if replace(view, files=None) == replace(seen, files=None):
            if view.files and seen.files:
                shutil.copytree(view.files, seen.files, copy_function=_link, dirs_exist_ok=True)
            if bool(view.files) == bool(seen.files):
                return zygote
        zygote.close()
    try:
        return start_zygote(view)
    except (SandboxError, OSError):
        return None


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # on another disk
        shutil.copyfile(source, target)


@contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """Processes started here ignore Ctrl-C from their birth on; whoever started them ends them."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's business
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)

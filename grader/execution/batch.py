"""Execute many scripts side by side, and give back each run as it is finished.

Workers are processes of `concurrent.futures`, so that any other `Executor` (a cluster's)
can take their place. A worker holds one test process's state: the kit, the sandbox and
the traces of the known mistakes, made once and used for all its submissions.

Option chosen: workers are forked by a server that has imported what tests import, once for
all of them (multiprocessing's "forkserver"). Spawned ones would each take seconds to import
it; a fork of the grader itself, which has threads (torch, rich), may deadlock.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Executor as Pool
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.util import Finalize
from types import ModuleType
from typing import Any, Protocol

from grader.errors import SandboxError
from grader.execution.kit import Kit
from grader.execution.starting import PRELOADED, deaf_to_ctrl_c, start_server, zygote_for
from grader.records import Run, Script
from grader.sandbox.base import View
from grader.sandbox.choice import OpenSandbox, choose_sandbox
from grader.sandbox.zygote import Zygote

__all__ = [
    "Executes",
    "Maker",
    "default_workers",
    "execute_batch",
    "keep_workers",
    "make_executors",
]


class Executes(Protocol):
    """Executes scripts, one after another, in one worker."""

    def execute(self, script: Any) -> Run:
        """The run of one script; whatever goes wrong is its fault."""


# Makes what a worker executes with, from the kit and what opens sandboxes; and what closes it.
Maker = Callable[[Any, OpenSandbox], tuple[Executes, Callable[[], None]]]

_MadeWith = tuple[Any, str, Maker]  # the kit, the sandbox's name, and the maker

_USUAL = View()
_executor: Executes | None = None


def default_workers() -> int:
    """One worker for each processor that this process may use."""
    return len(os.sched_getaffinity(0))


def make_executor(kit: Kit, open_sandbox: OpenSandbox) -> tuple[Executes, Callable[[], None]]:
    """What executes the scripts of one of our own assignments."""
    from grader.execution.execute import Executor  # not in the process that starts workers

    sandbox = open_sandbox()
    return Executor(kit, sandbox), sandbox.close


def make_executors(
    kits: Sequence[Kit], open_sandbox: OpenSandbox
) -> tuple[Executes, Callable[[], None]]:
    """What executes the scripts of several of our own assignments, all in one sandbox."""
    from grader.execution.execute import Executors

    sandbox = open_sandbox()
    return Executors(kits, sandbox), sandbox.close


def execute_batch(
    kit: Any,
    scripts: Iterable[Script],
    *,
    sandbox: str,
    workers: int,
    make: Maker = make_executor,
    preload: Sequence[str] = PRELOADED,
    view: View = _USUAL,
) -> Generator[Run, None, None]:
    """Yield the run of each script as it finishes, in no particular order.

    The first scripts are executed while the others are still taken from `scripts`, all of which
    are taken before the first run is given.

    `kit` is what `make` takes: here a `Kit`. Both go to the workers by pickling. `preload` is
    imported once for all workers of this process, by the first batch. Sandboxes of `view` share
    one zygote.

    A script whose worker dies is tried once more, alone; if that worker dies too, its run
    has a fault that says so.
    """
    lost: list[Script] = []
    made_with = (kit, sandbox, make)
    with _workers(made_with, workers, preload, view) as pool:
        futures = {}
        for script in scripts:
            try:
                with deaf_to_ctrl_c(), _without_main():
                    futures[pool.submit(_execute, script)] = script
            except BrokenProcessPool:  # by one of those before it
                lost.append(script)
        for future in as_completed(futures):
            try:
                yield future.result()
            except BrokenProcessPool:
                lost.append(futures[future])
    yield from _one_by_one(made_with, lost, preload)


def _one_by_one(
    made_with: _MadeWith, scripts: Sequence[Script], preload: Sequence[str]
) -> Iterator[Run]:
    left = deque(scripts)
    while left:
        with _workers(made_with, 1, preload) as pool:
            while left:
                script = left.popleft()
                try:
                    with deaf_to_ctrl_c(), _without_main():
                        future = pool.submit(_execute, script)
                    yield future.result()
                except BrokenProcessPool:
                    fault = "the worker that graded this submission died twice"
                    yield Run(script.assignment, script.learner, (), fault=fault)
                    break  # the others get a worker that lives


@dataclass
class _Kept:
    """Workers that wait for the next batch, and what they were made with."""

    made_with: _MadeWith
    pool: Pool
    others: set[Any]  # children of this process that are none of them
    zygote: Zygote | None  # which they share

    def end(self) -> None:
        """Wait for the workers to end, and end what they share."""
        self.pool.shutdown()
        if self.zygote is not None:
            self.zygote.close()


_keeping: list[_Kept] | None = None


@contextmanager
def keep_workers() -> Iterator[None]:
    """Within it, a batch that needs the same workers as one before it takes those.

    The same: of the same kit object, sandbox and maker. They end with the context.
    """
    global _keeping
    if _keeping is not None:
        yield  # whoever keeps them ends them
        return
    _keeping = []
    try:
        yield
    finally:
        kept, _keeping = _keeping, None
        for each in kept:
            each.end()


@contextmanager
def _workers(
    made_with: _MadeWith, workers: int, preload: Sequence[str], view: View | None = None
) -> Iterator[Pool]:
    """A pool whose workers have ended when the context has, unless they are kept.

    They end at once if it is left early. Without a view they are new ones, share nothing, and
    are not kept.
    """
    found = None if view is None else _take(made_with)
    kept = found or _start_workers(made_with, workers, preload, view)
    pool = kept.pool
    try:
        yield pool
    except BaseException:  # Ctrl-C, or nobody wants the rest
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in set(multiprocessing.active_children()) - kept.others:
            worker.terminate()
        kept.end()
        raise
    if view is None or _keeping is None or not _lives(pool):
        kept.end()
    else:
        _keeping.append(kept)


def _take(made_with: _MadeWith) -> _Kept | None:
    """Workers of the same kit object, sandbox and maker, if any wait."""
    keeping = _keeping or []
    for kept in keeping:
        kit, *others = kept.made_with
        if kit is made_with[0] and others == list(made_with[1:]):
            keeping.remove(kept)
            return kept
    return None


def _start_workers(
    made_with: _MadeWith, workers: int, preload: Sequence[str], view: View | None
) -> _Kept:
    kit, sandbox, make = made_with
    zygote = None if view is None else zygote_for(sandbox, view)
    try:
        choose_sandbox(sandbox)  # refuse before any worker is started
        start_server(preload)
        opener = OpenSandbox(sandbox)
        if zygote is not None and view is not None:
            with suppress(SandboxError):  # then each worker finds out for itself
                zygote.ready()
                opener = OpenSandbox(sandbox, view, zygote.shared())
    except BaseException:
        if zygote is not None:
            zygote.close()
        raise
    context = multiprocessing.get_context("forkserver")
    others = set(multiprocessing.active_children())
    start = (kit, make, opener)
    pool = ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=start)
    return _Kept(made_with, pool, others, zygote)


def _lives(pool: Pool) -> bool:
    """Whether no worker of it has died."""
    try:
        return pool.submit(os.getpid).result() > 0
    except BrokenProcessPool:
        return False


@contextmanager
def _without_main() -> Iterator[None]:
    """Workers started here do not import the command's own script, and nbgrader with it, again."""
    before = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = before


def _start_worker(kit: Any, make: Maker, open_sandbox: OpenSandbox) -> None:
    global _executor
    _executor, close = make(kit, open_sandbox)
    torch = sys.modules.get("torch")
    if torch is not None:
        # as in a learner's process; more would only compete with the other workers' threads
        torch.set_num_threads(1)
    Finalize(None, close, exitpriority=1)  # a fork ends without what atexit has to say


def _execute(script: Script) -> Run:
    assert _executor is not None  # the initializer ran first
    # terminate() becomes an exception, so that the learner's process is ended and tidied up
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _executor.execute(script)
    except KeyboardInterrupt:
        os._exit(1)  # else the pool would hand on the next script, which waits in its queue
    finally:
        signal.signal(signal.SIGTERM, before)

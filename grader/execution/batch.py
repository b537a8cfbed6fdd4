"""Execute many scripts side by side, and give back each run as it is finished.

Workers are processes of `concurrent.futures`, so that any other `Executor` (a cluster's)
can take their place. A worker holds one test process's state: the kit, the sandbox and
the traces of the known mistakes, made once and used for all its submissions.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor as Pool
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool

from grader.execution.execute import Executor
from grader.execution.kit import Kit
from grader.records import Run, Script
from grader.sandbox.choice import choose_sandbox

__all__ = ["default_workers", "execute_batch"]

_executor: Executor | None = None


def default_workers() -> int:
    """One worker for each processor that this process may use."""
    return len(os.sched_getaffinity(0))


def execute_batch(
    kit: Kit, scripts: Sequence[Script], *, sandbox: str, workers: int
) -> Iterator[Run]:
    """Yield the run of each script as it finishes, in no particular order.

    A script whose worker dies is tried once more, alone; if that worker dies too, its run
    has a fault that says so.
    """
    choose_sandbox(sandbox)  # refuse before anything is started
    lost: list[Script] = []
    pool = _pool(kit, sandbox, min(workers, len(scripts)) or 1)
    try:
        futures = {pool.submit(_execute, script): script for script in scripts}
        for future in as_completed(futures):
            try:
                yield future.result()
            except BrokenProcessPool:
                lost.append(futures[future])
    finally:
        # on Ctrl-C too: what has not begun is not begun any more
        pool.shutdown(cancel_futures=True)
    for script in lost:
        yield _once_more(kit, script, sandbox)


def _once_more(kit: Kit, script: Script, sandbox: str) -> Run:
    with _pool(kit, sandbox, 1) as pool:
        try:
            return pool.submit(_execute, script).result()
        except BrokenProcessPool:
            fault = "the worker that graded this submission died twice"
            return Run(script.assignment, script.learner, (), fault=fault)


def _pool(kit: Kit, sandbox: str, workers: int) -> Pool:
    # spawned, not forked: a fork of a process with threads (torch, rich) may deadlock
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=(kit, sandbox))


def _start_worker(kit: Kit, sandbox: str) -> None:
    global _executor
    _executor = Executor(kit, choose_sandbox(sandbox))


def _execute(script: Script) -> Run:
    assert _executor is not None  # the initializer ran first
    return _executor.execute(script)

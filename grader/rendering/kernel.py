"""Execute a notebook of our own from top to bottom, as a learner's JupyterLab would.

Guarantees: a fresh kernel of this interpreter, in a folder of its own that holds what the
release folder holds; one thread for torch and the libraries below it; no profile and no
history of whoever runs it. A cell that raises does not stop the others, so that one run
tells all; a cell that does not end, or ends the kernel, is a `RenderError` with its name.
For what we wrote ourselves only: nothing is confined here.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from traitlets.config import Config

from grader.errors import RenderError

__all__ = ["CellNote", "errors_of", "execute", "figures_of", "warnings_of"]

CELL_SECONDS = 120
# course.checking.opening.OFF; not imported, because the tutor behind it starts a process
CHECKS = "COURSE_CHECKING"
_ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_WARNING = re.compile(r"^.*?(\w*Warning: .*)$", re.MULTILINE)
_PICTURES = {"image/png", "image/jpeg", "image/svg+xml"}


@dataclass(frozen=True)
class CellNote:
    """Something that a cell did which people should know: its id, and one line."""

    cell: str
    message: str


def execute(
    notebook: NotebookNode,
    release_folder: Path,
    on_cell: Callable[[int, int], None] = lambda total, done: None,
    *,
    cell_seconds: int = CELL_SECONDS,
) -> float:
    """Execute the notebook in place; `on_cell` hears how many cells there are and are done.

    Returns:
        The seconds that it took, the start of the kernel included.

    Raises:
        RenderError: a cell took longer than `cell_seconds`, or ended the kernel.
    """
    total, running, stopped = len(notebook.cells), "(none)", threading.Event()

    def begun(cell: NotebookNode, cell_index: int) -> None:
        nonlocal running
        running = cell.id
        if stopped.is_set():
            raise DeadKernelError
        on_cell(total, cell_index)

    with tempfile.TemporaryDirectory(prefix="render-") as name:
        folder, home = Path(name) / release_folder.name, Path(name) / "ipython"
        if release_folder.is_dir():
            shutil.copytree(release_folder, folder)
        folder.mkdir(exist_ok=True)
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=cell_seconds,
            allow_errors=True,
            record_timing=False,
            config=_by_files(Path(name)),
            resources={"metadata": {"path": str(folder)}},
            on_cell_start=begun,
        )
        started = time.perf_counter()
        try:
            _run(client, _environment(home), stopped)
        except CellTimeoutError:
            raise RenderError(
                f"the cell {running} did not end within {cell_seconds} seconds. Expected: a "
                "notebook that a learner runs in one go. Make that cell smaller."
            ) from None
        except DeadKernelError:
            raise RenderError(
                f"the kernel died in the cell {running}. Run that cell in JupyterLab to see why; "
                "too little memory is the usual cause."
            ) from None
        on_cell(total, total)
        return time.perf_counter() - started


def _run(client: NotebookClient, environment: dict[str, str], stopped: threading.Event) -> None:
    """Let the client execute; Ctrl-C ends the kernel and is raised.

    In a thread of its own, because in the main one nbclient takes the signal for itself, and
    what it raises then is no KeyboardInterrupt.
    """
    with ThreadPoolExecutor(1) as thread:
        done = thread.submit(lambda: asyncio.run(client.async_execute(env=environment)))
        try:
            done.result()
        except KeyboardInterrupt:
            stopped.set()
            provisioner = getattr(client.km, "provisioner", None)
            if (pid := getattr(provisioner, "pid", None)) is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            raise


def _by_files(folder: Path) -> Config:
    """Speak to the kernel through files of ours: a port would be open to all who work here."""
    return Config(
        {"KernelManager": {"transport": "ipc", "connection_file": str(folder / "kernel.json")}}
    )


def _environment(home: Path) -> dict[str, str]:
    """The environment of a learner's kernel: nobody is grading, no profile, one thread."""
    environment = {key: value for key, value in os.environ.items() if key != "NBGRADER_EXECUTION"}
    environment.pop("MPLBACKEND", None)  # the kernel's own draws into the notebook
    own = {"IPYTHONDIR": str(home), CHECKS: "off"}  # nobody is there to ask for a check
    return environment | dict.fromkeys(_ONE_THREAD, "1") | own


def errors_of(notebook: NotebookNode) -> tuple[CellNote, ...]:
    """What the cells raised."""
    return tuple(
        CellNote(cell.id, _one_line(f"{output.ename}: {output.evalue}"))
        for cell, output in _outputs(notebook)
        if output.output_type == "error"
    )


def warnings_of(notebook: NotebookNode) -> tuple[CellNote, ...]:
    """What the cells warned of, on their error streams."""
    return tuple(
        CellNote(cell.id, _one_line(found))
        for cell, output in _outputs(notebook)
        if output.output_type == "stream" and output.name == "stderr"
        for found in _WARNING.findall(output.text)
    )


def figures_of(notebook: NotebookNode) -> int:
    """How many pictures the cells show."""
    shown = ("display_data", "execute_result")
    return sum(
        bool(_PICTURES & set(output.data))
        for _, output in _outputs(notebook)
        if output.output_type in shown
    )


def _outputs(notebook: NotebookNode) -> Iterator[tuple[NotebookNode, NotebookNode]]:
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            yield cell, output


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 300 else f"{line[:297]}..."

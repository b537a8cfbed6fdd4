"""A kernel that is only a namespace, and the tutor of the sample assignment beside it."""

import linecache
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from course.checking.report import Report
from course.checking.session import Session
from grader.configuration import Course

RIGHT = "def mean_square(x):\n    return float((np.asarray(x) ** 2).mean())\n"
SUMS = "def mean_square(x):\n    return float((np.asarray(x) ** 2).sum())\n"


class Kernel:
    """What a session asks of IPython's shell: names, and to be told of cells."""

    def __init__(self) -> None:
        self.user_ns: dict[str, Any] = {"__name__": "__main__"}
        self._listeners: dict[str, list[Callable[..., None]]] = {}
        self.events = SimpleNamespace(register=self._register, unregister=self._unregister)
        self._number = 0

    def run(self, source: str, cell_id: str = "") -> bool:
        """Run a cell; False when it raised."""
        self._number += 1
        info = SimpleNamespace(raw_cell=source, cell_id=cell_id)
        self._tell("pre_run_cell", info)
        name = f"<ipython-input-{self._number}>"
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        try:
            exec(compile(source, name, "exec"), self.user_ns)
            success = True
        except Exception:  # noqa: BLE001 - as in a kernel, the next cell runs
            success = False
        result = SimpleNamespace(info=info, success=success, execution_count=self._number)
        self._tell("post_run_cell", result)
        return success

    def _register(self, event: str, listener: Callable[..., None]) -> None:
        self._listeners.setdefault(event, []).append(listener)

    def _unregister(self, event: str, listener: Callable[..., None]) -> None:
        self._listeners[event].remove(listener)

    def _tell(self, event: str, said: Any) -> None:
        for listener in self._listeners.get(event, []):
            listener(said)


@pytest.fixture
def kernel() -> Kernel:
    kernel = Kernel()
    kernel.run("import numpy as np")
    return kernel


@pytest.fixture(scope="module")
def _session(released_once: Course) -> Iterator[Session]:
    """One tutor for the module; each test gives it a kernel of its own."""
    session = Session(Kernel(), released_once.root, "tiny")
    yield session
    session.close()


@pytest.fixture
def session(_session: Session, kernel: Kernel) -> Session:
    _session.move_to(kernel)
    return _session


@pytest.fixture
def check(session: Session, kernel: Kernel) -> Callable[..., Report]:
    """Run a cell, then check an exercise: the one that it defines, or the one named."""

    def check(source: str = "", name: str = "") -> Report:
        if source:
            kernel.run(source)
        return session.check(session.find(name))

    return check


@pytest.fixture
def notebook_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Say, as Jupyter Server does, which file the kernel belongs to."""

    def tell(path: Path) -> None:
        monkeypatch.setenv("JPY_SESSION_NAME", str(path))

    return tell

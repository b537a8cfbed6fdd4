"""What is made once for a whole test run, also when pytest-xdist's workers share the tests."""

import fcntl
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

# Whoever starts the tests in the background has them ignore Ctrl-C, and all that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

MakeOnce = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> MakeOnce:
    """Gives `once(name, make)`: a folder that the first worker to ask has filled by `make`."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def once(name: str, make: Callable[[Path], object]) -> Path:
        folder = shared / name
        made, failed = shared / f"{name}.made", shared / f"{name}.failed"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            assert not failed.exists(), f"{name} could not be made; see the first error"
            if not made.exists():
                failed.touch()
                make(folder)
                failed.rename(made)
        return folder

    return once

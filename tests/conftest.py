"""What is made once for a whole test run, also when pytest-xdist's workers share the tests."""

import fcntl
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

# Tests run side by side, one for each processor. Threads on top would wait for each other, each
# using up its processor meanwhile. Set before anything imports numpy or torch, and passed on to
# kernels, hubs and commands that tests start.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

# Whoever starts the tests in the background has them ignore Ctrl-C, and all that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Files that take long come first, so that all processors are busy until the end. make test asks
# for this order by --no-loadscope-reorder; pytest --durations=60 says what takes long.
LONGEST = (
    "tests/hostile/test_cases.py",
    "tests/docs/test_site.py",
    "tests/grader/sandbox/test_ordinary_user.py",
    "tests/solutions/test_image_classifier.py",
    "tests/solutions/test_regularization.py",
    "tests/docs/test_commands.py",
    "tests/browser/test_hub.py",
    "tests/solutions/test_invariance.py",
    "tests/solutions/test_lr_finding.py",
    "tests/solutions/test_sgdr.py",
    "tests/grader/hub/test_cycle.py",
    "tests/solutions/test_loss_functions.py",
    "tests/grader/hub/test_real_accounts.py",
    "tests/docs/test_recipes.py",
)

MakeOnce = Callable[[str, Callable[[Path], object]], Path]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.nodeid.partition("::")[0], len(LONGEST)))


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

"""What the zygote makes of modules that are broken, or that would break a fork."""

import json
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from course.link import zygote

MODULES = {
    "warm_good": "VALUE = 1",
    "warm_raises": "import os\nos.environ['WARM_LEFT'] = '1'\nraise ValueError('another ABI')",
    "warm_exits": "raise SystemExit(3)",
    "warm_missing": "import warm_that_is_nowhere",
    "warm_unparsed": "def",
    "warm_threads": (
        "import threading\nDONE = threading.Event()\n"
        "THREAD = threading.Thread(target=DONE.wait)\nTHREAD.start()"
    ),
}


@pytest.fixture(autouse=True)
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Modules to import; and what would change the tests' own process for good does not."""
    for name, source in MODULES.items():
        (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    # whatever threads the tests' process has
    usual = zygote._threads
    running = usual() - 1
    monkeypatch.setattr(zygote, "_threads", lambda: usual() - running)
    yield
    found = sys.modules.get("warm_threads")
    if found is not None:
        found.DONE.set()
        found.THREAD.join()
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    "broken", ["warm_raises", "warm_exits", "warm_missing", "warm_unparsed", "warm_nowhere"]
)
def test_a_broken_module_is_left_to_the_notebook_that_needs_it(broken: str):
    assert zygote._warm_up([broken, "warm_good"]) is None
    assert "warm_good" in sys.modules
    assert broken not in sys.modules
    assert "WARM_LEFT" not in os.environ


def test_a_module_that_leaves_a_thread_is_named_and_nothing_is_imported_after_it():
    assert zygote._warm_up(["warm_good", "warm_threads", "warm_missing"]) == "warm_threads"
    assert threading.active_count() > 1


def test_it_begins_again_without_what_starts_threads(monkeypatch: pytest.MonkeyPatch):
    begun: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda path, command: begun.append([path, *command]))
    plan = {"control": 7, "preload": ["a", "b", "c"], "left_out": ["d"]}
    zygote._begin_again_without("b", plan)
    path, *command = begun[0]
    assert path == command[0] == sys.executable
    assert command[1:4] == ["-I", "-m", "course.link.zygote"]
    assert json.loads(command[4]) == {"control": 7, "preload": ["a", "c"], "left_out": ["d", "b"]}

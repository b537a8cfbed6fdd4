"""What a warm start imports: all that the author's cells import, and nothing of anybody's own."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from nbformat.v4 import new_notebook

from grader.foreign.cells import Cell, Notebook
from grader.foreign.executor import ForeignExecutor, ForeignKit, ForeignScript
from grader.foreign.placing import Plan
from grader.foreign.preloading import modules_of
from grader.records import Limits, Role


def notebook(*sources: str) -> Notebook:
    cells = tuple(
        Cell(f"c{i}", Role.SETUP, source, source, "code") for i, source in enumerate(sources)
    )
    return Notebook("one", Path("one.ipynb"), "python", "python3", cells, new_notebook())


USUAL = modules_of([], ())


def extra(*sources: str, own: tuple[str, ...] = ()) -> list[str]:
    """What is imported for these cells besides what always is."""
    return [name for name in modules_of([notebook(*sources)], own) if name not in USUAL]


def test_every_notebook_needs_numpy_and_the_shell():
    assert "numpy" in USUAL
    assert "IPython.core.magics.execution" in USUAL
    assert "pandas" not in USUAL


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("import pandas as pd", "pandas"),
        ("import matplotlib.pyplot as plt", "matplotlib.backends.backend_agg"),
        ("def f():\n    from skimage import filters", "skimage.filters"),
        ("import networkx, jinja2", "jinja2"),
        ("%matplotlib inline\nfrom scipy.stats import norm", "scipy.stats"),
    ],
)
def test_what_is_installed_and_imported_anywhere(source: str, module: str):
    assert module in extra(source)


@pytest.mark.parametrize(
    "source",
    [
        "import json, sqlite3",
        "import nowhere_to_be_found",
        "from . import utils",
        "import grader.records",
        "import course",
        "text = 'import pandas'",
        "# import pandas",
        "import pandas as",
        "library(ggplot2)\nx <- c(1, 2)",
    ],
)
def test_what_is_not_imported_for_it(source: str):
    assert extra(source) == []


def test_the_assignments_own_modules_stay_each_learners():
    assert "jinja2" in extra("import jinja2")
    assert extra("import jinja2", own=("jinja2",)) == []


def test_the_order_is_the_authors_and_nothing_comes_twice():
    found = extra("import jinja2\nimport pandas", "import pandas\nimport msgpack")
    assert [n for n in found if "." not in n] == ["jinja2", "pandas", "msgpack"]
    assert len(found) == len(set(found))


def test_the_author_hears_what_is_imported_anew_for_each_learner(monkeypatch: pytest.MonkeyPatch):
    sandbox = SimpleNamespace(left_out=("slow_one",))
    plan = Plan("one", ())
    executor = ForeignExecutor(ForeignKit("a1", {"one": plan}, Limits()), cast(Any, sandbox))
    done = SimpleNamespace(refused={}, cells=(), tests=(), notes=[])
    monkeypatch.setattr(executor, "_once", lambda *_: done)
    learners = ForeignScript("a1", "ann", (), notebook="one")
    assert executor.execute(learners).notes == ()
    (note,) = executor.execute(replace(learners, of_the_author=True)).notes
    executor._folder.cleanup()
    assert "`slow_one` starts a thread" in note

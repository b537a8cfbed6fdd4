"""What a warm start imports: all that the author's cells import, and nothing of anybody's own."""

import tempfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from grader.foreign.assignment import open_assignment
from grader.foreign.executor import ForeignExecutor
from grader.foreign.kit import ForeignKit, ForeignScript, make_foreign_executor
from grader.foreign.place import CourseFolder
from grader.foreign.placing import Plan
from grader.foreign.preloading import guessed_view, modules_of, workers_import
from grader.records import Limits
from grader.sandbox.choice import OpenSandbox

USUAL = modules_of([], ())


def extra(*sources: str, own: tuple[str, ...] = ()) -> list[str]:
    """What is imported for these cells besides what always is."""
    return [name for name in modules_of(sources, own) if name not in USUAL]


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
    sandbox = SimpleNamespace(left_out=("slow_one",), close=lambda: None)
    plan = Plan("one", ())
    executor = ForeignExecutor(ForeignKit("a1", {"one": plan}, Limits()), cast(Any, sandbox))
    done = SimpleNamespace(refused={}, cells=(), tests=(), notes=[])
    monkeypatch.setattr(executor, "_once", lambda *_: done)
    learners = ForeignScript("a1", "ann", (), notebook="one")
    assert executor.execute(learners).notes == ()
    (note,) = executor.execute(replace(learners, of_the_author=True)).notes
    executor.close()
    assert "`slow_one` starts a thread" in note


def test_what_is_guessed_is_what_is_known_later(
    folder: CourseFolder, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(folder.root / "source")
    view = guessed_view("a1")
    known = open_assignment(folder, "a1").kit.view
    assert view.files is not None
    assert replace(view, files=None) == replace(known, files=None)


@pytest.mark.parametrize(
    ("setting", "place"),
    [
        ("c.CourseDirectory.source_directory = 'solutions'", "solutions"),
        ('c.CourseDirectory.source_directory="a b/c"  # mine', "a b/c"),
        ("# c.CourseDirectory.source_directory = 'solutions'", "source"),
        ("c.CourseDirectory.source_directory = name", "source"),
    ],
)
def test_the_notebooks_are_where_the_settings_plainly_say(
    setting: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "nbgrader_config.py").write_text(f"c = get_config()\n{setting}\n")
    monkeypatch.chdir(tmp_path)
    assert guessed_view("a1").files == tmp_path / place / "a1"


@pytest.mark.parametrize(
    "text", ["", "[]", '{"cells": 3, "metadata": {}}', '{"worksheets": []}', "\xff"]
)
def test_what_cannot_be_read_is_no_matter_yet(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "source" / "a1"
    folder.mkdir(parents=True)
    (folder / "one.ipynb").write_text(text, encoding="latin-1")
    (tmp_path / "gradebook.db").touch()
    monkeypatch.chdir(tmp_path)
    assert guessed_view("a1").preload == USUAL
    assert guessed_view("nowhere").preload == USUAL


def test_workers_import_what_starts_no_thread():
    found = workers_import(("IPython.core.magics", "pandas", "matplotlib.pyplot", "tensorflow"))
    assert found[-2:] == ("pandas", "matplotlib.pyplot")
    assert "tensorflow" not in found


def test_a_worker_that_ends_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    _, close = make_foreign_executor(ForeignKit("a1", {}, Limits()), OpenSandbox("none"))
    assert len(list(tmp_path.iterdir())) == 1
    close()
    assert not list(tmp_path.iterdir())

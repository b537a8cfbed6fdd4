"""Withheld modules: which there are, where they lie, and what an import of one says."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from course.link.withhold import (
    LIBRARY,
    Withheld,
    imported,
    library_modules,
    may_be_withheld,
    places,
    withheld_in,
    withhold,
)

from .conftest import Notebook

MODULES = ("course.losses", "course.linear", "course.gradients.error")
REASON = (
    " is withheld while loss_functions is graded: writing it is the exercise. "
    "What is tested is your own function; remove the import."
)


@pytest.fixture(scope="module")
def without() -> Iterator[Notebook]:
    notebook = Notebook(**Withheld("loss_functions", MODULES).as_option())
    yield notebook
    notebook.end()


@pytest.mark.parametrize(
    ("statement", "module"),
    [
        ("import course.losses", "course.losses"),
        ("import course.losses as x", "course.losses"),
        ("from course.losses import multiclass_hinge", "course.losses"),
        ("from course.losses.hinge import multiclass_hinge", "course.losses"),
        ("from course import losses", "course.losses"),
        ("from course import linear", "course.linear"),
        ("import course.linear", "course.linear"),
        ("from course.gradients.error import relative_error", "course.gradients.error"),
        ("from course.gradients import numerical_gradient", "course.gradients.error"),
        ("from course import figures", "course.gradients.error"),
        ("__import__('importlib').import_module('course.losses')", "course.losses"),
        ("__import__('importlib').util.find_spec('course.linear')", "course.linear"),
    ],
)
def test_every_form_of_an_import_says_why_and_what_to_do(
    without: Notebook, statement: str, module: str
):
    error = without.run(statement)["error"]
    assert (error["type"], error["message"]) == ("ModuleNotFoundError", module + REASON)
    assert "ImportError" in error["bases"]


def test_the_rest_of_the_library_is_there(without: Notebook):
    cell = (
        "from course.data import digits\nfrom course import arrays, testing\nlen(digits().labels)"
    )
    assert without.run(cell)["error"] is None


def test_a_name_that_only_begins_like_it_is_not_withheld():
    assert Withheld("a", ("course.lin",)).reason("course.linear") is None
    assert Withheld("a", ("course.losses.hinge",)).reason("course.losses") is None
    assert Withheld().reason("course.losses") is None


def test_what_is_imported_already_cannot_be_withheld():
    assert imported(["course.link", "course.nothing"]) == ["course.link"]
    before = list(sys.meta_path)
    with pytest.raises(RuntimeError, match=r"course\.link cannot be withheld"):
        withhold(Withheld("a", ("course.link",)))
    assert sys.meta_path == before


def test_a_part_of_it_that_is_imported_counts(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "course.made_up.part", sys)
    assert imported(["course.made_up"]) == ["course.made_up"]


def test_nothing_is_withheld_unless_it_is_said():
    assert withheld_in({}) == Withheld() == withheld_in(Withheld().as_option())
    assert withheld_in(Withheld("a", MODULES).as_option()) == Withheld("a", MODULES)


def test_a_package_is_its_folder_and_a_module_its_file_and_all_byte_code_beside_it():
    assert places(["course.losses"]) == [LIBRARY / "losses"]
    beside = [LIBRARY / "linear.py", LIBRARY / "__pycache__", LIBRARY / "tta.py"]
    assert places(["course.linear", "course.tta"]) == beside
    assert places(["course.losses.hinge", "course.losses"]) == [LIBRARY / "losses"]


@pytest.mark.parametrize("module", [m for m in library_modules() if may_be_withheld(m)])
def test_whatever_may_be_withheld_lies_somewhere(module: str):
    assert all(place.exists() for place in places([module])[:1])


def test_what_a_learners_process_runs_is_never_withheld():
    needed = {"course", "course.errors", "course.link", "course.link.serve", "course.testing"}
    assert {m for m in library_modules() if may_be_withheld(m)} & needed == set()
    assert {"course.losses", "course.losses.hinge", "course.linear"} <= {*library_modules()}


def test_it_is_of_use_only_as_long_as_the_process_does_without_it():
    """No module that a learner's process needs imports one that may be withheld."""
    code = (
        "import sys, course.link.zygote, course.testing; "
        "print([m for m in sys.modules if m.split('.')[0] == 'course'])"
    )
    seen: Any = _output(code)
    assert {m for m in seen if may_be_withheld(m)} == set()


def _output(code: str) -> Any:
    import ast
    import subprocess

    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, check=True)
    return ast.literal_eval(done.stdout.decode())

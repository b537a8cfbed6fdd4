"""CONTRIBUTING's three recipes, followed as they stand there, in copies."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.audit import audit
from grader.authoring.release import release
from grader.configuration import Course

from .pages import REPOSITORY, code

BLOCKS = code("CONTRIBUTING.md", "python")


def block(words: str) -> str:
    """The one piece of code of the recipes that holds these words."""
    (found,) = [each for each in BLOCKS if words in each]
    return found


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


# --------------------------------------------------------------------------- an algorithm


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The library and its house rules, with the algorithm and the tests of the recipe."""
    shutil.copytree(
        REPOSITORY / "course", tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    tests = tmp_path / "tests" / "course"
    tests.mkdir(parents=True)
    for name in ("conftest.py", "test_public_names.py"):
        shutil.copy(REPOSITORY / "tests" / "course" / name, tests)
    losses = tmp_path / "course" / "losses"
    (losses / "squared_hinge.py").write_text(block("def squared_hinge("), encoding="utf-8")
    (tests / "test_squared_hinge.py").write_text(block("import squared_hinge"), encoding="utf-8")
    return tmp_path


def give_it_out(project: Path) -> None:
    package = project / "course" / "losses" / "__init__.py"
    line = "from course.losses.squared_hinge import squared_hinge\n"
    replace(package, "\n__all__ = [", f"{line}\n__all__ = [")
    replace(package, "\n]", '\n    "squared_hinge",\n]')
    pinned = project / "tests" / "course" / "test_public_names.py"
    last = '"softmax_cross_entropy_gradient",\n'
    replace(pinned, last, f'{last}        "squared_hinge",\n')


def run(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        check=False,
    )


def run_tests(project: Path) -> subprocess.CompletedProcess[str]:
    places = ("tests/course", "course/losses/squared_hinge.py")
    return run(
        project, "pytest", "-p", "no:cacheprovider", "-k", "squared_hinge or losses", *places
    )


def test_the_algorithm_of_the_recipe_passes_its_tests_and_the_house_style(project: Path) -> None:
    give_it_out(project)
    done = run_tests(project)
    assert done.returncode == 0, done.stdout
    for check in (["check"], ["format", "--check"]):
        style = run(project, "ruff", *check, "--no-cache", "course", "tests")
        assert style.returncode == 0, style.stdout


def test_the_tests_of_the_recipe_are_red_when_the_code_is_broken(project: Path) -> None:
    give_it_out(project)
    replace(project / "course" / "losses" / "squared_hinge.py", "excess > 0)) ** 2", "excess > 0))")
    done = run_tests(project)
    assert done.returncode == 1
    assert "test_it_is_c_times_torchs_loss_with_p_2" in done.stdout


# ------------------------------------------------------------------ an exercise, a mistake


def follow_recipe_2(course: Course) -> None:
    source = course.solution_source("tiny")
    replace(source, "# %% [markdown]\n# ## A question", f"{block('# %%')}\n# %% [markdown]\n# ## A")


def follow_recipe_3(course: Course) -> None:
    mistakes = course.mistakes_file("tiny")
    text = mistakes.read_text(encoding="utf-8")
    mistakes.write_text(f"{text}\n\n{block('@mistake')}", encoding="utf-8")


def test_the_exercise_of_the_recipe_is_released_and_passes_the_audit(course: Course) -> None:
    follow_recipe_2(course)
    assert release(course, "tiny").exercises == 3
    released = course.release_notebook("tiny").read_text(encoding="utf-8")
    assert "def accuracy(scores, y):" in released
    assert "predictions" not in released
    report = audit(course, "tiny", sandbox="none", workers=1)
    assert [finding for finding in report.findings if not finding.holds] == []


def test_the_mistake_of_the_recipe_is_caught_and_named(course: Course) -> None:
    follow_recipe_2(course)
    follow_recipe_3(course)
    release(course, "tiny")
    findings = {each.subject: each for each in audit(course, "tiny", sandbox="none").findings}
    assert findings["counts_the_right_ones"].problems == ()


def test_the_audit_says_what_a_mistake_loses_that_was_not_declared(course: Course) -> None:
    follow_recipe_2(course)
    follow_recipe_3(course)
    replace(course.mistakes_file("tiny"), '"accuracy_by_hand", "accuracy_more', '"accuracy_more')
    release(course, "tiny")
    findings = {each.subject: each for each in audit(course, "tiny", sandbox="none").findings}
    assert findings["counts_the_right_ones"].problems == ("loses accuracy_by_hand too",)

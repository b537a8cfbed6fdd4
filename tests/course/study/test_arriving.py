"""A learner's server starts on a hub: notebooks are up to date, and nothing is in the way."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from course.study.arriving import arrive
from course.study.notebooks import read_notebook
from course.study.workspace import Workspace

from .sample import find, save, texts


@pytest.fixture
def home(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the hub names as the learner's."""
    home = tmp_path / "home" / "tiny"
    monkeypatch.setenv("COURSE_ROOT", str(root))
    monkeypatch.setenv("COURSE_WORK", str(home))
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "a token")
    return home


def test_the_first_arrival_finds_the_notebooks_and_a_page(home: Path) -> None:
    arrive()
    assert (home / "tiny" / "tiny.ipynb").is_file()
    (how,) = [text for text in texts(read_notebook(home / "start_here.ipynb")) if "How it" in text]
    assert "Assignment List" in how
    assert "%check" in how


def test_elsewhere_the_page_knows_of_no_group(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JUPYTERHUB_API_TOKEN")
    arrive()
    assert not any("Assignment" in each for each in texts(read_notebook(home / "start_here.ipynb")))


def test_a_broken_notebook_is_left_alone_and_said(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    arrive()
    broken = home / "tiny" / "tiny.ipynb"
    broken.write_text("{", encoding="utf-8")
    release = Workspace.open().catalogue.assignment("tiny").notebook
    notebook = read_notebook(release)
    find(notebook, "double")["source"] += "\n# released anew"
    save(notebook, release)
    with caplog.at_level(logging.WARNING):
        arrive()
    assert broken.read_text(encoding="utf-8") == "{"
    assert "tiny stays as it is" in caplog.text


def test_nothing_keeps_a_learner_from_logging_in(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("COURSE_ROOT", str(home / "nowhere"))
    arrive()
    assert "could not be made" in caplog.text

"""A small course in a folder of its own, and an environment that names no other."""

from pathlib import Path

import pytest

from course.study.catalogue import read_catalogue
from course.study.workspace import Workspace

from .sample import TOML, answer, checks, notebook, save, tiny


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("COURSE_ROOT", "COURSE_WORK", "COURSE_PROGRESS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "users data"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter data"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A course with two released assignments, in a path with a space."""
    root = tmp_path / "a course"
    root.mkdir()
    (root / "course.toml").write_text(TOML, encoding="utf-8")
    save(tiny(), root / "assignments/tiny/tiny.ipynb")
    other = notebook(answer("triple"), checks("triple_by_hand", "triple"))
    save(other, root / "assignments/second/second.ipynb")
    return root


@pytest.fixture
def workspace(root: Path) -> Workspace:
    return Workspace(root / "work", read_catalogue(root))

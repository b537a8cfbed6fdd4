"""Nothing that nbgrader would follow, or stop at, is left in a submission."""

import os
import sqlite3
import stat
from pathlib import Path

import pytest
from nbformat import NotebookNode

from grader import grading
from grader.configuration import Course
from grader.gradebook import GradebookWriter
from grader.records import Outcome
from grader.transforms.links import remove_links

from ..cohort import hand_in

SECRET = "the hidden tests"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "submitted" / "ann" / "tiny"
    folder.mkdir(parents=True)
    (folder / "tiny.ipynb").write_text("{}")
    return folder


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text(SECRET)
    return path


def remove(folder: Path) -> None:
    remove_links("tiny", "*", [str(folder / "tiny.ipynb")])


def everything(folder: Path) -> list[Path]:
    """What nbgrader copies: it walks through folders, and opens files whatever they are."""
    return [Path(root, name) for root, _, names in os.walk(folder) for name in names]


def texts(folder: Path) -> str:
    return "".join(path.read_text() for path in everything(folder))


def test_links_become_notes_that_say_where_they_led(folder: Path, secret: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "notes.txt").symlink_to(secret)
    (folder / "var").symlink_to(secret.parent)
    (folder / "nowhere").symlink_to("nowhere")
    remove(folder)
    assert SECRET not in texts(folder)
    assert str(secret) in (folder / "data" / "notes.txt.link-removed.txt").read_text()
    assert not any(path.is_symlink() for path in folder.rglob("*"))
    assert secret.read_text() == SECRET


def test_a_link_that_bears_the_name_of_a_note_is_not_written_through(
    folder: Path, secret: Path
) -> None:
    names = ["a", "a.link-removed.txt", "a.link-removed.txt.link-removed.txt"]
    for name in names:
        (folder / name).symlink_to(secret)
    remove(folder)
    assert secret.read_text() == SECRET
    assert SECRET not in texts(folder)


def test_a_name_too_long_for_a_note_keeps_no_link(folder: Path, secret: Path) -> None:
    (folder / ("a" * 255)).symlink_to(secret)
    (folder / "b").symlink_to(secret)
    remove(folder)
    assert SECRET not in texts(folder)


def test_a_target_of_odd_bytes_keeps_no_link(folder: Path, secret: Path) -> None:
    (folder / os.fsdecode(b"a\xff")).symlink_to(os.fsdecode(b"\xff\n"))
    (folder / "b").symlink_to(secret)
    remove(folder)
    assert not any(path.is_symlink() for path in folder.rglob("*"))


def test_a_learners_file_with_the_name_of_a_note_is_kept(folder: Path, secret: Path) -> None:
    (folder / "a").symlink_to(secret)
    (folder / "a.link-removed.txt").write_text("mine")
    remove(folder)
    assert (folder / "a.link-removed.txt").read_text() == "mine"


def test_pipes_and_devices_go_too(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    remove(folder)
    assert all(stat.S_ISREG(path.lstat().st_mode) for path in everything(folder))


def test_a_linked_folder_becomes_an_empty_one(folder: Path, secret: Path) -> None:
    elsewhere = secret.parent / "elsewhere"
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)
    remove(folder)
    assert folder.is_dir()
    assert not folder.is_symlink()
    assert list(folder.iterdir()) == []
    assert (elsewhere / "tiny.ipynb").exists()


def test_a_linked_learner_keeps_a_folder_for_the_assignment(folder: Path) -> None:
    other = folder.parents[1] / "ben"
    folder.parent.rename(other)
    folder.parent.symlink_to(other)
    remove(folder)
    assert not folder.parent.is_symlink()
    assert list(folder.parent.rglob("*")) == [folder]


def test_ordinary_files_stay_as_they_are(folder: Path) -> None:
    (folder / "helpers.py").write_text("x = 1\n")
    before = {path: path.stat().st_mtime_ns for path in everything(folder)}
    remove(folder)
    assert {path: path.stat().st_mtime_ns for path in everything(folder)} == before


def test_when_a_link_cannot_be_removed_the_submission_is_given_up(
    folder: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a").symlink_to(secret)

    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "unlink", refuse)
    notebooks = [str(folder / "tiny.ipynb")]
    with pytest.raises(PermissionError):
        remove_links("tiny", "*", notebooks)
    assert notebooks == []


def test_through_nbgrader_no_link_reaches_what_is_graded(
    released: Course, blank: NotebookNode, without_workers: list[str]
) -> None:
    submitted = hand_in(released, "ann", blank).parent
    (submitted / "a").symlink_to(released.gradebook)
    (submitted / "a.link-removed.txt").symlink_to(released.gradebook)
    (submitted / "source").symlink_to(released.var / "source")
    os.mkfifo(submitted / "pipe")
    (submitted / "helpers.py").write_text("x = 1\n")
    [line] = grading.grade(released, "tiny")
    assert line.outcome is Outcome.UNATTEMPTED
    graded = released.autograded_notebook("tiny", "ann").parent
    copied = {path.name for path in graded.iterdir()}
    assert copied >= {"tiny.ipynb", "helpers.py"}
    assert not copied & {"a", "pipe"}
    assert list(graded.rglob("*.ipynb")) == [graded / "tiny.ipynb"]
    assert not any(b"SQLite format 3" in p.read_bytes() for p in graded.iterdir())
    with sqlite3.connect(released.gradebook) as database:
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)


def test_through_nbgrader_a_link_that_stays_is_no_mark_and_no_copy(
    released: Course,
    blank: NotebookNode,
    without_workers: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (hand_in(released, "ann", blank).parent / "a").symlink_to(released.gradebook)
    record = GradebookWriter.record

    def record_without_rights(self: GradebookWriter, learner: str) -> None:
        with monkeypatch.context() as patch:
            patch.setattr("grader.transforms.links._take", _refuse)
            record(self, learner)

    monkeypatch.setattr(GradebookWriter, "record", record_without_rights)
    [line] = grading.grade(released, "tiny")
    assert line.run.fault is not None
    assert not released.autograded_notebook("tiny", "ann").parent.exists()


def _refuse(path: Path) -> str:
    raise PermissionError(1, "Operation not permitted")

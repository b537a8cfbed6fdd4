"""The working folder: first copies, new releases, backups, and whatever is in the way."""

import json
import re
import threading
from pathlib import Path

import pytest
from filelock import FileLock

from course.study import workspace as module
from course.study.catalogue import read_catalogue
from course.study.errors import NotANotebook, OlderRelease, UnknownAssignment, WorkspaceError
from course.study.notebooks import read_notebook
from course.study.places import progress_file, work_folder
from course.study.workspace import Workspace

from .sample import cell, checks, find, insert_after, names, save, stub, texts, tiny

MINE = "def double(x):\n    return 2 * x"


def release_again(root: Path) -> None:
    release = tiny()
    find(release, "half")["source"] = stub("half", "Return half of x.")
    insert_after(release, "half_by_hand", checks("half_more", "half"))
    save(release, root / "assignments/tiny/tiny.ipynb")


def work(workspace: Workspace) -> Path:
    """Answer one exercise, as somebody does in JupyterLab."""
    path = workspace.notebook("tiny")
    mine = read_notebook(path)
    find(mine, "double")["source"] = MINE
    insert_after(mine, "double", cell("code", "own", "double(4)"))
    return save(mine, path)


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "lock"
    }


def test_the_first_start_copies_the_release(root: Path, workspace: Workspace):
    started = workspace.start("tiny")
    assert (started.action, started.path) == ("new", root / "work/tiny/tiny.ipynb")
    release = (root / "assignments/tiny/tiny.ipynb").read_bytes()
    assert started.path.read_bytes() == release
    assert workspace.base("tiny") == tiny()
    assert started.path.stat().st_mode & 0o777 == 0o644


def test_a_second_start_touches_nothing(workspace: Workspace):
    workspace.start("tiny")
    path = work(workspace)
    before = files(workspace.folder)
    assert workspace.start("tiny").action == "unchanged"
    assert files(workspace.folder) == before
    assert path.exists()


def test_a_new_release_is_taken_in_and_the_old_file_kept(root: Path, workspace: Workspace):
    workspace.start("tiny")
    was = work(workspace).read_bytes()
    release_again(root)
    assert workspace.is_behind("tiny")
    started = workspace.start("tiny")
    assert started.action == "merged"
    assert started.merged is not None
    assert started.merged.kept == ("double",)
    found = read_notebook(started.path)
    assert MINE in texts(found)
    assert {"own", "half_more"} < set(names(found))
    assert started.backup is not None
    assert started.backup.read_bytes() == was
    assert re.fullmatch(r"tiny-\d{8}-\d{6}\.ipynb", started.backup.name)
    assert not workspace.is_behind("tiny")
    assert workspace.start("tiny").action == "unchanged"


def test_two_backups_in_one_second_are_two_files(root: Path, workspace: Workspace):
    workspace.start("tiny")
    work(workspace)
    backups = set()
    for number in range(3):
        release = tiny()
        find(release, "end")["source"] = f"Edition {number}."
        save(release, root / "assignments/tiny/tiny.ipynb")
        backups.add(workspace.start("tiny").backup)
    assert len(backups) == 3
    assert len(list((root / "work/tiny/backups").iterdir())) == 3


def test_restore_brings_back_what_was_deleted(workspace: Workspace):
    workspace.start("tiny")
    mine = read_notebook(work(workspace))
    mine["cells"] = [each for each in mine["cells"] if each["id"] != "half"]
    save(mine, workspace.notebook("tiny"))
    assert workspace.start("tiny").action == "unchanged"
    started = workspace.start("tiny", restore=True)
    found = read_notebook(started.path)
    assert find(found, "half")["source"] == stub("half")
    assert find(found, "double")["source"] == MINE
    assert started.backup is not None


def test_restore_of_a_whole_notebook_changes_no_file(workspace: Workspace):
    workspace.start("tiny")
    before = files(workspace.folder)
    assert workspace.start("tiny", restore=True).backup is None
    assert files(workspace.folder) == before


def test_a_release_that_was_left_behind_is_refused_unless_asked_for(
    root: Path, workspace: Workspace
):
    old = (root / "assignments/tiny/tiny.ipynb").read_bytes()
    workspace.start("tiny")
    work(workspace)
    release_again(root)
    workspace.start("tiny")
    before = files(workspace.folder)
    (root / "assignments/tiny/tiny.ipynb").write_bytes(old)
    with pytest.raises(OlderRelease, match="git pull"):
        workspace.start("tiny")
    assert files(workspace.folder) == before
    workspace.start("tiny", restore=True)
    assert find(read_notebook(workspace.notebook("tiny")), "half")["source"] == stub("half")
    assert workspace.start("tiny").action == "unchanged"
    release_again(root)  # and forward again, which is not going back
    assert workspace.start("tiny").action == "merged"
    assert "half_more" in names(read_notebook(workspace.notebook("tiny")))


def test_a_lost_base_costs_no_answer(root: Path, workspace: Workspace):
    workspace.start("tiny")
    work(workspace)
    for path in (root / "work/.course/base").iterdir():
        path.unlink()
    release_again(root)
    workspace.start("tiny")
    assert find(read_notebook(workspace.notebook("tiny")), "double")["source"] == MINE


@pytest.mark.parametrize("damage", ["{", '{"cells": 1}', ""])
def test_a_damaged_base_is_a_lost_one(root: Path, workspace: Workspace, damage: str):
    workspace.start("tiny")
    work(workspace)
    (root / "work/.course/base/tiny.ipynb").write_text(damage)
    assert workspace.start("tiny").action == "merged"
    assert find(read_notebook(workspace.notebook("tiny")), "double")["source"] == MINE
    assert workspace.base("tiny") == tiny()


def test_a_start_that_was_cut_short_is_finished_by_the_next(
    root: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    workspace.start("tiny")
    work(workspace)
    release_again(root)
    real = module.replace_file

    def power_cut(path: Path, data: bytes) -> None:
        if ".course" in path.parts:
            raise KeyboardInterrupt
        real(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(module, "replace_file", power_cut)
        with pytest.raises(KeyboardInterrupt):
            workspace.start("tiny")
    halfway = read_notebook(workspace.notebook("tiny"))
    assert workspace.start("tiny").action == "merged"
    assert read_notebook(workspace.notebook("tiny")) == halfway
    assert find(halfway, "double")["source"] == MINE
    assert workspace.start("tiny").action == "unchanged"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "Expecting value"),
        (b"\xff\xfe", "utf-8"),
        (b"[]", "no list of cells"),
        (b'{"cells": [], "nbformat": 3}', "format is 3"),
        (b'{"cells": [{}], "nbformat": 4}', "cell 1 is no cell"),
        (b'{"cells": [{"cell_type": "code", "source": 4}], "nbformat": 4}', "cell 1 has no text"),
        (b"[" * 100_000, "recursion"),
    ],
)
def test_a_file_that_is_no_notebook_is_named_and_left_alone(
    root: Path, workspace: Workspace, content: bytes, reason: str
):
    workspace.start("tiny")
    path = workspace.notebook("tiny")
    path.write_bytes(content)
    release_again(root)
    before = files(workspace.folder)
    with pytest.raises(NotANotebook, match=reason):
        workspace.start("tiny")
    assert files(workspace.folder) == before


def test_what_jupyter_does_not_know_is_written_back(root: Path, workspace: Workspace):
    workspace.start("tiny")
    mine = read_notebook(work(workspace))
    find(mine, "own").update(outputs=[{"output_type": "new kind", "data": {"x": ["1"]}}])
    find(mine, "own")["metadata"]["collapsed"] = True
    save(mine, workspace.notebook("tiny"))
    release_again(root)
    workspace.start("tiny")
    assert find(read_notebook(workspace.notebook("tiny")), "own") == find(mine, "own")


def test_a_folder_in_the_place_of_the_notebook_is_named(workspace: Workspace):
    workspace.notebook("tiny").mkdir(parents=True)
    with pytest.raises(WorkspaceError, match=r"tiny\.ipynb is a folder"):
        workspace.start("tiny")
    assert workspace.start("second").action == "new"


@pytest.mark.parametrize("place", ["work", "work/tiny"])
def test_a_file_in_the_place_of_a_folder_is_named(root: Path, workspace: Workspace, place: str):
    (root / place).parent.mkdir(exist_ok=True)
    (root / place).write_text("a file")
    with pytest.raises(WorkspaceError, match="cannot be"):
        workspace.start("tiny")
    assert (root / place).read_text() == "a file"


def test_a_folder_that_cannot_be_written_is_named(
    root: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    workspace.start("tiny")
    work(workspace)
    release_again(root)
    before = files(workspace.folder)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("course.study.notebooks.tempfile.mkstemp", refuse)
    with pytest.raises(WorkspaceError, match=r"Permission denied.*COURSE_WORK"):
        workspace.start("tiny")
    assert files(workspace.folder) == before


def test_a_full_disk_leaves_no_half_file(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    workspace.start("tiny")
    before = files(workspace.folder)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("course.study.notebooks.os.fsync", full)
    with pytest.raises(WorkspaceError, match="No space left"):
        workspace.start("second")
    assert files(workspace.folder) == before


def test_a_file_that_is_saved_meanwhile_is_left_alone(
    root: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    workspace.start("tiny")
    path = work(workspace)
    release_again(root)
    real = module.merge

    def slow(*books: object) -> object:
        path.write_text(json.dumps(tiny()))
        return real(*books)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "merge", slow)
    with pytest.raises(WorkspaceError, match="saved by another program"):
        workspace.start("tiny")
    assert json.loads(path.read_text()) == tiny()


def test_a_link_stays_a_link(root: Path, workspace: Workspace, tmp_path: Path):
    workspace.start("tiny")
    path, elsewhere = work(workspace), tmp_path / "elsewhere.ipynb"
    path.replace(elsewhere)
    path.symlink_to(elsewhere)
    release_again(root)
    workspace.start("tiny")
    assert path.is_symlink()
    assert "half_more" in names(read_notebook(elsewhere))


def test_two_at_once_take_turns(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    workspace.start("second")
    with FileLock(workspace.folder / ".course/lock"):
        monkeypatch.setattr(module, "_PATIENCE", 0.05)
        with pytest.raises(WorkspaceError, match="in use"):
            workspace.start("tiny")
        assert not workspace.notebook("tiny").exists()
        monkeypatch.setattr(module, "_PATIENCE", 60.0)
        waiting = threading.Thread(target=workspace.start, args=["tiny"])
        waiting.start()
    waiting.join()
    assert workspace.notebook("tiny").exists()


def test_an_unknown_assignment_makes_no_folder(workspace: Workspace):
    with pytest.raises(UnknownAssignment):
        workspace.start("nothing")
    assert not workspace.folder.exists()


def test_the_first_page_links_every_notebook(workspace: Workspace):
    workspace.start("tiny")
    started = workspace.start_page()
    text = "\n".join(texts(read_notebook(started.path)))
    assert "[Tiny](tiny/tiny.ipynb) | 20 minutes | 3 |" in text
    assert (started.path.parent / "tiny/tiny.ipynb").exists()
    assert workspace.start_page().action == "unchanged"


def test_notes_on_the_first_page_stay_when_the_course_grows(root: Path, workspace: Workspace):
    page = read_notebook(workspace.start_page().path)
    insert_after(page, "notebooks", cell("markdown", "own", "My plan."))
    save(page, workspace.welcome)
    save(tiny(), root / "assignments/later/later.ipynb")
    grown = Workspace(workspace.folder, read_catalogue(root))
    assert grown.start_page().action == "merged"
    found = texts(read_notebook(workspace.welcome))
    assert "later/later.ipynb" in found[0]
    assert found[1] == "My plan."


def test_the_code_on_the_first_page_draws_the_progress(
    root: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COURSE_ROOT", str(root))
    workspace.start("tiny")
    code = find(read_notebook(workspace.start_page().path), "progress")["source"]
    *lines, last = code.splitlines()
    scope: dict[str, object] = {}
    exec("\n".join(lines), scope)
    assert "0 of 2 passed" in repr(eval(last, scope))


def test_the_working_folder_is_found(
    root: Path, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COURSE_ROOT", str(root))
    assert work_folder() == root / "work"
    monkeypatch.setenv("COURSE_WORK", str(tmp_path / "mine"))
    assert work_folder() == tmp_path / "mine"
    assert work_folder(tmp_path / "other") == tmp_path / "other"
    assert Workspace.open(root=root).folder == tmp_path / "mine"


def test_the_record_is_found_from_wherever_a_notebook_runs(
    root: Path, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COURSE_ROOT", str(root))
    monkeypatch.chdir(tmp_path)
    assert progress_file() == tmp_path / "users data/saturdays/progress.jsonl"
    workspace.start("tiny")
    assert progress_file() == root / "work/progress.jsonl"
    elsewhere = Workspace(tmp_path / "elsewhere", workspace.catalogue)
    elsewhere.start("tiny")
    monkeypatch.chdir(tmp_path / "elsewhere/tiny")
    assert progress_file() == tmp_path / "elsewhere/progress.jsonl"
    assert progress_file(tmp_path / "given") == tmp_path / "given/progress.jsonl"
    assert workspace.progress == root / "work/progress.jsonl"
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "told.jsonl"))
    assert progress_file() == tmp_path / "told.jsonl"
    assert progress_file(tmp_path / "given") == tmp_path / "told.jsonl"
    assert workspace.progress == tmp_path / "told.jsonl"

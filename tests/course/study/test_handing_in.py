"""Handing in: what is missing is said, and the file goes to the exchange or is laid aside."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from course.study import handing_in as module
from course.study.errors import HandInError, NotANotebook
from course.study.handing_in import Completeness, examine, lay_aside, submit_to_exchange
from course.study.notebooks import read_notebook
from course.study.workspace import Workspace

from .sample import Notebook, cell, find, insert_after, save, stub, tiny


def change(workspace: Workspace, **texts: str) -> Notebook:
    mine = read_notebook(workspace.notebook("tiny"))
    for name, text in texts.items():
        find(mine, name)["source"] = text
    save(mine, workspace.notebook("tiny"))
    return mine


@pytest.fixture
def begun(workspace: Workspace) -> Workspace:
    workspace.start("tiny")
    return workspace


def found(workspace: Workspace) -> Completeness:
    return examine(workspace, workspace.catalogue.assignment("tiny"))


def test_an_untouched_notebook_lacks_everything(begun: Workspace):
    assert found(begun) == Completeness(unattempted=("double", "half"), unwritten=("why",))
    assert not found(begun).is_complete


def test_a_whole_notebook_is_complete(begun: Workspace):
    change(begun, double="def double(x): return 2 * x", half="%%time\n?", why="Because.")
    assert found(begun) == Completeness()
    assert found(begun).is_complete


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  \n",
        stub("double") + "\n\n",
        "# I will do this tomorrow\n" + stub("double"),
        stub("double").replace("    raise", "    # TO" + "DO\n    raise"),
    ],
)
def test_comments_and_blanks_are_no_attempt(begun: Workspace, text: str):
    change(begun, double=text)
    assert "double" in found(begun).unattempted


@pytest.mark.parametrize("text", ["def double(x): pass", "def double(x:", "!ls"])
def test_whatever_is_written_is_an_attempt(begun: Workspace, text: str):
    change(begun, double=text)
    assert "double" not in found(begun).unattempted


def test_the_placeholder_alone_is_no_written_answer(begun: Workspace):
    change(begun, why="YOUR ANSWER HERE\n\n")
    assert found(begun).unwritten == ("why",)
    change(begun, why="")
    assert found(begun).unwritten == ("why",)
    change(begun, why="YOUR ANSWER HERE: because.")
    assert found(begun).unwritten == ()


def test_a_picture_is_a_written_answer(begun: Workspace):
    mine = read_notebook(begun.notebook("tiny"))
    find(mine, "why")["attachments"] = {"a.png": {"image/png": "iVBORw0="}}
    save(mine, begun.notebook("tiny"))
    assert found(begun).unwritten == ()


def test_missing_cells_are_named(begun: Workspace):
    mine = read_notebook(begun.notebook("tiny"))
    gone = ("half", "double_by_hand", "about_half")
    mine["cells"] = [each for each in mine["cells"] if each["id"] not in gone]
    save(mine, begun.notebook("tiny"))
    assert found(begun).missing == ("double_by_hand", "half")


def test_a_new_release_is_no_fault_but_is_mentioned(root: Path, begun: Workspace):
    release = tiny()
    insert_after(release, "half", cell("code", "new", "1", role="test", exercise="half", points=1))
    save(release, root / "assignments/tiny/tiny.ipynb")
    assert found(begun).is_behind
    assert found(begun).missing == ()


def test_nothing_can_be_handed_in_before_the_start(workspace: Workspace):
    with pytest.raises(HandInError, match="course start tiny"):
        found(workspace)


def test_no_notebook_is_handed_in_that_cannot_be_read(begun: Workspace):
    begun.notebook("tiny").write_text("{")
    with pytest.raises(NotANotebook):
        found(begun)


def test_a_copy_is_laid_aside_with_its_sum(begun: Workspace):
    data = begun.notebook("tiny").read_bytes()
    laid = lay_aside(begun, begun.catalogue.assignment("tiny"))
    assert laid.path.read_bytes() == data
    assert laid.sha256 == hashlib.sha256(data).hexdigest()
    assert laid.path.name == "tiny.ipynb"
    assert laid.path.is_relative_to(begun.folder / "handed-in" / "tiny")
    subprocess.run(
        ["sha256sum", "--check", "--strict", "tiny.ipynb.sha256"],
        cwd=laid.path.parent,
        check=True,
        capture_output=True,
    )


@pytest.fixture
def exchange(tmp_path: Path) -> Path:
    folder = tmp_path / "exchange"
    for each in ("inbound", "outbound/tiny"):
        (folder / "sample" / each).mkdir(parents=True)
    return folder


def test_nbgraders_exchange_takes_the_notebook_without_its_backups(
    begun: Workspace, exchange: Path
):
    begun.notebook("tiny").with_name("backups").mkdir()
    (begun.notebook("tiny").parent / "backups" / "tiny-1.ipynb").touch()
    assert submit_to_exchange(begun, begun.catalogue.assignment("tiny"), exchange=exchange)
    (handed_in,) = (exchange / "sample/inbound").iterdir()
    assert "+tiny+" in handed_in.name
    assert (handed_in / "tiny.ipynb").read_bytes() == begun.notebook("tiny").read_bytes()
    assert not (handed_in / "backups").exists()


def test_an_exchange_that_refuses_says_why(begun: Workspace, tmp_path: Path):
    with pytest.raises(HandInError, match=r"did not take it: .*irectory.*nowhere"):
        submit_to_exchange(begun, begun.catalogue.assignment("tiny"), exchange=tmp_path / "nowhere")


class Nbgrader:
    """Plays `nbgrader submit`: notes the command, and answers as it is told."""

    def __init__(self, said: str, code: int) -> None:
        self.said, self.code = said, code

    def __call__(self, command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        self.command, self.options = command, options
        return subprocess.CompletedProcess(command, self.code, "", self.said)


FATAL = "[SubmitApp | CRITICAL] "


@pytest.mark.parametrize(
    "said",
    [
        FATAL + "Unwritable directory, please contact your instructor: /usr/local/share/x",
        FATAL + "Inbound directory doesn't exist: /x/sample/inbound",
        FATAL + "Assignment not found: /x/sample/outbound/tiny",
        f"{sys.executable}: No module named nbgrader",
    ],
)
def test_where_nobody_set_up_an_exchange_there_is_none(
    begun: Workspace, monkeypatch: pytest.MonkeyPatch, said: str
):
    nbgrader = Nbgrader(said, 1)
    monkeypatch.setattr(module.subprocess, "run", nbgrader)
    assert not submit_to_exchange(begun, begun.catalogue.assignment("tiny"))
    assert nbgrader.options["cwd"] == begun.folder
    assert "--course=sample" in nbgrader.command


def test_another_refusal_is_told_in_nbgraders_words(
    begun: Workspace, monkeypatch: pytest.MonkeyPatch
):
    said = f"[SubmitApp | INFO] Source: x\n{FATAL}You do not have access to this course.\nbye\n"
    monkeypatch.setattr(module.subprocess, "run", Nbgrader(said, 1))
    with pytest.raises(HandInError, match=r"did not take it: You do not have access to this cou"):
        submit_to_exchange(begun, begun.catalogue.assignment("tiny"))


def test_an_nbgrader_that_hangs_is_left(begun: Workspace, monkeypatch: pytest.MonkeyPatch):
    def hang(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("nbgrader", 120)

    monkeypatch.setattr(module.subprocess, "run", hang)
    with pytest.raises(HandInError, match="--copy"):
        submit_to_exchange(begun, begun.catalogue.assignment("tiny"))


def test_the_course_does_not_import_nbgrader():
    code = "import sys, course.commands.main; print('nbgrader' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.strip() == "False"

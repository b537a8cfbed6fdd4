"""What is wrong with a course is one message that says what and where; nothing is changed."""

import hashlib
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import nbformat
import nbgrader
import pytest
from alembic.script import ScriptDirectory
from typer.testing import CliRunner

from grader.commands.main import app
from grader.foreign.database import newest_version
from grader.foreign.place import CourseFolder


def source(folder: CourseFolder) -> Path:
    return folder.source("a1") / "one.ipynb"


def edit(folder: CourseFolder, name: str, change: Callable[..., object]) -> None:
    notebook = nbformat.read(source(folder), as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == name:
            change(cell)
    nbformat.write(notebook, source(folder))


def execute(folder: CourseFolder, statement: str) -> None:
    with closing(sqlite3.connect(folder.root / "gradebook.db")) as database:
        database.execute(statement)
        database.commit()


def of_another_version(folder: CourseFolder) -> None:
    execute(folder, "UPDATE alembic_version SET version_num = '167914646830'")


def without_version(folder: CourseFolder) -> None:
    execute(folder, "DROP TABLE alembic_version")


def no_database(folder: CourseFolder) -> None:
    (folder.root / "gradebook.db").unlink()


def a_database_of_text(folder: CourseFolder) -> None:
    (folder.root / "gradebook.db").write_text("marks: all good " * 100)


def ids_that_repeat(folder: CourseFolder) -> None:
    edit(folder, "squares_again", lambda c: c.metadata.nbgrader.update(grade_id="area_of_two"))


def not_on_disk(folder: CourseFolder) -> None:
    shutil.rmtree(folder.source("a1"))


def one_notebook_not_on_disk(folder: CourseFolder) -> None:
    (folder.source("a1") / "two.ipynb").unlink()


def a_test_that_the_source_lost(folder: CourseFolder) -> None:
    edit(folder, "chosen_is_b", lambda cell: cell.metadata.pop("nbgrader"))


def a_test_that_is_no_python(folder: CourseFolder) -> None:
    execute(folder, "UPDATE source_cell SET source = 'assert area(2' WHERE source LIKE '%area(2)%'")


def a_source_that_is_no_notebook(folder: CourseFolder) -> None:
    source(folder).write_text("{")


def a_support_file_is_missing(folder: CourseFolder) -> None:
    (folder.source("a1") / "utils.py").unlink()


def nobody_handed_in(folder: CourseFolder) -> None:
    shutil.rmtree(folder.root / "submitted")


def a_configuration_that_stops(folder: CourseFolder) -> None:
    (folder.root / "nbgrader_config.py").write_text("raise KeyError('exchange')")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (of_another_version, ["gradebook.db", "nbgrader db upgrade", "167914646830"]),
        (without_version, ["gradebook.db", "nbgrader db upgrade"]),
        (no_database, ["there is no gradebook", "nbgrader generate_assignment"]),
        (a_database_of_text, ["gradebook.db", "cannot be read"]),
        (ids_that_repeat, ["one.ipynb", "'area_of_two'", "2 cells"]),
        (not_on_disk, ["the gradebook knows a1", "Restore its source"]),
        (one_notebook_not_on_disk, ["'two'", "two.ipynb"]),
        (a_test_that_the_source_lost, ["'chosen_is_b'", "one.ipynb"]),
        (a_test_that_is_no_python, ["`area_of_two` cannot be parsed", "one.ipynb"]),
        (a_source_that_is_no_notebook, ["one.ipynb", "cannot be read as a notebook"]),
        (
            a_support_file_is_missing,
            ["one.ipynb", "No module named 'utils'", "beside the notebook"],
        ),
        (nobody_handed_in, ["nobody has handed in a1", "nbgrader collect"]),
        (a_configuration_that_stops, ["nbgrader_config.py", "KeyError"]),
    ],
)
def test_what_is_wrong_is_said_once_and_nothing_is_changed(
    folder: CourseFolder,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[CourseFolder], None],
    said: list[str],
):
    spoil(folder)
    before = digests(folder.root)
    monkeypatch.chdir(folder.root)
    done = CliRunner().invoke(app, ["grade", "a1"])
    assert done.exit_code == 1
    assert done.stderr.startswith("grader: ")
    assert done.stderr.count("grader: ") == 1
    assert "Traceback" not in done.stderr
    assert [words for words in said if words not in done.stderr] == []
    assert digests(folder.root) == before


def test_an_assignment_that_nobody_made_is_named_with_the_closest(
    folder: CourseFolder, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(folder.root)
    done = CliRunner().invoke(app, ["audit", "a11"])
    assert (done.exit_code, "a1" in done.stderr) == (1, True)
    assert "no assignment is called 'a11'" in done.stderr


def test_an_assignment_on_disk_alone_says_what_to_run(
    folder: CourseFolder, monkeypatch: pytest.MonkeyPatch
):
    shutil.copytree(folder.source("a1"), folder.source("a2"))
    monkeypatch.chdir(folder.root)
    done = CliRunner().invoke(app, ["grade", "a2"])
    assert (done.exit_code, "nbgrader generate_assignment a2" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    "command", [["grade", "a1"], ["feedback", "a1"], ["audit", "a1"], ["doctor"]]
)
def test_a_folder_that_is_no_course_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 1
    assert "course.toml" in done.stderr


def digests(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_version_that_is_needed_is_alembics_own_head() -> None:
    folder = Path(nbgrader.__file__).parent / "alembic"
    assert newest_version() == ScriptDirectory(str(folder)).get_current_head()

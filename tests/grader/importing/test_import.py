"""Imports into a course: round trips, pictures, old metadata, and bad input."""

import base64
import copy
import json
from collections.abc import Callable
from pathlib import Path

import nbformat
import nbgrader
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_notebook
from typer.testing import CliRunner

from grader.authoring.build import to_notebook
from grader.authoring.release import release
from grader.authoring.source import read_source
from grader.commands.main import app
from grader.configuration import load_course
from grader.errors import ConfigurationError, ImportNotebookError
from grader.importing.create import import_notebook, source_text
from grader.importing.foreign import Remarks
from grader.scaffold.create import new_course

from .conftest import ANSWER, Result, cell, code, prose

REPOSITORY = Path(__file__).resolve().parents[3]
EXERCISE = [
    cell("answer", ANSWER, "f"),
    cell("test", "assert f(1) == 2", "f_one", points=1),
    cell("test", "### BEGIN HIDDEN TESTS\nassert f(5) == 10\n### END HIDDEN TESTS", "h", points=2),
]
PIXEL = base64.b64encode(b"\x89PNG not really").decode()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return new_course(tmp_path / "a course", "A course", "sample")


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Write a notebook of these cells to a file."""

    def save(*cells: NotebookNode, name: str = "Home Work-1.ipynb") -> Path:
        path = tmp_path / name
        own = [copy.deepcopy(each) | {"id": f"c{at}"} for at, each in enumerate(cells)]
        nbformat.write(new_notebook(cells=[nbformat.from_dict(each) for each in own]), path)
        return path

    return save


def contents(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


@pytest.mark.parametrize("name", [each.id for each in load_course(REPOSITORY).assignments])
def test_what_we_built_comes_back_as_a_source_that_builds_the_same(name: str, tmp_path: Path):
    """All but the hints, which no notebook holds."""
    built = to_notebook(read_source(load_course(REPOSITORY).solution_source(name)))
    path = tmp_path / "notebook.py"
    remarks = Remarks()
    path.write_text(source_text(copy.deepcopy(built), remarks), encoding="utf-8")
    assert nbformat.writes(to_notebook(read_source(path))) == nbformat.writes(built)
    assert remarks.lines() == ()
    written = read_source(path).written
    assert written
    assert all("### BEGIN MARK SCHEME" in each.source for each in written)


def test_an_imported_notebook_is_declared_and_can_be_released(
    root: Path, save: Callable[..., Path]
):
    made = import_notebook(root, save(prose("# Doubling\n\ntext"), *EXERCISE))
    assert (made.assignment, made.missing) == ("home_work_1", "")
    course = load_course(root)
    assert course.assignment("home_work_1").title == "Doubling"
    report = release(course, "home_work_1")
    assert (report.exercises, report.points) == (1, 3)


def test_what_is_missing_for_a_build_is_told(root: Path, save: Callable[..., Path]):
    made = import_notebook(root, save(*EXERCISE[:2]), "half")
    assert "'f' has no hidden test" in made.missing
    assert (root / "solutions" / "half" / "notebook.py").is_file()


def test_nbgraders_own_example_keeps_every_point(root: Path):
    docs = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide"
    for number, points in ((1, 10), (2, 3)):
        name = f"problem{number}"
        import_notebook(root, docs / "source" / "ps1" / f"{name}.ipynb")
        text = (root / "solutions" / name / "notebook.py").read_text("utf-8")
        given = [float(part.split(" ")[0]) for part in text.split(" points=")[1:]]
        assert sum(given) == points
    assert read_source(root / "solutions" / "problem2" / "notebook.py").total_points == 3


# ---- pictures


def test_an_attached_picture_lies_in_the_text(converted: Callable[..., Result]):
    attachments = {"a b.png": {"image/png": PIXEL}, "unused.png": {"image/png": PIXEL}}
    picture = prose("![cat](attachment:a%20b.png)", attachments=attachments)
    result = converted(picture, *EXERCISE)
    shown = result.source.cells[0].source
    assert shown.startswith(f"![cat](data:image/png;base64,{PIXEL})")
    assert f"[unused.png]: data:image/png;base64,{PIXEL}" in shown
    assert any("'unused.png' is shown nowhere" in remark for remark in result.remarks)


def test_files_that_a_text_links_to_are_named(converted: Callable[..., Result], tmp_path: Path):
    (tmp_path / "there.png").write_bytes(b"")
    text = "![a](there.png) [b](gone.csv) [c](https://x.org/y) [d](#part)"
    result = converted(prose(text), *EXERCISE)
    links = [remark for remark in result.remarks if "links to the file" in remark]
    assert [("there.png" in r, "not there" in r) for r in links] == [(True, False), (False, True)]


# ---- old and broken notebooks


@pytest.mark.parametrize("version", [None, 1, 2])
def test_old_metadata_are_upgraded(root: Path, save: Callable[..., Path], version: int | None):
    path = save(*EXERCISE)
    document = json.loads(path.read_text())
    for each in document["cells"]:
        about = each["metadata"]["nbgrader"]
        del about["schema_version"]
        if version is not None:
            about["schema_version"] = version
    path.write_text(json.dumps(document))
    made = import_notebook(root, path, "old")
    assert read_source(made.source).total_points == 3


def test_a_notebook_of_version_3_is_read(root: Path, tmp_path: Path):
    path = tmp_path / "old.ipynb"
    inner = {"cell_type": "code", "language": "python", "metadata": {}, "outputs": []}
    inner |= {"input": ["import math"], "prompt_number": 1, "collapsed": False}
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": "x"}}
    path.write_text(json.dumps(old | {"worksheets": [{"cells": [inner], "metadata": {}}]}))
    assert "import math" in import_notebook(root, path).source.read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no notebook"),
        ("{}", "is no notebook"),
        ("[1]", "is no notebook"),
        ('{"cells": 3, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "is no notebook"),
        (b"\xff\xfe", "is no UTF-8"),
    ],
)
def test_a_file_that_is_no_notebook_changes_nothing(
    root: Path, tmp_path: Path, text: str | bytes, message: str
):
    path = tmp_path / "bad.ipynb"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    before = contents(root)
    with pytest.raises(ImportNotebookError, match=message):
        import_notebook(root, path)
    assert contents(root) == before


def test_repeated_ids_are_named_with_their_cells(root: Path, save: Callable[..., Path]):
    before = contents(root)
    with pytest.raises(ImportNotebookError, match="'f_one' stands in the cells 2 and 4"):
        import_notebook(root, save(*EXERCISE, EXERCISE[1]))
    assert contents(root) == before


def test_metadata_from_the_future_and_without_points_are_refused(
    root: Path, save: Callable[..., Path]
):
    with pytest.raises(ImportNotebookError, match="cell 1: its nbgrader metadata, of version 9"):
        import_notebook(root, save(cell("answer", ANSWER, "f", schema_version=9)))
    with pytest.raises(ImportNotebookError, match="does not have points"):
        import_notebook(root, save(cell("test", "assert f", "t")))


def test_another_language_is_refused(root: Path, tmp_path: Path):
    path = tmp_path / "r.ipynb"
    kernel = {"name": "ir", "language": "R", "display_name": "R"}
    nbformat.write(new_notebook(cells=[code("x <- 1")], metadata={"kernelspec": kernel}), path)
    with pytest.raises(ImportNotebookError, match="is for R"):
        import_notebook(root, path)


def test_nothing_is_overwritten(root: Path, save: Callable[..., Path]):
    import_notebook(root, save(*EXERCISE), "taken")
    before = contents(root)
    with pytest.raises(ConfigurationError, match="'taken' is declared already"):
        import_notebook(root, save(*EXERCISE), "taken")
    with pytest.raises(ConfigurationError, match="the id of an assignment is 'No Id'"):
        import_notebook(root, save(*EXERCISE), "No Id")
    assert contents(root) == before


# ---- the command


def test_the_command_lists_the_remarks_and_what_comes_next(
    root: Path, save: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(root)
    run = CliRunner().invoke
    done = run(app, ["import", str(save(prose("# T"), *EXERCISE)), "--id", "first"])
    assert done.exit_code == 0
    assert "- titles are made of ids" in done.output
    assert "Next: grader preview first" in done.output
    as_json = json.loads(run(app, ["import", str(save(*EXERCISE[:2])), "--json"]).output)
    assert as_json["assignment"] == "home_work_1"
    assert "has no hidden test" in as_json["missing"]
    refused = run(app, ["import", str(root / "nowhere.ipynb")])
    assert refused.exit_code == 1
    assert refused.output.startswith("grader: ")
    assert "cannot be read" in refused.output

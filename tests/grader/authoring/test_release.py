"""Releasing: nbgrader's own bytes, all or nothing, and never with a secret."""

import json
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from traitlets.config.loader import PyFileConfigLoader

from grader.authoring.build import starter
from grader.authoring.cells import AssignmentSource
from grader.authoring.release import release
from grader.configuration import Course
from grader.errors import ConfigurationError, ReleaseError, UnknownAssignment


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def stored_cells(course: Course) -> dict[str, str]:
    with sqlite3.connect(course.gradebook) as database:
        return dict(database.execute("select name, source from source_cell").fetchall())


def test_a_release_says_what_is_in_it(released: Course) -> None:
    report = release(released, "tiny")
    assert report.notebook == released.release_notebook("tiny")
    assert (report.exercises, report.visible_tests, report.hidden_tests) == (2, 2, 3)
    assert (report.written, report.points) == (1, 11.5)


def test_every_cell_is_released_as_its_starter(released: Course, tiny: AssignmentSource) -> None:
    notebook = nbformat.read(released.release_notebook("tiny"), as_version=4)
    nbformat.validate(notebook)
    assert [(cell.id, cell.source) for cell in notebook.cells] == [
        (cell.id, starter(cell)) for cell in tiny.cells
    ]
    by_id = {cell.id: cell for cell in notebook.cells}
    assert by_id["imports"].metadata.editable is False
    assert by_id["mean_square_twice"].metadata.editable is False
    assert by_id["mean_square"].metadata.deletable is False
    assert "editable" not in by_id["mean_square"].metadata
    assert by_id["mean_square_twice"].metadata.course.hidden is True
    assert "jupytext" not in notebook.metadata


def test_the_gradebook_keeps_the_hidden_tests_but_no_solution(released: Course) -> None:
    cells = stored_cells(released)
    assert "data_seen_twice" in cells["mean_square_twice"]
    assert "raise NotImplementedError()" in cells["mean_square"]
    assert cells["why_unchanged"] == "YOUR ANSWER HERE"


def test_the_same_again_leaves_the_file_untouched(
    released: Course, capfd: pytest.CaptureFixture[str]
) -> None:
    path = released.release_notebook("tiny")
    before, here = path.read_bytes(), Path.cwd()
    os.utime(path, (1, 1))
    assert not release(released, "tiny").changed
    assert (path.read_bytes(), path.stat().st_mtime) == (before, 1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    # and locks, where a test before has graded
    there = {each.name for each in released.var.iterdir()}
    assert there - {"locks"} == {"gradebook.db", "source"}
    assert Path.cwd() == here
    assert capfd.readouterr() == ("", "")


def test_nbgrader_by_hand_gives_the_same_bytes(released: Course) -> None:
    ours = released.release_notebook("tiny").read_bytes()
    released.release_notebook("tiny").unlink()
    subprocess.run(
        [sys.executable, "-m", "nbgrader", "generate_assignment", "tiny", "--force"],
        cwd=released.root,
        check=True,
        capture_output=True,
        timeout=120,
    )
    assert released.release_notebook("tiny").read_bytes() == ours


def test_a_changed_source_replaces_the_release_and_updates_the_gradebook(released: Course) -> None:
    edit(released.solution_source("tiny"), "[[0.5, 0.25, 0.25]]", "[[0.5, 0.5, 0.0]]")
    assert not release(released, "tiny").changed  # a hidden test is not seen by learners
    assert "[[0.5, 0.5, 0.0]]" in stored_cells(released)["row_sums_one_row"]
    edit(released.solution_source("tiny"), "# ## Sums by rows", "# ## Sums along rows")
    assert release(released, "tiny").changed
    assert "Sums along rows" in released.release_notebook("tiny").read_text(encoding="utf-8")


def state(course: Course) -> tuple[bytes, dict[str, str]]:
    return course.release_notebook("tiny").read_bytes(), stored_cells(course)


HINT = "These are the sums of the columns. Which axis runs along a row?"


def test_a_secret_in_the_new_release_stops_it_before_anything_changes(released: Course) -> None:
    before = state(released)
    edit(released.solution_source("tiny"), "# ## Sums by rows", f"# ## Sums by rows\n#\n# {HINT}")
    with pytest.raises(ReleaseError) as caught:
        release(released, "tiny")
    message = str(caught.value)
    assert "assignments/tiny/tiny.ipynb, cell 8, source: the hint of 'sums_the_columns'" in message
    assert "Reword or remove" in message
    assert state(released) == before
    # and locks, where a test before has graded
    there = {each.name for each in released.var.iterdir()}
    assert there - {"locks"} == {"gradebook.db", "source"}


def test_a_first_release_with_a_secret_leaves_no_notebook_and_no_gradebook(course: Course) -> None:
    edit(course.solution_source("tiny"), "# ## Sums by rows", f"# ## Sums by rows\n#\n# {HINT}")
    with pytest.raises(ReleaseError, match="a secret would be"):
        release(course, "tiny")
    assert not course.release_notebook("tiny").exists()
    assert not course.gradebook.exists()


def test_a_secret_in_the_library_or_in_another_assignment_stops_it_too(released: Course) -> None:
    for place in ("course/losses.py", "assignments/other/other.md"):
        path = released.root / place
        path.parent.mkdir(parents=True)
        path.write_text(HINT)
        with pytest.raises(ReleaseError, match=place):
            release(released, "tiny")
        path.unlink()
    assert not release(released, "tiny").changed


def test_many_leaks_are_counted_not_all_listed(released: Course) -> None:
    for number in range(15):
        folder = released.root / "assignments" / f"other_{number}"
        folder.mkdir()
        (folder / "notes.md").write_text(HINT)
    with pytest.raises(ReleaseError, match="and 5 more"):
        release(released, "tiny")


def test_an_older_release_with_a_secret_is_mended_by_a_new_one(released: Course) -> None:
    path = released.release_notebook("tiny")
    notebook = json.loads(path.read_text())
    notebook["cells"][0]["source"] = HINT
    path.write_text(json.dumps(notebook))
    assert release(released, "tiny").changed
    assert HINT not in path.read_text()


# nbgrader makes the submission before it adds it to its session
@pytest.mark.filterwarnings("ignore:Object of type <Submitted:sqlalchemy.exc.SAWarning")
def test_cells_that_submissions_need_cannot_go(released: Course) -> None:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{released.gradebook}") as gradebook:
        gradebook.add_student("ada")
        gradebook.add_submission("tiny", "ada")
    before = state(released)
    edit(released.solution_source("tiny"), '"row_sums_one_row"', '"row_sums_single"')
    with pytest.raises(ReleaseError) as caught:
        release(released, "tiny")
    assert "graded cells are others" in str(caught.value)
    assert "nbgrader db assignment remove tiny --force" in str(caught.value)
    assert state(released) == before
    # a change that keeps the ids is none of nbgrader's business
    edit(released.solution_source("tiny"), '"row_sums_single"', '"row_sums_one_row"')
    edit(released.solution_source("tiny"), "# ## Sums by rows", "# ## Sums along rows")
    assert release(released, "tiny").changed


def test_a_gradebook_that_is_no_database_is_one_message(released: Course) -> None:
    before = released.release_notebook("tiny").read_bytes()
    released.gradebook.write_text("this is no database, whatever its name says\n" * 100)
    with pytest.raises(ReleaseError, match=r"(?s)nbgrader refused.*file is not a database"):
        release(released, "tiny")
    assert released.release_notebook("tiny").read_bytes() == before


def test_a_missing_configuration_of_nbgrader_is_one_message(released: Course) -> None:
    (released.root / "nbgrader_config.py").unlink()
    with pytest.raises(ConfigurationError, match=r"nbgrader_config\.py is missing"):
        release(released, "tiny")


def test_an_unknown_assignment_is_one_message(released: Course) -> None:
    with pytest.raises(UnknownAssignment, match="Did you mean 'tiny'"):
        release(released, "tinny")


def test_a_broken_course_stops_nbgrader_before_it_writes_elsewhere(released: Course) -> None:
    # an ordinary exception would be logged, and nbgrader go on with folders of its own
    edit(released.root / "course.toml", 'title = "A sample', 'titel = "A sample')
    loader = PyFileConfigLoader("nbgrader_config.py", path=str(released.root))
    with pytest.raises(SystemExit, match=r"nbgrader_config\.py: .*'titel' is unknown"):
        loader.load_config()

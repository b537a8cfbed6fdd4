"""Both marks of each test cell, why they differ, and a course that stays as it was."""

import errno
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode
from typer.testing import CliRunner

from grader.commands.main import app
from grader.errors import GraderError
from grader.foreign import copying, stock
from grader.foreign.compare import PSEUDO_LEARNERS
from grader.foreign.comparison import StockCell
from grader.foreign.place import CourseFolder, open_course_folder
from grader.sandbox.program import Place

from .course_maker import answer, answers, assertion, hand_in, make_course, ordinary

MakeOnce = Callable[[str, Callable[[Path], object]], Path]

CELLS = [
    ordinary("import sys, time\nimport numpy as np\nLIMIT = 3"),
    answer("value", "def value():\n    return 1"),
    assertion("warns", "print('careful', file=sys.stderr)\nassert value() == 1"),
    assertion("numpy_part", "np.float64(0.5)"),
    assertion("no_number", "float('nan')"),
    assertion("chance", "(time.time_ns() % 1000003) / 1000003"),
    assertion("below_limit", "assert value() <= LIMIT"),
    assertion("is_one", "assert value() == 1"),
    assertion("is_small", "assert value() < 5"),
    assertion("tagged", "assert type(value()) is int and value() == 1"),
    assertion("too_much", "9 if isinstance(value(), str) else 1"),
]
ANY = (
    "class Any:\n    def __eq__(self, other):\n        return True\n"
    "    __lt__ = __le__ = __eq__\n    __hash__ = None\n\n"
    "def value():\n    return Any()"
)


def _edited(notebook: NotebookNode) -> None:
    answers(value="def value():\n    return 1.5")(notebook)
    kept = []
    for cell in notebook.cells:
        cell.source = cell.source.replace("LIMIT = 3", "LIMIT = 0")
        if cell.metadata.get("nbgrader", {}).get("grade_id") != "is_small":
            kept.append(cell)
    notebook.cells = kept


def _hostile(root: Path) -> Callable[[NotebookNode], None]:
    """Equal to everything; writes where the course lies, and where it does not."""
    writes = "".join(
        f"try:\n    open({str(place)!r}, 'w').write('mine')\nexcept OSError:\n    pass\n"
        for place in (root / "written", root.parent / "written", root / "gradebook.db.written")
    )

    def change(notebook: NotebookNode) -> None:
        answers(value=f"{writes}{ANY}")(notebook)
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") == "tagged":
                cell.metadata["tags"] = ["skip-execution"]

    return change


def _make(root: Path) -> None:
    make_course(root, {"one": CELLS})
    hand_in(root, "ann")
    hand_in(root, "bob", change=_edited)
    hand_in(root, "cyd", change=_hostile(root))
    hand_in(root, "dan", change=answers(value="def value():\n    return 'one'"))
    (hand_in(root, "eve") / "one.ipynb").write_text("{")


@pytest.fixture(scope="module")
def course(once: MakeOnce) -> Path:
    return once("a course whose marks differ", _make)


@pytest.fixture(scope="module")
def found(course: Path, once: MakeOnce) -> dict[str, Any]:
    """What `grader compare a1 --json` says, with its exit code, and what it did to the course."""

    def make(folder: Path) -> None:
        before = digests(course)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(course)
            done = CliRunner().invoke(app, ["compare", "a1", "--json", "--keep", str(folder)])
        data = json.loads(done.stdout) | {"code": done.exit_code}
        data["unchanged"] = before == digests(course)
        (folder / "found.json").write_text(json.dumps(data))

    told: dict[str, Any] = json.loads((once("compared", make) / "found.json").read_text())
    return told


def digests(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
    }


def of(found: dict[str, Any], learner: str, cell: str) -> dict[str, Any]:
    return next(c for c in found["cells"] if (c["learner"], c["cell"]) == (learner, cell))


@pytest.mark.parametrize(
    ("learner", "cell", "stock", "ours", "reason"),
    [
        ("ann", "warns", 0.0, 1.0, "standard error, for which nbgrader gives no marks (careful)"),
        ("ann", "numpy_part", 1.0, 0.5, "NumPy number, np.float64(0.5)"),
        ("ann", "no_number", 1.0, 0.0, "its last value is nan"),
        ("bob", "below_limit", 0.0, 1.0, "likely: a cell that is nobody's answer was changed"),
        ("bob", "is_small", None, 1.0, "was deleted"),
        ("cyd", "is_one", 1.0, 0.0, "an object of type `Any`, of a class of the learner's"),
        ("cyd", "tagged", 1.0, 0.0, "`skip-execution`"),
        ("dan", "numpy_part", 1.0, 0.5, "before it gave the submission up"),
        ("dan", "too_much", None, 0.0, "gave more than its points, so nbgrader does not grade"),
    ],
)
def test_a_difference_has_both_marks_and_its_reason(
    found: dict[str, Any],
    learner: str,
    cell: str,
    stock: float | None,
    ours: float | None,
    reason: str,
):
    told = of(found, learner, cell)
    assert (told["stock"], told["ours"]) == (stock, ours)
    assert reason in told["reason"]
    assert told["difference"]["advice"]


def test_chance_is_told_apart_from_a_difference(found: dict[str, Any]):
    assert "other marks from run to run" in of(found, "ann", "chance")["reason"]


def test_equal_marks_have_no_reason_and_are_counted(found: dict[str, Any]):
    lost = of(found, "bob", "is_one")
    assert (lost["stock"], lost["ours"], lost["same"], lost["reason"]) == (0.0, 0.0, True, "")
    assert of(found, "ann", "below_limit")["place"] == "apart"
    assert len(found["cells"]) == 5 * 9
    assert found["compared"] == 4 * 9  # what is no notebook has no mark on either side
    counted = [c for c in found["cells"] if c["learner"] != "eve"]
    assert found["same"] == sum(cell["same"] for cell in counted)
    assert found["percent"] == pytest.approx(100 * found["same"] / found["compared"])
    assert found["apart"] + found["beside"] == found["compared"]


def test_a_submission_that_stops_nbgrader_stops_no_other(found: dict[str, Any]):
    faults = {fault.split(":")[0] for fault in found["faults"]}
    assert faults == {"dan", "eve"}
    assert of(found, "cyd", "is_small")["stock"] == 1.0


def test_marks_that_differ_are_exit_code_1_and_the_course_is_as_it_was(
    found: dict[str, Any], course: Path
):
    assert found["code"] == 1
    assert not found["holds"]
    assert found["unchanged"]
    assert not list(course.parent.rglob("written"))[1:]


def test_the_copies_are_kept_where_they_were_asked_for(found: dict[str, Any], once: MakeOnce):
    folder = once("compared", lambda folder: None)
    assert {each.name for each in folder.iterdir()} == {"stock", "ours", "found.json"}
    assert (folder / "stock" / "written").read_text() == "mine"  # where the course was seen


SMALL = [
    answer("double", "def double(n):\n    return 2 * n"),
    assertion("double_of_two", "assert double(2) == 4"),
    answer("half", "def half(n):\n    return n / 2"),
    assertion("half_of_two", "assert half(2) == 1"),
]


@pytest.fixture(scope="module")
def small(once: MakeOnce) -> Path:
    return once("a small course", lambda root: make_course(root, {"one": SMALL}))


@pytest.fixture
def folder(small: Path, tmp_path: Path) -> CourseFolder:
    root = tmp_path / "course"
    shutil.copytree(small, root)
    return open_course_folder(root)


def test_before_anybody_handed_in_the_authors_own_notebooks_are_compared(
    small: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.chdir(small)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = digests(small)
    done = CliRunner().invoke(app, ["compare", "a1", "--reference", "--json"])
    told = json.loads(done.stdout)
    assert done.exit_code == 0
    assert told["holds"]
    marks = {(c["learner"], c["cell"]): (c["stock"], c["ours"]) for c in told["cells"]}
    solved, untouched, half = PSEUDO_LEARNERS
    assert marks[solved, "half_of_two"] == (1.0, 1.0)
    assert marks[untouched, "double_of_two"] == (0.0, 0.0)
    assert marks[half, "double_of_two"] == (1.0, 1.0)
    assert marks[half, "half_of_two"] == (0.0, 0.0)
    assert digests(small) == before
    assert not list(tmp_path.glob("grader-compare-*"))


class OfOneLearner:
    """Stands in for nbgrader: grades in turn until it meets `ann`, who does not end."""

    now = 0.0

    def __init__(self, words: list[str], place: Place, *rest: object) -> None:
        self._left = {"ann", "bob", "cyd", "dan"} - set(words[-1].partition("=")[2].split(","))
        self._place = place
        self._stopped = ""

    def lines(self) -> Iterator[str]:
        for learner in sorted(self._left):
            OfOneLearner.now += 1000.0  # what was before counts for nobody
            folder = self._place.seen_at / "submitted" / learner / "a1"
            yield f"[AutogradeApp | INFO] Sanitizing {folder}/one.ipynb"
            if learner == "bob":  # writes a line of nbgrader's himself
                yield f"[AutogradeApp | INFO] Sanitizing {folder.parents[1]}/dan/a1/one.ipynb"
            if learner == "cyd":
                yield "[AutogradeApp | ERROR] An old version. Update it with:"
                yield "    nbgrader update ."
                return
            while learner == "ann" and not self._stopped:
                OfOneLearner.now += 1.0
                yield ""
            if self._stopped:
                return
            done = self._place.folder / "autograded" / learner / "a1"
            done.mkdir(parents=True)
            shutil.copyfile(
                self._place.folder / "submitted" / learner / "a1" / "one.ipynb", done / "one.ipynb"
            )

    def stop(self, why: str) -> None:
        self._stopped = why

    def close(self) -> tuple[int, str]:
        return (-9 if self._stopped else 0), self._stopped


def test_a_submission_that_does_not_end_is_told_and_the_next_is_graded(
    folder: CourseFolder, monkeypatch: pytest.MonkeyPatch
):
    learners = ["ann", "bob", "cyd", "dan"]
    for name in learners:
        hand_in(folder.root, name)
    copied = copying.copy_course(folder, "a1", learners, folder.root.parent / "stock")
    monkeypatch.setattr(stock, "Program", OfOneLearner)
    monkeypatch.setattr(stock.time, "monotonic", lambda: OfOneLearner.now)
    seen: list[tuple[int, int]] = []
    done = stock.run_stock(
        folder, copied, "a1", learners, on_progress=lambda *both: seen.append(both)
    )
    assert "more than 600 seconds" in done.submissions["ann"].fault
    assert done.submissions["cyd"].fault == "An old version"
    assert [done.submissions[name].fault for name in ("bob", "dan")] == ["", ""]
    assert sorted(set(seen)) == seen[1:] == [(4, 0), (4, 1), (4, 2), (4, 3), (4, 4)]


def refused(*words: str) -> str:
    done = CliRunner().invoke(app, ["compare", *words])
    assert done.exit_code == 1
    told = [line for line in done.stderr.splitlines() if line.startswith("grader: ")]
    assert len(told) == 1
    assert "Traceback" not in done.output
    return told[0]


@pytest.fixture
def there(folder: CourseFolder, monkeypatch: pytest.MonkeyPatch) -> Iterator[CourseFolder]:
    """In the small course, where one has handed in; it must stay as it is, and no copy be left."""
    hand_in(folder.root, "ann")
    places = folder.root.parent / "temporary"
    places.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(places))
    monkeypatch.chdir(folder.root)
    before = digests(folder.root)
    yield folder
    assert digests(folder.root) == before
    assert not list(places.glob("grader-compare-*"))


def test_bad_input_is_one_message(there: CourseFolder, tmp_path: Path):
    assert "no assignment is called 'a2'" in refused("a2")
    assert "'anne' has not handed in a1" in refused("a1", "--student", "anne")
    assert "is inside the course" in refused("a1", "--keep", "copies")
    assert "is there already" in refused("a1", "--keep", str(tmp_path))
    assert "no sandbox is called 'safe'" in refused("a1", "--sandbox", "safe")


def test_nobody_has_handed_in_and_no_reference_is_asked_for(there: CourseFolder):
    shutil.move(there.root / "submitted", there.root.parent / "moved")
    assert "--reference" in refused("a1")
    shutil.move(there.root.parent / "moved", there.root / "submitted")


def test_a_full_disk_is_one_message_and_nothing_is_left(
    there: CourseFolder, monkeypatch: pytest.MonkeyPatch
):
    def full(*args: object, **more: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(copying.shutil, "copyfile", full)
    said = refused("a1")
    assert "cannot be copied" in said
    assert "No space left on device" in said


def test_an_nbgrader_that_does_not_run_is_one_message(
    there: CourseFolder, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(stock, "_NBGRADER", ("/bin/false",))
    assert "nbgrader autograde does not run" in refused("a1")


def test_a_gradebook_on_a_server_and_folders_elsewhere_are_refused(
    there: CourseFolder, monkeypatch: pytest.MonkeyPatch
):
    at = there.root.parent / "stock"
    there.config.CourseDirectory.db_url = "postgresql://somewhere/grades"
    with pytest.raises(GraderError, match="on a server"):
        copying.copy_course(there, "a1", ["ann"], at)
    there.config.CourseDirectory.db_url = f"sqlite:///{there.root}/gradebook.db"
    there.config.CourseDirectory.submitted_directory = str(there.root.parent / "elsewhere")
    with pytest.raises(GraderError, match="submitted_directory is"):
        copying.copy_course(there, "a1", ["ann"], at)
    assert not at.exists()


def test_a_course_of_ours_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(Path(__file__).parents[3])
    assert "has a course.toml" in refused("loss_functions")


def test_what_stock_left_is_read_as_data(there: CourseFolder):
    copied = copying.copy_course(there, "a1", ["ann"], there.root.parent / "stock")
    path = copied.gradebook_file
    assert path is not None
    path.unlink()
    path.symlink_to(there.root / "gradebook.db")
    with pytest.raises(GraderError, match="is gone"):
        stock.read_marks(copied, "a1")
    graded = copied.autograded("a1", "ann")
    graded.mkdir(parents=True)
    (graded / "one.ipynb").write_text(
        '{"cells": [3, {"metadata": []}, {"outputs": 1, "metadata": '
        '{"tags": 4, "nbgrader": {"grade": true, "grade_id": "x"}}}]}'
    )
    assert dict(stock._cells_of(copied, "a1", "ann")) == {("one", "x"): StockCell()}

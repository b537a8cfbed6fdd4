"""Figures are shown as a kernel shows them, whether a notebook asks for it or not."""

import shutil
from pathlib import Path

import nbformat
import pytest

from grader.foreign.grading import grade_folder
from grader.foreign.place import open_course_folder
from grader.grading import GradingOptions

from .course_maker import answer, assertion, hand_in, make_course, marks, ordinary, stock_autograde

IMPORT = "import matplotlib.pyplot as plt"
CELLS = [
    answer("draw", "def draw(ys):\n    plt.plot(ys)\n    return len(plt.gca().lines)"),
    ordinary("lines = draw([1, 3, 2])"),
    assertion("one_line", "assert lines == 1"),
    # a kernel closes its figures at the end of each cell; where they stay open, this fails
    assertion("one_line_again", "assert draw([1, 2]) == len(plt.gca().lines) == 1"),
]


@pytest.mark.parametrize("sandbox", ["bubblewrap", "none"])
@pytest.mark.parametrize("asked", ["", "%matplotlib inline\n"])
def test_a_figure_is_in_the_graded_notebook(
    asked: str, sandbox: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    root = make_course(tmp_path / "course", {"one": [ordinary(asked + IMPORT), *CELLS]})
    hand_in(root, "ann")
    stock = shutil.copytree(root, tmp_path / "stock")
    grade_folder(open_course_folder(root), "a1", options=GradingOptions(sandbox=sandbox))
    assert figures(root) == {1: ["image/png"]}
    monkeypatch.delenv("MPLBACKEND", raising=False)
    stock_autograde(stock)
    assert marks(root) == marks(stock)
    assert figures(stock).keys() >= {1}


def figures(root: Path) -> dict[int, list[str]]:
    """The pictures below the cells, by the number of the cell among the ordinary ones."""
    path = root / "autograded" / "ann" / "a1" / "one.ipynb"
    ordinary_ones = [
        cell
        for cell in nbformat.read(path, as_version=4).cells
        if not cell.metadata.get("nbgrader", {}).get("grade_id")
    ]
    return {
        number: kinds
        for number, cell in enumerate(ordinary_ones)
        if (kinds := [k for o in cell.outputs for k in o.get("data", {}) if k == "image/png"])
    }

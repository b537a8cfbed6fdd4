"""A course of nbgrader's that imports pandas and matplotlib, made from `weather_week.toml`.

Nothing in it is anybody's. What it consists of is always the same: the tables come from a
seeded generator, and each learner's answers from their number.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook

from benchmarks.cohort import BLANK, MIXED, RIGHT

__all__ = [
    "ASSIGNMENT",
    "Marks",
    "NbgraderCourse",
    "cohort_of",
    "make_course",
    "source_notebook",
    "week",
    "write_tables",
]

ASSIGNMENT = "weather"
WEEK = Path(__file__).with_name("weather_week.toml")
STATIONS, DAYS, LATE_ROWS = 8, 366, 160

_KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
_PLAIN = {"grade": False, "solution": False, "locked": False, "schema_version": 3, "task": False}

Cell = Mapping[str, Any]
Marks = dict[tuple[str, str], tuple[float | None, bool]]  # learner, cell: points, for a person?


@dataclass(frozen=True)
class NbgraderCourse:
    """A folder as nbgrader's users have it; without a course.toml."""

    root: Path

    def copy(self, root: Path) -> NbgraderCourse:
        """The same in another folder."""
        shutil.copytree(self.root, root)
        return NbgraderCourse(root)

    @property
    def gradebook(self) -> Path:
        """nbgrader's database."""
        return self.root / "gradebook.db"

    def hand_in(self, size: int) -> None:
        """Put the notebooks of `size` learners where collected ones lie, and nobody else's."""
        released = nbformat.read(
            self.root / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", as_version=4
        )
        shutil.rmtree(self.root / "submitted", ignore_errors=True)
        for learner, notebook in cohort_of(released, size):
            folder = self.root / "submitted" / learner / ASSIGNMENT
            folder.mkdir(parents=True)
            nbformat.write(notebook, folder / f"{ASSIGNMENT}.ipynb")
            for name in ("readings.csv", "stations.csv"):
                shutil.copy(self.root / "release" / ASSIGNMENT / name, folder / name)

    def reset(self) -> None:
        """Forget every grading."""
        shutil.rmtree(self.root / "autograded", ignore_errors=True)
        shutil.copy(self.root / "released.db", self.gradebook)

    def marks(self) -> Marks:
        """The marks of every test of every learner."""
        with Gradebook(f"sqlite:///{self.gradebook}") as opened:
            return {
                (entry.student.id, grade.name): (grade.auto_score, grade.needs_manual_grade)
                for entry in opened.assignment_submissions(ASSIGNMENT)
                for notebook in entry.notebooks
                for grade in notebook.grades
            }


def make_course(
    root: Path, generate: list[str], environment: Mapping[str, str], *, figures: bool = True
) -> NbgraderCourse:
    """Make it, and have nbgrader's own command `generate` enter the assignment.

    Without `figures`, the ordinary cells that show one are left out.
    """
    folder = root / "source" / ASSIGNMENT
    folder.mkdir(parents=True)
    nbformat.write(source_notebook(figures=figures), folder / f"{ASSIGNMENT}.ipynb")
    write_tables(folder)
    (root / "nbgrader_config.py").write_text("c = get_config()\n")
    subprocess.run(generate, cwd=root, env=dict(environment), check=True, capture_output=True)
    made = NbgraderCourse(root)
    shutil.copy(made.gradebook, root / "released.db")
    return made


def source_notebook(*, figures: bool = True) -> NotebookNode:
    """The instructor's version, with the answers; without `figures`, no ordinary cell shows one."""
    cells = [_source_cell(cell) for cell in week() if figures or not _shows_a_figure(cell)]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    notebook: NotebookNode = new_notebook(cells=cells, metadata={"kernelspec": _KERNEL})
    return notebook


def _shows_a_figure(cell: Cell) -> bool:
    return cell["kind"] == "code" and any(
        word in cell["source"] for word in ("plt.show()", "plot_monthly(")
    )


def week() -> list[Cell]:
    """The cells, as they stand in the file."""
    cells: list[Cell] = tomllib.loads(WEEK.read_text("utf-8"))["cell"]
    return cells


def _source_cell(cell: Cell) -> NotebookNode:
    source = cell["source"].strip("\n")
    if cell["kind"] == "markdown":
        return new_markdown_cell(source)
    made = new_code_cell(source)
    if cell["kind"] == "answer":
        about = _PLAIN | {"grade_id": cell["name"], "solution": True}
    elif cell["kind"] == "test":
        about = _PLAIN | {
            "grade_id": cell["name"],
            "grade": True,
            "locked": True,
            "points": cell["points"],
        }
    else:
        return made
    made.metadata["nbgrader"] = NotebookNode(about)
    return made


def cohort_of(released: NotebookNode, size: int) -> Iterator[tuple[str, NotebookNode]]:
    """Learners and notebooks, no two alike; of each ten as many of each kind as `MIXED` says."""
    answers = {cell["name"]: cell for cell in week() if cell["kind"] == "answer"}
    mistakes = cycle({name: cell["wrong"][i]} for i in (0, 1) for name, cell in answers.items())
    for number in range(size):
        kind = MIXED[number % len(MIXED)]
        written = {
            name: ([cell["source"], *cell["also"]])[(number >> place) % 2]
            for place, (name, cell) in enumerate(answers.items())
        }
        if kind == "part":
            written = dict(list(written.items())[: 1 + number % (len(written) - 1)])
        elif kind == BLANK:
            written = {}
        elif kind != RIGHT:
            for _ in range({"mistake": 1, "mistakes": 2}[kind]):
                written |= next(mistakes)
        yield f"learner-{number:03}", _answered(released, written, number)


def _answered(released: NotebookNode, written: Mapping[str, str], number: int) -> NotebookNode:
    notebook = nbformat.from_dict(released)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in written:
            cell.source = written[name].strip("\n")
    own = f"# what learner {number} tried last\ntries = {number}"
    notebook.cells.append(new_code_cell(own, id="own"))
    return notebook


def write_tables(folder: Path) -> None:
    """Two readings a day of each station, some without a temperature, some written twice."""
    draw = np.random.default_rng(2024)
    days = np.arange(DAYS)
    season = 9 - 9 * np.cos(2 * np.pi * (days - 20) / DAYS)
    heights = 50 + 210 * np.arange(STATIONS)
    rows = []
    for number, height in enumerate(heights):
        for hour, warmer in ((6, -3.0), (18, 2.5)):
            temperature = season + warmer - height / 160 + draw.normal(0, 2.5, DAYS)
            rain = np.where(draw.random(DAYS) < 0.35, draw.gamma(1.2, 3.0 + number / 4, DAYS), 0)
            missing = draw.random(DAYS) < 0.03
            dates = np.datetime64("2024-01-01") + days
            for date, t, r, lost in zip(dates, temperature, rain, missing, strict=True):
                there = "" if lost else f"{t:.1f}"
                rows.append((f"S{number}", f"{date} {hour:02}:00", there, f"{r:.1f}"))
    twice = [rows[i] for i in draw.choice(len(rows), LATE_ROWS, replace=False)]
    order = draw.permutation(len(rows) + LATE_ROWS)
    mixed = [(rows + twice)[i] for i in order]
    _write(folder / "readings.csv", ("station", "time", "temperature", "rain"), mixed)
    about = [(f"S{i}", f"Station {i}", h, "NESW"[i % 4]) for i, h in enumerate(heights)]
    _write(folder / "stations.csv", ("station", "name", "height", "region"), about)


def _write(path: Path, header: tuple[str, ...], rows: list[Any]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])

"""Compare whole courses of nbgrader's: `python -m benchmarks.nbgrader_survey RESULTS FOLDER ...`.

Each FOLDER is a course that nbgrader made, and whose assignments it has generated. For each
assignment with test cells, `grader compare ID --reference` grades the author's own answers, the
untouched release and half-solved notebooks with stock nbgrader and with us, on copies. What it
finds is kept in RESULTS, one file for each assignment, so that a survey can be continued; at the
end comes the table, as Markdown. No course is fetched: that is the caller's to do, and to cite.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

__all__ = ["Row", "main", "row_of", "table"]

_GRADER = str(Path(sys.executable).with_name("grader"))
console = Console(highlight=False, soft_wrap=True, markup=False)
progress = Console(highlight=False, stderr=True, markup=False)


@dataclass(frozen=True)
class Row:
    """What was found in one course.

    Attributes:
        course: the name of its folder.
        cells: its test cells.
        apart: how many of them ran apart from the author's own answers.
        marks: how many marks were compared.
        same: how many of them are the same.
        reasons: of those that are not.
        faults: what could not be compared.
    """

    course: str
    cells: int
    apart: int
    marks: int
    same: int
    reasons: tuple[str, ...] = ()
    faults: tuple[str, ...] = field(default=())

    def as_text(self) -> str:
        """Its line of the table."""
        return (
            f"| {self.course} | {self.cells} | {_percent(self.apart, self.cells)} | "
            f"{self.marks} | {_percent(self.same, self.marks)} |"
        )


def row_of(course: str, comparisons: Iterable[Mapping[str, Any]], faults: Sequence[str]) -> Row:
    """Count what `grader compare --json` printed about the assignments of one course."""
    marks = [
        cell | {"assignment": found["assignment"]}
        for found in comparisons
        for cell in found["cells"]
        if cell["automatic"] and (cell["stock"], cell["ours"]) != (None, None)
    ]
    places = {
        (cell["assignment"], cell["notebook"], cell["cell"]): cell["place"]
        for cell in marks
        if cell["learner"] == "compare-solved"
    }
    differing = [cell for cell in marks if not cell["same"]]
    return Row(
        course,
        len(places),
        sum(place == "apart" for place in places.values()),
        len(marks),
        len(marks) - len(differing),
        tuple(
            f"{c['assignment']}/{c['notebook']}/{c['cell']} ({c['learner']}): stock "
            f"{c['stock']}, here {c['ours']}; {c['reason']}"
            for c in differing
        ),
        tuple(faults),
    )


def table(rows: Sequence[Row]) -> str:
    """The table, with a line for all courses together."""
    total = Row(
        "together",
        sum(row.cells for row in rows),
        sum(row.apart for row in rows),
        sum(row.marks for row in rows),
        sum(row.same for row in rows),
    )
    head = "| course | test cells | apart | marks compared | same |\n|---|--:|--:|--:|--:|"
    return "\n".join([head, *(row.as_text() for row in (*rows, total))])


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare what was not compared yet, and print the table; 1 when something could not be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nbgrader_survey")
    parser.add_argument("results", type=Path, help="a folder for what is found")
    parser.add_argument("courses", type=Path, nargs="+", help="courses that nbgrader made")
    given = parser.parse_args(arguments)
    rows = []
    for course in map(Path.resolve, given.courses):
        comparisons, faults = [], []
        for assignment in _with_tests(course):
            kept = given.results / course.name / f"{assignment}.json"
            fault = "" if kept.exists() else _compare(course, assignment, kept)
            if fault:
                faults.append(f"{assignment}: {fault}")
            else:
                comparisons.append(json.loads(kept.read_text()))
        rows.append(row_of(course.name, comparisons, faults))
    console.print(table(rows))
    for row in rows:
        for line in (*row.reasons, *row.faults):
            console.print(f"- {row.course}: {line}")
    return 1 if any(row.faults for row in rows) else 0


def _with_tests(course: Path) -> Iterator[str]:
    """The assignments that were generated and have a test cell."""
    for folder in sorted(path for path in course.glob("*/*") if path.is_dir()):
        notebooks = [json.loads(p.read_text("utf-8")) for p in sorted(folder.glob("*.ipynb"))]
        cells = [cell for notebook in notebooks for cell in notebook.get("cells", ())]
        about = [cell["metadata"].get("nbgrader", {}) for cell in cells]
        tests = [a for a in about if a.get("grade") and not a.get("solution")]
        # a release has checksums, and its source has not
        if tests and not any("checksum" in a for a in tests):
            yield folder.name


def _compare(course: Path, assignment: str, kept: Path) -> str:
    """Compare one assignment; returns why it could not be."""
    progress.print(f"{course.name}: {assignment} ...")
    done = subprocess.run(
        [_GRADER, "compare", assignment, "--reference", "--json"],
        cwd=course,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        json.loads(done.stdout)
    except ValueError:
        return done.stderr.strip() or f"exit code {done.returncode}"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(done.stdout)
    return ""


def _percent(part: int, whole: int) -> str:
    return f"{part} ({100 * part / whole:.1f} %)" if whole else "-"


if __name__ == "__main__":
    sys.exit(main())

"""A cohort in which everything happens at once: tricks, accidents, and right answers between.

The tricks are those of NBGRADER.md ("Holes seen"), by their numbers there, that the tests of
the pipeline look at more closely; all others have their home in tests/hostile. Each case says
what its tests become: one letter for each of the five tests of the sample assignment, in
order: (P)assed, (F)ailed or (U)nattempted.
"""

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from grader.authoring.handin import answered
from grader.configuration import Course

from . import bad_files

Make = Callable[[NotebookNode], NotebookNode]

POINTS = (1.0, 2.0, 1.0, 1.0, 1.5)
SECRET = "data_seen_twice"  # in a hidden test, and nowhere else
# loses all three tests of mean_square
WRONG = "def mean_square(x):\n    x += 1\n    return float(x.sum())\n"


@dataclass(frozen=True)
class Case:
    """What one learner hands in, and what must become of it."""

    tests: str
    make: Make
    note: str = ""

    @property
    def marks(self) -> float:
        """What these tests are worth."""
        return sum(p for p, letter in zip(POINTS, self.tests, strict=True) if letter == "P")


def answers(extra_cells: Sequence[str] = (), **texts: str) -> Make:
    """Change answers of the right notebook, and add cells on top."""
    return lambda right: answered(right, texts, extra_cells)


def tampered(change: Callable[[list[NotebookNode]], object], **texts: str) -> Make:
    """Change the list of cells after the answers."""

    def make(right: NotebookNode) -> NotebookNode:
        notebook = answered(right, texts)
        change(notebook.cells)
        return notebook

    return make


def on_every_cell(change: Callable[[NotebookNode], object]) -> Callable[[list[NotebookNode]], None]:
    return lambda cells: [change(cell) for cell in cells] and None


def is_test(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("course", {}).get("role") == "test")


def duplicate_tests(cells: list[NotebookNode]) -> None:
    cells += [copy.deepcopy(cell) for cell in cells if is_test(cell)]


def delete_tests(cells: list[NotebookNode]) -> None:
    cells[:] = [cell for cell in cells if not is_test(cell)]


DISPLAYHOOK = """
def mean_square(x):
    get_ipython().displayhook(2.0)
    x += 1
    return float(x.sum())
"""

SPY = """
import os
cells_seen = []
get_ipython().events.register("pre_run_cell", lambda info: cells_seen.append(info.raw_cell))
def what_can_be_read():
    found = []
    for place in PLACES:
        try:
            with open(place, "rb") as file:
                found.append(file.read().decode("utf-8", "replace"))
        except OSError as error:
            found.append(f"unreadable: {type(error).__name__}")
    for root, folders, files in os.walk(ROOT):
        found += files
    return found
"""


def spy(course: Course) -> Make:
    """Print, from where the last answer stands, every cell seen run and every file found."""
    places = [
        course.gradebook,
        course.source_notebook("tiny"),
        course.solution_source("tiny"),
        course.mistakes_file("tiny"),
        course.release_notebook("tiny"),
        Path("/proc/1/environ"),
    ]
    look = f"PLACES = {list(map(str, places))!r}\nROOT = {str(course.root)!r}\n{SPY}"
    show = "print(*cells_seen, *what_can_be_read(), sep='\\n')\n"

    def make(right: NotebookNode) -> NotebookNode:
        row_sums = next(cell.source for cell in right.cells if cell.id == "row_sums")
        return answered(right, {"row_sums": show + row_sums}, [look])

    return make


def holes(course: Course) -> dict[str, Case]:
    """The tricks, by learner."""
    script = "from IPython.display import HTML, display\ndisplay(HTML('<script>alert(1)</script>'))"
    return {
        "hole-1-skip-execution": Case(
            "FFFPP",
            tampered(
                on_every_cell(lambda cell: cell.metadata.update(tags=["skip-execution"])),
                mean_square=WRONG,
            ),
        ),
        "hole-2-displayhook": Case("FFFPP", answers(mean_square=DISPLAYHOOK)),
        "hole-5-spy": Case("PPPPP", spy(course), "The tests are in another process altogether."),
        "hole-7-timestamp": Case(
            "PPPPP",
            answers(),
            "Links are in transforms/test_links.py. A forged timestamp.txt survives collecting: "
            "only the hub, which sees when a file arrives, can know better.",
        ),
        "hole-8-script": Case("PPPPP", answers([script])),
        "hole-9-twenty-megabytes": Case("PPPPP", answers(["print('x' * 20_000_000)"])),
        "hole-10-duplicated-tests": Case("PPPPP", tampered(duplicate_tests)),
    }


def ordinary() -> dict[str, Case]:
    """Those who did nothing odd, among all the others."""
    return {
        "amina": Case("PPPPP", answers()),
        "o'neill [1] *é, 2": Case("PPPPP", answers()),
        "blank": Case("UUUUU", lambda right: right),  # see hand_in_everything
        "half": Case(
            "PPPUU", answers(row_sums="def row_sums(rows):\n    raise NotImplementedError()")
        ),
        "loop": Case("PPPFF", answers(row_sums="def row_sums(rows):\n    while True: pass")),
        "no-python": Case("PPPFF", answers(row_sums="def row_sums(rows) return 3")),
        "sums": Case(
            "FFPPP", answers(mean_square="def mean_square(x): return float((x**2).sum())")
        ),
        "zainab": Case("PPPPP", answers()),
    }


BAD_BYTES = {
    "bad-empty": b"",
    "bad-truncated": bad_files.notebook()[:-5],
    "bad-latin-1": bad_files.notebook().replace(b"meta", b"m\xe9ta"),
    "bad-list": b"[]",
    "bad-format-3": bad_files.notebook(nbformat=3),
}
BAD_FILES = {
    f"bad-{make.__name__}": make
    for make in (
        bad_files.a_folder,
        bad_files.a_named_pipe,
        bad_files.a_socket,
        bad_files.a_huge_file,
        bad_files.a_link_out,
        bad_files.a_link_to_nowhere,
        bad_files.a_linked_folder,
        bad_files.a_linked_learner,
        bad_files.nothing,
        bad_files.another_name,
        bad_files.a_name_of_odd_bytes,
        bad_files.a_file_for_the_folder,
    )
}
BAD = (*BAD_BYTES, *BAD_FILES)


def hand_in(course: Course, learner: str, notebook: NotebookNode | bytes) -> Path:
    """Put a submission where collected ones lie."""
    path = course.submitted_notebook("tiny", learner)
    path.parent.mkdir(parents=True, exist_ok=True)
    # not by nbformat, which would repair what is broken on purpose
    data = notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()
    path.write_bytes(data)
    return path


def hand_in_everything(course: Course, blank: NotebookNode, right: NotebookNode) -> None:
    """The whole cohort."""
    for learner, case in (holes(course) | ordinary()).items():
        hand_in(course, learner, blank if learner == "blank" else case.make(right))
    timestamp = course.submitted("tiny", "hole-7-timestamp") / "timestamp.txt"
    timestamp.write_text("1970-01-01 00:00:00 UTC")
    for learner, data in BAD_BYTES.items():
        hand_in(course, learner, data)
    for learner, make in BAD_FILES.items():
        path = course.submitted_notebook("tiny", learner)
        path.parent.mkdir(parents=True)
        make(path)

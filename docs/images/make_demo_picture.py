"""Draw the two pictures of README.md from the results of a real `make demo`.

    .venv/bin/python docs/images/make_demo_picture.py

demo.svg is the beginning of the table that the command prints, set by rich; feedback.png
is a part of one learner's page, photographed by Chromium. Nothing is executed again that
the demo has graded and that has not changed since.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from pathlib import Path

import nbformat
from PIL import Image
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from grader.authoring.source import read_source
from grader.commands import grade as command
from grader.configuration import load_course
from grader.demo.cohort import demo_cohort
from grader.feedback import write_feedback
from grader.grading import grade
from grader.mistakes import load_mistakes

IMAGES = Path(__file__).resolve().parent
ROOT = IMAGES.parents[1]
ASSIGNMENT = "loss_functions"
LEARNER = "demo-chidi"  # forgets the biases: one mistake, named
COLUMNS, LINES = 120, 27
# of the page, in pixels: from the first answer to the last of its tests
EXCERPT = (0, 3105, 860, 4000)

# rich loads its font from the internet; a picture in a repository should need nothing
FONT = "font-family: ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace;"


def printed_table() -> list[str]:
    """The lines that `grader demo` prints of its cohort, with their colours."""
    course = load_course(ROOT)
    cohort = demo_cohort(
        read_source(course.solution_source(ASSIGNMENT)),
        nbformat.read(course.release_notebook(ASSIGNMENT), as_version=4),
        load_mistakes(course.mistakes_file(ASSIGNMENT)),
    )
    learners = [member.learner for member in cohort]
    lines = {line.learner: line for line in grade(course, ASSIGNMENT, learners)}
    command.console = Console(record=True, file=io.StringIO(), width=COLUMNS, highlight=False)
    about = {member.learner: member.about for member in cohort}
    command.show_graded([lines[name] for name in learners], about)
    return command.console.export_text(styles=True).splitlines()


def draw_table(path: Path) -> None:
    """Set the first lines of the table as an SVG; its last row is a whole one."""
    lines = printed_table()
    rows = [number for number, line in enumerate(lines[:LINES]) if "demo-" in line]
    picture = Console(record=True, file=io.StringIO(), width=COLUMNS)
    for line in [*lines[: rows[-1]], "", "  and so on, a row for each learner"]:
        picture.print(Text.from_ansi(line))
    svg = picture.export_svg(title="make demo", code_format=without_web_fonts(CONSOLE_SVG_FORMAT))
    path.write_text(svg, encoding="utf-8")


def without_web_fonts(template: str) -> str:
    """Rich's template with fonts that a machine has, instead of downloaded ones."""
    start, stop = template.index("@font-face"), template.index(".{unique_id}-matrix")
    return (template[:start] + template[stop:]).replace("font-family: Fira Code, monospace;", FONT)


def photograph(page: Path, path: Path) -> None:
    """Take an excerpt of a feedback page, as a browser window shows it."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("feedback.png needs Chromium: apt install chromium")
    with tempfile.TemporaryDirectory() as folder:
        options = ["--headless", "--no-sandbox", "--hide-scrollbars", "--disable-gpu"]
        options += [f"--user-data-dir={folder}", "--window-size=860,5000"]
        target = Path(folder) / "page.png"
        command_line = [chromium, *options, f"--screenshot={target}", page.as_uri()]
        subprocess.run(command_line, check=True, capture_output=True, timeout=120)
        # 64 colours are enough for text and keep the file small
        Image.open(target).crop(EXCERPT).convert("RGB").quantize(64).save(path, optimize=True)


if __name__ == "__main__":
    draw_table(IMAGES / "demo.svg")
    (page,) = write_feedback(load_course(ROOT), ASSIGNMENT, [LEARNER])
    photograph(page, IMAGES / "feedback.png")

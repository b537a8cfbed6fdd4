"""How often feedback names the right cause: `python -m benchmarks.naming`.

`wrong_answers.toml` holds sixty wrong answers by somebody who had read the released notebooks
and nothing else: neither the tests nor the known mistakes. Each is graded as a learner's would
be, and the mistake that the feedback names, if any, is looked at by a person, who notes in
`named` whether it is the cause: "right", "related" (true, but not the whole of it) or "wrong".
The figure is reported as it is; an answer that no mistake fits still hears what was seen.
"""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from rich.console import Console
from rich.markup import escape

from benchmarks.courses import REPOSITORY
from benchmarks.report import PAGE, Table, as_rich, keep_in_page
from grader.authoring.build import reference_answers
from grader.authoring.handin import answered
from grader.authoring.source import read_source
from grader.configuration import Course, load_course
from grader.execution.batch import default_workers, execute_batch
from grader.records import Outcome, Run
from grader.workbench import open_workbench

__all__ = ["main"]

ANSWERS = Path(__file__).with_name("wrong_answers.toml")
JUDGEMENTS = ("right", "related", "wrong")
console = Console(highlight=False)


@dataclass(frozen=True)
class Wrong:
    """One wrong answer, its cause in a teacher's words, and the judgement on what is named."""

    number: int
    assignment: str
    exercise: str
    cause: str
    source: str
    mistake: str = ""  # what was named when it was judged
    named: str = ""


@dataclass(frozen=True)
class Seen:
    """What became of it: whether it lost marks, and the mistakes and hints that were named."""

    wrong: Wrong
    lost: bool
    mistakes: tuple[str, ...]
    hints: tuple[str, ...]


def main(arguments: Sequence[str] | None = None) -> None:
    """Grade all of them, show what is named, and with --write keep the counts in the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.naming", description=__doc__)
    parser.add_argument("--all", action="store_true", help="show also what has been judged")
    parser.add_argument("--write", action="store_true", help="keep it in docs/performance.md")
    options = parser.parse_args(arguments)
    seen = [each for name, several in _by_assignment().items() for each in _grade(name, several)]
    for each in seen:
        if options.all or not _is_judged(each):
            _show(each)
    table = _table(seen)
    console.print(as_rich(table))
    if options.write:
        keep_in_page({"naming": table})
        console.print(f"Written to {PAGE.relative_to(REPOSITORY)}.")


def _by_assignment() -> dict[str, list[Wrong]]:
    entries: list[dict[str, Any]] = tomllib.loads(ANSWERS.read_text(encoding="utf-8"))["wrong"]
    found: dict[str, list[Wrong]] = {}
    for number, entry in enumerate(entries, start=1):
        found.setdefault(entry["assignment"], []).append(Wrong(number, **entry))
    return found


def _grade(assignment: str, several: Sequence[Wrong]) -> Iterator[Seen]:
    course = load_course(REPOSITORY)
    runs = _runs(course, assignment, several)
    for wrong in several:
        tests = [test for test in runs[str(wrong.number)].tests if test.exercise == wrong.exercise]
        lost = any(test.outcome is not Outcome.PASSED for test in tests)
        named = dict.fromkeys((test.mistake, test.help) for test in tests if test.mistake)
        mistakes = tuple(str(mistake) for mistake, _ in named)
        yield Seen(wrong, lost, mistakes, tuple(hint for _, hint in named))


def _runs(course: Course, assignment: str, several: Sequence[Wrong]) -> dict[str, Run]:
    bench = open_workbench(course, assignment)
    released = nbformat.read(course.release_notebook(assignment), as_version=4)
    reference = reference_answers(read_source(course.solution_source(assignment)))
    scripts = []
    for wrong in several:
        notebook = answered(released, reference | {wrong.exercise: wrong.source.strip("\n")})
        scripts.append(bench.script_of_handin(notebook, str(wrong.number)))
    batch = execute_batch(bench.kit, scripts, sandbox="bubblewrap", workers=default_workers())
    return {run.learner: run for run in batch}


def _is_judged(seen: Seen) -> bool:
    return seen.wrong.mistake == " ".join(seen.mistakes) and (
        not seen.mistakes or seen.wrong.named in JUDGEMENTS
    )


def _show(seen: Seen) -> None:
    wrong = seen.wrong
    console.print(f"[bold]{wrong.number}[/] {wrong.assignment} {wrong.exercise}")
    console.print(f"  cause: {escape(wrong.cause)}")
    if not seen.lost:
        console.print("  [red]earns everything[/]: no wrong answer, or a test is missing")
    for mistake, hint in zip(seen.mistakes, seen.hints, strict=True):
        console.print(f"  named: {mistake}: {escape(hint)}")
    if not seen.mistakes:
        console.print("  named: nothing")
    console.print(f'  note: mistake = "{" ".join(seen.mistakes)}", named = one of {JUDGEMENTS}')


def _table(seen: Sequence[Seen]) -> Table:
    header = ("assignment", "wrong", "noticed", "named", "right", "related", "wrong cause")
    names = list(dict.fromkeys(each.wrong.assignment for each in seen))
    rows = [_row(name, [s for s in seen if s.wrong.assignment == name]) for name in names]
    rows.append(_row("all", seen))
    unjudged = sum(not _is_judged(each) for each in seen)
    notes = (f"{unjudged} are still to be judged.",) if unjudged else ()
    return Table("Wrong answers that are no known mistakes", header, tuple(rows), notes)


def _row(name: str, seen: Sequence[Seen]) -> tuple[str, ...]:
    judged = [each.wrong.named for each in seen if each.mistakes]
    counts = [judged.count(judgement) for judgement in JUDGEMENTS]
    lost, named = sum(each.lost for each in seen), len(judged)
    return (name, str(len(seen)), str(lost), str(named), *map(str, counts))


if __name__ == "__main__":
    main()

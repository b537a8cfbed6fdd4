"""How often does a right answer fail? Repeat tests with other random numbers and count.

    OMP_NUM_THREADS=1 python tools/false_failures.py invariance 250
    OMP_NUM_THREADS=1 python tools/false_failures.py --draws image_classifier 1000 augment_even

runs the reference and each of tests/solutions/variants/ID/ against so many versions of the test
cells (of all, or of those that are named), in this process. The tests of an assignment have fixed
seeds; this is what stands behind their tolerances. Each version has other seeds in all that the
tests draw; with --draws only in what an answer is given to draw from: ``manual_seed(seed)`` in a
probe, ``list(range(20))`` for a list of seeds. The data of a test then stay as they are.
"""

import argparse
import contextlib
import io
import re
import warnings
from collections import Counter
from pathlib import Path

import torch

from grader.authoring.build import reference_answers
from grader.authoring.source import AssignmentSource, read_source
from grader.records import Role

ROOT = Path(__file__).resolve().parents[1]
SEED = re.compile(r"(default_rng|manual_seed)\((\d+)\)")
GIVEN_SEED = re.compile(r"manual_seed\(([a-z]\w*)\)")
GIVEN_SEEDS = re.compile(r"list\(range\((\d+)\)\)")


def with_other_seeds(text: str, shift: int, *, draws: bool) -> str:
    """The text of a test cell in which every seed is larger by `shift`."""
    if not draws:
        return SEED.sub(lambda m: f"{m[1]}({int(m[2]) + shift})", text)
    text = GIVEN_SEED.sub(rf"manual_seed(\1 + {shift})", text)
    return GIVEN_SEEDS.sub(lambda m: f"list(range({shift}, {shift + int(m[1])}))", text)


def failures(source: AssignmentSource, answers: dict[str, str], tests: dict[str, str]) -> list[str]:
    """The tests that do not pass; `tests` holds the text of each that is to be run."""
    names: dict[str, object] = {}
    failed = []
    for cell in source.cells:
        if cell.role in (Role.SETUP, Role.ANSWER):
            exec(answers.get(cell.id, cell.source), names)  # noqa: S102 - the author's own cells
        elif cell.id in tests:
            try:
                with contextlib.redirect_stdout(io.StringIO()):  # "this test passes"
                    exec(tests[cell.id], names)  # noqa: S102
            except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
                failed.append(f"{cell.id}: {error}")
    return failed


def right_answers(source: AssignmentSource, assignment: str) -> dict[str, dict[str, str]]:
    """The reference and each variant, by name."""
    reference = reference_answers(source)
    ways = {"reference": reference}
    for path in sorted((ROOT / "tests" / "solutions" / "variants" / assignment).glob("*.py")):
        names: dict[str, dict[str, str]] = {}
        exec(path.read_text(), names)  # noqa: S102 - right answers of this repository
        ways[path.stem] = reference | names["ANSWERS"]
    return ways


def main() -> None:
    """Print how many answers were judged, and each test that failed."""
    parser = argparse.ArgumentParser(description="Count the right answers that tests turn down.")
    parser.add_argument("assignment", help="its id")
    parser.add_argument("versions", type=int, help="how often each right answer is judged")
    parser.add_argument("tests", nargs="*", help="ids of tests; all when left out")
    parser.add_argument("--draws", action="store_true", help="other seeds for the answers alone")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    source = read_source(ROOT / "solutions" / options.assignment / "notebook.py")
    chosen = [cell for cell in source.tests if cell.id in options.tests or not options.tests]
    if len(chosen) < len(options.tests):
        parser.error(f"unknown test; there are: {', '.join(cell.id for cell in source.tests)}")
    ways = right_answers(source, options.assignment)
    failed: Counter[str] = Counter()
    for version in range(options.versions):
        shift = 1000 * version
        tests = {c.id: with_other_seeds(c.source, shift, draws=options.draws) for c in chosen}
        for way, answers in ways.items():
            failed.update(f"{way}, {each}" for each in failures(source, answers, tests))
    judged = len(ways) * options.versions * len({cell.exercise for cell in chosen})
    print(f"{judged} right answers judged, {failed.total()} tests failed")  # noqa: T201
    for each, times in failed.most_common():
        print(f"{times} times: {each}")  # noqa: T201


if __name__ == "__main__":
    main()

"""How often does a right answer fail? Repeat all tests with other random numbers and count.

    OMP_NUM_THREADS=1 python solutions/regularization/false_failures.py 250

runs the reference and each of tests/solutions/variants/regularization/ against so many versions of
the test cells, in which every seed is another one, in this process. The tests of an assignment
have fixed seeds; this is what stands behind their tolerances.
"""

import contextlib
import io
import re
import sys
import warnings
from collections import Counter
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from grader.authoring.build import reference_answers
from grader.authoring.source import AssignmentSource, read_source
from grader.records import Role

SEED = re.compile(r"(default_rng|manual_seed)\((\d+)\)")


def failures(source: AssignmentSource, answers: dict[str, str], version: int) -> list[str]:
    """The tests that do not pass, in the version of that number."""
    names: dict[str, object] = {}
    failed = []
    for cell in source.cells:
        text = answers.get(cell.id, cell.source)
        if cell.role in (Role.SETUP, Role.ANSWER):
            exec(text, names)  # noqa: S102 - the author's own cells
        elif cell.role is Role.TEST:
            other = SEED.sub(lambda m: f"{m[1]}({int(m[2]) + 1000 * version})", text)
            try:
                with contextlib.redirect_stdout(io.StringIO()):  # "this test passes"
                    exec(other, names)  # noqa: S102
            except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
                failed.append(f"{cell.id}: {error}")
    return failed


def main() -> None:
    """Print how many exercises were judged, and each test that failed."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    source = read_source(ROOT / "solutions" / "regularization" / "notebook.py")
    reference = reference_answers(source)
    ways = {"reference": reference}
    for path in sorted((ROOT / "tests" / "solutions" / "variants" / "regularization").glob("*.py")):
        names: dict[str, dict[str, str]] = {}
        exec(path.read_text(), names)  # noqa: S102 - right answers of this repository
        ways[path.stem] = reference | names["ANSWERS"]
    versions = int(sys.argv[1])
    failed = Counter(
        f"{way}, {each}"
        for way, answers in ways.items()
        for version in range(versions)
        for each in failures(source, answers, version)
    )
    judged = len(ways) * versions * len(source.answers)
    print(f"{judged} right answers judged, {failed.total()} tests failed")
    for each, times in failed.most_common():
        print(f"{times} times: {each}")


if __name__ == "__main__":
    main()

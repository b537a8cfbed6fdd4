"""Hostile and broken work: nothing gains marks, nothing is read, nothing stays behind.

Each case is a file below `cases/`; all are graded in one batch by `grade_all`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import nbformat
import pytest

from grader.records import Outcome, Run

from .case import CASES, SECRETS, TESTS, Case, read_cases
from .conftest import Graded
from .grade_all import honest_names

ALL = read_cases()
COLD = tuple(case for case in ALL if case.cold)
LETTERS = {Outcome(word): word[0].upper() for word in ("passed", "failed", "unattempted")}
LETTERS[Outcome.ERRORED] = "E"


def parameter(case: Case, hole: str) -> object:
    known = [pytest.mark.xfail(reason=hole, strict=True)] if hole else []
    return pytest.param(case, id=case.name, marks=known)


@pytest.mark.parametrize("case", [parameter(case, case.hole) for case in ALL])
def test_a_case_gets_what_its_honest_part_deserves(case: Case, warm: Graded) -> None:
    check(case, warm)


@pytest.mark.parametrize(
    "case", [parameter(case, case.hole or case.hole_when_cold) for case in COLD]
)
def test_a_cold_start_is_as_safe(case: Case, cold: Graded) -> None:
    check(case, cold)


def check(case: Case, graded: Graded) -> None:
    line = graded.after.lines[case.name]
    assert line.run.fault is None
    assert letters(line.run) == case.tests
    assert line.marks is not None
    assert line.marks.score == case.marks
    assert all(test.rationale for test in line.run.tests if test.earned == 0)
    assert_is_said(case.refused, line.run.refusal or "")
    if not case.refused:
        assert_is_said(case.says, "\n".join(test.rationale for test in line.run.tests))
    told = what_the_learner_is_told(graded, case.name)
    assert_is_said(case.shows, told)
    assert [name for name, secret in SECRETS.items() if secret in told] == []


def letters(run: Run) -> str:
    outcomes = {test.name: LETTERS[test.outcome] for test in run.tests}
    return "".join(outcomes[name] for name in TESTS)


def assert_is_said(pattern: str, text: str) -> None:
    if pattern:
        assert re.search(pattern, text), f"{pattern!r} is not in:\n{text[-3000:]}"


def what_the_learner_is_told(graded: Graded, learner: str) -> str:
    """The run's record, the outputs of the graded notebook, and the feedback page."""
    course = graded.course
    kept = course.run_record("tiny", learner)
    record = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    notebook = nbformat.read(course.autograded_notebook("tiny", learner), as_version=4)
    outputs = [cell.get("outputs") for cell in notebook.cells]
    page = course.feedback_page("tiny", learner).read_text("utf-8")
    return "\n".join([*texts(record), *texts(outputs), page])


def texts(data: object) -> Iterator[str]:
    """Every string in JSON, as it is read."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for item in data.values():
            yield from texts(item)
    elif isinstance(data, list):
        for item in data:
            yield from texts(item)


# ---- those beside them, and what is left


@pytest.fixture(params=["warm", "cold"])
def either(request: pytest.FixtureRequest) -> Graded:
    found: Graded = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("name", honest_names(ALL))
def test_honest_work_beside_it_gets_full_marks(name: str, warm: Graded) -> None:
    line = warm.after.lines[name]
    assert (letters(line.run), line.outcome) == ("PPPPP", Outcome.PASSED)
    assert line.marks is not None
    assert line.marks.score == 6.5


@pytest.mark.parametrize("name", honest_names(COLD))
def test_honest_work_beside_it_gets_full_marks_cold(name: str, cold: Graded) -> None:
    assert letters(cold.after.lines[name].run) == "PPPPP"


def test_nobody_is_left_out(either: Graded) -> None:
    cases = ALL if either.way == "warm" else COLD
    assert set(either.after.lines) == {case.name for case in cases} | set(honest_names(cases))
    assert all(line.fresh for line in either.after.lines.values())


def test_no_process_is_left(either: Graded) -> None:
    assert either.after.processes == ()


def test_nobody_called(either: Graded) -> None:
    assert either.after.heard == ()


def test_nothing_was_written_outside(either: Graded) -> None:
    assert either.after.written == ()
    assert either.after.changed == ()


def test_no_temporary_file_is_left(either: Graded) -> None:
    assert either.forgotten == ()


# ---- the cases themselves


def test_there_are_many_cases_of_every_kind() -> None:
    assert len(ALL) >= 50
    assert len(COLD) >= 10


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_a_case_is_described_and_carries_no_secret_itself(case: Case) -> None:
    assert case.tries.endswith(".")
    assert case.sees.endswith(".")
    assert case.stock is True or (isinstance(case.stock, str) and case.stock)
    if "F" in case.tests:
        assert case.says, "a lost test must be explained; say how"
    text = "\n".join(case.cells.values())
    earlier = SECRETS["earlier learners"]  # which a case leaves behind
    assert [s for s in SECRETS.values() if s in text and s != earlier] == []


def test_every_file_below_cases_is_a_case() -> None:
    files = [path for path in CASES.rglob("*") if path.is_file() and path.name != "README.md"]
    assert len(files) == len(ALL)

"""The counts that `grader audit --mutants --write` kept are those of the assignment as it is."""

from pathlib import Path

import pytest

from grader.configuration import load_course
from grader.mutation.facts import out_of_date, read_facts

ROOT = Path(__file__).resolve().parents[2]
KEPT = sorted(path.parent.name for path in (ROOT / "solutions").glob("*/audit.toml"))


def test_the_counts_of_the_model_assignment_are_kept() -> None:
    assert "loss_functions" in KEPT


@pytest.mark.parametrize("assignment", KEPT)
def test_kept_counts_are_up_to_date(assignment: str) -> None:
    course = load_course(ROOT)
    facts = read_facts(course, assignment)
    assert facts is not None
    differ = out_of_date(course, assignment, facts)
    assert differ == [], f"run: grader audit {assignment} --mutants --write"


@pytest.mark.parametrize("assignment", KEPT)
def test_every_mutant_is_killed_or_explained_and_97_percent_are_killed(assignment: str) -> None:
    facts = read_facts(load_course(ROOT), assignment)
    assert facts is not None
    assert facts.killed + facts.equivalent == facts.mutants > 0
    assert facts.killed >= 0.97 * facts.mutants

"""Mutants go the way of a submission, and the tests that miss one are told."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from grader.audit import audit
from grader.authoring.build import reference_answers
from grader.authoring.release import release
from grader.authoring.source import read_source
from grader.commands.main import app
from grader.configuration import Course
from grader.errors import ReleaseError, SourceError
from grader.mutation import examine
from grader.mutation.equivalents import as_toml, equivalents_file, load_equivalents
from grader.mutation.examine import examine_mutants
from grader.mutation.facts import facts_file, out_of_date, read_facts, write_facts
from grader.mutation.mutants import mutants_of
from grader.mutation.report import Fate, MutationReport
from grader.records import Run

Call = Callable[..., Result]
UNSEEN = (".mean(axis=1)", ".sum(axis=0)")
REASON = "One row of one number has the same sum along both axes."

pytestmark = pytest.mark.usefixtures("without_workers")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def blind(released: Course) -> Course:
    """The sample course, with tests of row_sums that look at one row of one number only."""
    path = released.solution_source("tiny")
    edit(path, "row_sums(np.array([[1.0, 2.0], [3.0, 4.0]])), [3.0, 7.0]", "row_sums([[1.0]]), [1]")
    edit(path, "row_sums(np.array([[0.5, 0.25, 0.25]])), [1.0]", "row_sums([[2.0]]), [2]")
    release(released, "tiny")
    return released


@pytest.fixture
def explained(blind: Course) -> Course:
    """The blind course, whose two survivors have a reason."""
    answer = reference_answers(read_source(blind.solution_source("tiny")))["row_sums"]
    mutants = [m for m in mutants_of("row_sums", answer) if m.source.endswith(UNSEEN)]
    text = as_toml(mutants).replace('reason = ""', f'reason = "{REASON}"')
    equivalents_file(blind, "tiny").write_text(text)
    return blind


def changes(report: MutationReport) -> set[str]:
    return {mutant.change.split("\n")[-1].strip("+ ") for mutant in report.survivors}


def test_good_tests_kill_every_mutant_and_the_killer_is_known(released: Course) -> None:
    report = examine_mutants(released, "tiny")
    assert report.survivors == ()
    assert report.problems == ()
    assert report.holds
    assert set(report.tallies) == {"mean_square", "row_sums"}
    assert report.tally.mutants == report.tally.killed > 10
    own = {cell.id: cell.exercise for cell in read_source(released.solution_source("tiny")).tests}
    assert all(own[each.by] == each.mutant.exercise for each in report.verdicts)


def test_nothing_runs_but_the_tests_of_the_exercise_and_none_after_a_failure(
    released: Course, without_workers: list[str]
) -> None:
    seen: list[tuple[int, int]] = []

    def look(total: int, run: Run | None) -> None:
        if run is not None:
            seen.append((total, len(run.tests)))

    report = examine_mutants(released, "tiny", exercises=["row_sums"], on_progress=look)
    assert without_workers[:2] == ["row_sums", "row_sums"]  # the reference, twice
    assert without_workers[2:] == [each.mutant.id for each in report.verdicts]
    assert seen == [(len(report.verdicts), 1)] * len(report.verdicts)


def test_blind_tests_leave_survivors(blind: Course) -> None:
    report = examine_mutants(blind, "tiny")
    assert not report.holds
    assert changes(report) == {
        "return np.asarray(rows).mean(axis=1)",
        "return np.asarray(rows).sum(axis=0)",
    }
    assert report.tallies["mean_square"].survived == 0
    tally = report.tallies["row_sums"]
    assert (tally.survived, tally.equivalent) == (2, 0)
    assert tally.rate == (tally.mutants - 2) / tally.mutants < 0.97


def test_a_survivor_with_a_reason_is_equivalent(explained: Course) -> None:
    report = examine_mutants(explained, "tiny")
    assert report.holds
    assert (report.tally.equivalent, report.tally.survived, report.tally.rate) == (2, 0, 1.0)
    reasons = {each.by for each in report.verdicts if each.fate is Fate.EQUIVALENT}
    assert reasons == {REASON}


def test_a_reason_is_that_of_one_mutant_only(explained: Course) -> None:
    path = equivalents_file(explained, "tiny")
    path.write_text("[[equivalent]]" + path.read_text().split("[[equivalent]]")[1])
    report = examine_mutants(explained, "tiny", exercises=["row_sums"])
    assert (report.tally.equivalent, report.tally.survived) == (1, 1)


def test_an_equivalent_that_is_killed_or_no_mutant_is_a_problem(explained: Course) -> None:
    path = equivalents_file(explained, "tiny")
    first, second = (each.id for each in load_equivalents(path))
    edit(path, first, "row_sums-00000000")
    edit(explained.solution_source("tiny"), "row_sums([[2.0]]), [2]", "row_sums([[2.0, 1.0]]), [3]")
    release(explained, "tiny")
    report = examine_mutants(explained, "tiny", exercises=["row_sums"])
    assert report.survivors == ()
    assert not report.holds
    assert len(report.problems) == 2
    assert "row_sums-00000000 is no mutant of row_sums (any more)" in report.problems[0]
    assert f"{second} is killed by row_sums_one_row" in report.problems[1]


def test_the_equivalents_of_other_exercises_are_no_problem(explained: Course) -> None:
    assert examine_mutants(explained, "tiny", exercises=["mean_square"]).holds


def test_a_mutant_that_never_ends_is_killed_by_the_clock(released: Course) -> None:
    edit(
        released.solution_source("tiny"),
        "    return np.asarray(rows).sum(axis=1)\n",
        "    sums, place = np.zeros(len(rows)), 0\n"
        "    while place < len(rows):\n"
        "        sums[place] = np.sum(rows[place])\n"
        "        place += 1\n"
        "    return sums\n",
    )
    release(released, "tiny")
    report = examine_mutants(released, "tiny", exercises=["row_sums"])
    fates = {each.mutant.change: each.fate for each in report.verdicts}
    assert fates["-        place += 1"] is Fate.KILLED
    assert report.problems == ()


def test_a_fault_of_the_grader_is_no_kill(
    released: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Any = examine.execute_batch

    def faulty(*args: Any, **options: Any) -> Iterator[Run]:
        for run in real(*args, **options):
            yield replace(run, tests=(), fault="no memory") if "-" in run.learner else run

    monkeypatch.setattr(examine, "execute_batch", faulty)
    report = examine_mutants(released, "tiny", exercises=["row_sums"])
    assert not report.holds
    assert len(report.problems) == report.tally.mutants
    assert "could not be run: no memory" in report.problems[0]
    assert (report.tally.killed, report.survivors) == (0, ())


def test_a_reference_that_fails_is_refused(released: Course) -> None:
    edit(released.solution_source("tiny"), "14 / 3, ", "15 / 3, ")
    release(released, "tiny")
    with pytest.raises(ReleaseError, match=r"mean_square does not pass \(mean_square_by_hand\)"):
        examine_mutants(released, "tiny")


def test_an_unknown_exercise_and_what_was_not_released_are_refused(released: Course) -> None:
    with pytest.raises(SourceError, match=r"no exercise 'row_sum'.*Did you mean 'row_sums'"):
        examine_mutants(released, "tiny", exercises=["row_sum"])
    edit(released.solution_source("tiny"), "14 / 3, ", "15 / 3, ")
    with pytest.raises(ReleaseError, match="run: grader release tiny"):
        examine_mutants(released, "tiny")


# The facts that are kept.


def test_the_facts_are_written_and_say_when_they_are_out_of_date(explained: Course) -> None:
    assert read_facts(explained, "tiny") is None
    report = examine_mutants(explained, "tiny")
    text = write_facts(explained, report).read_text()
    facts = read_facts(explained, "tiny")
    assert facts is not None
    assert (facts.exercises, facts.points, facts.mistakes, facts.equivalent) == (2, 11.5, 2, 2)
    assert facts.mutants == facts.killed + 2
    assert out_of_date(explained, "tiny", facts) == []
    assert write_facts(explained, report).read_text() == text

    edit(explained.solution_source("tiny"), "# ## Sums by rows", "# ## The sums by rows")
    assert out_of_date(explained, "tiny", facts) == []  # prose
    edit(explained.solution_source("tiny"), "points=1.5", "points=2.5")
    assert out_of_date(explained, "tiny", facts) == ["points", "digest"]
    equivalents_file(explained, "tiny").unlink()
    assert "equivalent" in out_of_date(explained, "tiny", facts)


def test_facts_that_somebody_edited_are_refused(released: Course) -> None:
    for text in ("exercises = 2\n", "exercises = \n", "dogs = 3\n"):
        facts_file(released, "tiny").write_text(text)
        with pytest.raises(SourceError, match="--mutants --write"):
            read_facts(released, "tiny")


# The command, and the wall.


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Call:
    def call(course: Course, *words: str) -> Result:
        monkeypatch.chdir(course.root)
        return CliRunner().invoke(app, ["audit", "tiny", *words])

    return call


def test_the_command_shows_the_table_and_what_to_paste(call: Call, blind: Course) -> None:
    result = call(blind, "--mutants", "--exercise", "row_sums")
    assert result.exit_code == 1
    output = result.stdout
    assert "audit of tiny" not in output
    assert "mean_square" not in output
    assert output.count("[[equivalent]]") == 2
    assert "+    return np.asarray(rows).sum(axis=0)" in output
    assert "2 survived" in output


def test_no_facts_are_kept_and_the_exit_code_is_1_unless_everything_holds(
    call: Call, explained: Course
) -> None:
    # the mistake that sums the columns passes the blind tests: the audit does not hold
    result = call(explained, "--mutants", "--write")
    assert result.exit_code == 1
    assert "every mutant is accounted for" in result.stdout
    assert not facts_file(explained, "tiny").exists()


def test_json_holds_both_halves(call: Call, released: Course) -> None:
    result = call(released, "--mutants", "--write", "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found["holds"]
    assert found["mutants"]["holds"]
    assert {finding["subject"] for finding in found["findings"]} > {"the reference", "the wall"}
    assert found["mutants"]["all"]["killed"] == len(found["mutants"]["mutants"])
    assert found["mutants"]["exercises"]["row_sums"]["rate"] == 1.0
    assert read_facts(released, "tiny") is not None


@pytest.mark.parametrize("words", [["--exercise", "row_sums"], ["--write"]])
def test_options_of_mutants_alone_are_a_usage_error(
    words: list[str], call: Call, released: Course
) -> None:
    assert call(released, *words).exit_code == 2
    both = ["--mutants", "--write", "--exercise", "row_sums"]
    assert call(released, *both).exit_code == 2


SECRETS = {"reason": f"# {REASON}\n", "mutant": "    return np.asarray(rows).sum(axis=0)\n"}


@pytest.mark.parametrize("kind", SECRETS)
def test_an_equivalent_in_what_learners_get_is_found(kind: str, explained: Course) -> None:
    (explained.root / "assignments" / "tiny" / "notes.py").write_text(SECRETS[kind])
    found = {each.subject: each.problems for each in audit(explained, "tiny").findings}
    assert any(f"notes.py, line 1: the {kind} of 'row_sums-" in each for each in found["the wall"])


def test_a_reason_in_the_library_stops_the_release(explained: Course) -> None:
    (explained.root / "course").mkdir(exist_ok=True)
    (explained.root / "course" / "sums.py").write_text(SECRETS["reason"])
    with pytest.raises(ReleaseError, match=r"sums\.py, line 1: the reason of 'row_sums-"):
        release(explained, "tiny")

"""`grader attempts`: what was handed in when, which of it counts, and how to change that."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table

from grader.commands.collect import printable, refusal_facts, show_refusals
from grader.commands.console import AssignmentArgument, JsonOption, console, plainly, print_json
from grader.configuration import Course, did_you_mean, load_course
from grader.errors import ExchangeError, GraderError
from grader.exchange.attempts import (
    Attempt,
    find_attempt,
    forget_restored,
    learners_with_attempts,
    read_attempts,
    restore_attempt,
)
from grader.exchange.lock import locked
from grader.exchange.refusals import Refusal, read_refusals
from grader.exchange.submitted import Standing, points_of, settle, standing_of
from grader.execution.store import load_run

__all__ = ["attempts"]

_BY_THE_RULE = "last"


@plainly
def attempts(
    assignment: AssignmentArgument,
    student: Annotated[str | None, typer.Option(help="Only this learner.")] = None,
    restore: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Let that attempt of --student count from now on, named by the beginning of its "
            f"time; '{_BY_THE_RULE}': let the rule of course.toml decide again.",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """List the attempts of an assignment, and let another one count."""
    course = load_course()
    course.assignment(assignment)
    known = learners_with_attempts(course, assignment)
    if student is not None and student not in known:
        raise GraderError(
            f"nothing was collected of {student!r} for {assignment}."
            f"{did_you_mean(student, known)} Collect first: grader collect {assignment}"
        )
    if restore is not None:
        _restore(course, assignment, student, restore)
        return
    standings = [standing_of(course, assignment, each) for each in known if student in (None, each)]
    refused = [each for each in _refused(course, assignment) if student in (None, each.learner)]
    if json:
        facts = [_as_json(course, assignment, each) for each in standings]
        print_json({"learners": facts, "refused": [refusal_facts(each) for each in refused]})
        return
    if standings:
        console.print(_table(course, assignment, standings))
    else:
        console.print(f"Nothing was collected for {assignment} yet.")
    show_refusals(refused, " so far")


def _refused(course: Course, assignment_id: str) -> Sequence[Refusal]:
    """Of this assignment, or of none that is declared."""
    declared = {each.id for each in course.assignments} - {assignment_id}
    return [each for each in read_refusals(course) if each.assignment not in declared]


def _restore(course: Course, assignment_id: str, student: str | None, time: str) -> None:
    if student is None:
        raise GraderError("whose attempt? Say --student LEARNER with --restore.")
    with locked(course, assignment_id, f"grader attempts {assignment_id} --restore"):
        now = datetime.now(UTC)
        if time == _BY_THE_RULE:
            forget_restored(course, assignment_id, student)
        else:
            found = find_attempt(read_attempts(course, assignment_id, student), time)
            restore_attempt(course, found, now=now)
        standing = settle(course, assignment_id, student, now=now, points=points_of)
    if standing.problem or standing.counts is None:
        raise ExchangeError(standing.problem)
    who = "by the rule of course.toml" if time == _BY_THE_RULE else "until you say otherwise"
    console.print(
        f"The attempt of {standing.counts.id} counts for {printable(student)}, {who}. "
        f"Grade again: grader grade {assignment_id} --student {printable(student)}",
        soft_wrap=True,
    )


def _table(course: Course, assignment_id: str, standings: Sequence[Standing]) -> Table:
    due = course.assignment(assignment_id).due
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("learner", no_wrap=True)
    table.add_column("handed in (UTC)", no_wrap=True)
    table.add_column("late")
    table.add_column("tests", justify="right")
    table.add_column("counts")
    for standing in standings:
        for each in standing.attempts:
            late = "late" if each.is_late(due) else ""
            row = (printable(standing.learner), each.id, late, _marks(each))
            table.add_row(*row, _counts(standing, each))
    return table


def _counts(standing: Standing, attempt: Attempt) -> str:
    if standing.counts != attempt:
        return ""
    return "✔ restored" if standing.restored else "✔"


def _marks(attempt: Attempt) -> str:
    run = load_run(attempt.run_record)
    if run is None:
        return "-"
    return f"{run.earned:g}/{sum(test.points for test in run.tests):g}"


def _as_json(course: Course, assignment_id: str, standing: Standing) -> dict[str, Any]:
    due = course.assignment(assignment_id).due
    return {
        "learner": standing.learner,
        "restored": standing.restored,
        "attempts": [
            {
                "time": each.id,
                "claimed": None if each.claimed is None else each.claimed.isoformat(),
                "collected": each.collected.isoformat(),
                "late": each.is_late(due),
                "points": points_of(each),
                "counts": standing.counts == each,
                "sha256": dict(each.sha256),
            }
            for each in standing.attempts
        ],
        "problem": standing.problem,
    }

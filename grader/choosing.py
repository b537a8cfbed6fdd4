"""Before a cohort is graded: let the attempt that counts be the one that will be graded.

By the rule "last" nothing is executed for that. By "best" every attempt that was in time is
executed once; its run is kept beside it, so that the next grading executes only new ones.
A refused file earns nothing; an attempt on which the grader itself failed is tried again the
next time, and the others are compared without it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from grader.exchange.attempts import (
    Attempt,
    learners_with_attempts,
    read_attempts,
    restored_attempt,
)
from grader.exchange.counting import candidates
from grader.exchange.submitted import Standing, settle
from grader.execution.store import find_run, keep_run
from grader.records import Run, Script
from grader.submissions import read_submission
from grader.workbench import Workbench, refused_run

__all__ = ["choose_attempts"]

Execute = Callable[[Sequence[Script]], Generator[Run, None, None]]
Progress = Callable[[int, Run | None], None]


@dataclass(frozen=True)
class _Unknown:
    """An attempt that has not been executed yet."""

    attempt: Attempt
    script: Script
    refusal: str | None


def choose_attempts(
    bench: Workbench,
    execute: Execute,
    on_progress: Progress = lambda total, run: None,
    wanted: Sequence[str] = (),
) -> Mapping[str, Standing]:
    """Put each learner's attempt that counts into var/submitted; the lock must be held.

    Args:
        bench: the assignment.
        execute: gives the runs of scripts, in any order, by the names of their learners.
        on_progress: is told of each attempt that is executed.
        wanted: only these learners; everyone, when empty.

    Returns:
        How each learner stands who has attempts, by name.
    """
    course, name = bench.course, bench.assignment.id
    everyone = learners_with_attempts(course, name)
    learners = [each for each in everyone if not wanted or each in wanted]
    runs = _runs(bench, learners, execute, on_progress) if _is_best(bench) else {}
    points = {place: run.earned for place, run in runs.items()}
    now = datetime.now(UTC)
    return {
        learner: settle(
            course, name, learner, now=now, points=lambda attempt: points.get(attempt.folder)
        )
        for learner in learners
    }


def _is_best(bench: Workbench) -> bool:
    return bench.course.submissions.grade == "best"


def _runs(
    bench: Workbench, learners: Sequence[str], execute: Execute, on_progress: Progress
) -> dict[Path, Run]:
    """The run of every attempt among which the best is looked for, by the attempt's folder."""
    known: dict[Path, Run] = {}
    unknown: list[_Unknown] = []
    for attempt in _in_question(bench, learners):
        entry = _script(bench, attempt)
        run = find_run(attempt.run_record, bench.key(entry.script))
        if run is None:
            unknown.append(entry)
        else:
            known[attempt.folder] = run
    if unknown:
        on_progress(len(unknown), None)
    with closing(_executed(unknown, execute)) as executed:
        for entry, run in executed:
            on_progress(len(unknown), run)
            if run.fault is None:
                keep_run(entry.attempt.run_record, bench.key(entry.script), run)
                known[entry.attempt.folder] = run
    return known


def _in_question(bench: Workbench, learners: Sequence[str]) -> Iterator[Attempt]:
    course, name = bench.course, bench.assignment.id
    for learner in learners:
        if restored_attempt(course, name, learner) is None:
            found = candidates(read_attempts(course, name, learner), bench.assignment.due)
            yield from found if len(found) > 1 else ()


def _script(bench: Workbench, attempt: Attempt) -> _Unknown:
    submission = read_submission(
        attempt.files / f"{bench.assignment.id}.ipynb",
        assignment=bench.assignment.id,
        learner=attempt.learner,
        max_mib=bench.assignment.limits.notebook_mib,
        inside=attempt.files,
    )
    script = bench.script(bench.rebuild(submission).notebook, attempt.learner)
    return _Unknown(attempt, script, submission.refusal)


def _executed(
    unknown: Sequence[_Unknown], execute: Execute
) -> Generator[tuple[_Unknown, Run], None, None]:
    """Each with its run; one learner has several, so they go by number meanwhile."""
    numbered = {str(number): entry for number, entry in enumerate(unknown)}
    for entry in unknown:
        if entry.refusal is not None:
            yield entry, refused_run(entry.script, entry.refusal)
    scripts = [
        replace(entry.script, learner=number)
        for number, entry in numbered.items()
        if entry.refusal is None
    ]
    if scripts:
        with closing(execute(scripts)) as runs:  # which stops the workers, come what may
            for run in runs:
                entry = numbered[run.learner]
                yield entry, replace(run, learner=entry.attempt.learner)

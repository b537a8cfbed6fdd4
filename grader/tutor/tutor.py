"""What a tutor knows of one assignment: its tests, its known mistakes, its hints, its answers.

It runs the tests of one exercise, visible and hidden, against a learner's process that is
somewhere else, and gives back plain records. Hidden tests and references stay here.
Option chosen: everything comes from `solutions/` at the start, so that no command of the
instructor has to be run before; and what can be made ready before it is asked for (a session
in which the setup cells have run, the traces of the known mistakes) is made while idle.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from grader.authoring.build import reference_answers, to_notebook
from grader.authoring.source import read_source
from grader.configuration import Course, did_you_mean
from grader.errors import GraderError, LinkError, ReviewsError
from grader.execution.execute import as_nbgrader_executes
from grader.execution.naming import MistakeNamer
from grader.execution.shortcuts import without_marks
from grader.link.learner import LinkedLearner, LocalLearner
from grader.link.session import TestSession
from grader.link.student_error import StudentError
from grader.records import Role, ScriptCell, TestResult
from grader.reviews import Question, load_reviews
from grader.tutor.relay import Correspondent, RelayedProcess
from grader.workbench import make_workbench

__all__ = ["Tutor"]


class Tutor:
    """Answers the questions of one learner about one assignment."""

    def __init__(self, course: Course, assignment_id: str) -> None:
        """Read the sources of the assignment.

        Raises:
            UnknownAssignment: course.toml declares no such assignment.
            SourceError, MistakesError, ReleaseError: it cannot be read.
        """
        assignment = course.assignment(assignment_id)
        self._source = read_source(course.solution_source(assignment_id))
        self.bench = make_workbench(course, assignment, to_notebook(self._source))
        self._kit = self.bench.kit
        self._namer = MistakeNamer(self._kit)
        exercises = [cell.id for cell in self._source.answers]
        self._reviews = load_reviews(self._source.path.with_name("reviews.py"), exercises)
        self._ready: TestSession | None = None
        self._unnamed = list(self._kit.mistakes)

    def about(self) -> dict[str, Any]:
        """What the other side must know to check: limits, what is withheld, what to import."""
        return {
            "withheld": list(self._kit.withheld.modules),
            "cell_seconds": self._kit.limits.cell_seconds,
            "memory_mib": self._kit.limits.memory_mib,
            "output_kib": self._kit.limits.output_kib,
            "preload": self._preload(),
        }

    def check(self, exercise: str, correspondent: Correspondent) -> tuple[TestResult, ...]:
        """Run the tests of one exercise against the process at the other end.

        Raises:
            GraderError: there is no such exercise.
            SourceError: a setup cell stopped with an error.
        """
        self._require(exercise)
        session, self._ready = self._ready or self._session(), None
        learner = LinkedLearner(RelayedProcess(correspondent), self._kit.limits)
        session.learner = learner
        with as_nbgrader_executes():
            with contextlib.suppress(LinkError):  # it is gone, and every question says so
                learner.watch(self._kit.reference.shortcuts)
            results = tuple(_until_a_time_out(session, self._tests(exercise)))
            named = self._namer.name(results, session.exchanges)
        return without_marks(named, learner.shortcuts_met())

    @property
    def is_not_ready(self) -> bool:
        """Whether there is something to prepare."""
        return self._ready is None or bool(self._unnamed)

    def prepare(self) -> None:
        """Do one thing that a check would have to wait for."""
        with as_nbgrader_executes():
            if self._ready is None:
                self._ready = self._session()
            elif self._unnamed:
                self._namer.learn(self._unnamed.pop(0))

    def hint(self, exercise: str, number: int) -> str:
        """One hint of the ladder, the first being number 1; empty when there is none."""
        self._require(exercise)
        ladder = self._source.hints.get(exercise, ())
        return ladder[number - 1] if 1 <= number <= len(ladder) else ""

    def solution(self, exercise: str) -> str:
        """The reference answer."""
        self._require(exercise)
        return reference_answers(self._source)[exercise]

    def question(self, exercise: str, seed: int) -> Question:
        """A fresh question about an exercise, the same for the same seed.

        Raises:
            ReviewsError: there is none about it, or it cannot be made.
        """
        self._require(exercise)
        reviews = self._reviews.get(exercise, ())
        if not reviews:
            raise ReviewsError(f"there is no question for a review of {exercise!r} yet.")
        return reviews[seed % len(reviews)].question(seed)

    def _preload(self) -> list[str]:
        """What a copy of the kernel would import anew at every check, for over a second."""
        theirs = (
            cell.source
            for cell in self._kit.reference.cells
            if cell.role is not Role.TEST or "@probe" in cell.source
        )
        return ["torch._dynamo"] if any("torch.optim" in text for text in theirs) else []

    def _session(self) -> TestSession:
        """A session in which the setup cells have run; its learner comes later."""
        session = TestSession(LocalLearner(), 3 * self._kit.limits.cell_seconds)
        for cell in self._cells(Role.SETUP):
            session.run_setup(cell)
        return session

    def _cells(self, role: Role) -> Iterator[ScriptCell]:
        return (cell for cell in self._kit.reference.cells if cell.role is role)

    def _tests(self, exercise: str) -> Iterator[ScriptCell]:
        return (cell for cell in self._cells(Role.TEST) if cell.exercise == exercise)

    def _require(self, exercise: str) -> None:
        known = [cell.id for cell in self._source.answers]
        if exercise not in known:
            raise GraderError(
                f"there is no exercise {exercise!r}; there are: {', '.join(known)}."
                f"{did_you_mean(exercise, known)}"
            )


def _until_a_time_out(session: TestSession, tests: Iterable[ScriptCell]) -> Iterator[TestResult]:
    """The result of each test; after one that ran into the time limit nobody waits for the rest."""
    late: TestResult | None = None
    for cell in tests:
        if late is not None:
            yield replace(
                late,
                name=cell.name,
                title=cell.title,
                points=cell.points,
                prints="",
                hidden=cell.hidden,
            )
            continue
        result = session.run_test(cell)
        yield result
        replies = (exchange.reply for exchange in session.exchanges[cell.name])
        if any(isinstance(each.error, StudentError) and each.error.timeout for each in replies):
            late = result

"""What one notebook adds to its learner's progress, also where the file cannot be written."""

from __future__ import annotations

from course.checking.report import Report
from course.study.errors import ProgressError
from course.study.progress import Event, Progress, now

__all__ = ["LAST_HINT", "Diary"]

LAST_HINT = 3


class Diary:
    """The progress of one learner, seen from one assignment.

    What cannot be written is kept until the kernel ends, and said once by `problem`.
    """

    def __init__(self, assignment: str, progress: Progress) -> None:
        self.progress = progress
        self._assignment = assignment
        self._unwritten: list[Event] = []
        self._problem = ""
        self._said: set[str] = set()

    def checked(self, report: Report) -> None:
        """Note a check."""
        self._add(
            Event(
                now(),
                self._assignment,
                report.exercise,
                "check",
                report.outcome,
                report.earned,
                report.points,
                report.mistake,
            )
        )

    def hinted(self, exercise: str, number: int) -> None:
        """Note that a hint was shown."""
        self._add(Event(now(), self._assignment, exercise, "hint", number=number))

    def saw_solution(self, exercise: str) -> None:
        """Note that the solution was shown."""
        self._add(Event(now(), self._assignment, exercise, "solution"))

    def hints(self, exercise: str) -> int:
        """The number of the furthest hint that was shown."""
        return max((e.number for e in self._events(exercise) if e.kind == "hint"), default=0)

    def next_hint(self, exercise: str) -> int:
        """The number of the hint that comes next; at the top of the ladder it is the last."""
        return min(self.hints(exercise) + 1, LAST_HINT)

    def has_tried(self, exercise: str) -> bool:
        """Whether an attempted answer was checked."""
        return any(
            event.kind == "check" and event.outcome in ("passed", "failed")
            for event in self._events(exercise)
        )

    def problem(self) -> str:
        """What the learner has to know about their file, once; empty when all is well."""
        problem, self._problem = self._problem, ""
        if problem in self._said:
            return ""
        self._said.add(problem)
        return problem

    def _add(self, event: Event) -> None:
        try:
            self.progress.record(event)
        except ProgressError as error:
            self._unwritten.append(event)
            self._problem = str(error)

    def _events(self, exercise: str) -> list[Event]:
        written: tuple[Event, ...] = ()
        try:
            written = self.progress.events()
        except ProgressError as error:
            self._problem = str(error)
        mine = (self._assignment, exercise)
        both = (*written, *self._unwritten)
        return [event for event in both if (event.assignment, event.exercise) == mine]

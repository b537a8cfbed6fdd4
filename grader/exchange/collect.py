"""nbgrader's collect, made safe: the same command and button, by way of `collect_inbound`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError as NbGraderExchangeError
from nbgrader.exchange.default import ExchangeCollect
from traitlets import Float

from grader.configuration import Course, load_course
from grader.converters import captured_log, load_config
from grader.errors import ExchangeError, GraderError
from grader.exchange.collecting import Collected, account_number, collect_inbound
from grader.exchange.lock import WAIT, locked

__all__ = ["SafeCollect", "collect"]


class SafeCollect(ExchangeCollect):  # type: ignore[misc]
    """Called by `nbgrader collect`, the formgrader's button and `grader collect`.

    nbgrader's `update` and `before_duedate` change nothing: every submission is kept, and which
    one counts is said by course.toml.
    """

    patience = Float(
        30.0, help="Seconds to wait for somebody else who collects or grades the same assignment."
    ).tag(config=True)

    collected: Collected | None = None
    on_progress: Callable[[int, int], None] = staticmethod(lambda total, done: None)
    on_wait: Callable[[str], None] | None = None

    def init_src(self) -> None:
        """Find the exchange's inbound folder."""
        if not self.coursedir.course_id:
            self.fail("No course id specified. Re-run with --course flag.")
        self.inbound_path = Path(self.root, self.coursedir.course_id, "inbound")
        if not self.inbound_path.is_dir():
            self.fail(
                f"There is no exchange for this course: {self.inbound_path} is missing. It is made "
                "when the first assignment is released."
            )
        if not os.access(self.inbound_path, os.R_OK | os.X_OK):
            self.fail(f"You may not read {self.inbound_path}; collect as the grader's account.")

    def copy_files(self) -> None:
        """Collect, and let the attempts that count be in var/submitted."""
        if not self.check_owner:
            self.log.warning(
                "Owners are not compared (check_owner is off): anybody with this account can hand "
                "in as anybody else."
            )
        name = self.coursedir.assignment_id
        try:
            course = load_course(Path(self.coursedir.root))
            with locked(
                course,
                name,
                f"collect {name}",
                wait=self.patience,
                on_wait=self.on_wait or self.log.warning,
            ):
                self.collected = collect_inbound(
                    course,
                    name,
                    self.inbound_path,
                    log=self.log,
                    owner=account_number if self.check_owner else None,
                    learners=self.coursedir.student_id or "*",
                    on_progress=self.on_progress,
                )
        except GraderError as error:
            self.fail(str(error))


def collect(
    course: Course,
    assignment_id: str,
    *,
    on_progress: Callable[[int, int], None] = lambda total, done: None,
    on_wait: Callable[[str], None] = lambda message: None,
) -> Collected:
    """Collect one assignment with the configuration that nbgrader's own commands read.

    Raises:
        UnknownAssignment: course.toml declares no such assignment.
        ExchangeError: there is no exchange, somebody else is at work for too long, or the disk
            is full.
    """
    course.assignment(assignment_id)
    config = load_config(course)
    directory = CourseDirectory(config=config)
    directory.assignment_id = assignment_id
    collector = SafeCollect(coursedir=directory, config=config)
    collector.patience, collector.on_progress, collector.on_wait = WAIT, on_progress, on_wait
    with captured_log(collector):
        try:
            collector.start()
        except NbGraderExchangeError as error:
            raise ExchangeError(str(error)) from error
    assert collector.collected is not None  # it has not failed
    return collector.collected

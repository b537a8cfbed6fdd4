"""Make the page of an assignment again when its source changes, and keep the last good one.

Guarantees: `refresh` never raises what an author can mend: it becomes the message of the view,
above the last page that could be made. Nothing is made again when nothing changed.
Option chosen: the release is derived from the source in this process, in a tenth of a second,
where nbgrader takes seconds and writes into the gradebook; a test holds the two together.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from watchfiles import watch

from course.link.withhold import Withheld
from grader.authoring.source import read_source
from grader.authoring.withheld import refuse_withheld
from grader.configuration import COURSE_FILE, Course, load_course
from grader.errors import GraderError
from grader.rendering.forms import Form, released_notebook
from grader.rendering.kernel import errors_of, execute, figures_of, warnings_of
from grader.rendering.page import page_html
from grader.rendering.render import Rendered

__all__ = ["Feed", "View", "release_page", "watch_source"]


@dataclass(frozen=True)
class View:
    """What is to be seen: a page, and the message of what keeps a newer one from being made.

    `version` grows by one with every change.
    """

    version: int = 0
    page: str = ""
    error: str = ""


class Feed:
    """The view of one assignment; others may wait for its next change."""

    def __init__(self, course: Course, assignment_id: str, *, executed: bool = False) -> None:
        self._course, self._executed = course, executed
        self.assignment_id = course.assignment(assignment_id).id
        self.title = course.assignment(assignment_id).title
        self._made_from: tuple[bytes, ...] | None = None
        self._changed = threading.Condition()
        self._view, self._is_closed = View(), False

    @property
    def view(self) -> View:
        """What is to be seen now."""
        return self._view

    def refresh(self) -> bool:
        """Make the page again if its source or course.toml changed; say whether they did."""
        files = self._sources()
        if files == self._made_from:
            return False
        self._made_from = files
        try:
            course = load_course(self._course.root)
            page, error = release_page(course, self.assignment_id, executed=self._executed), ""
        except GraderError as found:
            page, error = self._view.page, str(found)
        with self._changed:
            self._view = replace(self._view, version=self._view.version + 1, page=page, error=error)
            self._changed.notify_all()
        return True

    def wait(self, seen: int, seconds: float) -> View | None:
        """The view, as soon as its version is not `seen`; None when that takes too long."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._is_closed or self._view.version != seen, timeout=seconds
            )
        return self._view if self._view.version != seen else None

    @property
    def is_closed(self) -> bool:
        """Whether nothing more will change."""
        return self._is_closed

    def close(self) -> None:
        """Let nobody wait any longer."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _sources(self) -> tuple[bytes, ...]:
        source = self._course.solution_source(self.assignment_id)
        paths = (source, self._course.root / COURSE_FILE)
        return tuple(path.read_bytes() if path.is_file() else b"" for path in paths)


def release_page(course: Course, assignment_id: str, *, executed: bool) -> str:
    """The page of what `grader release` would hand out now.

    Raises:
        SourceError: the source breaks a rule.
        RenderError: a cell does not end, or ends the kernel; only when `executed`.
    """
    assignment = course.assignment(assignment_id)
    source = read_source(course.solution_source(assignment_id))
    refuse_withheld(source, Withheld(assignment_id, assignment.withheld))
    notebook = released_notebook(source)
    about: dict[str, object] = {"form": Form.RELEASE, "errors": (), "warnings": (), "seconds": None}
    if executed:
        seconds = execute(notebook, course.release_notebook(assignment_id).parent)
        about = asdict(
            Rendered(
                assignment_id,
                Form.RELEASE,
                round(seconds, 1),
                figures_of(notebook),
                errors_of(notebook),
                warnings_of(notebook),
            )
        )
    return page_html(notebook, about | {"title": assignment.title, "index": None})


def watch_source(
    course: Course, assignment_id: str, stop: threading.Event | None = None
) -> Iterator[None]:
    """Wait for saves of the source or of course.toml, one at a time, until `stop` or Ctrl-C."""
    source = course.solution_source(assignment_id)
    names = {source, course.root / COURSE_FILE}
    # folders, because editors save by putting a new file in the place of the old one
    for _ in watch(
        source.parent,
        course.root,
        recursive=False,
        watch_filter=lambda _, path: Path(path) in names,
        stop_event=stop,
    ):
        yield

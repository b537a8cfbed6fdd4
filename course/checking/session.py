"""One notebook at work: its exercises, its tutor, what was run in it, and how far it is."""

from __future__ import annotations

import contextlib
import importlib
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from course.checking.exercises import Exercise, read_exercises, run_visible_tests
from course.checking.history import History
from course.checking.live_copy import LiveCopy, limits_of
from course.checking.notebook_file import SavedNotebook, find_notebook, read_notebook
from course.checking.report import Report, report_of
from course.checking.staleness import find_stale, withheld_names
from course.checking.tutor import HiddenTestsUnavailable, Tutor
from course.checking.tutor_process import TutorProcess, tutor_is_here
from course.checking.tutor_service import TutorService, service_url
from course.study.errors import StudyError

__all__ = ["CannotCheck", "Session", "find_tutor"]


def find_tutor(root: Path, assignment: str) -> Tutor | None:
    """The tests of an assignment: the hub's, those beside the notebook, or None."""
    if service_url():
        return TutorService(service_url(), assignment)
    return TutorProcess(root, assignment) if tutor_is_here(root) else None


class CannotCheck(StudyError):
    """Why there is nothing to check, and what to do; no fault of the answer."""


class Session:
    """What the magics of one kernel share."""

    def __init__(self, shell: Any, root: Path, assignment: str) -> None:
        release = root / "assignments" / assignment / f"{assignment}.ipynb"
        self.assignment = assignment
        self.exercises = {each.id: each for each in read_exercises(release)}
        self._root = root
        self._tutor = find_tutor(root, assignment)
        self.history = History()
        self._shell: Any = None
        self.move_to(shell)

    def move_to(self, shell: Any) -> None:
        """Listen to this shell, and to no other any more."""
        if self._shell is not None:
            self.history.detach(self._shell)
        self._shell = shell
        self.history = History(shell.user_ns.get("In", [])[:-1])
        self.history.attach(shell)

    def close(self) -> None:
        """End the tutor, and listen no more."""
        self.history.detach(self._shell)
        if self._tutor is not None:
            self._tutor.close()

    @property
    def tutor(self) -> Tutor | None:
        """The process of the tests, started anew if it has ended; None where there is none."""
        if self._tutor is not None and not self._tutor.is_alive:
            self._tutor.close()
            self._tutor = find_tutor(self._root, self.assignment)
        return self._tutor

    def find(self, name: str) -> Exercise:
        """The exercise that is meant; "" for the one that the learner is at.

        Raises:
            CannotCheck: there is none of that name, or nothing says which is meant.
        """
        if not self.exercises:
            raise CannotCheck(
                f"there is no assignment `{self.assignment}` in this course, so nothing can be "
                "checked. Is the name in the first code cell the one that it was handed out with?"
            )
        chosen = name.strip().strip("`'\"()") or self._current()
        if chosen not in self.exercises:
            names = ", ".join(f"`{each}`" for each in self.exercises)
            found = f"there is no exercise `{chosen}`" if chosen else "no exercise was run yet"
            raise CannotCheck(f"{found}. Write for example `%check NAME`; there are: {names}.")
        return self.exercises[chosen]

    def check(self, exercise: Exercise) -> Report:
        """Run the tests of one exercise on the answer as it is in this kernel.

        Raises:
            CannotCheck: the kernel holds no such function.
            TutorError: the process of the tests could not be asked.
            KeyboardInterrupt: the learner stopped it.
        """
        names = self._shell.user_ns
        self._require_function(exercise, names)
        tutor = self.tutor
        if tutor is None:
            return self._report(exercise, self._run_visible(exercise), partial=True)
        try:
            about = tutor.about()
            for name in about.get("preload", ()):
                with contextlib.suppress(ImportError):  # once, in the kernel: its copies have it
                    importlib.import_module(name)
            with LiveCopy(names, limits_of(about)) as copy:
                results = tutor.check(exercise.id, copy.ask)
        except HiddenTestsUnavailable as error:
            note = f"{str(error)[:1].upper()}{str(error)[1:]}"
            return self._report(exercise, self._run_visible(exercise), note, partial=True)
        return self._report(exercise, results, withheld=about.get("withheld", ()))

    def _run_visible(self, exercise: Exercise) -> Sequence[Mapping[str, Any]]:
        with LiveCopy(self._shell.user_ns, limits_of({})) as copy:
            return run_visible_tests(exercise, copy)

    def _report(
        self,
        exercise: Exercise,
        results: Sequence[Mapping[str, Any]],
        *notes: str,
        withheld: Sequence[str] = (),
        partial: bool = False,
    ) -> Report:
        found = (*notes, *self._notes(exercise.id, withheld))
        report = report_of(exercise.id, exercise.title, results, found)
        return replace(report, partial=partial)

    def _require_function(self, exercise: Exercise, names: dict[str, Any]) -> None:
        value = names.get(exercise.id)
        if callable(value):
            return
        if value is not None:
            raise CannotCheck(
                f"`{exercise.id}` is a {type(value).__name__} in this kernel, not a function: a "
                "later cell gave the name to something else. Run the cell of the exercise again."
            )
        run = self._last_run_of(exercise.id)
        if run is None:
            raise CannotCheck(
                f"`{exercise.id}` is not there yet. Run the cell that defines it (and, after a "
                "restart of the kernel, the cells above it), then check again."
            )
        if not run.succeeded:
            raise CannotCheck(
                f"the cell of `{exercise.id}` stopped with an error before the function was "
                "there. Read the last line of the error below that cell, mend it, run it again."
            )
        others = [each for each in run.names if isinstance(names.get(each), types.FunctionType)]
        called = f" Is it called `{others[0]}` now?" if others else ""
        raise CannotCheck(
            f"no function is called `{exercise.id}` in this kernel, and the tests look for that "
            f"name.{called} Give it its name back and run the cell again."
        )

    def _last_run_of(self, exercise: str) -> Any:
        run = self.history.last_binding(exercise)
        if run is not None:
            return run
        saved = self._saved()
        cell = saved.cell_of(exercise) if saved is not None else None
        return self.history.last_of_cell(cell.id) if cell is not None and cell.id else None

    def _notes(self, exercise: str, withheld: Sequence[str]) -> Iterator[str]:
        names = self._shell.user_ns
        for stale in find_stale(exercise, names, self.history, self._saved()):
            yield stale.message
        for name, module in withheld_names(exercise, names, withheld):
            yield (
                f"It uses `{name}` from `{module}`, which is not there when your work is graded: "
                "writing it is the exercise."
            )

    def _saved(self) -> SavedNotebook | None:
        return read_notebook(find_notebook(self._shell.user_ns))

    def _current(self) -> str:
        """The exercise of the running cell, of the cell above it, or the last that was run."""
        runs = list(self.history)
        if runs:
            here = [name for name in self.exercises if name in runs[-1].names]
            if here:
                return here[-1]
            above = self._above(runs[-1].cell_id)
            if above:
                return above
        for run in reversed(runs):
            for name in self.exercises:
                if name in run.names:
                    return name
        return ""

    def _above(self, cell_id: str) -> str:
        """The exercise whose answer or test stands nearest above a cell of the saved file."""
        saved = self._saved()
        if saved is None or not cell_id:
            return ""
        owners = {test.name: each.id for each in self.exercises.values() for test in each.tests}
        owners |= {name: name for name in self.exercises}
        found = ""
        for cell in saved.cells:
            found = owners.get(cell.grade_id, found)
            if cell.id == cell_id:
                return found
        return ""

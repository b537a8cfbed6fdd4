"""`%check`, `%hint`, `%solution` and `%progress`, and what they remember.

Whatever goes wrong here is told in a sentence and never as a traceback: a learner who asks
for help must not be handed a second problem.
"""

from __future__ import annotations

import atexit
import functools
from collections.abc import Callable
from typing import Any

from IPython.core.magic import Magics, line_magic, magics_class
from IPython.display import display

from course.checking.diary import LAST_HINT, Diary
from course.checking.display import ShownMarkdown, show_message, show_report
from course.checking.exercises import Exercise
from course.checking.session import CannotCheck, Session
from course.study.catalogue import course_root
from course.study.errors import StudyError
from course.study.progress import Progress, show_progress

__all__ = ["CheckMagics", "begin"]

_WARNING = "#c77700"


def begin(shell: Any, assignment: str) -> None:
    """Make the magics of this kernel those of `assignment`; called again, it starts anew."""
    end(shell)
    try:
        root = course_root()
    except StudyError as error:
        display(show_message(f"Checks are not to be had here: {error}", color=_WARNING))
        return
    magics = CheckMagics(shell, Session(shell, root, assignment))
    shell.register_magics(magics)
    shell.course_magics = magics
    atexit.register(end, shell)


def end(shell: Any) -> None:
    """End what `begin` began."""
    magics = getattr(shell, "course_magics", None)
    if magics is not None:
        shell.course_magics = None
        atexit.unregister(end)
        magics.session.close()


def _magic(method: Callable[[Any, str], None]) -> Any:
    """A line magic that speaks in sentences, whatever happens."""

    @functools.wraps(method)
    def wrapper(self: Any, line: str) -> None:
        try:
            method(self, line)
        except StudyError as error:
            text = str(error)
            display(show_message(text[:1].upper() + text[1:], color=_WARNING))
        except KeyboardInterrupt:
            display(show_message("Stopped. Nothing was changed.", color=_WARNING))

    return line_magic(wrapper)


@magics_class
class CheckMagics(Magics):  # type: ignore[misc]
    """The magics of one notebook."""

    def __init__(self, shell: Any, session: Session) -> None:
        super().__init__(shell)
        self.session = session
        self.diary = Diary(session.assignment, Progress.open())

    @_magic
    def check(self, line: str) -> None:
        """Check an answer with all of its tests, the hidden ones too.

        %check              the exercise that you are at
        %check svm_loss     the exercise of this name
        %check all          every exercise of the notebook

        Your variables, random numbers and plots stay as they are.
        """
        if line.strip() == "all":
            self._check_all()
        else:
            self._check(self.session.find(line))

    def _check_all(self) -> None:
        """Every exercise whose function is there; the others are named."""
        missing = []
        for exercise in self.session.exercises.values():
            if callable(self.shell.user_ns.get(exercise.id)):
                self._check(exercise)
            else:
                missing.append(f"`{exercise.id}`")
        if missing:
            display(show_message(f"Not there yet, so not checked: {', '.join(missing)}."))

    def _check(self, exercise: Exercise) -> None:
        report = self.session.check(exercise)
        self.diary.checked(report)
        display(show_report(report))
        self._say_what_is_wrong_with_the_diary()

    @_magic
    def hint(self, line: str) -> None:
        """Take the next hint of an exercise: a nudge first, then more each time.

        %hint               for the exercise that you are at
        %hint svm_loss      for the exercise of this name
        %hint svm_loss 1    that hint once more
        """
        name, number = _name_and_number(line)
        exercise = self.session.find(name)
        tutor = self._tutor("Hints")
        wanted = number or self.diary.next_hint(exercise.id)
        text = tutor.hint(exercise.id, wanted)
        if not text:
            display(show_message(f"There is no hint {wanted} for `{exercise.id}`."))
            return
        self.diary.hinted(exercise.id, wanted)
        last = wanted == LAST_HINT
        more = "That was the last; `%solution` shows an answer." if last else "`%hint` gives more."
        head = f"**Hint {wanted} of {LAST_HINT} for `{exercise.id}`**"
        display(ShownMarkdown(f"{head}\n\n{text}\n\n{more}"))
        self._say_what_is_wrong_with_the_diary()

    @_magic
    def solution(self, line: str) -> None:
        """Show a reference answer: after an honest attempt, or when you ask twice.

        %solution                 for the exercise that you are at
        %solution svm_loss        for the exercise of this name
        %solution svm_loss now    without having tried
        """
        words = line.split()
        now = "now" in words
        exercise = self.session.find(" ".join(word for word in words if word != "now"))
        tutor = self._tutor("Solutions")
        if not now and not self.diary.has_tried(exercise.id):
            display(
                show_message(
                    f"Try `{exercise.id}` first: write something, run it, and `%check` it once. "
                    "What you got wrong yourself is what you will remember. There is also "
                    f"`%hint`. To see an answer anyway: `%solution {exercise.id} now`."
                )
            )
            return
        self.diary.saw_solution(exercise.id)
        text = tutor.solution(exercise.id)
        head = f"**One right answer to `{exercise.id}`**; there are others."
        display(ShownMarkdown(f"{head}\n\n```python\n{text}\n```"))
        self._say_what_is_wrong_with_the_diary()

    @_magic
    def progress(self, line: str) -> None:
        """Show how far you are.

        %progress        the exercises of this notebook, and a bar for each other assignment
        %progress all    every exercise of the week
        """
        only = "" if line.strip() == "all" else self.session.assignment
        display(show_progress(self.diary.progress, course_root(), only))
        self._say_what_is_wrong_with_the_diary()

    def _tutor(self, what: str) -> Any:
        tutor = self.session.tutor
        if tutor is None:
            raise CannotCheck(
                f"{what} are kept with the tests, and this copy of the course has none of them. "
                "Work in a whole clone of the course, or ask your group."
            )
        return tutor

    def _say_what_is_wrong_with_the_diary(self) -> None:
        problem = self.diary.problem()
        if problem:
            display(show_message(problem, color=_WARNING))


def _name_and_number(line: str) -> tuple[str, int]:
    words = line.split()
    numbers = [int(word) for word in words if word.isdigit()]
    names = [word for word in words if not word.isdigit()]
    return " ".join(names), numbers[0] if numbers else 0

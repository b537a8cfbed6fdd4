"""`course hint` and `course review`: what to read when stuck, and what to come back to."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markdown import Markdown

from course.checking.diary import LAST_HINT, Diary
from course.checking.tutor import Tutor, TutorError
from course.checking.whole import tutor_of
from course.commands.console import AssignmentArgument, FolderOption, console, counted, plainly
from course.study.errors import UnknownAssignment
from course.study.progress import DueReview, Event, Progress, due, now
from course.study.workspace import Workspace

__all__ = ["hint", "review"]

ExerciseArgument = Annotated[str, typer.Argument(metavar="EXERCISE", help="Its function's name.")]
NumberOption = Annotated[
    int, typer.Option("--number", "-n", min=0, max=LAST_HINT, help="That hint; else the next one.")
]
AllOption = Annotated[
    bool, typer.Option("--all", help="Also what is not due yet: everything that was hard.")
]


@plainly
def hint(
    assignment: AssignmentArgument,
    exercise: ExerciseArgument,
    number: NumberOption = 0,
    folder: FolderOption = None,
) -> None:
    """Take the next hint of an exercise: a nudge first, then more each time.

    It is the ladder of %hint in the notebook; how far you climbed is remembered for both.
    """
    workspace = Workspace.open(folder)
    info = workspace.catalogue.assignment(assignment)
    known = [each.id for each in info.exercises if not each.written]
    if exercise not in known:
        raise UnknownAssignment(f"{assignment} has no exercise {exercise!r}: {', '.join(known)}")
    diary = Diary(assignment, Progress.open(workspace.progress))
    wanted = number or diary.next_hint(exercise)
    with tutor_of(info, workspace.catalogue.root) as tutor:
        text = tutor.hint(exercise, wanted)
    if not text:
        raise TutorError(f"there is no hint {wanted} for {exercise}.")
    diary.hinted(exercise, wanted)
    console.print(f"Hint {wanted} of {LAST_HINT} for {exercise}\n")
    console.print(Markdown(text))


@plainly
def review(folder: FolderOption = None, everything: AllOption = False) -> None:
    """Come back to what was hard: a small question with fresh numbers for each exercise.

    An exercise that failed once, or took a hint, returns after a day, three days and a week.
    Answer with a number, or several with commas between; an empty line skips a question,
    Ctrl-C ends the round. What you answered is remembered at once.
    """
    workspace = Workspace.open(folder)
    progress = Progress.open(workspace.progress)
    moment = datetime.max.replace(tzinfo=UTC) if everything else datetime.now(UTC)
    reviews = due(progress.events(), moment)
    if not reviews:
        console.print("Nothing to come back to today. What was hard returns after a day.")
        return
    console.print(f"{counted(len(reviews), 'question')} for today.\n")
    right = 0
    for name in dict.fromkeys(each.assignment for each in reviews):
        mine = [each for each in reviews if each.assignment == name]
        with tutor_of(workspace.catalogue.assignment(name), workspace.catalogue.root) as tutor:
            right += sum(_ask(each, tutor, progress) for each in mine)
    console.print(f"{right} of {len(reviews)} right.")


def _ask(each: DueReview, tutor: Tutor, progress: Progress) -> bool:
    """Ask one question, judge the answer, remember it."""
    seed = random.SystemRandom().randrange(2**31)
    try:
        text = tutor.question(each.exercise, seed)
    except TutorError as error:
        console.print(f"{each.exercise}: {error}\n")
        return False
    console.print(f"[bold]{each.exercise}[/] ({each.assignment})")
    console.print(Markdown(text))
    judged = None
    while judged is None:
        given = typer.prompt("Your answer", default="", show_default=False).strip()
        if not given:
            console.print("Skipped; it will be asked again.\n")
            return False
        try:
            judged = tutor.judge(each.exercise, seed, given)
        except TutorError as error:
            console.print(str(error))
    outcome = "passed" if judged["right"] else "failed"
    progress.record(Event(now(), each.assignment, each.exercise, "review", outcome))
    answer = ", ".join(f"{number:.6g}" for number in judged["answer"])
    verdict = "[green]✔ right.[/]" if judged["right"] else f"[yellow]✘ it is {answer}.[/]"
    console.print(f"{verdict} {judged['explanation']}\n")
    return bool(judged["right"])

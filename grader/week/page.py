"""Write the page of a week: one Markdown text from its outline and its notebooks.

Guarantees: the same sources give the same text; `grader week --check` and a test compare it
with what is committed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from grader.configuration import COURSE_FILE, Course
from grader.errors import ConfigurationError
from grader.week.notebooks import Summary, summarize
from grader.week.outline import Outline, Project, Reading, Slot, read_outline

__all__ = ["week_page"]

_NUMBERS = "no one two three four five six seven eight nine ten eleven twelve".split()


def week_page(course: Course) -> str:
    """The page of the course's week.

    Raises:
        ConfigurationError: course.toml names no outline, or the outline breaks a rule.
        ReleaseError: an assignment of the week is not released, or names no objectives.
    """
    if course.outline is None:
        raise ConfigurationError(
            f"{course.root / COURSE_FILE}: [course] names no outline of the week; expected, "
            'for example: outline = "weeks/week3.toml"'
        )
    outline = read_outline(course.outline)
    summaries = [summarize(course, each) for each in course.assignments if each.week == course.week]
    where = course.outline.relative_to(course.root).as_posix()
    parts = [
        f"# {course.title}",
        f"<!-- Made by `grader week --write` from {COURSE_FILE}, {where} and the notebooks. -->",
        outline.intro.strip(),
        *_day(outline),
        *_readings(outline.readings),
        *_assignments(summaries),
        *_project(outline.project),
    ]
    return "\n\n".join(parts) + "\n"


def _day(outline: Outline) -> Iterator[str]:
    total = sum(slot.minutes for slot in outline.agenda)
    end = _clock(outline, total)
    yield "## The day"
    yield (
        f"From {outline.start:%H:%M} to {end}. The times are a plan, not a bell: stay where the "
        "talk is good."
    )
    yield _table(("from", "minutes", "what"), _slots(outline), right=(1,))


def _slots(outline: Outline) -> Iterator[tuple[str, ...]]:
    passed = 0
    for slot in outline.agenda:
        yield _clock(outline, passed), str(slot.minutes), _titled(slot)
        passed += slot.minutes


def _clock(outline: Outline, minutes: int) -> str:
    # the day is any day: only the hours are shown
    start = datetime.combine(datetime.min, outline.start)
    return f"{start + timedelta(minutes=minutes):%H:%M}"


def _titled(slot: Slot) -> str:
    stop = "" if slot.title.endswith(("?", "!")) else "."
    return f"**{slot.title}{stop}** {slot.text}"


def _readings(readings: Sequence[Reading]) -> Iterator[str]:
    total = sum(reading.minutes for reading in readings)
    yield "## Before the day: readings"
    yield (
        f"About {_duration(total)} in all. Nobody has read everything: share them out, and come "
        "with one answer that you doubt. The questions have no marks; they are for talking."
    )
    for reading in readings:
        yield f"### {reading.title}"
        yield f"[{reading.author}]({reading.url}), about {_duration(reading.minutes)}."
        yield reading.text.strip()
        yield _numbered(reading.questions)


def _duration(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} minutes"
    plural = "" if hours == 1 else "s"
    return f"{hours} hour{plural}" + (f" {rest} minutes" if rest else "")


def _assignments(summaries: Sequence[Summary]) -> Iterator[str]:
    yield "## Assignments"
    if not summaries:
        yield "There are none yet."
        return
    yield (
        "Each is a notebook with its tests, to be done alone or in twos, and each is complete in "
        "itself. Exercises are marked by tests, the written answers by people. How to work "
        "through one: [for learners](learner.md)."
    )
    header = ("assignment", "exercises", "in words", "points", "minutes")
    yield _table(header, map(_overview, summaries), right=(1, 2, 3, 4))
    for summary in summaries:
        yield f"### {summary.assignment.title}"
        yield "When you are done, you can"
        yield "\n".join(f"- {objective}" for objective in summary.objectives)
        yield f"You write {_listed([f'`{name}`' for name in summary.exercises])}{_words(summary)}."


def _overview(summary: Summary) -> tuple[str, ...]:
    it = summary.assignment
    link = f"[{it.title}](../assignments/{it.id}/{it.id}.ipynb)"
    counts = (len(summary.exercises), summary.written)
    return link, *map(str, counts), f"{summary.points:g}", f"{it.minutes:g}"


def _words(summary: Summary) -> str:
    if not summary.written:
        return ""
    plural = "" if summary.written == 1 else "s"
    return f", and {_number(summary.written)} short answer{plural} in your own words"


def _project(project: Project) -> Iterator[str]:
    yield f"## The project: {project.title}"
    yield f"For groups of {_number(project.people)}."
    yield project.brief.strip()
    yield "### Who does what"
    roles = ((each.title, str(each.people), each.text) for each in project.roles)
    yield _table(("role", "people", "what they do"), roles, right=(1,))
    yield "### Milestones"
    yield _table(("when", "what stands"), ((each.when, each.text) for each in project.milestones))
    yield "### What to hand in"
    yield _numbered(project.deliverables)
    yield "### How it is judged"
    rubric = ((each.title, f"{each.points:g}", each.text) for each in project.rubric)
    yield _table(("part", "points", "what counts"), rubric, right=(1,))


def _number(number: int) -> str:
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _numbered(texts: Iterable[str]) -> str:
    lines = (" ".join(text.split()) for text in texts)
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, start=1))


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> str:
    rule = ["---:" if column in right else "---" for column in range(len(header))]
    return "\n".join(_row(cells) for cells in (header, rule, *rows))


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", r"\|") for cell in cells) + " |"

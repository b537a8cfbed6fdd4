"""Let the attempt that counts be the one in var/submitted, where it is graded.

What lies there is always one of the kept attempts, with the server's time in timestamp.txt, or
was put there by hand. The latter is kept as an attempt before anything takes its place, and of
a learner who has no attempts it is left alone.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from nbgrader.utils import parse_utc

from grader.configuration import Course
from grader.errors import ExchangeError
from grader.exchange.attempts import (
    Attempt,
    attempts_folder,
    keep_attempt,
    read_attempts,
    restored_attempt,
)
from grader.exchange.counting import which_counts
from grader.exchange.tree import Rules, Tree, TreeError, copy_tree, look_at, sync_folder
from grader.execution.store import load_run

__all__ = ["Points", "Standing", "claimed_time", "points_of", "settle", "standing_of", "time_of"]

TIMESTAMP = "timestamp.txt"
_LONGEST = 1000  # bytes of a timestamp
_PASSED_OVER = {".ipynb_checkpoints", "__pycache__"}
_OWN = Rules(max_bytes=2**40, one_name=False, max_files=2**20, max_depth=64)

Points = Callable[[Attempt], float | None]


@dataclass(frozen=True)
class Standing:
    """How one learner stands with one assignment.

    Attributes:
        attempts: all that are kept, the earliest first.
        counts: the one that counts.
        restored: whether it counts because an instructor said so.
        problem: why it could not be put into var/submitted; empty when it is there.
    """

    learner: str
    attempts: tuple[Attempt, ...]
    counts: Attempt | None
    restored: bool = False
    problem: str = ""


def standing_of(
    course: Course,
    assignment_id: str,
    learner: str,
    *,
    points: Points | None = None,
) -> Standing:
    """How a learner stands, by the rule or by an instructor's choice; only looks.

    `points` are those of an attempt's tests; by default as they were last seen.
    """
    try:
        attempts = read_attempts(course, assignment_id, learner)
        restored = restored_attempt(course, assignment_id, learner)
    except ExchangeError as error:
        return Standing(learner, (), None, problem=str(error))
    chosen = which_counts(
        attempts,
        due=course.assignment(assignment_id).due,
        rule=course.submissions.grade,
        restored=restored,
        points=points or points_of,
    )
    return Standing(learner, attempts, chosen, chosen is not None and chosen.id == restored)


def points_of(attempt: Attempt) -> float | None:
    """What the tests of an attempt gave when they were last run, if ever."""
    run = load_run(attempt.run_record)
    return None if run is None else run.earned


def settle(
    course: Course,
    assignment_id: str,
    learner: str,
    *,
    now: datetime,
    points: Points | None = None,
) -> Standing:
    """Put the attempt that counts into var/submitted; the lock must be held.

    Raises:
        OSError: the disk is full; then var/submitted is as it was.
    """
    standing = standing_of(course, assignment_id, learner, points=points)
    if standing.counts is None:
        return standing
    try:
        if _adopt(course, assignment_id, learner, standing.attempts, now):
            standing = standing_of(course, assignment_id, learner, points=points)
        if standing.counts is not None:
            _put(course, standing.counts)
    except ExchangeError as error:
        return replace(standing, problem=str(error))
    return standing


def time_of(nanoseconds: int) -> datetime:
    """A time of the kernel's, exact to the microsecond.

    Example:
        >>> time_of(1_500_000_000).isoformat()
        '1970-01-01T00:00:01.500000+00:00'
    """
    seconds, rest = divmod(nanoseconds, 10**9)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)


def claimed_time(folder: Path) -> datetime | None:
    """The time in a timestamp.txt, as nbgrader reads it; None where it holds none."""
    try:
        with (folder / TIMESTAMP).open("rb") as file:
            text = file.read(_LONGEST).decode("utf-8").strip()
        moment: datetime = parse_utc(text)  # in UTC, and without saying so
    except (OSError, ValueError, OverflowError, TypeError, AttributeError):
        return None  # it may hold anything
    return moment.replace(tzinfo=UTC)


def _adopt(
    course: Course,
    assignment_id: str,
    learner: str,
    attempts: Sequence[Attempt],
    now: datetime,
) -> bool:
    """Keep what was put into var/submitted by hand; False when it is known."""
    folder = course.submitted(assignment_id, learner)
    if not folder.exists() and not folder.is_symlink():
        return False
    try:
        tree = _look_at_submitted(folder)
    except TreeError as error:
        raise ExchangeError(
            f"var/submitted/{learner}/{assignment_id} was put there by hand and cannot be kept: "
            f"{error}. Move it away, then collect again."
        ) from error
    sums = _sums(folder, tree)
    if not sums or any(sums == _without_time(each.sha256) for each in attempts):
        return False
    with keep_attempt(course, assignment_id, learner) as (part, complete):
        copied = copy_tree(folder, tree, part / "files")
        claimed = claimed_time(part / "files")
        came = time_of(tree.changed) if claimed is None else claimed
        complete(
            Attempt(part, learner, assignment_id, came, claimed, now, copied, "", tree.changed)
        )
    return True


def _look_at_submitted(folder: Path) -> Tree:
    return look_at(folder, _OWN, lambda _, names: _PASSED_OVER & set(names))


def _sums(folder: Path, tree: Tree) -> Mapping[str, str]:
    sums = {}
    for path in tree.files:
        with (folder / path).open("rb") as file:
            sums[path] = hashlib.file_digest(file, "sha256").hexdigest()
    return _without_time(sums)


def _without_time(sums: Mapping[str, str]) -> Mapping[str, str]:
    return {path: digest for path, digest in sums.items() if path != TIMESTAMP}


def _put(course: Course, attempt: Attempt) -> None:
    """Let var/submitted hold this attempt; whoever reads meanwhile sees one or the other."""
    place = course.submitted(attempt.assignment, attempt.learner)
    timestamp = f"{attempt.submitted.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f} UTC"
    if _holds(place, attempt, timestamp):
        return
    scratch = attempts_folder(course, attempt.assignment, attempt.learner)
    part = Path(tempfile.mkdtemp(dir=scratch, prefix=".part-"))
    try:
        copied = copy_tree(attempt.files, look_at(attempt.files, _OWN), part / "new")
        if copied != attempt.sha256:
            raise ExchangeError(
                f"{attempt.files} is not what was collected: its files have other sums. Bring it "
                "back from a backup, or restore another attempt."
            )
        (part / "new" / TIMESTAMP).write_text(timestamp, encoding="utf-8")
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            place.rename(part / "old")  # an attempt, all of it; see _adopt
        (part / "new").rename(place)
        sync_folder(place.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _holds(place: Path, attempt: Attempt, timestamp: str) -> bool:
    if not place.is_dir():
        return False
    sums = _sums(place, _look_at_submitted(place))
    written = place / TIMESTAMP
    same_time = written.is_file() and written.read_text("utf-8", "replace") == timestamp
    return same_time and sums == _without_time(attempt.sha256)

"""Put released notebooks into the exchange, where learners fetch them.

Guarantees: who fetches while this runs gets the old release or the new one. nbgrader's own
release removes the old one first, and copies while others may be reading.
"""

from __future__ import annotations

import filecmp
import shutil
import tempfile
from pathlib import Path

from grader.configuration import Course

__all__ = ["hand_out", "outbound"]


def outbound(exchange: Path, course_id: str) -> Path:
    """Where the exchange keeps what learners may fetch."""
    return exchange / course_id / "outbound"


def hand_out(course: Course, assignment_id: str, exchange: Path) -> bool:
    """Put one release into the exchange; False when it is there already.

    The folders of the exchange get the modes that nbgrader gives them: everyone may read
    `outbound` and write into `inbound`, and nobody may list `inbound` but its owner.
    """
    _folder(exchange, 0o1777)
    _folder(exchange / course.id, 0o755)
    _folder(outbound(exchange, course.id), 0o755)
    _folder(exchange / course.id / "inbound", 0o2733)
    release = course.release_notebook(assignment_id).parent
    place = outbound(exchange, course.id) / assignment_id
    if _same(release, place):
        return False
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".release-") as scratch:
        part = Path(scratch) / assignment_id
        shutil.copytree(release, part)
        for path in (part, *part.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        if place.exists():
            place.rename(Path(scratch) / "old")
        part.rename(place)
    return True


def _folder(path: Path, mode: int) -> None:
    path.mkdir(parents=True, exist_ok=True)
    if path.stat().st_mode & 0o7777 != mode:
        path.chmod(mode)


def _same(one: Path, other: Path) -> bool:
    names = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    theirs = sorted(path.relative_to(other) for path in other.rglob("*") if path.is_file())
    return (
        bool(names)
        and names == theirs
        and all(filecmp.cmp(one / name, other / name, shallow=False) for name in names)
    )

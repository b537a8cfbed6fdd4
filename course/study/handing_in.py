"""A finished notebook on its way to the group: is it complete, and where does it go?

With nbgrader's exchange on the machine, `nbgrader submit` takes it there, as a process of its
own: the course itself knows nothing of nbgrader. Without one a copy is laid aside, with its time
and its SHA-256, for the learner to send; the sum lets both sides say later that a file is the
one that was handed in.
"""

from __future__ import annotations

import ast
import hashlib
import re
import subprocess
import sys
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from course.study.catalogue import AssignmentInfo
from course.study.errors import HandInError, WorkspaceError
from course.study.matching import match_cells, name_of, role_of, same_text
from course.study.notebooks import Cell, parse_notebook, read_bytes, read_notebook, replace_file
from course.study.workspace import Workspace

__all__ = ["Completeness", "HandedIn", "examine", "lay_aside", "submit_to_exchange"]

_NEEDED = ("setup", "answer", "written", "test")
# what nbgrader says where nobody has set up an exchange for this course
_NO_EXCHANGE = re.compile(
    r"Unwritable directory|Inbound directory doesn't exist|Assignment not found"
)
_SECONDS = 120.0


@dataclass(frozen=True)
class Completeness:
    """What is missing in a notebook; each item is the name of a cell.

    Attributes:
        missing: cells of the course that are not there.
        unattempted: answers that are as they were handed out.
        unwritten: written answers that are empty.
        is_behind: the course has a newer release of the notebook.
    """

    missing: tuple[str, ...] = ()
    unattempted: tuple[str, ...] = ()
    unwritten: tuple[str, ...] = ()
    is_behind: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether every cell is there and every exercise attempted."""
        return not (self.missing or self.unattempted or self.unwritten)


@dataclass(frozen=True)
class HandedIn:
    """A copy that was laid aside."""

    path: Path
    time: datetime
    sha256: str


def examine(workspace: Workspace, assignment: AssignmentInfo) -> Completeness:
    """Read the learner's notebook as it is saved, and say what is missing.

    Raises:
        HandInError: there is no notebook yet.
        NotANotebook, WorkspaceError: it cannot be read.
    """
    path = workspace.notebook(assignment.id)
    if not path.exists():
        raise HandInError(
            f"{path} does not exist, so there is nothing to hand in. "
            f"Begin with: course start {assignment.id}"
        )
    mine = parse_notebook(read_bytes(path), path)
    release = read_notebook(assignment.notebook)
    base = workspace.base(assignment.id) or release
    found = {name: cell for cell, name in match_cells(mine, base) if name}
    stubs = {name_of(cell): cell for cell in base["cells"] if role_of(cell) in _NEEDED}
    untouched = [
        name for name, stub in stubs.items() if name in found and _is_untouched(found[name], stub)
    ]
    return Completeness(
        missing=tuple(name for name in stubs if name not in found),
        unattempted=tuple(n for n in untouched if role_of(stubs[n]) == "answer"),
        unwritten=tuple(n for n in untouched if role_of(stubs[n]) == "written"),
        is_behind=workspace.is_behind(assignment.id),
    )


def lay_aside(workspace: Workspace, assignment: AssignmentInfo) -> HandedIn:
    """Copy the notebook to handed-in/ID/TIME/ID.ipynb, beside its sum as `sha256sum` writes it.

    Raises:
        WorkspaceError: it cannot be read or written.
    """
    data = read_bytes(workspace.notebook(assignment.id))
    moment = datetime.now(UTC)
    digest = hashlib.sha256(data).hexdigest()
    folder = workspace.folder / "handed-in" / assignment.id / moment.strftime("%Y%m%d-%H%M%S")
    path = folder / f"{assignment.id}.ipynb"
    if path.exists() and read_bytes(path) != data:
        raise WorkspaceError(f"{path} was handed in within the same second. Hand in once more.")
    replace_file(path, data)
    replace_file(folder / f"{path.name}.sha256", f"{digest}  {path.name}\n".encode())
    return HandedIn(path, moment, digest)


def submit_to_exchange(
    workspace: Workspace, assignment: AssignmentInfo, *, exchange: Path | None = None
) -> bool:
    """Hand in through nbgrader's exchange; False where there is none for this course.

    Args:
        workspace: the working folder, in which nbgrader is run.
        assignment: what to hand in.
        exchange: the folder of the exchange, if it is not the one that nbgrader is set up for.

    Raises:
        HandInError: there is an exchange, and it did not take the notebook.
    """
    command = [
        *(sys.executable, "-m", "nbgrader", "submit", assignment.id),
        f"--course={workspace.catalogue.id}",
        "--Exchange.path_includes_course=False",  # a hub has it for those who work in their home
        "--CourseDirectory.ignore=backups",
        "--CourseDirectory.ignore=.ipynb_checkpoints",
        *([f"--Exchange.root={exchange}"] if exchange else []),
    ]
    try:
        done = subprocess.run(
            command,
            cwd=workspace.folder,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HandInError(f"nbgrader could not be run: {error}. Hand in a copy: --copy") from None
    said = done.stdout + done.stderr
    if done.returncode == 0:
        return True
    if not exchange and (_NO_EXCHANGE.search(said) or "No module named" in said):
        return False
    raise HandInError(f"nbgrader's exchange did not take it: {_reason(said)}")


def _reason(said: str) -> str:
    """nbgrader's complaint without its stamp: the first, of which the others are the echo."""
    complaints = re.findall(r"^\[\w+ \| (?:ERROR|CRITICAL)\] (.*)$", said, re.M)
    lines = [*complaints, *said.splitlines()[-1:]]
    return lines[0] if lines else "it did not say why"


def _is_untouched(cell: Cell, stub: Cell) -> bool:
    if cell.get("attachments"):
        return False
    text, starter = cell["source"], stub["source"]
    return not text.strip() or same_text(text, starter) or _same_code(text, starter)


def _same_code(one: str, other: str) -> bool:
    """Whether only blanks and comments differ, as the grader sees it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the learner's code
            return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False  # magics, or not Python at all

"""The roster of a group: who learns, who teaches; read from a CSV file that people write.

The first line names the columns, in any order: name, id, group, and e-mail, which may be left
out. Spreadsheets may write it as they like: separated by commas, semicolons or tabs, with or
without a byte-order mark, with either line ending.

Guarantees: a roster is usable as a whole, or all that is wrong with it is told at once, by line.
An id is the name of a Linux account. Few characters are allowed in it, fewer than by useradd:
nbgrader splits names at "+", shells and URLs have their own, and two names that differ only in
case would be one file on some disks.
"""

from __future__ import annotations

import csv
import io
import pwd
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.errors import RosterError
from grader.tables import did_you_mean

__all__ = ["INSTRUCTORS", "Person", "is_account_name", "is_system_account", "read_roster"]

INSTRUCTORS = "instructors"  # the group of those who teach; any other name is a learners' group

_ACCOUNT = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_COLUMNS = ("name", "id", "e-mail", "group")
_OPTIONAL = ("e-mail",)
_FIRST_UID, _LAST_UID = 1000, 60000  # of people, as in Debian's /etc/login.defs
_RESERVED = ("root", "nobody", "admin", "staff", "sudo", "jupyterhub", "grader")
_LONGEST = 100  # characters of a name or a group


@dataclass(frozen=True)
class Person:
    """One person of the group.

    Attributes:
        id: the name they log in with, which is the name of their Linux account too.
        name: as people say it.
        email: may be empty.
        group: `INSTRUCTORS`, or the name of a learners' group; may be empty.
    """

    id: str
    name: str
    email: str = ""
    group: str = ""

    @property
    def is_instructor(self) -> bool:
        """Whether they teach."""
        return self.group == INSTRUCTORS


@dataclass(frozen=True)
class _Row:
    line: int
    person: Person


def read_roster(
    path: Path, system_account: Callable[[str], bool] | None = None
) -> tuple[Person, ...]:
    """Everyone in the file, in its order.

    Args:
        path: the CSV file.
        system_account: says of an id whether the machine has it for itself; the machine that
            this runs on by default.

    Raises:
        RosterError: the file breaks a rule; all faults, each with its line.
    """
    rows = [(line, cells) for line, cells in _lines(path) if any(cells)]
    if not rows:
        raise RosterError(f"{path} is empty. Its first line should be: {','.join(_COLUMNS)}")
    columns, faults = _columns(*rows[0])
    if faults:
        raise _refused(path, faults)
    people = [_Row(line, _person(columns, cells)) for line, cells in rows[1:]]
    faults = [
        *_miscounted(len(rows[0][1]), rows[1:]),
        *(f for row in people for f in _faults(row, system_account or is_system_account)),
        *_doubled(people, "id", lambda each: each.id.casefold()),
        *_doubled(people, "e-mail", lambda each: each.email.casefold()),
    ]
    if not any(row.person.is_instructor for row in people):
        faults.append((0, f"nobody teaches: write {INSTRUCTORS} as somebody's group"))
    if all(row.person.is_instructor for row in people):
        faults.append((0, "nobody learns: there is no line of a learner"))
    if faults:
        raise _refused(path, faults)
    return tuple(row.person for row in people)


def is_account_name(text: str) -> bool:
    """Whether an account may be called so.

    Example:
        >>> [is_account_name(name) for name in ("ada", "ada-b_2", "2ada", "Ada", "a+b", "")]
        [True, True, False, False, False, False]
    """
    return _ACCOUNT.fullmatch(text) is not None


def is_system_account(name: str) -> bool:
    """Whether the machine has, or may come to have, this account for itself."""
    if name in _RESERVED or name.startswith(("grader-", "systemd-", "saturdays-")):
        return True
    try:
        return not _FIRST_UID <= pwd.getpwnam(name).pw_uid <= _LAST_UID
    except KeyError:
        return False


_Fault = tuple[int, str]  # the line, 0 for the whole file; what is wrong with it


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RosterError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RosterError(
            f"{path}, line {line}: this is not UTF-8. Save the file as CSV UTF-8."
        ) from error
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in rows:
            yield rows.line_num, [unicodedata.normalize("NFC", cell.strip()) for cell in cells]
    except csv.Error as error:
        raise RosterError(f"{path}, line {rows.line_num}: {error}. Mend that line.") from error


def _columns(line: int, header: Sequence[str]) -> tuple[Mapping[str, int], list[_Fault]]:
    names = ["e-mail" if name.casefold() == "email" else name.casefold() for name in header]
    faults: list[_Fault] = []
    for name in dict.fromkeys(names):
        if name not in _COLUMNS:
            what = f"there is no column {name!r}" if name else "a column has no name"
            known = ", ".join(_COLUMNS)
            faults.append((line, f"{what}; known: {known}.{did_you_mean(name, _COLUMNS)}"))
        elif names.count(name) > 1:
            faults.append((line, f"the column {name!r} stands there {names.count(name)} times"))
    missing = [name for name in _COLUMNS if name not in names and name not in _OPTIONAL]
    if missing:
        faults.append((line, f"the first line does not name: {', '.join(missing)}"))
    return {name: names.index(name) for name in names}, faults


def _person(columns: Mapping[str, int], cells: Sequence[str]) -> Person:
    def cell(name: str) -> str:
        place = columns.get(name, len(cells))
        return cells[place] if place < len(cells) else ""

    return Person(cell("id"), cell("name"), cell("e-mail"), cell("group"))


def _miscounted(width: int, rows: Sequence[tuple[int, list[str]]]) -> Iterator[_Fault]:
    for line, cells in rows:
        if len(cells) < width or any(cells[width:]):
            yield line, f"{len(cells)} cells, but the first line names {width} columns"


def _faults(row: _Row, system_account: Callable[[str], bool]) -> Iterator[_Fault]:
    person, line = row.person, row.line
    if not is_account_name(person.id):
        yield line, _bad_id(person)
    elif system_account(person.id):
        yield line, f"the id {person.id!r} belongs to the system; choose another"
    if not person.name:
        yield line, "there is no name"
    for what, text in (("name", person.name), ("group", person.group)):
        if not text.isprintable() or len(text) > _LONGEST:
            yield line, f"the {what} {text[:20]!r} is too long, or has characters that are no text"
    if person.email and not re.fullmatch(r"[^\s@,;<>]+@[^\s@,;<>]+", person.email):
        yield line, f"{person.email!r} is no e-mail address"
    if person.group.casefold().rstrip("s") == INSTRUCTORS[:-1] and not person.is_instructor:
        yield line, f"the group {person.group!r} is not {INSTRUCTORS!r}: write it so"


def _bad_id(person: Person) -> str:
    rule = "small letters a-z, digits, - and _, at most 32, and a letter first"
    what = f"the id {person.id!r} has other than {rule}" if person.id else "there is no id"
    suggestion = _as_account_name(person.id or person.name)
    return f"{what}. For example: {suggestion}" if suggestion else what


def _as_account_name(text: str) -> str:
    """The closest name that an account may have; nothing, where no letter is like one."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    name = re.sub(r"[^a-z0-9_]+", "-", plain.lower()).strip("-_").lstrip("0123456789-_")[:32]
    return name if is_account_name(name) else ""


def _doubled(rows: Sequence[_Row], what: str, key: Callable[[Person], str]) -> Iterator[_Fault]:
    first: dict[str, int] = {}
    for row in rows:
        value = key(row.person)
        if value and value in first:
            yield row.line, f"the {what} {value!r} stands in line {first[value]} too"
        first.setdefault(value, row.line)


def _refused(path: Path, faults: Sequence[_Fault]) -> RosterError:
    told = [f"line {line}: {what}" if line else what for line, what in sorted(faults)]
    return RosterError(f"{path} cannot be used; nothing was changed.\n  " + "\n  ".join(told))

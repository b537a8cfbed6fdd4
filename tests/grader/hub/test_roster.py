"""A roster as spreadsheets write it is read; all that is wrong with one is told at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from grader.errors import RosterError
from grader.hub.roster import INSTRUCTORS, Person, is_system_account, read_roster

GOOD = """\
name,id,e-mail,group
Ngozi Eze,ngozi,ngozi@example.org,instructors
Adé Balogun,ade-balogun,ade@example.org,saturday
Bola,bola,,
"""
PEOPLE = (
    Person("ngozi", "Ngozi Eze", "ngozi@example.org", INSTRUCTORS),
    Person("ade-balogun", "Adé Balogun", "ade@example.org", "saturday"),
    Person("bola", "Bola"),
)


def read(folder: Path, text: str | bytes) -> tuple[Person, ...]:
    path = folder / "roster.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_roster(path, system_account=lambda name: name == "daemon")


def refusal(folder: Path, *lines: str) -> str:
    """What is said of a good roster with these lines after it."""
    with pytest.raises(RosterError) as caught:
        read(folder, GOOD + "\n".join(lines))
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD.replace("\n", "\r\n"),
        "\ufeff" + GOOD,
        GOOD.replace(",", ";"),
        GOOD.replace(",", "\t"),
        GOOD.replace("e-mail", "Email").replace("name,id", "Name,ID"),
        "\n" + GOOD.replace("\n", "\n\n") + ",,,\n",
        GOOD.replace("Ngozi Eze", '"Ngozi Eze"').replace(",ngozi,", ", ngozi ,"),
        GOOD.replace("é", "e\u0301"),
    ],
    ids=["plain", "crlf", "bom", "semicolons", "tabs", "email", "blank", "quoted", "decomposed"],
)
def test_a_roster_is_read_however_a_spreadsheet_wrote_it(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == PEOPLE


def test_the_order_of_columns_is_free_and_the_e_mail_may_be_left_out(tmp_path: Path) -> None:
    people = read(tmp_path, "group,id,name\ninstructors,ngozi,Ngozi\nsaturday,ada,Ada\n")
    assert people == (
        Person("ngozi", "Ngozi", "", INSTRUCTORS),
        Person("ada", "Ada", "", "saturday"),
    )
    assert [each.is_instructor for each in people] == [True, False]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("X,bola,,", "line 5: the id 'bola' stands in line 4 too"),
        ("X,Bola,,", "line 5: the id 'bola' stands in line 4 too"),
        ("X,ada,ADE@example.org,", "line 5: the e-mail 'ade@example.org' stands in line 3 too"),
        ("X,adé balogun,,", "For example: ade-balogun"),
        ("Chidi Obi,,,", "line 5: there is no id. For example: chidi-obi"),
        ("X,2ada,,", "a letter first. For example: ada"),
        ("X,a+b,,", "For example: a-b"),
        ("X,*,,", "the id '*' has other than small letters"),
        ("X,../etc,,", "For example: etc"),
        (f"X,{'a' * 33},,", "at most 32"),
        ("X,daemon,,", "line 5: the id 'daemon' belongs to the system"),
        (",ada,,", "line 5: there is no name"),
        ("A\u200bda,ada,,", "has characters that are no text"),
        (f"{'A' * 101},ada,,", "is too long"),
        ("Ada,ada,nobody,", "'nobody' is no e-mail address"),
        ("Ada,ada,,Instructor", "the group 'Instructor' is not 'instructors'"),
        ("Ada,ada", "line 5: 2 cells, but the first line names 4 columns"),
        ("Ada,ada,,,x", "line 5: 5 cells"),
        ('Ada,"ada"x,,', "line 5: ',' expected after '\"'"),
    ],
)
def test_a_bad_line_is_told_with_its_number(tmp_path: Path, line: str, told: str) -> None:
    assert told in refusal(tmp_path, line)


def test_an_id_without_any_latin_letter_gets_no_suggestion(tmp_path: Path) -> None:
    assert "For example" not in refusal(tmp_path, "Αδα,αδα,,")


def test_all_faults_are_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    told = refusal(tmp_path, "X,daemon,,", "Y,Y,,", "Z,bola,,")
    lines = [line.strip().partition(":")[0] for line in told.splitlines()[1:]]
    assert lines == ["line 5", "line 6", "line 7"]
    assert "nothing was changed" in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("name,id,e-mail,group\n", "nobody teaches"),
        ("name,id,group\nAda,ada,saturday\n", "nobody teaches"),
        ("name,id,group\nAda,ada,instructors\n", "nobody learns"),
        ("name,id,group,grop\n", "there is no column 'grop'; known: name, id, e-mail, group. Did"),
        ("name,id,group,\n", "a column has no name"),
        ("name,id,id,group\n", "the column 'id' stands there 2 times"),
        ("Ada,ada\n", "does not name: name, id, group"),
        ("name,id,group\nAda,ada,sat\x00urday\n", "no text"),
        (b"name,id,group\nAd\xe9,ade,saturday\n", "line 2: this is not UTF-8"),
        (GOOD.encode("utf-16"), "line 1: this is not UTF-8"),
    ],
)
def test_a_bad_file_is_refused_as_a_whole(tmp_path: Path, text: str | bytes, told: str) -> None:
    with pytest.raises(RosterError, match=re.escape(told)):
        read(tmp_path, text)


def test_a_missing_file_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(RosterError, match="cannot be read: No such file"):
        read_roster(tmp_path / "none.csv")


def test_what_the_machine_has_for_itself_is_no_persons() -> None:
    names = ["root", "nobody", "daemon", "www-data", "grader", "grader-week3", "systemd-x"]
    assert all(map(is_system_account, names))
    assert not is_system_account("no-such-account-here")

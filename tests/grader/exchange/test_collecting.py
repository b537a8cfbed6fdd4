"""Collect takes what is honest and refuses what is not, and one never stops the other."""

from __future__ import annotations

import errno
import os
import shutil
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from grader.errors import ExchangeError, UnknownAssignment
from grader.exchange import collecting, refusals, tree
from grader.exchange.attempts import keep_attempt
from grader.exchange.collecting import collect_inbound
from grader.exchange.refusals import read_refusals
from grader.exchange.tree import Rules

from .conftest import Exchange

Spoil = Callable[[Exchange, Path], object]


def deep(_: Exchange, folder: Path) -> None:
    place = folder
    for _n in range(20):
        place = place / "in"
        place.mkdir()


def many(_: Exchange, folder: Path) -> None:
    for number in range(1200):
        (folder / f"{number}.txt").touch()


def sock(_: Exchange, folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(folder)  # a socket's path may have 108 bytes
        server.bind("socket")
        os.chdir(here)


def sparse(_: Exchange, folder: Path) -> None:
    with (folder / "huge.bin").open("wb") as file:
        file.truncate(40 * 2**30)  # takes no room at all on disk


HOSTILE: dict[str, tuple[Spoil, str]] = {
    "another's folder": (lambda e, f: e.give_away(f), "the folder belongs to another account"),
    "another's file": (
        lambda e, f: e.give_away(f / "tiny.ipynb"),
        "`tiny.ipynb` belongs to another account",
    ),
    "a link": (lambda e, f: (f / "a").symlink_to("/etc/passwd"), "`a` is a symbolic link"),
    "a dangling link": (lambda e, f: (f / "a").symlink_to("nowhere"), "`a` is a symbolic link"),
    "a linked folder": (lambda e, f: (f / "a").symlink_to("/etc"), "`a` is a symbolic link"),
    "a hard link": (
        lambda e, f: (f / "a").hardlink_to(e.course.root / "course.toml"),
        "`a` is a hard link",
    ),
    "a named pipe": (lambda e, f: os.mkfifo(f / "a"), "`a` is a named pipe"),
    "a socket": (sock, "`socket` is a socket"),
    "21 MiB": (
        lambda e, f: (f / "big.bin").write_bytes(bytes(21 * 2**20)),
        "more than 20 MiB together",
    ),
    "a sparse file of 40 GiB": (sparse, "more than 20 MiB together"),
    "1200 files": (many, "more than 1000 files"),
    "20 folders deep": (deep, "too deep"),
    "a name with a newline": (lambda e, f: (f / "a\nb").touch(), "holds signs"),
    "a name that is no text": (
        lambda e, f: Path(os.fsdecode(os.fsencode(f) + b"/\xff")).touch(),
        "holds signs",
    ),
    "a name of another system": (lambda e, f: (f / "..\\..\\a").touch(), "holds signs"),
    "a link in a folder": (
        lambda e, f: ((f / "d").mkdir(), (f / "d" / "a").symlink_to("/etc/passwd")),
        "`d/a` is a symbolic link",
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_folder_with_this_is_refused_and_the_honest_one_beside_it_is_taken(
    what: str, exchange: Exchange
) -> None:
    spoil, reason = HOSTILE[what]
    exchange.hand_in("bola", "honest work")
    folder = exchange.hand_in("ada", "a trick")
    spoil(exchange, folder)
    collected = exchange.collect()
    assert [(each.learner, each.folder) for each in collected.refused] == [("ada", folder.name)]
    assert reason in collected.refused[0].reason
    assert [line for line in exchange.said if reason in line and folder.name in line]
    assert list(read_refusals(exchange.course, "tiny")) == list(collected.refused)
    assert (exchange.attempts("ada"), exchange.counting("ada")) == ((), None)
    assert exchange.counting("bola") == "honest work"
    assert folder.exists()
    assert not list((exchange.course.var / "attempts").rglob(".part*"))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ada+tiny", "its name is not LEARNER+ASSIGNMENT+TIME"),
        ("no plus", "its name is not"),
        ("ada+tinny+2026-01-01 00:00:00 UTC+x", "no such assignment"),
        ("..+tiny+2026-01-01 00:00:00 UTC+x", ""),
        ("-rf+tiny+2026-01-01 00:00:00 UTC+x", "no learner can be called so"),
        ("*+tiny+2026-01-01 00:00:00 UTC+x", "no learner can be called so"),
        ("a\\b+tiny+2026-01-01 00:00:00 UTC+x", "no learner can be called so"),
        ("nobody-here+tiny+2026-01-01 00:00:00 UTC+x", "there is no account 'nobody-here'"),
    ],
)
def test_a_name_that_nbgrader_never_gives_is_refused(
    name: str, reason: str, exchange: Exchange
) -> None:
    exchange.hand_in(name=name)
    exchange.hand_in("bola")
    collected = exchange.collect()
    assert [each.learner for each in collected.learners] == ["bola"]
    if reason:  # a name with a dot in front is passed over, as a copy that is being made
        assert reason in collected.refused[0].reason
    assert not (exchange.course.var / "tiny").exists()


def test_a_file_and_a_link_in_the_place_of_a_folder_are_refused(exchange: Exchange) -> None:
    elsewhere = exchange.hand_in("bola")
    (exchange.inbound / "ada+tiny+2026-01-01 00:00:00 UTC+a").symlink_to(elsewhere)
    (exchange.inbound / "ada+tiny+2026-01-01 00:00:00 UTC+b").write_text("a file")
    reasons = [each.reason for each in exchange.collect().refused]
    assert reasons == ["it is a symbolic link, not a folder", "it is a file, not a folder"]
    assert exchange.attempts("ada") == ()


def test_a_refusal_is_told_each_time_and_recorded_once(exchange: Exchange) -> None:
    (exchange.hand_in() / "a").symlink_to("b")
    for _ in range(3):
        assert len(exchange.collect().refused) == 1
    (refusal,) = read_refusals(exchange.course)
    assert (refusal.learner, refusal.assignment) == ("ada", "tiny")
    assert refusal.owner
    assert refusal.time <= datetime.now(UTC)


def test_what_is_on_record_is_read_once_however_many_folders_there_are(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or one learner's ten thousand folders would hold a collect up for an hour."""
    reads: list[str] = []

    def counted(name: str, read: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args: (reads.append(name), read(*args))[1]

    for module, name in ((collecting, "read_attempts"), (refusals, "read_refusals")):
        monkeypatch.setattr(module, name, counted(name, getattr(module, name)))
    for number in range(5):
        exchange.hand_in(text=f"answer {number}")
        (exchange.inbound / f"bad {number}").mkdir()
    collected = exchange.collect()
    assert collected.new == {"ada": 5}
    assert len(collected.refused) == 5
    assert sorted(reads) == ["read_attempts", "read_refusals"]


def test_without_accounts_owners_are_not_compared(exchange: Exchange) -> None:
    exchange.give_away(exchange.hand_in("somebody"))
    assert exchange.collect(owners=False).refused == ()
    assert exchange.counting("somebody") == "an answer"


def test_only_those_who_are_asked_for_are_collected(exchange: Exchange) -> None:
    exchange.hand_in("ada")
    exchange.hand_in("bola")
    exchange.collect(learners="b*")
    assert (exchange.attempts("ada"), len(exchange.attempts("bola"))) == ((), 1)


def test_other_assignments_are_left_alone(exchange: Exchange) -> None:
    path = exchange.course.root / "course.toml"
    path.write_text(
        path.read_text() + '[[assignments]]\nid = "other"\ntitle = "Other"\nminutes = 5\n'
    )
    exchange.due(None)
    exchange.hand_in(assignment="other")
    collected = exchange.collect()
    assert (collected.learners, collected.refused) == ((), ())


def test_an_unknown_assignment_and_a_missing_exchange_are_said(exchange: Exchange) -> None:
    with pytest.raises(UnknownAssignment, match="Did you mean 'tiny'"):
        collect_inbound(exchange.course, "tinny", exchange.inbound, log=collecting_log())
    shutil.rmtree(exchange.inbound)
    with pytest.raises(ExchangeError, match="could not be collected"):
        exchange.collect()


def collecting_log() -> Any:
    import logging

    return logging.getLogger("collecting")


# the time of a submission


def within(moment: datetime, start: datetime) -> bool:
    # the kernel's time of a change may be that of its last tick, some milliseconds ago
    return start - timedelta(seconds=0.1) <= moment <= datetime.now(UTC)


FORGED: dict[str, Callable[[Exchange], Path]] = {
    "by the name and the file": lambda e: e.hand_in(claimed=datetime(2020, 1, 1, tzinfo=UTC)),
    "ahead": lambda e: e.hand_in(claimed=datetime(2099, 1, 1, tzinfo=UTC)),
    "no time at all": lambda e: e.hand_in(claimed="tomorrow", name="ada+tiny+soon+x"),
    "no text at all": lambda e: _with_bytes(e.hand_in(), b"\xff\xfe" * 10**6),
}


def _with_bytes(folder: Path, data: bytes) -> Path:
    (folder / "timestamp.txt").write_bytes(data)
    return folder


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_time_is_not_believed_and_is_told(how: str, exchange: Exchange) -> None:
    start = datetime.now(UTC)
    FORGED[how](exchange)
    (refusal,) = exchange.collect().refused
    assert "collected with the server's time" in refusal.reason
    (attempt,) = exchange.attempts()
    assert within(attempt.submitted, start)
    stamp = (exchange.course.submitted("tiny", "ada") / "timestamp.txt").read_text()
    assert stamp == f"{attempt.submitted:%Y-%m-%d %H:%M:%S.%f} UTC"


def test_a_modification_time_that_is_set_back_changes_nothing(exchange: Exchange) -> None:
    start = datetime.now(UTC)
    folder = exchange.hand_in()
    for path in (folder / "tiny.ipynb", folder / "timestamp.txt", folder):
        os.utime(path, (10**9, 10**9))
    exchange.collect()
    (attempt,) = exchange.attempts()
    assert within(attempt.submitted, start)


def test_an_answer_that_is_changed_after_the_due_date_is_late(exchange: Exchange) -> None:
    claimed = datetime.now(UTC)
    folder = exchange.hand_in("ada", "in time", claimed=claimed)
    due = datetime.now(UTC) + timedelta(seconds=0.02)
    exchange.due(due)
    while datetime.now(UTC) < due + timedelta(seconds=0.02):
        pass
    (folder / "tiny.ipynb").write_text("with one more idea")
    exchange.collect()
    assert [attempt.is_late(due) for attempt in exchange.attempts()] == [True]


def test_an_honest_time_is_not_remarked_upon(exchange: Exchange) -> None:
    exchange.hand_in()
    assert exchange.collect().refused == ()


def test_a_folder_that_is_brought_back_from_a_backup_keeps_its_first_time(
    exchange: Exchange,
) -> None:
    folder = exchange.hand_in()
    exchange.collect()
    before = exchange.attempts()
    shutil.copytree(folder, folder.with_name("copy"))
    shutil.rmtree(folder)
    folder.with_name("copy").rename(folder)
    exchange.collect()
    assert exchange.attempts() == before


def test_a_clock_that_is_ahead_cannot_make_a_submission_of_tomorrow(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    monkeypatch.setattr(collecting, "time_of", lambda _: tomorrow)
    exchange.hand_in()
    exchange.collect()
    (attempt,) = exchange.attempts()
    assert attempt.submitted < datetime.now(UTC)


# while others write, and when things break


def test_a_folder_that_is_being_written_is_taken_when_it_is_complete(exchange: Exchange) -> None:
    folder = exchange.hand_in()
    secret = folder / "submission_secret.txt"
    text = secret.read_text()
    secret.unlink()  # the last that nbgrader's own submit writes
    collected = exchange.collect()
    assert (collected.unfinished, collected.refused) == ((folder.name,), ())
    assert exchange.attempts() == ()
    secret.write_text(text)
    exchange.collect()
    assert exchange.counting() == "an answer"


def test_a_copy_under_a_name_with_a_dot_is_passed_over(exchange: Exchange) -> None:
    exchange.hand_in(name=".ada+tiny+2026-01-01 00:00:00 UTC+x.part")
    collected = exchange.collect()
    assert (collected.learners, collected.refused, collected.unfinished) == ((), (), ())


def _meddle(monkeypatch: pytest.MonkeyPatch, meddle: Callable[[], object], times: int) -> None:
    """Do something the moment after the look and before the copy, that many times."""
    copy_file, left = tree._copy_file, [times]

    def first(*args: Any) -> str:
        if left[0] > 0 and args[1] == "tiny.ipynb":
            left[0] -= 1
            meddle()
        return copy_file(*args)

    monkeypatch.setattr(tree, "_copy_file", first)


def test_a_file_that_becomes_a_link_between_look_and_copy_gains_nothing(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = exchange.course.root / "solutions" / "secret.txt"
    secret.write_text("the solutions")
    path = exchange.hand_in() / "tiny.ipynb"

    def swap() -> None:
        path.unlink()
        path.symlink_to(secret)

    _meddle(monkeypatch, swap, 1)
    (refusal,) = exchange.collect().refused
    assert "tiny.ipynb" in refusal.reason
    assert exchange.attempts() == ()


@pytest.mark.parametrize("change", ["grows", "is another", "is gone", "has company"])
def test_a_folder_that_changes_while_it_is_copied_is_taken_again(
    change: str, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = exchange.hand_in(text="first") / "tiny.ipynb"

    def meddle() -> None:
        match change:
            case "grows":
                path.write_text("first and second")
            case "is another":
                path.with_name("new").write_text("other")
                path.with_name("new").replace(path)
            case "is gone":
                path.unlink()
            case _:
                path.with_name("company.txt").touch()

    _meddle(monkeypatch, meddle, 1)
    assert exchange.collect().refused == ()
    (attempt,) = exchange.attempts()
    assert {name: (attempt.files / name).exists() for name in attempt.sha256} == dict.fromkeys(
        attempt.sha256, True
    )
    now = {each.name for each in path.parent.iterdir()}
    assert set(attempt.sha256) == now


def test_a_folder_that_never_stops_changing_is_refused(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = exchange.hand_in() / "tiny.ipynb"
    exchange.hand_in("bola")
    _meddle(monkeypatch, lambda: path.write_text(path.read_text() + "more"), 10)
    (refusal,) = exchange.collect().refused
    assert "changed while it was copied" in refusal.reason
    assert len(exchange.attempts("bola")) == 1


def test_a_full_disk_keeps_what_there_is_and_says_so(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.hand_in("ada", "small")
    exchange.collect()
    exchange.hand_in("ada", "too much")

    def write(_handle: int, _data: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write)
        with pytest.raises(ExchangeError, match=r"disk is full\. Make room, then collect again"):
            exchange.collect()
    assert (len(exchange.attempts()), exchange.counting()) == (1, "small")
    assert not list((exchange.course.var / "attempts").rglob(".part*"))
    exchange.collect()
    assert (len(exchange.attempts()), exchange.counting()) == (2, "too much")


def test_what_a_killed_collect_has_left_is_cleared_and_never_counts(exchange: Exchange) -> None:
    with keep_attempt(exchange.course, "tiny", "ada") as (part, _):
        shutil.copytree(part, left := part.with_name(".part-of-a-killed-one"))
    (left / "files").mkdir()
    (left / "attempt.json").write_text("{")
    exchange.hand_in()
    exchange.collect()
    assert not left.exists()
    assert len(exchange.attempts()) == 1


def test_an_unreadable_file_is_refused_and_not_taken_for_a_full_disk(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.hand_in()
    read = os.read

    def fail(handle: int, most: int) -> bytes:
        if b"an answer" in (data := read(handle, most)):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return data

    monkeypatch.setattr(os, "read", fail)
    (refusal,) = exchange.collect().refused
    assert refusal.reason == f"`tiny.ipynb` cannot be read: {os.strerror(errno.EIO)}"


def test_the_copies_are_ours_with_plain_modes(exchange: Exchange) -> None:
    folder = exchange.hand_in()
    (folder / "run.sh").write_text("echo")
    (folder / "run.sh").chmod(0o6777)
    (folder / "data").mkdir(mode=0o700)
    exchange.collect()
    (attempt,) = exchange.attempts()
    for place in (attempt.files, exchange.course.submitted("tiny", "ada")):
        assert (place / "run.sh").stat().st_mode & 0o7022 == 0
        assert (place / "run.sh").stat().st_uid == os.getuid()
        assert (place / "data").is_dir()


def test_a_file_that_shrinks_while_it_is_read_is_noticed(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = exchange.hand_in()
    seen = tree.look_at(folder, Rules(2**20))
    monkeypatch.setattr(tree, "_read", lambda *_: b"")
    with pytest.raises(tree.TreeChanged, match="changed while it was copied"):
        tree.copy_tree(folder, seen, tmp_path / "copy")


@pytest.mark.parametrize("path", ["link", "folder/file"])
def test_no_part_of_a_path_is_followed_when_it_is_opened(path: str, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").write_text("a secret")
    folder = tmp_path / "handed in"
    folder.mkdir()
    (folder / "link").symlink_to(elsewhere / "file")
    (folder / "folder").symlink_to(elsewhere)
    with pytest.raises(tree.TreeError), tree._opened(folder, path):
        pytest.fail("followed")


def test_all_rules_have_a_limit() -> None:
    assert Rules(1).max_files <= 1000
    assert Rules(1).max_depth <= 12

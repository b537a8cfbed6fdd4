"""No attempt is ever lost, and the one that is graded is the one that the rule names."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.errors import ExchangeError
from grader.exchange.attempts import (
    Attempt,
    find_attempt,
    forget_restored,
    restore_attempt,
)
from grader.exchange.counting import which_counts
from grader.exchange.submitted import settle

from .conftest import Exchange

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def attempt(minutes: float) -> Attempt:
    """One that was handed in so many minutes after noon."""
    moment = NOON + timedelta(minutes=minutes)
    return Attempt(Path(f"{minutes:+}"), "ada", "tiny", moment, None, moment, {}, "", 0)


EARLY, MIDDLE, AT_NOON, LATE, LATER = ALL = tuple(map(attempt, (-9, -5, 0, 1, 2)))


@pytest.mark.parametrize(
    ("attempts", "due", "expected"),
    [
        (ALL, NOON, AT_NOON),  # at the very moment is in time
        (ALL, None, LATER),
        ((EARLY, LATE), NOON, EARLY),
        ((LATE, LATER), NOON, LATER),  # late is better than nothing
        ((), NOON, None),
    ],
)
def test_the_last_in_time_counts_or_the_last_of_all(
    attempts: tuple[Attempt, ...], due: datetime | None, expected: Attempt | None
) -> None:
    assert which_counts(attempts, due=due, rule="last") == expected


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ({EARLY.id: 3.0, MIDDLE.id: 2.0, AT_NOON.id: 1.0, LATER.id: 9.0}, EARLY),
        ({EARLY.id: 3.0, MIDDLE.id: 3.0, AT_NOON.id: 1.0}, MIDDLE),  # the later of two equals
        ({EARLY.id: 0.0}, EARLY),  # what is known comes before what is not
        ({}, AT_NOON),
    ],
)
def test_the_best_in_time_counts(points: dict[str, float], expected: Attempt) -> None:
    best = which_counts(ALL, due=NOON, rule="best", points=lambda each: points.get(each.id))
    assert best == expected


def test_a_restored_attempt_comes_before_any_rule() -> None:
    for rule in ("last", "best"):
        assert which_counts(ALL, due=NOON, rule=rule, restored=LATE.id) == LATE
    assert which_counts(ALL, due=NOON, rule="last", restored="gone") == AT_NOON


def test_earlier_attempts_are_kept_when_there_is_a_newer_one(exchange: Exchange) -> None:
    for text in ("one", "two", "three"):
        exchange.hand_in("ada", text)
        exchange.collect()
    found = exchange.attempts()
    assert [(each.files / "tiny.ipynb").read_text() for each in found] == ["one", "two", "three"]
    assert exchange.counting() == "three"
    assert [each.submitted for each in found] == sorted(each.submitted for each in found)


def test_collecting_again_changes_nothing(exchange: Exchange) -> None:
    exchange.hand_in()
    assert exchange.collect().new == {"ada": 1}
    before = {p: p.stat().st_ino for p in exchange.course.var.rglob("*")}
    assert exchange.collect().new == {}
    assert {p: p.stat().st_ino for p in exchange.course.var.rglob("*")} == before


def test_the_record_of_an_attempt_says_when_whence_and_what(exchange: Exchange) -> None:
    folder = exchange.hand_in()
    exchange.collect()
    (kept,) = exchange.attempts()
    facts = json.loads((kept.folder / "attempt.json").read_text())
    assert facts["inbound"] == folder.name
    # by another tool: printf 'an answer' | sha256sum
    assert facts["sha256"]["tiny.ipynb"] == (
        "ee9555184346cf42bc9ef6619d764c88f4c193f8fabbbffc0cceacfa44a9dd35"
    )
    assert set(facts["sha256"]) == {"tiny.ipynb", "timestamp.txt", "submission_secret.txt"}
    assert kept.id == f"{kept.submitted:%Y-%m-%dT%H-%M-%S.%fZ}"
    assert kept.claimed is not None
    assert kept.claimed <= kept.submitted + timedelta(seconds=0.1)
    assert kept.submitted <= kept.collected


def test_two_attempts_of_one_moment_are_both_kept(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.exchange.collecting.time_of", lambda _: NOON - timedelta(days=999))
    exchange.hand_in("ada", "one")
    exchange.hand_in("ada", "two")
    exchange.collect()
    texts = {(each.files / "tiny.ipynb").read_text() for each in exchange.attempts()}
    assert texts == {"one", "two"}


def test_moving_the_due_date_lets_another_attempt_count(exchange: Exchange) -> None:
    exchange.hand_in("ada", "in time")
    exchange.collect()
    due = datetime.now(UTC)
    exchange.hand_in("ada", "late")
    exchange.due(due)
    exchange.collect()
    assert exchange.counting() == "in time"
    exchange.due(None)
    settle(exchange.course, "tiny", "ada", now=due)
    assert exchange.counting() == "late"


def test_restoring_holds_until_the_rule_is_asked_for_again(exchange: Exchange) -> None:
    for text in ("one", "two"):
        exchange.hand_in("ada", text)
        exchange.collect()
    first = exchange.attempts()[0]
    restore_attempt(exchange.course, first, now=NOON)
    exchange.hand_in("ada", "three")
    (standing,) = exchange.collect().learners
    assert (exchange.counting(), standing.restored) == ("one", True)
    forget_restored(exchange.course, "tiny", "ada")
    (standing,) = exchange.collect().learners
    assert (exchange.counting(), standing.restored) == ("three", False)
    assert len(exchange.attempts()) == 3


def test_an_attempt_is_found_by_the_beginning_of_its_time() -> None:
    found = (attempt(-9), attempt(-5))
    assert find_attempt(found, "-9") == found[0]
    with pytest.raises(ExchangeError, match="several attempts have a time that begins with '-'"):
        find_attempt(found, "-")
    for beginning in ("", "2027"):
        with pytest.raises(ExchangeError, match=r"no attempt has a time.*there are: -9, -5"):
            find_attempt(found, beginning)


def test_what_was_put_in_by_hand_is_left_alone_where_nothing_else_is(exchange: Exchange) -> None:
    path = exchange.course.submitted_notebook("tiny", "ada")
    path.parent.mkdir(parents=True)
    path.write_text("by mail")
    exchange.hand_in("bola")
    assert [each.learner for each in exchange.collect().learners] == ["bola"]
    assert exchange.attempts("ada") == ()
    assert list(path.parent.iterdir()) == [path]


def test_what_was_put_in_by_hand_is_kept_before_something_takes_its_place(
    exchange: Exchange,
) -> None:
    path = exchange.course.submitted_notebook("tiny", "ada")
    path.parent.mkdir(parents=True)
    path.write_text("by mail")
    exchange.hand_in("ada", "newer")
    exchange.collect()
    assert exchange.counting() == "newer"
    texts = [(each.files / "tiny.ipynb").read_text() for each in exchange.attempts()]
    assert sorted(texts) == ["by mail", "newer"]
    by_hand = [each for each in exchange.attempts() if not each.inbound]
    assert [(each.files / "tiny.ipynb").read_text() for each in by_hand] == ["by mail"]


def test_the_time_that_an_instructor_gives_a_mailed_notebook_is_taken(exchange: Exchange) -> None:
    exchange.hand_in("ada", "by the exchange")
    exchange.collect()
    folder = exchange.course.submitted("tiny", "ada")
    (folder / "tiny.ipynb").write_text("by mail")
    (folder / "timestamp.txt").write_text("2026-01-31 12:00:00 UTC")
    exchange.collect()
    assert next(each.submitted for each in exchange.attempts()) == NOON
    assert exchange.counting() == "by the exchange"


def test_what_jupyter_leaves_when_somebody_looks_is_no_attempt(exchange: Exchange) -> None:
    exchange.hand_in()
    exchange.collect()
    checkpoints = exchange.course.submitted("tiny", "ada") / ".ipynb_checkpoints"
    checkpoints.mkdir()
    (checkpoints / "tiny-checkpoint.ipynb").write_text("an answer")
    exchange.collect()
    assert len(exchange.attempts()) == 1


def test_a_link_that_was_put_in_by_hand_is_neither_followed_nor_removed(
    exchange: Exchange, tmp_path: Path
) -> None:
    place = exchange.course.submitted("tiny", "ada")
    place.parent.mkdir(parents=True)
    place.symlink_to(tmp_path / "elsewhere")
    exchange.hand_in()
    (standing,) = exchange.collect().learners
    assert "put there by hand and cannot be kept" in standing.problem
    assert "a symbolic link" in standing.problem
    assert place.is_symlink()
    assert len(exchange.attempts()) == 1


def test_a_kill_between_the_two_renames_is_mended(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.hand_in("ada", "one")
    exchange.collect()
    shutil.rmtree(exchange.course.submitted("tiny", "ada"))  # as after the first of them
    exchange.collect()
    assert exchange.counting() == "one"


def test_an_attempt_that_was_tampered_with_does_not_count(exchange: Exchange) -> None:
    exchange.hand_in()
    exchange.collect()
    (kept,) = exchange.attempts()
    (kept.files / "tiny.ipynb").write_text("something better")
    shutil.rmtree(exchange.course.submitted("tiny", "ada"))
    exchange.hand_in("bola")
    ada, bola = exchange.collect().learners
    assert "is not what was collected" in ada.problem
    assert (bola.problem, exchange.counting("bola")) == ("", "an answer")
    assert exchange.counting() is None


def test_a_damaged_record_is_said_and_stops_nobody_else(exchange: Exchange) -> None:
    exchange.hand_in()
    exchange.collect()
    (exchange.attempts()[0].folder / "attempt.json").write_text("{}")
    exchange.hand_in("bola")
    ada, bola = exchange.collect().learners
    assert "attempt.json is not what it was written as" in ada.problem
    assert (bola.problem, exchange.counting("bola")) == ("", "an answer")


STEPS = st.lists(
    st.tuples(st.sampled_from(["hand in", "collect", "by hand", "due"]), st.sampled_from("xyz")),
    max_size=9,
)


# no deadline: it is the disk's time that is taken
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_whatever_happens_every_attempt_is_found_and_the_rule_decides(
    steps: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """An independent list of what was handed in, when, is all that the expectation knows."""
    exchange = Exchange(tmp_path_factory.mktemp("any"))
    came: list[tuple[str, datetime]] = []
    due: datetime | None = None
    for number, (step, text) in enumerate([*steps, ("collect", "")]):
        match step:
            case "hand in":
                exchange.hand_in("ada", f"{text}{number}")
                came.append((f"{text}{number}", datetime.now(UTC)))
            case "due":
                _tick()
                due = datetime.now(UTC)
                _tick()
                exchange.due(due)
            case "by hand" if exchange.attempts():
                exchange.course.submitted_notebook("tiny", "ada").write_text(f"{text}{number}")
                (exchange.course.submitted("tiny", "ada") / "timestamp.txt").unlink()
                came.append((f"{text}{number}", datetime.now(UTC)))
                exchange.collect()
            case _:
                exchange.collect()
    kept = {(each.files / "tiny.ipynb").read_text() for each in exchange.attempts()}
    assert kept == {text for text, _ in came}
    in_time = [text for text, moment in came if due is None or moment <= due]
    last = [text for text, _ in came][-1:]
    assert exchange.counting() == next(iter(in_time[-1:] or last), None)


def _tick() -> None:
    """The kernel's times of changes are those of its last tick, some milliseconds ago."""
    import time

    time.sleep(0.012)

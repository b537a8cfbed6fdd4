"""The record of progress: nothing recorded is lost, and what is broken is said, not raised."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from course.errors import ArgumentValueError
from course.study import progress as module
from course.study.errors import ProgressError, ProgressReadOnly
from course.study.events import KINDS, OUTCOMES, Event, now, read_lines
from course.study.overview import SYMBOLS, bar, overview
from course.study.progress import Progress, show_progress
from course.study.status import State, Status, status_of
from course.study.workspace import Workspace

WHEN = "2026-01-05T10:00:00.000+00:00"
CHECK = Event(WHEN, "tiny", "double", "check", "failed", 2, 5, "adds_one")


def at(minute: int, kind: str, outcome: str = "", earned: float = 0, **rest: object) -> Event:
    when = f"2026-01-05T10:{minute:02}:00.000+00:00"
    return Event(when, "tiny", "double", kind, outcome, earned, 5, **rest)  # type: ignore[arg-type]


@pytest.fixture
def record(tmp_path: Path) -> Progress:
    return Progress.open(tmp_path / "work" / "progress.jsonl")


def test_what_is_recorded_is_read_again(record: Progress):
    record.record(CHECK)
    record.record(replace(CHECK, time="2026-01-05T11:00:00+01:00", kind="hint", number=2))
    assert [event.kind for event in record.events()] == ["check", "hint"]
    assert record.events()[0] == CHECK
    assert record.notes == ()


def test_the_file_is_made_to_be_read(record: Progress):
    record.record(CHECK)
    assert record.path.read_text("utf-8") == (
        f'{{"time": "{WHEN}", "assignment": "tiny", "exercise": "double", "kind": "check", '
        '"outcome": "failed", "earned": 2, "points": 5, "mistake": "adds_one"}\n'
    )


def test_no_record_is_an_empty_one(record: Progress):
    assert record.events() == ()
    assert record.status("tiny", "double") == Status()
    assert not record.path.parent.exists()


def test_events_come_in_the_order_of_time_whatever_the_offset(record: Progress):
    for when in ("2026-01-05T10:10:00+01:00", "2026-01-05T09:00:00+00:00", "2026-01-05T09:05:00"):
        record.record(replace(CHECK, time=when))
    assert [event.time[11:16] for event in record.events()] == ["09:00", "09:05", "10:10"]
    record.record(replace(CHECK, time="2026-01-05T10:01:00+01:00"))
    assert [event.time[11:16] for event in record.events()] == ["09:00", "10:01", "09:05", "10:10"]


def test_the_present_is_utc_with_milliseconds():
    assert Event(now(), "a", "b", "hint").instant.tzinfo is not None
    assert len(now()) == len(WHEN)
    assert now().endswith("+00:00")


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "checked"},
        {"outcome": "right"},
        {"earned": float("nan")},
        {"points": float("inf")},
        {"time": "yesterday"},
    ],
)
def test_an_event_that_cannot_be_right_is_not_written(record: Progress, wrong: dict[str, object]):
    with pytest.raises(ArgumentValueError):
        record.record(replace(CHECK, **wrong))  # type: ignore[arg-type]
    assert record.events() == ()


TORN = CHECK.line[:40].encode()


def test_a_line_that_was_cut_short_is_left_out_and_the_next_one_is_whole(record: Progress):
    record.record(CHECK)
    with record.path.open("ab") as file:
        file.write(TORN)
    assert record.events() == (CHECK,)
    assert record.notes == ("line 2 was left out: it is cut short or not an event",)
    record.record(replace(CHECK, kind="hint"))
    assert [event.kind for event in record.events()] == ["check", "hint"]
    assert record.path.read_bytes().splitlines()[1] == TORN


def test_a_whole_last_line_without_its_break_counts(record: Progress):
    record.path.parent.mkdir()
    record.path.write_text(CHECK.line)
    record.record(replace(CHECK, kind="hint"))
    assert [event.kind for event in record.events()] == ["check", "hint"]


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b"[]",
        b"null",
        b"\xff\xff",
        b"[" * 100_000,
        CHECK.line.replace('"tiny"', "7").encode(),
        CHECK.line.replace(WHEN, "soon").encode(),
        CHECK.line.replace('"earned": 2', '"earned": "2"').encode(),
        CHECK.line.replace('"earned": 2', '"earned": NaN').encode(),
        CHECK.line.replace('"earned": 2', '"earned": 1e999').encode(),
        CHECK.line.replace('"earned": 2', '"earned": true').encode(),
        CHECK.line.replace("adds_one", "\\ud800").encode(),
        CHECK.line.replace("}", ', "new": "\\ud800"}').encode(),
        CHECK.line.replace("}", ', "new": NaN}').encode(),
    ],
)
def test_a_line_that_is_no_event_spoils_no_other(line: bytes):
    events, notes = read_lines([line, CHECK.line.encode(), b"", b"  "])
    assert events == [CHECK]
    assert len(notes) == 1


def test_what_a_newer_course_wrote_is_kept(record: Progress, tmp_path: Path):
    told = {**json.loads(CHECK.line), "mood": ["good"], "kind": "quiz"}
    other = tmp_path / "other.jsonl"
    other.write_text(json.dumps(told) + "\n", encoding="utf-8")
    assert record.merge(other) == 1
    assert json.loads(record.path.read_text("utf-8")) == told
    assert record.status("tiny", "double").state is State.UNTOUCHED


MANY = """
import sys
from course.study.progress import Event, Progress
record = Progress.open(sys.argv[1])
for number in range(60):
    record.record(Event("2026-01-05T10:00:00+00:00", "tiny", sys.argv[2], "hint", number=number))
"""


def test_several_notebooks_at_once_lose_nothing(record: Progress):
    names = ("a", "b", "c")
    writers = [
        subprocess.Popen([sys.executable, "-c", MANY, str(record.path), name]) for name in names
    ]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    seen = {(event.exercise, event.number) for event in record.events()}
    assert seen == {(name, number) for name in names for number in range(60)}
    assert record.notes == ()


def test_a_merge_is_a_union_and_doing_it_again_adds_nothing(record: Progress, tmp_path: Path):
    other = Progress.open(tmp_path / "other machine.jsonl")
    hint = replace(CHECK, kind="hint", number=1)
    record.record(CHECK)
    other.record(CHECK)
    other.record(hint)
    assert record.merge(other.path) == 1
    assert record.merge(other.path) == 0
    assert record.merge(record.path) == 0
    assert set(record.events()) == {CHECK, hint}
    assert other.merge(record.path) == 0


EVENTS = st.lists(
    st.builds(
        Event,
        st.integers(10, 59).map(lambda minute: f"2026-01-05T10:{minute}:00+00:00"),
        st.sampled_from(["tiny", "größer"]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
        st.sampled_from(KINDS),
        st.sampled_from(OUTCOMES),
        earned=st.floats(0, 9),
        points=st.integers(0, 9).map(float),
        extra=st.dictionaries(st.sampled_from(["x", "y"]), st.none() | st.text("a\n", max_size=2)),
    ),
    max_size=6,
)


@given(EVENTS)
def test_every_event_comes_back_from_its_line(events: list[Event]):
    assert read_lines([event.line.encode() for event in events]) == (events, [])


@given(EVENTS, EVENTS)
def test_both_sides_of_a_merge_have_the_same_events(
    tmp_path_factory: pytest.TempPathFactory, mine: list[Event], theirs: list[Event]
):
    folder = tmp_path_factory.mktemp("merge")
    one, other = Progress.open(folder / "one"), Progress.open(folder / "other")
    for record, events in ((one, mine), (other, theirs)):
        record.path.touch()
        for event in events:
            record.record(event)
    one.merge(other.path)
    other.merge(one.path)
    assert {e.line for e in one.events()} == {e.line for e in [*mine, *theirs]}
    assert {e.line for e in one.events()} == {e.line for e in other.events()}


def test_what_is_no_record_is_not_merged(record: Progress, tmp_path: Path):
    with pytest.raises(ProgressError, match="is no file"):
        record.merge(tmp_path / "missing")
    (tmp_path / "letter").write_text("Dear reader\n")
    with pytest.raises(ProgressError, match="another file"):
        record.merge(tmp_path / "letter")
    assert not record.path.exists()


def test_a_record_that_cannot_be_written_says_what_to_do(
    record: Progress, monkeypatch: pytest.MonkeyPatch
):
    record.record(CHECK)

    def refuse(*_: object) -> int:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(module.os, "open", refuse)
    with pytest.raises(ProgressReadOnly, match=r"Read-only file system.*COURSE_PROGRESS"):
        record.record(CHECK)
    monkeypatch.undo()
    assert record.events() == (CHECK,)


def test_a_folder_in_the_place_of_the_record_is_named(record: Progress):
    record.path.mkdir(parents=True)
    with pytest.raises(ProgressReadOnly, match="directory"):
        record.record(CHECK)
    with pytest.raises(ProgressError, match="cannot be read"):
        record.events()


def test_a_lock_that_is_never_given_back_does_not_hold_anybody_up(
    record: Progress, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "_PATIENCE", 0.01)
    record.record(CHECK)
    with (
        FileLock(record.path.with_name(".progress.jsonl.lock")),
        pytest.raises(ProgressReadOnly, match="in use"),
    ):
        record.record(CHECK)
    record.record(CHECK)
    assert len(record.events()) == 2


def test_others_cannot_write_the_record(record: Progress):
    record.record(CHECK)
    assert record.path.stat().st_mode & 0o022 == 0


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([], "untouched"),
        ([at(0, "check", "unattempted"), at(1, "check", "errored")], "untouched"),
        ([at(0, "check", "failed")], "started"),
        ([at(0, "hint", number=1)], "started"),
        ([at(0, "check", "failed"), at(1, "check", "passed")], "passed"),
        ([at(0, "hint", number=1), at(1, "check", "passed")], "passed with hints"),
        ([at(0, "check", "passed"), at(1, "hint", number=1), at(2, "solution")], "passed"),
        ([at(0, "check", "passed"), at(1, "check", "failed")], "passed"),
        ([at(0, "solution")], "solution seen"),
        ([at(0, "hint", number=1), at(1, "solution"), at(2, "check", "passed")], "solution seen"),
        ([at(0, "review", "passed")], "untouched"),
    ],
)
def test_the_state_of_an_exercise(events: list[Event], state: str):
    assert status_of(events).state == state


def test_marks_attempts_hints_and_the_last_mistake():
    events = [
        at(0, "check", "unattempted"),
        at(1, "hint", number=1),
        at(2, "check", "failed", 3, mistake="adds_one"),
        at(3, "hint", number=1),
        at(4, "hint", number=2),
        at(5, "check", "failed", 2, mistake="forgets"),
    ]
    assert status_of(events) == Status(State.STARTED, 3, 5, 2, 2, "forgets")
    assert status_of([*events, at(6, "check", "passed", 5)]).mistake == ""


def test_statuses_are_told_apart_by_assignment(record: Progress):
    record.record(CHECK)
    record.record(replace(CHECK, assignment="second", outcome="passed"))
    assert record.status("tiny", "double").state is State.STARTED
    assert record.statuses()["second", "double"].state is State.PASSED
    assert record.statuses()["second", "half"] == Status()


def test_the_week_is_drawn(workspace: Workspace, record: Progress):
    record.record(replace(CHECK, outcome="passed", earned=5))
    record.record(replace(CHECK, exercise="half", earned=1))
    shown = repr(show_progress(record, workspace.catalogue.root)).splitlines()
    assert shown[0] == "A sample week"
    assert "  ██████████░░░░░░░░░░  1 of 2 passed, 6 of 7 marks" in shown
    assert "  ✔ double                  ████████  5 of 5   passed" in shown
    assert "  ▸ half                    ████░░░░  1 of 2   started, 1 attempt" in shown
    assert "  ✎ why                               written, 6 marks" in shown
    assert any(line.startswith("  ↺ half of tiny") for line in shown)
    assert all(f"{symbol} {state.value}" in shown[-1] for state, symbol in SYMBOLS.items())
    assert max(map(len, shown)) <= 92


def test_a_notebook_shows_it_as_preformatted_text(workspace: Workspace, record: Progress):
    drawn = overview(replace(workspace.catalogue, title="a < b"), record.statuses())
    markup = drawn._repr_html_()
    assert "a &lt; b" in markup
    assert markup.startswith("<pre")


def test_a_bar_is_full_only_at_the_end_and_empty_only_at_the_beginning():
    assert [bar(share, 4) for share in (0, 0.01, 0.5, 0.99, 1, 2)] == [
        *("░░░░", "█░░░", "██░░", "███░", "████", "████")
    ]


def test_scripts_get_the_same(workspace: Workspace, record: Progress):
    record.record(CHECK)
    data = show_progress(record, workspace.catalogue.root).data
    (double,) = [e for e in data["assignments"][1]["exercises"] if e["id"] == "double"]
    assert (double["state"], double["earned"], double["mistake"]) == ("started", 2, "adds_one")
    assert data["reviews"][0]["exercise"] == "double"
    json.dumps(data)


def test_of_other_assignments_a_notebook_shows_the_bar_alone(
    workspace: Workspace, record: Progress
):
    record.record(CHECK)
    root = workspace.catalogue.root
    shown = repr(show_progress(record, root, "tiny"))
    whole = repr(show_progress(record, root))
    assert "▸ double" in shown
    others = [each for each in workspace.catalogue.assignments if each.id != "tiny"]
    assert others
    for other in others:
        assert f"({other.id})" in shown
        for exercise in other.exercises:
            assert exercise.id in whole
    assert len(shown.splitlines()) < len(whole.splitlines())

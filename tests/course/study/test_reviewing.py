"""When to come back: after 1, 3 and 7 days, by hand and as properties."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from course.study.events import KINDS, Event
from course.study.reviewing import due

MONDAY = datetime(2026, 1, 5, 10, tzinfo=UTC)
DAY = timedelta(days=1)


def event(days: float, kind: str, outcome: str = "", exercise: str = "loss") -> Event:
    return Event((MONDAY + days * DAY).isoformat(), "week", exercise, kind, outcome)


def due_on(days: float, *events: Event) -> list[str]:
    return [review.exercise for review in due(events, MONDAY + days * DAY)]


def test_what_was_passed_at_once_does_not_return():
    assert due_on(99, event(0, "check", "passed")) == []


def test_what_was_failed_returns_after_a_day():
    failed = event(0, "check", "failed")
    assert due_on(0.99, failed) == []
    assert due_on(1, failed) == ["loss"]


def test_it_returns_whether_it_was_passed_later_or_not():
    events = [event(0, "check", "failed"), event(0.5, "check", "passed")]
    assert due_on(1.4, *events) == []
    assert due_on(1.5, *events) == ["loss"]


def test_hints_and_solutions_make_it_return():
    assert due_on(1, event(0, "hint")) == ["loss"]
    assert due_on(1, event(0, "solution")) == ["loss"]


def test_each_success_waits_longer_and_the_third_is_the_last():
    events = [event(0, "check", "failed"), event(1, "review", "passed")]
    assert (due_on(3.9, *events), due_on(4, *events)) == ([], ["loss"])
    events += [event(4, "review", "passed")]
    assert (due_on(10.9, *events), due_on(11, *events)) == ([], ["loss"])
    events += [event(11, "review", "passed")]
    assert due_on(999, *events) == []


def test_a_review_that_failed_starts_again():
    events = [event(0, "hint"), event(1, "review", "passed"), event(4, "review", "failed")]
    assert (due_on(4.9, *events), due_on(5, *events)) == ([], ["loss"])
    events += [event(5, "review", "passed")]
    assert (due_on(7.9, *events), due_on(8, *events)) == ([], ["loss"])


def test_work_on_it_meanwhile_postpones_but_moves_nothing_on():
    events = [event(0, "check", "failed"), event(0.9, "check", "passed")]
    (review,) = due(events, MONDAY + 2 * DAY)
    assert (review.step, review.since) == (0, MONDAY + 1.9 * DAY)


def test_a_review_of_what_is_known_asks_nothing_more():
    assert due_on(99, event(0, "check", "passed"), event(1, "review", "passed")) == []
    assert due_on(99, event(0, "check", "passed"), event(1, "review", "failed")) == ["loss"]


def test_a_review_before_there_was_trouble_shortens_nothing():
    events = [event(0, "review", "passed"), event(1, "check", "failed")]
    assert due_on(2, *events) == ["loss"]


def test_what_is_still_to_come_does_not_count():
    events = [event(0, "check", "failed"), event(5, "check", "passed")]
    assert due_on(1, *events) == ["loss"]


def test_what_tested_nothing_counts_nothing():
    events = [event(0, "check", "failed"), event(0.9, "check", "errored")]
    events += [event(0.9, "review", "errored"), event(0.9, "check", "unattempted")]
    assert due_on(1, *events) == ["loss"]


def test_the_longest_overdue_comes_first():
    events = [event(1, "hint", exercise="b"), event(0, "hint", exercise="z"), event(9, "hint")]
    assert due_on(9.5, *events) == ["z", "b"]


def test_assignments_are_told_apart():
    other = Event(MONDAY.isoformat(), "other week", "loss", "hint")
    assert len(due([event(0, "hint"), other], MONDAY + DAY)) == 2


EVENTS = st.lists(
    st.builds(
        event,
        st.integers(0, 40).map(lambda quarter: quarter / 4),
        st.sampled_from(KINDS),
        st.sampled_from(["passed", "failed", "errored", ""]),
        st.sampled_from(["a", "b"]),
    ),
    max_size=12,
)


@given(EVENTS)
def test_nothing_is_due_on_the_day_of_its_last_event(events: list[Event]):
    at = [(e.instant, e.exercise) for e in events if e.outcome != "errored"]
    for instant, exercise in at:
        later = instant + 0.99 * DAY
        last = max(i for i, name in at if name == exercise and i <= later)
        reviews = [r for r in due(events, later) if r.exercise == exercise]
        assert all(later - last >= DAY for _ in reviews)


@given(EVENTS, st.integers(0, 30))
def test_what_is_due_stays_due_until_something_happens(events: list[Event], days: int):
    end = MONDAY + 10 * DAY
    first, later = due(events, end), due(events, end + days * DAY)
    assert set(first) <= set(later)


@given(EVENTS)
def test_three_successes_in_a_row_end_it(events: list[Event]):
    reviews = [event(11 + n, "review", "passed", name) for n in range(3) for name in "ab"]
    assert due([*events, *reviews], MONDAY + 999 * DAY) == ()


@given(EVENTS)
def test_a_failed_review_is_due_a_day_later_unless_it_was_done(events: list[Event]):
    failed = event(11, "review", "failed", "a")
    found = {r.exercise: r.step for r in due([*events, failed], MONDAY + 12 * DAY)}
    successes = sum(e.kind == "review" and e.outcome == "passed" for e in events)
    assert found.get("a") == 0 or successes >= 3


@given(EVENTS, st.randoms(use_true_random=False))
def test_the_order_of_the_lines_does_not_matter(events: list[Event], random):
    distinct = list({e.instant: e for e in events}.values())
    shuffled = list(distinct)
    random.shuffle(shuffled)
    assert due(shuffled, MONDAY + 20 * DAY) == due(distinct, MONDAY + 20 * DAY)

"""How a check reads, as text and as HTML."""

import re

import pytest
from nbconvert.filters import html2text

from course.checking.display import show_message, show_report
from course.checking.report import Report, TestReport, report_of

SAID = "expected `1 < 2`,\ngot <b>0</b>"


def seen(**changes: object) -> TestReport:
    usual = {"name": "t", "title": "by hand", "outcome": "passed", "points": 2.0}
    return TestReport(**usual | changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("outcomes", "whole"),
    [
        (["passed", "passed"], "passed"),
        (["passed", "failed"], "failed"),
        (["unattempted"], "unattempted"),
        (["passed", "unattempted"], "failed"),
        (["failed", "errored"], "errored"),
        ([], "unattempted"),
    ],
)
def test_the_outcome_of_an_exercise(outcomes: list[str], whole: str) -> None:
    tests = tuple(seen(outcome=each) for each in outcomes)
    assert Report("double", "Twice", tests).outcome == whole


def test_text_and_html_say_the_same_words() -> None:
    failed = seen(outcome="failed", rationale="expected 1, got 0", help="You add.", prints="12\n")
    report = Report("double", "Twice", (seen(), failed), ("A note.",))
    shown = show_report(report)
    markup = html2text(shown._repr_html_())
    for words in (
        "double, Twice: 2 of 4 marks",
        "passed: by hand (2 points)",
        "not passed: by hand (2 points)",
        "expected 1, got 0",
        "A likely cause",
        "You add.",
        "12",
        "A note.",
        "%hint",
    ):
        assert words in repr(shown).replace("`", "")
        assert words in markup


def test_what_a_learner_printed_or_returned_cannot_become_markup() -> None:
    failed = seen(outcome="failed", rationale=SAID, prints="<script>alert(1)</script>")
    markup = show_report(Report("double", "Twice", (failed,)))._repr_html_()
    assert "<b>" not in markup
    assert "<script" not in markup
    assert "<code>1 &lt; 2</code>,<br>got &lt;b&gt;" in markup


def test_the_same_reason_is_said_once_and_so_is_the_same_cause() -> None:
    one = seen(name="a", outcome="failed", rationale="it raised", help="You add.")
    other = seen(name="b", outcome="failed", rationale="it raised", help="You add.")
    shown = repr(show_report(Report("double", "Twice", (one, other))))
    assert shown.count("it raised") == 1
    assert shown.count("You add.") == 1


def test_nothing_depends_on_colour_on_scripts_or_on_the_network() -> None:
    report = Report("double", "Twice", (seen(), seen(outcome="errored")), partial=True)
    markup = show_report(report)._repr_html_()
    assert not re.search(r"<script|https?:|onclick|<img|<table", markup)
    assert "could not be tested" in markup
    assert "Only the visible tests were run" in markup


def test_an_unattempted_exercise_is_no_failure() -> None:
    tests = (seen(outcome="unattempted", rationale="`double` is not attempted yet."),)
    text = repr(show_report(Report("double", "Twice", tests)))
    assert "That is not wrong" in text
    assert "hint" not in text


def test_a_message_is_escaped_too() -> None:
    shown = show_message("there is no `<b>`")
    assert repr(shown) == "there is no <b>"
    assert "<code>&lt;b&gt;</code>" in shown._repr_html_()


def test_a_report_is_read_from_what_a_tutor_sends_however_little() -> None:
    sent = [
        {"name": "t", "outcome": "failed", "points": 3, "mistake": None, "rationale": "x" * 9999}
    ]
    report = report_of("double", "Twice", sent)
    assert (report.earned, report.points, report.mistake) == (0, 3, "")
    assert len(report.tests[0].rationale) == 4000

"""How a check looks: HTML for notebooks, and the same words as plain text.

No table, no script, no colour that has to be read: it fits 400 pixels, follows the page's own
text colour in light and dark, and says with a word what it says with a symbol.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from course.checking.report import Report, TestReport

__all__ = ["Shown", "ShownMarkdown", "report_lines", "show_message", "show_report"]

_WORDS = {
    "passed": ("✔", "passed", "#2e8b57"),
    "failed": ("✘", "not passed", "#c77700"),
    "unattempted": ("○", "not attempted yet", "#808080"),
    "errored": ("!", "could not be tested", "#c0392b"),
}
_STUCK = "Stuck? `%hint` gives a nudge first, and more each time."
_BOX = "border-left: 4px solid {color}; padding: 0.1em 0 0.1em 0.9em; max-width: 46em; \
line-height: 1.45; overflow-wrap: anywhere"
_PRINTS = "max-height: 14em; overflow: auto; white-space: pre-wrap; margin: 0.2em 0"


@dataclass(frozen=True)
class Shown:
    """Something that IPython shows: rich where it can, plain where it must."""

    text: str
    markup: str

    def _repr_html_(self) -> str:
        return self.markup

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True)
class ShownMarkdown:
    """Markdown with formulas and code, for front ends that set it; as it was written elsewhere."""

    text: str

    def _repr_markdown_(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text.replace("**", "")


def show_message(text: str, *, color: str = "#808080") -> Shown:
    """A few kind sentences; words between backticks are code."""
    return Shown(
        text.replace("`", ""), _box(color, f"<p style='margin: 0.3em 0'>{_rich(text)}</p>")
    )


def show_report(report: Report) -> Shown:
    """The outcome of a check, test by test."""
    if report.outcome == "failed":
        report = replace(report, notes=(*report.notes, _STUCK))
    return Shown("\n".join(report_lines(report)), _markup(report))


def report_lines(report: Report, *, only_problems: bool = False) -> Iterator[str]:
    """The report as lines of text; with `only_problems`, without the tests that pass."""
    for line in _lines(report, only_problems=only_problems):
        yield line.replace("`", "")


def _lines(report: Report, *, only_problems: bool) -> Iterator[str]:
    yield _headline(report)
    for test in report.tests:
        if only_problems and test.outcome in ("passed", "unattempted"):
            continue
        symbol, word, _ = _WORDS[test.outcome]
        yield f"  {symbol} {word}: {_title(test)}"
        if test.outcome != "passed" and not _is_said_above(report, test):
            yield from _indented(test.rationale)
        for text in (test.help,) if _is_first_with_help(report, test) else ():
            yield from _indented(f"A likely cause: {text}")
        if test.prints and test.outcome != "passed":
            yield from _indented(f"It printed: {test.prints.strip()[:500]}")
    for note in _notes(report):
        yield f"  {note}"


def _indented(text: str) -> Iterator[str]:
    return (f"      {line}" for line in text.split("\n"))


def _markup(report: Report) -> str:
    color = _WORDS[report.outcome][2]
    items = "".join(_item(report, test) for test in report.tests)
    notes = "".join(f"<p style='margin: 0.4em 0'>{_rich(note)}</p>" for note in _notes(report))
    head = f"<p style='margin: 0.3em 0'><strong>{_rich(_headline(report))}</strong></p>"
    listed = "margin: 0.2em 0; padding-left: 0; list-style: none"
    return _box(color, f"{head}<ul style='{listed}'>{items}</ul>{notes}")


def _item(report: Report, test: TestReport) -> str:
    symbol, word, color = _WORDS[test.outcome]
    mark = f"<span style='color: {color}' aria-hidden='true'>{symbol}</span>"
    parts = [f"{mark} {word}: {_rich(_title(test))}"]
    if test.outcome != "passed" and test.rationale and not _is_said_above(report, test):
        parts.append(f"<div style='margin-left: 1.3em'>{_rich(test.rationale)}</div>")
    if _is_first_with_help(report, test):
        cause = f"<strong>A likely cause.</strong> {_rich(test.help)}"
        parts.append(f"<div style='margin: 0.2em 0 0.2em 1.3em'>{cause}</div>")
    if test.prints and test.outcome != "passed":
        printed = f"<pre style='{_PRINTS}'>{html.escape(test.prints)}</pre>"
        summary = "<summary>what it printed</summary>"
        parts.append(f"<details style='margin-left: 1.3em'>{summary}{printed}</details>")
    return f"<li style='margin: 0.25em 0'>{''.join(parts)}</li>"


def _headline(report: Report) -> str:
    symbol, word, _ = _WORDS[report.outcome]
    marks = f"{report.earned:g} of {report.points:g} marks"
    if report.outcome == "unattempted":
        return (
            f"{symbol} `{report.exercise}` is {word}. That is not wrong: write it, run it, check."
        )
    return f"{symbol} `{report.exercise}`, {report.title}: {marks}"


def _title(test: TestReport) -> str:
    plural = "" if test.points == 1 else "s"
    hidden = ", hidden" if test.hidden else ""
    return f"{test.title} ({test.points:g} point{plural}{hidden})"


def _is_said_above(report: Report, test: TestReport) -> bool:
    """Whether an earlier test of the same outcome says the same."""
    earlier = report.tests[: report.tests.index(test)]
    return any((e.outcome, e.rationale) == (test.outcome, test.rationale) for e in earlier)


def _is_first_with_help(report: Report, test: TestReport) -> bool:
    return bool(test.help) and next(t for t in report.tests if t.help == test.help) is test


def _notes(report: Report) -> Iterator[str]:
    yield from report.notes
    if report.partial:
        yield "Only the visible tests were run; the hidden ones run when your work is graded."


def _box(color: str, inner: str) -> str:
    return f"<div role='status' style='{_BOX.format(color=color)}'>{inner}</div>"


def _rich(text: str) -> str:
    """Plain text as HTML: escaped, code between backticks, lines kept."""
    escaped = html.escape(text, quote=False)
    coded = re.sub(r"`([^`\n]+)`", r"<code>\1</code>", escaped)
    return coded.replace("\n", "<br>")

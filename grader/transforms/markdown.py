"""Markdown to HTML that is safe to show, with formulas as MathML.

Guarantees: what `safe_markdown` returns has passed `clean_html`; it fits under a page's own
heading, because every heading goes down by one level; pictures are inside the page or
left out. nbgrader_config.py gives the same filter to nbgrader's formgrader.
Option chosen: nbconvert's parser, so that cells read as they do in Jupyter, with a
renderer of our own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from html import escape, unescape
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from grader.bitmaps import KINDS
from grader.transforms.maths import to_mathml
from grader.transforms.sanitize import clean_html

__all__ = ["markdown_filter", "safe_markdown"]

LOWEST_HEADING = 6


class _Renderer(IPythonRenderer):
    """nbconvert's renderer, with MathML, Jupyter's anchors and no files or addresses."""

    def heading(self, text: str, level: int, **_: Any) -> str:
        """One level down; the anchor is the one that Jupyter's links expect."""
        level = min(level + 1, LOWEST_HEADING)
        anchor = _words(text).replace(" ", "-")
        return f'<h{level} id="{escape(anchor)}">{text}</h{level}>\n'

    def block_math(self, body: str) -> str:
        """A formula in a line of its own."""
        return f'<span class="maths">{to_mathml(body, block=True)}</span>'

    def inline_math(self, body: str) -> str:
        """A formula in running text."""
        return to_mathml(body)

    def latex_environment(self, name: str, body: str) -> str:
        """A formula in a line of its own, such as align."""
        return self.block_math(f"\\begin{{{name}}}{body}\\end{{{name}}}")

    def block_mermaidjs(self, code: str) -> str:
        """Diagrams need a script, so their text is shown."""
        return f"<pre><code>{escape(code)}</code></pre>\n"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """A bitmap that the cell carries, once; of any other picture, its description."""
        # taken out, because a thousand mentions of one picture would be a thousand copies
        bundle: Any = self.attachments.pop(url.removeprefix("attachment:"), None)
        for kind in KINDS:
            encoded = bundle.get(kind) if isinstance(bundle, dict) else None
            if isinstance(encoded, str):
                source = f"data:{kind};base64,{encoded}"
                return f'<img src="{escape(source)}" alt="{escape(_words(text))}">'
        return f"<em>[picture, not shown here: {text or 'without a description'}]</em>"

    def table_cell(self, text: str, align: str | None = None, head: bool = False) -> str:
        """Aligned by a class, because no style attribute is let through."""
        tag = "th" if head else "td"
        aligned = f' class="{align}"' if align else ""
        return f"<{tag}{aligned}>{text}</{tag}>"


def safe_markdown(source: str, attachments: Mapping[str, Any] | None = None) -> str:
    """Render Markdown, whoever wrote it.

    Example:
        >>> safe_markdown("**bold** <script>steal()</script>")
        '<p><strong>bold</strong> </p>\\n'
    """
    if attachments:
        return _render(source, dict(attachments))
    return _render_plain(source)


@pass_context
def markdown_filter(context: Context, source: str) -> str:
    """`safe_markdown` in the place of nbconvert's filter `markdown2html`."""
    return safe_markdown(source, context.get("cell", {}).get("attachments"))


def _words(html: str) -> str:
    """The text of a line that is rendered already."""
    return unescape(re.sub(r"<[^>]*>", "", html)).strip()


@lru_cache(maxsize=512)
def _render_plain(source: str) -> str:
    # the author's prose is the same in the pages of a whole cohort
    return _render(source, {})


def _render(source: str, attachments: dict[str, Any]) -> str:
    renderer = _Renderer(escape=False, attachments=attachments)
    try:
        html: str = MarkdownWithMath(renderer=renderer).render(source)
    except Exception:  # noqa: BLE001 - nested too deeply, or an oddity of the parser
        html = f"<pre>{escape(source)}</pre>"
    return clean_html(html)

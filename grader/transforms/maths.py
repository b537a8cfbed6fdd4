"""TeX to MathML, so that formulas show in a page without scripts and without the internet.

Guarantees: the result is made of the elements and attributes of `sanitize` alone, with all
text escaped; TeX that cannot be read, or is too long, is shown as it was written.
Option chosen: latex2mathml, pure Python. MathJax and KaTeX would need their scripts and
fonts in every page (1 MB or more), or Node when the page is made.
"""

from __future__ import annotations

from functools import lru_cache
from html import escape, unescape
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element

from grader.transforms.sanitize import MATHML_ATTRIBUTES, MATHML_TAGS

__all__ = ["to_mathml"]

MAX_TEX = 2000


@lru_cache(maxsize=4096)
def to_mathml(tex: str, *, block: bool = False) -> str:
    r"""Return `tex` (without its dollars) as a MathML element, or as its source in ``<code>``.

    Example:
        >>> to_mathml("x_1")
        '<math display="inline"><mrow><msub><mi>x</mi><mn>1</mn></msub></mrow></math>'
        >>> to_mathml(r"\frac{1}{")
        '<code class="tex">\\frac{1}{</code>'
    """
    source = f'<code class="tex">{escape(tex.strip())}</code>'
    if len(tex) > MAX_TEX:
        return source
    # the library knows the environment that is used inside of formulas by this name only
    known = tex.replace("{aligned}", "{align*}")
    try:
        return _markup(convert_to_element(known, display="block" if block else "inline"))
    except Exception:  # noqa: BLE001 - anything but a formula, nested too deeply included
        return source


def _markup(element: Element) -> str:
    """One element and its children; ElementTree would leave the library's entities as text."""
    if element.tag not in MATHML_TAGS:
        raise ValueError(f"<{element.tag}> is not shown")
    attributes = "".join(
        f' {name}="{escape(value)}"'
        for name, value in element.attrib.items()
        if name in MATHML_ATTRIBUTES
    )
    inside = _text(element.text) + "".join(_markup(child) for child in element)
    return f"<{element.tag}{attributes}>{inside}</{element.tag}>{_text(element.tail)}"


def _text(text: str | None) -> str:
    return escape(unescape(text or ""))

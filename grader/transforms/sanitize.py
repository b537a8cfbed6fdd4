"""What may appear in a page that shows a learner's work: a list of what is allowed.

Guarantees: `clean_html` gives a balanced fragment in which nothing can run, load, submit,
style the page or pretend to be a part of it; `plain_text` gives text without terminal
codes and control characters, up to a length. Sanitising is the last step before the page.
Option chosen: nh3 (the HTML parser of a browser, in Rust) on what Markdown has become.
nbconvert's SanitizeHTML works on Markdown's source instead: it overlooks
``[x](javascript:...)`` and spoils ``a < b``; bleach, which it uses, is no longer developed.
"""

from __future__ import annotations

import re

import nh3

__all__ = ["MATHML_ATTRIBUTES", "MATHML_TAGS", "clean_html", "plain_text"]

# MathML Core, less what holds links (a, maction) or other markup (annotation-xml, semantics)
MATHML_TAGS = frozenset(
    "math mfrac mi mn mo mover mpadded mphantom mroot mrow ms mspace msqrt mstyle msub msubsup "
    "msup mtable mtd mtext mtr munder munderover".split()
)
MATHML_ATTRIBUTES = frozenset(
    "accent accentunder columnalign columnspacing columnspan depth display displaystyle fence form "
    "height largeop linethickness lspace mathvariant maxsize minsize movablelimits rowspacing "
    "rowspan rspace scriptlevel separator stretchy symmetric voffset width".split()
)

_TAGS = frozenset(
    "a abbr b blockquote br caption code dd del details div dl dt em figcaption figure h2 h3 h4 "
    "h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strong sub summary sup table "
    "tbody td tfoot th thead tr u ul var".split()
)
_HEADINGS = ("h2", "h3", "h4", "h5", "h6")
_ATTRIBUTES: dict[str, set[str]] = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "img": {"alt", "src", "title"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    **{heading: {"id"} for heading in _HEADINGS},
    **{tag: set(MATHML_ATTRIBUTES) for tag in MATHML_TAGS},
}
# the classes of Pygments are short; no class of the page itself is
_COLOURED = (
    "bp c c1 ch cm cp cpf cs err fm k kc kd kn kr kt m mb mf mh mi mo n na nb nc nd ne nf nn nt nv "
    "o ow p s s1 s2 sa sb sc sd se sh si sr ss w"
).split()
_ALIGNED = {"left", "center", "right"}
_CLASSES = {
    "code": {"tex"},
    "div": {"highlight"},
    "span": {"maths", *_COLOURED},
    "td": _ALIGNED,
    "th": _ALIGNED,
}
_INLINE_PICTURE = re.compile(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/=\s]*")
_ANCHOR = "in-"  # keeps the anchors of cells apart from those of the page

# CSI and OSC sequences of ECMA-48, then any other escape
_TERMINAL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.?")
# control characters, and those that reorder the text around them; joiners stay, because
# Persian, Hindi and many emoji are written with them
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]"
)


def _keep(tag: str, attribute: str, value: str) -> str | None:
    """What becomes of one allowed attribute; None takes it out."""
    if attribute == "src":
        return value if _INLINE_PICTURE.fullmatch(value) else None
    if attribute == "id":
        return _ANCHOR + value
    if attribute == "href":
        if value.startswith("#"):
            return f"#{_ANCHOR}{value[1:]}"
        return value if value.lower().startswith(("http://", "https://", "mailto:")) else None
    return value


_CLEANER = nh3.Cleaner(
    tags=set(_TAGS | MATHML_TAGS),
    clean_content_tags={"script", "style", "title", "textarea", "noscript", "iframe", "object"},
    attributes=_ATTRIBUTES,
    attribute_filter=_keep,
    allowed_classes=_CLASSES,
    url_schemes={"http", "https", "mailto", "data"},
    link_rel="noopener noreferrer nofollow",
)


def clean_html(html: str) -> str:
    """Return the part of some HTML that is on the list; the text of the rest stays.

    Example:
        >>> clean_html('<b onclick="steal()">bold</b> <script>steal()</script>')
        '<b>bold</b> '
        >>> clean_html('<a href="javascript:steal()">here</a>')
        '<a rel="noopener noreferrer nofollow">here</a>'
    """
    return _CLEANER.clean(html)


def plain_text(text: object, limit: int | None = None) -> str:
    """Return `text` without terminal codes, with control characters spelled out, cut at `limit`.

    Example:
        >>> plain_text("\\x1b[31mred\\x1b[0m")
        'red'
        >>> plain_text("abcdef", limit=4)
        'abcd\\n[2 more characters are not shown]'
    """
    whole = str(text)
    # an escape is at most doubled in length by what follows, so this much is enough
    kept = whole if limit is None else whole[:limit]
    more = len(whole) - len(kept)
    note = f"\n[{more:,} more characters are not shown]" if more else ""
    kept = _TERMINAL.sub("", kept.replace("\r\n", "\n"))
    kept = "\n".join(line.rsplit("\r", 1)[-1] for line in kept.split("\n"))
    kept = _INVISIBLE.sub(lambda found: f"\\u{ord(found.group()):04x}", kept)
    return kept.encode("utf-8", "replace").decode() + note

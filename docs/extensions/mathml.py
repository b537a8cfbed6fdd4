"""Formulas of the rendered pages as MathML, which browsers typeset by themselves.

MathJax, Sphinx's usual way, would load its scripts from the internet. The converter is the
one of the feedback pages; a formula that it cannot read stops the build, since a reader
would see its source.
"""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from grader.transforms.maths import to_mathml

# a long formula scrolls by itself, and the page does not
_ROOM = "overflow-x: auto; overflow-y: hidden; padding: 0.4em 0"


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx: make this the way in which formulas are shown."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _inline(writer: Any, node: nodes.math) -> None:
    writer.body.append(_typeset(node))
    raise nodes.SkipNode


def _block(writer: Any, node: nodes.math_block) -> None:
    writer.body.append(f'<div style="{_ROOM}">{_typeset(node, block=True)}</div>\n')
    raise nodes.SkipNode


def _typeset(node: nodes.Element, *, block: bool = False) -> str:
    tex = node.astext()
    made = to_mathml(tex, block=block)
    if made.startswith("<code"):
        raise ExtensionError(f"this formula cannot be typeset: {tex}")
    return made

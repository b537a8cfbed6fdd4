"""Set a feedback page: the exporter and the converter behind `nbgrader generate_feedback`.

Guarantees: one HTML file that needs nothing else and asks for nothing else; its content
security policy forbids every script and every request, so that a hole in `sanitize` would
not be enough. The same notebook and marks give the same bytes.
Option chosen: an exporter of our own instead of a template for nbconvert's HTMLExporter.
That one's configuration is shared with the formgrader, which would then show this page to
instructors; its templates carry 300 KB of styles, and it parses each page once more.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from nbconvert.exporters.exporter import Exporter
from nbgrader.converters import GenerateFeedback
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from traitlets import default

from grader.authoring.build import write_if_changed
from grader.transforms.markdown import safe_markdown
from grader.transforms.sanitize import plain_text

__all__ = ["FeedbackConverter", "FeedbackExporter"]

# names, operators, punctuation and blanks have no colour of their own: a third of the page
_UNCOLOURED = re.compile(r'<span class="(?:n|o|p|w)">([^<]*)</span>')
TEMPLATES = Path(__file__).parents[1] / "templates" / "feedback"


class FeedbackExporter(Exporter):
    """Exports what ShowResults left in the resources.

    Called by nbgrader's GenerateFeedback converter, of which it is the `exporter_class`.
    """

    output_mimetype = "text/html"

    @default("file_extension")
    def _default_file_extension(self) -> str:
        return ".html"

    def from_notebook_node(
        self, nb: Any, resources: Any = None, **options: Any
    ) -> tuple[str, dict[str, Any]]:
        """Run the preprocessors, then set the page."""
        _, resources = super().from_notebook_node(nb, resources, **options)
        styles, styles_hash = _styles()
        template = _environment().get_template("page.html.j2")
        page = resources["feedback"]
        html = template.render(page=page, styles=styles, styles_hash=styles_hash)
        return html + "\n", resources


class FeedbackConverter(GenerateFeedback):  # type: ignore[misc]
    """GenerateFeedback that leaves an unchanged page alone, and copies no learner's files.

    The page is complete in itself; what else a learner handed in need not go back to them.
    """

    def init_destination(self, assignment_id: str, student_id: str) -> bool:
        """Nothing is removed beforehand."""
        return True

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """Copy only the files by which `nbgrader release_feedback` knows the submission."""
        source, folder = (
            Path(place(assignment_id, student_id))
            for place in (self._format_source, self._format_dest)
        )
        for name in ("timestamp.txt", "submission_secret.txt"):
            if (source / name).is_file():
                # it may be the learner's own file, hence any bytes
                text = (source / name).read_text(encoding="utf-8", errors="replace")
                write_if_changed(folder / name, text[:200])

    def write_single_notebook(self, output: str, resources: Any) -> None:
        """Replace the page as a whole, if it is another one."""
        about = resources["nbgrader"]
        folder = Path(self._format_dest(about["assignment"], about["student"]))
        write_if_changed(folder / f"{about['notebook']}.html", output)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "code": _code,
        "markdown": lambda source, attachments=None: Markup(safe_markdown(source, attachments)),
        "marks": _marks,
        "said": _said,
    }
    return environment


@lru_cache(maxsize=1)
def _styles() -> tuple[Markup, str]:
    """The styles, and the hash by which the content security policy knows them."""
    text = "\n" + (TEMPLATES / "page.css").read_text("utf-8")
    digest = hashlib.sha256(text.encode()).digest()
    return Markup(text), base64.b64encode(digest).decode()


@lru_cache(maxsize=512)
def _code(source: str) -> Markup:
    """Python, coloured by classes."""
    html = highlight(plain_text(source), PythonLexer(stripnl=False), HtmlFormatter(nowrap=True))
    return Markup(_UNCOLOURED.sub(r"\1", html).rstrip("\n"))


def _marks(number: float) -> str:
    """Marks without needless digits: 2, 1.5, 0.33."""
    return f"{round(number, 2):g}"


def _said(text: str) -> Markup:
    """A text of the grader's, in which `names` are set as code."""
    safe = str(escape(plain_text(text)))
    return Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", safe))

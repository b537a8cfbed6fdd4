"""How much of what a learner wrote or printed goes into a page, piece by piece and in all.

Options: a limit in the template would come too late, after the text was coloured and
rendered; nbgrader's LimitOutput counts lines. Here each piece is cut to its own length,
and to what the page has left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from grader.bitmaps import KINDS, bitmap
from grader.transforms.page import Output
from grader.transforms.sanitize import plain_text

__all__ = ["Portions"]

SOURCE_CHARACTERS = 10_000  # of one cell
TEXT_CHARACTERS = 4_000  # of one output, rationale, or what a test made the code print
PAGE_CHARACTERS = 200_000
PICTURE_CHARACTERS = 700_000  # in base64, four for three bytes
PAGE_PICTURE_CHARACTERS = 5_000_000
OUTPUTS = 20  # of one cell
_TOO_LARGE = "[a picture that is too large to be shown here]"


class Portions:
    """Hands out the space of one page."""

    def __init__(self) -> None:
        self._characters = PAGE_CHARACTERS
        self._picture_characters = PAGE_PICTURE_CHARACTERS

    def of_source(self, text: str) -> str:
        """What is shown of a cell's text."""
        return self._take(text, SOURCE_CHARACTERS)

    def of_text(self, text: object) -> str:
        """What is shown of a printed text."""
        return self._take(text, TEXT_CHARACTERS)

    def of_outputs(self, outputs: Sequence[dict[str, Any]]) -> Iterable[Output]:
        """What is shown of a cell's outputs."""
        for output in outputs[:OUTPUTS]:
            shown = self._output(output)
            if shown.text or shown.picture:
                yield shown
        if len(outputs) > OUTPUTS:
            yield Output(text=f"[{len(outputs) - OUTPUTS:,} more outputs are not shown]")

    def of_attachments(self, attachments: Any) -> dict[str, dict[str, str]]:
        """The bitmaps that a Markdown cell carries, by name."""
        shown: dict[str, dict[str, str]] = {}
        for name, bundle in attachments.items() if isinstance(attachments, dict) else ():
            for kind in KINDS if isinstance(bundle, dict) else ():
                picture = self._picture(kind, bundle.get(kind)).picture
                if picture:
                    shown[str(name)] = {kind: picture.partition(",")[2]}
        return shown

    def _take(self, text: object, most: int) -> str:
        limit = min(most, self._characters)
        self._characters -= min(limit, len(str(text)))
        return plain_text(text, limit)

    def _output(self, output: dict[str, Any]) -> Output:
        if output.get("output_type") == "stream":
            return Output(text=self.of_text(_joined(output.get("text"))))
        if output.get("output_type") == "error":
            return Output(text=self.of_text(f"{output.get('ename')}: {output.get('evalue')}"))
        data = output.get("data")
        data = data if isinstance(data, dict) else {}
        for kind in KINDS:
            if kind in data:
                return self._picture(kind, data[kind])
        return Output(text=self.of_text(_joined(data.get("text/plain"))))

    def _picture(self, kind: str, encoded: object) -> Output:
        text = _joined(encoded)
        if len(text) > min(PICTURE_CHARACTERS, self._picture_characters):
            return Output(text=_TOO_LARGE)
        shown = bitmap(kind, text)
        if not shown:
            return Output()
        self._picture_characters -= len(shown)
        return Output(picture=f"data:{kind};base64,{shown}")


def _joined(text: object) -> str:
    """nbformat allows a string or a list of lines."""
    return "".join(map(str, text)) if isinstance(text, list) else str(text or "")

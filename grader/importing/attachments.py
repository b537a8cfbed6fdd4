"""Keep the pictures that are attached to Markdown cells: as data URIs in the text.

Why not as files beside the notebook: docs/decisions/0017-imported-notebooks.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, unquote

from nbformat import NotebookNode

from grader.importing.foreign import Remarks

__all__ = ["inline_attachments", "remark_on_files"]

_IN_TEXT = re.compile(r"attachment:([^\s)\"'>]+)")
_LINKED = re.compile(r"!?\[[^\]]*\]\(\s*<?([^\s)>]+)")


def inline_attachments(cell: NotebookNode, number: int, remarks: Remarks) -> str:
    """The text of a Markdown cell, with every attachment in it.

    One that the text does not show becomes the target of a link that nobody sees.
    """
    attached = {name: _data_uri(data) for name, data in cell.get("attachments", {}).items()}
    shown = {unquote(name) for name in _IN_TEXT.findall(cell.source)}
    for name in sorted(shown - set(attached)):
        remarks.add(number, f"shows the attachment {name!r}, which the notebook does not have")

    def uri(match: re.Match[str]) -> str:
        return attached.get(unquote(match[1]), match[0])

    text = _IN_TEXT.sub(uri, cell.source)
    for name in sorted(set(attached) - shown):
        remarks.add(number, f"the attachment {name!r} is shown nowhere; it is kept in the text")
        text += f"\n\n[{quote(name)}]: {attached[name]}"
    return text


def remark_on_files(text: str, number: int, folder: Path, remarks: Remarks) -> None:
    """Name the files beside the notebook that the text links to: they are not released."""
    for target in _LINKED.findall(text):
        if not re.match(r"[a-z][a-z0-9+.-]*:|#|/", target, re.IGNORECASE):
            name = unquote(target).partition("#")[0]
            there = "" if (folder / name).exists() else ", which is not there"
            remarks.add(
                number,
                f"links to the file {name!r}{there}; a release is one notebook: attach a picture, "
                "or give an address",
            )


def _data_uri(data: Mapping[str, str | list[str]]) -> str:
    """The first form of an attachment, whose value is base64 already."""
    kind, value = next(iter(data.items()))
    text = value if isinstance(value, str) else "".join(value)
    return f"data:{kind};base64,{''.join(text.split())}"

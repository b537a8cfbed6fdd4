"""Write pieces as a Jupytext percent file: its head, and its cells."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from grader.importing.foreign import Piece, Remarks

__all__ = ["percent_cells", "percent_head"]

_HEAD = """\
# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
"""
_LIKE_A_HEADER = re.compile(r"^(\s*#?\s*)%%(?!%)", re.MULTILINE)


def percent_head(kept: Mapping[str, Any], remarks: Sequence[str]) -> str:
    """The head of the file, which no release has: metadata that were kept, and the remarks."""
    lines = [f"#   {key}: {json.dumps(value)}" for key, value in kept.items()]
    if remarks:
        lines += ["#   imported:", *(f"#   - {json.dumps(remark)}" for remark in remarks)]
    return "\n".join([_HEAD.rstrip(), *lines, "# ---", "", ""])


def percent_cells(pieces: Sequence[Piece], remarks: Remarks) -> str:
    """The cells of the file."""
    return "\n\n".join(_cell(piece, remarks) for piece in pieces) + "\n"


def _cell(piece: Piece, remarks: Remarks) -> str:
    keys = [f"{key}={_value(value)}" for key, value in piece.keys.items()]
    header = " ".join(["# %%", *(["[markdown]"] if piece.is_prose else []), *keys])
    text = _without_headers(piece, remarks)
    if piece.is_prose:
        text = "\n".join(f"# {line}".rstrip() if line else "#" for line in text.split("\n"))
    return f"{header}\n{text}"


def _without_headers(piece: Piece, remarks: Remarks) -> str:
    """The text without lines that would begin a cell."""
    pattern = r"\1&#37;%" if piece.is_prose else r"\1(%%)"
    text, count = _LIKE_A_HEADER.subn(pattern, piece.text)
    if count:
        remarks.add(piece.number, "a line began like a cell of the source; its %% is written so")
    return text


def _value(value: str | float) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else f"{value:.12g}"

"""Recognise pictures that are nothing but pictures, among what learners hand in and print.

A picture's base64 text ends up between quotation marks in pages that others read, and not
every template escapes it. So the whole text must be base64, and what it stands for must
begin as its kind does; SVG is no bitmap, because it can hold scripts.
"""

from __future__ import annotations

import base64
import binascii

__all__ = ["KINDS", "bitmap"]

_STARTS = {"image/png": b"\x89PNG\r\n", "image/jpeg": b"\xff\xd8\xff"}
KINDS = tuple(_STARTS)


def bitmap(kind: str, text: object) -> str | None:
    """The picture as base64 on one line, or None when `text` is no picture of this kind.

    Example:
        >>> bitmap("image/png", "iVBORw0K\\nGgo=\\n")
        'iVBORw0KGgo='
        >>> bitmap("image/png", 'iVBORw0KGgo=" onerror="alert(1)') is None
        True
    """
    if not isinstance(text, str):
        return None
    try:
        data = base64.b64decode("".join(text.split()).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    return base64.b64encode(data).decode() if data.startswith(_STARTS[kind]) else None

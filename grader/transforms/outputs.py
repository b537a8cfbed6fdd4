"""Reduce a learner's outputs to kinds that cannot run as script, and to a size in bytes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

__all__ = ["safe_outputs"]

_BITMAPS = {"image/png": b"\x89PNG\r\n", "image/jpeg": b"\xff\xd8\xff"}
_CUT = "\n[cut here: too much output]\n"


def safe_outputs(outputs: Sequence[dict[str, Any]], limit: int) -> list[NotebookNode]:
    """The outputs that may be shown to others: text and bitmaps, `limit` bytes in all.

    HTML, SVG, JavaScript, widgets and LaTeX are left to their plain text twin. nbgrader's
    LimitOutput counts lines, so one line of 20 MB passes it; this counts bytes.
    """
    kept: list[NotebookNode] = []
    left = limit
    for output in outputs:
        safe = _safe(output, left)
        if safe is None:
            continue
        kept.append(safe)
        left -= len(str(safe).encode())
        if left <= 0:
            kept.append(new_output("stream", name="stdout", text=_CUT))
            break
    return kept


def _safe(output: dict[str, Any], left: int) -> NotebookNode | None:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return new_output("stream", name=name, text=_short(output.get("text"), left))
    if kind not in ("display_data", "execute_result"):
        return None
    data = output.get("data")
    data = data if isinstance(data, dict) else {}
    shown = {k: data[k] for k in _BITMAPS if _is_bitmap(k, data.get(k), left)}
    shown["text/plain"] = _short(data.get("text/plain"), left)
    return new_output("display_data", data=shown)


def _short(text: Any, left: int) -> str:
    if not isinstance(text, str):
        return ""
    data = text.encode("utf-8", "replace")
    return data[:left].decode("utf-8", "ignore") + ("" if len(data) <= left else _CUT)


def _is_bitmap(kind: str, text: Any, left: int) -> bool:
    if not isinstance(text, str) or len(text) > left:
        return False
    try:
        start = base64.b64decode(text[:64].encode("ascii"))
    except (binascii.Error, UnicodeEncodeError):
        return False
    return start.startswith(_BITMAPS[kind])

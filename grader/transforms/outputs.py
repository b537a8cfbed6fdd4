"""Reduce a learner's outputs to kinds that cannot run as script, and to a size in bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nbformat import NotebookNode

from grader.bitmaps import KINDS, bitmap

__all__ = ["safe_outputs"]

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
            kept.append(_output("stream", name="stdout", text=_CUT))
            break
    return kept


def _safe(output: Any, left: int) -> NotebookNode | None:
    if not isinstance(output, dict):
        return None
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return _output("stream", name=name, text=_short(output.get("text"), left))
    if kind not in ("display_data", "execute_result"):
        return None
    data = output.get("data")
    data = data if isinstance(data, dict) else {}
    shown = {kind: text for kind in KINDS if (text := _picture(kind, data.get(kind), left))}
    shown["text/plain"] = _short(data.get("text/plain"), left)
    return _output("display_data", data=NotebookNode(shown), metadata=NotebookNode())


def _output(kind: str, **parts: Any) -> NotebookNode:
    # nbformat's own maker checks each by itself; the notebook that they go into is checked whole
    return NotebookNode(output_type=kind, **parts)


def _short(text: Any, left: int) -> str:
    if not isinstance(text, str):
        return ""
    data = text.encode("utf-8", "replace")
    return data[:left].decode("utf-8", "ignore") + ("" if len(data) <= left else _CUT)


def _picture(kind: str, text: Any, left: int) -> str | None:
    return bitmap(kind, text) if isinstance(text, str) and len(text) <= left else None

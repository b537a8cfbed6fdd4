"""What was seen, in words for the learner; never a line of a hidden test."""

from __future__ import annotations

import ast
import traceback
from collections.abc import Sequence
from typing import Any

import numpy as np

from course.link.codec import Handle
from grader.link.stand_in import Exchange
from grader.link.student_error import StudentError
from grader.records import ScriptCell

__all__ = ["describe", "for_student_error", "in_words"]


def in_words(error: AssertionError, cell: ScriptCell, exchanges: Sequence[Exchange]) -> str:
    """A failed assert: its own message, or else what can be said without showing the test."""
    message = str(error).strip()
    if message:
        return message
    seen = f" {describe(exchanges[-1])}" if exchanges else ""
    line = "" if cell.hidden else _failing_line(error, cell)
    return f"This does not hold: {line}.{seen}" if line else f"The test does not hold.{seen}"


def for_student_error(error: StudentError, exchanges: Sequence[Exchange]) -> str:
    """The learner's code raised: what, where, and in which call."""
    name = exchanges[-1].name if exchanges else "your code"
    if error.timeout:
        return f"`{name}` was {error.message}. Is there a loop that never ends?"
    where = f"\nat {error.lines}" if error.lines else ""
    return f"`{name}` raised {error}{where}"


def describe(exchange: Exchange) -> str:
    """One reply in a sentence."""
    if exchange.reply.error is not None:
        return f"`{exchange.name}` raised {exchange.reply.error}."
    return f"`{exchange.name}` gave {_value_in_words(exchange.reply.value)}."


def _value_in_words(value: Any) -> str:
    if isinstance(value, np.generic):
        return f"{value.item()!r} ({value.dtype})"
    shape = getattr(value, "shape", None)
    if shape is not None:
        kind = "an array" if isinstance(value, np.ndarray) else "a tensor"
        return f"{kind} of shape {tuple(shape)} and dtype {value.dtype}"
    if isinstance(value, int | float | complex | str | bytes | bool) or value is None:
        return f"{value!r:.200}"
    if isinstance(value, list | tuple | dict):
        return f"a {type(value).__name__} of length {len(value)}"
    return f"an object of type {value.kind if isinstance(value, Handle) else '?'}"


def _failing_line(error: AssertionError, cell: ScriptCell) -> str:
    """The assert that failed, as it stands in a visible test."""
    own = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == f"<{cell.name}>"]
    if not own:
        return ""
    for node in ast.walk(ast.parse(cell.source)):
        line, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
        if isinstance(node, ast.Assert) and line <= (own[-1].lineno or 0) <= last:
            return f"`{ast.unparse(node.test)}`"
    return ""

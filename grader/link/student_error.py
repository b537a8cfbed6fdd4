"""The learner's exceptions, as the tests see them."""

from __future__ import annotations

import builtins
from typing import Any

__all__ = ["StudentError", "student_error"]


class StudentError(Exception):
    """Raised in a test when the learner's code raised.

    It is also an instance of the built-in type that the learner's code raised, so that
    ``pytest.raises(ValueError)`` works across the link.
    """

    def __init__(self, kind: str, message: str, lines: str, timeout: bool) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.lines = lines
        self.timeout = timeout

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}" if self.message else self.kind


# These end a loop of the test without a word: `map`, `zip` and `iter` take them for the end.
_NEVER = (StopIteration, StopAsyncIteration)


def student_error(record: Any) -> StudentError:
    """The exception for an error record of the learner's process, believed only in its form."""
    record = record if isinstance(record, dict) else {}
    kind = _text(record.get("type"), "Exception")
    base = _builtin_base(record.get("bases"))
    error_type: type[StudentError] = StudentError
    if base is not None:
        error_type = type("StudentError", (StudentError, base), {})
    return error_type(
        kind,
        _text(record.get("message")),
        _text(record.get("lines")),
        record.get("timeout") is True,
    )


def _builtin_base(names: Any) -> type[Exception] | None:
    for name in names[:64] if isinstance(names, list) else ():
        found = getattr(builtins, name, None) if isinstance(name, str) else None
        if not isinstance(found, type) or issubclass(found, _NEVER):
            continue
        if issubclass(found, Exception) and found is not Exception:
            try:  # some built-ins, such as UnicodeDecodeError, do not take one message
                type("Trial", (StudentError, found), {})("x", "", "", False)
            except TypeError:
                continue
            return found
    return None


def _text(value: Any, default: str = "") -> str:
    return value[:4000] if isinstance(value, str) else default

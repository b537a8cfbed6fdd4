"""What may cross the link at most, and the errors of what may not."""

from __future__ import annotations

__all__ = [
    "MAX_DEPTH",
    "MAX_DIMENSIONS",
    "MAX_INTEGER_BYTES",
    "MAX_ITEMS",
    "MAX_MESSAGE",
    "MAX_ODD_KEYS",
    "CodecError",
    "MissingLibrary",
    "NotPlain",
]

MAX_MESSAGE = 64 * 2**20  # bytes; an array of 8 million float64 still fits
MAX_DEPTH = 32  # containers inside containers
MAX_ITEMS = 2**18  # values in one message; an array counts as a handful
MAX_INTEGER_BYTES = 1024  # Python will not print one of 1786 (sys.set_int_max_str_digits)
# Keys whose hashes anyone can foresee (text is hashed with a secret) make a dictionary slow.
MAX_ODD_KEYS = 1000
MAX_DIMENSIONS = 32


class CodecError(ValueError):
    """A value that cannot cross, or bytes that are no message."""


class NotPlain(CodecError):
    """A value of a known type that is no plain data all the same, or parts that fit no value."""


class MissingLibrary(CodecError):
    """A value needs a library that is not installed on this side; the link itself is well."""

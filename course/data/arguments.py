"""The checks of arguments that the data sets share."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from course.arrays import describe, require_count
from course.errors import ArgumentTypeError, ArgumentValueError

__all__ = ["Split", "require_between", "require_floating", "require_split"]

Split = Literal["train", "test"]


def require_split(split: object, example: str) -> Split:
    """Check that `split` is "train" or "test"; `example` is the call that the hint shows.

    Example:
        >>> require_split("validation", "digits")
        Traceback (most recent call last):
        course.errors.ArgumentValueError: split: expected 'train' or 'test', got 'validation'. \
digits('train') is for fitting, digits('test') for the final measurement.
    """
    if split not in ("train", "test"):
        hint = f"{example}('train') is for fitting, {example}('test') for the final measurement."
        raise ArgumentValueError("split", describe(split), "'train' or 'test'", hint)
    return split


def require_floating(dtype: npt.DTypeLike) -> np.dtype[Any]:
    """Check that `dtype` is a floating dtype, and return it as one.

    Example:
        >>> require_floating("float32")
        dtype('float32')
    """
    if not np.issubdtype(np.dtype(dtype), np.floating):
        expected = "a floating dtype such as np.float32"
        hint = "Pixel values lie between 0 and 1, which integers cannot hold."
        raise ArgumentTypeError("dtype", str(np.dtype(dtype)), expected, hint)
    return np.dtype(dtype)


def require_between(name: str, value: object, least: int, most: int) -> int:
    """Check that an argument is a whole number in least..most; return it as an int.

    Example:
        >>> require_between("hues", 7, 1, 6)
        Traceback (most recent call last):
        course.errors.ArgumentValueError: hues: expected a whole number in 1..6, got 7. \
Choose a smaller one.
    """
    number = require_count(name, value, at_least=least)
    if number > most:
        expected = f"a whole number in {least}..{most}"
        raise ArgumentValueError(name, str(number), expected, "Choose a smaller one.")
    return number

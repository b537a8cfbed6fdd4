"""Arrays and tensors as fields of a message, and back.

Arrays of numbers (`DTYPES`) are their bytes, in little-endian order, and their shape. Other
arrays are taken apart into such arrays: dates and durations into the integers behind them;
text into one long string and the lengths of its pieces, so that a hundred thousand short
texts are read at once; what is left of an array of objects into a list.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from course.link.limits import MAX_DIMENSIONS, MAX_MESSAGE, CodecError, NotPlain
from course.link.plain import Kind, require

__all__ = [
    "ARRAY_KINDS",
    "DTYPES",
    "array_fields",
    "array_of_fields",
    "cells_of",
    "cells_parts",
    "moments_of",
    "tensor_as_array",
]

DTYPES = frozenset(
    ["bool", "complex64", "complex128", "float16", "float32", "float64"]
    + [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
)

Array = np.ndarray[Any, Any]

_BETWEEN = "\0"
_MAX_CELLS = MAX_MESSAGE // 8  # of a column; as many as an array of lengths may have
_FIRST = 128  # texts of a column that show whether it repeats

_MOMENTS = re.compile(r"[mM]8\[(Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\]")


def array_fields(array: Array) -> list[Any]:
    """The dtype's name, the bytes and the shape of an array of numbers."""
    _check_shape(array.shape)
    if array.nbytes > MAX_MESSAGE:  # which may be far more than a view takes in memory
        raise CodecError(f"an array of {array.nbytes} bytes is over the limit of {MAX_MESSAGE}")
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return [array.dtype.name, little.tobytes(), *array.shape]


def array_of_fields(fields: Sequence[Any]) -> Array:
    """What `array_fields` wrote, as a copy that may be written to."""
    if [type(field) for field in fields[:2]] != [str, bytes]:
        raise CodecError("an array is not written as str, bytes")
    (name, data), shape = fields[:2], fields[2:]
    if name not in DTYPES:
        raise CodecError(f"arrays of dtype {name[:40]!r} do not cross")
    _check_shape(shape)
    dtype = np.dtype(name)
    if math.prod(shape) * dtype.itemsize != len(data):
        raise CodecError(f"an array of shape {tuple(shape)} does not have {len(data)} bytes")
    if name == "bool" and data.strip(b"\0\1"):  # NumPy would take 2 for a True unlike True
        raise CodecError("an array of booleans holds bytes other than 0 and 1")
    return np.frombuffer(data, dtype.newbyteorder("<")).astype(dtype).reshape(shape)


def tensor_as_array(value: Any) -> Array:
    """A tensor's numbers, wherever they are and whatever they belong to."""
    try:
        array = np.asarray(value.detach().cpu().resolve_conj().resolve_neg().numpy())
    except (TypeError, RuntimeError) as error:
        raise CodecError(f"a tensor of dtype {value.dtype} cannot cross: {error}") from error
    if array.dtype.name not in DTYPES:
        raise CodecError(f"a tensor of dtype {array.dtype} cannot cross")
    return array


def _check_shape(shape: Sequence[Any]) -> None:
    if not all(type(n) is int and n >= 0 for n in shape):
        raise CodecError("an array has an impossible shape")
    if len(shape) > MAX_DIMENSIONS:
        raise CodecError(f"an array of {len(shape)} dimensions; at most {MAX_DIMENSIONS} can cross")
    # the product of the others is what NumPy computes for an array without entries
    if any(n > MAX_MESSAGE for n in shape) or math.prod(n or 1 for n in shape) > 2**48:
        raise CodecError(
            f"an array of shape {str(tuple(shape))[:80]} is over the limit of {MAX_MESSAGE} bytes"
        )


def cells_parts(cells: Iterable[Any]) -> list[Any]:
    """Text and other values, in order: all text in one, its lengths (-1: no text), the others.

    Where all is text and none holds a zero character, zeros stand between the pieces instead of
    lengths, since `str.split` is quickest. Of a column with few different texts each is written
    once, and the last part says which of them each cell is.
    """
    kept = list(cells)
    if set(map(type, kept)) == {str}:  # the usual column of text, without a step of Python's
        texts, which = _each_once(kept)
        joined = _BETWEEN.join(texts)
        if joined.count(_BETWEEN) == len(texts) - 1 < _MAX_CELLS:
            return [joined, None, [], which]
        return ["".join(texts), _lengths(texts), [], which]
    lengths = [len(cell) if type(cell) is str else -1 for cell in kept]
    texts = [cell for cell in kept if type(cell) is str]
    others = [cell for cell in kept if type(cell) is not str]
    return ["".join(texts), np.array(lengths, np.int64), others, None]


def _each_once(texts: list[str]) -> tuple[list[str], Array | None]:
    if len(set(texts[:_FIRST])) > _FIRST // 2:  # quickly seen of a column of different texts
        return texts, None
    numbers = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    if len(texts) < 4 * len(numbers):
        return texts, None
    which = np.fromiter(map(numbers.__getitem__, texts), np.int64, len(texts))
    once = list(numbers)
    return (texts, None) if _length_of(once, which) > MAX_MESSAGE else (once, which)


def _lengths(texts: Sequence[str]) -> Array:
    return np.fromiter(map(len, texts), np.int64, len(texts))


def _length_of(texts: Sequence[str], which: Array) -> int:
    return int(_lengths(texts)[which].sum())


def cells_of(parts: Any) -> Array:
    """What `cells_parts` took apart, as an array of objects."""
    maybe = (np.ndarray, type(None))
    text, lengths, rest, which = require(parts, str, maybe, list, maybe)
    cells = _cells_between(text) if lengths is None else _cells_as_long(text, lengths, rest)
    if rest and (lengths is None or which is not None):
        raise NotPlain("a column holds more than its texts")
    array = np.fromiter(cells, dtype=object, count=len(cells))
    return array if which is None else array[_checked(which, cells)]


def _cells_between(text: str) -> list[Any]:
    if text.count(_BETWEEN) >= _MAX_CELLS:
        raise NotPlain("a column has too many cells")
    return text.split(_BETWEEN)


def _cells_as_long(text: str, lengths: Array, rest: list[Any]) -> list[Any]:
    texts = lengths[lengths >= 0] if lengths.dtype == np.int64 and lengths.ndim == 1 else None
    if texts is None or len(lengths) - len(texts) != len(rest):
        raise NotPlain("the texts of a column have no right lengths")
    # the largest is asked first: a sum of 64 bits can go round
    if (texts > len(text)).any() or int(texts.sum()) != len(text):
        raise NotPlain("the texts of a column are not as long as they say")
    ends = np.cumsum(texts).tolist()
    pieces = [text[a:b] for a, b in zip([0, *ends], ends, strict=False)]
    if not rest:
        return pieces
    others, found = iter(rest), iter(pieces)
    return [next(others) if length < 0 else next(found) for length in lengths.tolist()]


def _checked(which: Array, texts: list[str]) -> Array:
    """The numbers of cells, when all are there, and as long together as texts may be."""
    if which.dtype != np.int64 or which.ndim != 1 or (which < 0).any():
        raise NotPlain("the cells of a column have no right numbers")
    if (which >= len(texts)).any() or _length_of(texts, which) > MAX_MESSAGE:
        raise NotPlain("a column names cells that are not there, or too long together")
    return which


def moments_of(name: Any, numbers: Any) -> Array:
    """Dates or durations of a dtype such as ``M8[us]`` from the integers behind them."""
    if not (type(name) is str and _MOMENTS.fullmatch(name)):
        raise NotPlain("dates or durations are in an unknown unit")
    if type(numbers) is not np.ndarray or numbers.dtype != np.int64:
        raise NotPlain("dates or durations are not written as integers")
    return numbers.view(name)


def _moments_parts(array: Array) -> list[Any]:
    # the dtype's own text, such as "<M8[us]", has the byte order in front
    name = array.dtype.str[1:]
    if not _MOMENTS.fullmatch(name):
        raise NotPlain(f"dates or durations in the unit of {name} are no plain data")
    return [name, array.astype(array.dtype.newbyteorder("="), order="C").view(np.int64)]


def _array_parts(array: Array) -> list[Any]:
    if array.dtype.kind in "mM":
        return _moments_parts(array)
    if array.dtype.kind not in "UO":
        raise NotPlain(f"an array of dtype {array.dtype} is no plain data")
    _check_shape(array.shape)
    width = array.dtype.itemsize // 4 if array.dtype.kind == "U" else None
    if array.nbytes > MAX_MESSAGE:
        raise CodecError(f"an array of {array.nbytes} bytes is over the limit of {MAX_MESSAGE}")
    return [width, list(array.shape), cells_parts(array.ravel().tolist())]


def _array_of(parts: Any) -> Array:
    if type(parts) is list and len(parts) == 2:
        return moments_of(*parts)
    width, shape, packed = require(parts, (int, type(None)), list, list)
    _check_shape(shape)
    cells = cells_of(packed)
    if math.prod(shape) != len(cells):
        raise NotPlain("an array of text or objects has another shape than it says")
    if width is None:
        return cells.reshape(shape)
    if any(type(cell) is not str or len(cell) > width for cell in cells):
        raise NotPlain("an array of text holds something else")
    if width < 0 or len(cells) * max(width, 1) * 4 > MAX_MESSAGE:
        raise NotPlain("an array of text is too wide")
    return np.array(cells.tolist(), f"U{width}").reshape(shape)


def _moment_of(parts: Any) -> Any:
    array = moments_of(*require(parts, str, np.ndarray))
    if array.shape != ():
        raise NotPlain("a date or a duration has a shape")
    return array[()]


def _moment_parts(value: Any) -> list[Any]:
    return _moments_parts(np.asarray(value))


ARRAY_KINDS = (
    Kind("array", np.ndarray, _array_parts, _array_of, whole=True),
    Kind("datetime64", np.datetime64, _moment_parts, _moment_of),
    Kind("timedelta64", np.timedelta64, _moment_parts, _moment_of),
)

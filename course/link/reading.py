"""The reading half of the codec: what the simple values and tagged arrays of a message mean.

Nothing of a message is believed before it is checked: its tags, its keys, its types, its nesting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from course.link.arrays import array_of_fields
from course.link.kinds import kind_named
from course.link.limits import MAX_DEPTH, MAX_INTEGER_BYTES, MAX_ODD_KEYS, CodecError

__all__ = ["Handle", "Tag", "check_keys", "value_of"]

_SIMPLE = {type(None), bool, int, float, str, bytes}


class Tag:
    """What an array of a message begins with."""

    LIST, TUPLE, DICT, INTEGER, COMPLEX, ARRAY, SCALAR, TENSOR, HANDLE = range(9)
    SET, FROZENSET, KIND = 9, 10, 11


# the tags that a dictionary's key may have
_KEYS = {Tag.TUPLE, Tag.INTEGER, Tag.COMPLEX, Tag.SCALAR, Tag.HANDLE, Tag.KIND}


@dataclass(frozen=True)
class Handle:
    """Stands for an object that stays where it is: a number, its type, whether it is callable."""

    number: int
    kind: str
    callable: bool = False


def check_keys(raw: Sequence[Any]) -> None:
    """Refuse keys that have no hash of their value, and too many with a hash to foresee."""
    odd = [key for key in raw if type(key) is list]
    if len(odd) > MAX_ODD_KEYS:
        raise CodecError(
            f"a dictionary has {len(odd)} keys that are no text or small numbers; "
            f"{MAX_ODD_KEYS} may be"
        )
    for key in odd:
        if not key or key[0] not in _KEYS:
            raise CodecError("a dictionary has a key that is no text, number or tuple of these")
        if key[0] == Tag.TUPLE:
            check_keys(key[1:])


def value_of(raw: Any, depth: int) -> Any:
    """What a simple value or a tagged array stands for."""
    if type(raw) is not list:
        if type(raw) not in _SIMPLE:
            raise CodecError(f"a {type(raw).__name__} is in a message")
        return raw
    if depth > MAX_DEPTH:
        raise CodecError(f"a message is nested more than {MAX_DEPTH} deep")
    reader = _READERS.get(raw[0]) if raw and type(raw[0]) is int else None
    if reader is None:
        raise CodecError("an array of a message has no known tag")
    return reader(raw[1:], depth + 1)


def _read_list(fields: list[Any], depth: int) -> list[Any]:
    # most are simple, and are not asked twice
    return [item if type(item) in _SIMPLE else value_of(item, depth) for item in fields]


def _read_tuple(fields: list[Any], depth: int) -> tuple[Any, ...]:
    return tuple(_read_list(fields, depth))


def _read_dict(fields: list[Any], depth: int) -> dict[Any, Any]:
    if len(fields) % 2:
        raise CodecError("a dictionary has a key without a value")
    check_keys(fields[::2])
    values = _read_list(fields, depth)
    try:
        return dict(zip(values[::2], values[1::2], strict=True))
    except TypeError as error:  # a list of a kind, a Decimal that signals
        raise CodecError(f"a dictionary has a key that can be none: {error}") from error


def _read_set(fields: list[Any], depth: int) -> set[Any]:
    return set(_read_dict([each for field in fields for each in (field, None)], depth))


def _read_integer(fields: list[Any], depth: int) -> int:
    _check_types("an integer", fields, [bytes])
    if len(fields[0]) > MAX_INTEGER_BYTES:
        raise CodecError("an integer is too long")
    return int.from_bytes(fields[0], "big", signed=True)


def _read_complex(fields: list[Any], depth: int) -> complex:
    _check_types("a complex number", fields, [float, float])
    return complex(*fields)


def _read_scalar(fields: list[Any], depth: int) -> Any:
    array = array_of_fields(fields)
    if array.shape != ():
        raise CodecError("a scalar has a shape")
    return array[()]


def _read_tensor(fields: list[Any], depth: int) -> Any:
    import torch  # the price is paid only by those who receive a tensor

    return torch.from_numpy(array_of_fields(fields))


def _read_kind(fields: list[Any], depth: int) -> Any:
    _check_types("a value of a kind", fields[:1], [str])
    if len(fields) != 2:
        raise CodecError("a value of a kind has no parts")
    known = kind_named(fields[0])
    parts = value_of(fields[1], depth)
    try:
        return known.value(parts)
    except CodecError:
        raise
    except Exception as error:  # whatever a library says of parts that fit no value
        raise CodecError(f"parts of a {known.name} that fit none: {error}") from error


def _read_handle(fields: list[Any], depth: int) -> Handle:
    _check_types("a handle", fields, [int, str, bool])
    return Handle(fields[0], fields[1][:200], fields[2])


def _check_types(what: str, fields: Sequence[Any], types: Sequence[type]) -> None:
    if [type(field) for field in fields] != types:
        names = ", ".join(kind.__name__ for kind in types)
        raise CodecError(f"{what} is not written as {names}")


_READERS: dict[int, Callable[[list[Any], int], Any]] = {
    Tag.LIST: _read_list,
    Tag.TUPLE: _read_tuple,
    Tag.DICT: _read_dict,
    Tag.SET: _read_set,
    Tag.FROZENSET: lambda fields, depth: frozenset(_read_set(fields, depth)),
    Tag.INTEGER: _read_integer,
    Tag.COMPLEX: _read_complex,
    Tag.ARRAY: lambda fields, depth: array_of_fields(fields),
    Tag.SCALAR: _read_scalar,
    Tag.TENSOR: _read_tensor,
    Tag.HANDLE: _read_handle,
    Tag.KIND: _read_kind,
}

"""Plain data as bytes, and back as exact built-in types.

Only these cross the link: None, bool, int, float, complex, str, bytes, list, tuple, dict,
set, frozenset; NumPy scalars and arrays (`course.link.arrays`); torch tensors (by value, on the
CPU, without their graph); dates, fractions, counters and the like of the standard library
(`course.link.plain`); tables of pandas (`course.link.tables`). Subclasses of the simple types
arrive as the plain type, so that no object of a learner's, whatever its ``__eq__`` says, ever
meets an assert. Anything else crosses as a `Handle`: a number under which its owner keeps it.

The wire format is MessagePack (https://msgpack.org) without its maps and extensions:
numbers, text and bytes stand for themselves, and everything else is an array that begins
with a tag. Nothing is ever unpickled or evaluated, and every claim in a message (lengths,
shapes, dtypes, nesting) is checked before it is believed. Pickle was no option, since it
runs code; JSON was none, since it has neither bytes nor arrays; MessagePack's extensions
were none, since a nested one is copied once for each level.
"""

from __future__ import annotations

import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Sequence
from typing import Any

import msgpack
import numpy as np

from course.link.arrays import DTYPES, array_fields, tensor_as_array
from course.link.kinds import kind_of
from course.link.limits import (
    MAX_DEPTH,
    MAX_INTEGER_BYTES,
    MAX_ITEMS,
    MAX_MESSAGE,
    CodecError,
    MissingLibrary,
    NotPlain,
)
from course.link.plain import Kind
from course.link.reading import Handle, Tag, check_keys, value_of

__all__ = [
    "DTYPES",
    "MAX_DEPTH",
    "MAX_ITEMS",
    "MAX_MESSAGE",
    "CodecError",
    "Handle",
    "MissingLibrary",
    "arrives_as_it_is",
    "decode",
    "encode",
    "inside",
    "is_written_alike",
    "put_back",
]

_SIMPLE = {type(None), bool, int, float, str, bytes}
_BY_IDENTITY = (Tag.HANDLE, Tag.SET, Tag.FROZENSET)
_EXACT = _SIMPLE | {complex, list, tuple, dict, set, frozenset}


def encode(value: object, keep: Callable[[object], Handle] | None = None) -> bytes:
    """Write `value` as bytes.

    Args:
        value: plain data, or anything when `keep` is given.
        keep: called for each object that is not plain data; it stores the object and
            returns the handle to send instead. Without it such an object is an error.

    Raises:
        CodecError: when `value` is nested too deeply, too large, or not plain data.

    Example:
        >>> decode(encode({"loss": 5.27, "shape": (3, 10)}))
        {'loss': 5.27, 'shape': (3, 10)}
    """
    try:
        data: bytes = msgpack.packb(_Writer(keep).plain(value, 0), use_bin_type=True)
    except CodecError:
        raise
    except (ValueError, OverflowError) as error:  # UnicodeEncodeError is a ValueError
        raise CodecError(f"cannot write a {type(value).__name__}: {error}") from error
    if len(data) > MAX_MESSAGE:
        raise CodecError(f"a value of {len(data)} bytes is over the limit of {MAX_MESSAGE}")
    return data


def decode(data: bytes) -> Any:
    """Read what `encode` wrote. Handles come back as `Handle` records.

    Raises:
        CodecError: whatever else the bytes may be.
    """
    if len(data) > MAX_MESSAGE:
        raise CodecError(f"a message of {len(data)} bytes is over the limit of {MAX_MESSAGE}")
    try:
        raw = msgpack.unpackb(
            data,
            raw=False,
            list_hook=_Budget().spend,
            max_array_len=min(len(data), MAX_ITEMS),
            max_map_len=0,
            max_ext_len=0,
        )
    except CodecError:
        raise
    except (msgpack.UnpackException, ValueError, MemoryError) as error:
        raise CodecError(f"bytes that are no message: {error}") from error
    return value_of(raw, 0)


def is_written_alike(data: bytes) -> bool:
    """Whether each copy that `decode` reads of this message is written as the same bytes again.

    Handles have no copies, and the order of a set may depend on where its members are kept.
    """
    tags: set[int] = set()
    # the message was decoded before, so it is within the limits
    msgpack.unpackb(data, raw=False, list_hook=lambda raw: tags.add(raw[0]))
    return tags.isdisjoint(_BY_IDENTITY)


def arrives_as_it_is(value: object) -> bool:
    """Whether it arrives as a value of the same type, itself if not all that is in it."""
    type_ = type(value)
    known = kind_of(type_)
    if known is not None and not known.whole:
        try:
            known.parts(value)
        except NotPlain:
            return False
    numbers = issubclass(type_, np.number | np.bool_) and type_.__module__ == "numpy"
    tensor = _is_tensor(type_) and type_.__name__ == "Tensor"
    return type_ in _EXACT or known is not None or numbers or tensor


def inside(value: Any) -> list[Any]:
    """What a container of exact type holds, keys and values alike; nothing of anything else."""
    if type(value) in (list, tuple, set, frozenset, deque):
        return list(value)
    if type(value) in (dict, OrderedDict, Counter, defaultdict):
        return [each for pair in value.items() for each in pair]
    return []


def put_back(value: Any, find: Callable[[Handle], Any]) -> Any:
    """Decoded data with each handle, also inside containers, replaced by what `find` returns."""
    kind = type(value)
    if kind is Handle:
        return find(value)
    if kind in (list, tuple, set, frozenset):
        return kind(put_back(item, find) for item in value)
    if kind is deque:
        return deque((put_back(item, find) for item in value), value.maxlen)
    if kind is dict:
        return {put_back(key, find): put_back(item, find) for key, item in value.items()}
    if kind in (OrderedDict, Counter, defaultdict):
        items = put_back(dict(value), find)
        value.clear()
        dict.update(value, items) if kind is not OrderedDict else value.update(items)
    return value


class _Budget:
    """Counts the arrays of a message and what is in them, at both ends in the same way."""

    def __init__(self) -> None:
        self._left = MAX_ITEMS

    def spend(self, raw: list[Any]) -> list[Any]:
        self._left -= 1 + len(raw)
        if self._left < 0:
            raise CodecError(f"a message holds more than {MAX_ITEMS} values")
        return raw


class _Writer:
    """Turns one value into what MessagePack itself can write."""

    def __init__(self, keep: Callable[[object], Handle] | None) -> None:
        self._keep = keep
        self._spend = _Budget().spend
        self._why = ""  # something of a known kind is no plain data
        self._whole = False  # inside of what crosses only with everything that is in it

    def plain(self, value: Any, depth: int) -> Any:
        """`value` as a simple value or a tagged array."""
        # Types are asked with type(), because `__class__` may say anything. Then the methods
        # of the built-in types are named, because those of a subclass may do anything.
        kind = type(value)
        if depth > MAX_DEPTH:
            raise CodecError(f"a value is nested more than {MAX_DEPTH} deep (is it inside itself?)")
        if kind in _SIMPLE and kind is not int:
            return value
        if kind in _EXACT:
            return _METHODS[kind](self, value, depth)
        if issubclass(kind, np.generic | np.ndarray):
            array = np.asarray(value)
            exact = kind in (np.ndarray, array.dtype.type)
            if array.dtype.name in DTYPES and (exact or not self._whole):
                scalar = issubclass(kind, np.generic)
                return self._tagged(Tag.SCALAR if scalar else Tag.ARRAY, *array_fields(array))
        known = kind_of(kind)
        if known is not None and (taken := self._taken_apart(known, value, depth)):
            return taken
        if self._whole:
            raise NotPlain(f"{_what(value)} inside an array or a table is no plain data")
        for builtin, method in _BUILTINS:
            if issubclass(kind, builtin):
                return method(self, value, depth)
        if _is_tensor(kind):
            return self._tagged(Tag.TENSOR, *array_fields(tensor_as_array(value)))
        return self._handle(value)

    def _taken_apart(self, known: Kind, value: Any, depth: int) -> list[Any] | None:
        """A value of a known kind, or None where it is no plain data all the same."""
        outer, self._whole = self._whole, self._whole or known.whole
        try:
            return self._tagged(Tag.KIND, known.name, self.plain(_parts(known, value), depth + 1))
        except NotPlain as why:
            if outer:
                raise
            self._why = f" ({why})"
            return None
        finally:
            self._whole = outer

    def _tagged(self, tag: int, *fields: Any) -> list[Any]:
        return self._spend([tag, *fields])

    def _integer(self, value: Any, depth: int) -> Any:
        number = int.__int__(value)
        if -(2**63) <= number < 2**64:
            return number
        length = number.bit_length() // 8 + 1
        if length > MAX_INTEGER_BYTES:
            raise CodecError(
                f"an integer of {length} bytes is over the limit of {MAX_INTEGER_BYTES}"
            )
        return self._tagged(Tag.INTEGER, number.to_bytes(length, "big", signed=True))

    def _float(self, value: Any, depth: int) -> Any:
        return float.__float__(value)

    def _complex(self, value: Any, depth: int) -> Any:
        number = complex.__complex__(value)
        return self._tagged(Tag.COMPLEX, number.real, number.imag)

    def _text(self, value: Any, depth: int) -> Any:
        return str.__str__(value)

    def _bytes(self, value: Any, depth: int) -> Any:
        return bytes.__add__(b"", value)

    def _list(self, value: Any, depth: int) -> Any:
        return self._items(Tag.LIST, list.__iter__(value), depth)

    def _tuple(self, value: Any, depth: int) -> Any:
        return self._items(Tag.TUPLE, tuple.__iter__(value), depth)

    def _items(self, tag: int, items: Any, depth: int) -> Any:
        return self._tagged(tag, *[self.plain(item, depth + 1) for item in items])

    def _dict(self, value: Any, depth: int) -> Any:
        fields: list[Any] = []
        for key, item in dict.items(value):
            fields += (self.plain(key, depth + 1), self.plain(item, depth + 1))
        check_keys(fields[::2])
        return self._tagged(Tag.DICT, *fields)

    def _set(self, value: Any, depth: int) -> Any:
        frozen = issubclass(type(value), frozenset)
        items = frozenset.__iter__(value) if frozen else set.__iter__(value)
        tagged = self._items(Tag.FROZENSET if frozen else Tag.SET, items, depth)
        check_keys(tagged[1:])
        return tagged

    def _handle(self, value: Any) -> Any:
        if type(value) is not Handle:
            if self._keep is None:
                raise CodecError(
                    f"{_what(value)} is not plain data{self._why}; give numbers, strings, lists, "
                    "dictionaries, arrays of numbers or tensors, or write a probe"
                )
            value = self._keep(value)
        return self._tagged(Tag.HANDLE, value.number, value.kind[:200], value.callable)


_BUILTINS: Sequence[tuple[type, Callable[[_Writer, Any, int], Any]]] = (
    (int, _Writer._integer),
    (float, _Writer._float),
    (complex, _Writer._complex),
    (str, _Writer._text),
    (bytes, _Writer._bytes),
    (bytearray, _Writer._bytes),
    (list, _Writer._list),
    (tuple, _Writer._tuple),
    (dict, _Writer._dict),
    (set, _Writer._set),
    (frozenset, _Writer._set),
)
_METHODS = dict(_BUILTINS)


def _parts(known: Kind, value: Any) -> Any:
    try:
        return known.parts(value)
    except CodecError:
        raise
    except Exception as error:
        # a damaged object, or one that its library itself cannot read
        raise NotPlain(f"{_what(value)} cannot be read: {error}") from error


def _what(value: object) -> str:
    if issubclass(type(value), np.ndarray):
        return f"an array of dtype {np.asarray(value).dtype}"
    return f"a {type(value).__name__}"


def _is_tensor(kind: type) -> bool:
    torch = sys.modules.get("torch")  # a value cannot be a tensor before torch is imported
    return torch is not None and issubclass(kind, torch.Tensor)

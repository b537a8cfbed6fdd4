"""Plain data as bytes, and back as exact built-in types.

Only these cross the link: None, bool, int, float, complex, str, bytes, list, tuple, dict,
set, frozenset, NumPy scalars and arrays of the dtypes in `DTYPES`, and torch tensors (by
value, on the CPU, without their graph). Subclasses arrive as the plain type, so that no
object of a learner's, whatever its ``__eq__`` says, ever meets an assert. Anything else
crosses as a `Handle`: a number under which its owner keeps it.

The wire format is MessagePack (https://msgpack.org) without its maps and extensions:
numbers, text and bytes stand for themselves, and everything else is an array that begins
with a tag. Nothing is ever unpickled or evaluated, and every claim in a message (lengths,
shapes, dtypes, nesting) is checked before it is believed. Pickle was no option, since it
runs code; JSON was none, since it has neither bytes nor arrays; MessagePack's extensions
were none, since a nested one is copied once for each level.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgpack
import numpy as np

__all__ = [
    "DTYPES",
    "MAX_DEPTH",
    "MAX_ITEMS",
    "MAX_MESSAGE",
    "CodecError",
    "Handle",
    "decode",
    "encode",
    "put_back",
]

MAX_MESSAGE = 64 * 2**20  # bytes; an array of 8 million float64 still fits
MAX_DEPTH = 32  # containers inside containers
MAX_ITEMS = 2**18  # values in one message; an array counts as a handful
MAX_INTEGER_BYTES = 1024  # Python will not print one of 1786 (sys.set_int_max_str_digits)
# Keys whose hashes anyone can foresee (text is hashed with a secret) make a dictionary slow.
MAX_ODD_KEYS = 1000
MAX_DIMENSIONS = 32

DTYPES = frozenset(
    ["bool", "complex64", "complex128", "float16", "float32", "float64"]
    + [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
)

_LIST, _TUPLE, _DICT, _INTEGER, _COMPLEX, _ARRAY, _SCALAR, _TENSOR, _HANDLE = range(9)
_SET, _FROZENSET = 9, 10
_KEYS = {_TUPLE, _INTEGER, _COMPLEX, _SCALAR, _HANDLE}  # the tags that a dictionary's key may have
_SIMPLE = {type(None), bool, int, float, str, bytes}


class CodecError(ValueError):
    """A value that cannot cross, or bytes that are no message."""


@dataclass(frozen=True)
class Handle:
    """Stands for an object that stays where it is: a number, its type, whether it is callable."""

    number: int
    kind: str
    callable: bool = False


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
    return _value(raw, 0)


def put_back(value: Any, find: Callable[[Handle], Any]) -> Any:
    """Decoded data with each handle, also inside containers, replaced by what `find` returns."""
    if type(value) is Handle:
        return find(value)
    if type(value) in (list, tuple):
        return type(value)(put_back(item, find) for item in value)
    if type(value) is dict:
        return {put_back(key, find): put_back(item, find) for key, item in value.items()}
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

    def plain(self, value: Any, depth: int) -> Any:
        """`value` as a simple value or a tagged array."""
        # Types are asked with type(), because `__class__` may say anything. Then the methods
        # of the built-in types are named, because those of a subclass may do anything.
        kind = type(value)
        if depth > MAX_DEPTH:
            raise CodecError(f"a value is nested more than {MAX_DEPTH} deep (is it inside itself?)")
        if kind in _SIMPLE and kind is not int:
            return value
        if issubclass(kind, np.generic | np.ndarray):
            array = np.asarray(value)
            if array.dtype.name in DTYPES:
                return self._array(_SCALAR if issubclass(kind, np.generic) else _ARRAY, array)
        for builtin, method in _BUILTINS:
            if issubclass(kind, builtin):
                return method(self, value, depth)
        if _is_tensor(kind):
            return self._tensor(value)
        return self._handle(value)

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
        return self._tagged(_INTEGER, number.to_bytes(length, "big", signed=True))

    def _float(self, value: Any, depth: int) -> Any:
        return float.__float__(value)

    def _complex(self, value: Any, depth: int) -> Any:
        number = complex.__complex__(value)
        return self._tagged(_COMPLEX, number.real, number.imag)

    def _text(self, value: Any, depth: int) -> Any:
        return str.__str__(value)

    def _bytes(self, value: Any, depth: int) -> Any:
        return bytes.__add__(b"", value)

    def _list(self, value: Any, depth: int) -> Any:
        return self._items(_LIST, list.__iter__(value), depth)

    def _tuple(self, value: Any, depth: int) -> Any:
        return self._items(_TUPLE, tuple.__iter__(value), depth)

    def _items(self, tag: int, items: Any, depth: int) -> Any:
        return self._tagged(tag, *[self.plain(item, depth + 1) for item in items])

    def _dict(self, value: Any, depth: int) -> Any:
        fields: list[Any] = []
        for key, item in dict.items(value):
            fields += (self.plain(key, depth + 1), self.plain(item, depth + 1))
        _check_keys(fields[::2])
        return self._tagged(_DICT, *fields)

    def _set(self, value: Any, depth: int) -> Any:
        frozen = issubclass(type(value), frozenset)
        items = frozenset.__iter__(value) if frozen else set.__iter__(value)
        tagged = self._items(_FROZENSET if frozen else _SET, items, depth)
        _check_keys(tagged[1:])
        return tagged

    def _array(self, tag: int, array: np.ndarray[Any, Any]) -> Any:
        _check_shape(array.shape)
        if array.nbytes > MAX_MESSAGE:  # which may be far more than a view takes in memory
            raise CodecError(f"an array of {array.nbytes} bytes is over the limit of {MAX_MESSAGE}")
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        return self._tagged(tag, array.dtype.name, little.tobytes(), *array.shape)

    def _tensor(self, value: Any) -> Any:
        try:
            array = np.asarray(value.detach().cpu().resolve_conj().resolve_neg().numpy())
        except (TypeError, RuntimeError) as error:
            raise CodecError(f"a tensor of dtype {value.dtype} cannot cross: {error}") from error
        if array.dtype.name not in DTYPES:
            raise CodecError(f"a tensor of dtype {array.dtype} cannot cross")
        return self._array(_TENSOR, array)

    def _handle(self, value: Any) -> Any:
        if type(value) is not Handle:
            if self._keep is None:
                raise CodecError(
                    f"{_what(value)} is not plain data; give numbers, strings, lists, "
                    "dictionaries, arrays of numbers or tensors, or write a probe"
                )
            value = self._keep(value)
        return self._tagged(_HANDLE, value.number, value.kind[:200], value.callable)


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


def _what(value: object) -> str:
    if issubclass(type(value), np.ndarray):
        return f"an array of dtype {np.asarray(value).dtype}"
    return f"a {type(value).__name__}"


def _is_tensor(kind: type) -> bool:
    torch = sys.modules.get("torch")  # a value cannot be a tensor before torch is imported
    return torch is not None and issubclass(kind, torch.Tensor)


def _check_keys(raw: Sequence[Any]) -> None:
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
        if key[0] == _TUPLE:
            _check_keys(key[1:])


def _check_shape(shape: Sequence[Any]) -> None:
    fits = all(type(n) is int and 0 <= n <= MAX_MESSAGE for n in shape)
    # the product of the others is what NumPy computes for an array without entries
    if len(shape) > MAX_DIMENSIONS or not fits or math.prod(n or 1 for n in shape) > 2**48:
        raise CodecError("an array has an impossible shape")


def _value(raw: Any, depth: int) -> Any:
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
    return [_value(item, depth) for item in fields]


def _read_tuple(fields: list[Any], depth: int) -> tuple[Any, ...]:
    return tuple(_read_list(fields, depth))


def _read_dict(fields: list[Any], depth: int) -> dict[Any, Any]:
    if len(fields) % 2:
        raise CodecError("a dictionary has a key without a value")
    _check_keys(fields[::2])
    values = _read_list(fields, depth)
    return dict(zip(values[::2], values[1::2], strict=True))


def _read_set(fields: list[Any], depth: int) -> set[Any]:
    _check_keys(fields)
    return set(_read_list(fields, depth))


def _read_integer(fields: list[Any], depth: int) -> int:
    _check_types("an integer", fields, [bytes])
    if len(fields[0]) > MAX_INTEGER_BYTES:
        raise CodecError("an integer is too long")
    return int.from_bytes(fields[0], "big", signed=True)


def _read_complex(fields: list[Any], depth: int) -> complex:
    _check_types("a complex number", fields, [float, float])
    return complex(*fields)


def _read_array(fields: list[Any], depth: int) -> np.ndarray[Any, Any]:
    _check_types("an array", fields[:2], [str, bytes])
    (name, data), shape = fields[:2], fields[2:]
    if name not in DTYPES:
        raise CodecError(f"arrays of dtype {name[:40]!r} do not cross")
    _check_shape(shape)
    dtype = np.dtype(name)
    if math.prod(shape) * dtype.itemsize != len(data):
        raise CodecError(f"an array of shape {tuple(shape)} does not have {len(data)} bytes")
    if name == "bool" and data.strip(b"\0\1"):  # NumPy would take 2 for a True unlike True
        raise CodecError("an array of booleans holds bytes other than 0 and 1")
    # a copy, so that the receiver may write to it
    return np.frombuffer(data, dtype.newbyteorder("<")).astype(dtype).reshape(shape)


def _read_scalar(fields: list[Any], depth: int) -> Any:
    array = _read_array(fields, depth)
    if array.shape != ():
        raise CodecError("a scalar has a shape")
    return array[()]


def _read_tensor(fields: list[Any], depth: int) -> Any:
    import torch  # the price is paid only by those who receive a tensor

    return torch.from_numpy(_read_array(fields, depth))


def _read_handle(fields: list[Any], depth: int) -> Handle:
    _check_types("a handle", fields, [int, str, bool])
    return Handle(fields[0], fields[1][:200], fields[2])


def _check_types(what: str, fields: Sequence[Any], types: Sequence[type]) -> None:
    if [type(field) for field in fields] != types:
        names = ", ".join(kind.__name__ for kind in types)
        raise CodecError(f"{what} is not written as {names}")


_READERS: dict[int, Callable[[list[Any], int], Any]] = {
    _LIST: _read_list,
    _TUPLE: _read_tuple,
    _DICT: _read_dict,
    _SET: _read_set,
    _FROZENSET: lambda fields, depth: frozenset(_read_set(fields, depth)),
    _INTEGER: _read_integer,
    _COMPLEX: _read_complex,
    _ARRAY: _read_array,
    _SCALAR: _read_scalar,
    _TENSOR: _read_tensor,
    _HANDLE: _read_handle,
}

"""Plain data as bytes, and back as exact built-in types.

Only these cross the link: None, bool, int, float, complex, str, bytes, list, tuple,
dict, NumPy scalars and arrays of the dtypes in `DTYPES`, and torch tensors (by value, on
the CPU, without their graph). Subclasses arrive as the plain type, so that no object of
a learner's, whatever its ``__eq__`` says, ever meets an assert. Anything else crosses as
a `Handle`: a number under which its owner keeps it.

The wire format is MessagePack (https://msgpack.org) with a few extension types. Nothing
is ever unpickled or evaluated, and every claim in a message (lengths, shapes, dtypes,
nesting) is checked before it is believed. Pickle was no option, since it runs code;
JSON was none, since it has neither bytes nor arrays.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgpack
import numpy as np

__all__ = ["DTYPES", "MAX_DEPTH", "MAX_MESSAGE", "CodecError", "Handle", "decode", "encode"]

MAX_MESSAGE = 64 * 2**20  # bytes; an array of 8 million float64 still fits
MAX_DEPTH = 32  # containers inside containers
MAX_INTEGER_BYTES = 4096  # Python's integers are unbounded, messages are not

DTYPES = frozenset(
    ["bool", "complex64", "complex128", "float16", "float32", "float64"]
    + [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
)

_TUPLE, _PAIRS, _INTEGER, _COMPLEX, _ARRAY, _SCALAR, _TENSOR, _HANDLE = range(1, 9)


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
        data: bytes = msgpack.packb(_plain(value, keep, 0), use_bin_type=True)
    except (ValueError, OverflowError, UnicodeError) as error:
        raise CodecError(f"cannot write a {type(value).__name__}: {error}") from error
    if len(data) > MAX_MESSAGE:
        raise CodecError(f"a value of {len(data)} bytes is over the limit of {MAX_MESSAGE}")
    return data


def decode(data: bytes) -> Any:
    """Read what `encode` wrote. Handles come back as `Handle` records.

    Raises:
        CodecError: whatever else the bytes may be.
    """
    return _unpack(data, 0)


def _plain(value: Any, keep: Callable[[object], Handle] | None, depth: int) -> Any:
    """`value` in terms of MessagePack's own types and our extensions."""
    if depth > MAX_DEPTH:
        raise CodecError(f"a value is nested more than {MAX_DEPTH} deep (does it contain itself?)")
    if value is None or isinstance(value, bool | np.bool_ | np.generic | np.ndarray):
        return _plain_numpy(value, keep)
    if isinstance(value, int):
        return _plain_integer(int(value))
    if isinstance(value, float):
        return float(value)
    if isinstance(value, complex):
        return msgpack.ExtType(_COMPLEX, msgpack.packb([value.real, value.imag]))
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if isinstance(value, list | tuple | dict):
        return _plain_container(value, keep, depth)
    if _is_tensor(value):
        return _plain_tensor(value)
    if isinstance(value, Handle):
        return _plain_handle(value)
    if keep is None:
        raise CodecError(
            f"a {type(value).__name__} is not plain data; give numbers, strings, lists, "
            "dictionaries, arrays or tensors, or write a probe"
        )
    return _plain_handle(keep(value))


def _plain_container(value: Any, keep: Callable[[object], Handle] | None, depth: int) -> Any:
    # The built-in iterators are named, because a subclass may lie through its own.
    if isinstance(value, list):
        return [_plain(item, keep, depth + 1) for item in list.__iter__(value)]
    if isinstance(value, tuple):
        items = [_plain(item, keep, depth + 1) for item in tuple.__iter__(value)]
        return msgpack.ExtType(_TUPLE, msgpack.packb(items))
    pairs = [
        [_plain(key, keep, depth + 1), _plain(item, keep, depth + 1)]
        for key, item in dict.items(value)
    ]
    return msgpack.ExtType(_PAIRS, msgpack.packb(pairs))


def _plain_integer(value: int) -> Any:
    if -(2**63) <= value < 2**64:
        return value
    length = value.bit_length() // 8 + 1
    if length > MAX_INTEGER_BYTES:
        raise CodecError(f"an integer of {length} bytes is over the limit of {MAX_INTEGER_BYTES}")
    return msgpack.ExtType(_INTEGER, value.to_bytes(length, "big", signed=True))


def _plain_numpy(value: Any, keep: Callable[[object], Handle] | None) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if value.dtype.name not in DTYPES:
        if keep is None:
            raise CodecError(f"an array of dtype {value.dtype} cannot cross")
        return _plain_handle(keep(value))
    kind = _SCALAR if isinstance(value, np.generic) else _ARRAY
    return msgpack.ExtType(kind, _array_bytes(np.asarray(value)))


def _array_bytes(array: np.ndarray[Any, Any]) -> bytes:
    little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
    packed: bytes = msgpack.packb([array.dtype.name, list(array.shape), little.tobytes()])
    return packed


def _is_tensor(value: object) -> bool:
    torch = sys.modules.get("torch")  # a value cannot be a tensor before torch is imported
    return torch is not None and isinstance(value, torch.Tensor)


def _plain_tensor(value: Any) -> Any:
    try:
        array = value.detach().cpu().resolve_conj().resolve_neg().numpy()
    except (TypeError, RuntimeError) as error:
        raise CodecError(f"a tensor of dtype {value.dtype} cannot cross: {error}") from error
    return msgpack.ExtType(_TENSOR, _array_bytes(array))


def _plain_handle(handle: Handle) -> Any:
    fields = [handle.number, handle.kind[:200], handle.callable]
    return msgpack.ExtType(_HANDLE, msgpack.packb(fields))


def _unpack(data: bytes, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise CodecError(f"a message is nested more than {MAX_DEPTH} deep")
    try:
        return msgpack.unpackb(
            data,
            raw=False,
            strict_map_key=True,
            ext_hook=lambda code, inner: _extension(code, inner, depth + 1),
            max_str_len=MAX_MESSAGE,
            max_bin_len=MAX_MESSAGE,
            max_ext_len=MAX_MESSAGE,
            max_array_len=MAX_MESSAGE // 8,
            max_map_len=MAX_MESSAGE // 8,
        )
    except CodecError:
        raise
    # msgpack raises its own errors, ValueError, TypeError (unhashable key) and RecursionError
    except (msgpack.UnpackException, ValueError, TypeError, RecursionError) as error:
        raise CodecError(f"bytes that are no message: {error}") from error


def _extension(code: int, data: bytes, depth: int) -> Any:
    if code == _INTEGER:
        if len(data) > MAX_INTEGER_BYTES:
            raise CodecError("an integer is too long")
        return int.from_bytes(data, "big", signed=True)
    reader = _READERS.get(code)
    if reader is None:
        raise CodecError(f"unknown extension type {code}")
    return reader(_unpack(data, depth))


def _read_tuple(items: Any) -> tuple[Any, ...]:
    if type(items) is not list:
        raise CodecError("a tuple is not written as a list")
    return tuple(items)


def _read_pairs(pairs: Any) -> dict[Any, Any]:
    if type(pairs) is not list or any(type(p) is not list or len(p) != 2 for p in pairs):
        raise CodecError("a dictionary is not written as pairs")
    try:
        return {key: item for key, item in pairs}  # noqa: C416 - dict() would accept strings
    except TypeError as error:
        raise CodecError(f"a dictionary has an unhashable key: {error}") from error


def _read_complex(parts: Any) -> complex:
    if type(parts) is not list or [type(p) for p in parts] != [float, float]:
        raise CodecError("a complex number is not written as two floats")
    return complex(*parts)


def _read_array(fields: Any) -> np.ndarray[Any, Any]:
    if type(fields) is not list or [type(f) for f in fields] != [str, list, bytes]:
        raise CodecError("an array is not written as dtype, shape and bytes")
    name, shape, data = fields
    if name not in DTYPES:
        raise CodecError(f"arrays of dtype {name[:40]!r} do not cross")
    if len(shape) > 32 or any(type(n) is not int or not 0 <= n <= MAX_MESSAGE for n in shape):
        raise CodecError("an array has an impossible shape")
    dtype = np.dtype(name)
    if math.prod(shape) * dtype.itemsize != len(data):
        raise CodecError(f"an array of shape {tuple(shape)} does not have {len(data)} bytes")
    # a copy, so that the receiver may write to it
    return np.frombuffer(data, dtype.newbyteorder("<")).astype(dtype).reshape(shape)


def _read_scalar(fields: Any) -> Any:
    array = _read_array(fields)
    if array.shape != ():
        raise CodecError("a scalar has a shape")
    return array[()]


def _read_tensor(fields: Any) -> Any:
    import torch  # the price is paid only by those who receive a tensor

    array = _read_array(fields)
    try:
        return torch.from_numpy(array)
    except TypeError as error:
        raise CodecError(f"no tensor has the dtype {array.dtype}") from error


def _read_handle(fields: Any) -> Handle:
    if type(fields) is not list or [type(f) for f in fields] != [int, str, bool]:
        raise CodecError("a handle is not written as number, kind and callable")
    return Handle(fields[0], fields[1][:200], fields[2])


_READERS: dict[int, Callable[[Any], Any]] = {
    _TUPLE: _read_tuple,
    _PAIRS: _read_pairs,
    _COMPLEX: _read_complex,
    _ARRAY: _read_array,
    _SCALAR: _read_scalar,
    _TENSOR: _read_tensor,
    _HANDLE: _read_handle,
}

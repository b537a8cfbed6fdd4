"""Bytes that nobody honest sends: forged, damaged, random, made to hang or to fill the memory."""

from __future__ import annotations

import tracemalloc
from typing import Any

import msgpack
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course.link import codec
from course.link.codec import DTYPES, CodecError, Handle, decode, encode


def array(dtype: Any = "float64", data: Any = bytes(8), *shape: Any, tag: int = 5) -> list[Any]:
    return [tag, dtype, data, *shape]


FORGED: dict[str, Any] = {
    "no tag": [],
    "a list as tag": [[]],
    "a boolean as tag": [True, 1],
    "an unknown tag": [99],
    "a negative tag": [-1],
    "a map": {},
    "a map inside": [0, {}],
    "an extension": msgpack.ExtType(5, b""),
    "a time": msgpack.Timestamp(0),
    "a key without a value": [2, "key"],
    "a list as key": [2, [0], 1],
    "a dictionary as key": [2, [2], 1],
    "an array as key": [2, array(), 1],
    "a tensor as key": [2, array(tag=7), 1],
    "a list inside a key": [2, [1, [0]], 1],
    "an untagged key": [2, [], 1],
    "an integer as text": [3, "1"],
    "an integer without end": [3, bytes(1025)],
    "an integer of two": [3, b"1", b"2"],
    "a complex of integers": [4, 1, 2],
    "a complex of one": [4, 1.0],
    "an array of objects": array("object"),
    "an array of records": array("f8,f8", bytes(16)),
    "an array of text": array("str64"),
    "an array of times": array("datetime64[ns]"),
    "a dtype as bytes": array(b"float64"),
    "a dtype with a byte order": array(">f8"),
    "an array with text for data": array("float64", "00000000"),
    "an array with too few bytes": array("float64", bytes(8), 2),
    "an array with too many bytes": array("float64", bytes(16), 1),
    "a negative shape": array("float64", bytes(8), -1, -1),
    "a huge shape": array("float64", b"", 2**63),
    "a shape with an overflow": array("float64", b"", *[2**26] * 30, 0),
    "a shape of floats": array("float64", bytes(8), 1.0),
    "a shape of booleans": array("float64", bytes(8), True),
    "a shape as a list": array("float64", bytes(8), [1]),
    "33 dimensions": array("float64", bytes(8), *[1] * 33),
    "an array of nothing": [5],
    "a scalar with a shape": array("float64", bytes(8), 1, tag=6),
    "a boolean that is 2": array("bool", b"\2", 1),
    "a boolean scalar that is 255": array("bool", b"\xff", tag=6),
    "a handle without a number": [8, "1", "kind", True],
    "a handle of booleans": [8, True, "kind", True],
    "a handle without a kind": [8, 1, None, True],
    "a handle that might be callable": [8, 1, "kind", 1],
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
def test_forged_messages_are_refused(forged: Any):
    data = msgpack.packb(forged)
    with pytest.raises(CodecError):
        decode(data)
    with pytest.raises(CodecError):
        decode(msgpack.packb([0, [1, forged]]))


def test_the_forgeries_are_made_of_the_tags_that_are_in_use():
    assert decode(msgpack.packb(array("float64", bytes(16), 2))).tolist() == [0, 0]
    assert type(decode(msgpack.packb(array(tag=6)))) is np.float64
    assert decode(msgpack.packb(array("bool", b"\1", 1, tag=7))).equal(torch.tensor([True]))
    assert decode(msgpack.packb([8, 1, "kind", True])) == Handle(1, "kind", True)
    assert decode(msgpack.packb([2, [1, [3, b"\1"]], [4, 1.0, 2.0]])) == {(1,): 1 + 2j}


def array_header(count: int) -> bytes:
    return b"\xdd" + count.to_bytes(4, "big")


BOMBS = {
    "a list": array_header(2**32 - 1),
    "lists": array_header(2**26) * 1000,  # each claims half a gigabyte
    "lists of the size that is allowed": array_header(2**18) * 1000,
    # two megabytes, of which each byte unfolds to 64
    "empty lists": array_header(16) + (array_header(2**17) + b"\x90" * 2**17) * 16,
    "a map": b"\xdf\xff\xff\xff\xff",
    "bytes": b"\xc6\xff\xff\xff\xff",
    "text": b"\xdb\xff\xff\xff\xff",
    "an extension": b"\xc9\xff\xff\xff\xff\x01",
    "a deep list": b"\x91" * 100_000,
    "a deep list with tags": b"\x92\x00" * 400 + b"\x01",
    "two messages": b"\x90\x90",
    "a reserved byte": b"\xc1",
    "text that is no UTF-8": b"\xa2\xff\xfe",
    "half a surrogate pair": b"\xa3" + "\ud800".encode("utf-8", "surrogatepass"),
    "nothing": b"",
}


@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS.keys())
def test_claims_are_not_believed_and_cost_little(data: bytes):
    tracemalloc.start()
    try:
        with pytest.raises(CodecError):
            decode(data)
        assert tracemalloc.get_traced_memory()[1] < 100 * 2**20
    finally:
        tracemalloc.stop()


def test_a_message_over_the_limit_is_not_even_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(codec, "MAX_MESSAGE", 10)
    with pytest.raises(CodecError, match="11 bytes is over the limit of 10"):
        decode(bytes(11))
    with pytest.raises(CodecError, match="over the limit of 10"):
        encode("x" * 20)


def test_a_dictionary_made_to_be_slow_is_refused():
    # all of these have the same hash, so that a dictionary compares each with each
    keys = [k * (2**61 - 1) for k in range(16, 5000)]
    assert {hash(key) for key in keys} == {0}
    forged = [2]
    for key in keys:
        forged += ([3, key.to_bytes(20, "big")], 0)
    with pytest.raises(CodecError, match="keys that are no text or small numbers"):
        decode(msgpack.packb(forged))


def is_exact(value: Any) -> bool:
    if type(value) in (list, tuple, set, frozenset):
        return all(map(is_exact, value))
    if type(value) is dict:
        return is_exact([*value.keys(), *value.values()])
    if type(value) is np.ndarray or isinstance(value, np.generic):
        return value.dtype.name in DTYPES
    return type(value) in (type(None), bool, int, float, complex, str, bytes, torch.Tensor, Handle)


def decodes_or_refuses(data: bytes) -> None:
    try:
        value = decode(data)
    except CodecError:
        return
    assert is_exact(value)
    repr(value)
    encode(value)  # what was read can be sent back


@given(st.binary(max_size=200))
def test_random_bytes_are_a_value_or_a_codec_error(data: bytes):
    decodes_or_refuses(data)


msgpack_data = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**64 - 1),
        st.floats(),
        st.text(),
        st.binary(),
        st.sampled_from([*DTYPES, "object"]),
        st.builds(msgpack.ExtType, st.integers(0, 127), st.binary(max_size=20)),
    ),
    lambda inner: st.one_of(
        st.lists(inner),
        st.dictionaries(st.integers(0, 9) | st.text(), inner),
        st.builds(lambda tag, rest: [tag, *rest], st.integers(-1, 10), st.lists(inner)),
    ),
    max_leaves=20,
)


@settings(max_examples=150)
@given(msgpack_data)
def test_well_formed_messagepack_is_a_value_or_a_codec_error(value: Any):
    decodes_or_refuses(msgpack.packb(value))


HONEST = [
    {"outputs": [{"output_type": "stream", "name": "stdout", "text": "5.27"}], "error": None},
    {"value": np.arange(6.0).reshape(2, 3), "error": None, "prints": ""},
    {"value": [(1, 2.5, -(2**70), 1j), {(1, None): b"x"}, np.True_, torch.ones(2)]},
    {"value": Handle(3, "Sequential", True)},
]


@settings(max_examples=150)
@given(st.sampled_from(HONEST), st.data())
def test_damaged_messages_are_a_value_or_a_codec_error(value: Any, data: st.DataObject):
    message = bytearray(encode(value))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(message)))
        match data.draw(st.sampled_from(["set", "cut", "insert", "delete"])):
            case "set" if place < len(message):
                message[place] = data.draw(st.integers(0, 255))
            case "cut":
                del message[place:]
            case "insert":
                message[place:place] = data.draw(st.binary(min_size=1, max_size=4))
            case _:
                del message[place : place + 1]
    decodes_or_refuses(bytes(message))

"""What crosses the link comes back equal and exact; what does not is a CodecError."""

from __future__ import annotations

import collections
import enum
import math
import struct
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from course.link import codec
from course.link.codec import (
    DTYPES,
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_MESSAGE,
    CodecError,
    Handle,
    decode,
    encode,
    put_back,
)


def same(a: Any, b: Any) -> bool:
    """Equal in type, in value bit by bit, in dtype and in shape, all the way down."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return struct.pack("d", a) == struct.pack("d", b)
    if isinstance(a, complex):
        return same(a.real, b.real) and same(a.imag, b.imag)
    if isinstance(a, np.ndarray | np.generic):
        native = a.dtype.newbyteorder("=")
        return (native, a.shape) == (b.dtype, b.shape) and a.astype(native).tobytes() == b.tobytes()
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and same(a.detach().numpy(), b.numpy())
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return same(list(a.items()), list(b.items()))
    if isinstance(a, set | frozenset):  # item by item, because a NaN equals none
        return len(a) == len(b) and all(any(same(x, y) for y in b) for x in a)
    return bool(a == b)


text = st.text(st.characters(exclude_categories=["Cs"]))
numbers = st.one_of(
    st.booleans(),
    st.integers(),
    st.integers(-(2**200), 2**200),
    st.floats(),
    st.complex_numbers(),
)
dtypes = st.sampled_from(sorted(DTYPES)).flatmap(
    lambda name: st.sampled_from([np.dtype(name), np.dtype(name).newbyteorder(">")])
)
arrays = npst.arrays(dtypes, npst.array_shapes(min_dims=0, min_side=0))
scalars = dtypes.flatmap(npst.from_dtype)
leaves = st.one_of(st.none(), text, st.binary(), numbers, arrays, scalars)
keys = st.recursive(
    st.one_of(st.none(), text, st.binary(), numbers), lambda k: st.tuples(k, k), max_leaves=4
)
plain_data = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner),
        st.lists(inner).map(tuple),
        st.dictionaries(keys, inner),
        st.sets(keys),
        st.frozensets(keys),
    ),
    max_leaves=12,
)


@given(plain_data)
@example([-0.0, math.nan, -math.inf, 2**64, -(2**63) - 1, 2**8000, True, 1, 1.0])
@example({(): 0, (1, ("a", b"b")): 1, 1.5: 2, None: 3, True: 4, 2**70: 5, 1j: 6})
@example([[], (), {}, "", b"", ((),), [[]], "\0", "ẹ̀ ọ́"])
@example([set(), {1, "a", (1.5, b"b")}, frozenset({math.nan, None, 2**70})])
def test_plain_data_comes_back_equal_and_of_exactly_its_type(value: Any):
    assert same(value, decode(encode(value)))


def test_the_comparison_of_these_tests_tells_apart_what_it_must():
    different = [0.0, -0.0, 0, False, None, "", b"", [], (), {}, 0j, np.float64(0), np.float32(0)]
    different += [np.zeros(1), np.zeros((1, 1)), torch.zeros(1), np.zeros(1, np.float32)]
    for i, a in enumerate(different):
        for j, b in enumerate(different):
            assert same(a, b) is (i == j), (a, b)


@pytest.mark.parametrize("dtype", sorted(DTYPES))
@pytest.mark.parametrize("order", "<>")
def test_arrays_of_any_layout_keep_dtype_shape_and_values(dtype: str, order: str):
    whole = np.arange(24).reshape(2, 3, 4).astype(np.dtype(dtype).newbyteorder(order))
    views = [whole, np.asfortranarray(whole), whole[:, ::-2, 1:], whole.transpose(2, 0, 1)]
    views += [whole[0, 0, 0, np.newaxis], whole[:0], np.broadcast_to(whole[0], (5, 3, 4))]
    views += [np.array(1).astype(whole.dtype), whole[0, 0, 1]]
    for view in views:
        received = decode(encode(view))
        assert same(view, received)
        assert received.dtype.isnative


def test_a_received_array_is_a_copy_that_may_be_written_to():
    sent = np.zeros(3)
    received = decode(encode(sent))
    received += 1
    assert received.flags.owndata or received.base.flags.owndata
    assert sent.tolist() == [0, 0, 0]


@pytest.mark.parametrize("name", sorted(DTYPES))
def test_tensors_cross_by_value(name: str):
    tensor = torch.arange(6).reshape(2, 3).to(getattr(torch, name))
    for view in (
        tensor,
        tensor.T,
        tensor[:, ::2],
        tensor[0, 0],
        tensor[:0],
        tensor.expand(4, 2, 3),
    ):
        received = decode(encode(view))
        assert type(received) is torch.Tensor
        assert received.dtype == tensor.dtype
        assert torch.equal(received, view)


def test_tensors_lose_their_graph_and_their_class():
    parameter = torch.nn.Parameter(torch.ones(2))
    received = decode(encode([parameter, parameter * 2, torch.tensor([1 + 2j]).conj()]))
    assert [type(t) for t in received] == [torch.Tensor] * 3
    assert not any(t.requires_grad for t in received)
    assert received[2].tolist() == [1 - 2j]


@pytest.mark.parametrize(
    "tensor",
    [
        torch.ones(2, dtype=torch.bfloat16),
        torch.ones(2).to_sparse(),
        torch.ones(2, device="meta"),
    ],
    ids=["bfloat16", "sparse", "meta"],
)
def test_a_tensor_without_a_numpy_twin_is_refused_with_its_dtype(tensor: torch.Tensor):
    with pytest.raises(CodecError, match=r"tensor of dtype torch\.\w+ cannot cross"):
        encode(tensor, keep=lambda _: Handle(0, "never"))


class Point(NamedTuple):
    x: float
    y: float


class Colour(enum.IntEnum):
    RED = 3


class Liar:
    """Says, in every method that Python would ask, that it is something else."""

    __array__ = __index__ = __int__ = __float__ = __complex__ = __str__ = __bytes__ = __bool__ = (
        lambda self, *_, **__: 1 / 0
    )
    __iter__ = __len__ = __getitem__ = __eq__ = __ne__ = __hash__ = keys = items = __array__
    tobytes = astype = __reduce_ex__ = __getattribute__ = __array__  # type: ignore[assignment]


def lying(builtin: type) -> type:
    return type(f"Lying{builtin.__name__}", (Liar, builtin), {"__getattribute__": Liar.__array__})


@pytest.mark.parametrize(
    "value",
    [7, 2**90, 1.5, 1 + 2j, "text", b"bytes", [1, [2]], (1, (2,)), {"a": 1}],
    ids=lambda value: type(value).__name__,
)
def test_a_subclass_that_lies_arrives_as_the_plain_truth(value: Any):
    disguised = lying(type(value))(value)
    received = decode(encode(disguised))
    assert same(value, received)


def test_friendly_subclasses_arrive_plain_too():
    class Tally(collections.Counter[str]):
        pass

    sent = [Point(1.0, 2.0), Colour.RED, Tally("aa"), collections.defaultdict(lambda: 1, a=1)]
    sent += [np.str_("s"), np.bytes_(b"b"), bytearray(b"a"), np.True_]
    plain = [(1.0, 2.0), 3, {"a": 2}, {"a": 1}, "s", b"b", b"a", np.True_]
    assert same(plain, decode(encode(sent)))


class LyingArray(np.ndarray):
    dtype = property(lambda self: np.dtype("float64"))  # type: ignore[assignment]
    shape = property(lambda self: (10**9,))  # type: ignore[assignment]
    __array__ = tobytes = astype = __eq__ = lambda *_, **__: 1 / 0  # type: ignore[assignment]


def test_an_array_that_lies_arrives_as_what_it_holds():
    received = decode(encode(np.arange(3, dtype=np.int16).view(LyingArray)))
    assert same(np.arange(3, dtype=np.int16), received)
    matrix = decode(encode(np.ma.masked_array([1.0, 2.0], [True, False])))
    assert type(matrix) is np.ndarray


def test_an_object_that_claims_a_class_is_still_a_handle():
    class Pretender:
        __class__ = property(lambda self: float)  # type: ignore[assignment]

    kept: list[object] = []
    received = decode(encode([Pretender()], lambda value: kept.append(value) or Handle(0, "P")))
    assert received == [Handle(0, "P")]
    assert type(kept[0]) is Pretender


@pytest.mark.parametrize(
    "value",
    [
        *(object(), range(2**18 + 1), len, lambda: 0, int, iter([]), memoryview(b"")),
        *(np.array([object()]), np.zeros(1, "f4,i2"), np.longdouble(1)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_is_no_plain_data_is_kept_or_refused(value: Any):
    kept: list[object] = []

    def keep(found: object) -> Handle:
        kept.append(found)
        return Handle(7, "k" * 500, callable(found))

    received = decode(encode({"deep": (value,)}, keep))
    assert received == {"deep": (Handle(7, "k" * 200, callable(value)),)}
    assert kept[0] is value
    with pytest.raises(CodecError, match=r"is not plain data( \(.*\))?; give numbers"):
        encode([value])


def test_handles_are_put_back_wherever_they_are():
    sent = {"a": [Handle(0, "x"), (Handle(1, "y"), {Handle(2, "z"): 1})], "b": np.ones(1)}
    received = put_back(decode(encode(sent)), lambda handle: f"object {handle.number}")
    assert received.pop("b").tolist() == [1.0]
    assert received == {"a": ["object 0", ("object 1", {"object 2": 1})]}


def nested(depth: int) -> Any:
    value: Any = 0
    for level in range(depth):
        value = ([value], (value,), {"k": value})[level % 3]
    return value


def test_nesting_is_allowed_up_to_the_limit_and_no_further():
    assert decode(encode(nested(MAX_DEPTH))) == nested(MAX_DEPTH)
    with pytest.raises(CodecError, match="nested more than 32 deep"):
        encode(nested(MAX_DEPTH + 1))


def test_a_container_inside_itself_is_refused():
    ring: list[Any] = []
    ring.append((ring, {"again": ring}))
    table: dict[str, Any] = {}
    table["self"] = table
    for value in (ring, table):
        with pytest.raises(CodecError, match="is it inside itself"):
            encode(value)


def test_a_small_object_that_unfolds_without_end_is_refused_soon():
    laughs: Any = ["ha"]
    for _ in range(MAX_DEPTH - 1):
        laughs = [laughs, laughs]
    with pytest.raises(CodecError, match="more than 262144 values"):
        encode(laughs)


TOO_MUCH: dict[str, Any] = {
    # 8 bytes in memory, 8 TB on the link
    "a broadcast array": np.broadcast_to(np.float64(1), (10**6, 10**6)),
    "an expanded tensor": torch.ones(1).expand(10**5, 10**5),
    "bytes": bytearray(MAX_MESSAGE + 1),
    "an integer": 2 ** (8 * 1024),
    "half a surrogate pair": "\ud800",
    "half a surrogate pair as key": {"\udfff": 1},
    "an empty array of a huge shape": np.zeros((0, 2**40)),
    "33 dimensions": np.zeros([1] * 33),
    "a tensor as key": {torch.ones(1): 1},
    "a tensor inside a key": {(torch.ones(1),): 1},
    "keys with hashes to foresee": {(0, n): n for n in range(1001)},
    "items": [0] * MAX_ITEMS,
}


@pytest.mark.parametrize("value", TOO_MUCH.values(), ids=TOO_MUCH.keys())
def test_what_the_other_end_would_not_read_is_not_written(value: Any):
    with pytest.raises(CodecError):
        encode(value)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((2**24, 1)), "an array of 134217728 bytes is over the limit of 67108864"),
        (
            np.broadcast_to(np.zeros(1), (2**50,)),
            r"an array of shape \(1125899906842624,\) is over the limit of 67108864 bytes",
        ),
        (np.zeros([1] * 33), "an array of 33 dimensions; at most 32 can cross"),
    ],
)
def test_an_array_that_is_too_large_is_told_its_size_and_the_limit(array: Any, said: str):
    with pytest.raises(CodecError, match=said):
        encode(array)


def test_the_limits_are_the_same_at_both_ends():
    # the list itself counts, and its tag
    most = [0] * (MAX_ITEMS - 2)
    assert len(decode(encode(most))) == len(most)
    large = np.zeros(MAX_MESSAGE - 100, np.uint8)
    assert decode(encode(large)).size == large.size
    odd = {(0, n): n for n in range(1000)} | {n: n for n in range(5000)}
    assert decode(encode(odd)) == odd


def test_the_public_names():
    assert codec.__all__ == [
        *("DTYPES", "MAX_DEPTH", "MAX_ITEMS", "MAX_MESSAGE"),
        *("CodecError", "Handle", "MissingLibrary", "arrives_as_it_is"),
        *("decode", "encode", "inside", "is_written_alike", "put_back"),
    ]

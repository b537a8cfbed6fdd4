"""Values of the standard library, and arrays of text, dates and objects: exact, or refused."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections import Counter, OrderedDict, defaultdict, deque
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from course.link.codec import CodecError, Handle, decode, encode, put_back
from course.link.plain import MAX_DIGITS, MAX_RANGE

text = st.text(st.characters(exclude_categories=["Cs"]))
offsets = st.timedeltas(dt.timedelta(hours=-23), dt.timedelta(hours=23))
zones = st.one_of(
    st.none(),
    st.builds(dt.timezone, offsets),
    st.builds(dt.timezone, offsets, text),
    st.sampled_from(["UTC", "Europe/Berlin", "America/Argentina/Ushuaia"]).map(zoneinfo.ZoneInfo),
)
decimals = st.decimals(
    allow_nan=False, min_value=-(10**40), max_value=10**40, places=None
) | st.sampled_from([Decimal(t) for t in ("-0", "1.50", "1E+5", "1E-9", "Infinity", "0E+3")])
small = st.integers(-(2**62), 2**62)
ranges = st.builds(range, st.integers(-99, 99), st.integers(-99, 99), st.integers(1, 9))
values = st.one_of(
    st.dates(),
    st.times(timezones=st.none() | st.just(dt.UTC)),
    st.datetimes(timezones=zones, allow_imaginary=True),
    st.timedeltas(),
    decimals,
    st.fractions(),
    ranges,
    st.just(...),
    st.builds(slice, st.none() | small, st.none() | small, st.none() | small),
)
hashable = st.one_of(st.dates(), st.timedeltas(), decimals, st.fractions(), ranges)
counters = st.dictionaries(text | hashable, st.integers()).map(Counter)
containers = st.one_of(
    counters,
    st.lists(st.tuples(text, values)).map(OrderedDict),
    st.builds(deque, st.lists(values), st.none()),
    st.builds(lambda items: deque(items, len(items) + 2), st.lists(values)),
    st.dictionaries(text, values).map(lambda items: defaultdict(list, items)),
    st.dictionaries(text, values).map(lambda items: defaultdict(None, items)),
    st.sets(hashable),
)


def same(a: Any, b: Any) -> bool:
    """Equal in type, in value and in how it is written."""
    if type(a) is set:
        return type(b) is set and a == b
    return type(a) is type(b) and a == b and repr(a) == repr(b)


@given(values | containers)
@example(dt.datetime(2026, 10, 25, 2, 30, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"), fold=1))
@example(dt.UTC)
@example(range(0, -MAX_RANGE, -1))
@example(Counter({"a": -1, "b": 0}))
def test_values_of_the_standard_library_come_back_exactly(value: Any):
    assert same(value, decode(encode(value)))


def test_a_decimal_that_is_no_number_keeps_its_kind():
    written = [str(decode(encode(Decimal(t)))) for t in ("NaN", "-NaN12", "sNaN", "-Infinity")]
    assert written == ["NaN", "-NaN12", "sNaN", "-Infinity"]


@pytest.mark.parametrize("kind", [Counter, OrderedDict, deque, Decimal, Fraction, dt.date])
def test_a_subclass_never_arrives_as_the_real_thing(kind: Any):
    base = {Counter: {"a": 1}, OrderedDict: {"a": 1}, deque: [1], dt.date: (2026, 1, 1)}
    liar = type("Liar", (kind,), {"__eq__": lambda *_: True, "__hash__": lambda *_: 0})
    given = base.get(kind, 1)
    value = liar(*given) if type(given) is tuple else liar(given)
    received = decode(encode(value, lambda _: Handle(0, "Liar")))
    assert type(received) in (dict, Handle)


TOO_LARGE: dict[str, Any] = {
    "a range": range(MAX_RANGE + 1),
    "a range far away": range(2**70, 2**70 + 1),
    "an exponent": Decimal(f"1E+{MAX_DIGITS + 1}"),
    "a small exponent": Decimal(f"1E-{MAX_DIGITS + 1}"),
    "digits": Decimal("1" * (MAX_DIGITS + 2)),
    "a zone of its own": dt.datetime(2026, 1, 1, tzinfo=type("Z", (dt.tzinfo,), {})()),
}


@pytest.mark.parametrize("value", TOO_LARGE.values(), ids=TOO_LARGE.keys())
def test_what_is_small_only_while_it_is_written_stays_where_it_is(value: Any):
    assert decode(encode(value, lambda _: Handle(4, "kept"))) == Handle(4, "kept")
    with pytest.raises(CodecError, match="is not plain data"):
        encode(value)


def test_objects_inside_of_containers_are_kept_and_put_back():
    kept: list[object] = []

    def keep(value: object) -> Handle:
        kept.append(value)
        return Handle(len(kept) - 1, "object")

    thing = object()
    sent = [deque([thing], 3), OrderedDict(a=thing), defaultdict(int, a=thing), {"s": [thing]}]
    received = decode(encode(sent, keep))
    assert put_back(received, lambda handle: kept[handle.number]) == sent
    assert [type(value) for value in received] == [deque, OrderedDict, defaultdict, dict]
    assert received[0].maxlen == 3
    assert received[2]["missing"] == 0


texts = npst.arrays(
    "U7", npst.array_shapes(min_dims=0, min_side=0), elements=text.map(lambda t: t[:7].rstrip("\0"))
)
units = st.sampled_from(["Y", "M", "D", "h", "s", "ms", "us", "ns"])
moments = st.builds(
    lambda numbers, kind, unit: numbers.view(f"{kind}8[{unit}]"),
    npst.arrays("i8", npst.array_shapes(max_dims=3, min_side=0)),
    st.sampled_from("mM"),
    units,
)
objects = npst.arrays(
    object,
    npst.array_shapes(min_side=0),
    elements=st.one_of(st.none(), text, st.integers(), hashable, st.lists(text)),
    fill=st.nothing(),
)


@given(texts | moments | objects)
def test_arrays_of_text_dates_and_objects_keep_dtype_shape_and_entries(array: Any):
    received = decode(encode(array))
    assert (type(received), received.dtype, received.shape) == (
        np.ndarray,
        array.dtype,
        array.shape,
    )
    if array.dtype.kind in "mM":
        assert received.tobytes() == array.tobytes()
    else:
        assert received.tolist() == array.tolist()
        assert list(map(type, received.flat)) == list(map(type, array.flat))
    received[...] = received  # it may be written to


@pytest.mark.parametrize("value", [np.datetime64("2026-01-02", "D"), np.timedelta64(-5, "ms")])
def test_a_single_date_of_numpys_crosses(value: Any):
    received = decode(encode([value, {value: 1}.popitem()[0]]))
    assert received == [value, value]
    assert received[0].dtype == value.dtype


def test_dates_of_the_other_byte_order_and_odd_layouts_arrive_as_the_same_dates():
    dates = np.arange(12).astype("M8[D]").reshape(3, 4)
    for view in (dates.astype(">M8[D]"), dates[::2, ::-1], dates.T):
        assert (decode(encode(view)) == view).all()


@pytest.mark.parametrize(
    "array",
    [
        np.array([1, object()], dtype=object),
        np.array([[], type("Spy", (str,), {})("a")], dtype=object),
        np.array(["a", [1, type("Spy", (int,), {})(1)]], dtype=object),
        np.array(["a"], dtype="S1"),
        np.array(3, "m8"),
        np.array([3], "m8[25s]"),
        np.zeros(2, "f4,i2"),
        np.array(["a"], dtype="U1").view(np.char.chararray),
    ],
    ids=lambda array: f"{array.dtype}-{array.ndim}",
)
def test_an_array_crosses_whole_or_not_at_all(array: Any):
    assert decode(encode([array], lambda _: Handle(1, "array"))) == [Handle(1, "array")]


def integers(*numbers: int) -> list[Any]:
    return [5, "int64", np.array(numbers, "<i8").tobytes(), len(numbers)]


def cells(written: str, lengths: list[Any], *others: Any, which: Any = None) -> list[Any]:
    return [0, written, lengths, [0, *others], which]


def repeated(*which: int) -> list[Any]:
    """An array of the texts a and bc, in this order."""
    numbers = cells("abc", integers(1, 2), which=integers(*which))
    return [11, "array", [0, 2, [0, len(which)], numbers]]


FORGED: dict[str, Any] = {
    "no name": [11],
    "no parts": [11, "date"],
    "more parts": [11, "date", [0, 1, 1, 1], 1],
    "a number as name": [11, 1, [0]],
    "an unknown kind": [11, "os.system", "true"],
    "a date of text": [11, "date", [0, "1", 1, 1]],
    "a date of booleans": [11, "date", [0, True, True, True]],
    "a day that is none": [11, "date", [0, 2026, 2, 30]],
    "a time with a zone of another place": [11, "time", [0, 1, 1, 1, 1, 0, "../../etc/passwd"]],
    "a zone that is none": [11, "time", [0, 1, 1, 1, 1, 0, "Nowhere/Land"]],
    "a zone of a day": [11, "timezone", [0, [0, 1, 0, 0]]],
    "no zone": [11, "timezone", None],
    "a timedelta with too many seconds": [11, "timedelta", [0, 0, 86400, 0]],
    "a timedelta without end": [11, "timedelta", [0, 2**62, 0, 0]],
    "a decimal that is a word": [11, "decimal", "ten"],
    "a decimal with other digits": [11, "decimal", "\u0663"],
    "a decimal with an exponent": [11, "decimal", "1E+9999"],
    "a decimal with another exponent": [11, "decimal", "1E-99999"],
    "a long decimal": [11, "decimal", "1" * 10**6],
    "a fraction of nothing": [11, "fraction", [0, 1, 0]],
    "a fraction in other terms": [11, "fraction", [0, 2, 4]],
    "a fraction with its sign below": [11, "fraction", [0, 1, -2]],
    "a range without steps": [11, "range", [0, 1, 2, 0]],
    "a range without end": [11, "range", [0, 0, 2**60, 1]],
    "a slice of four": [11, "slice", [0, 1, 2, 3, 4]],
    "an ellipsis with something": [11, "ellipsis", 1],
    "a counter of a list": [11, "counter", [0, "a"]],
    "a default of a function": [11, "default", [0, "eval", [2]]],
    "a default of a list": [11, "default", [0, ["int"], [2]]],
    "a deque that is too long": [11, "deque", [0, [0, 1, 2], 1]],
    "a deque of negative length": [11, "deque", [0, [0], -1]],
    "a list as key": [2, [11, "deque", [0, [0], None]], 1],
    "a key without a kind": [2, [11], 1],
    "a key that signals": [2, [11, "decimal", "sNaN"], 1],
    "an item that signals": [9, [11, "decimal", "sNaN"]],
    "an array in an unknown unit": [11, "array", [0, "M8[w]", integers(1)]],
    "an array of machine code": [11, "array", [0, "O8[ns]", integers(1)]],
    "an array of dates as floats": [11, "array", [0, "M8[s]", [5, "float64", bytes(8), 1]]],
    "a date with a shape": [11, "datetime64", [0, "M8[s]", integers(1)]],
    "text with lengths of text": [11, "array", [0, 1, [0, 1], cells("a", [0, 1])]],
    "text that is longer": [11, "array", [0, 3, [0, 1], cells("a", integers(3))]],
    "text that is shorter": [11, "array", [0, 3, [0, 1], cells("abc", integers(1))]],
    "text whose lengths go round": [
        *(11, "array"),
        [0, 3, [0, 4], cells("", integers(*[2**62] * 4))],
    ],
    "text that is wider": [11, "array", [0, 1, [0, 1], cells("ab", integers(2))]],
    "text that is huge": [11, "array", [0, 2**40, [0, 1], cells("a", integers(1))]],
    "text of another shape": [11, "array", [0, 1, [0, 2], cells("a", integers(1))]],
    "text of an impossible shape": [11, "array", [0, 1, [0, -1, -1], cells("a", integers(1))]],
    "text that is a number": [11, "array", [0, 1, [0, 1], cells("", integers(-1), 1)]],
    "objects that are missing": [11, "array", [0, None, [0, 1], cells("", integers(-1))]],
    "a cell that is not there": repeated(0, 2),
    "a cell before the first": repeated(-1, 0),
    "cells with numbers of text": [
        *(11, "array"),
        [0, 1, [0, 1], cells("a", integers(1), which=[0, 1])],
    ],
    "cells with numbers in rows": [
        *(11, "array"),
        [0, 1, [0, 1], cells("a", integers(1), which=[5, "int64", bytes(8), 1, 1])],
    ],
    "cells with numbers that are none": [
        *(11, "array"),
        [0, 1, [0, 1], cells("a", integers(1), which=[5, "float64", bytes(8), 1])],
    ],
    "cells that are too long together": [
        *(11, "array"),
        [0, None, [0, 65], cells("a" * 2**20, integers(2**20), which=integers(*[0] * 65))],
    ],
    "objects to spare": [11, "array", [0, None, [0, 1], cells("a", integers(1), 1)]],
    "objects among texts without lengths": [11, "array", [0, None, [0, 1], cells("a", None, 1)]],
    "objects that are named twice": [
        *(11, "array"),
        [0, None, [0, 2], cells("", integers(-1), [0], which=integers(0, 0))],
    ],
    "fewer texts than the shape": [11, "array", [0, 1, [0, 3], cells("a\0b", None)]],
    "a wider text without lengths": [11, "array", [0, 1, [0, 2], cells("ab\0c", None)]],
    "too many texts": [11, "array", [0, None, [0, 2**23 + 1], cells("\0" * 2**23, None)]],
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
def test_forged_parts_are_refused(forged: Any):
    with pytest.raises(CodecError):
        decode(msgpack.packb(forged))


def test_the_forgeries_are_made_of_the_names_and_shapes_that_are_in_use():
    honest = {
        "date": ([11, "date", [0, 2026, 2, 28]], dt.date(2026, 2, 28)),
        "fraction": ([11, "fraction", [0, 1, 2]], Fraction(1, 2)),
        "deque": ([11, "deque", [0, [0, 1], 1]], deque([1], 1)),
        "key": ([2, [11, "decimal", "1.5"], 1], {Decimal("1.5"): 1}),
        "zone": ([11, "timezone", [0, [0, 0, 60, 0]]], dt.timezone(dt.timedelta(minutes=1))),
    }
    for raw, value in honest.values():
        assert decode(msgpack.packb(raw)) == value
    for raw in (
        [11, "array", [0, "M8[s]", integers(1)]],
        [11, "array", [0, 1, [0, 1], cells("a", integers(1))]],
        [11, "array", [0, None, [0, 1], cells("", integers(-1), None)]],
        [11, "array", [0, 1, [0, 1], cells("a", None)]],
    ):
        assert decode(msgpack.packb(raw)).shape == (1,)
    assert decode(msgpack.packb(repeated(1, 0, 0))).tolist() == ["bc", "a", "a"]


def test_a_text_that_comes_often_is_written_once():
    often = np.array(["Lagos", "Ibadan"] * 4000, dtype=object)
    data = encode(often)
    assert data.count(b"Lagos") == 1
    assert decode(data).tolist() == often.tolist()
    # and is as long as it is all the same
    long = np.array(["a" * 2**20] * 65, dtype=object)
    with pytest.raises(CodecError, match="over the limit"):
        encode(long)


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [""],
        ["", ""],
        ["\0"],
        ["a\0", "b"],
        ["a", "\0", "b"],
        ["", "", None],
        ["a\0b", None, ""],
        [f"{number}\0" for number in range(300)],
        [f"{number}" for number in range(300)],
        ["a"] * 200 + [f"{number}" for number in range(300)],
        ["a", "b\0"] * 200,
        ["", "a"] * 200,
        [""] * 200,
    ],
)
def test_texts_with_and_without_the_character_between_them_arrive_as_they_are(texts: list[Any]):
    arrived = decode(encode(np.array(texts, dtype=object)))
    assert arrived.dtype == object
    assert arrived.tolist() == texts


def test_objects_of_a_column_are_each_their_own():
    column = np.empty(2, dtype=object)
    column[:] = [["a"], ["a"]]
    first, second = decode(encode(column))
    assert first == second == ["a"]
    assert first is not second

"""Tables of pandas cross with every dtype, label and name, or not at all."""

from __future__ import annotations

import subprocess
import sys
import types
import zoneinfo
from decimal import Decimal
from typing import Any

import msgpack
import numpy as np
import pandas as pd
import pandas.testing as pdt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.link import kinds, reading
from course.link.codec import CodecError, Handle, MissingLibrary, decode, encode
from course.link.notebook import LiveState
from course.link.serve import Server

text = st.text(st.characters(exclude_categories=["Cs"]))
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


def same(a: Any, b: Any) -> bool:
    """Equal in class, dtypes, labels, names and entries; asked of pandas' own comparisons."""
    if isinstance(a, np.generic) and isinstance(b, np.generic):
        # one dtype may have two classes: that of C's long, and that of its long long
        return a.dtype == b.dtype and repr(a) == repr(b)
    if type(a) is not type(b):
        return False
    if isinstance(a, pd.DataFrame):
        pdt.assert_frame_equal(a, b, check_exact=True, check_index_type="exact")
        columns = all(same(a.iloc[:, i], b.iloc[:, i]) for i in range(a.shape[1]))
        return columns and same(a.index, b.index) and same(a.columns, b.columns)
    if isinstance(a, pd.Series):
        pdt.assert_series_equal(a, b, check_exact=True, check_freq=True)
        return same(a.array, b.array) and same(a.index, b.index) and same(a.name, b.name)
    if isinstance(a, pd.MultiIndex):
        levels = len(a.levels) == len(b.levels) and all(map(same, a.levels, b.levels))
        return levels and a.names == b.names and all(map(np.array_equal, a.codes, b.codes))
    if isinstance(a, pd.Index):
        frequency = getattr(a, "freq", None) == getattr(b, "freq", None)
        return frequency and same(a.name, b.name) and same(a.array, b.array)
    if isinstance(a, pd.Categorical):
        return same(a.dtype.categories, b.dtype.categories) and (
            a.ordered == b.ordered and np.array_equal(a.codes, b.codes)
        )
    if isinstance(a, pd.api.extensions.ExtensionArray | np.ndarray):
        return a.dtype == b.dtype and len(a) == len(b) and all(map(same, a, b))
    if a is pd.NA or a is pd.NaT or a is None:
        return a is b
    return repr(a) == repr(b) and (a == b or a != a)


def numbers(dtype: str) -> st.SearchStrategy[Any]:
    if dtype == "bool":
        return st.booleans()
    if np.dtype(dtype).kind in "iu":
        limits = np.iinfo(dtype)
        return st.integers(int(limits.min), int(limits.max))
    width = np.dtype(dtype).itemsize * 8
    return st.complex_numbers() if dtype == "complex128" else st.floats(width=width)


def exactly(size: int, entries: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(entries, min_size=size, max_size=size)


NUMBERS = ["bool", "int8", "uint8", "int64", "uint64", "float32", "float64", "complex128"]
NULLABLE = {"Int8": "int8", "UInt64": "uint64", "Float64": "float64", "boolean": "bool"}
ODD = st.one_of(
    st.none(),
    text,
    st.integers(),
    st.floats(),
    st.just(pd.NA),
    st.just(pd.NaT),
    st.lists(text, max_size=2),
    st.decimals(allow_nan=False, min_value=-99, max_value=99, places=2),
    st.datetimes().map(lambda when: pd.Timestamp(when.replace(fold=0))),
)


@st.composite
def columns(draw: st.DrawFn, size: int) -> Any:
    """The entries of a column, of any dtype that crosses."""
    kind = draw(
        st.sampled_from("numbers nullable text natext dates zoned spans odd category".split())
    )
    if kind == "numbers":
        dtype = draw(st.sampled_from(NUMBERS))
        return np.array(draw(exactly(size, numbers(dtype))), dtype)
    if kind == "nullable":
        dtype = draw(st.sampled_from(sorted(NULLABLE)))
        entries = draw(exactly(size, st.none() | numbers(NULLABLE[dtype])))
        return pd.array([pd.NA if entry is None else entry for entry in entries], dtype=dtype)
    if kind in ("text", "natext"):
        missing = np.nan if kind == "text" else pd.NA
        entries = draw(exactly(size, st.none() | text))
        return pd.array(entries, dtype=pd.StringDtype("python", missing))
    if kind in ("dates", "zoned", "spans"):
        unit = draw(st.sampled_from(["s", "ms", "us", "ns"]))
        raw = np.array(draw(exactly(size, st.integers(-(10**9), 2 * 10**9))), np.int64)
        if kind == "spans":
            return pd.TimedeltaIndex(raw.view(f"m8[{unit}]")).array
        dates = pd.DatetimeIndex(raw.view(f"M8[{unit}]"))
        zone = draw(st.sampled_from(["UTC", "Europe/Berlin"])) if kind == "zoned" else None
        return (dates.tz_localize("UTC").tz_convert(zone) if zone else dates).array
    if kind == "category":
        labels = draw(st.lists(text, min_size=1, max_size=4, unique=True))
        codes = draw(exactly(size, st.integers(-1, len(labels) - 1)))
        ordered = draw(st.booleans())
        return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(labels, ordered))
    found = np.empty(size, dtype=object)
    for place, entry in enumerate(draw(exactly(size, ODD))):
        found[place] = entry
    return found


LEVELS = [
    pd.Index(["a", "b", "c"], name="not asked"),
    pd.RangeIndex(3),
    pd.date_range("2026", periods=3, freq="D", tz="UTC"),
    pd.CategoricalIndex(["x", "z", "y"], ordered=True),
    pd.Index([1.5, True, ("t", 1)], dtype=object),
    pd.Index([1, 2, 5], dtype="Int64"),
]
names = st.one_of(st.none(), text, st.integers(), st.tuples(text, st.integers()))


@st.composite
def indexes(draw: st.DrawFn, size: int) -> Any:
    """An index of any class that crosses; labels may repeat."""
    kind = draw(st.sampled_from("range column freq period interval multi".split()))
    name = draw(names)
    if kind == "range":
        start, step = draw(st.integers(-9, 9)), draw(st.sampled_from([-3, -1, 1, 2]))
        return pd.RangeIndex(start, start + size * step, step, name=name)
    if kind == "freq":
        frequency = draw(st.sampled_from(["D", "MS", "2h", "W-SUN", "B", "YE-MAR"]))
        zone = draw(st.sampled_from([None, "UTC", "Europe/Berlin"]))
        return pd.date_range("2026-03-28", periods=size, freq=frequency, tz=zone, name=name)
    if kind == "period":
        frequency = draw(st.sampled_from(["M", "Q-JAN", "D", "15min"]))
        return pd.period_range("2026-01", periods=size, freq=frequency, name=name)
    if kind == "interval":
        closed = draw(st.sampled_from(["left", "right", "both", "neither"]))
        breaks = np.arange(size + 1) if draw(st.booleans()) else np.linspace(0, 1, size + 1)
        return pd.IntervalIndex.from_breaks(breaks, closed=closed, name=name)
    if kind == "multi":
        levels = draw(st.permutations(LEVELS))[:2]
        codes = [np.array(draw(exactly(size, st.integers(-1, 2))), np.int8) for _ in levels]
        return pd.MultiIndex(levels=levels, codes=codes, names=[draw(names), draw(names)])
    entries = draw(columns(size))
    if getattr(entries, "dtype", None) in (np.float16,):
        entries = entries.astype(float)
    if isinstance(entries, np.ndarray) and entries.dtype == object:
        entries = np.array([str(entry) for entry in entries] + [None], dtype=object)[:-1]
        return pd.Index(entries, dtype=object, name=name)
    return pd.Index(entries, name=name)


@st.composite
def frames(draw: st.DrawFn) -> Any:
    size, width = draw(st.integers(0, 4)), draw(st.integers(0, 4))
    index = draw(indexes(size))
    made = [pd.Series(draw(columns(size)), index=index, copy=False) for _ in range(width)]
    frame = pd.DataFrame(dict(enumerate(made)), index=index)
    frame.columns = draw(indexes(width))
    return frame


@st.composite
def series(draw: st.DrawFn) -> Any:
    size = draw(st.integers(0, 4))
    entries = draw(columns(size))
    return pd.Series(entries, index=draw(indexes(size)), dtype=entries.dtype, name=draw(names))


sized = st.integers(0, 5)


@settings(deadline=None)
@given(sized.flatmap(columns))
def test_columns_of_every_dtype_come_back_exactly(column: Any):
    received = decode(encode(column))
    assert same(column, received)
    if len(received):
        received[0] = received[0]  # it may be written to


@settings(deadline=None)
@given(sized.flatmap(indexes))
def test_indexes_of_every_class_come_back_exactly(index: Any):
    assert same(index, decode(encode(index)))


@settings(deadline=None)
@given(series())
def test_series_come_back_exactly(value: Any):
    received = decode(encode(value))
    assert same(value, received)
    if len(received):
        received.iloc[0] = received.iloc[0]
        received.array[0] = received.iloc[0]


@settings(deadline=None)
@given(frames())
def test_frames_come_back_exactly(frame: Any):
    received = decode(encode({"in a list": [frame]}))["in a list"][0]
    assert same(frame, received)
    if frame.size:
        received.iloc[0, 0] = received.iloc[0, 0]  # it may be written to


ENTRIES = [
    *(pd.Timestamp("2026-03-04 05:06:07.123456789"), pd.Timestamp(0).as_unit("s")),
    *(pd.Timestamp("2026-07-01", tz="UTC"), pd.Timestamp(2026, 10, 25, 2, 30, fold=1, tz=BERLIN)),
    *(pd.Timestamp("9999-12-31").as_unit("s"), pd.Timestamp(1, tz="Etc/GMT+3")),
    *(pd.Timedelta("3D 2h"), pd.Timedelta(-5, "ns"), pd.Timedelta(9, "s").as_unit("s")),
    *(pd.NaT, pd.NA, pd.Period("2026-03", "M"), pd.Period("2026Q1", "Q-JAN")),
    *(pd.Interval(1, 2.5, "left"), pd.Interval(pd.Timestamp(0), pd.Timestamp(9), "both")),
]


@pytest.mark.parametrize("entry", ENTRIES, ids=repr)
def test_single_entries_come_back_exactly_also_as_keys(entry: Any):
    received = decode(encode([entry, {entry: 1}, {entry}, (entry,)]))
    assert same(entry, received[0])
    assert same(entry, *received[1])
    assert same(entry, *received[2])
    assert getattr(entry, "unit", None) == getattr(received[0], "unit", None)
    assert getattr(entry, "fold", None) == getattr(received[0], "fold", None)


def test_the_comparison_of_these_tests_tells_apart_what_it_must():
    different = [
        *(pd.Series([1, 2]), pd.Series([1, 2], dtype="Int64"), pd.Series([1, 2], name="a")),
        *(pd.Series([1, 2], index=[0, 2]), pd.Series([1, 3]), pd.Series(["a"]), pd.DataFrame()),
        *(pd.Series(["a"], dtype=object), pd.Series(["a"], dtype="category"), pd.NA, pd.NaT, None),
        *(pd.Index([1, 2]), pd.RangeIndex(1, 3), pd.DataFrame([1]), pd.DataFrame({"a": [1]})),
        *(pd.DataFrame([1.0]), pd.date_range("2026", periods=2), pd.Series([pd.Timestamp(0)])),
        pd.Series([pd.Timestamp(0).as_unit("s")]),
    ]
    for i, a in enumerate(different):
        for j, b in enumerate(different):
            try:
                found = same(a, b)
            except AssertionError:
                found = False
            assert found is (i == j), (a, b)


def test_a_frame_that_is_one_array_and_one_with_repeated_names_cross():
    wide = pd.DataFrame(np.arange(6.0).reshape(2, 3), index=[7, 7], columns=["a", "a", "b"])
    odd = pd.DataFrame([[1, "x", None]], columns=["a", "a", "a"])
    for frame in (wide, odd, wide.T, wide[["b"]], odd.iloc[:0], wide.iloc[:, :0]):
        assert same(frame, decode(encode(frame)))


def test_attributes_of_a_table_cross_with_it():
    frame = pd.DataFrame({"a": [1]})
    frame.attrs["unit"] = ["km"]
    assert decode(encode(frame)).attrs == {"unit": ["km"]}
    frame.attrs["unit"] = object()
    assert decode(encode(frame, lambda _: Handle(3, "DataFrame"))) == Handle(3, "DataFrame")


class Lying(pd.DataFrame):
    def equals(self, other: object) -> bool:
        return True


class Spy(str):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


NOT_PLAIN: dict[str, Any] = {
    "a subclass of a frame": Lying({"a": [1]}),
    "a subclass of a series": type("Lying", (pd.Series,), {})([1]),
    "a column of objects": pd.DataFrame({"a": [object()]}),
    "a column with a text that spies": pd.DataFrame({"a": pd.Series([Spy("a"), 1], dtype=object)}),
    "a list with a text that spies": pd.Series([[Spy("a")]]),
    "a name that is an object": pd.Series([1], name=Spy("a")),
    "a label that spies": pd.Series([1], index=pd.Index([Spy("a")], dtype=object)),
    "a sparse column": pd.Series(pd.arrays.SparseArray([0, 1])),
    "a table that forbids repeated labels": pd.Series([1]).set_flags(allows_duplicate_labels=False),
    "a frequency with holidays of its own": pd.DatetimeIndex(
        ["2026-01-05", "2026-01-07"], freq=pd.offsets.CustomBusinessDay(holidays=["2026-01-06"])
    ),
    "a group": pd.DataFrame({"a": [1]}).groupby("a"),
    "a thousand categories": pd.Categorical([Decimal(n) for n in range(1001)]),
    "a timestamp in a fold": pd.Timestamp(2026, 10, 25, 2, fold=1),
}


@pytest.mark.parametrize("value", NOT_PLAIN.values(), ids=NOT_PLAIN.keys())
def test_what_could_answer_for_itself_stays_where_it_is(value: Any):
    kept: list[object] = []
    received = decode(encode([value], lambda found: kept.append(found) or Handle(0, "kept")))
    assert received == [Handle(0, "kept")]
    assert kept[0] is value
    with pytest.raises(CodecError, match="is not plain data"):
        encode(value)


def test_a_method_of_an_object_of_pandas_class_does_not_cross():
    frame = pd.DataFrame({"a": [1]})
    object.__setattr__(frame, "equals", lambda other: True)
    assert not decode(encode(frame)).equals(pd.DataFrame({"a": [2]}))


def raw(value: Any) -> list[Any]:
    found: list[Any] = msgpack.unpackb(encode(value))
    return found


def replaced(value: Any, old: Any, new: Any) -> Any:
    """A message with one of its parts replaced."""
    if value == old and type(value) is type(old):
        return new
    return [replaced(part, old, new) for part in value] if type(value) is list else value


SERIES, FRAME = pd.Series([1, 2], name="n"), pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
CATEGORY = pd.Categorical(["u", "v"])
MULTI = pd.MultiIndex.from_tuples([("u", 1), ("v", 2)], names=["p", "q"])
DATES = pd.date_range("2026-01-01", periods=2, freq="D", tz="Europe/Berlin")
FORGED: dict[str, Any] = {
    "a frame of nothing": [11, "pandas.DataFrame", None],
    "a frame of a frame": [11, "pandas.DataFrame", [0, [0], raw(FRAME), raw(FRAME), [2]]],
    "a frame without columns": [11, "pandas.DataFrame", [0, None, raw(pd.RangeIndex(1))]],
    "a function of pandas": [11, "pandas.read_pickle", "evil"],
    "a module of pandas": [11, "pandas.io.common.os.system", "true"],
    "a series with a longer index": replaced(raw(SERIES), raw(SERIES.index), raw(pd.Index([1]))),
    "a series whose index is a list": replaced(raw(SERIES), raw(SERIES.index), [0, 0, 1]),
    "a series of a list": replaced(raw(SERIES), raw(SERIES.to_numpy()), [0, 0, 1]),
    "a series of a table": replaced(raw(SERIES), raw(SERIES.to_numpy()), raw(np.ones((2, 2)))),
    "a series with a list as name": replaced(raw(SERIES), "n", [0, "n"]),
    "attributes that are a list": replaced(raw(SERIES), [2], [0, 1]),
    "a frame with more names": replaced(raw(FRAME), raw(FRAME.columns), raw(pd.RangeIndex(3))),
    "a frame with names as list": replaced(raw(FRAME), raw(FRAME.columns), [0, "a", "b"]),
    "a range of labels without end": [11, "pandas.RangeIndex", [0, [0, 0, 2**40, 1], None]],
    "a range of labels by nothing": [11, "pandas.RangeIndex", [0, [0, 0, 2, 0], None]],
    "an index that is another": [11, "pandas.Index", [0, raw(DATES.array), None]],
    "dates that are text": [11, "pandas.DatetimeIndex", [0, raw(np.array(["x"])), None, None]],
    "a zone that is a file": replaced(raw(DATES), "Europe/Berlin", "../passwd"),
    "a zone that is none": replaced(raw(DATES), "Europe/Berlin", "Europe/Atlantis"),
    "a frequency that is none": replaced(raw(DATES), "D", "nonsense"),
    "a frequency that does not fit": replaced(raw(DATES), "D", "h"),
    "a long frequency": replaced(raw(DATES), "D", "9" * 10**5 + "D"),
    "dates in weeks": replaced(raw(DATES), DATES.unit, "w"),
    "a period of nothing": [11, "pandas.Period", [0, 1, "nonsense"]],
    "a period without end": [11, "pandas.Period", [0, 2**63, "D"]],
    "codes beyond the categories": replaced(
        raw(CATEGORY), raw(CATEGORY.codes), raw(np.int8([0, 2]))
    ),
    "codes below": replaced(raw(CATEGORY), raw(CATEGORY.codes), raw(np.int8([0, -2]))),
    "codes that are no integers": replaced(raw(CATEGORY), raw(CATEGORY.codes), raw(np.ones(2))),
    "categories that repeat": replaced(
        raw(CATEGORY), raw(CATEGORY.categories), raw(pd.Index(["u", "u"]))
    ),
    "categories that are a list": replaced(raw(CATEGORY), raw(CATEGORY.categories), [0, "u", "v"]),
    "an order that is a number": replaced(raw(CATEGORY), False, 0),
    "more levels than codes": replaced(raw(MULTI), [0, "p", "q"], [0, "p"]),
    "codes beyond the levels": replaced(raw(MULTI), raw(np.int8([0, 1])), raw(np.int8([0, 7]))),
    "an index of no levels": [11, "pandas.MultiIndex", [0, [0], [0], [0]]],
    "intervals the wrong way": [11, "pandas.Interval", [0, 2, 1, "right"]],
    "intervals of text": [11, "pandas.Interval", [0, "a", "b", "right"]],
    "intervals closed by nothing": [11, "pandas.Interval", [0, 1, 2, "ajar"]],
    "a mask of numbers": [11, "pandas.IntegerArray", [0, raw(np.ones(1, int)), raw(np.ones(1))]],
    "a mask that is longer": [
        *(11, "pandas.IntegerArray"),
        [0, raw(np.ones(1, int)), raw(np.ones(2, bool))],
    ],
    "integers that are floats": [
        *(11, "pandas.IntegerArray"),
        [0, raw(np.ones(1)), raw(np.ones(1, bool))],
    ],
    "text that is a number": replaced(raw(pd.array([None, "b"])), [0, None], [0, 5]),
    "text kept by nobody": replaced(raw(pd.array(["b"])), "python", "evil"),
    "a timestamp that is none": [
        *(11, "pandas.Timestamp"),
        [0, "ns", raw(np.int64(-(2**63))), None],
    ],
    "a timestamp of text": [11, "pandas.Timestamp", [0, "ns", "0", None]],
    "an array of NumPy's that is a list": [11, "pandas.NumpyExtensionArray", [0, 1]],
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
def test_forged_tables_are_refused(forged: Any):
    with pytest.raises(CodecError):
        decode(msgpack.packb(forged))


def test_the_forgeries_differ_from_what_is_honest():
    honest = [raw(value) for value in (SERIES, FRAME, CATEGORY, MULTI, DATES)]
    messages = [msgpack.packb(value) for value in honest]
    assert not [name for name, forged in FORGED.items() if msgpack.packb(forged) in messages]
    for message in messages:
        decode(message)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([SERIES, FRAME, CATEGORY, MULTI, DATES, *ENTRIES]), st.data())
def test_damaged_tables_are_a_value_or_a_codec_error(value: Any, data: st.DataObject):
    message = bytearray(encode(value))
    for _ in range(data.draw(st.integers(1, 3))):
        message[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
    try:
        received = decode(bytes(message))
    except CodecError:
        return
    encode(received)  # what was read can be sent back


WITHOUT_PANDAS = """
import sys
from course.link.codec import decode, encode
decode(encode([{1: 2.5}, (1, "a"), {3}, b"x"]))
encode([object()], lambda value: __import__("course.link.codec").link.codec.Handle(0, "object"))
assert "pandas" not in sys.modules, "pandas was imported for nothing"
"""


def test_pandas_is_not_imported_for_what_is_none_of_its():
    subprocess.run([sys.executable, "-c", WITHOUT_PANDAS], check=True)


def test_what_only_has_the_name_of_pandas_changes_nothing(monkeypatch: pytest.MonkeyPatch):
    kinds._tables_by_type.cache_clear()
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "pandas", types.SimpleNamespace(DataFrame=1))
        assert decode(encode([{1}, object()], lambda _: Handle(2, "o"))) == [{1}, Handle(2, "o")]
    kinds._tables_by_type.cache_clear()
    assert decode(encode(pd.Series([1]))).tolist() == [1]


def test_a_server_without_a_library_says_so_and_goes_on(monkeypatch: pytest.MonkeyPatch):
    def without(name: str) -> None:
        raise MissingLibrary(f"{name} needs pandas")

    server = Server(LiveState({"a": 5}, cell_seconds=1, output_bytes=100))
    call = {"do": "call", "target": "f", "args": [pd.Series([1])], "kwargs": {}}
    with monkeypatch.context() as patch:
        patch.setattr(reading, "kind_named", without)
        error = decode(server.answer_to(encode(call)))["error"]
    assert (error["type"], "pandas" in error["message"]) == ("MissingLibrary", True)
    assert decode(server.answer_to(encode({"do": "get", "name": "a"}))) == {"value": 5}


def test_a_side_without_pandas_says_so(monkeypatch: pytest.MonkeyPatch):
    message = encode(pd.Series([1]))
    kinds._tables_by_name.cache_clear()
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingLibrary, match="needs pandas, which is not installed"):
        decode(message)
    monkeypatch.undo()
    assert decode(message).tolist() == [1]

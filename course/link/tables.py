"""Data frames, series, indexes and their entries as plain data, column by column.

Only objects of exactly pandas' own classes are taken apart: a subclass could answer for
itself. What arrives has the same dtypes (with categories, time zones, units and kinds of
missing values), the same labels and the same names; labels may repeat. Objects in a column
must be plain data themselves. Arrow's and sparse columns do not cross.

By column and not by Arrow's or pandas' own formats: pickle runs code, and Arrow would be a
library more, and keep neither objects nor every index.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from course.link.arrays import DTYPES, cells_of, cells_parts, moments_of
from course.link.limits import MAX_MESSAGE, MAX_ODD_KEYS, MissingLibrary, NotPlain
from course.link.plain import Kind, require, zone_of_parts, zone_parts

__all__ = ["table_kinds"]

_FREQUENCY = re.compile(r"[A-Za-z0-9\-]{1,24}")
_NONE = type(None)


def table_kinds() -> tuple[Kind, ...]:
    """The kinds of pandas.

    Raises:
        MissingLibrary: pandas is not installed.
    """
    try:
        import pandas as pd  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingLibrary(f"this value needs pandas, which is not installed: {error}") from None
    tables = _Tables(pd)
    return (*tables.containers(), *tables.columns(), *tables.entries())


class _Tables:
    """What is taken apart how; `pd` is pandas, which this module must not import by itself."""

    def __init__(self, pd: Any) -> None:
        self.pd = pd

    def containers(self) -> Iterable[Kind]:
        """Frames, series, indexes."""
        pd = self.pd
        yield _kind(pd.DataFrame, self.frame_parts, self.frame_of)
        yield _kind(pd.Series, self.series_parts, self.series_of)
        yield _kind(pd.Index, self.index_parts, self.index_of)
        yield _kind(pd.RangeIndex, _range_parts, self.range_of)
        yield _kind(pd.MultiIndex, _multi_parts, self.multi_of)
        for index in (pd.DatetimeIndex, pd.TimedeltaIndex):
            yield _kind(index, self.regular_parts, self.regular_of(index))
        for index in (pd.PeriodIndex, pd.CategoricalIndex, pd.IntervalIndex):
            yield _kind(index, self.index_parts, self.special_of(index))

    def columns(self) -> Iterable[Kind]:
        """What holds the entries of a column that is no array of NumPy's."""
        pd = self.pd
        yield _kind(pd.arrays.NumpyExtensionArray, lambda a: a.to_numpy(), self.numpy_of)
        yield _kind(pd.arrays.DatetimeArray, self.moments_parts, self.dates_of)
        yield _kind(pd.arrays.TimedeltaArray, self.moments_parts, self.durations_of)
        yield _kind(pd.arrays.PeriodArray, self.periods_parts, self.periods_of)
        yield _kind(pd.arrays.IntervalArray, _interval_parts, self.intervals_of)
        yield _kind(pd.Categorical, _category_parts, self.category_of)
        for masked in (pd.arrays.IntegerArray, pd.arrays.FloatingArray, pd.arrays.BooleanArray):
            yield _kind(masked, _masked_parts, _masked_of(masked))
        for text in {pd.arrays.StringArray, *self.string_arrays()}:
            yield _kind(text, self.text_parts, self.text_of)

    def entries(self) -> Iterable[Kind]:
        """Single values."""
        pd = self.pd
        yield _kind(pd.Timestamp, self.timestamp_parts, self.timestamp_of)
        yield _kind(pd.Timedelta, self.timedelta_parts, self.timedelta_of)
        yield _kind(pd.Period, self.period_parts, self.period_of)
        yield _kind(pd.Interval, _interval_parts, self.interval_of)
        yield _kind(type(pd.NaT), lambda _: None, lambda _: pd.NaT)
        yield _kind(type(pd.NA), lambda _: None, lambda _: pd.NA)

    # Frames and series

    def frame_parts(self, frame: Any) -> list[Any]:
        _require_no_flags(frame)
        dtypes = list(set(frame.dtypes))
        if len(dtypes) == 1 and isinstance(dtypes[0], np.dtype) and dtypes[0].name in DTYPES:
            values: Any = frame.to_numpy()  # all at once, when it is one array
        else:
            values = [_values(frame.iloc[:, place]) for place in range(frame.shape[1])]
        return [values, frame.index, frame.columns, dict(frame.attrs)]

    def frame_of(self, parts: Any) -> Any:
        values, index, labels, attrs = parts
        self._require_indexes(index, labels)
        if type(values) is np.ndarray:
            frame = self.pd.DataFrame(values, index=index, copy=False)
        else:
            columns = [self._series(column, index) for column in require([values], list)[0]]
            frame = self.pd.DataFrame(dict(enumerate(columns)), index=index)
        frame.columns = labels
        frame.attrs = attrs
        return frame

    def series_parts(self, series: Any) -> list[Any]:
        _require_no_flags(series)
        return [_values(series), series.index, series.name, dict(series.attrs)]

    def series_of(self, parts: Any) -> Any:
        values, index, name, attrs = parts
        self._require_indexes(index)
        series = self._series(values, index)
        series.name = name
        series.attrs = attrs
        return series

    def _series(self, values: Any, index: Any) -> Any:
        self._require_column(values)
        return self.pd.Series(values, index=index, dtype=values.dtype, copy=False)

    def _require_column(self, values: Any) -> None:
        extension = isinstance(values, self.pd.api.extensions.ExtensionArray)
        if not (extension or (type(values) is np.ndarray and values.ndim == 1)):
            raise NotPlain("a column is no array")

    def _require_indexes(self, *indexes: Any) -> None:
        if not all(isinstance(index, self.pd.Index) for index in indexes):
            raise NotPlain("labels are no index")

    # Indexes

    def index_parts(self, index: Any) -> list[Any]:
        return [_values(index), index.name]

    def index_of(self, parts: Any) -> Any:
        values, name = parts
        self._require_column(values)
        index = self.pd.Index(values, dtype=values.dtype, name=name, tupleize_cols=False)
        if type(index) is not self.pd.Index:
            raise NotPlain("an index is of another class than it says")
        return index

    def special_of(self, kind: Any) -> Callable[[Any], Any]:
        def index_of(parts: Any) -> Any:
            values, name = parts
            self._require_column(values)
            return kind(values, name=name)

        return index_of

    def regular_parts(self, index: Any) -> list[Any]:
        frequency = None if index.freq is None else index.freq.freqstr
        if self._frequency(frequency) != index.freq:
            raise NotPlain(f"the frequency {frequency} is no plain data")
        return [index.array, index.name, frequency]

    def regular_of(self, kind: Any) -> Callable[[Any], Any]:
        def index_of(parts: Any) -> Any:
            values, name, frequency = parts
            self._require_column(values)
            return kind(values, name=name, freq=self._frequency(frequency))

        return index_of

    def _frequency(self, written: str | None) -> Any:
        return None if written is None else self.pd.tseries.frequencies.to_offset(_read(written))

    def range_of(self, parts: Any) -> Any:
        bounds, name = parts
        numbers = range(*require(bounds, int, int, int))
        if len(numbers) > MAX_MESSAGE // 8:  # as many as an index of integers may have
            raise NotPlain("a range of labels is too long")
        return self.pd.RangeIndex(numbers, name=name)

    def multi_of(self, parts: Any) -> Any:
        levels, codes, names = require(parts, list, list, list)
        self._require_indexes(*levels)
        _require_few_objects(levels)
        if not all(type(code) is np.ndarray and code.dtype.kind == "i" for code in codes):
            raise NotPlain("the codes of an index are no integers")
        return self.pd.MultiIndex(levels=levels, codes=codes, names=names)

    # Columns

    def numpy_of(self, values: Any) -> Any:
        self._require_column(values)
        return self.pd.arrays.NumpyExtensionArray(values)

    def moments_parts(self, array: Any) -> list[Any]:
        zone = zone_parts(getattr(array, "tz", None))
        return [array.unit, array.asi8, zone]

    def dates_of(self, parts: Any) -> Any:
        unit, numbers, zone = require(parts, str, np.ndarray, (_NONE, str, list))
        dates = self.pd.DatetimeIndex(moments_of(f"M8[{unit}]", numbers))
        if zone is not None:
            dates = dates.tz_localize("UTC").tz_convert(zone_of_parts(zone))
        return dates.array.copy()  # an index's own cannot be written to

    def durations_of(self, parts: Any) -> Any:
        unit, numbers, _ = require(parts, str, np.ndarray, _NONE)
        return self.pd.TimedeltaIndex(moments_of(f"m8[{unit}]", numbers)).array.copy()

    def periods_parts(self, array: Any) -> list[Any]:
        # such as "period[M]"; an offset's own text would be "ME"
        return [array.asi8, _read(str(array.dtype)[len("period[") : -1])]

    def periods_of(self, parts: Any) -> Any:
        ordinals, frequency = require(parts, np.ndarray, str)
        numbers = moments_of("m8[s]", ordinals).view(np.int64)
        index = self.pd.PeriodIndex.from_ordinals(numbers, freq=_read(frequency))
        return index.array.copy()

    def intervals_of(self, parts: Any) -> Any:
        left, right, closed = parts
        self._require_indexes(left, right)
        return self.pd.arrays.IntervalArray.from_arrays(left, right, closed)

    def category_of(self, parts: Any) -> Any:
        codes, categories, ordered = parts
        self._require_indexes(categories)
        self._require_column(codes)
        _require_few_objects([categories])
        if codes.dtype.kind != "i" or type(ordered) is not bool:
            raise NotPlain("the codes of a category are no integers")
        dtype = self.pd.CategoricalDtype(categories, ordered)
        return self.pd.Categorical.from_codes(codes, dtype=dtype)

    def string_arrays(self) -> Iterable[Any]:
        for storage in ("python", "pyarrow"):
            for missing in (self.pd.NA, np.nan):
                try:
                    yield self.pd.StringDtype(storage, missing).construct_array_type()
                except (ImportError, TypeError):
                    continue  # no pyarrow, or a pandas from before NaN: nobody has such an array

    def text_parts(self, array: Any) -> list[Any]:
        packed = cells_parts(array.to_numpy(dtype=object).tolist())
        others = np.fromiter(packed[2], dtype=object, count=len(packed[2]))
        others[self.pd.isna(others)] = None
        packed[2] = others.tolist()
        return [array.dtype.storage, array.dtype.na_value is self.pd.NA, packed]

    def text_of(self, parts: Any) -> Any:
        storage, natural, packed = require(parts, str, bool, list)
        cells = cells_of(packed)
        if not set(map(type, packed[2])) <= {_NONE}:  # the others are text
            raise NotPlain("a column of text holds something else")
        make = self.pd.StringDtype
        dtype = make(storage) if natural else make(storage, np.nan)
        return self.pd.array(cells, dtype=dtype)

    # Entries

    def timestamp_parts(self, value: Any) -> list[Any]:
        if value.fold and value.tz is None:
            raise NotPlain("a timestamp without a zone is in a fold")
        return [value.unit, value.asm8.view(np.int64), zone_parts(value.tz)]

    def timestamp_of(self, parts: Any) -> Any:
        unit, number, zone = require(parts, str, np.int64, (_NONE, str, list))
        value = self.pd.Timestamp(moments_of(f"M8[{unit}]", np.array([number]))[0])
        return value if zone is None else value.tz_localize("UTC").tz_convert(zone_of_parts(zone))

    def timedelta_parts(self, value: Any) -> list[Any]:
        return [value.unit, value.asm8.view(np.int64)]

    def timedelta_of(self, parts: Any) -> Any:
        unit, number = require(parts, str, np.int64)
        return self.pd.Timedelta(moments_of(f"m8[{unit}]", np.array([number]))[0])

    def period_parts(self, value: Any) -> list[Any]:
        return [value.ordinal, _read(value.freqstr)]

    def period_of(self, parts: Any) -> Any:
        ordinal, frequency = require(parts, int, str)
        return self.pd.Period(ordinal=ordinal, freq=_read(frequency))

    def interval_of(self, parts: Any) -> Any:
        left, right, closed = parts
        return self.pd.Interval(left, right, closed)


def _kind(type_: Any, parts: Callable[[Any], Any], value: Callable[[Any], Any]) -> Kind:
    def value_of_type(found: Any) -> Any:
        made = value(found)
        if type(made) is not type_:
            raise NotPlain("it is of another class than it says")
        return made

    return Kind(f"pandas.{type_.__name__}", type_, parts, value_of_type, whole=True)


def _values(column: Any) -> Any:
    """The entries of a series or an index: an array of NumPy's where they are in one."""
    array = column.array
    return array.to_numpy() if type(array).__name__ == "NumpyExtensionArray" else array


def _require_no_flags(table: Any) -> None:
    if not table.flags.allows_duplicate_labels:
        raise NotPlain("a table that forbids duplicate labels is no plain data")


def _require_few_objects(indexes: Sequence[Any]) -> None:
    """Labels that must be different are hashed; many with a hash to foresee would take long."""
    for index in indexes:
        if index.dtype == object and sum(type(label) is not str for label in index) > MAX_ODD_KEYS:
            raise NotPlain(f"more than {MAX_ODD_KEYS} categories are objects")


def _range_parts(index: Any) -> list[Any]:
    return [[index.start, index.stop, index.step], index.name]


def _multi_parts(index: Any) -> list[Any]:
    _require_few_objects(index.levels)
    return [list(index.levels), [np.array(code) for code in index.codes], list(index.names)]


def _interval_parts(value: Any) -> list[Any]:
    return [value.left, value.right, value.closed]


def _category_parts(array: Any) -> list[Any]:
    _require_few_objects([array.categories])
    return [np.array(array.codes), array.categories, bool(array.ordered)]


def _masked_parts(array: Any) -> list[Any]:
    missing = np.array(array.isna())
    return [array.to_numpy(dtype=array.dtype.numpy_dtype, na_value=0), missing]


def _masked_of(kind: Any) -> Callable[[Any], Any]:
    return lambda parts: kind(*require(parts, np.ndarray, np.ndarray))


def _read(written: str) -> str:
    """A frequency's text, which pandas reads in many ways; those that it writes are short."""
    if not _FREQUENCY.fullmatch(written):
        raise NotPlain("a frequency is written in an unknown way")
    return written

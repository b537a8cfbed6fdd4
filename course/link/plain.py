"""Values of the standard library that are plain data, taken apart into simpler ones and back.

Each kind has one line in `KINDS`: its exact type, what it is taken apart into, and how it is
put together again, with every claim checked, because the parts may come from anybody. A
value is taken apart only when its type is exactly the one that is named here: a subclass could
answer for itself. What is too large to be harmless where it arrives (a range of a billion
numbers is short to write, and long to list) is not taken apart, and stays where it is.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from course.link.limits import NotPlain

__all__ = [
    "KINDS",
    "MAX_RANGE",
    "Kind",
    "require",
    "zone_of_parts",
    "zone_parts",
]

MAX_RANGE = 2**18  # numbers in a range
MAX_DIGITS = 1000  # of a Decimal, and of its exponent's value

_DECIMAL = re.compile(r"-?(\d+(\.\d+)?(E[+-]\d{1,4})?|s?NaN\d*|Infinity)", re.ASCII)
_ZONE = re.compile(r"[A-Za-z0-9_+\-]{1,32}(/[A-Za-z0-9_+\-]{1,32}){0,3}")
_ZONES = (type(None), str, list)
_FACTORIES: dict[str, Callable[[], Any]] = {
    kind.__name__: kind for kind in (bool, bytes, complex, dict, float, int, list, set, str, tuple)
}


@dataclass(frozen=True)
class Kind:
    """How values of one exact type are taken apart, and put together again.

    Attributes:
        name: in messages.
        type: the exact type.
        parts: gives plain data for a value; raises NotPlain where there is none.
        value: gives the value for such data; raises anything for what is none.
        whole: whether everything inside must be plain data of exact types as well.
    """

    name: str
    type: type
    parts: Callable[[Any], Any]
    value: Callable[[Any], Any]
    whole: bool = False


def require(parts: Any, *types: type | tuple[type, ...]) -> list[Any]:
    """The parts, when they are a list with exactly these types.

    Raises:
        NotPlain: they are anything else.
    """
    fits = type(parts) is list and len(parts) == len(types)
    for part, kinds in zip(parts, types, strict=True) if fits else ():
        fits = fits and type(part) in (kinds if type(kinds) is tuple else (kinds,))
    if not fits:
        raise NotPlain("it is not made of the parts that it needs")
    found: list[Any] = parts
    return found


def _decimal_of(text: Any) -> Decimal:
    (written,) = require([text], str)
    if len(written) > MAX_DIGITS + 20 or not _DECIMAL.fullmatch(written):
        raise NotPlain("a Decimal is written in an unknown or too long way")
    value = Decimal(written)
    if value.is_finite() and abs(value.adjusted()) > MAX_DIGITS:
        raise NotPlain(f"a Decimal has an exponent beyond {MAX_DIGITS}")
    return value


def _decimal_parts(value: Decimal) -> str:
    _decimal_of(str(value))  # the same limits at both ends
    return str(value)


def _fraction_of(parts: Any) -> Fraction:
    above, below = require(parts, int, int)
    value = Fraction(above, below)
    if value.denominator != below:
        raise NotPlain("a fraction is not in lowest terms")
    return value


def zone_parts(zone: Any) -> Any:
    """A time zone as plain data: None, an offset with perhaps a name, or the zone's own name."""
    if zone is None:
        return None
    if type(zone) is dt.timezone:
        offset, *name = zone.__getinitargs__()  # type: ignore[attr-defined]
        return [_delta_parts(offset), *name]
    if type(zone) is ZoneInfo and type(zone.key) is str and _ZONE.fullmatch(zone.key):
        return zone.key
    raise NotPlain(f"a time zone of type {type(zone).__name__} is no plain data")


def zone_of_parts(parts: Any) -> dt.tzinfo | None:
    """What `zone_parts` took apart."""
    if parts is None:
        return None
    if type(parts) is str and _ZONE.fullmatch(parts):
        return ZoneInfo(parts)
    offset, *name = require(parts, *[(list,), (str,)][: len(parts) if type(parts) is list else 0])
    return dt.timezone(_delta_of(offset), *name)


def _timezone_of(parts: Any) -> dt.tzinfo | None:
    require([parts], list)
    return zone_of_parts(parts)


def _delta_parts(value: dt.timedelta) -> list[int]:
    return [value.days, value.seconds, value.microseconds]


def _delta_of(parts: Any) -> dt.timedelta:
    days, seconds, microseconds = require(parts, int, int, int)
    if not (0 <= seconds < 86400 and 0 <= microseconds < 10**6):
        raise NotPlain("a timedelta is not written as Python would")
    return dt.timedelta(days, seconds, microseconds)


def _date_of(parts: Any) -> dt.date:
    return dt.date(*require(parts, int, int, int))


def _clock_parts(value: dt.time | dt.datetime) -> list[Any]:
    clock = [value.hour, value.minute, value.second, value.microsecond, value.fold]
    return [*clock, zone_parts(value.tzinfo)]


def _time_of(parts: Any) -> dt.time:
    hour, minute, second, micro, fold, zone = require(parts, *[int] * 5, _ZONES)
    return dt.time(hour, minute, second, micro, zone_of_parts(zone), fold=fold)


def _datetime_parts(value: dt.datetime) -> list[Any]:
    return [value.year, value.month, value.day, *_clock_parts(value)]


def _datetime_of(parts: Any) -> dt.datetime:
    year, month, day, *clock = require(parts, *[int] * 8, _ZONES)
    return dt.datetime.combine(dt.date(year, month, day), _time_of(clock))


def _range_of(parts: Any) -> range:
    value = range(*require(parts, int, int, int))
    if max(map(abs, (value.start, value.stop, value.step))) >= 2**63 or len(value) > MAX_RANGE:
        raise NotPlain(f"a range has more than {MAX_RANGE} numbers")
    return value


def _range_parts(value: range) -> list[int]:
    parts = [value.start, value.stop, value.step]
    _range_of(parts)
    return parts


def _deque_of(parts: Any) -> deque[Any]:
    items, longest = require(parts, list, (int, type(None)))
    if longest is not None and len(items) > longest:
        raise NotPlain("a deque is longer than it may be")
    return deque(items, longest)


def _default_parts(value: defaultdict[Any, Any]) -> list[Any]:
    factory = value.default_factory
    if factory is None:
        return [None, dict(value)]
    if _FACTORIES.get(getattr(factory, "__name__", "")) is not factory:
        raise NotPlain("a defaultdict has a function of its own")
    return [factory.__name__, dict(value)]


def _default_of(parts: Any) -> defaultdict[Any, Any]:
    name, items = require(parts, (str, type(None)), dict)
    return defaultdict(None if name is None else _FACTORIES[name], items)


def _counter_of(parts: Any) -> Counter[Any]:
    counts: Counter[Any] = Counter()
    dict.update(counts, *require([parts], dict))
    return counts


def _ellipsis_of(parts: Any) -> Any:
    require([parts], type(None))
    return ...


KINDS = (
    Kind("decimal", Decimal, _decimal_parts, _decimal_of),
    Kind("fraction", Fraction, lambda v: [v.numerator, v.denominator], _fraction_of),
    Kind("date", dt.date, lambda v: [v.year, v.month, v.day], _date_of),
    Kind("time", dt.time, _clock_parts, _time_of),
    Kind("datetime", dt.datetime, _datetime_parts, _datetime_of),
    Kind("timedelta", dt.timedelta, _delta_parts, _delta_of),
    Kind("timezone", dt.timezone, zone_parts, _timezone_of),
    Kind("range", range, _range_parts, _range_of),
    Kind("ellipsis", type(...), lambda v: None, _ellipsis_of),
    Kind("slice", slice, lambda v: [v.start, v.stop, v.step], lambda p: slice(*p)),
    Kind("ordered", OrderedDict, dict, lambda p: OrderedDict(*require([p], dict))),
    Kind("counter", Counter, dict, _counter_of),
    Kind("default", defaultdict, _default_parts, _default_of),
    Kind("deque", deque, lambda v: [list(v), v.maxlen], _deque_of),
)

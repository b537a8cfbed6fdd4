"""Which values beyond Python's simplest ones are plain data: by their type, by their name."""

from __future__ import annotations

import sys
from functools import cache

from course.link.arrays import ARRAY_KINDS
from course.link.limits import CodecError
from course.link.plain import KINDS, Kind
from course.link.tables import table_kinds

__all__ = ["kind_named", "kind_of"]

_BY_TYPE = {kind.type: kind for kind in (*KINDS, *ARRAY_KINDS)}
_BY_NAME = {kind.name: kind for kind in (*KINDS, *ARRAY_KINDS)}


def kind_of(type_: type) -> Kind | None:
    """The kind of values of exactly this type, if there is one.

    pandas is not imported for it: before somebody has, no value can be of its types.
    """
    found = _BY_TYPE.get(type_)
    if found is None and hasattr(sys.modules.get("pandas"), "DataFrame"):
        found = _tables_by_type().get(type_)
    return found


def kind_named(name: str) -> Kind:
    """The kind that a message names.

    Raises:
        CodecError: there is no such kind.
        MissingLibrary: it is pandas', and that is not installed.
    """
    kinds = _tables_by_name() if name.startswith("pandas.") else _BY_NAME
    if name not in kinds:
        raise CodecError(f"values of the kind {name[:40]!r} do not cross")
    return kinds[name]


@cache
def _tables_by_type() -> dict[type, Kind]:
    try:
        return {kind.type: kind for kind in table_kinds()}
    except (AttributeError, TypeError):  # something else of that name, or one from years ago
        return {}


@cache
def _tables_by_name() -> dict[str, Kind]:
    return {kind.name: kind for kind in table_kinds()}

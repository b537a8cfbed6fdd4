"""What a call changed of its arguments is changed in the test's own objects, or refused."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from course.link.codec import Handle, decode, encode, put_back
from grader.foreign.restoring import CannotRestore, restore
from grader.link.stand_in import Conversation, StandIn


def called(function: Callable[..., Any], *given: Any) -> None:
    """Call a function with copies, as over the link, and restore."""
    copies = decode(encode(list(given)))
    function(*copies)
    now = decode(encode(copies, lambda value: Handle(0, type(value).__name__)))
    here = Conversation(None)  # type: ignore[arg-type]
    restore(list(given), put_back(now, lambda handle: StandIn(here, 0, "it", handle.kind)))


def replace(value: Any, key: Any, by: Any) -> None:
    value[key] = by


def test_a_frame_keeps_its_identity_and_takes_everything_else():
    frame = pd.DataFrame({"a": [1, 2, 3]})
    _ = frame["a"], frame.loc[1], frame.index.is_unique  # whatever pandas may keep of it
    name = frame

    def change(table: pd.DataFrame) -> None:
        table["b"] = ["x", "y", "z"]
        table.loc[0, "a"] = 7
        table.index = pd.Index(["p", "q", "r"], name="k")
        table.attrs["unit"] = "km"

    called(change, frame)
    expected = pd.DataFrame(
        {"a": [7, 2, 3], "b": ["x", "y", "z"]}, index=pd.Index(["p", "q", "r"], name="k")
    )
    pd.testing.assert_frame_equal(name, expected)
    assert name.loc["r", "b"] == "z"
    assert name.attrs == {"unit": "km"}


def test_a_series_a_tensor_an_array_and_containers_are_changed_in_place():
    series, tensor, array = pd.Series([1, 2], name="n"), torch.zeros(2), np.zeros((2, 2))
    inner = [1]
    queue, tally, groups = deque([inner, 2], 4), Counter("a"), defaultdict(list, a=[1])

    def change(*given: Any) -> None:
        s, t, a, q, c, g = given
        s.loc[5] = 9
        s.name = "m"
        t.add_(1)
        a[1] = 3
        q.append(7)
        q[0].append(8)
        c["b"] += 2
        g["b"].append(0)

    called(change, series, tensor, array, queue, tally, groups)
    pd.testing.assert_series_equal(series, pd.Series([1, 2, 9], index=[0, 1, 5], name="m"))
    assert tensor.tolist() == [1, 1]
    assert array.tolist() == [[0, 0], [3, 3]]
    assert (list(queue), queue.maxlen, inner) == ([[1, 8], 2, 7], 4, [1, 8])
    assert tally == {"a": 1, "b": 2}
    assert groups == {"a": [1], "b": [0]}


def test_an_object_that_was_added_becomes_a_stand_in():
    items = [1]
    called(lambda given: given.append(object()), items)
    assert items[0] == 1
    assert type(items[1]) is StandIn


CANNOT = {
    "an object in the place of a number": ([1], lambda v: replace(v, 0, object())),
    "a column of objects": (pd.DataFrame({"a": [1]}), lambda v: replace(v, "b", [object()])),
    "a category": (pd.Categorical(["a", "b"]), lambda v: replace(v, 0, "b")),
    "an array of another shape": (np.zeros(2), lambda v: v.resize((1, 2), refcheck=False)),
    "a tensor of another shape": (torch.zeros(2), lambda v: v.resize_(1, 1)),
    "an array of dates of pandas": (
        pd.array(pd.to_datetime(["2026-01-01"])),
        lambda v: replace(v, 0, pd.Timestamp("2027-01-01")),
    ),
    "a frame in a tuple": (
        (pd.DataFrame({"a": [1]}),),
        lambda v: replace(v[0], "b", [object()]),
    ),
}


@pytest.mark.parametrize(("given", "change"), CANNOT.values(), ids=CANNOT.keys())
def test_what_cannot_be_repeated_is_refused(given: Any, change: Callable[[Any], None]):
    with pytest.raises(CannotRestore):
        called(change, given)

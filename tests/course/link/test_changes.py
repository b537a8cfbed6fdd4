"""What a call changed of its arguments is told, however it is found out, and nothing else."""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

import msgpack
import numpy as np
import pandas as pd
import pytest
import torch

from course.link import serve
from course.link.codec import Handle, decode, encode, is_written_alike
from course.link.notebook import LiveState
from course.link.serve import Server


def server(function: Callable[..., Any]) -> Server:
    return Server(LiveState({"f": function}, cell_seconds=20, output_bytes=1000))


def request(*args: Any, **kwargs: Any) -> dict[str, Any]:
    call = {"do": "call", "target": "f", "args": list(args), "kwargs": kwargs}
    return call | {"restore": True}


def told(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What the answer says of the arguments of a call."""
    reply = decode(server(function).answer_to(encode(request(*args, **kwargs))))
    assert reply["error"] is None
    return reply.get("changed")


def leave(*args: Any, **kwargs: Any) -> None:
    """Change nothing."""


def raise_age(frame: Any) -> None:
    frame.loc[1, "age"] = 7


def rename(frame: Any) -> None:
    frame.loc[1, "name"] = "Efe"


def zero(array: Any) -> None:
    array[0] = 0


def frame() -> pd.DataFrame:
    return pd.DataFrame({"name": ["Ada", "Obi", None], "age": [3.0, math.nan, 5.0]})


CHANGES: dict[str, tuple[Callable[..., Any], Any]] = {
    "a list": (lambda x: x.append(1), [0]),
    "the type of an entry": (lambda x: x.insert(0, bool(x.pop())), [1]),
    "the sign of a zero": (lambda x: x.insert(0, -x.pop()), [0.0]),
    "a list in a tuple": (lambda x: x[1].append(1), (1, [2])),
    "the order of a dictionary": (lambda x: x.update(a=x.pop("a")), {"a": 1, "b": 2}),
    "a set": (lambda x: x.add(5), {1, 2}),
    "a list beside a set": (lambda x: x[1].append(1), [{"a", "b", "c"}, []]),
    "a deque": (lambda x: x.append(1), deque([1])),
    "an ordered dictionary": (lambda x: x.move_to_end("a"), OrderedDict(a=1, b=2)),
    "an array": (zero, np.array([1.5, 2])),
    "an array of text": (zero, np.array(["a", "b"], dtype=object)),
    "a tensor": (zero, torch.tensor([1.5, 2])),
    "a column of numbers": (raise_age, frame()),
    "a column of text": (rename, frame()),
    "a row's label": (lambda x: setattr(x, "index", [4, 5, 6]), frame()),
    "what cannot cross": (lambda x: x.append(object()), [1]),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_a_call_changed_is_told(name: str):
    function, given = CHANGES[name]
    assert told(function, given) is not None
    assert told(lambda x: function(x), x=given) is not None


@pytest.mark.parametrize("name", CHANGES)
def test_what_a_call_left_as_it_was_is_not_told(name: str):
    given = CHANGES[name][1]
    assert told(leave, given, also=[given, 1, "a", None]) is None


def test_arguments_arrive_as_the_call_left_them():
    assert told(lambda x, y: y.extend(x), [1], y=[2]) == ([[1]], {"y": [2, 1]})


def test_a_message_that_others_wrote_in_their_way_tells_no_change():
    # a text with its length, where this codec writes it without
    cells = [0, "ab", [5, "int64", np.array([2]).tobytes(), 1], [0], None]
    array = [11, "array", [0, None, [0, 1], cells]]
    raw = msgpack.unpackb(encode(request("here")))
    raw[raw.index("args") + 1][1] = array
    message = msgpack.packb(raw)
    assert encode(decode(message)) != message
    assert "changed" not in decode(server(leave).answer_to(message))
    changed = decode(server(zero).answer_to(message))["changed"]
    assert changed[0][0].tolist() == [0]


def test_numbers_that_are_none_leave_a_set_as_it_was():
    given = {math.nan, -math.nan, 1.5, "a"} | {float("nan") for _ in range(20)}
    assert told(leave, given) is None


def test_what_a_handle_stands_for_is_no_copy():
    one = server(leave)
    one._state.names["make"] = lambda: [object(), len]
    made = decode(one.answer(request() | {"target": "make"}))["value"]
    assert [type(each) for each in made] == [Handle, Handle]
    assert "changed" not in decode(one.answer_to(encode(request([*made, 1]))))
    one._state.names["f"] = list.pop
    ((kept,), _) = decode(one.answer_to(encode(request([*made, 1]))))["changed"]
    assert [each.kind for each in kept] == [each.kind for each in made]


def test_arguments_are_written_once_at_most(monkeypatch: pytest.MonkeyPatch):
    written: list[Any] = []
    snapshot = serve._snapshot
    monkeypatch.setattr(serve, "_snapshot", lambda v: written.append(v) or snapshot(v))
    for given, times in ((frame(), 1), ([1, {"a": (2.5, b"c")}], 1), ((1, ("a", None)), 0)):
        written.clear()
        assert told(leave, given) is None
        assert len(written) == times


def test_a_message_with_sets_or_handles_is_not_written_alike():
    assert is_written_alike(encode([frame(), {"a": (1, 2**70, 1j)}, np.arange(3)]))
    for value in ({1}, frozenset(), Handle(0, "x"), np.array([{1}, None])):
        assert not is_written_alike(encode(["a", {"b": value}]))

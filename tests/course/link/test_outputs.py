"""The recorder of outputs, and the same records read from another process."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.link.outputs import OutputRecorder, recorded_again

text = st.text(max_size=30)
streams = st.tuples(st.sampled_from(["stdout", "stderr"]), text)
pictures = st.dictionaries(text, text | st.binary(max_size=30), max_size=3)


def recorder_of(writes: list[Any], limit: int) -> OutputRecorder:
    recorder = OutputRecorder(limit)
    for write in writes:
        if isinstance(write, dict):
            recorder.show("display_data", write)
        else:
            recorder.stream(write[0]).write(write[1])
    return recorder


def size(output: dict[str, Any]) -> int:
    shown = output.get("data", {output.get("name"): output.get("text")})
    return sum(len((key + value).encode()) for key, value in shown.items())


@given(st.lists(streams | pictures), st.integers(0, 400))
def test_the_limit_holds_whatever_is_written(writes: list[Any], limit: int):
    outputs = recorder_of(writes, limit).outputs
    if outputs and "cut here" in outputs[-1].get("text", ""):
        outputs = outputs[:-1]
    assert sum(map(size, outputs)) <= limit + 6 * len(outputs)  # the name of the stream
    assert len(outputs) <= limit // 64 + 1


@given(st.lists(streams | pictures))
def test_without_a_limit_in_sight_everything_is_there_in_order(writes: list[Any]):
    outputs = recorder_of(writes, 10**6).outputs
    shown = "".join(out["text"] for out in outputs if "text" in out)
    wanted = "".join(write[1] for write in writes if isinstance(write, tuple))
    assert shown == wanted.encode("utf-8", "replace").decode()
    assert sum("data" in out for out in outputs) == sum(isinstance(w, dict) for w in writes)
    for one, other in itertools.pairwise(outputs):
        assert one.get("name", 1) != other.get("name", 2), "neighbours of one stream are joined"


@given(st.lists(streams | pictures), st.integers(0, 400))
def test_what_was_recorded_honestly_is_believed(writes: list[Any], limit: int):
    outputs = recorder_of(writes, limit).outputs
    again = list(recorded_again(outputs, limit))
    assert again == [out for out in outputs if out.get("text") != ""] or "cut" in str(again)


JUNK: list[Any] = [
    None,
    5,
    "text",
    {},
    [[]],
    [None, "stream", 3],
    [{"output_type": "stream"}],
    [{"output_type": "stream", "name": "stdout", "text": 5}],
    [{"output_type": "stream", "name": "stdout", "text": ["a"]}],
    [{"output_type": np.zeros(3), "text": "x"}],
    [{"output_type": "error", "ename": "x", "evalue": "", "traceback": []}],
    [{"output_type": ["stream"], "text": "x"}],
    [{"output_type": "display_data", "data": "text"}],
    [{"output_type": "display_data"}],
    [{None: 1, (1, 2): 3}],
]


@pytest.mark.parametrize("junk", JUNK, ids=repr)
def test_junk_from_another_process_is_dropped(junk: Any):
    assert recorded_again(junk, 1000) == ()


def test_what_is_kept_of_another_process_has_no_field_of_its_own():
    outputs = [
        {
            "output_type": "stream",
            "name": np.ones(2),
            "text": "a",
            "extra": 1,
            "metadata": {"x": 1},
        },
        {
            "output_type": "execute_result",
            "data": {"text/plain": "b", "number": 5, 3: "c", "bytes": b"d"},
            "metadata": {"script": "x"},
            "execution_count": "many",
        },
    ]
    assert recorded_again(outputs, 1000) == (
        {"output_type": "stream", "name": "stdout", "text": "a"},
        {
            "output_type": "execute_result",
            "data": {"text/plain": "b"},
            "metadata": {},
            "execution_count": None,
        },
    )


def test_another_process_cannot_send_more_than_the_limit():
    flood = [{"output_type": "stream", "name": "stdout", "text": "x" * 10**6}] * 3
    kept, note = recorded_again(flood, 2048)
    assert len(kept["text"]) <= 2048
    assert "a cell may show 2 KiB" in note["text"]


def test_many_small_writes_are_quick_to_join():
    recorder = OutputRecorder(10**6)
    for _ in range(200_000):
        recorder.write("stdout", "abc")
    assert recorder.text == "abc" * 200_000


def test_only_text_can_be_written():
    stream = OutputRecorder(100).stream("stdout")
    for wrong in (b"bytes", 5, None):
        with pytest.raises(TypeError, match="must be str"):
            stream.write(wrong)  # type: ignore[arg-type]
    assert stream.writable()
    assert not stream.readable()
    assert stream.encoding == "UTF-8"
    assert stream.write("ẹ") == 1

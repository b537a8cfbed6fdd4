"""What is shown of a learner's outputs: text and bitmaps, by bytes, and nothing that runs."""

import base64
import json
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_notebook

from grader.bitmaps import KINDS, bitmap
from grader.transforms.outputs import safe_outputs

LIMIT = 64 * 1024
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(100)).decode()
JPEG = base64.b64encode(b"\xff\xd8\xff\xe0" + bytes(100)).decode()


def stream(text: Any, name: Any = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def display(data: Any, kind: str = "display_data") -> dict[str, Any]:
    return {"output_type": kind, "data": data, "metadata": {"html": "<script>"}}


def size(outputs: list[Any]) -> int:
    return len(json.dumps(outputs, ensure_ascii=False).encode())


@pytest.mark.parametrize(
    "text",
    ["x" * 20_000_000, "é" * 10_000_000, "\n" * 20_000_000, "\x1b" * 1_000_000],
    ids=["one line", "two bytes each", "many lines", "control characters"],
)
def test_twenty_megabytes_are_cut_by_bytes(text: str) -> None:
    [kept, *note] = safe_outputs([stream(text)], LIMIT)
    assert text.startswith(kept.text[: LIMIT // 4])
    assert len(kept.text.encode()) < LIMIT + 100
    assert "too much output" in kept.text
    assert size(note) < 200


@pytest.mark.parametrize("text", ["x" * 1000, "é" * 1000, '"' * 1000])
def test_many_outputs_share_the_limit(text: str) -> None:
    outputs = safe_outputs([stream(text) for _ in range(1000)], LIMIT)
    assert size(outputs) < 2 * LIMIT
    assert "too much output" in outputs[-1].text


def test_what_fits_is_kept_whole() -> None:
    outputs = safe_outputs([stream("loss: 5.27\n"), stream("careful\n", "stderr")], LIMIT)
    assert [(each.name, each.text) for each in outputs] == [
        ("stdout", "loss: 5.27\n"),
        ("stderr", "careful\n"),
    ]


@pytest.mark.parametrize(
    "kind",
    [
        "text/html",
        "text/latex",
        "text/markdown",
        "image/svg+xml",
        "application/javascript",
        "application/json",
        "application/pdf",
        "application/vnd.jupyter.widget-view+json",
        "image/png ",
        "IMAGE/PNG",
    ],
)
def test_kinds_that_can_run_are_left_to_their_plain_text(kind: str) -> None:
    rich = "<script>alert(1)</script>"
    [output] = safe_outputs([display({kind: rich, "text/plain": "a table"})], LIMIT)
    assert output.data == {"text/plain": "a table"}
    assert output.metadata == {}


@pytest.mark.parametrize(("kind", "text"), [("image/png", PNG), ("image/jpeg", JPEG)])
def test_bitmaps_are_kept(kind: str, text: str) -> None:
    wrapped = "\n".join(text[i : i + 76] for i in range(0, len(text), 76)) + "\n"
    [output] = safe_outputs([display({kind: wrapped, "text/plain": "<Figure>"})], LIMIT)
    assert output.data == {kind: text, "text/plain": "<Figure>"}


FORGED = [
    JPEG,  # as PNG
    f'{PNG}" onerror="alert(1)',
    PNG[:64] + '"><script>alert(1)</script>',
    base64.b64encode(b"<svg onload='alert(1)'/>").decode(),
    "data:image/png;base64," + PNG,
    PNG[:-1],
    PNG + "é",
    "",
    [PNG],
    None,
    7,
]


@pytest.mark.parametrize("text", FORGED)
def test_what_only_claims_to_be_a_picture_is_dropped(text: Any) -> None:
    [output] = safe_outputs([display({"image/png": text, "text/plain": "shown"})], LIMIT)
    assert output.data == {"text/plain": "shown"}
    assert bitmap("image/png", text) is None


def test_a_picture_over_the_limit_is_dropped_and_its_text_kept() -> None:
    large = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(LIMIT)).decode()
    [output] = safe_outputs([display({"image/png": large, "text/plain": "<Figure>"})], LIMIT)
    assert output.data == {"text/plain": "<Figure>"}


@pytest.mark.parametrize(
    "output",
    [
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["<script>"]},
        {"output_type": "update_display_data", "data": {"text/plain": "x"}},
        {"output_type": ["stream"], "text": "x"},
        {},
        None,
        [],
        "stream",
        7,
    ],
)
def test_outputs_of_other_kinds_are_dropped(output: Any) -> None:
    assert safe_outputs([output], LIMIT) == []


def test_a_result_that_claims_marks_becomes_a_display() -> None:
    # nbgrader takes the first execute_result for partial credit
    [output] = safe_outputs([display({"text/plain": "2.0"}, "execute_result")], LIMIT)
    assert output.output_type == "display_data"


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
OUTPUTS = JUNK | st.fixed_dictionaries(
    {"output_type": st.sampled_from(["stream", "display_data", "execute_result"]) | JUNK},
    optional={
        "name": st.sampled_from(["stdout", "stderr"]) | JUNK,
        "text": st.text() | st.just("\ud800") | JUNK,
        "data": JUNK
        | st.dictionaries(
            st.sampled_from([*KINDS, "text/plain", "text/html"]),
            st.sampled_from([PNG, JPEG, "\ud800"]) | JUNK,
        ),
    },
)


@settings(deadline=None)
@given(st.lists(OUTPUTS, max_size=5), st.integers(min_value=1, max_value=500))
def test_whatever_a_process_says_it_showed_becomes_a_valid_notebook(
    outputs: list[Any], limit: int
) -> None:
    kept = safe_outputs(outputs, limit)
    cell = nbformat.v4.new_code_cell(outputs=kept)
    notebook = new_notebook(cells=[cell])
    nbformat.validate(notebook)
    nbformat.writes(notebook).encode("utf-8")
    assert {kind for each in kept if "data" in each for kind in each.data} <= {
        *KINDS,
        "text/plain",
    }

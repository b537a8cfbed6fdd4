"""Replies in words: short, true, and without the learner's own `repr`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from course.link.codec import MAX_INTEGER_BYTES, CodecError, Handle, decode, encode
from grader.link.learner import Reply
from grader.link.rationale import describe, for_student_error, in_words
from grader.link.stand_in import Exchange
from grader.link.student_error import StudentError
from grader.records import Role, ScriptCell


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (5.27, "5.27"),
        (True, "True"),
        (None, "None"),
        ("text", "'text'"),
        ("x" * 1000, "'" + "x" * 199),
        (b"b", "b'b'"),
        (1j, "1j"),
        (np.float32(2.5), "2.5 (float32)"),
        (np.True_, "True (bool)"),
        (np.zeros((2, 3)), "an array of shape (2, 3) and dtype float64"),
        (np.zeros(()), "an array of shape () and dtype float64"),
        (torch.zeros(2, 3), "a tensor of shape (2, 3) and dtype torch.float32"),
        ([1, 2], "a list of length 2"),
        ((), "a tuple of length 0"),
        ({"a": 1}, "a dict of length 1"),
        (Handle(1, "Linear"), "an object of type Linear"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_is_described_by_what_helps(value: Any, words: str):
    assert describe(Exchange("f", Reply(value))) == f"`f` gave {words}."


def test_an_error_is_described_by_its_type_and_message():
    error = StudentError("ValueError", "no", "line 1", False)
    assert describe(Exchange("f", Reply(error=error))) == "`f` raised ValueError: no."


def test_the_largest_integer_that_may_cross_has_words_too():
    value = decode(encode(2 ** (8 * MAX_INTEGER_BYTES - 1) - 1))
    with pytest.raises(CodecError):
        encode(2 * value)
    assert describe(Exchange("f", Reply(value))).startswith(f"`f` gave {str(value)[:50]}")


def test_an_error_is_told_with_the_call_and_the_learners_lines():
    error = StudentError("ValueError", "no", "line 1, in f\n    return g(x)", False)
    seen = [Exchange("first", Reply(1)), Exchange("f", Reply(error=error))]
    assert for_student_error(error, seen) == (
        "`f` raised ValueError: no\nat line 1, in f\n    return g(x)"
    )
    assert for_student_error(error, []).startswith("`your code` raised")


def failed(source: str, *, name: str = "t") -> AssertionError:
    with pytest.raises(AssertionError) as caught:
        exec(compile(source, f"<{name}>", "exec"), {"f": lambda x: x})
    return caught.value


def test_the_failing_line_of_a_visible_test_is_shown_as_a_whole():
    source = "x = 5\nassert f(1) == 1\nassert (\n    f(x)\n    == 6\n)"
    cell = ScriptCell("t", Role.TEST, source)
    assert in_words(failed(source), cell, []) == "This does not hold: `f(x) == 6`."


def test_an_assert_inside_a_helper_of_the_test_is_found_too():
    source = "def check(a):\n    assert a == 2\ncheck(f(1))"
    cell = ScriptCell("t", Role.TEST, source)
    assert "`a == 2`" in in_words(failed(source), cell, [])


@pytest.mark.parametrize("hidden", [True, False])
def test_an_assert_that_is_not_in_the_cell_shows_nothing(hidden: bool):
    cell = ScriptCell("t", Role.TEST, "check(f)", hidden=hidden)
    assert in_words(failed("assert 1 == 2", name="elsewhere"), cell, []) == (
        "The test does not hold."
    )

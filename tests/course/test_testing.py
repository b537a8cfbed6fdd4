"""What a test cell uses: the words of `assert_close`, and `exercise` and `probe` in every place."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course import testing
from course.testing import assert_close, exercise, probe, probes_sent_by

nan, inf = math.nan, math.inf


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (5.27, 5.27),
        (5.27 + 1e-7, 5.27),
        (1e-9, 0.0),
        (1, 1.0),
        (True, 1),
        (nan, nan),
        (inf, inf),
        (-inf, -inf),
        (-0.0, 0.0),
        (1 + 2j, 1 + 2j),
        (1.0, 1 + 0j),
        ([1.0, nan, inf], np.array([1.0, nan, inf])),
        ([[1, 2], [3, 4]], ((1.0, 2.0), (3.0, 4.0))),
        (np.float16(0.1), np.float16(0.1)),
        (np.float16([65504, -65504]), np.float16([65504, -65504])),
        (np.float32(0.1), 0.1),
        (np.array([True, False]), [1, 0]),
        (np.uint8(200), 200),
        (np.int64(2**62), 2**62),
        (np.zeros(0), np.zeros(0)),
        (np.zeros((0, 3)), torch.zeros(0, 3)),
        ([], []),
        (torch.tensor(2.0, requires_grad=True), 2.0),
        ([torch.tensor(1.0, requires_grad=True), torch.tensor(2.0)], [1.0, 2.0]),
        (torch.ones(2, dtype=torch.bfloat16), np.ones(2)),
        (torch.ones(2, dtype=torch.int32), [1, 1]),
        (torch.tensor([1 + 1j]).conj(), [1 - 1j]),
        (range(3), [0, 1, 2]),
        (np.arange(6.0).reshape(2, 3).T, np.arange(6.0).reshape(2, 3).T.copy()),
    ],
)
def test_what_is_close_passes_in_silence(actual: Any, expected: Any):
    assert_close(actual, expected)
    assert_close(expected, actual)


@pytest.mark.parametrize(
    ("actual", "expected", "message"),
    [
        (6.27, 5.27, "expected 5.27, got 6.27"),
        (5, 4, "expected 4, got 5"),
        (True, False, "expected 0, got 1"),
        (nan, 5.27, "expected 5.27, got nan"),
        (5.27, nan, "expected nan, got 5.27"),
        (inf, 5.27, "expected 5.27, got inf"),
        (-inf, inf, "expected inf, got -inf"),
        (1 + 2j, 1 - 2j, "expected 1-2j, got 1+2j"),
        # six digits would show the same twice
        (100.0002, 100.0, "expected 100.0, got 100.0002"),
        (10_000_011, 10_000_000, "expected 10000000, got 10000011"),
        (1e308, -1e308, "expected -1e+308, got 1e+308"),
        (np.float16(65504), np.float16(-65504), "expected -65504, got 65504"),
        (np.float32(3e38), np.float32(-3e38), "expected -3e+38, got 3e+38"),
        ([1.0, 2.0], [1.0, 2.0, 3.0], "expected shape (3,), got shape (2,)"),
        (5.0, [5.0], "expected shape (1,), got shape ()"),
        ([5.0], 5.0, "expected shape (), got shape (1,)"),
        (np.zeros((2, 1)), np.zeros((1, 2)), "expected shape (1, 2), got shape (2, 1)"),
        (np.zeros((0, 3)), np.zeros((3, 3)), "expected shape (3, 3), got shape (0, 3)"),
        (np.zeros((0, 3)), np.zeros((0, 4)), "expected shape (0, 4), got shape (0, 3)"),
        (
            [[1.0, 2.0], [3.0, 9.0]],
            [[1.0, 2.5], [3.0, 4.0]],
            "2 of 4 entries differ; the worst is at index (1, 1): expected 4, got 9",
        ),
        (
            [0.0, nan, 100.0],
            [0.0, 1.0, 0.0],
            "2 of 3 entries differ; the worst is at index (1,): expected 1, got nan",
        ),
        (
            [nan, nan, 2.0],
            [nan, nan, 1.0],
            "1 of 3 entries differ; the worst is at index (2,): expected 1, got 2",
        ),
        (
            torch.tensor([1.0, 2.0]),
            np.array([1.0, 3.0]),
            "1 of 2 entries differ; the worst is at index (1,): expected 3, got 2",
        ),
        (
            np.array([True, True]),
            np.array([True, False]),
            "1 of 2 entries differ; the worst is at index (1,): expected 0, got 1",
        ),
        (
            np.array([0, 2**63], np.uint64),
            np.array([0, 0], np.int64),
            "1 of 2 entries differ; the worst is at index (1,): expected 0, got 9.22337e+18",
        ),
        (None, 5.27, "got None (is a `return` missing?)"),
        ("5.27", 5.27, "expected numbers, got str"),
        (b"5", 5, "expected numbers, got bytes"),
        ({"loss": 5.27}, 5.27, "expected numbers, got dict"),
        ({5.27}, 5.27, "expected numbers, got set"),
        (object(), 5.27, "expected numbers, got object"),
        (print, 5.27, "expected numbers, got builtin_function_or_method"),
        (np.array(["5"]), [5], "expected numbers, got ndarray of <U1"),
        (np.array([None]), [5], "expected numbers, got ndarray of object"),
        (
            [[1.0], [1.0, 2.0]],
            np.zeros((2, 2)),
            "expected numbers, got a list that is no table of numbers "
            "(are its rows of equal length?)",
        ),
        (
            (1.0, None),
            [1.0, 2.0],
            "expected numbers, got a tuple that is no table of numbers "
            "(are its rows of equal length?)",
        ),
        (torch.ones(2).to_sparse(), np.ones(2), "expected numbers, got Tensor"),
        (torch.ones(2, device="meta"), np.ones(2), "expected numbers, got Tensor"),
    ],
)
def test_what_is_not_close_is_told_in_one_sentence(actual: Any, expected: Any, message: str):
    with pytest.raises(AssertionError) as caught:
        assert_close(actual, expected, "the loss")
    assert str(caught.value) == f"the loss: {message}"


def test_a_list_inside_itself_is_no_numbers():
    ring: list[Any] = [1.0]
    ring.append(ring)
    with pytest.raises(AssertionError, match="no table of numbers"):
        assert_close(ring, [1.0, 2.0])


def test_the_tolerance_is_about_the_expected_value_and_can_be_set():
    assert_close(1.09, 1.0, rtol=0.1)
    with pytest.raises(AssertionError):
        assert_close(1.11, 1.0, rtol=0.1)
    assert_close(0.05, 0.0, atol=0.1)
    with pytest.raises(AssertionError):
        assert_close(1.0 + 2e-6, 1.0)
    with pytest.raises(AssertionError):
        assert_close(2e-8, 0.0)


@given(st.lists(st.floats(), min_size=1), st.integers(), st.floats())
def test_it_agrees_with_the_definition(values: list[float], index: int, other: float):
    index %= len(values)
    changed = [*values[:index], other, *values[index + 1 :]]
    a, e = other, values[index]
    close = (
        (math.isnan(a) and math.isnan(e))
        or a == e
        or (math.isfinite(e) and abs(a - e) <= 1e-8 + 1e-6 * abs(e))
    )
    try:
        assert_close(changed, values)
    except AssertionError:
        assert not close
    else:
        assert close


def test_the_answer_is_named_even_if_the_test_did_not():
    with pytest.raises(AssertionError, match=r"^the answer: expected 2, got 1$"):
        assert_close(1, 2)


# ---- exercise


@pytest.fixture
def nobody_grades(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)


@pytest.fixture(params=["autograde", "validate", "anything"])
def somebody_grades(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", request.param)


@pytest.mark.usefixtures("nobody_grades")
def test_an_untouched_notebook_says_so_in_one_line(capsys: pytest.CaptureFixture[str]):
    with exercise("svm_loss"):
        raise NotImplementedError
    said = capsys.readouterr().out
    assert said.startswith("svm_loss: not attempted yet.")
    assert said.count("\n") == 1


@pytest.mark.usefixtures("nobody_grades")
def test_a_passed_test_says_so(capsys: pytest.CaptureFixture[str]):
    with exercise("svm_loss"):
        pass
    assert capsys.readouterr().out == "svm_loss: this test passes.\n"


@pytest.mark.usefixtures("nobody_grades")
@pytest.mark.parametrize("error", [AssertionError("no"), ValueError("no"), KeyboardInterrupt()])
def test_every_other_error_is_let_out_and_nothing_is_said(
    error: BaseException, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(type(error)), exercise("svm_loss"):
        raise error
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("somebody_grades")
@pytest.mark.parametrize("error", [NotImplementedError(), AssertionError("no"), ValueError("no")])
def test_while_somebody_grades_nothing_passes_that_raised(
    error: BaseException, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(type(error)), exercise("svm_loss"):
        raise error
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("somebody_grades")
def test_while_somebody_grades_a_passed_test_is_silent(capsys: pytest.CaptureFixture[str]):
    with exercise("svm_loss"):
        pass
    assert capsys.readouterr().out == ""


# ---- probe


def doubled(x: int) -> int:
    return 2 * x


def test_beside_the_learner_a_probe_is_the_function_itself():
    assert probe(doubled) is doubled


def test_with_a_link_a_probe_is_what_the_sender_makes_of_it():
    with probes_sent_by(lambda function: lambda *args: ("sent", function.__name__, args)):
        assert probe(doubled)(3) == ("sent", "doubled", (3,))
        with probes_sent_by(lambda function: lambda *args: "inner"):
            assert probe(doubled)(3) == "inner"
        assert probe(doubled)(3) == ("sent", "doubled", (3,))
    assert probe(doubled) is doubled


def test_after_an_error_nobody_sends_any_more():
    with pytest.raises(ValueError, match="broken"), probes_sent_by(lambda function: function):
        raise ValueError("broken")
    assert testing._sender is None


def test_the_public_names():
    names = ["assert_close", "exercise", "probe", "probes_sent_by", "with_fallback"]
    assert testing.__all__ == names


def test_a_figure_uses_the_learners_function_once_it_is_written(
    capsys: pytest.CaptureFixture[str],
):
    function = testing.with_fallback(doubled, lambda x: 0)
    assert [function(2), function(x=3)] == [4, 6]
    assert capsys.readouterr().out == ""


def test_a_figure_uses_the_library_and_says_so_once_while_it_is_not(
    capsys: pytest.CaptureFixture[str],
):
    def later(x: int) -> int:
        raise NotImplementedError

    function = testing.with_fallback(later, doubled)
    assert [function(2), function(x=3)] == [4, 6]
    assert capsys.readouterr().out == (
        "later: not attempted yet, so the library's function is used here.\n"
    )


def test_what_else_the_learners_function_raises_is_theirs_to_see():
    def broken(x: int) -> int:
        return x // 0

    with pytest.raises(ZeroDivisionError):
        testing.with_fallback(broken, doubled)(1)


def test_an_error_of_the_library_is_not_taken_for_an_unattempted_answer():
    def later(x: int) -> int:
        raise NotImplementedError

    def unfinished(x: int) -> int:
        raise NotImplementedError("the library's")

    function = testing.with_fallback(later, unfinished)
    for _ in range(2):
        with pytest.raises(NotImplementedError, match="the library's"):
            function(1)

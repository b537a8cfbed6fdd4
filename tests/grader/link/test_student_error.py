"""The learner's exceptions on the test side: of the right type, and of no other effect."""

from __future__ import annotations

import builtins
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.link.notebook import describe_error
from grader.link.student_error import StudentError, student_error

EXCEPTIONS = sorted(
    (e for e in vars(builtins).values() if isinstance(e, type) and issubclass(e, BaseException)),
    key=lambda e: e.__name__,
)
# They take more than a message, so what arrives is the nearest ancestor that does not.
STRANGE = {"UnicodeDecodeError", "UnicodeEncodeError", "UnicodeTranslateError"}
STRANGE |= {"ExceptionGroup", "BaseExceptionGroup"}
# `map`, `zip` and `iter` of a test would take these for the end of their input.
ENDING = {"StopIteration", "StopAsyncIteration"}


def record_of(kind: type[BaseException]) -> dict[str, Any]:
    bases = [c.__name__ for c in kind.__mro__]
    return {"type": kind.__name__, "bases": bases, "message": "m", "lines": "l", "timeout": False}


@pytest.mark.parametrize("kind", EXCEPTIONS, ids=lambda kind: kind.__name__)
def test_an_error_is_caught_by_its_built_in_type_and_its_ancestors(kind: type[BaseException]):
    error = student_error(record_of(kind))
    assert isinstance(error, StudentError)
    assert (error.kind, error.message, error.lines, error.timeout) == (
        kind.__name__,
        "m",
        "l",
        False,
    )
    assert str(error) == f"{kind.__name__}: m"
    for ancestor in kind.__mro__:
        if ancestor.__name__ in STRANGE | ENDING or not issubclass(ancestor, Exception):
            continue
        assert isinstance(error, ancestor)


@pytest.mark.parametrize("kind", EXCEPTIONS, ids=lambda kind: kind.__name__)
def test_no_error_ends_the_test_process_or_a_loop_of_a_test(kind: type[BaseException]):
    error = student_error(record_of(kind))
    assert isinstance(error, Exception)
    assert not isinstance(error, StopIteration | StopAsyncIteration)
    assert not isinstance(error, SystemExit | KeyboardInterrupt | GeneratorExit)


def raised(source: str) -> StudentError:
    try:
        exec(source, {})
    except BaseException as error:  # noqa: BLE001
        return student_error(describe_error(error))
    raise AssertionError("nothing was raised")


def test_a_class_of_the_learners_own_matches_what_it_is_made_of():
    error = raised("class Mine(KeyError, ValueError): pass\nraise Mine('x')")
    assert error.kind == "Mine"
    with pytest.raises(KeyError):
        raise error


def test_unicode_errors_fall_back_on_what_takes_one_message():
    error = raised("b'\\xff'.decode()")
    assert error.kind == "UnicodeDecodeError"
    assert isinstance(error, UnicodeError)
    assert not isinstance(error, UnicodeDecodeError)


def test_pytest_catches_it_and_matches_its_message():
    with pytest.raises(ValueError, match="only 3 classes"):
        raise raised("raise ValueError('only 3 classes')")
    with pytest.raises(NotImplementedError):
        raise raised("raise NotImplementedError")
    with pytest.raises(ZeroDivisionError):
        raise raised("1 / 0")


def test_an_error_without_a_message_is_its_type():
    assert str(raised("raise NotImplementedError")) == "NotImplementedError"


MALFORMED: list[Any] = [
    None,
    5,
    "text",
    [],
    {},
    {"type": None, "bases": None, "message": 5, "lines": [], "timeout": 1},
    {"type": ["x"], "bases": "ValueError", "message": b"m"},
    {"bases": [None, 5, [], {}, "", "\0", "é", "__import__", "eval", "print", "object", "type"]},
    {"bases": ["Exception", "BaseException", "SystemExit", "KeyboardInterrupt"]},
    {"bases": ["StudentError", "os.system", "__builtins__", "True", "None", "Ellipsis"]},
]


@pytest.mark.parametrize("record", MALFORMED)
def test_a_malformed_record_is_a_plain_student_error(record: Any):
    error = student_error(record)
    assert type(error) is StudentError
    assert type(str(error)) is str
    assert error.timeout is False


def test_a_record_of_many_bases_and_long_texts_is_cut():
    error = student_error({"type": "T" * 10**6, "message": "m" * 10**6, "bases": ["x"] * 10**6})
    assert len(str(error)) < 10_000
    late = student_error({"bases": ["x"] * 100 + ["ValueError"]})
    assert not isinstance(late, ValueError)


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
names = st.sampled_from([e.__name__ for e in EXCEPTIONS]) | st.sampled_from(dir(builtins))


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "type": junk | names,
            "bases": junk | st.lists(names | junk),
            "message": junk,
            "lines": junk,
            "timeout": junk,
        },
    )
)
def test_any_record_is_an_error_that_can_be_raised_and_shown(record: dict[str, Any]):
    with pytest.raises(StudentError) as caught:
        raise student_error(record)
    assert type(str(caught.value)) is str
    assert isinstance(caught.value, Exception)

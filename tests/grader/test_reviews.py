"""Questions for spaced return: made from a seed, judged by their numbers."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import ReviewsError
from grader.reviews import Question, judge, load_reviews, parse_numbers

FILE = """
from grader.reviews import Question, review

@review(exercise="double")
def once_more(rng):
    x = int(rng.integers(1, 100))
    return Question(f"What is twice {x}?", answer=2 * x, explanation="Add it to itself.")

def helper(rng):
    return None
"""


def load(folder: Path, text: str) -> dict[str, tuple]:
    path = folder / "reviews.py"
    path.write_text(text)
    return load_reviews(path, ["double", "half"])


def test_a_question_is_the_same_for_the_same_seed_and_fresh_for_another(tmp_path: Path) -> None:
    (review,) = load(tmp_path, FILE)["double"]
    assert review.question(1) == review.question(1)
    assert len({review.question(seed).text for seed in range(20)}) > 10
    question = review.question(1)
    assert question.text == f"What is twice {question.answer // 2}?"


def test_an_assignment_may_have_none(tmp_path: Path) -> None:
    assert load_reviews(tmp_path / "reviews.py", ["double"]) == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("answer=2 * x", "answer=float('nan')"), "expected finite numbers"),
        (("return Question", "return str"), "stopped with TypeError"),
        (("return Question(", "return dict(text="), "stopped with|gave a dict"),
        (("int(rng.integers(1, 100))", "1 // 0"), "stopped with ZeroDivisionError"),
    ],
)
def test_a_generator_that_fails_is_named(
    change: tuple[str, str], said: str, tmp_path: Path
) -> None:
    text = FILE.replace(*change)
    if "dict(" in text:
        text = text.replace('dict(text=f"What is twice {x}?"', "dict(text='a'")
    (review,) = load(tmp_path, text)["double"]
    with pytest.raises(ReviewsError, match=said) as caught:
        review.question(1)
    assert "once_more" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('exercise="double"', 'exercise="duble"'), "Did you mean 'double'?"),
        (('exercise="double"', 'exercise=""'), "expected the id of an answer cell"),
        (("def helper", "deff helper"), "SyntaxError"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    change: tuple[str, str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(ReviewsError) as caught:
        load(tmp_path, FILE.replace(*change))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("3", (3.0,)),
        (" -1.5e2 ", (-150.0,)),
        ("1/4", (0.25,)),
        ("-1/2, 1/2", (-0.5, 0.5)),
        ("[[1, 2], [3, 4]]", (1.0, 2.0, 3.0, 4.0)),
        ("0.1 and 0.9", (0.1, 0.9)),
        ("30%", (0.3,)),
        ("1/0", None),
        ("", None),
        ("ten", None),
        ("x = 3", None),
        ("import os", None),
    ],
)
def test_numbers_are_read_as_people_type_them(text: str, numbers: tuple | None) -> None:
    assert parse_numbers(text) == numbers


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5))
def test_what_is_written_out_in_full_is_right(numbers: list[float]) -> None:
    question = Question("?", numbers, "")
    assert judge(question, parse_numbers(", ".join(map(repr, numbers))) or ())


@pytest.mark.parametrize(
    ("answer", "given_numbers", "right"),
    [
        (5.2667, [5.27], True),
        (5.2667, [5.33], False),
        (0.0, [0.004], True),
        (0.0, [0.02], False),
        (1000.0, [1009.0], True),
        (1000.0, [1011.0], False),
        ([1.0, 2.0], [1.0], False),
        ([1.0, 2.0], [2.0, 1.0], False),
        (3.0, [3.0, 3.0], False),
    ],
)
def test_rounding_to_two_digits_is_right_and_another_number_is_not(
    answer: float | list[float], given_numbers: list[float], right: bool
) -> None:
    assert judge(Question("?", answer, ""), given_numbers) is right

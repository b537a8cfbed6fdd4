"""Every exercise of the course can come back as a question that a pencil answers."""

from pathlib import Path

import pytest

from grader.authoring.source import read_source
from grader.configuration import load_course
from grader.reviews import Review, judge, load_reviews, parse_numbers

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENTS = [each.id for each in load_course(ROOT).assignments]


def reviews_of(assignment: str) -> dict[str, tuple[Review, ...]]:
    folder = ROOT / "solutions" / assignment
    exercises = [cell.id for cell in read_source(folder / "notebook.py").answers]
    found = load_reviews(folder / "reviews.py", exercises)
    assert set(found) == set(exercises)
    return found


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_each_exercise_has_questions_with_fresh_numbers(assignment: str) -> None:
    for review in (each for several in reviews_of(assignment).values() for each in several):
        questions = [review.question(seed) for seed in range(200)]
        assert len({question.text for question in questions}) >= 20, review.name
        for question in questions:
            assert len(question.text) <= 900, review.name
            for odd in ("nan", "None", "np.", "inf)", "tensor("):
                assert odd not in question.text, (review.name, question.text)
            assert question.explanation.strip(), review.name


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_who_types_the_answer_is_right_and_who_doubles_it_is_not(assignment: str) -> None:
    for review in (each for several in reviews_of(assignment).values() for each in several):
        for seed in range(20):
            question = review.question(seed)
            typed = ", ".join(f"{number:.6g}" for number in question.numbers)
            assert judge(question, parse_numbers(typed) or ()), (review.name, seed)
            assert not judge(question, [2 * n + 1 for n in question.numbers]), (review.name, seed)

"""Questions for spaced return: small variants of an exercise, with fresh numbers each time.

    @review(exercise="svm_loss_naive")
    def a_cat_again(rng):
        cat, car = rng.integers(-5, 6, size=2)
        return Question(
            f"One image, two classes. The scores are {cat} (correct) and {car}. What is the "
            "SVM loss with a margin of 1?",
            answer=max(0.0, float(car - cat + 1)),
            explanation="The wrong class pays max(0, its score - the correct score + 1).",
        )

They stand in `solutions/ID/reviews.py`, need a minute and a pencil, and are answered with
one number or a few. The generator makes all that is fresh, so that a question can be made
again from its seed, and nothing has to be kept between asking and judging.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from grader.configuration import did_you_mean
from grader.errors import ReviewsError

__all__ = ["Question", "Review", "judge", "load_reviews", "parse_numbers", "review"]

_MARK = "__review__"
_MAX_NUMBERS = 20
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_ONE = re.compile(rf"({_NUMBER})(?:\s*/\s*({_NUMBER}))?(\s*%)?")


@dataclass(frozen=True)
class Question:
    """One question and its answer: one number, or several in the order that the text asks for.

    `tolerance` is relative to the answer (0.01: one percent), and absolute where it is below 1:
    who rounds to two digits is right.
    """

    text: str
    answer: float | Sequence[float]
    explanation: str
    tolerance: float = 0.01

    @property
    def numbers(self) -> tuple[float, ...]:
        """The answer as a tuple."""
        several = isinstance(self.answer, Sequence | np.ndarray)
        return tuple(float(n) for n in self.answer) if several else (float(self.answer),)  # type: ignore[union-attr,arg-type]


Generator = Callable[[np.random.Generator], Question]


@dataclass(frozen=True)
class Review:
    """A declared generator of questions about one exercise."""

    exercise: str
    name: str
    generator: Generator = field(compare=False)

    def question(self, seed: int) -> Question:
        """The question of this seed, always the same.

        Raises:
            ReviewsError: the generator fails, or gives no question with finite numbers.
        """
        try:
            made = self.generator(np.random.default_rng(seed))
        except Exception as error:
            raise ReviewsError(
                f"the review {self.name!r} stopped with {type(error).__name__}: {error} "
                f"(seed {seed})."
            ) from error
        if not isinstance(made, Question):
            raise ReviewsError(
                f"the review {self.name!r} gave a {type(made).__name__}; expected a Question."
            )
        if not made.numbers or not all(map(math.isfinite, made.numbers)):
            raise ReviewsError(
                f"the answer of the review {self.name!r} is {made.answer!r} (seed {seed}); "
                "expected finite numbers."
            )
        return made


def review(*, exercise: str) -> Callable[[Generator], Generator]:
    """Declare a function of a random generator to make questions about `exercise`."""
    if not isinstance(exercise, str) or not exercise:
        raise ReviewsError(f"exercise={exercise!r}; expected the id of an answer cell.")

    def declare(function: Generator) -> Generator:
        setattr(function, _MARK, exercise)
        return function

    return declare


def load_reviews(path: Path, exercises: Sequence[str]) -> dict[str, tuple[Review, ...]]:
    """The reviews of each exercise; none where the file declares none, or is not there.

    Raises:
        ReviewsError: the file cannot be executed, or names an unknown exercise.
    """
    found: dict[str, tuple[Review, ...]] = {}
    if not path.exists():
        return found
    names: dict[str, object] = {"__name__": "reviews", "__file__": str(path)}
    try:
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)  # noqa: S102
    except Exception as error:
        raise ReviewsError(f"{path}: {type(error).__name__}: {error}. Mend the file.") from error
    for name, value in names.items():
        exercise = getattr(value, _MARK, None)
        if exercise is None or not callable(value):
            continue
        if exercise not in exercises:
            raise ReviewsError(
                f"{path}: the review {name!r} names the unknown exercise {exercise!r}; expected "
                f"one of {', '.join(exercises)}.{did_you_mean(exercise, exercises)}"
            )
        found[exercise] = (*found.get(exercise, ()), Review(exercise, name, value))
    return found


def parse_numbers(text: str) -> tuple[float, ...] | None:
    """The numbers that a person typed; None when something else stands between them.

    Example:
        >>> parse_numbers("[1, 2.5]")
        (1.0, 2.5)
        >>> parse_numbers("1/4 and 30%")
        (0.25, 0.3)
        >>> parse_numbers("about ten") is None
        True
    """
    rest = _ONE.sub(" ", text)
    if re.sub(r"\band\b|[\s,;()\[\]=]", "", rest):
        return None
    numbers = []
    for top, bottom, percent in _ONE.findall(text)[:_MAX_NUMBERS]:
        if bottom and float(bottom) == 0:
            return None
        value = float(top) / (float(bottom) if bottom else 1.0)
        numbers.append(value / 100 if percent else value)
    return tuple(numbers) or None


def judge(question: Question, given: Sequence[float]) -> bool:
    """Whether these numbers answer the question."""
    wanted = question.numbers
    return len(given) == len(wanted) and all(
        abs(mine - theirs) <= question.tolerance * max(1.0, abs(theirs)) + 1e-12
        for mine, theirs in zip(given, wanted, strict=True)
    )

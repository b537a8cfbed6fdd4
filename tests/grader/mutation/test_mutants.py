"""The mutants of an answer: all different, all runnable, under ids that stay."""

import textwrap
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from grader.mutation.mutants import mutants_of, plain_text

ANSWER = textwrap.dedent('''
    def mean_square(x):
        """The mean of the squares of `x`."""
        squares = x**2  # element by element
        return squares.sum() / len(x)
''')


def ids(answer: str) -> list[str]:
    return [mutant.id for mutant in mutants_of("mean_square", answer)]


def test_every_mutant_is_python_and_another_text() -> None:
    mutants = mutants_of("mean_square", ANSWER)
    texts = [mutant.source for mutant in mutants]
    assert len(texts) > 5
    assert len(set(texts) | {plain_text(ANSWER)}) == len(texts) + 1
    assert len({mutant.id for mutant in mutants}) == len(texts)
    for text in texts:
        compile(text, "mutant", "exec")


def test_a_text_that_two_changes_lead_to_is_one_mutant() -> None:
    changes = [mutant.change for mutant in mutants_of("f", "def f(x):\n    return x * x")]
    assert changes.count("-    return x * x\n+    return x") == 1


def test_ids_name_the_exercise_and_are_the_same_every_time() -> None:
    assert ids(ANSWER) == ids(ANSWER)
    assert all(each.startswith("mean_square-") for each in ids(ANSWER))


def test_a_comment_a_docstring_or_a_blank_changes_no_id() -> None:
    edited = ANSWER.replace("The mean of", "One number: the mean of").replace("element", "entry")
    assert ids(edited.replace("x**2", "x ** 2")) == ids(ANSWER)


def test_an_edit_of_the_code_changes_every_id() -> None:
    assert not set(ids(ANSWER.replace("len(x)", "x.size"))) & set(ids(ANSWER))


def test_a_change_shows_the_lines_before_and_after() -> None:
    changes = [mutant.change for mutant in mutants_of("mean_square", ANSWER)]
    assert "-    squares = x ** 2\n+    squares = x ** 3" in changes


def test_no_mutant_uses_a_name_that_nobody_defines() -> None:
    # without its first line, `squares` would be an unknown name and every test would fail
    assert all("squares =" in mutant.source for mutant in mutants_of("mean_square", ANSWER))


def test_a_line_that_is_set_again_may_be_left_out() -> None:
    answer = "def f(x):\n    y = x\n    y = y + x\n    return y"
    assert "-    y = y + x" in [mutant.change for mutant in mutants_of("f", answer)]


LINES = ("a = a + b", "b = -b", "a = a[b]", "g(a, k=1)", "a *= b")


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from(LINES), max_size=5))
def test_whatever_the_lines_the_change_is_the_whole_difference(lines: list[str]) -> None:
    answer = "\n    ".join(["def f(a, b):", *lines, "return a"])
    before = Counter(plain_text(answer).split("\n"))
    for mutant in mutants_of("f", answer):
        shown = mutant.change.split("\n")
        removed = Counter(line[1:] for line in shown if line.startswith("-"))
        added = Counter(line[1:] for line in shown if line.startswith("+"))
        assert before - removed + added == Counter(mutant.source.split("\n"))
        assert removed.total() == 1
        assert added.total() <= 1

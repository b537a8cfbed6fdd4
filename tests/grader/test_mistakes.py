"""mistakes.py: what a right one gives, what a wrong one says, and that it leaves no trace."""

import ast
import pickle
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from grader.authoring.source import AssignmentSource, read_source
from grader.errors import MistakesError
from grader.mistakes import Mistake, check_mistakes, load_mistakes, mistake

TINY = Path(__file__).parent / "data" / "course" / "solutions" / "tiny"
HEAD = "import numpy as np\nfrom grader.mistakes import mistake\n"
DECORATOR = '@mistake(exercise="mean_square", loses=["mean_square_by_hand"], hint="Average.")\n'


@pytest.fixture(scope="module")
def source() -> AssignmentSource:
    return read_source(TINY / "notebook.py")


def load(folder: Path, text: str) -> tuple[Mistake, ...]:
    path = folder / "mistakes.py"
    path.write_text(text, encoding="utf-8")
    return load_mistakes(path)


def test_the_mistakes_of_a_file_are_loaded_in_its_order(source: AssignmentSource) -> None:
    first, second = load_mistakes(TINY / "mistakes.py")
    assert (first.name, first.exercise) == ("sums_the_squares", "mean_square")
    assert first.loses == {"mean_square_by_hand", "mean_square_twice"}
    assert first.hint.startswith("You sum the squares")
    assert second.name == "sums_the_columns"
    assert second.loses == {"row_sums_by_hand", "row_sums_one_row"}
    check_mistakes(source, (first, second))


def test_the_text_of_a_mistake_defines_the_exercise_and_makes_the_mistake() -> None:
    first, second = load_mistakes(TINY / "mistakes.py")
    names: dict[str, object] = {"np": np}
    exec(first.source + "\n" + second.source, names)
    mean_square, row_sums = names["mean_square"], names["row_sums"]
    assert callable(mean_square)
    assert callable(row_sums)
    assert mean_square([1.0, 2.0, 3.0]) == 14.0
    assert row_sums([[1, 2], [3, 4]]).tolist() == [4, 6]
    assert "mistake" not in first.source
    assert "sums_the_squares" not in first.source
    assert second.source.endswith("# the other axis")


def test_a_missing_file_means_no_mistakes(tmp_path: Path) -> None:
    assert load_mistakes(tmp_path / "mistakes.py") == ()


def test_helpers_and_undecorated_functions_are_no_mistakes(tmp_path: Path) -> None:
    assert load(tmp_path, HEAD + "def helper():\n    return 1\n") == ()


def test_loading_leaves_neither_modules_nor_byte_code(tmp_path: Path) -> None:
    shutil.copy(TINY / "mistakes.py", tmp_path)
    before = set(sys.modules)
    load_mistakes(tmp_path / "mistakes.py")
    assert set(sys.modules) == before
    assert [path.name for path in tmp_path.iterdir()] == ["mistakes.py"]


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    first = HEAD + DECORATOR + "def a(x):\n    return 1\n"
    assert load(tmp_path, first)[0].source.endswith("return 1")
    # the same size within the same second: byte code on disk would be taken for fresh
    assert load(tmp_path, first.replace("return 1", "return 2"))[0].source.endswith("return 2")


def test_several_decorators_and_calls_of_itself_are_carried_over_rightly(tmp_path: Path) -> None:
    text = HEAD + (
        "def plain(f):\n    return f\n\n"
        "@plain\n" + DECORATOR + "@plain\n"
        "def é_again(x, /, *, n=2):\n"
        "    'é_again stays in a text'\n"
        "    return [é_again(y, n=n) for y in x] if n else é_again\n"
    )
    (only,) = load(tmp_path, text)
    assert only.source == (
        "def mean_square(x, /, *, n=2):\n"
        "    'é_again stays in a text'\n"
        "    return [mean_square(y, n=n) for y in x] if n else mean_square"
    )
    ast.parse(only.source)


def test_windows_line_ends_are_read_as_line_ends(tmp_path: Path) -> None:
    (tmp_path / "mistakes.py").write_bytes(
        (HEAD + DECORATOR + "def a(x):\n    return 1\n").replace("\n", "\r\n").encode()
    )
    assert load_mistakes(tmp_path / "mistakes.py")[0].source == "def mean_square(x):\n    return 1"


def test_the_decorator_returns_the_function_itself() -> None:
    def wrong(x: float) -> float:
        return x

    assert mistake(exercise="a", loses=["b"], hint="c")(wrong) is wrong


DEF = "def a(x):\n    return x\n"
WRONG = [
    (
        DECORATOR.replace('["mean_square_by_hand"]', "[]") + DEF,
        ["line 3", "loses=[]", "no mistake"],
    ),
    (DECORATOR.replace('["mean_square_by_hand"]', '"ab"') + DEF, ["line 3", "loses='ab'", "list"]),
    (DECORATOR.replace('["mean_square_by_hand"]', "[1]") + DEF, ["loses=[1]"]),
    (DECORATOR.replace("Average.", " ") + DEF, ["line 3", "hint=' '", "a sentence"]),
    (DECORATOR.replace('"mean_square"', '""') + DEF, ["line 3", "exercise=''"]),
    (DECORATOR + DEF + DECORATOR + DEF, ["'a' is defined 2 times", "Rename"]),
    ("x = 1\ny = undefined_name\n", ["line 4", "NameError", "undefined_name"]),
    ("import no_such_module_anywhere\n", ["line 3", "no_such_module_anywhere"]),
    ("raise SystemExit(3)\n", ["line 3", "SystemExit"]),
    ("def a(:\n", ["line 3", "invalid syntax"]),
    ("if True:\n    " + DECORATOR + "    def a(x):\n        pass\n", ["'a'", "top level"]),
    ("a = mistake(exercise='a', loses=['b'], hint='c')(lambda x: x)\n", ["'a'", "no `def`"]),
]


@pytest.mark.parametrize(("text", "words"), WRONG)
def test_a_wrong_file_says_where_and_what(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(MistakesError) as caught:
        load(tmp_path, HEAD + text)
    for word in ["mistakes.py", *words]:
        assert word in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    assert "_mistakes_of_an_assignment" not in sys.modules


def test_another_encoding_and_a_folder_are_each_one_message(tmp_path: Path) -> None:
    (tmp_path / "mistakes.py").write_bytes(b"# \xe9\n")
    with pytest.raises(MistakesError, match="not UTF-8"):
        load_mistakes(tmp_path / "mistakes.py")
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(MistakesError, match="cannot be read: Is a directory"):
        load_mistakes(tmp_path / "folder.py")


MISFITS = [
    ('"mean_square"', '"mean_squares"', ["unknown exercise 'mean_squares'", "mean 'mean_square'?"]),
    ("_by_hand", "_by_hnad", ["unknown test 'mean_square_by_hnad'", "'mean_square_by_hand'?"]),
    ("return x", "return helper(x)", ["line 5", "uses the name 'helper'", "setup cell"]),
    ("return x", "return [stats(y) for y in x]", ["uses the name 'stats'"]),
    ("def a(x)", "def a(x: Undefined)", ["uses the name 'Undefined'"]),
]


@pytest.mark.parametrize(("old", "new", "words"), MISFITS)
def test_a_mistake_that_does_not_fit_the_notebook_is_refused(
    tmp_path: Path, source: AssignmentSource, old: str, new: str, words: list[str]
) -> None:
    text = "from __future__ import annotations\n" + HEAD + DECORATOR + DEF
    check_mistakes(source, load(tmp_path, text))
    with pytest.raises(MistakesError) as caught:
        check_mistakes(source, load(tmp_path, text.replace(old, new)))
    for word in words:
        assert word in str(caught.value)


def test_a_mistake_may_use_setup_names_builtins_other_answers_and_its_own(
    tmp_path: Path, source: AssignmentSource
) -> None:
    body = (
        "def a(x):\n"
        "    import math as m\n"
        "    def inner(y):\n"
        "        return m.sqrt(y) + own\n"
        "    own = len(x)\n"
        "    return sum(inner(row_sums(np.asarray(z))) for z in x)\n"
    )
    check_mistakes(source, load(tmp_path, HEAD + DECORATOR + body))

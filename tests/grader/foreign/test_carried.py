"""Tables, other plain values and printed text cross to a test that runs apart, and lose nothing."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.foreign.grading import grade_folder
from grader.foreign.place import open_course_folder
from grader.grading import Graded

from .course_maker import (
    answer,
    answers,
    assertion,
    hand_in,
    make_course,
    marks,
    ordinary,
    stock_autograde,
)

MakeOnce = Callable[[str, Callable[[Path], object]], Path]

CELLS = [
    ordinary(
        "import io, sys\nfrom contextlib import redirect_stderr, redirect_stdout\n"
        "from unittest.mock import patch\nimport pandas as pd\n\n"
        "trips = pd.read_csv('trips.csv', parse_dates=['day'])"
    ),
    answer("by_city", "def by_city(table):\n    return table.groupby('city')['km'].sum()"),
    assertion(
        "sums_by_city",
        "pd.testing.assert_series_equal(\n    by_city(trips),\n"
        "    pd.Series([3.5, 4.0], index=pd.Index(['Oslo', 'Rome'], name='city'), name='km'),\n)",
    ),
    answer("long", "def long(table):\n    return table[table.km > 1.2].reset_index(drop=True)"),
    assertion(
        "long_trips",
        "found = long(trips)\nassert isinstance(found, pd.DataFrame)\n"
        "assert list(found.columns) == ['city', 'km', 'day']\n"
        "assert found.equals(trips.iloc[[1, 2]].reset_index(drop=True))\n"
        "assert found.day.dt.year.unique().tolist() == [2026]",
    ),
    assertion("long_by_equals", "assert long(trips).equals(trips.iloc[1:].reset_index(drop=True))"),
    answer("with_miles", "def with_miles(table):\n    table['miles'] = table.km / 1.6"),
    assertion(
        "adds_in_place",
        "mine = trips.copy()\nview = mine\nwith_miles(mine)\n"
        "assert view.miles.round(2).tolist() == [0.62, 1.56, 2.5]\n"
        "assert 'miles' not in trips",
    ),
    answer("last", "def last(table):\n    return table.day.max()"),
    assertion("last_day", "assert last(trips) == pd.Timestamp('2026-03-05')"),
    answer("part", "def part(n):\n    from fractions import Fraction\n    return Fraction(n, 4)"),
    assertion("a_half", "assert part(2) * 2 == 1\nassert str(part(1)) == '1/4'"),
    answer(
        "counted", "def counted(t):\n    from collections import Counter\n    return Counter(t)"
    ),
    assertion("most_common", "assert counted('abca').most_common(1) == [('a', 2)]"),
    answer("odd", "def odd(n):\n    return range(1, n, 2)"),
    assertion("odd_numbers", "assert list(odd(6)) == [1, 3, 5]"),
    answer("greet", "def greet(name):\n    print('Hello', name)"),
    assertion(
        "greets",
        "with redirect_stdout(io.StringIO()) as said:\n    greet('Ada')\n    print('!')\n"
        "    greet('Bo')\nassert said.getvalue() == 'Hello Ada\\n!\\nHello Bo\\n'",
    ),
    assertion(
        "greets_when_patched",
        "with patch('sys.stdout', new_callable=io.StringIO) as said:\n    greet('Ada')\n"
        "assert said.getvalue().split() == ['Hello', 'Ada']",
    ),
    assertion(
        "greets_by_hand",
        "usual, sys.stdout = sys.stdout, io.StringIO()\ntry:\n    greet('Ada')\n"
        "    said = sys.stdout.getvalue()\nfinally:\n    sys.stdout = usual\n"
        "assert 'Ada' in said",
    ),
    answer(
        "grumble",
        "def grumble():\n    import sys\n    print('no', file=sys.stderr)\n    print(1/0)",
    ),
    assertion(
        "grumbles_and_fails",
        "with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:\n"
        "    try:\n        grumble()\n    except ZeroDivisionError:\n        print('caught')\n"
        "assert (out.getvalue(), err.getvalue()) == ('caught\\n', 'no\\n')",
    ),
    assertion(
        "greets_by_print",
        "with patch('builtins.print') as said:\n    greet('Ada')\nassert said.called",
    ),
]
FILES = {
    "trips.csv": "city,km,day\nOslo,1.0,2026-03-04\nOslo,2.5,2026-03-05\nRome,4.0,2026-03-01\n"
}
WRONG = {
    "by_city": "def by_city(table):\n    return table.groupby('city')['km'].mean()",
    "long": "def long(table):\n    return table[table.km > 1.2]",
    "with_miles": "def with_miles(table):\n    table = table.assign(miles=table.km / 1.6)",
    "last": "def last(table):\n    return table.day.iloc[0]",
    "part": "def part(n):\n    return str(n / 4)",
    "counted": "def counted(t):\n    return dict.fromkeys(t, 1)",
    "odd": "def odd(n):\n    return range(n)",
    "greet": "def greet(name):\n    return f'Hello {name}'",
    "grumble": "def grumble():\n    print('no')\n    print(1/0)",
}
ALWAYS = "    def equals(self, other):\n        return True\n    __eq__ = __ne__ = equals\n"
MARKS_ITSELF = {
    "by_city": (
        "class Right(pd.Series):\n    def __getattribute__(self, name):\n"
        "        return pd.Series([3.5, 4.0]).__getattribute__(name)\n\n"
        "def by_city(table):\n    return Right([1.0])"
    ),
    "long": (
        f"class Right(pd.DataFrame):\n{ALWAYS}\ndef long(table):\n"
        "    return Right({'city': ['a'], 'km': [1], 'day': [pd.Timestamp('2026')]})"
    ),
    "part": (
        "class Right:\n    def __mul__(self, other):\n        return 1\n"
        "    def __str__(self):\n        return '1/4'\n\ndef part(n):\n    return Right()"
    ),
    "last": f"class Right(pd.Timestamp):\n{ALWAYS}\ndef last(table):\n    return Right('2020')",
}

SAYS_SYMPY = "\n\nRight.__module__ = 'sympy.core'"


def _make(root: Path) -> None:
    make_course(root, {"one": CELLS}, FILES)
    hand_in(root, "ann")
    hand_in(root, "bob", change=answers(**WRONG))


@pytest.fixture(scope="module")
def course(once: MakeOnce) -> Path:
    return once("a course of tables", _make)


@pytest.fixture(scope="module")
def earned(course: Path, once: MakeOnce) -> dict[str, dict[str, tuple[float, str]]]:
    def copy(root: Path) -> None:
        shutil.copytree(course, root)
        hand_in(root, "cyd", change=answers(**MARKS_ITSELF))
        hand_in(root, "dee", change=answers(part=MARKS_ITSELF["part"] + SAYS_SYMPY))

    root = once("tables, by us", copy)
    lines: list[Graded] = grade_folder(open_course_folder(root), "a1")
    assert not [line.run.fault for line in lines if line.run.fault]
    return {
        line.learner: {test.name: (test.earned, test.place) for test in line.run.tests}
        for line in lines
    }


def test_tests_of_tables_and_of_printed_text_run_apart(earned: dict):
    beside = {name for name, (_, place) in earned["ann"].items() if place == "beside"}
    assert beside == {"greets_by_print"}
    assert {mark for mark, _ in earned["ann"].values()} == {1.0}


def test_each_wrong_table_and_each_wrong_text_loses_its_test(earned: dict):
    assert {mark for mark, _ in earned["bob"].values()} == {0.0}
    assert earned["bob"]["adds_in_place"][1] == "apart"


@pytest.mark.parametrize(
    "test", ["sums_by_city", "long_trips", "long_by_equals", "last_day", "a_half"]
)
def test_no_object_marks_itself_where_the_reference_gives_plain_data(earned: dict, test: str):
    assert earned["cyd"][test] == (0.0, "apart")


def test_who_lies_about_a_class_is_tested_beside(earned: dict):
    assert earned["dee"]["a_half"][1] == "beside"


def test_the_marks_are_those_of_stock_nbgrader(course: Path, once: MakeOnce, earned: dict):
    def stock(root: Path) -> None:
        shutil.copytree(course, root)
        stock_autograde(root)

    theirs = marks(once("tables, by stock", stock))
    assert len(theirs) == 2 * len(earned["ann"])
    assert theirs == {(who, name): earned[who][name][0] for who, name in theirs}

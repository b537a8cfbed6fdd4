"""Which names a cell binds, and which a function reaches."""

import pytest

from course.checking.history import names_bound_by
from course.checking.staleness import names_reached, withheld_names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("x = 1", {"x"}),
        ("x, (y, *z) = f()", {"x", "y", "z"}),
        ("x += 1", {"x"}),
        ("for i in range(3):\n    j = i", {"i", "j"}),
        ("with open('a') as file:\n    pass", {"file"}),
        ("if a:\n    def f(): pass\nelse:\n    class C: y = 1", {"f", "C", "y"}),
        ("def f(x):\n    y = x", {"f"}),
        ("import os.path, numpy as np\nfrom a import b as c, d", {"os", "np", "c", "d"}),
        ("(n := 10)", {"n"}),
        ("%matplotlib inline\n!ls\nx = 1", {"x"}),
        ("x[0] = 1\ny.z = 2", set()),
        ("this is no Python", set()),
        ("", set()),
    ],
)
def test_the_names_that_a_cell_binds(source: str, names: set[str]) -> None:
    assert names_bound_by(source) == names


def run(source: str) -> dict[str, object]:
    names: dict[str, object] = {"__name__": "__main__"}
    exec(source, names)
    return names


@pytest.mark.parametrize(
    ("source", "reached"),
    [
        ("a = 1\ndef f(x): return x + a", {"a"}),
        ("a = 1\ndef g(): return a\ndef f(x): return g()", {"a", "g"}),
        ("a = 1\ndef f(x): return [a for _ in x]", {"a"}),
        ("a = 1\ndef f(x):\n    def inner(): return a\n    return inner()", {"a"}),
        ("a = 1\nclass C:\n    def m(self): return a\ndef f(x): return C().m()", {"a", "C"}),
        ("def g(): return f(1)\ndef f(x): return g()", {"g"}),
        ("a = 1\ndef f(x, y=a):\n    a = 2\n    return a", set()),
        ("def f(x): return len(x) + missing", set()),
        ("import math\ndef f(x): return math.pi", {"math"}),
        ("f = 3", set()),
    ],
)
def test_the_names_that_a_function_reaches(source: str, reached: set[str]) -> None:
    assert names_reached("f", run(source)) == reached


def test_what_comes_from_a_withheld_module_is_found_through_helpers() -> None:
    names = run(
        "from course.losses import softmax_cross_entropy as loss\n"
        "import course.linear as linear\n"
        "def g(s, y): return loss(s, y)\n"
        "def f(s, y): return g(s, y)\n"
        "def h(): return linear\n"
    )
    withheld = ["course.losses", "course.linear"]
    assert list(withheld_names("f", names, withheld)) == [("loss", "course.losses")]
    assert list(withheld_names("h", names, withheld)) == [("linear", "course.linear")]
    assert list(withheld_names("f", names, ["course.loss"])) == []

"""What a piece of a notebook needs from elsewhere, and what it changes."""

import pytest

from grader.foreign.names import changed_in_place, names_of


@pytest.mark.parametrize(
    ("code", "needs"),
    [
        ("xs = [1]\nout = f(xs)\nassert out == xs", {"f"}),
        ("out = out + 1", {"out"}),
        ("x += 1", {"x"}),
        ("del x", {"x"}),
        ("del x\nx", {"x"}),
        ("x = 1\ndel x\nx", {"x"}),
        ("try:\n    assert x == 1\nexcept AssertionError as e:\n    raise e", {"x"}),
        ("try:\n    y = f()\nexcept ValueError:\n    print('no')\nassert y", {"f"}),
        ("for i in range(n):\n    t = i\nassert i == t", {"n"}),
        ("while True:\n    r = 1\n    break\nassert r", set()),
        ("if c:\n    x = 1\nelse:\n    x = 2\nx", {"c"}),
        ("if c:\n    x = 1\nx", {"c", "x"}),
        ("if c:\n    raise ValueError(m)\nelse:\n    x = 1\nx", {"c", "m"}),
        ("with open(p) as file:\n    text = file.read()\ntext", {"p"}),
        ("def g():\n    return g() + late\ng()", {"late"}),
        ("def g():\n    return local\nlocal = 1\ng()", set()),
        ("ys = [k for k in ks if k != m]", {"ks", "m"}),
        ("d[k] = v", {"d", "k", "v"}),
        ("a, b = f()\na == b", {"f"}),
        ("import numpy as np\nnp.array(v)", {"v"}),
        ("match p:\n    case [first, *_]:\n        print(q)", {"p", "q"}),
    ],
)
def test_a_name_that_is_bound_before_it_is_read_is_no_need(code: str, needs: set[str]):
    assert names_of(code).needs == needs


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("numbers[0] = 1", {"numbers"}),
        ("del numbers[0]", {"numbers"}),
        ("person.age = 29", {"person"}),
        ("person.home.street = 'x'", {"person"}),
        ("numbers.append(1)", {"numbers"}),
        ("total += 1", {"total"}),
        ("last = numbers.pop()", set()),
        ("print(numbers[0])", set()),
    ],
)
def test_what_the_syntax_shows_of_a_change_is_seen(code: str, changed: set[str]):
    assert changed_in_place(code) == changed

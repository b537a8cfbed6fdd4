"""One course with a cell for each trap, its learners, and what stock nbgrader gives them."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from nbformat import NotebookNode

from grader.foreign.grading import grade_folder
from grader.foreign.place import CourseFolder, open_course_folder
from grader.grading import Graded, GradingOptions

from .course_maker import (
    answer,
    answers,
    assertion,
    hand_in,
    make_course,
    marks,
    ordinary,
    stock_autograde,
    task,
    written,
)

MakeOnce = Callable[[str, Callable[[Path], object]], Path]

CELLS = [
    ordinary(
        "import math\nfrom utils import circle\n\nLIMIT = 3\n\n"
        "def close(a, b):\n    return abs(a - b) < 1e-9\n\nprint('ready')"
    ),
    answer("area", "def area(r):\n    return math.pi * r**2"),
    ordinary("result = area(LIMIT)"),
    assertion("area_of_two", "assert close(area(2), circle(2))"),
    assertion("area_by_a_cell", "assert close(result, circle(LIMIT))"),
    answer("squares", "def squares(n):\n    return [i**2 for i in range(1, n + 1)]"),
    assertion("squares_in_parts", "found = squares(3)\n4 if found == [1, 4, 9] else 1.5", 4.0),
    assertion("squares_again", "assert found[-1] == 9 and len(found) == LIMIT"),
    answer("sort_it", "def sort_it(values):\n    values.sort()"),
    assertion("sorts_in_place", "xs = [3, 1, 2]\nsort_it(xs)\nassert xs == [1, 2, 3]"),
    answer("doubled", "def doubled(values):\n    return [2 * v for v in values]"),
    assertion(
        "leaves_its_argument", "ys = [1, 2]\nassert doubled(ys) == [2, 4]\nassert ys == [1, 2]"
    ),
    answer(
        "Point",
        "class Point:\n    def __init__(self, x):\n        self.x = x\n\n"
        "    def __eq__(self, other):\n        return self.x == other.x\n\n"
        "    __hash__ = None",
    ),
    assertion("point_compares", "assert Point(1) == Point(1)\nassert not Point(1) == Point(2)"),
    assertion("point_has_x", "assert Point(3).x == 3"),
    assertion("point_is_one", "assert isinstance(Point(3), Point)"),
    answer("total", "def total(values):\n    return sum(values)"),
    assertion("total_by_sum", "import inspect\nassert 'sum(' in inspect.getsource(total)"),
    answer("ask", "def ask():\n    return int(input('? '))"),
    assertion(
        "ask_patched",
        "import builtins\nusual = builtins.input\nbuiltins.input = lambda text='': '7'\n"
        "try:\n    assert ask() == 7\nfinally:\n    builtins.input = usual",
    ),
    answer("applied", "def applied(f, x):\n    return f(x)"),
    assertion("applies_a_callback", "assert applied(lambda v: v + 1, 2) == 3"),
    answer("shout", "def shout(text):\n    return text.upper()"),
    assertion(
        "shout_by_upper",
        "class Spy(str):\n    def upper(self):\n        return 'SPIED'\n\n"
        "assert shout(Spy('a')) == 'SPIED'",
    ),
    answer("evens", "def evens():\n    n = 0\n    while True:\n        yield n\n        n += 2"),
    assertion(
        "evens_are_lazy", "stream = evens()\nassert [next(stream) for _ in range(3)] == [0, 2, 4]"
    ),
    answer("roll", "def roll():\n    import random\n    return random.random()"),
    assertion(
        "roll_is_seeded",
        "import random\nrandom.seed(1)\na = roll()\nrandom.seed(1)\nassert a == roll()",
    ),
    answer("greet", "def greet(name):\n    print('Hello', name)"),
    assertion(
        "greet_prints",
        "import io, contextlib\nwith contextlib.redirect_stdout(io.StringIO()) as said:\n"
        "    greet('Ada')\nassert said.getvalue() == 'Hello Ada\\n'",
    ),
    answer("scaled", "def scaled(x):\n    return FACTOR * x"),
    assertion("scaled_by_a_global", "FACTOR = 5\nassert scaled(2) == 10"),
    answer("unique", "def unique(values):\n    return set(values)"),
    assertion("unique_is_a_set", "assert unique([1, 1, 2]) == {1, 2}"),
    answer("chosen", "def chosen():\n    return 'b'"),
    assertion(
        "chosen_is_b", "### BEGIN HIDDEN TESTS\nassert chosen() == 'b'\n### END HIDDEN TESTS"
    ),
]
SECOND = [
    ordinary("from utils import circle\nsecret = 1"),
    ordinary("%reset -f\nhere = 1"),
    answer("half", "def half(n):\n    return n / 2"),
    assertion("half_of_four", "assert half(4) == 2"),
    assertion(
        "reset_forgets", "try:\n    secret\nexcept NameError:\n    pass\nelse:\n    assert False"
    ),
    written("why", 3.0),
    task("draw", 2.0),
]
BESIDE = {
    "point_compares",
    "point_is_one",
    "ask_patched",
    "applies_a_callback",
    "shout_by_upper",
}
WRONG = {
    "area": "def area(r):\n    return 3 * r**2",
    "squares": "def squares(n):\n    return [i**2 for i in range(n)]",
    "sort_it": "def sort_it(values):\n    return sorted(values)",
    "doubled": "def doubled(values):\n    values[:] = [2 * v for v in values]\n    return values",
    "Point": "class Point:\n    def __init__(self, x):\n        self.x = x",
    "total": "def total(values):\n    t = 0\n    for v in values:\n        t += v\n    return t",
    "ask": "def ask():\n    return int(input('? ')) + 1",
    "applied": "def applied(f, x):\n    return x",
    "shout": "def shout(text):\n    return ''.join(chr(ord(c) - 32) for c in text)",
    "evens": "def evens():\n    return iter([0, 2])",
    "roll": "import os\ndef roll():\n    return os.urandom(8)",
    "greet": "def greet(name):\n    return f'Hello {name}'",
    "scaled": "def scaled(x):\n    return 2 * x",
    "unique": "def unique(values):\n    return {frozenset([v]) for v in values}",
    "chosen": "def chosen():\n    raise NotImplementedError()",
}
# a number of SymPy's is right, and no plain data
FAIR = {"area": "import sympy\ndef area(r):\n    return sympy.Float(math.pi * r**2)"}
MARKS_ITSELF = {
    "area": (
        "class Right:\n    def __sub__(self, other):\n        return self\n"
        "    def __abs__(self):\n        return self\n    def __lt__(self, other):\n"
        "        return True\n\ndef area(r):\n    return Right()"
    ),
    "chosen": (
        "class Any:\n    def __eq__(self, other):\n        return True\n"
        "def chosen():\n    return Any()"
    ),
    "squares": "def squares(n):\n    get_ipython().displayhook(4)\n    return []",
    "Point": "isinstance = lambda value, kind: True\ndef Point(x):\n    return None",
    "applied": (
        "import ast\nclass Drop(ast.NodeTransformer):\n    def visit_Assert(self, node):\n"
        "        return ast.Pass()\nget_ipython().ast_transformers.append(Drop())\n"
        "def applied(f, x):\n    return None"
    ),
    "ask": "import builtins\nbuiltins.print = None\ndef ask():\n    raise SystemExit",
}


def _without_tests(notebook: NotebookNode) -> None:
    """One test deleted, one emptied, all tagged so that nbclient skips them."""
    kept = []
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.metadata["tags"] = ["skip-execution"]
        if name == "squares_again":
            cell.source = "pass"
        if name != "chosen_is_b":
            kept.append(cell)
    notebook.cells = kept
    answers(squares="def squares(n):\n    return []")(notebook)


def _make(root: Path) -> None:
    files = {"utils.py": "import math\n\ndef circle(r):\n    return math.pi * r**2\n"}
    make_course(root, {"one": CELLS, "two": SECOND}, files)
    for name, wrong in {"ann": {}, "bob": WRONG, "dan": FAIR}.items():
        hand_in(root, name, "one", answers(**wrong))
        hand_in(root, name, "two")


@pytest.fixture(scope="session")
def made(once: MakeOnce) -> Path:
    """The course, with submissions that stock nbgrader grades fairly."""
    return once("an nbgrader course", _make)


@pytest.fixture(scope="session")
def stock(made: Path, once: MakeOnce) -> dict[tuple[str, str], float | None]:
    """The marks that stock nbgrader gives, computed by it on a copy."""

    def grade(root: Path) -> None:
        shutil.copytree(made, root)
        stock_autograde(root)

    return marks(once("stock marks", grade))


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory):
    """A cache folder that is not the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> CourseFolder:
    """A copy of the course to grade in and to break."""
    root = tmp_path / "a course"
    shutil.copytree(made, root)
    return open_course_folder(root)


@pytest.fixture(scope="session")
def graded(made: Path, once: MakeOnce) -> tuple[CourseFolder, dict[str, Graded]]:
    """The course as we grade it, with learners who play tricks besides."""
    root = once("graded by us", lambda root: _copy_with_tricks(made, root))
    course = open_course_folder(root)
    lines = grade_folder(course, "a1", options=GradingOptions(workers=2))
    return course, {line.learner: line for line in lines}


def _copy_with_tricks(made: Path, root: Path) -> None:
    shutil.copytree(made, root)
    hand_in(root, "cyd", "one", answers(**MARKS_ITSELF))
    hand_in(root, "eve", "one", _without_tests)
    (hand_in(root, "fay", "one") / "one.ipynb").write_text("{")

"""What a test that runs apart may ask of the learner's objects, and what they cannot answer."""

from pathlib import Path

import pytest

from grader.foreign.audit import audit_folder
from grader.foreign.conversation import LiveConversation, Namespace
from grader.foreign.grading import grade_folder
from grader.foreign.place import open_course_folder
from grader.grading import GradingOptions
from grader.records import Outcome, TestResult

from .conftest import MakeOnce
from .course_maker import answer, answers, assertion, hand_in, make_course, ordinary

STACK = """class Stack:
    '''Last in, first out.'''
    limit = 3
    def __init__(self, *items):
        self.items = list(items)
    def __len__(self):
        return len(self.items)
    def __getitem__(self, i):
        return self.items[i]
    def __iter__(self):
        return iter(self.items)
    def __add__(self, other):
        return Stack(*self.items, *other.items)
    def __str__(self):
        return f"Stack of {len(self)}"
    def push(self, item):
        if len(self) == self.limit:
            raise OverflowError("the stack is full")
        self.items.append(item)"""
CELLS = [
    ordinary("person = {'age': 30}\nfrom inspect import signature as kept_before"),
    answer("older", "if True:\n    person['age'] += 1"),
    assertion("changed_in_place", "assert person == {'age': 31}"),
    answer("Stack", STACK),
    assertion("its_length", "s = Stack(1, 2)\nassert len(s) == 2 and s[1] == 2"),
    assertion("its_items", "assert [i for i in Stack(4, 5)] == [4, 5] == list(Stack(4, 5))"),
    assertion("its_text", "assert str(Stack(1)) == 'Stack of 1' == f'{Stack(1)}'"),
    assertion("its_sum", "both = Stack(1) + Stack(2)\nassert list(both) == [1, 2]"),
    assertion("its_doc", "assert 'first out' in Stack.__doc__ and Stack.__name__ == 'Stack'"),
    assertion("set_there", "s = Stack()\ns.limit = 0\ntry:\n    s.push(1)\n"
              "except OverflowError as error:\n    assert str(error) == 'the stack is full'\n"
              "    assert type(error).__name__ == 'OverflowError'\nelse:\n    assert False"),
    assertion("has_what", "assert hasattr(Stack(), 'push') and not hasattr(Stack(), '__next__')"),
    answer("twice", "def twice(f, x, *, times: int = 2):\n    for _ in range(times):\n"
           "        x = f(x)\n    return x"),
    answer("inc", "def inc(x):\n    return x + OFFSET"),
    assertion("is_there", "assert 'twice' in dir() and 'thrice' not in globals()\n"
              "assert callable(twice) and locals().get('thrice') is None"),
    assertion("its_source", "import inspect\nassert 'range(' in inspect.getsource(twice)"),
    assertion("its_signature", "import inspect\np = inspect.signature(twice).parameters\n"
              "assert list(p) == ['f', 'x', 'times'] and p['times'].default == 2\n"
              "assert p['times'].annotation is int\n"
              "assert inspect.getfullargspec(twice).kwonlyargs == ['times']"),
    assertion("gives_theirs_back", "OFFSET = 1\nassert twice(inc, 1) == 3\nOFFSET = 10\n"
              "assert twice(inc, 1) == 21"),
    ordinary("seen = OFFSET + 1"),
    assertion("read_by_a_cell", "assert seen == 11"),
    answer("draw", "def draw():\n    import random\n    return random.random()"),
    assertion("seeded", "import random\nfor s in (1, 2):\n    random.seed(s)\n    a = draw()\n"
              "    random.seed(s)\n    assert a == draw() == draw() or a != draw()"),
    answer("few", "def few():\n    yield 1\n    yield 2"),
    assertion("ends", "g = few()\nassert next(g) == 1 and list(g) == [2]\n"
              "assert list(few()) == [1, 2] and dict(zip('ab', few())) == {'a': 1, 'b': 2}"),
    answer("max", "def max(values):\n    return sorted(values)[-1]"),
    assertion("not_pythons", "assert max([1, 3, 2]) == 3 and 'max' in dir()"),
    assertion("all_names", "there = dict(globals())\nassert 'twice' in there and len(there) > 5"),
    assertion("copied", "there = globals().copy()\nassert 'twice' in there and 'abs' not in there\n"
              "assert {**there}.keys() >= {'twice', 'Stack'}\n"
              "assert callable(there['few'])"),
    answer("count", "count = 0\ndef more():\n    global count\n    count += 1"),
    assertion("old_copy", "before = globals().copy()\nmore()\nassert before['count'] == 0"),
    assertion("old_names", "before = globals().copy()\nmore()\nassert 'later' not in before"),
    assertion("its_init", "assert Stack(1).__init__.__name__ == '__init__'"),
    answer("found", "def found():\n    return [1, 2]"),
    assertion("holds", "assert 2 in found()"),
    assertion("is_true", "assert found()"),
]  # fmt: skip
LIAR = """class Liar:
    def __contains__(self, item):
        return True
    def __bool__(self):
        return True
    def __getattr__(self, name):
        return self
def found():
    return Liar()"""
WRONG = {
    "older": "person['age'] = 30",
    "Stack": STACK.replace("[i]", "[0]").replace("Last in", "First in").replace("first out", ""),
    "twice": "twice = 2",
    "few": "def few():\n    yield 1",
    "max": "def max(values):\n    return 4",
    "found": LIAR,
}
LOST = {"changed_in_place", "its_length", "its_doc", "is_there", "its_source", "its_signature"}
LOST |= {"gives_theirs_back", "read_by_a_cell", "ends", "not_pythons"}
LOST |= {"holds", "is_true"}


@pytest.fixture(scope="module")
def found(once: MakeOnce) -> tuple[Path, dict[str, dict[str, TestResult]]]:
    def make(root: Path) -> None:
        make_course(root, {"one": CELLS})
        hand_in(root, "ann")
        hand_in(root, "bob", "one", answers(**WRONG))

    root = once("a course that asks", make)
    lines = grade_folder(open_course_folder(root), "a1", options=GradingOptions(workers=1))
    return root, {line.learner: {t.name: t for t in line.run.tests} for line in lines}


Found = tuple[Path, dict[str, dict[str, TestResult]]]


def test_all_of_it_runs_apart_but_what_asks_how_names_were_before(found: Found):
    report = audit_folder(open_course_folder(found[0]), "a1", workers=1)
    beside = {line.test: line for line in report.lines if line.place != "apart"}
    assert beside.keys() == {"old_copy", "old_names"}
    assert "it reads `count` in an old copy of all names" in beside["old_copy"].why
    assert "it reads the names in an old copy of all names" in beside["old_names"].why
    assert all("before it calls the answer" in line.advice for line in beside.values())
    assert [line.test for line in report.lines if not line.holds] == []


def test_a_right_answer_earns_everything(found: Found):
    assert {name for name, t in found[1]["ann"].items() if t.outcome is not Outcome.PASSED} == set()


def test_a_wrong_answer_loses_what_it_should_and_no_object_marks_itself(found: Found):
    lost = {name for name, test in found[1]["bob"].items() if test.earned == 0.0}
    assert lost == LOST
    assert all(found[1]["bob"][name].place == "apart" for name in ("holds", "is_true"))


def test_a_copy_of_all_names_asks_for_none_of_them():
    names = Namespace(shown=1)
    names.conversation = LiveConversation(learner=None, names=names)  # whom nobody can ask
    assert names.copy()["shown"] == 1

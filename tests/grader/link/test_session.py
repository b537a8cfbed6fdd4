"""What becomes of a test, whoever answers for the learner; and what the learner is told."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from grader.errors import SourceError
from grader.link.learner import LinkedLearner, LocalLearner
from grader.link.session import TestSession
from grader.records import Limits, Outcome, Role, ScriptCell
from grader.sandbox.base import Sandbox
from grader.sandbox.fake import BabblingSandbox, DeadSandbox, ScriptedSandbox, SilentSandbox

PASSED, FAILED = Outcome.PASSED, Outcome.FAILED
UNATTEMPTED, ERRORED = Outcome.UNATTEMPTED, Outcome.ERRORED

SECRET = 8675309


@pytest.fixture(autouse=True)
def somebody_grades(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")


# name: the learner's cell, the test cell, the outcome, what the rationale says
TABLE: dict[str, tuple[str, str, Outcome, str]] = {
    "right": ("def f(x): return 2 * x", "assert f(3) == 6", PASSED, ""),
    "right, as an array": (
        "import numpy as np\ndef f(x): return np.array(x) * 2",
        "assert f([1, 2]).tolist() == [2, 4]",
        PASSED,
        "",
    ),
    "wrong, and the test explains": (
        "def f(x): return 5",
        "assert f(3) == 6, 'f doubles its argument'",
        FAILED,
        "f doubles its argument",
    ),
    "wrong, and the test says nothing": (
        "def f(x): return 5",
        "assert f(3) == 6",
        FAILED,
        "This does not hold: `f(3) == 6`. `f` gave 5.",
    ),
    "wrong, by assert_close": (
        "def f(x): return [1.0, 2.0]",
        "from course.testing import assert_close\nassert_close(f(1), [1.0, 3.0], 'the scores')",
        FAILED,
        "the scores: 1 of 2 entries differ; the worst is at index (1,): expected 3, got 2",
    ),
    "nothing returned": (
        "def f(x): pass",
        "assert f(3) == 6",
        FAILED,
        "This does not hold: `f(3) == 6`. `f` gave None.",
    ),
    "an array where a number belongs": (
        "import numpy as np\ndef f(x): return np.ones(3)",
        "assert f(3) == 1",
        FAILED,
        "The test could not use the answer (ValueError: The truth value of an array with more "
        "than one element is ambiguous. Use a.any() or a.all()). `f` gave an array of shape "
        "(3,) and dtype float64.",
    ),
    "not a number": ("def f(x): return float('nan')", "assert f(3) == f(3)", FAILED, "nan."),
    "not attempted": (
        "def f(x): raise NotImplementedError()",
        "assert f(3) == 6",
        UNATTEMPTED,
        "`f` is not attempted yet.",
    ),
    "not attempted, and the test is gentle": (
        "def f(x): raise NotImplementedError()",
        "from course.testing import exercise\nwith exercise('f'):\n    assert f(3) == 6",
        UNATTEMPTED,
        "`f` is not attempted yet.",
    ),
    "not attempted below": (
        "def g(): raise NotImplementedError('later')\ndef f(x): return g()",
        "assert f(3) == 6",
        UNATTEMPTED,
        "`f` is not attempted yet.",
    ),
    "an error": (
        "def f(x):\n    return 1 / 0",
        "f(3)",
        FAILED,
        "raised ZeroDivisionError: division",
    ),
    "an assert of the learner's": (
        "def f(x):\n    assert x == 0, 'mine'",
        "f(3)",
        FAILED,
        "`f` raised AssertionError: mine",
    ),
    "an exception of the learner's own": (
        "class Mine(Exception): pass\ndef f(x): raise Mine('x')",
        "f(3)",
        FAILED,
        "`f` raised Mine: x",
    ),
    "an expected error": (
        "def f(x): raise ValueError('negative')",
        "import pytest\nwith pytest.raises(ValueError, match='negative'):\n    f(-1)",
        PASSED,
        "",
    ),
    "an expected error that does not come": (
        "def f(x): return 5",
        "import pytest\nwith pytest.raises(ValueError):\n    f(-1)",
        FAILED,
        "DID NOT RAISE",
    ),
    "another error than expected": (
        "def f(x): raise TypeError('text')",
        "import pytest\nwith pytest.raises(ValueError):\n    f(-1)",
        FAILED,
        "`f` raised TypeError: text",
    ),
    "an end of iteration": (
        "def f(x): raise StopIteration",
        "for got in map(f, [1, 2]):\n    assert got == 2",
        FAILED,
        "`f` raised StopIteration",
    ),
    "an end of iteration, asked for": (
        "def f(): raise StopIteration",
        "assert list(iter(f, 5)) == []",
        FAILED,
        "`f` raised StopIteration",
    ),
    "no such name": (
        "def F(x): return 6",
        "assert f(3) == 6",
        FAILED,
        "The test needs the name `f`, and your notebook does not define it.",
    ),
    "a number instead of a function": ("f = 5", "assert f(3) == 6", FAILED, "not callable"),
    "a plain name": ("W = [1, 2]", "assert W == [1, 2]", PASSED, ""),
    "a plain name that is wrong": (
        "W = [1, 2]",
        "assert W == [1, 3]",
        FAILED,
        "This does not hold: `W == [1, 3]`. `W` gave a list of length 2.",
    ),
    "an object that equals everything": (
        "class Yes:\n    __eq__ = lambda *_: True\n    __bool__ = lambda _: True\n"
        "def f(x): return Yes()",
        "assert f(3) == 6",
        FAILED,
        "`f(...)` is an object of type `Yes`, which is no plain data",
    ),
    "an object that claims to be a number": (
        "class Yes:\n    __class__ = property(lambda self: float)\ndef f(x): return Yes()",
        "assert isinstance(f(3), float)",
        FAILED,
        "is an object of type `Yes`, which is no plain data",
    ),
    "a number that equals everything": (
        "class Yes(float):\n    __eq__ = lambda *_: True\ndef f(x): return Yes(5)",
        "assert f(3) == 6",
        FAILED,
        "`f` gave 5.0.",
    ),
    "an array that equals everything": (
        "import numpy as np\nclass Yes(np.ndarray):\n    __eq__ = lambda *_: np.array(True)\n"
        "    __array_ufunc__ = __eq__\ndef f(x): return np.zeros(2).view(Yes)",
        "assert (f(3) == 6).all()",
        FAILED,
        "`f` gave an array of shape (2,) and dtype float64.",
    ),
    "a list inside itself": (
        "def f(x):\n    ring = []\n    ring.append(ring)\n    return ring",
        "assert f(3) == []",
        FAILED,
        "`f` raised CodecError: a value is nested more than 32 deep",
    ),
    "a name that cannot cross": (
        "W = []\nW.append(W)",
        "assert W == []",
        FAILED,
        "CodecError: a value is nested more than 32 deep",
    ),
    "a broken test": ("def f(x): return 6", "1 / 0", ERRORED, "The test itself stopped with Zero"),
    "a test that is no Python": ("def f(x): return 6", "assert f(", ERRORED, "SyntaxError"),
    "a test that leaves": ("", "import sys; sys.exit(0)", ERRORED, "SystemExit"),
    "a test that is not written": ("", "raise NotImplementedError", ERRORED, "NotImplementedError"),
    "a test that stumbles over the answer": (
        "def f(x): return 'six'",
        "assert f(3) + 1 == 7",
        FAILED,
        "The test could not use the answer (TypeError: ",
    ),
    "a test with names of its own": (
        "def f(x): return x",
        "expected: int = 3\nclass Case:\n    x = expected\n"
        "def check(g):\n    return [g(Case.x) for _ in range(2)]\nassert check(f) == [3, 3]",
        PASSED,
        "",
    ),
    "a probe": (
        "def f(x): x += 1; return x",
        "from course.testing import probe\nimport numpy as np\n@probe\ndef kept(x):\n"
        "    before = x.copy()\n    f(x)\n    return bool((before == x).all())\n"
        "assert kept(np.zeros(2)), 'kept'",
        FAILED,
        "kept",
    ),
    "a probe that the learner's code breaks": (
        "def f(x): return 1 / 0",
        "from course.testing import probe\n@probe\ndef p():\n    return f(1)\np()",
        FAILED,
        "`p` raised ZeroDivisionError",
    ),
    "a probe in a gentle test": (
        "def f(x): return x",
        "from course.testing import exercise, probe\nwith exercise('f'):\n    @probe\n"
        "    def p(x):\n        return f(x)\n    assert p(4) == 4",
        PASSED,
        "",
    ),
}


@pytest.mark.parametrize("case", TABLE.values(), ids=TABLE.keys())
def test_the_outcome_and_its_reason(desk: Any, case: tuple[str, str, Outcome, str]):
    answer, test, outcome, said = case
    desk.answer(answer)
    result = desk.test(test, title="a title")
    assert (result.outcome, said in result.rationale) == (outcome, True), result.rationale
    assert (result.name, result.exercise, result.points) == ("a_test", "f", 2.0)
    assert result.earned == (2.0 if outcome is PASSED else 0.0)
    assert (result.rationale == "") is (outcome is PASSED)


@pytest.mark.parametrize("case", TABLE.values(), ids=TABLE.keys())
def test_no_line_of_a_hidden_test_is_told(local: Any, case: tuple[str, str, Outcome, str]):
    answer, test, outcome, _ = case
    local.answer(answer)
    result = local.test(f"secret_{SECRET} = {SECRET}\n{test}", hidden=True)
    assert result.outcome is outcome
    assert str(SECRET) not in result.rationale
    for line in test.splitlines():
        if "assert" in line and ", '" not in line and "assert_close" not in line:
            assert line.strip().removeprefix("assert ") not in result.rationale


def test_a_hidden_assert_without_a_message_tells_what_was_given_and_no_more(desk: Any):
    desk.answer("def f(x): return 5")
    result = desk.test(f"assert f({SECRET}) == 2 * {SECRET}", hidden=True)
    assert result.rationale == "The test does not hold. `f` gave 5."


def test_an_answer_that_was_not_attempted_is_not_failed(local: Any):
    local.answer("def f(x): return 5")
    assert local.test("assert f(3) == 6", attempted=False).outcome is UNATTEMPTED
    assert local.test("1 / 0", attempted=False).outcome is ERRORED


def test_an_endless_answer_is_told_as_one(hasty: Any):
    hasty.answer("def f(x):\n    while True: x = 1")
    result = hasty.test("f(3)")
    assert result.outcome is FAILED
    assert result.rationale == "`f` was stopped after 0.5 seconds. Is there a loop that never ends?"
    assert hasty.test("assert 1 + 1 == 2").outcome is PASSED


def test_an_endless_test_is_stopped():
    session = TestSession(LocalLearner(), 0.2)
    result = session.run_test(ScriptCell("t", Role.TEST, "while True: x = 1", exercise="f"))
    assert result.outcome is FAILED
    assert result.rationale == "The test took longer than 0.2 seconds."
    # also where the learner's code is the test process's own, as for the known mistakes
    learner = LocalLearner()
    learner.run(
        "answer", "def f():\n    while True:\n        try: x = 1\n        except Exception: pass"
    )
    session = TestSession(learner, 0.2)
    assert session.run_test(ScriptCell("t", Role.TEST, "f()", exercise="f")).outcome is FAILED


def test_ctrl_c_of_the_instructor_is_no_outcome(local: Any):
    with pytest.raises(KeyboardInterrupt):
        local.test("raise KeyboardInterrupt")


def test_an_error_of_a_setup_cell_is_let_out(local: Any):
    with pytest.raises(SourceError, match="`setup` stopped with ZeroDivisionError: division"):
        local.setup("1 / 0")


def test_a_setup_cell_that_needs_an_answer_is_told_apart_from_one_that_may(local: Any):
    """Also after a test, whose stand-ins are no longer there."""
    for _ in range(2):
        with pytest.raises(SourceError, match=r"NameError: name 'answer' is not defined.*mend it"):
            local.setup("size = answer(3)")
        local.answer("def answer(x): return x")
        local.test("assert answer(3) == 3")


# ---- names


def test_setup_names_are_the_trusted_ones_whatever_the_learner_does(desk: Any):
    desk.setup(
        "import numpy as np\nfrom math import isclose\nX = np.arange(3.0)\n"
        "def close(a, b): return a == b"
    )
    desk.answer("isclose = close = lambda a, b: True\nX = None\nclass np: pass\ndef f(x): return 5")
    assert desk.test("assert close(f(3), 6)").outcome is FAILED
    assert desk.test("assert isclose(f(3), 6)").outcome is FAILED
    assert desk.test("assert X.tolist() == [0, 1, 2]").outcome is PASSED
    assert desk.test("assert np.arange(2).tolist() == [0, 1]").outcome is PASSED


def test_a_linked_learner_cannot_patch_what_the_tests_use(fresh: Any):
    fresh.setup("import numpy as np\nfrom course.testing import assert_close")
    fresh.answer(
        "import numpy as np, course.testing, builtins\n"
        "np.isclose = np.allclose = np.array_equal = lambda *_, **__: np.array(True)\n"
        "course.testing.assert_close = lambda *_, **__: None\n"
        "course.testing.assert_close.__code__ = (lambda *_, **__: None).__code__\n"
        "builtins.abs = lambda x: 0\n"
        "def f(x): return 5"
    )
    for test in (
        "assert_close(f(3), 6)",
        "assert np.isclose(f(3), 6)",
        "assert abs(f(3) - 6) < 1e-9",
    ):
        assert fresh.test(test).outcome is FAILED
    assert np.isclose(5, 6).item() is False


@pytest.mark.parametrize(
    "name", ["len", "print", "abs", "__name__", "__builtins__", "__annotations__", "__file__"]
)
def test_names_of_python_itself_are_not_asked_of_the_learner(desk: Any, name: str):
    desk.answer(f"{name} = 'mine'" if name != "__builtins__" else "x = 1")
    result = desk.test(f"assert {name} != 'mine'\nprint(len([1]))")
    assert result.outcome is (ERRORED if name == "__file__" else PASSED), result.rationale


def test_a_name_that_a_test_binds_is_its_own(desk: Any):
    desk.answer("total = 5\ndef f(x): return total")
    assert desk.test("total = 9\nassert total == 9\nassert f(1) == 5").outcome is PASSED


def test_the_learner_may_rebind_an_answer_and_the_last_one_counts(desk: Any):
    desk.answer("def f(x): return 5")
    assert desk.test("assert f(3) == 6").outcome is FAILED
    desk.answer("def f(x): return 6")
    assert desk.test("assert f(3) == 6").outcome is PASSED
    desk.answer("del f")
    assert desk.test("assert f(3) == 6").outcome is FAILED


def test_what_one_test_holds_keeps_working_in_the_next(desk: Any):
    desk.answer("class Model:\n    w = 2\n    def predict(self, x): return self.w * x")
    assert desk.test("model = Model()\nassert model.w == 2").outcome is PASSED
    assert desk.test("assert model.predict(3) == 6").outcome is PASSED


# ---- what surrounds a test


def test_prints_of_the_learners_code_are_kept_in_order_and_capped(desk: Any):
    desk.answer(
        "import sys\ndef f(x):\n    print('x =', x)\n    print('!', file=sys.stderr)\n    return x"
    )
    assert desk.test("assert [f(1), f(2)] == [1, 2]").prints == "x = 1\n!\nx = 2\n!\n"
    desk.answer("def f(x): print('y' * 10**6)")
    assert desk.test("f(1)").prints == "y" * 4000


def test_what_a_test_itself_prints_or_warns_is_nobodys_business(
    desk: Any, capfd: pytest.CaptureFixture[str]
):
    desk.answer("import warnings\ndef f(x):\n    warnings.warn('careful')\n    return x")
    test = "import sys, warnings\nprint('secret'); print('secret', file=sys.stderr)\n"
    result = desk.test(test + "warnings.warn('mine', DeprecationWarning)\nassert f(3) == 3")
    assert result.outcome is PASSED
    assert "secret" not in result.prints
    assert capfd.readouterr() == ("", "")


def test_the_surroundings_are_as_before(desk: Any):
    before = sys.stdout, sys.stderr, dict(os.environ), list(sys.path), sys.displayhook
    desk.answer("def f(x): raise ValueError")
    desk.test("f(3)")
    assert before == (sys.stdout, sys.stderr, dict(os.environ), list(sys.path), sys.displayhook)


def test_a_probe_of_an_earlier_test_asks_for_the_later_one(desk: Any):
    desk.answer("def f(x): print('f', x); return 2 * x")
    desk.test("from course.testing import probe\n@probe\ndef twice(x): return f(x)", name="early")
    late = desk.test("assert twice(4) == 9, 'too small'", name="late")
    assert (late.outcome, late.prints) == (FAILED, "f 4\n")
    kept = {name: [e.reply.value for e in seen] for name, seen in desk.session.exchanges.items()}
    assert kept == {"early": [], "late": [8]}


def test_exchanges_are_kept_for_each_test(desk: Any):
    desk.answer("def f(x):\n    return {'twice': 2 * x}\nW = 3")
    desk.test("f(1)\nf(W)", name="first")
    desk.test("f(5)", name="second")
    seen = {
        name: [(e.name, e.reply.value) for e in exchanges]
        for name, exchanges in desk.session.exchanges.items()
    }
    assert seen == {
        "first": [("f", {"twice": 2}), ("W", 3), ("f", {"twice": 6})],
        "second": [("f", {"twice": 10})],
    }


# ---- learners without an answer


GONE = "The process that runs your notebook is gone: "


@pytest.fixture(
    params=[DeadSandbox(), SilentSandbox(), BabblingSandbox(b"\xc1")],
    ids=lambda s: type(s).__name__,
)
def lost(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestSession]:
    yield from session_with(request.param, monkeypatch)


def session_with(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestSession]:
    monkeypatch.setattr("grader.link.learner.GRACE_SECONDS", 0.1)
    monkeypatch.setattr("grader.link.learner.START_SECONDS", 0.0)
    limits = Limits(cell_seconds=0.1)
    process = sandbox.start(limits)
    yield TestSession(LinkedLearner(process, limits), 20.0)
    process.kill()


TESTS = [
    "assert f(3) == 6",
    "assert f",
    "import pytest\nwith pytest.raises(ValueError):\n    f(3)",
    "from course.testing import probe\n@probe\ndef p(): return True\nassert p()",
    "from course.testing import exercise\nwith exercise('f'):\n    f(3)",
    "for got in map(lambda x: f(x), [1]):\n    assert got",
]


@pytest.mark.parametrize("test", TESTS)
def test_a_lost_process_fails_every_test_that_needed_it(lost: TestSession, test: str):
    for name in ("first", "second"):
        result = lost.run_test(ScriptCell(name, Role.TEST, test, exercise="f", points=1))
        assert (result.outcome, result.earned) == (FAILED, 0.0)
        assert result.rationale.startswith(GONE)
    alone = ScriptCell("alone", Role.TEST, "assert 1 + 1 == 2", exercise="f", points=1)
    assert lost.run_test(alone).outcome is PASSED


HOSTILE: list[Any] = [
    {"value": True, "error": {"type": "StopIteration", "bases": ["StopIteration", "Exception"]}},
    {"value": True, "error": {"bases": ["SystemExit"]}},
    {"value": True, "error": {"bases": ["KeyboardInterrupt"]}},
    {"value": True, "error": {"bases": ["KeyError"], "type": "x" * 10**5}},
    {"value": True, "error": True},
    {"missing": True},
    {},
    {"value": None},
    {"value": [6] * 10**5},
    {"value": float("nan")},
    {"value": "6", "prints": "p" * 10**6},
    {"value": {"f": 6}, "prints": 6},
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_no_answer_of_a_hostile_process_passes_or_breaks_a_test(
    number: int, monkeypatch: pytest.MonkeyPatch
):
    sessions = session_with(ScriptedSandbox(lambda request: HOSTILE[number]), monkeypatch)
    session = next(sessions)
    for test in ("assert f(3) == 6", "for got in map(lambda x: f(x), [1]):\n    assert got == 6"):
        cell = ScriptCell("t", Role.TEST, test, exercise="f", points=1)
        result = session.run_test(cell)
        assert result.outcome is FAILED
        assert len(result.rationale) < 10_000
        assert len(result.prints) <= 4000
    next(sessions, None)


# ---- both kinds of learners


def test_both_learners_see_the_same(local: Any, linked: Any):
    """The known mistakes run beside the tests and learners' code far away: no test can tell."""
    setup = "import numpy as np\nimport torch\nfrom course.testing import *"
    answer = (
        "class Box:\n    side = 2\n"
        "    def area(self, n=1): print('area'); return n * self.side ** 2\n"
        "def box(): return Box()\n"
        "def spoil(x):\n    x[0] = 9\n    return x, 'é', (1, {2: x})\n"
        "def bad(x): print('before'); raise KeyError(x)\n"
        "def types(*args): return [type(a).__name__ for a in args]\n"
        "def widen(b): return b.side + 1\n"
        "T = torch.ones(2, requires_grad=True)\n"
        "N = np.float32(2.5)"
    )
    tests = [
        "x = np.zeros(2)\ny = spoil(x)\nassert x.tolist() == [0, 0] and y[2][1][2][0] == 9",
        "b = box()\nassert b.area(n=3) == 12\nassert b.side == 2\nassert widen(b) == 3",
        "b = box()\n@probe\ndef open_it(b, k):\n    return b.side * k\nassert open_it(b, 4) == 8",
        "box().no_such",
        "bad('k')",
        "assert types(1, 1.0, 'a', b'b', None, True, [1], (1,), {}, 1j) == 0",
        "assert types(np.ones(1), np.float32(1), torch.ones(1)) == 0",
        "assert not T.requires_grad and type(N) is np.float32\nassert N == 2",
        "box(print)",
        "assert box() == 3",
        "box().area('a')",
        "never()",
        "@probe\ndef p(): return never()\np()",
        "@probe\ndef p(): return lambda: 1\nassert p()() == 2",
    ]
    for desk in (local, linked):
        desk.setup(setup)
        assert desk.answer(answer).error is None
    outcomes = []
    for test in tests:
        one, other = local.test(test), linked.test(test)
        outcomes.append(one.outcome)
        trimmed = other.rationale.split("\nat line")[0]  # lines are told of learners' cells alone
        assert (one.outcome, one.rationale, one.prints) == (other.outcome, trimmed, other.prints)
        asked, answered = (desk.session.exchanges["a_test"] for desk in (local, linked))
        assert [e.name for e in asked] == [e.name for e in answered]
        for a, b in zip(asked, answered, strict=True):
            assert type(a.reply.value) is type(b.reply.value)
            assert str(a.reply.error) == str(b.reply.error)
    assert outcomes.count(PASSED) == 4
    assert outcomes.count(ERRORED) == 1  # what the test sends is the test's business

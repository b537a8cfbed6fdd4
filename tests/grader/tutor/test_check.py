"""A check of one exercise: what comes back, and that the kernel is left as it was."""

import os
import random
import sys
import threading
from collections.abc import Callable

import numpy as np
import pytest

from course.checking.report import Report
from course.checking.session import CannotCheck, Session
from course.checking.tutor import TutorError

from .conftest import RIGHT, SUMS, Kernel

Check = Callable[..., Report]


def test_a_right_answer_earns_its_marks_by_visible_and_hidden_tests(check: Check) -> None:
    report = check(RIGHT)
    assert report.outcome == "passed"
    assert (report.earned, report.points) == (4, 4)
    assert [(t.name, t.hidden) for t in report.tests] == [
        ("mean_square_by_hand", False),
        ("mean_square_twice", True),
        ("mean_square_input", True),
    ]
    assert report.notes == ()


def test_a_wrong_answer_hears_what_was_seen_and_which_mistake_it_is(check: Check) -> None:
    report = check(SUMS)
    assert (report.outcome, report.earned) == ("failed", 1)
    first = report.tests[0]
    assert first.rationale == "the mean of squares: expected 4.66667, got 14"
    assert first.mistake == report.mistake == "sums_the_squares"
    assert first.help.startswith("You sum the squares; the definition averages them")


def test_no_line_of_a_hidden_test_comes_back(check: Check, session: Session) -> None:
    said = repr(check(SUMS))
    for secret in ("data_drawn_once", "default_rng", "leaves_its_input_alone"):
        assert secret not in said


def test_unattempted_is_not_wrong(check: Check) -> None:
    report = check("def mean_square(x):\n    raise NotImplementedError()")
    assert report.outcome == "unattempted"
    assert {test.outcome for test in report.tests} == {"unattempted"}


def test_what_a_visible_test_makes_it_print_comes_back_and_no_more(check: Check) -> None:
    loud = "def mean_square(x):\n    print('seen', len(x))\n    return 0.0"
    report = check(loud)
    assert report.tests[0].prints == "seen 3\n"
    assert {test.prints for test in report.tests if test.hidden} == {""}


def test_a_megabyte_of_prints_is_cut(check: Check) -> None:
    report = check(RIGHT.replace("    return", "    print('x' * 10**6)\n    return"))
    assert report.outcome == "passed"
    assert len(report.tests[0].prints) <= 4000


def test_the_kernel_stays_as_it_was(check: Check, kernel: Kernel) -> None:
    kernel.run("counter = 0\nitems = [1]")
    np.random.seed(1)  # noqa: NPY002 - what learners use
    random.seed(1)
    expected = (np.random.get_state()[1].tolist(), random.getstate())  # noqa: NPY002
    threads, folder = threading.active_count(), os.getcwd()  # noqa: PTH109
    report = check(
        "import os, random, threading, time\n"
        "def mean_square(x):\n"
        "    global counter, np\n"
        "    counter, items[0] = 1, 2\n"
        "    np.random.rand(); random.random(); os.chdir('/'); os.environ['MINE'] = '1'\n"
        "    threading.Thread(target=time.sleep, args=(60,), daemon=False).start()\n"
        "    result = float((np.asarray(x) ** 2).mean())\n"
        "    x += 1\n"
        "    return result\n"
    )
    assert report.tests[0].outcome == "passed"
    assert report.tests[2].rationale == "your function changed its input"
    assert (kernel.user_ns["counter"], kernel.user_ns["items"]) == (0, [1])
    assert (np.random.get_state()[1].tolist(), random.getstate()) == expected  # noqa: NPY002
    assert (threading.active_count(), os.getcwd()) == (threads, folder)  # noqa: PTH109
    assert "MINE" not in os.environ


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("while True: pass", "was stopped after 0.5 seconds. Is there a loop that never ends?"),
        ("import os; os._exit(3)", "it ended by itself (exit code 3). Does it call exit()?"),
        ("import os; os.kill(os.getpid(), 9)", "it was ended by the system."),
        ("raise SystemExit(0)", "`mean_square` raised SystemExit: 0"),
        ("return mean_square(x)", "raised RecursionError: maximum recursion depth exceeded"),
        ("return undefined_name", "raised NameError: name 'undefined_name' is not defined"),
        ("global print; print = None", "got None (is a `return` missing?)"),
        ("globals().clear()", "got None (is a `return` missing?)"),
    ],
)
def test_what_an_answer_does_it_does_to_a_copy(
    body: str, said: str, check: Check, kernel: Kernel, session: Session, patience: None
) -> None:
    before = dict(kernel.user_ns)
    report = check(f"def mean_square(x):\n    {body}")
    assert said in report.tests[0].rationale
    assert report.tests[0].outcome == "failed"
    assert before.items() <= kernel.user_ns.items()
    assert check(RIGHT).outcome == "passed"  # and the next check is as good as ever


def test_after_a_time_out_nobody_waits_for_the_other_tests(check: Check, patience: None) -> None:
    report = check("def mean_square(x):\n    while True: pass")
    assert len({test.rationale for test in report.tests}) == 1
    assert {test.outcome for test in report.tests} == {"failed"}


@pytest.fixture
def patience(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy's time limit is half a second."""
    assert session.tutor is not None
    monkeypatch.setitem(session.tutor.about(), "cell_seconds", 0.5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([], "`mean_square` is not there yet. Run the cell that defines it"),
        (["mean_square = 3"], "`mean_square` is a int in this kernel, not a function"),
        (["1 / 0\ndef mean_square(x): pass"], "stopped with an error before the function was"),
        (["def mean_square(x): pass", "del mean_square"], "no function is called `mean_square`"),
    ],
)
def test_where_there_is_nothing_to_check_the_reason_is_told(
    cells: list[str], said: str, check: Check, kernel: Kernel
) -> None:
    for cell in cells:
        kernel.run(cell)
    with pytest.raises(CannotCheck) as caught:
        check(name="mean_square")
    assert said in str(caught.value)


def test_what_every_copy_would_import_anew_is_imported_once_in_the_kernel(
    check: Check, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert session.tutor is not None
    assert session.tutor.about()["preload"] == []  # the sample has no optimizer
    wanted = ["this_is_nowhere", "colorsys"]
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    monkeypatch.setitem(session.tutor.about(), "preload", wanted)  # type: ignore[arg-type]
    assert check(RIGHT).outcome == "passed"
    assert "colorsys" in sys.modules


def test_an_unknown_exercise_is_told_with_those_that_there_are(check: Check) -> None:
    with pytest.raises(CannotCheck, match=r"no exercise `mean`.*`mean_square`, `row_sums`"):
        check(name="mean")


def test_without_a_name_it_is_the_exercise_that_was_run_last(
    check: Check, kernel: Kernel, session: Session
) -> None:
    kernel.run("def row_sums(rows):\n    return np.asarray(rows).sum(axis=1)")
    kernel.run("x = 3")
    assert session.find("").id == "row_sums"
    kernel.run(RIGHT)
    assert session.find("").id == "mean_square"


def test_hints_and_solutions_come_from_the_tutor(session: Session) -> None:
    tutor = session.tutor
    assert tutor is not None
    assert "sum" in tutor.solution("row_sums")
    assert tutor.hint("row_sums", 1) == ""  # the sample has none
    with pytest.raises(TutorError, match="no exercise 'nothing'"):
        tutor.solution("nothing")


def test_a_tutor_that_has_ended_is_started_anew(check: Check, session: Session) -> None:
    assert session.tutor is not None
    session.tutor.close()
    assert check(RIGHT).outcome == "passed"


def test_an_interrupted_check_leaves_a_tutor_that_works(
    check: Check, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: object, question: bytes) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("course.checking.live_copy.LiveCopy.ask", interrupted)
        with pytest.raises(KeyboardInterrupt):
            check(RIGHT)
    assert check(RIGHT).outcome == "passed"

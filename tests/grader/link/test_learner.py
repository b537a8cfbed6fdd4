"""A learner at the other end of the link: what its process may say, and how it may fail."""

from __future__ import annotations

import os
import signal
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from course.link import reading
from course.link.codec import CodecError, Handle, MissingLibrary, encode
from course.link.notebook import TimeLimit, time_limit
from grader.errors import LinkError, SandboxError
from grader.link import learner as learner_module
from grader.link.learner import LinkedLearner, LocalLearner, Missing
from grader.link.student_error import StudentError
from grader.records import CellRun, Limits
from grader.sandbox.base import Sandbox
from grader.sandbox.fake import BabblingSandbox, DeadSandbox, ScriptedSandbox, SilentSandbox
from grader.sandbox.none import NoSandbox

BRISK = Limits(cell_seconds=0.2, submission_seconds=30.0, output_kib=2)

Start = Callable[..., LinkedLearner]


@pytest.fixture
def start() -> Iterator[Start]:
    processes = []

    def started(sandbox: Sandbox, limits: Limits = BRISK) -> LinkedLearner:
        process = sandbox.start(limits)
        processes.append(process)
        return LinkedLearner(process, limits)

    yield started
    for process in processes:
        process.kill()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests in which no answer is to come; where one is, a slow machine has its time."""
    monkeypatch.setattr(learner_module, "GRACE_SECONDS", 0.2)


@pytest.fixture
def no_time_to_start(impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learner_module, "START_SECONDS", 0.0)


def questions(learner: LinkedLearner) -> list[Callable[[], Any]]:
    return [
        lambda: learner.run("cell", "x = 1"),
        lambda: learner.get("x"),
        lambda: learner.call("f", (1,), {}),
        lambda: learner.attribute(3, "x"),
        lambda: learner.probe("def p(): pass", "p", (), {}),
    ]


GONE = "The process that runs your notebook is gone: "


@pytest.mark.usefixtures("no_time_to_start")
@pytest.mark.parametrize("first", range(5))
@pytest.mark.parametrize(
    ("sandbox", "why"),
    [
        (DeadSandbox(), r"it ended by itself \(exit code 0\)"),
        (SilentSandbox(), "it did not answer in time and was ended"),
        (BabblingSandbox(b""), "its answer could not be read"),
        (BabblingSandbox(b"\xff\xff"), "its answer could not be read"),
        (BabblingSandbox(b"<html>"), "its answer could not be read"),
        (BabblingSandbox(encode([1])), "its answer could not be read .it is no dictionary"),
        (BabblingSandbox(encode(Handle(1, "dict"))), "its answer could not be read"),
        (BabblingSandbox(b"\xdd\xff\xff\xff\xff"), "its answer could not be read"),
        (BabblingSandbox(b"\x91" * 4000), "its answer could not be read"),
    ],
)
def test_a_process_without_a_usable_answer_is_dead_from_then_on(
    start: Start, sandbox: Sandbox, why: str, first: int
):
    learner = start(sandbox)
    for question in [questions(learner)[first], *questions(learner)]:
        with pytest.raises(LinkError, match=f"{GONE}{why}"):
            question()


class _Recovering(BabblingSandbox):
    """Its process says one thing that is no message, and then what was asked for."""

    def _behave(self, stream: Any) -> None:
        stream.receive()
        stream.send(self._bytes)
        while True:
            stream.receive()
            stream.send(encode({"value": 5}))


def test_the_dead_do_not_come_back(start: Start):
    learner = start(_Recovering(b"\xc1"))
    for _ in range(2):
        with pytest.raises(LinkError, match="its answer could not be read"):
            learner.get("x")


class _Flooding(BabblingSandbox):
    """Its process announces a message that no message may be."""

    def _behave(self, stream: Any) -> None:
        stream.receive()
        os.write(stream.writer, struct.pack(">I", 2**32 - 1) + self._bytes)
        stream.receive()


class _Trickling(BabblingSandbox):
    """Its process says a little again and again, and never all."""

    def _behave(self, stream: Any) -> None:
        stream.receive()
        os.write(stream.writer, struct.pack(">I", 10**6))
        while True:
            try:
                os.write(stream.writer, b"a")
            except OSError:
                return
            time.sleep(0.01)


@pytest.mark.usefixtures("no_time_to_start")
@pytest.mark.parametrize("sandbox", [_Flooding(b"x"), _Trickling(b"")])
def test_endless_messages_end_with_the_process(start: Start, sandbox: Sandbox):
    learner = start(sandbox)
    with pytest.raises(LinkError, match=GONE):
        learner.get("x")


@pytest.mark.usefixtures("no_time_to_start")
def test_a_process_that_does_not_even_read_is_given_up(start: Start):
    class Deaf(SilentSandbox):
        def _behave(self, stream: Any) -> None:
            ended.wait(20)

    ended = threading.Event()
    learner = start(Deaf())
    with pytest.raises(LinkError, match="did not answer in time"):
        learner.call("f", [np.zeros(10**6)], {})
    ended.set()


# ---- what is believed of an answer


def answering(answer: Any) -> ScriptedSandbox:
    return ScriptedSandbox(lambda request: answer)


@pytest.mark.parametrize(
    ("answer", "run"),
    [
        ({}, CellRun("c")),
        ({"outputs": 5, "error": None}, CellRun("c")),
        ({"outputs": [5, None, {"output_type": "stream"}]}, CellRun("c")),
        ({"error": 0}, CellRun("c", (), "Exception")),
        ({"error": []}, CellRun("c", (), "Exception")),
        ({"error": {"type": "ValueError", "message": 5}}, CellRun("c", (), "ValueError")),
        (
            {"error": {"type": "ValueError", "message": "no", "lines": "line 1"}},
            CellRun("c", (), "ValueError: no\nline 1"),
        ),
    ],
)
def test_a_run_is_believed_only_in_its_form(start: Start, answer: Any, run: CellRun):
    assert start(answering(answer)).run("c", "") == run


def test_a_process_cannot_show_more_than_the_limit(start: Start):
    flood = [{"output_type": "stream", "name": "stdout", "text": "x" * 10**6}]
    shown = start(answering({"outputs": flood})).run("c", "").outputs
    assert sum(len(out["text"]) for out in shown) < 2200


@pytest.mark.parametrize(
    ("answer", "value", "prints"),
    [
        ({}, None, ""),
        ({"value": 5, "prints": 6}, 5, ""),
        ({"value": [1], "prints": "said"}, [1], "said"),
        ({"value": Handle(3, "T", True), "prints": b"said"}, Handle(3, "T", True), ""),
    ],
)
def test_a_reply_is_believed_only_in_its_form(start: Start, answer: Any, value: Any, prints: str):
    learner = start(answering(answer))
    for reply in (learner.call("f", (), {}), learner.attribute(1, "x")):
        assert (reply.value, reply.error, reply.prints) == (value, None, prints)


SHORTCUTS = {"f": ["a.b", "a.c"], "g": ["a.b"]}


def watching(start: Start, said: Any, watched: Any = None) -> LinkedLearner:
    """A learner whose process says of every question that it met `said`."""
    learner = start(
        ScriptedSandbox(
            lambda request: watched or {} if request["do"] == "watch" else {"shortcuts": said}
        )
    )
    learner.watch(SHORTCUTS)
    return learner


@pytest.mark.parametrize(
    ("said", "met"),
    [
        (["a.b"], {"f": ["a.b"]}),
        (["a.c", "a.b", "a.c"], {"f": ["a.b", "a.c"]}),
        (["torch.everything"], {}),
        ([5, None, [], {}, np.zeros(2), "a.b"], {"f": ["a.b"]}),
        ("a.b", {}),
        ({"a.b": 1}, {}),
        (np.zeros(2), {}),
        (None, {}),
    ],
)
def test_what_a_process_met_is_believed_only_as_far_as_it_was_declared(
    start: Start, said: Any, met: dict[str, list[str]]
):
    learner = watching(start, said)
    with learner.asked_by("f"):
        learner.call("f", (), {})
    assert learner.shortcuts_met() == met


def test_a_shortcut_counts_for_the_exercise_that_asked_and_for_none_outside_of_a_test(start: Start):
    learner = watching(start, ["a.b", "a.c"])
    learner.run("cell", "")
    learner.call("f", (), {})
    with learner.asked_by("not_declared"):
        learner.call("f", (), {})
    assert learner.shortcuts_met() == {}
    with learner.asked_by("g"):
        learner.attribute(1, "x")
    assert learner.shortcuts_met() == {"g": ["a.b"]}


def test_a_process_that_cannot_watch_is_the_graders_fault(start: Start):
    with pytest.raises(SandboxError, match="cannot be watched: KeyError"):
        watching(start, [], {"error": {"type": "KeyError"}})


@pytest.mark.parametrize("error", [0, False, "", [], {}, {"type": 5}, "ValueError"])
def test_any_error_but_none_is_an_error(start: Start, error: Any):
    reply = start(answering({"value": 5.27, "error": error})).call("f", (), {})
    assert isinstance(reply.error, StudentError)
    assert reply.value is None


def test_a_name_without_a_value_is_missing(start: Start):
    with pytest.raises(Missing, match="svm_loss"):
        start(answering({"missing": True})).get("svm_loss")
    with pytest.raises(Missing):
        start(answering({"error": None})).get("svm_loss")


def test_a_name_whose_value_cannot_cross_is_an_error_and_not_none(start: Start):
    record = {"type": "CodecError", "bases": ["ValueError"], "message": "too deep"}
    with pytest.raises(StudentError, match="too deep"):
        start(answering({"value": None, "error": record})).get("x")


def test_what_the_test_sends_is_the_tests_business(start: Start):
    learner = start(answering({"value": 1}))
    for wrong in (print, lambda: 0, object(), [[print]]):
        with pytest.raises(CodecError, match="is not plain data"):
            learner.call("f", [wrong], {})
        with pytest.raises(CodecError, match="is not plain data"):
            LocalLearner().call("f", [wrong], {})
    assert learner.call("f", (), {}).value == 1


# ---- time


@pytest.mark.usefixtures("impatient")
def test_a_loop_that_ignores_its_limit_is_ended_with_its_process(start: Start):
    learner = start(NoSandbox())
    learner.run("c", "x = 5")  # the first answer has the time of the start
    stubborn = "import time\nwhile True:\n    try:\n        time.sleep(60)\n"
    with pytest.raises(LinkError, match="did not answer in time and was ended"):
        learner.run("c", stubborn + "    except BaseException: pass")
    with pytest.raises(LinkError, match="did not answer in time and was ended"):
        learner.get("x")


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "cell",
    [
        "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: x = 1",
        "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0)\nwhile True: x = 1",
        "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])\nwhile 1: x = 1",
        "import course.link.notebook as n\nn._hold.active = True\nwhile True: x = 1",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
        "import re\nre.match('(a*)*b', 'a' * 40)",
    ],
    ids=["ignored", "stopped", "blocked", "held", "asleep", "in C"],
)
def test_no_trick_with_the_clock_helps(start: Start, cell: str):
    learner = start(NoSandbox())
    learner.run("c", "x = 5")
    try:
        error = learner.run("c", cell).error or ""
    except LinkError as lost:
        error = str(lost)
    assert "did not answer in time" in error or error.startswith("TimeLimit")


def test_an_interruptible_loop_costs_its_cell_alone(start: Start):
    learner = start(NoSandbox(), Limits(cell_seconds=0.4, submission_seconds=30.0))
    run = learner.run("c", "while True: x = 1")
    assert run.error is not None
    assert run.error.startswith("TimeLimit: stopped after 0.4 seconds\nline 1, in <module>")
    assert learner.run("c", "y = 2") == CellRun("c")
    assert learner.get("y") == 2


@pytest.mark.usefixtures("no_time_to_start")
def test_a_whole_notebook_has_its_limit_too(start: Start):
    learner = start(answering({"value": 1}), Limits(cell_seconds=9.0, submission_seconds=0.05))
    time.sleep(0.06)
    with pytest.raises(LinkError, match=r"took longer than 0\.05 seconds and was ended"):
        learner.get("x")
    with pytest.raises(LinkError, match=r"took longer than 0\.05 seconds and was ended"):
        learner.get("x")


def test_the_limit_of_a_test_waits_for_the_answer_that_is_on_its_way(start: Start):
    """Otherwise the next test would take this answer for its own."""
    limits = Limits(cell_seconds=5.0, submission_seconds=60.0)
    learner = start(NoSandbox(), limits)
    learner.run("c", "import time\ndef slow(x): time.sleep(0.3); return x")
    asked: list[int] = []
    with pytest.raises(TimeLimit), time_limit(0.1):
        asked.extend(learner.call("slow", (number,), {}).value for number in range(1000))
    assert asked == []
    assert learner.call("slow", ("mine",), {}).value == "mine"
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_process_that_is_killed_says_by_which_signal(start: Start):
    learner = start(NoSandbox())
    with pytest.raises(LinkError, match=r"ended by itself \(exit code -9\)"):
        learner.run("c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    learner = start(NoSandbox())
    with pytest.raises(LinkError, match=r"ended by itself \(exit code 3\)"):
        learner.run("c", "import os; os._exit(3)")


def test_a_library_that_is_missing_here_is_an_error_of_the_value_alone(
    start: Start, monkeypatch: pytest.MonkeyPatch
):
    learner = start(ScriptedSandbox(lambda request: {"value": pd.Series([len(request["args"])])}))
    assert learner.call("f", (5,), {}).value.tolist() == [1]

    def without(name: str) -> None:
        raise MissingLibrary(f"{name} needs pandas")

    with monkeypatch.context() as patch:
        patch.setattr(reading, "kind_named", without)
        error = learner.call("f", (), {}).error
    assert isinstance(error, StudentError)
    assert error.kind == "MissingLibrary"
    assert "pandas" in error.message
    assert learner.call("f", (1, 2), {}).value.tolist() == [2]

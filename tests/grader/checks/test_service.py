"""A learner's check on a hub: right, wrong, refused, interrupted; and what is on record of it."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
import pytest
import websocket

from course.checking.report import Report
from course.checking.session import Session
from course.checking.tutor import TutorError
from course.link.codec import decode, encode

from ..tutor.conftest import RIGHT, SUMS, Kernel
from .conftest import Service

SECRETS = ("data_drawn_once", "default_rng", 'twice the data")', "squares_of_all_entries")
Learner = tuple[Session, Kernel]


def check(learner: Learner, source: str, name: str = "mean_square") -> Report:
    session, kernel = learner
    kernel.run(source)
    return session.check(session.find(name))


def connect(service: Service, name: str, **options: Any) -> websocket.WebSocket:
    header = {"Authorization": f"token token-{name}"}
    url = f"{service.url.replace('http', 'ws', 1)}/check/tiny"
    return websocket.create_connection(url, timeout=30, header=header, **options)


def test_a_right_answer_passes_by_tests_that_are_elsewhere(learner: Learner) -> None:
    report = check(learner, RIGHT)
    assert (report.outcome, report.earned, report.points) == ("passed", 4, 4)
    assert [test.hidden for test in report.tests] == [False, True, True]
    assert not report.partial


def test_a_wrong_answer_hears_which_mistake_it_is_and_is_on_record(
    service: Service, learner: Learner
) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    assert check(learner, SUMS).mistake == "sums_the_squares"
    (line,) = service.record.read()
    assert (line.learner, line.assignment, line.exercise) == ("ada", "tiny", "mean_square")
    assert (line.kind, line.outcome, line.earned, line.points) == ("check", "failed", 1, 4)
    assert line.mistake == "sums_the_squares"
    assert before < line.time < datetime.now(UTC)


def test_nothing_of_a_hidden_test_reaches_the_learner_but_what_it_asks(
    service: Service, learner: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Byte for byte, over all that comes; a probe's source crosses by design and is told apart."""
    heard: list[bytes] = []
    receive = websocket.WebSocket.recv

    def recv(self: websocket.WebSocket) -> Any:
        heard.append(receive(self))  # type: ignore[arg-type]
        return heard[-1]

    monkeypatch.setattr(websocket.WebSocket, "recv", recv)
    check(learner, SUMS)
    check(learner, "def mean_square(x):\n    raise ValueError('here')")
    said = b"".join(heard).decode("utf-8", "replace")
    assert "results" in said
    assert [secret for secret in SECRETS if secret in said] == []
    assert str(service.course.root) not in said


def test_hints_are_given_and_on_record(service: Service, learner: Learner) -> None:
    tutor = learner[0].tutor
    assert tutor is not None
    tutor.hint("mean_square", 1)
    assert [(line.kind, line.outcome) for line in service.record.read()] == [("hint", "shown")]


def test_a_solution_waits_for_the_due_date(service: Service, learner: Learner) -> None:
    tutor = learner[0].tutor
    assert tutor is not None
    with pytest.raises(TutorError, match="solutions are not shown here"):
        tutor.solution("mean_square")
    assert service.record.read() == []


def test_after_so_many_checks_in_an_hour_the_visible_tests_remain(
    service: Service, learner: Learner
) -> None:
    now = datetime.now(UTC)
    for minutes in range(12):
        moment = now - timedelta(minutes=4 * minutes + 2)
        service.record.begin("ada", "tiny", "mean_square", "check", moment)
    report = check(learner, SUMS)
    assert report.partial
    assert [test.hidden for test in report.tests] == [False]
    assert "12 times within an hour; the hidden tests run again in 14 min" in report.notes[0]
    assert len(service.record.read()) == 12
    assert not check(learner, "def row_sums(x):\n    return x.sum(axis=1)", "row_sums").partial


def test_the_learner_is_whom_the_hub_knows_by_the_token(
    service: Service, learner: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTERHUB_USER", "bola")
    check(learner, RIGHT)
    assert {line.learner for line in service.record.read()} == {"ada"}


@pytest.mark.parametrize("token", ["token-stranger", "token-nobody", ""])
def test_who_is_not_in_the_course_has_the_visible_tests(
    learner: Learner, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", token)
    report = check(learner, RIGHT)
    assert report.partial
    assert "The hub does not let you check" in report.notes[0]


def test_a_page_of_somebody_else_cannot_check_for_a_learner(service: Service) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        connect(service, "ada", origin="http://elsewhere.example")
    assert refused.value.status_code == 403


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (b"\xc1", "not understood"),
        (encode([1, 2]), "not understood"),
        (encode({"do": "everything"}), "not understood"),
        (encode({"do": "check"}), "not understood"),
        (encode({"do": "check", "exercise": "none"}), "no exercise 'none'"),
        (encode({"do": "grade", "path": "/etc/passwd", "sandbox": "none"}), "%check all"),
    ],
)
def test_a_message_that_is_none_is_answered_and_does_not_count(
    service: Service, learner: Learner, message: bytes, told: str
) -> None:
    connection = connect(service, "ada")
    connection.send_binary(message)
    reply = connection.recv()
    assert isinstance(reply, bytes)
    assert told in decode(reply)["error"]
    connection.close()
    assert service.record.read() == []


def test_who_goes_away_in_the_middle_has_used_one_check(service: Service, learner: Learner) -> None:
    connection = connect(service, "ada")
    connection.send_binary(encode({"do": "check", "exercise": "mean_square"}))
    question = connection.recv()
    assert isinstance(question, bytes)
    assert "ask" in decode(question)
    connection.close()
    (line,) = service.record.read()
    assert line.outcome == "stopped"
    assert check(learner, RIGHT).outcome == "passed"  # and holds nobody up


def test_two_learners_at_once_have_each_their_own_result(service: Service) -> None:
    found: dict[str, list[str]] = {}

    def run(name: str, value: float) -> None:
        connection = connect(service, name)
        connection.send_binary(encode({"do": "check", "exercise": "row_sums"}))
        while "ask" in (message := decode(connection.recv())):  # type: ignore[arg-type]
            connection.send_binary(encode({"gone": f"{name} has gone"}))
        found[name] = [result["rationale"] for result in message["results"]]
        connection.close()

    threads = [threading.Thread(target=run, args=each) for each in (("ada", 1.0), ("bola", 2.0))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert all(f"{name} has gone" in " ".join(found[name]) for name in ("ada", "bola"))


def test_a_keeper_that_is_killed_is_started_again(service: Service, learner: Learner) -> None:
    check(learner, RIGHT)
    nursery = psutil.Process(service.process.pid).children()[0]
    keepers = nursery.children()
    assert keepers
    for keeper in keepers:
        keeper.kill()
    assert check(learner, RIGHT).outcome == "passed"


def test_a_changed_source_counts_from_the_next_check_on(service: Service, learner: Learner) -> None:
    source = service.course.solution_source("tiny")
    text = source.read_text("utf-8")
    try:
        source.write_text(text.replace("14 / 3", "15 / 3"), "utf-8")
        assert check(learner, RIGHT).outcome == "failed"
    finally:
        source.write_text(text, "utf-8")
    assert check(learner, RIGHT).outcome == "passed"


def test_a_record_that_cannot_be_written_stops_the_check_and_not_the_service(
    service: Service, learner: Learner
) -> None:
    service.record.path.unlink(missing_ok=True)
    service.record.path.mkdir()
    try:
        with pytest.raises(TutorError, match="cannot be recorded"):
            check(learner, RIGHT)
    finally:
        service.record.path.rmdir()
    assert check(learner, RIGHT).outcome == "passed"


def test_when_the_service_is_killed_nothing_of_it_is_left(
    service: Service, learner: Learner
) -> None:
    check(learner, RIGHT)
    family = service.family()
    assert len(family) >= 3
    service.process.kill()
    service.process.wait()
    report = check(learner, RIGHT)
    assert report.partial
    assert "cannot be reached" in report.notes[0]
    deadline = time.monotonic() + 20
    while any(map(_runs, family)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    service.start()
    assert check(learner, RIGHT).outcome == "passed"
    assert len(service.record.read()) == 2  # what was there before is there still


def _runs(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False

"""The whole cycle on a real hub, by REST alone: no root, no accounts, one OS user for all.

One hub serves all tests here. In the middle of the cycle it is killed, and started again.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import nbformat
import pytest

from grader.authoring.handin import answered
from grader.configuration import Course, load_course
from grader.hub.configure import ADMIN_PASSWORD, USER_PASSWORD
from grader.hub.leftovers import processes_of
from grader.hub.plan import PLAN_FILE
from grader.hub.proxy import install_proxy
from grader.hub.start import running_hub
from grader.hub.trial import make_passwords, prepare, trial_plan

from ..cohort import SECRET, WRONG
from .client import Client

NOTEBOOK = "sample/tiny/tiny.ipynb"
FORMGRADER = "/services/sample/formgrader"
_PR_SET_CHILD_SUBREAPER = 36
OPEN = 'from course.checking import open_notebook\nopen_notebook("tiny")'


class Group:
    """A hub with an instructor and two learners, that can be killed and started again."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.passwords = make_passwords()
        self.plan = trial_plan(course, learners=2, port=_free_port())
        self.plan_file = self.plan.folders.state / PLAN_FILE
        prepare(course, self.plan)
        self._running = ExitStack()

    def start(self) -> None:
        self.process = self._running.enter_context(running_hub(self.plan, self.passwords))

    def kill(self) -> None:
        """As when the machine is switched off: nobody is asked to end."""
        # in a container nobody may collect the dead, and the hub takes them for alive
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
        killed = list(processes_of(self.plan_file, {os.getuid()}))
        for process in killed:
            os.kill(process, signal.SIGKILL)
        self.process.wait()
        for process in killed:
            with contextlib.suppress(ChildProcessError):  # collected by whoever started it
                os.waitpid(process, 0)
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 0)
        self._running.close()

    def stop(self) -> None:
        self._running.close()

    def client(self, name: str) -> Client:
        teaches = name == "instructor"
        password = self.passwords[ADMIN_PASSWORD if teaches else USER_PASSWORD]
        return Client(self.plan.address, name, password)

    def home(self, name: str) -> Path:
        return self.plan.folders.state / "homes" / name


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(scope="module")
def group(released_once: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    install_proxy(Path(sys.prefix))
    root = tmp_path_factory.mktemp("hub") / "a course"
    shutil.copytree(released_once.root, root)
    group = Group(load_course(root))
    group.start()
    yield group
    group.stop()
    assert list(processes_of(group.plan_file, {os.getuid()})) == []


@pytest.fixture(scope="module")
def ada(group: Group) -> Client:
    client = group.client("ada")
    client.start_server()
    client.nbgrader("fetch", "sample", "tiny")
    return client


def _answer(client: Client, sources: dict[str, str]) -> None:
    """Write answers into the fetched notebook, as the editor in the browser does."""
    model = client.own("GET", f"api/contents/{NOTEBOOK}")
    notebook = answered(nbformat.from_dict(model["content"]), sources)
    body = {"type": "notebook", "format": "json", "content": notebook}
    client.own("PUT", f"api/contents/{NOTEBOOK}", json=body)


def _told(client: Client, path: str) -> Any:
    answer = client.ask("GET", f"{FORMGRADER}/api/{path}")
    assert answer.ok, answer.text
    return answer.json()


def _do(client: Client, path: str) -> str:
    answer = client.ask("POST", f"{FORMGRADER}/api/{path}")
    assert answer.ok, answer.text
    told = answer.json()
    assert told["success"], told
    return str(told["log"])


def test_a_check_runs_the_hidden_tests_and_shows_none_of_them(ada: Client) -> None:
    _, shown = ada.run(OPEN, f"{WRONG}\n%check mean_square", path=NOTEBOOK)
    assert "0 of 4 marks" in shown
    assert "twice the data, same mean" in shown  # the title of a hidden test
    assert SECRET not in shown


def test_a_right_answer_has_all_marks(ada: Client, reference: dict[str, str]) -> None:
    cells = ("import numpy as np\nfrom numpy.typing import NDArray as Array", OPEN)
    source = reference["mean_square"].replace("Array", "object")
    *_, shown = ada.run(*cells, f"{source}\n%check mean_square", path=NOTEBOOK)
    assert "4 of 4 marks" in shown


def test_a_learner_gets_nothing_of_what_is_not_theirs(group: Group, ada: Client) -> None:
    bola = group.client("bola")
    bola.start_server()
    for path in (
        f"{FORMGRADER}/",
        f"{FORMGRADER}/api/submissions/tiny",
        "/services/sample/api/contents/solutions/tiny/notebook.py",
        "/services/checks/",
        "/user/bola/api/contents/",
        "/hub/api/users",
        "/hub/api/services/checks",
        "/hub/api/groups",
    ):
        answer = ada.ask("GET", path, allow_redirects=False)
        assert answer.status_code in (403, 404), (path, answer.status_code, answer.text[:500])
        assert SECRET not in answer.text
    (variables,) = ada.run("import os; str(dict(os.environ))", path=NOTEBOOK)
    assert all(word not in variables for word in group.passwords.values())
    assert "CONFIGPROXY_AUTH_TOKEN" not in variables


def test_the_formgraders_links_to_folders_lead_to_the_course(group: Group) -> None:
    instructor = group.client("instructor")
    answer = instructor.ask("GET", "/tree/./assignments/tiny")
    assert answer.ok, answer.text
    assert answer.url.startswith(f"{group.plan.address}/services/sample/lab/tree/")


def test_the_cycle_from_fetching_to_feedback_with_a_hub_killed_in_it(
    group: Group, ada: Client, reference: dict[str, str]
) -> None:
    answers = {"mean_square": WRONG, "row_sums": reference["row_sums"]}
    _answer(ada, answers | {"why_unchanged": "Both double."})
    ada.nbgrader("submit", "sample", "tiny")
    group.kill()
    group.start()

    instructor = group.client("instructor")
    assert "ada" in _do(instructor, "assignment/tiny/collect")
    _do(instructor, "submission/tiny/ada/autograde")
    (line,) = _told(instructor, "submissions/tiny")
    assert (line["student"], line["code_score"]) == ("ada", 2.5)
    assert line["needs_manual_grade"]

    (notebook,) = _told(instructor, "submitted_notebooks/tiny/tiny")
    grades = _told(instructor, f"grades?submission_id={notebook['id']}")
    (written,) = [each for each in grades if each["name"] == "why_unchanged"]
    body = {"manual_score": 3, "extra_credit": 0}
    marked = instructor.ask("PUT", f"{FORMGRADER}/api/grade/{written['id']}", json=body)
    assert marked.ok, marked.text
    _do(instructor, "assignment/tiny/generate_feedback")
    _do(instructor, "assignment/tiny/release_feedback")

    ada = group.client("ada")
    ada.start_server()
    ada.nbgrader("fetch_feedback", "sample", "tiny")
    (page,) = group.home("ada").glob("sample/tiny/feedback/*/tiny.html")
    text = page.read_text(encoding="utf-8")
    assert "5.5" in text  # 2.5 by tests, and 3 by the instructor
    assert "twice the data, same mean" in text
    kept = [path for path in group.home("ada").rglob("*") if path.is_file()]
    assert len(kept) > 3
    assert [path for path in kept if SECRET.encode() in path.read_bytes()] == []

"""The same cells in other hands: stock nbgrader, and the button of the formgrader.

Stock nbgrader runs tests beside the learner's code, with settings that know nothing of this
project; the button runs `nbgrader autograde` in a server, with ours.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from grader.authoring.handin import answered
from grader.configuration import Course

from .cohort import POINTS, hand_in, holes

BIN = Path(sys.executable).parent


def environment() -> dict[str, str]:
    path = os.pathsep.join([str(BIN), os.environ["PATH"]])
    return os.environ | {"PATH": path, "PYTHONWARNINGS": "ignore"}


def scores(database: Path, learner: str) -> list[float | None]:
    """What each test of the sample assignment was given, in the order of the notebook."""
    with Gradebook(f"sqlite:///{database}") as gradebook:
        entry = gradebook.find_submission_notebook("tiny", "tiny", learner)
        given = {grade.name: grade.auto_score for grade in entry.grades}
    tests = ("mean_square_by_hand", "mean_square_twice", "mean_square_input")
    return [given[name] for name in (*tests, "row_sums_by_hand", "row_sums_one_row")]


def test_stock_nbgrader_gives_the_same_marks_to_the_same_cells(
    released: Course, blank: NotebookNode, right: NotebookNode, wrong: NotebookNode, tmp_path: Path
):
    trick = holes(released)["hole-1-skip-execution"].make(right)
    for name, notebook in {"right": right, "wrong": wrong, "blank": blank, "trick": trick}.items():
        hand_in(released, name, notebook)
    stock = tmp_path / "stock"  # another root, because nbgrader reads the settings of the root
    for folder in ("source", "submitted"):
        shutil.copytree(released.var / folder, stock / folder)
    shutil.copy(released.gradebook, stock)
    (stock / "nbgrader_config.py").write_text(
        f"get_config().CourseDirectory.course_id = {released.id!r}"
    )
    done = subprocess.run(
        [BIN / "nbgrader", "autograde", "tiny"],
        cwd=stock,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    database = stock / "gradebook.db"
    assert scores(database, "right") == list(POINTS)
    assert scores(database, "wrong") == [0, 0, 0, *POINTS[3:]]
    assert scores(database, "blank") == [0] * 5
    assert scores(database, "trick") == list(POINTS), "or it was not stock nbgrader that graded"


# ---- the formgrader


class Server:
    """A Jupyter server with nbgrader's formgrader, in the folder of a course."""

    def __init__(self, course: Course, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/formgrader/api/"
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": port,
            "ServerApp.port_retries": 0,
            "IdentityProvider.token": "secret",
            "ServerApp.open_browser": False,
            "ServerApp.allow_root": True,
            "ServerApp.jpserver_extensions": "nbgrader.server_extensions.formgrader=True",
        }
        self._process = subprocess.Popen(
            [BIN / "jupyter-server", *(f"--{key}={value}" for key, value in options.items())],
            cwd=course.root,
            env=environment() | {"JUPYTER_CONFIG_DIR": str(course.root / "jupyter")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def ask(self, what: str, method: str = "GET") -> Any:
        headers = {"Authorization": "token secret"}
        request = urllib.request.Request(self._url + what, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.loads(answer.read())

    def wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                self.ask("assignments")
            except OSError:
                assert self._process.poll() is None, "the server has ended"
                assert time.monotonic() < deadline, "the server does not answer"
                time.sleep(0.2)
            else:
                return

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()


@pytest.fixture
def server(released: Course) -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Server(released, port)
    try:
        server.wait_until_it_answers()
        yield server
    finally:
        server.stop()


def test_the_formgraders_button_takes_the_same_way(
    server: Server, released: Course, right: NotebookNode
):
    """A trick that works with stock settings earns nothing, and a reader sees nothing."""
    spy = (
        "import os\n"
        "def row_sums(rows):\n"
        f"    return rows.sum(axis=1) if not os.path.exists({str(released.root)!r}) else None\n"
    )
    hand_in(released, "honest", answered(right, {"row_sums": spy}))
    hand_in(released, "trick", holes(released)["hole-2-displayhook"].make(right))
    for learner in ("honest", "trick"):
        answer = server.ask(f"submission/tiny/{learner}/autograde", "POST")
        assert answer["success"], answer
    assert scores(released.gradebook, "honest") == list(POINTS)
    assert scores(released.gradebook, "trick") == [0, 0, 0, *POINTS[3:]]
    submissions = {each["student"]: each for each in server.ask("submissions/tiny")}
    assert submissions["honest"]["autograded"]
    assert submissions["honest"]["score"] == sum(POINTS)

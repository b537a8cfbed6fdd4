"""The check service as JupyterHub starts it, beside a stand-in for the hub's API."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest

from course.checking.session import Session
from grader.checks.attempts import Attempts, record_of
from grader.configuration import Course, load_course

from ..tutor.conftest import Kernel

LEARNERS, INSTRUCTORS = "nbgrader-sample", "formgrade-sample"
PEOPLE = {"ada": [LEARNERS], "bola": [LEARNERS], "efe": [INSTRUCTORS], "stranger": []}
ACCESS = "access:services!service=checks"


class _Hub(BaseHTTPRequestHandler):
    """Knows the token "token-NAME" of each person, and tells the service their groups."""

    def do_GET(self) -> None:
        token = self.headers.get("Authorization", "").removeprefix("token ")
        if self.path == "/hub/api/user":
            name = token.removeprefix("token-")
            model = {"name": name, "kind": "user", "scopes": [ACCESS]} if name in PEOPLE else None
        else:
            name = self.path.rpartition("/")[2]
            known = name in PEOPLE and token == "the-service's"
            model = {"name": name, "groups": PEOPLE[name]} if known else None
        self.send_response(200 if model else 403)
        self.end_headers()
        self.wfile.write(json.dumps(model or {}).encode())

    def log_message(self, *_: object) -> None:
        pass


class Service:
    """`python -m grader.checks`, in a course of its own."""

    def __init__(self, course: Course, hub: str) -> None:
        self.course, self._hub = course, hub
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/services/checks"
        self.record = Attempts(record_of(course))
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "grader.checks"],
            cwd=self.course.root,
            env=os.environ
            | {
                "JUPYTERHUB_SERVICE_URL": self.url,
                "JUPYTERHUB_SERVICE_PREFIX": "/services/checks/",
                "JUPYTERHUB_API_TOKEN": "the-service's",
                "JUPYTERHUB_API_URL": f"{self._hub}/hub/api",
                "JUPYTERHUB_BASE_URL": "/",
                "JUPYTERHUB_CLIENT_ID": "service-checks",
                "JUPYTERHUB_OAUTH_ACCESS_SCOPES": json.dumps([ACCESS]),
            },
        )
        for _ in range(300):
            assert self.process.poll() is None
            try:
                urllib.request.urlopen(f"{self.url}/nothing")
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the service does not answer")

    def stop(self) -> None:
        self.process.terminate()
        assert self.process.wait(20) == 0

    def family(self) -> set[int]:
        """The service and all that came of it."""
        found = psutil.Process(self.process.pid).children(recursive=True)
        return {self.process.pid, *(each.pid for each in found)}


@pytest.fixture(scope="module")
def hub() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def service(
    released_once: Course, hub: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    root = tmp_path_factory.mktemp("checks") / "a course"
    shutil.copytree(released_once.root, root)
    with (root / "course.toml").open("a") as file:
        file.write("\n[checks]\nper_hour = 12\n")
    service = Service(load_course(root), hub)
    yield service
    service.stop()


@pytest.fixture
def learner(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Session, Kernel]]:
    """Ada's notebook, in a learner's edition: nothing of the tests is beside it."""
    root = tmp_path / "edition"
    shutil.copytree(service.course.root / "assignments", root / "assignments")
    shutil.copy(service.course.root / "course.toml", root)
    monkeypatch.setenv("COURSE_CHECKS_URL", service.url)
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "token-ada")
    service.record.path.unlink(missing_ok=True)
    kernel = Kernel()
    kernel.run("import numpy as np")
    session = Session(kernel, root, "tiny")
    yield session, kernel
    session.close()

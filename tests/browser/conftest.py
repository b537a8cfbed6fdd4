"""A real JupyterLab on a copy of the course, and a real browser to look at it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("assignments", "course", "grader", "solutions", "weeks", "docs")
TOKEN = "a-token-of-this-test"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def course_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course as in a clone, in a path with a space."""
    root = tmp_path_factory.mktemp("browser") / "a course"
    root.mkdir()
    for name in PARTS:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("course.toml", "nbgrader_config.py"):
        shutil.copy(ROOT / name, root)
    return root


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(scope="session")
def lab(course_copy: Path) -> Iterator[str]:
    """The address of a JupyterLab whose folder is the learner's working folder."""
    environment = os.environ | {
        "PYTHONPATH": str(course_copy),
        "COURSE_ROOT": str(course_copy),
        "JUPYTER_CONFIG_DIR": str(course_copy / "jupyter"),
    }
    subprocess.run(
        [sys.executable, "-m", "course", "start"], cwd=course_copy, env=environment, check=True
    )
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    options = [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--no-browser"]
    options += ["--ServerApp.ip=127.0.0.1", f"--IdentityProvider.token={TOKEN}", "--allow-root"]
    with (course_copy / "lab.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyter", "lab", *options],
            cwd=course_copy / "work",
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        _wait_for(f"{address}/api?token={TOKEN}", server)
        yield address
    finally:
        server.terminate()
        server.wait(30)


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert server.poll() is None, "JupyterLab ended; see lab.log"
        try:
            urllib.request.urlopen(address).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("JupyterLab did not answer within 30 seconds")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here; to install it: sudo apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, lab: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{lab}/lab?token={TOKEN}")
    yield page
    context.close()

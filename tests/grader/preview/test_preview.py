"""The preview: what it shows, what it says of a broken source, and to whom it talks."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from grader.authoring.source import read_source
from grader.configuration import Course
from grader.errors import PreviewError, UnknownAssignment
from grader.preview.feed import Feed, release_page, watch_source
from grader.preview.server import PreviewServer
from grader.rendering.forms import released_notebook


@pytest.fixture
def feed(released: Course) -> Feed:
    feed = Feed(released, "tiny")
    feed.refresh()
    return feed


@pytest.fixture
def server(feed: Feed) -> Iterator[PreviewServer]:
    server = PreviewServer(feed, 0)
    server.start()
    yield server
    server.close()


def change(course: Course, old: str, new: str) -> None:
    path = course.solution_source("tiny")
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def get(url: str, **headers: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return answer.status, answer.read().decode("utf-8")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, ""


def next_event(answer: http.client.HTTPResponse) -> dict[str, object]:
    for line in answer:
        if line.startswith(b"data: "):
            event: dict[str, object] = json.loads(line.removeprefix(b"data: "))
            return event
    raise AssertionError("the stream has ended")


# ---- the page


def test_the_preview_is_what_nbgrader_releases(released: Course):
    """Cell for cell: text, id, and what learners' tools read; nbgrader adds checksums."""
    theirs = nbformat.read(released.release_notebook("tiny"), as_version=4)
    ours = released_notebook(read_source(released.solution_source("tiny")))
    assert [(c.id, c.source, c.metadata.get("course")) for c in ours.cells] == [
        (c.id, c.source, c.metadata.get("course")) for c in theirs.cells
    ]


def test_the_page_holds_no_secret_and_says_that_nothing_ran(feed: Feed):
    page = feed.view.page
    assert "Two small exercises" in page
    assert "NotImplementedError" in page
    assert "not executed" in page
    assert not re.search("total_of_the_squares|data_seen_twice|3 points for naming", page)


def test_executed_the_page_shows_what_the_cells_print(released: Course):
    change(released, "squares_below_four = [", 'print("seen" * 3)\nsquares_below_four = [')
    page = release_page(released, "tiny", executed=True)
    assert "seenseenseen" in page
    assert "executed in" in page


# ---- changes


def test_a_change_makes_a_new_page_and_no_change_makes_none(released: Course, feed: Feed):
    assert not feed.refresh()
    change(released, "# ## Sums by rows", "# ## Sums by the row")
    assert feed.refresh()
    assert feed.view.version == 2
    assert "Sums by the row" in feed.view.page


def test_a_broken_source_is_told_above_the_last_good_page(released: Course, feed: Feed):
    good = feed.view.page
    change(released, 'exercise="row_sums" points=1 ', 'exercise="row_sum" points=1 ')
    assert feed.refresh()
    assert "unknown exercise 'row_sum'" in feed.view.error
    assert feed.view.page == good
    change(released, 'exercise="row_sum" points=1 ', 'exercise="row_sums" points=1 ')
    assert feed.refresh()
    assert feed.view.error == ""


def test_a_source_that_is_taken_away_and_a_broken_declaration_are_told(released: Course):
    feed = Feed(released, "tiny")
    source = released.solution_source("tiny")
    text = source.read_bytes()
    source.unlink()
    feed.refresh()
    assert "cannot be read" in feed.view.error
    source.write_bytes(text)
    (released.root / "course.toml").write_text("[course")
    feed.refresh()
    assert "is not TOML" in feed.view.error


def test_an_assignment_that_nobody_declared_is_refused_at_once(released: Course):
    with pytest.raises(UnknownAssignment, match="Did you mean 'tiny'"):
        Feed(released, "tini")


@pytest.mark.parametrize("name", ["notebook.py", "course.toml"])
def test_a_save_is_noticed_also_when_a_new_file_takes_its_place(released: Course, name: str):
    folder = released.root if name == "course.toml" else released.solution_source("tiny").parent
    stop, noticed = threading.Event(), threading.Event()

    def listen() -> None:
        for _ in watch_source(released, "tiny", stop):
            noticed.set()
            stop.set()

    def save() -> None:
        (folder / "other.txt").write_text("nobody asks for this one")
        (folder / ".new").write_text((folder / name).read_text("utf-8") + "\n# saved\n")
        (folder / ".new").replace(folder / name)

    listener = threading.Thread(target=listen)
    listener.start()
    for _ in range(50):  # again, in case that the watch had not begun
        save()
        if noticed.wait(0.2):
            break
    stop.set()
    listener.join()
    assert noticed.is_set()


# ---- the server


def test_the_browser_gets_a_shell_and_in_it_the_page(server: PreviewServer, feed: Feed):
    status, shell = get(server.url)
    assert status == 200
    assert 'src="/page"' in shell
    assert 'sandbox="allow-same-origin' in shell
    assert "allow-scripts" not in shell
    assert "Two small exercises" in shell
    assert get(f"{server.url}page") == (200, feed.view.page)
    assert get(f"{server.url}etc/passwd")[0] == 404


def test_the_browser_hears_of_changes_and_errors(
    server: PreviewServer, feed: Feed, released: Course
):
    with urllib.request.urlopen(f"{server.url}events") as events:
        assert next_event(events) == {"version": 1, "error": ""}
        change(released, "points=1.5", "points=0")
        feed.refresh()
        news = next_event(events)
    assert news["version"] == 2
    assert "a positive number" in str(news["error"])


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "192.168.0.7"])
def test_pages_from_elsewhere_read_nothing(server: PreviewServer, host: str):
    """A name that points at 127.0.0.1 comes with its own Host header."""
    assert get(f"{server.url}page", Host=host)[0] == 403


def test_a_port_that_is_taken_is_one_message(feed: Feed):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PreviewError, match=f"port {port} .* --port 0"):
            PreviewServer(feed, port)


def test_a_closed_preview_gives_its_port_back_with_a_browser_still_open(feed: Feed):
    server = PreviewServer(feed, 0)
    server.start()
    port = int(server.url.rstrip("/").rpartition(":")[2])
    with urllib.request.urlopen(f"{server.url}events") as events:
        next_event(events)
        server.close()
        assert events.read().strip() == b""  # the stream ends, too
    with socket.create_server(("127.0.0.1", port)):
        pass


# ---- the command


def test_ctrl_c_ends_the_command_in_peace(released: Course):
    process = subprocess.Popen(
        [Path(sys.executable).parent / "grader", "preview", "tiny", "--port", "0", "--no-browser"],
        cwd=released.root,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    lines = []
    try:
        for line in process.stdout:
            lines.append(line)
            if "Ctrl-C ends it" in line:
                break
        url = re.findall(r"http://\S+/", "".join(lines))[0]
        assert "Two small exercises" in get(f"{url}page")[1]
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, rest) == (0, "ended\n")

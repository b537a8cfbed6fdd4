"""Show a feed in a browser on this machine, and tell the browser when it changes.

Guarantees: only 127.0.0.1 is served, and only to who asks for it by that name, so that no page
from elsewhere can read along; what the assignment holds runs no script. A browser that goes away
disturbs nobody.
Option chosen: the server of the standard library and server-sent events. One author looks at one
page; a web framework would be more to learn than the hundred lines that it saves.
"""

from __future__ import annotations

import json
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from grader.errors import PreviewError
from grader.preview.feed import Feed

__all__ = ["HOST", "PreviewServer"]

HOST = "127.0.0.1"
_HEARTBEAT = 10.0  # seconds after which a browser that has gone is noticed
_TEMPLATES = Path(__file__).parents[1] / "templates" / "notebook"
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class PreviewServer:
    """Serves a feed, in threads of its own, from `start` to `close`."""

    def __init__(self, feed: Feed, port: int) -> None:
        """Take the port; 0 is any that is free.

        Raises:
            PreviewError: another program has it, or it may not be taken.
        """
        handler = type("Handler", (_Handler,), {"feed": feed, "shell": _shell(feed)})
        try:
            self._server = _Server((HOST, port), handler)
        except (OSError, OverflowError) as error:
            raise PreviewError(
                f"port {port} of this machine cannot be used: "
                f"{getattr(error, 'strerror', None) or error}. Another preview may be open; "
                "give another port, or any that is free with --port 0."
            ) from error
        self._feed = feed
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Where the browser finds it."""
        return f"http://{HOST}:{self._server.server_port}/"

    def start(self) -> None:
        """Serve from now on."""
        self._thread.start()

    def close(self) -> None:
        """Stop, and give the port back."""
        self._feed.close()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # an open browser must not keep the command from ending


class _Handler(BaseHTTPRequestHandler):
    feed: ClassVar[Feed]
    shell: ClassVar[str]

    def do_GET(self) -> None:
        """Answer one request."""
        assert isinstance(self.server, _Server)
        port = self.server.server_port
        if self.headers.get("Host") not in (f"{HOST}:{port}", f"localhost:{port}"):
            self.send_error(HTTPStatus.FORBIDDEN)
        elif self.path == "/":
            self._send(self.shell)
        elif self.path == "/page":
            self._send(self.feed.view.page)
        elif self.path == "/events":
            self._send_events()
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, *_: object) -> None:
        """Say nothing of requests: the terminal is for the author."""

    def _send(self, html: str) -> None:
        body = html.encode("utf-8")
        self._head("text/html; charset=utf-8", {"Content-Length": str(len(body))})
        self.wfile.write(body)

    def _send_events(self) -> None:
        """What is to be seen now, and every change of it, until the browser goes away."""
        self._head("text/event-stream", {})
        seen = -1
        try:
            while True:
                view = self.feed.wait(seen, _HEARTBEAT)
                if self.feed.is_closed:
                    return
                if view is None:
                    self.wfile.write(b": nothing new\n\n")
                else:
                    seen = view.version
                    news = json.dumps({"version": view.version, "error": view.error})
                    self.wfile.write(f"data: {news}\n\n".encode())
                self.wfile.flush()
        except ConnectionError:
            pass

    def _head(self, content_type: str, more: dict[str, str]) -> None:
        self.send_response(HTTPStatus.OK)
        for name, value in ({"Content-Type": content_type} | _HEADERS | more).items():
            self.send_header(name, value)
        self.end_headers()


def _shell(feed: Feed) -> str:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    template = environment.get_template("preview.html.j2")
    return template.render(assignment=feed.assignment_id, title=feed.title)

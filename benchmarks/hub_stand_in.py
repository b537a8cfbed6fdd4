"""The check service as JupyterHub starts it, beside a stand-in for the hub's own interface.

For the load test and for the tests of the service: the hub itself adds nothing to either.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil

__all__ = ["Service", "stand_in_hub", "token_of"]

_ACCESS = "access:services!service=checks"
_SERVICES_TOKEN = "the-service's"  # noqa: S105 - of a hub that is none

GroupsOf = Callable[[str], Sequence[str] | None]


def token_of(name: str) -> str:
    """By which the stand-in knows somebody."""
    return f"token-{name}"


@contextmanager
def stand_in_hub(groups_of: GroupsOf) -> Iterator[str]:
    """A hub that knows whom `groups_of` knows; gives its address."""

    class Hub(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Who is the owner of this token; or, to the service, which groups has somebody."""
            token = self.headers.get("Authorization", "").removeprefix("token ")
            if self.path == "/hub/api/user":
                name = token.removeprefix("token-")
                known = token != name and groups_of(name) is not None
                model = {"name": name, "kind": "user", "scopes": [_ACCESS]} if known else {}
            else:
                name = self.path.rpartition("/")[2]
                known = token == _SERVICES_TOKEN and groups_of(name) is not None
                model = {"name": name, "groups": list(groups_of(name) or ())} if known else {}
            self.send_response(200 if known else 403)
            self.end_headers()
            self.wfile.write(json.dumps(model).encode())

        def log_message(self, *_: object) -> None:
            """Nothing is said."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class Service:
    """`python -m grader.checks` in the folder of a course."""

    def __init__(self, root: Path, hub: str) -> None:
        self._root, self._hub = root, hub
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/services/checks"
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "grader.checks"],
            cwd=self._root,
            env=os.environ
            | {
                "JUPYTERHUB_SERVICE_URL": self.url,
                "JUPYTERHUB_SERVICE_PREFIX": "/services/checks/",
                "JUPYTERHUB_API_TOKEN": _SERVICES_TOKEN,
                "JUPYTERHUB_API_URL": f"{self._hub}/hub/api",
                "JUPYTERHUB_BASE_URL": "/",
                "JUPYTERHUB_CLIENT_ID": "service-checks",
                "JUPYTERHUB_OAUTH_ACCESS_SCOPES": json.dumps([_ACCESS]),
                "OMP_NUM_THREADS": "1",
            },
        )
        for _ in range(300):
            if self.process.poll() is not None:
                raise RuntimeError("the check service has ended")
            try:
                urllib.request.urlopen(f"{self.url}/nothing").close()
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the check service does not answer")

    def stop(self) -> int:
        """Ask it to end; its exit code."""
        self.process.terminate()
        return self.process.wait(20)

    def family(self) -> list[psutil.Process]:
        """The service, and all that came of it."""
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

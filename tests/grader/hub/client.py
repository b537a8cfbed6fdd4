"""A person at the hub, by its REST interfaces alone: log in, start a server, use what it offers."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import requests
import websocket

PATIENCE = 120.0


class Client:
    """One person; `address` is the hub's, as a browser has it."""

    def __init__(self, address: str, name: str, password: str) -> None:
        self.address, self.name = address, name
        self.session = requests.Session()
        self.session.trust_env = False
        made = self.session.post(
            f"{address}/hub/api/users/{name}/tokens",
            json={"auth": {"username": name, "password": password}, "note": "a test"},
            timeout=PATIENCE,
        )
        made.raise_for_status()
        self.token: str = made.json()["token"]
        self.session.headers["Authorization"] = f"token {self.token}"

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.session.request(method, f"{self.address}{path}", timeout=PATIENCE, **options)

    def start_server(self) -> None:
        """Start one's own server, and wait until it answers."""
        self.ask("POST", f"/hub/api/users/{self.name}/server").raise_for_status()
        for _ in range(int(PATIENCE * 10)):
            model = self.ask("GET", f"/hub/api/users/{self.name}").json()
            if model["servers"].get("", {}).get("ready"):
                return
            time.sleep(0.1)
        raise AssertionError(f"the server of {self.name} is not ready: {model}")

    def own(self, method: str, path: str, **options: Any) -> Any:
        """Ask one's own server; JSON."""
        answer = self.ask(method, f"/user/{self.name}/{path}", **options)
        assert answer.ok, (answer.status_code, answer.text[:2000])
        return answer.json()

    def nbgrader(self, action: str, course: str, assignment: str) -> list[Mapping[str, Any]]:
        """What the buttons of the assignment list do: fetch, submit, fetch_feedback."""
        answer = self.own(
            "POST",
            f"assignments/{action}",
            json={"course_id": course, "assignment_id": assignment},
        )
        assert answer["success"], answer
        listed: list[Mapping[str, Any]] = answer["value"]
        return listed

    def run(self, *cells: str, path: str) -> list[str]:
        """Run cells in a new kernel of one's own server; what each showed, as text and HTML."""
        session = self.own(
            "POST",
            "api/sessions",
            json={
                "path": path,
                "type": "notebook",
                "name": path,
                "kernel": {"name": "python3"},
            },
        )
        kernel = session["kernel"]["id"]
        address = self.address.replace("http", "ws", 1)
        channels = websocket.create_connection(
            f"{address}/user/{self.name}/api/kernels/{kernel}/channels",
            header={"Authorization": f"token {self.token}"},
            timeout=PATIENCE,
        )
        try:
            return [_execute(channels, cell) for cell in cells]
        finally:
            channels.close()
            self.ask("DELETE", f"/user/{self.name}/api/sessions/{session['id']}")


def _execute(channels: websocket.WebSocket, code: str) -> str:
    number = uuid4().hex
    content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
    header = {"msg_id": number, "msg_type": "execute_request", "username": "", "session": number}
    header |= {"version": "5.3", "date": ""}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
    channels.send(json.dumps(message | {"channel": "shell", "buffers": []}))
    shown: list[str] = []
    while True:
        reply = json.loads(channels.recv())
        if reply["parent_header"].get("msg_id") != number:
            continue
        told = reply["content"]
        if reply["msg_type"] == "stream":
            shown.append(told["text"])
        elif reply["msg_type"] in ("display_data", "execute_result"):
            shown += map(str, told["data"].values())
        elif reply["msg_type"] == "error":
            shown += told["traceback"]
        elif reply["msg_type"] == "status" and told["execution_state"] == "idle":
            return "\n".join(shown)

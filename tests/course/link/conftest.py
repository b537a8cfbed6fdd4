"""A learner's process, started as the sandbox starts it, and spoken to in its own protocol."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from course.link.codec import decode, encode
from course.link.frames import Stream

PATIENCE = 60.0


class Notebook:
    """Asks a learner's process one thing at a time."""

    def __init__(self, **options: float) -> None:
        given = {
            "cell_seconds": 20.0,
            "cpu_seconds": 600,
            "memory_mib": 4096,
            "output_kib": 64,
        } | options
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-m", "course.link.serve", json.dumps(given)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        reader, writer = self.process.stdout.fileno(), self.process.stdin.fileno()
        self.link = Stream(os.dup(reader), os.dup(writer))
        self.process.stdin.close()
        self.process.stdout.close()

    def ask(self, **request: Any) -> Any:
        self.link.send(encode(request), timeout=PATIENCE)
        return decode(self.link.receive(timeout=PATIENCE))

    def run(self, source: str) -> Any:
        return self.ask(do="run", source=source)

    def shown(self, source: str) -> str:
        """What a cell shows as text, and that it raises nothing."""
        reply = self.run(source)
        assert reply["error"] is None, reply["error"]
        return "".join(
            out["text"] if "text" in out else out["data"]["text/plain"] + "\n"
            for out in reply["outputs"]
        )

    def get(self, name: str) -> Any:
        return self.ask(do="get", name=name)["value"]

    def call(self, target: str | int, *args: Any, **kwargs: Any) -> Any:
        return self.ask(do="call", target=target, args=list(args), kwargs=kwargs)

    def attribute(self, target: str | int, name: str) -> Any:
        return self.ask(do="attribute", target=target, name=name)

    def probe(self, source: str, *args: Any, **kwargs: Any) -> Any:
        name = source.split("def ")[1].split("(")[0]
        return self.ask(do="probe", source=source, name=name, args=list(args), kwargs=kwargs)

    def end(self) -> None:
        self.link.close()
        if self.process.returncode is None:  # otherwise its number may be another's by now
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def started(scope: str, **options: float) -> Callable[[], Iterator[Notebook]]:
    def fixture() -> Iterator[Notebook]:
        notebook = Notebook(**options)
        yield notebook
        notebook.end()

    return pytest.fixture(scope=scope)(fixture)  # type: ignore[call-overload]


# Starting one takes a third of a second: tests that leave it as they found it share it.
notebook = started("module")
hasty = started("module", cell_seconds=0.5)
frugal = started("module", output_kib=2)
doomed = started("function", cell_seconds=0.5)

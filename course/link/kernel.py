"""Run cells in a Jupyter kernel of another language, from a process of its own beside it.

This side starts the kernel's program, sends it one cell after another, and tells what each
did as plain data: what it showed, the error it ended with, and what decides its marks where
it is a test of nbgrader's. A cell that is too long is interrupted; a kernel that does not let
itself be interrupted is ended.

Guarantees: a cell is free of errors only when the kernel's reply to it says ``ok`` and its
outputs came to their end. What cannot be promised: the tests run in the kernel, and so does
the learner's code.
Options chosen: sockets in the private folder, which every kernel that we know takes; for one
that ends instead of answering there, the loopback of the sandbox's own network. The messages
are Jupyter's (messaging protocol 5.3); jupyter_client's Session signs and reads them, and no
event loop is needed for one question at a time.
"""

from __future__ import annotations

import ctypes
import os
import re
import signal
import string
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.connect import write_connection_file
from jupyter_client.launcher import launch_kernel
from jupyter_client.session import Session

from course.link.outputs import OutputRecorder

__all__ = ["Kernel", "KernelError"]

_TICK_MS = 100
_INTERRUPT_SECONDS = 1.0  # less than the grader's grace, which ends this process too
_LAST_OUTPUTS_SECONDS = 4.0  # as nbclient's iopub_timeout
_TAIL = 2000
_SET_DUMPABLE = 4  # <linux/prctl.h>
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class KernelError(RuntimeError):
    """The kernel did not start."""


class Kernel:
    """A kernel that has started, in the folder where this process is."""

    def __init__(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        *,
        by_message: bool,
        start_seconds: float,
        cell_seconds: float,
        output_bytes: int,
    ) -> None:
        """Start it.

        Args:
            argv: the command; ``{connection_file}`` in it is replaced.
            environment: added to that of this process; ``${NAME}`` in it is replaced.
            by_message: whether it is interrupted by a message, not by a signal.
            start_seconds: the time that it has to answer for the first time.
            cell_seconds: the time of one cell.
            output_bytes: how much a cell may show.

        Raises:
            KernelError: it cannot be started, or does not answer; says why.
        """
        ctypes.CDLL(None).prctl(_SET_DUMPABLE, 0, 0, 0, 0)  # closes our memory to its processes
        self._argv, self._environment = list(argv), _substituted(environment)
        self._by_message = by_message
        self._seconds, self._output_bytes = cell_seconds, output_bytes
        self._gone = ""
        self._folder = Path.home() / ".kernel"
        self._folder.mkdir(exist_ok=True)
        deadline = time.monotonic() + start_seconds
        if not (self._begin("ipc", deadline) or self._begin("tcp", deadline)):
            raise KernelError(self._why_not(start_seconds))

    def execute(self, source: str) -> dict[str, Any]:
        """Run one cell; returns its `outputs`, its `error` and what `decides` its marks.

        `error` is None, or as `course.link.notebook.describe_error` tells errors. `decides` is
        None, or a pair: ("stderr", "") or ("value", text), of which nbgrader looks at the first.
        """
        seen = _Seen(self._output_bytes)
        if source.strip():  # else nbclient, too, asks nothing
            self._gone = self._gone or self._run(source, seen)
        error = seen.error if not self._gone else seen.late or _error("DeadKernelError", self._gone)
        return {"outputs": seen.recorder.outputs, "error": error, "decides": seen.decides}

    def _begin(self, transport: str, deadline: float) -> bool:
        """Start the program, and wait for its first answer and its first output."""
        name = self._folder / f"{transport}.json"
        ip = str(self._folder / "k") if transport == "ipc" else "127.0.0.1"
        self._session = Session(key=os.urandom(32).hex().encode())
        _, info = write_connection_file(
            str(name), ip=ip, transport=transport, key=self._session.key
        )
        command = [part.replace("{connection_file}", str(name)) for part in self._argv]
        try:
            self._process, self._tail = _start(command, os.environ | self._environment)
        except OSError as error:
            raise KernelError(f"{command[0]} cannot be started there: {error.strerror}") from error
        self._connect(dict(info))
        answers = self._answers(deadline)
        with suppress(OSError):
            name.unlink()  # its key is nobody's but the kernel's and ours
        if not answers:
            self._end()
        return answers

    def _connect(self, info: Mapping[str, Any]) -> None:
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
        self._shell = context.socket(zmq.DEALER)
        self._control = context.socket(zmq.DEALER)
        self._iopub = context.socket(zmq.SUB)
        self._iopub.setsockopt(zmq.SUBSCRIBE, b"")
        sep = "-" if info["transport"] == "ipc" else ":"
        self._poller = zmq.Poller()
        for name, channel in (
            ("shell", self._shell),
            ("control", self._control),
            ("iopub", self._iopub),
        ):
            channel.setsockopt(zmq.LINGER, 0)
            channel.connect(f"{info['transport']}://{info['ip']}{sep}{info[f'{name}_port']}")
            self._poller.register(channel, zmq.POLLIN)

    def _answers(self, deadline: float) -> bool:
        """Ask again and again until there are an answer and an output; False: it has ended."""
        answered = shown = False
        asked = 0.0
        while not (answered and shown):
            now = time.monotonic()
            if now > deadline or self._process.poll() is not None:
                return False
            if now - asked > 1.0:
                self._session.send(self._shell, "kernel_info_request")
                asked = now
            for channel, message in self._hear():
                answered = answered or (
                    channel is self._shell and message["msg_type"] == "kernel_info_reply"
                )
                shown = shown or channel is self._iopub
        return True

    def _hear(self) -> list[tuple[Any, dict[str, Any]]]:
        """What has come on any channel within a tick; what is no message is passed over."""
        heard = []
        for channel, _ in self._poller.poll(_TICK_MS):
            with suppress(ValueError, TypeError, KeyError, IndexError, UnicodeError):
                _, message = self._session.recv(channel)
                if message is not None and isinstance(message["content"], dict):
                    heard.append((channel, message))
        return heard

    def _run(self, source: str, seen: _Seen) -> str:
        """Run a cell and note what it does; returns why the kernel is gone, if it is."""
        content = {
            "code": source,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        sent = self._session.send(self._shell, "execute_request", content) or {}
        request = sent["header"]["msg_id"]
        deadline = time.monotonic() + self._seconds
        last = None  # until when its outputs may take to end
        while not seen.ended:
            now = time.monotonic()
            if seen.replied and last is None:
                last = min(now + _LAST_OUTPUTS_SECONDS, deadline)
            if last is not None and now > last and not seen.late:
                seen.late = _error("OutputsLost", "the end of what the cell shows did not come")
                return ""
            if now > deadline and not seen.late:
                late = f"stopped after {self._seconds:g} seconds"
                seen.late = _error("TimeLimit", late, timeout=True)
                self._interrupt()
            if now > deadline + _INTERRUPT_SECONDS:
                self._end()
                return "it did not let itself be interrupted, and was ended"
            if self._process.poll() is not None:
                return f"its kernel ended (exit code {self._process.returncode})"
            for channel, message in self._hear():
                if message["parent_header"].get("msg_id") == request:
                    seen.note(message, of_shell=channel is self._shell)
        return ""

    def _interrupt(self) -> None:
        if self._by_message:
            self._session.send(self._control, "interrupt_request", {})
        else:
            self._signal(signal.SIGINT)

    def _end(self) -> None:
        self._signal(signal.SIGKILL)
        self._process.wait()
        for channel in (self._shell, self._control, self._iopub):
            channel.close()

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _why_not(self, seconds: float) -> str:
        said = self._tail.text()
        code = self._process.returncode
        how = (
            f"did not answer within {seconds:g} seconds"
            if code == -signal.SIGKILL
            else f"ended before it answered (exit code {code})"
        )
        return f"{self._argv[0]} {how}" + (f"; its last words:\n{said}" if said else "")


class _Seen:
    """What one cell has done so far, in nbclient's order and by nbgrader's rules."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.recorder = OutputRecorder(limit)
        self.decides: tuple[str, str] | None = None
        self.late: dict[str, Any] | None = None
        self._shown_error: dict[str, Any] | None = None
        self._reply: dict[str, Any] | None = None
        self._idle = self._clears = False

    @property
    def replied(self) -> bool:
        """Whether the kernel has said how the cell ended."""
        return self._reply is not None

    @property
    def ended(self) -> bool:
        """Whether nothing more is to come."""
        return self._idle and self.replied

    @property
    def error(self) -> dict[str, Any] | None:
        """Why the cell does not count as one without errors."""
        if self.late is not None:
            return self.late
        if self._reply is not None and self._reply.get("status") != "ok":
            status = _text(self._reply.get("status"))
            return _error_in(self._reply, f"the kernel says `{status}`")
        return self._shown_error

    def note(self, message: dict[str, Any], *, of_shell: bool) -> None:
        """Note one message about this cell."""
        kind, content = message["msg_type"], message["content"]
        if of_shell:
            self._reply = content if kind == "execute_reply" else self._reply
        elif kind == "status":
            self._idle = content.get("execution_state") == "idle"
        elif kind == "clear_output":
            self._clears = True
            if not content.get("wait"):
                self._clear()
        elif kind in ("stream", "display_data", "execute_result", "error"):
            if self._clears:
                self._clear()
            self._show(kind, content)

    def _show(self, kind: str, content: dict[str, Any]) -> None:
        if kind == "error":
            self._shown_error = self._shown_error or _error_in(content, "an error")
        elif kind == "stream":
            name = "stderr" if content.get("name") == "stderr" else "stdout"
            self.recorder.write(name, _text(content.get("text")))
            if name == "stderr":
                self.decides = self.decides or ("stderr", "")
        else:
            data = content.get("data")
            data = data if isinstance(data, dict) else {}
            self.recorder.show(kind, {k: _text(v) for k, v in data.items() if isinstance(k, str)})
            if kind == "execute_result":
                self.decides = self.decides or ("value", _text(data.get("text/plain"))[:_TAIL])

    def _clear(self) -> None:
        self.recorder = OutputRecorder(self._limit)
        self.decides = self._shown_error = None
        self._clears = False


def _start(command: list[str], environment: Mapping[str, str]) -> tuple[Any, _Tail]:
    """Start a program in a session of its own; what it writes by itself goes nowhere."""
    ours, theirs = os.pipe()
    nowhere = os.open(os.devnull, os.O_RDWR)
    try:
        process = launch_kernel(
            command, stdin=nowhere, stdout=nowhere, stderr=theirs, env=dict(environment)
        )
    except OSError:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
        os.close(nowhere)
    return process, _Tail(ours)


class _Tail:
    """The last that a program writes to standard error; the rest is read and forgotten."""

    def __init__(self, pipe: int) -> None:
        self._last: deque[bytes] = deque(maxlen=2)
        self._thread = threading.Thread(target=self._read, args=(pipe,), daemon=True)
        self._thread.start()

    def _read(self, pipe: int) -> None:
        while data := os.read(pipe, _TAIL):
            self._last.append(data)
        os.close(pipe)

    def text(self) -> str:
        """What it is, once the program has ended or has stopped to write."""
        self._thread.join(1.0)
        return b"".join(self._last)[-_TAIL:].decode("utf-8", "replace").strip()


def _substituted(environment: Mapping[str, str]) -> dict[str, str]:
    around = dict(os.environ)
    return {k: string.Template(v).safe_substitute(around) for k, v in environment.items()}


def _error_in(content: Mapping[str, Any], otherwise: str) -> dict[str, Any]:
    """The error of a reply or an output."""
    lines = content.get("traceback")
    told = "\n".join(map(_text, lines)) if isinstance(lines, list) else ""
    message = _text(content.get("evalue")).strip() or otherwise
    return _error(_text(content.get("ename")) or "KernelError", message, told)


def _error(kind: str, message: str, lines: str = "", *, timeout: bool = False) -> dict[str, Any]:
    return {
        "type": kind[:200],
        "bases": [],
        "message": message[:2000],
        "lines": lines[:4000],
        "timeout": timeout,
    }


def _text(value: object) -> str:
    """Text as plain as it can be shown: of a kernel's message, which may hold anything."""
    if isinstance(value, list):
        value = "".join(map(_text, value))
    text = value if isinstance(value, str) else ""
    return _COLOURS.sub("", text).encode("utf-8", "replace").decode()

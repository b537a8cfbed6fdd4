"""The learner's process: runs cells, and answers lookups and calls, until told to stop.

Started by the grader's sandbox with the link on standard input and output, which it
moves away at once, so that nothing a cell prints can be mistaken for an answer. Requests
and answers are dictionaries in the link's codec:

    {"do": "watch", "shortcuts": {exercise: [name, ...]}}   -> {}
    {"do": "run",   "source": str}                          -> {"outputs", "error"}
    {"do": "get",   "name": str}                            -> {"value"} or {"missing": True}
    {"do": "names"}                                         -> {"value": [name, ...]}
    {"do": "bind",  "names": {name: value}}                 -> {}
    {"do": "call",  "target", "args", "kwargs"}             -> {"value", "error", "prints"}
    {"do": "attribute", "target", "name"}                   -> {"value", "error", "prints"}
    {"do": "probe", "source", "name", "args", "kwargs"}     -> {"value", "error", "prints"}
    {"do": "test",  "source", "needs", "own", "nonce"}      -> {"value", "error", "prints"}
    {"do": "kernel", "argv", "environment", "by_message", "start_seconds"} -> {"kernel": True}
    {"do": "execute", "source"}                    -> {"outputs", "error", "decides"}

What is printed to both streams is told in its order as well, as "streams". A call whose request
has "restore" also tells in "changed" what it changed of its arguments. A
"test" runs beside the learner's code (`course.link.beside`); the last two are for notebooks of
another language (`course.link.kernel`).

A target is a name (str) or a handle's number (int). A test's request also has "exercise",
whose test it is, and the answer "shortcuts" where some of that exercise's were met.
"""

from __future__ import annotations

import json
import math
import os
import resource
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from course.link.beside import run_beside
from course.link.codec import (
    CodecError,
    Handle,
    MissingLibrary,
    decode,
    encode,
    is_written_alike,
    put_back,
)
from course.link.frames import LinkClosed, Stream, take_over_stdio
from course.link.notebook import LiveState, NotebookState, describe_error
from course.link.outputs import OutputRecorder
from course.link.shortcuts import Shortcuts
from course.link.syscalls import refuse_dangerous_calls
from course.link.withhold import withheld_in, withhold

__all__ = ["Server", "limit", "main", "serve"]


_FIXED = {type(None), bool, int, float, complex, str, bytes}


class Server:
    """Answers the requests of one test process from one notebook's state."""

    def __init__(self, state: LiveState) -> None:
        self._state = state
        self._shortcuts = Shortcuts()
        self._kept: dict[int, object] = {}
        self._kernel: Any = None
        self._message = b""

    def answer_to(self, message: bytes) -> bytes:
        """The reply to one request as it came."""
        try:
            request = decode(message)
        except MissingLibrary as error:
            return encode({"value": None, "error": describe_error(error), "prints": ""})
        self._message = message
        try:
            return self.answer(request)
        finally:
            self._message = b""

    def answer(self, request: Any) -> bytes:
        """The reply to one decoded request, as bytes."""
        exercise = request.get("exercise", "") if type(request) is dict else ""
        with self._shortcuts.asked_by(exercise) as met:
            try:
                reply = getattr(self, f"_do_{request['do']}")(request)
                return encode(reply | _told(met), self._keep)
            except BaseException as error:  # noqa: BLE001 - a learner's objects raise what they like
                reply = {"value": None, "error": describe_error(error), "prints": ""}
                return encode(reply | _told(met))

    def _do_watch(self, request: dict[str, Any]) -> dict[str, Any]:
        self._shortcuts.watch(request["shortcuts"])
        return {}

    def _do_run(self, request: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(self._state, NotebookState):
            raise TypeError("a live notebook runs its cells itself")
        return self._state.run_cell(request["source"])

    def _do_get(self, request: dict[str, Any]) -> dict[str, Any]:
        names = self._state.names
        name = request["name"]
        return {"value": names[name]} if name in names else {"missing": True}

    def _do_names(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"value": [name for name in self._state.names if type(name) is str]}

    def _do_bind(self, request: dict[str, Any]) -> dict[str, Any]:
        self._state.names.update(put_back(request["names"], lambda h: self._kept[h.number]))
        return {}

    def _do_call(self, request: dict[str, Any]) -> dict[str, Any]:
        function = self._target(request["target"])
        arguments = self._arguments(request)
        changed = self._comparison(request, arguments) if request.get("restore") else None
        reply = self._outcome(self._state.call(function, *arguments))
        if changed is not None and changed():
            reply["changed"] = arguments
        return reply

    def _comparison(self, request: dict[str, Any], arguments: Any) -> Callable[[], bool] | None:
        """What tells after a call whether it changed its arguments; None where it cannot."""
        args, kwargs = arguments
        if _cannot_change((*args, *kwargs.values())):
            return None
        message = self._message
        if message and is_written_alike(message):
            again = {**request, "args": args, "kwargs": kwargs}
            return lambda: _differs_from_message(again, message)
        before = _snapshot(arguments)
        return lambda: _differs(arguments, before)

    def _do_test(self, request: dict[str, Any]) -> dict[str, Any]:
        given = [request[key] for key in ("source", "needs", "own", "nonce")]
        if isinstance(self._state, NotebookState):
            self._state.note_input(request["source"])
        return self._outcome(self._state.call(run_beside, (self._state.names, *given), {}))

    def _do_kernel(self, request: dict[str, Any]) -> dict[str, Any]:
        from course.link.kernel import Kernel  # few notebooks need it, and it takes long to import

        given = {key: request[key] for key in ("argv", "environment", "by_message")}
        limits = self._state.limits | {"start_seconds": request["start_seconds"]}
        self._kernel = Kernel(**given, **limits)
        return {"kernel": True}

    def _do_execute(self, request: dict[str, Any]) -> dict[str, Any]:
        done: dict[str, Any] = self._kernel.execute(request["source"])
        return done

    def _do_attribute(self, request: dict[str, Any]) -> dict[str, Any]:
        target = self._target(request["target"])
        return self._outcome(self._state.call(getattr, (target, request["name"]), {}))

    def _do_probe(self, request: dict[str, Any]) -> dict[str, Any]:
        function = self._state.define_probe(request["source"], request["name"])
        return self._outcome(self._state.call(function, *self._arguments(request)))

    def _target(self, target: str | int) -> Any:
        return self._state.names[target] if isinstance(target, str) else self._kept[target]

    def _arguments(self, request: dict[str, Any]) -> Any:
        return put_back((request["args"], request["kwargs"]), lambda h: self._kept[h.number])

    def _keep(self, value: object) -> Handle:
        number = len(self._kept)
        self._kept[number] = value
        return Handle(number, type(value).__name__, callable(value))

    @staticmethod
    def _outcome(seen: tuple[Any, Any, OutputRecorder]) -> dict[str, Any]:
        value, error, recorder = seen
        reply = {"value": value, "error": error, "prints": recorder.text}
        pieces = [(out["name"], out["text"]) for out in recorder.outputs if "text" in out]
        return reply | ({"streams": pieces} if any(n == "stderr" for n, _ in pieces) else {})


def _differs_from_message(again: dict[str, Any], message: bytes) -> bool:
    """Whether a call changed the arguments of its request, `again`.

    Those that are written as in the message would arrive as what was sent. Where they are not,
    because of the call or the writer, the message's own copy tells how they were before: that
    is seldom, and so they need not be written before every call.
    """
    if _snapshot(again) == message:
        return False
    request = decode(message)
    before = _snapshot((request["args"], request["kwargs"]))
    return _differs((again["args"], again["kwargs"]), before)


def _differs(arguments: Any, before: bytes | None) -> bool:
    return before is not None and _snapshot(arguments) != before


def _cannot_change(value: Any) -> bool:
    return type(value) in _FIXED or (
        type(value) is tuple and all(_cannot_change(each) for each in value)
    )


def _snapshot(arguments: Any) -> bytes | None:
    """Arguments as bytes; None: they cannot be written, and so not be compared."""
    try:
        return encode(arguments, lambda value: Handle(0, type(value).__name__))
    except CodecError:
        return None


def _told(met: set[str]) -> dict[str, Any]:
    return {"shortcuts": sorted(met)} if met else {}


def limit(options: dict[str, Any]) -> None:
    """Limits of this process that hold whatever the sandbox (setrlimit(2))."""
    memory = options["memory_mib"] * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 2**20, 64 * 2**20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # the watchdog counts the whole tree; this holds when nobody watches
    seconds = math.ceil(options["cpu_seconds"]) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    if options.get("confined"):
        refuse_dangerous_calls()


def main() -> None:
    """Serve on standard input and output; the one argument is JSON with the limits."""
    options = json.loads(sys.argv[1])
    link = take_over_stdio()
    limit(options)
    serve(link, options)


def serve(link: Stream, options: dict[str, Any]) -> NoReturn:
    """Answer at one end of the link until the other is closed. Ends this process."""
    withhold(withheld_in(options))
    state = NotebookState(
        cell_seconds=options["cell_seconds"], output_bytes=options["output_kib"] * 1024
    )
    server = Server(state)
    code = 1
    try:
        while True:
            link.send(server.answer_to(link.receive()))
    except LinkClosed:
        code = 0
    finally:
        # no clean-up of the learner's: a thread that does not end must not keep us
        os._exit(code)


if __name__ == "__main__":
    main()

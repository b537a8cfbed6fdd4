"""Who answers for the learner's names: a process over the link, or a namespace at hand.

`LinkedLearner` is for learners; `LocalLearner` runs trusted code (the reference answers
and the known mistakes) in the test process itself, so that it costs next to nothing.
Both give back decoded copies, so a test cannot tell them apart.
"""

from __future__ import annotations

import contextlib
import io
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any, Protocol

from course.link.codec import CodecError, Handle, MissingLibrary, decode, encode, put_back
from course.link.frames import FrameError, LinkTimeout
from course.link.notebook import describe_error, time_limit_held
from course.link.outputs import recorded_again
from grader.errors import LinkError, SandboxError
from grader.link.student_error import student_error
from grader.records import CellRun, Limits
from grader.sandbox.base import LearnerProcess

__all__ = ["Learner", "LinkedLearner", "LocalLearner", "Missing", "Reply", "Target"]

Target = str | int  # a name in the notebook, or the number of a handle

# What a learner's process may take beyond its own limit before it is given up for lost.
GRACE_SECONDS = 2.0
START_SECONDS = 30.0


class Missing(LinkError):
    """The notebook defines no such name."""


@dataclass(frozen=True)
class Reply:
    """What a call gave back: a value, or the exception to raise; and what it printed.

    `streams` is what it printed in pieces, each with the name of its stream.
    """

    value: Any = None
    error: Exception | None = None
    prints: str = ""
    streams: tuple[tuple[str, str], ...] = ()


class Learner(Protocol):
    """Answers for the learner's names. Called by the test session only."""

    def watch(self, shortcuts: Mapping[str, Sequence[str]]) -> None:
        """Refuse, from now on, each exercise's shortcuts to its tests. Called before any cell."""

    def asked_by(self, exercise: str) -> contextlib.AbstractContextManager[None]:
        """Around a test: the questions meanwhile are those of this exercise."""

    def shortcuts_met(self) -> Mapping[str, Sequence[str]]:
        """For each exercise whose tests met any, its shortcuts that they met."""

    def run(self, name: str, source: str) -> CellRun:
        """Run one cell of the learner's, or a setup cell."""

    def get(self, name: str) -> Any:
        """The value of a name as plain data, or a Handle. Raises Missing or StudentError."""

    def call(self, target: Target, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Reply:
        """Call a function."""

    def attribute(self, target: Target, name: str) -> Reply:
        """Look up an attribute of a kept object."""

    def probe(
        self, source: str, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Reply:
        """Define the function that `source` holds among the learner's names, and call it."""


class LinkedLearner:
    """A learner's process at the other end of the link.

    Once it has failed to answer it is dead: every later question raises the same
    LinkError at once, and the tests that needed the answer get no marks.
    """

    def __init__(self, process: LearnerProcess, limits: Limits) -> None:
        self._process = process
        self._limits = limits
        self._deadline = time.monotonic() + START_SECONDS + limits.submission_seconds
        self._started = False
        self._dead: str | None = None
        self._shortcuts: dict[str, tuple[str, ...]] = {}
        self._exercise = ""
        self._met: dict[str, set[str]] = {}

    def watch(self, shortcuts: Mapping[str, Sequence[str]]) -> None:
        """See `Learner.watch`.

        Raises:
            SandboxError: it says that it cannot; no code of the learner's has run yet.
        """
        self._shortcuts = {exercise: tuple(names) for exercise, names in shortcuts.items()}
        asked = {exercise: list(names) for exercise, names in self._shortcuts.items()}
        error = self._ask(do="watch", shortcuts=asked).get("error")
        if error is not None:
            raise SandboxError(f"the shortcuts cannot be watched: {student_error(error)}")

    @contextlib.contextmanager
    def asked_by(self, exercise: str) -> Iterator[None]:
        """See `Learner.asked_by`."""
        self._exercise = exercise
        try:
            yield
        finally:
            self._exercise = ""

    def shortcuts_met(self) -> Mapping[str, Sequence[str]]:
        """See `Learner.shortcuts_met`; in the order in which they were declared."""
        return {
            exercise: [name for name in self._shortcuts[exercise] if name in met]
            for exercise, met in self._met.items()
        }

    def run(self, name: str, source: str) -> CellRun:
        """See `Learner.run`."""
        return self._cell_run(name, self._ask(do="run", source=source))

    def _cell_run(self, name: str, reply: Mapping[str, Any]) -> CellRun:
        shown = recorded_again(reply.get("outputs"), self._limits.output_kib * 1024)
        error = reply.get("error")
        if error is None:
            return CellRun(name, shown)
        raised = student_error(error)
        return CellRun(name, shown, "\n".join(filter(None, [str(raised), raised.lines])))

    def get(self, name: str) -> Any:
        """See `Learner.get`."""
        reply = self._ask(do="get", name=name)
        if "value" not in reply:
            raise Missing(name)
        if reply.get("error") is not None:
            raise student_error(reply["error"])
        return reply["value"]

    def call(self, target: Target, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Reply:
        """See `Learner.call`."""
        return self._reply(do="call", target=target, args=list(args), kwargs=dict(kwargs))

    def call_and_tell(
        self, target: Target, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[Reply, Any]:
        """Call a function; also tells what its arguments are now, or None when unchanged."""
        answer = self._ask(
            do="call", target=target, args=list(args), kwargs=dict(kwargs), restore=True
        )
        return self._reply_in(answer), answer.get("changed")

    def names(self) -> tuple[str, ...]:
        """The names that the notebook has bound."""
        said = self._ask(do="names").get("value")
        return tuple(n for n in said if type(n) is str) if type(said) is list else ()

    def bind(self, names: Mapping[str, Any]) -> None:
        """Bind names of the notebook to plain data. Raises CodecError where it is none."""
        self._ask(do="bind", names=dict(names))

    def test(self, source: str, needs: Sequence[str], own: Sequence[str] = ()) -> Reply:
        """Run a test beside the learner's code; its last value, when it ran to its end."""
        nonce = secrets.token_hex(16)
        request = {"source": source, "needs": list(needs), "own": list(own), "nonce": nonce}
        reply = self._reply(do="test", **request)
        if reply.error is not None:
            return reply
        value = reply.value
        if type(value) is not list or len(value) != 2 or value[0] != nonce:
            raise self._lost("it did not say that the test ran to its end")
        return Reply(value[1], None, reply.prints)

    def start_kernel(self, seconds: float, **plan: Any) -> None:
        """Start a kernel of another language; from then on `execute` runs cells in it.

        Raises:
            SandboxError: it does not start, and why; no code of the learner's has run yet.
        """
        reply = self._ask(do="kernel", start_seconds=seconds, more_seconds=seconds, **plan)
        if reply.get("kernel") is not True:
            error = reply.get("error")
            raise SandboxError(student_error(error).message if error else "it says nothing")

    def execute(self, name: str, source: str) -> tuple[CellRun, tuple[str, str] | None]:
        """Run one cell in the kernel; also tells what decides its marks (`course.link.kernel`)."""
        reply = self._ask(do="execute", source=source)
        said = reply.get("decides")
        pair = type(said) is tuple and len(said) == 2 and type(said[0]) is type(said[1]) is str
        if "outputs" not in reply or not (said is None or pair):
            raise self._lost("its answer could not be read (it says nothing of the cell)")
        return self._cell_run(name, reply), said

    def attribute(self, target: Target, name: str) -> Reply:
        """See `Learner.attribute`."""
        return self._reply(do="attribute", target=target, name=name)

    def probe(
        self, source: str, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Reply:
        """See `Learner.probe`."""
        return self._reply(
            do="probe", source=source, name=name, args=list(args), kwargs=dict(kwargs)
        )

    def _reply(self, **request: Any) -> Reply:
        return self._reply_in(self._ask(**request))

    @staticmethod
    def _reply_in(answer: dict[str, Any]) -> Reply:
        prints = answer.get("prints")
        prints = prints if type(prints) is str else ""
        if answer.get("error") is not None:
            return Reply(None, student_error(answer["error"]), prints, _pieces(answer, prints))
        return Reply(answer.get("value"), None, prints, _pieces(answer, prints))

    def _ask(self, *, more_seconds: float = 0.0, **request: Any) -> dict[str, Any]:
        if self._dead is not None:
            raise LinkError(self._dead)
        request |= {"exercise": self._exercise} if self._exercise else {}
        data = encode(request)  # outside of the try: what the test sends is the test's business
        seconds = self._patience(more_seconds)
        try:
            with time_limit_held():  # half an answer left on the link would be taken for the next
                self._process.stream.send(data, timeout=seconds)
                data = self._process.stream.receive(timeout=seconds)
            answer = decode(data)
        except LinkTimeout:
            raise self._lost("it did not answer in time and was ended") from None
        except FrameError:
            raise self._lost(self._epitaph()) from None
        except MissingLibrary as error:  # the answer was whole, and cannot be read here
            answer = {"value": None, "error": describe_error(error)}
        except CodecError as error:
            raise self._lost(f"its answer could not be read ({error})") from None
        if type(answer) is not dict:
            raise self._lost("its answer could not be read (it is no dictionary)")
        self._started = True
        self._note_shortcuts(answer.get("shortcuts"))
        return answer

    def _note_shortcuts(self, said: Any) -> None:
        """Believe what the process says only as far as it may deny marks for this exercise."""
        names = {name for name in said if type(name) is str} if type(said) is list else set()
        met = names.intersection(self._shortcuts.get(self._exercise, ()))
        if met:
            self._met.setdefault(self._exercise, set()).update(met)

    def _patience(self, more: float) -> float:
        """The seconds to wait for the next answer."""
        usual = self._limits.cell_seconds + GRACE_SECONDS + more
        usual += 0.0 if self._started else START_SECONDS
        left = self._deadline - time.monotonic()
        if left <= 0:
            seconds = self._limits.submission_seconds
            raise self._lost(f"the notebook took longer than {seconds:g} seconds and was ended")
        return min(usual, left)

    def _epitaph(self) -> str:
        verdict = self._process.verdict()
        if verdict is not None:
            return verdict if verdict.endswith((".", "?")) else f"{verdict} and was ended"
        code = self._process.exit_code()
        return "it ended" if code is None else f"it ended by itself (exit code {code})"

    def _lost(self, why: str) -> LinkError:
        stop = "" if why.endswith((".", "?")) else "."
        self._dead = f"The process that runs your notebook is gone: {why}{stop}"
        return LinkError(self._dead)


def _pieces(answer: dict[str, Any], prints: str) -> tuple[tuple[str, str], ...]:
    """What was printed, by stream; believed only in its form."""
    said = answer.get("streams")
    if type(said) is not list:
        return (("stdout", prints),) if prints else ()
    return tuple(
        ("stderr" if piece[0] == "stderr" else "stdout", piece[1])
        for piece in said
        if type(piece) is tuple and [type(part) for part in piece] == [str, str]
    )


class LocalLearner:
    """Trusted cells in a namespace of this process: references and known mistakes."""

    def __init__(self) -> None:
        self._names: dict[str, Any] = {"__name__": "__main__"}
        self._kept: list[Any] = []

    def watch(self, shortcuts: Mapping[str, Sequence[str]]) -> None:
        """See `Learner.watch`. In the test process nothing is wrapped: it uses them itself."""

    def asked_by(self, exercise: str) -> contextlib.AbstractContextManager[None]:
        """See `Learner.asked_by`."""
        return contextlib.nullcontext()

    def shortcuts_met(self) -> Mapping[str, Sequence[str]]:
        """See `Learner.shortcuts_met`."""
        return {}

    def run(self, name: str, source: str) -> CellRun:
        """See `Learner.run`; outputs are not kept."""
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            try:
                exec(compile(source, f"<{name}>", "exec"), self._names)  # noqa: S102
            except Exception as error:  # noqa: BLE001 - as in a notebook, the next cell runs
                return CellRun(name, (), f"{type(error).__name__}: {error}")
        return CellRun(name)

    def get(self, name: str) -> Any:
        """See `Learner.get`."""
        if name not in self._names:
            raise Missing(name)
        try:
            return self._cross(self._names[name])
        except CodecError as error:
            raise student_error(describe_error(error)) from None

    def call(self, target: Target, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Reply:
        """See `Learner.call`."""
        return self._reply(lambda *a, **k: self._target(target)(*a, **k), args, kwargs)

    def attribute(self, target: Target, name: str) -> Reply:
        """See `Learner.attribute`."""
        return self._answer(lambda: getattr(self._target(target), name), (), {})

    def probe(
        self, source: str, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Reply:
        """See `Learner.probe`."""

        def define_and_call(*args: Any, **kwargs: Any) -> Any:
            scope = dict(self._names)
            exec(compile(source, f"<probe {name}>", "exec"), scope)  # noqa: S102
            return scope[name](*args, **kwargs)

        return self._reply(define_and_call, args, kwargs)

    def _reply(
        self, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Reply:
        sent = decode(encode((list(args), dict(kwargs))))
        live, named = put_back(sent, lambda handle: self._kept[handle.number])
        return self._answer(function, live, named)

    def _answer(self, function: Callable[..., Any], live: Any, named: Any) -> Reply:
        prints = io.StringIO()
        with redirect_stdout(prints), redirect_stderr(prints):
            try:
                return Reply(self._cross(function(*live, **named)), None, prints.getvalue())
            except Exception as error:  # noqa: BLE001 - a reply like any other
                return Reply(None, student_error(describe_error(error)), prints.getvalue())

    def _target(self, target: Target) -> Any:
        return self._names[target] if isinstance(target, str) else self._kept[target]

    def _cross(self, value: object) -> Any:
        return decode(encode(value, self._keep))

    def _keep(self, value: object) -> Handle:
        self._kept.append(value)
        return Handle(len(self._kept) - 1, type(value).__name__, callable(value))

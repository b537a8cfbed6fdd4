"""The test process's half of a notebook of nbgrader's: what runs here, and what it asks.

Guarantees: what a test holds of the learner's is plain data or a stand-in that answers
nothing for itself; a value that would lose its meaning on the way (an instance of the test's
own class, a stand-in compared, a truth asked of one) is refused and noted, also where the
test catches the refusal; and then the test has no verdict here, and runs beside instead.
What the learner's code changes of a list, a dictionary or an array that it was given is
changed here too, as if it had been the same object.
"""

from __future__ import annotations

import ast
import builtins
import io
import linecache
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from course.link.codec import CodecError, Handle, arrives_as_it_is, inside, put_back
from course.link.notebook import TimeLimit, time_limit
from grader.errors import LinkError
from grader.foreign.placing import Step
from grader.foreign.restoring import CannotRestore, restore
from grader.link.learner import LinkedLearner, Missing, Reply, Target
from grader.link.stand_in import Conversation, NotPlainData, StandIn, as_handles
from grader.link.student_error import StudentError

__all__ = ["NotCarried", "Session", "Verdict", "verdict_of_value"]

_UNCODABLE = ("CodecError", "MissingLibrary")


class NotCarried(Exception):
    """The test asks for more than plain data: here it has no verdict."""


@dataclass(frozen=True)
class Verdict:
    """What became of a test: whether it held, the part of its points if it gave one, and why."""

    passed: bool
    said: str = ""
    partial: float | None = None


class _Conversation(Conversation):
    """Sends only what arrives as it was, and brings back what became of it."""

    learner: LinkedLearner
    own_object: str = ""  # what it said that it is, where a class of the notebook's was met

    def refuse(self, why: str, stand_in: StandIn | None = None) -> NotPlainData:
        """See `Conversation.refuse`."""
        if stand_in is not None and self._is_of_the_notebook(stand_in):
            self.own_object = why
        return super().refuse(why)

    def _is_of_the_notebook(self, stand_in: StandIn) -> bool:
        """Whether its class was made in the notebook, as far as its process can be believed."""
        kind = self.learner.attribute(stand_in._target, "__class__").value
        if type(kind) is not Handle:
            return False
        return bool(self.learner.attribute(kind.number, "__module__").value == "__main__")

    def look_up(self, name: str) -> Any:
        """See `Conversation.look_up`."""
        try:
            return self._present(super().look_up(name), name)
        except StudentError as error:
            self._refuse_uncodable(name, error)
            raise

    def settle(self, name: str, reply: Reply) -> Any:
        """See `Conversation.settle`."""
        self._refuse_uncodable(name, reply.error)
        return super().settle(name, reply)

    def _refuse_uncodable(self, name: str, error: Exception | None) -> None:
        if isinstance(error, StudentError) and error.kind in _UNCODABLE:
            raise self.refuse(f"`{name}` gave what cannot cross: {error.message}")

    def call(self, target: Target, name: str, args: Any, kwargs: Any) -> Any:
        odd = next(_odd_in((args, kwargs)), None)
        if odd is not None:
            kind = type(odd).__name__
            raise self.refuse(f"it gives `{name}` a `{kind}`, which is a subclass or no plain data")
        try:
            sent = as_handles((args, kwargs))
        except NotPlainData as error:
            raise self.refuse(str(error)) from None
        try:
            reply, changed = self.learner.call_and_tell(target, *sent)
        except CodecError as error:
            raise self.refuse(str(error)) from None
        if changed is not None:
            try:
                restore((list(args), kwargs), self._present(changed, name))
            except CannotRestore as error:
                raise self.refuse(f"`{name}` makes of its argument {error}") from None
        return self.settle(name, reply)

    def _present(self, value: Any, name: str) -> Any:
        def stand_in(handle: Handle) -> StandIn:
            return StandIn(self, handle.number, f"{name}(...)", handle.kind)

        return put_back(value, stand_in)


def _odd_in(value: Any) -> Iterator[Any]:
    """What of an argument would arrive as something else, or would not arrive."""
    if type(value) in (StandIn, Handle):
        return
    if not arrives_as_it_is(value):
        yield value
    for item in inside(value):
        yield from _odd_in(item)


class _Namespace(dict[str, Any]):
    """The test's globals; a name that the author did not bind is looked up at the learner's."""

    conversation: _Conversation | None = None

    def __missing__(self, name: str) -> Any:
        if self.conversation is None or hasattr(builtins, name) or name.startswith("__"):
            raise KeyError(name)
        try:
            return self.conversation.look_up(name)
        except Missing:
            raise KeyError(name) from None  # Python's NameError, which a test may expect


class Session:
    """Runs the author's side of one notebook."""

    def __init__(self, learner: LinkedLearner, seconds: float) -> None:
        self._learner = learner
        self._seconds = seconds
        self._names = _Namespace(__name__="__main__", __builtins__=builtins)

    def prepare(self, step: Step) -> list[str]:
        """Run what the author's ordinary cell does here; gives the statements that stopped."""
        self._names.conversation = None
        stopped = []
        for statement in step.here:
            if statement == "%reset":
                self._clear()
            elif not self._quietly(statement):
                stopped.append(statement)
        self.forget(step.forgets)
        return stopped

    def define(self, step: Step) -> None:
        """Run only what a test defines, because it runs beside itself."""
        self._names.conversation = None
        for statement in step.defines:
            self._quietly(statement)

    def forget(self, names: frozenset[str]) -> None:
        """From here on these names are the learner's."""
        for name in names:
            self._names.pop(name, None)

    def run_apart(self, step: Step) -> Verdict:
        """Run a test here.

        Raises:
            NotCarried: it asked for more than plain data.
            LinkError: the learner's process is gone.
        """
        conversation = self._names.conversation = _Conversation(self._learner)
        try:
            with _quiet(), time_limit(3 * self._seconds):
                value = self._execute(step)
            verdict = verdict_of_value(value)
        except LinkError:
            raise
        except TimeLimit as error:
            verdict = Verdict(False, f"The test was {error}.")
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - whatever a test ends with, it failed
            verdict = Verdict(False, _in_words(error))
        if conversation.own_object:
            # the reference answer gives plain data here; an object could mark itself
            return Verdict(False, f"{conversation.own_object}, and its class is the notebook's own")
        if conversation.refusals:
            raise NotCarried(conversation.refusals[0])
        return verdict

    def _execute(self, step: Step) -> Any:
        filename = f"<{step.name}>"
        linecache.cache[filename] = (len(step.code), None, step.code.splitlines(True), filename)
        tree = ast.parse(step.code, filename)
        last = tree.body[-1] if tree.body else None
        if not isinstance(last, ast.Expr):
            exec(compile(tree, filename, "exec"), self._names)  # noqa: S102 - the author's
            return None
        tree.body.pop()
        exec(compile(tree, filename, "exec"), self._names)  # noqa: S102
        value = eval(compile(ast.Expression(last.value), filename, "eval"), self._names)
        if type(value) is StandIn:
            return None
        return value if step.valued else None

    def _quietly(self, statement: str) -> bool:
        try:
            with _quiet(), time_limit(self._seconds):
                exec(compile(statement, "<setup>", "exec"), self._names)  # noqa: S102
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException:  # noqa: BLE001 - the learner's process runs it as well, and tells
            return False
        return True

    def _clear(self) -> None:
        kept = {"__name__": "__main__", "__builtins__": builtins}
        self._names.clear()
        self._names.update(kept)


def verdict_of_value(value: Any) -> Verdict:
    """What a test's last value means: a number is a part of the points, all else says nothing."""
    if value is None or isinstance(value, bool | np.bool_):
        return Verdict(True)
    if isinstance(value, int | float | np.integer | np.floating):
        part = float("nan")
        with suppress(OverflowError):
            part = float(value)
        if math.isfinite(part) and part >= 0:
            return Verdict(True, partial=part)
        return Verdict(
            False, f"The test gave {value!r:.40} of its points, which is no part of them."
        )
    return Verdict(True)


def _in_words(error: BaseException) -> str:
    if isinstance(error, StudentError):
        return f"{error}\n{error.lines}".rstrip()
    message = str(error)[:2000]
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


@contextmanager
def _quiet() -> Iterator[None]:
    with (
        warnings.catch_warnings(),
        redirect_stdout(io.StringIO()),
        redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield

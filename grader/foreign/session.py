"""The test process's half of a notebook of nbgrader's: what runs here, in the author's order.

What a test holds of the learner's is plain data or a stand-in (`conversation`). A test that
asks for more has no verdict here, also where it catches the refusal, and runs beside instead.
"""

from __future__ import annotations

import ast
import builtins
import io
import linecache
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from course.link.notebook import TimeLimit, time_limit
from grader.errors import LinkError
from grader.foreign.asking import builtins_for, inspecting, is_stand_in
from grader.foreign.conversation import LiveConversation, Namespace
from grader.foreign.live import is_seeding
from grader.foreign.placing import Step
from grader.link.learner import LinkedLearner
from grader.link.student_error import StudentError

__all__ = ["NotCarried", "Session", "Verdict", "verdict_of_value"]


class NotCarried(Exception):
    """The test asks for more than plain data: here it has no verdict."""


@dataclass(frozen=True)
class Verdict:
    """What became of a test: whether it held, the part of its points if it gave one, and why.

    `objects` says where it met what is no plain data.
    """

    passed: bool
    said: str = ""
    partial: float | None = None
    objects: frozenset[str] = frozenset()


class Session:
    """Runs the author's side of one notebook."""

    def __init__(self, learner: LinkedLearner, seconds: float, own: Sequence[str] = ()) -> None:
        self._learner = learner
        self._seconds = seconds
        self._own = own  # names of the learner's
        self._names = Namespace(__name__="__main__", __builtins__=builtins)
        self._names.theirs = frozenset(own)

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
        conversation = LiveConversation(
            self._learner, names=self._names, shares=step.shares, foreseen=step.objects
        )
        self._names.conversation = conversation
        own = {
            "__also_there__": lambda text, *args: self._also_there(conversation, step, text, args)
        }
        self._names["__builtins__"] = builtins_for(conversation) | own
        try:
            with _quiet(), time_limit(3 * self._seconds), inspecting(conversation):
                try:
                    value = self._execute(step)
                finally:
                    conversation.share()
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
        return replace(verdict, objects=frozenset(conversation.met))

    def _execute(self, step: Step) -> Any:
        filename = f"<{step.name}>"
        linecache.cache[filename] = (len(step.code), None, step.code.splitlines(True), filename)
        tree = _seeding_there(ast.parse(step.code, filename))
        last = tree.body[-1] if tree.body else None
        if not isinstance(last, ast.Expr):
            exec(compile(tree, filename, "exec"), self._names)  # noqa: S102 - the author's
            return None
        tree.body.pop()
        exec(compile(tree, filename, "exec"), self._names)  # noqa: S102
        value = eval(compile(ast.Expression(last.value), filename, "eval"), self._names)
        if is_stand_in(value):
            return None
        return value if step.valued else None

    def _also_there(
        self, conversation: LiveConversation, step: Step, function: str, args: Sequence[Any]
    ) -> None:
        """Seed the random numbers of the learner's process as those of this one."""
        text = f"{function}({', '.join(map(repr, args))})"
        if self._learner.test(text, step.needs, self._own).error is not None:
            raise conversation.refuse("it seeds random numbers that the answer has not")

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


class _Seeding(ast.NodeTransformer):
    """Has each statement that seeds random numbers do so in the learner's process first."""

    def visit_Expr(self, node: ast.Expr) -> Any:
        """See `is_seeding`."""
        if not (is_seeding(node) and isinstance(node.value, ast.Call)):
            return self.generic_visit(node)
        function = ast.Constant(ast.unparse(node.value.func))
        call = ast.Call(ast.Name("__also_there__", ast.Load()), [function, *node.value.args], [])
        return [ast.copy_location(ast.Expr(call), node), node]


def _seeding_there(tree: ast.Module) -> ast.Module:
    seeding: ast.Module = ast.fix_missing_locations(_Seeding().visit(tree))
    return seeding


def _in_words(error: BaseException) -> str:
    if isinstance(error, StudentError):
        return f"{StudentError.__str__(error)}\n{error.lines}".rstrip()
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

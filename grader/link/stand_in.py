"""Stand-ins: what a test cell holds instead of the learner's objects.

A stand-in can be called and can be asked for attributes; both cross the link and bring
back plain data. It answers nothing else: a comparison, a truth test or `isinstance`
answered from the learner's side would let an object mark itself.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from course.link.codec import Handle
from grader.link.learner import Learner, Reply, Target
from grader.link.student_error import StudentError

__all__ = ["Conversation", "Exchange", "NotPlainData", "StandIn", "as_handles"]


class NotPlainData(Exception):
    """A test used the learner's object where only plain data can be used."""


@dataclass(frozen=True)
class Exchange:
    """One question to the learner's code and its reply, as the test saw it."""

    name: str
    reply: Reply


@dataclass
class Conversation:
    """Everything that one test asked of the learner's code, in order."""

    learner: Learner
    exchanges: list[Exchange] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)  # also those that a test's `except` catches

    def call(self, target: Target, name: str, args: Any, kwargs: Any) -> Any:
        """Call the learner's function with plain data, and bring its value back."""
        args, kwargs = as_handles((args, kwargs))
        return self.settle(name, self.learner.call(target, args, kwargs))

    def refuse(self, why: str, stand_in: StandIn | None = None) -> NotPlainData:
        """Note what needs more than plain data, and of whom; gives the error to raise."""
        self.refusals.append(why)
        return NotPlainData(why)

    def look_up(self, name: str) -> Any:
        """The learner's `name`: plain data, or a stand-in."""
        try:
            value = self.learner.get(name)
        except StudentError as error:
            self.exchanges.append(Exchange(name, Reply(error=error)))
            # of no other type: Python takes a KeyError for a name that is not there
            raise StudentError(error.kind, error.message, error.lines, error.timeout) from None
        if isinstance(value, Handle):
            return StandIn(self, name, name, value.kind)
        self.exchanges.append(Exchange(name, Reply(value)))
        return value

    def settle(self, name: str, reply: Reply) -> Any:
        """Note a reply; return its value or raise its error."""
        self.exchanges.append(Exchange(name, reply))
        if reply.error is not None:
            raise reply.error
        return self._present(reply.value, name)

    def send_probe(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function that runs `function` in the learner's process: `course.testing.probe`."""
        name, source = function.__name__, _source_without_decorators(function)

        def crossing(*args: Any, **kwargs: Any) -> Any:
            args, kwargs = as_handles((args, kwargs))
            return self.settle(name, self.learner.probe(source, name, args, kwargs))

        return crossing

    def _present(self, value: Any, name: str) -> Any:
        if isinstance(value, Handle):
            return StandIn(self, value.number, f"{name}(...)", value.kind)
        return value


class StandIn:
    """Stands for an object that stays in the learner's process."""

    __slots__ = ("_conversation", "_kind", "_name", "_target")

    def __init__(self, conversation: Conversation, target: Target, name: str, kind: str) -> None:
        for slot, value in zip(
            ("_conversation", "_target", "_name", "_kind"),
            (conversation, target, name, kind),
            strict=True,
        ):
            object.__setattr__(self, slot, value)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the learner's function with plain data, and bring its value back."""
        return self._conversation.call(self._target, self._name, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            # NumPy, copy, pickle and the like probe objects for protocols that way
            raise AttributeError(name)
        reply = self._conversation.learner.attribute(self._target, name)
        return self._conversation.settle(f"{self._name}.{name}", reply)

    def __repr__(self) -> str:
        return f"<{self._name}: {self._kind}>"

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise self._conversation.refuse(
            f"`{self._name}` is an object of type `{self._kind}`, which is no plain data "
            "(a number, a string, a list, a dictionary, an array or a tensor)",
            self,
        )

    __array__ = __array_ufunc__ = __array_function__ = _refuse
    __bool__ = __bytes__ = __complex__ = __float__ = __index__ = __int__ = __hash__ = _refuse
    __contains__ = __delitem__ = __getitem__ = __iter__ = __len__ = __next__ = _refuse
    __reversed__ = __setitem__ = __delattr__ = __dir__ = __reduce_ex__ = __setattr__ = _refuse
    __eq__ = __ge__ = __gt__ = __le__ = __lt__ = __ne__ = _refuse
    __add__ = __and__ = __divmod__ = __floordiv__ = __lshift__ = __matmul__ = __mod__ = _refuse
    __mul__ = __or__ = __pow__ = __rshift__ = __sub__ = __truediv__ = __xor__ = _refuse
    __radd__ = __rand__ = __rdivmod__ = __rfloordiv__ = __rlshift__ = __rmatmul__ = _refuse
    __rmod__ = __rmul__ = __ror__ = __rpow__ = __rrshift__ = __rsub__ = _refuse
    __rtruediv__ = __rxor__ = _refuse
    __abs__ = __ceil__ = __floor__ = __invert__ = __neg__ = __pos__ = __round__ = _refuse
    __trunc__ = __enter__ = __exit__ = __aenter__ = __aexit__ = __aiter__ = __await__ = _refuse
    __class__ = property(_refuse)  # what isinstance() asks for
    __doc__ = property(_refuse)

    def __format__(self, how: str) -> str:
        return self._refuse() if how else repr(self)


def as_handles(value: Any) -> Any:
    """A stand-in in the arguments goes back as the object that it stands for."""
    if type(value) in (list, tuple):
        return type(value)(as_handles(item) for item in value)
    if type(value) is dict:
        return {key: as_handles(item) for key, item in value.items()}
    if not issubclass(type(value), StandIn):
        return value
    if not isinstance(value._target, int):
        raise NotPlainData(f"`{value._name}` cannot be an argument; write a probe")
    return Handle(value._target, value._kind)


def _source_without_decorators(function: Callable[..., Any]) -> str:
    """The source of a function of a test cell, so that it can be defined elsewhere."""
    code = function.__code__
    for node in ast.walk(ast.parse("".join(linecache.getlines(code.co_filename)))):
        if isinstance(node, ast.FunctionDef) and node.name == function.__name__:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first == code.co_firstlineno:
                node.decorator_list = []
                return ast.unparse(node)
    raise NotPlainData(f"the source of the probe `{function.__name__}` cannot be found")

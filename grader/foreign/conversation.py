"""A test that runs apart, in conversation with the learner's process.

Guarantees: what a test holds of the learner's is plain data or a stand-in that does not mark
itself; a value that would lose its meaning on the way (an instance of the test's own class, a
stand-in compared, a truth asked of one) is refused and noted. What the learner's code changes of
a list, a dictionary or an array that it was given is changed here too, as if it had been the
same object; what it printed is printed here; a name that the test sets and the learner's code
reads is set there, too.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator, KeysView
from dataclasses import dataclass, field
from typing import Any

from course.link.codec import CodecError, Handle, arrives_as_it_is, inside, put_back
from grader.foreign.asking import LiveStandIn, UnforeseenStandIn, is_stand_in
from grader.foreign.restoring import CannotRestore, restore
from grader.link.learner import LinkedLearner, Missing, Reply, Target
from grader.link.stand_in import Conversation, NotPlainData, StandIn, as_handles
from grader.link.student_error import StudentError

__all__ = ["LiveConversation", "Namespace"]

_UNCODABLE = ("CodecError", "MissingLibrary")
_UNCHANGING = (type(None), bool, int, float, complex, str, bytes)


class Namespace(dict[str, Any]):
    """The test's globals; a name that the author did not bind is looked up at the learner's."""

    conversation: LiveConversation | None = None
    theirs: frozenset[str] = frozenset()  # what answers bind, also ``max``, if that is the exercise

    def __missing__(self, name: str) -> Any:
        if self.conversation is None or self._is_pythons(name):
            raise KeyError(name)
        try:
            return self.conversation.look_up(name)
        except Missing:
            raise KeyError(name) from None  # Python's NameError, which a test may expect

    # for a test that asks what there is: ``"x" in dir()``, ``locals().get("x")``

    def __contains__(self, name: object) -> bool:
        return name in self.keys()

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def keys(self) -> KeysView[str]:  # type: ignore[override]
        """The author's names and the learner's."""
        theirs = self.conversation.learner.names() if self.conversation else ()
        found = [name for name in theirs if not self._is_pythons(name)]
        return (dict.fromkeys(super().keys()) | dict.fromkeys(found)).keys()

    def get(self, name: str, default: Any = None, /) -> Any:
        """See `dict.get`."""
        try:
            return self[name]
        except KeyError:
            return default

    def copy(self) -> Namespace:
        """The names as they are now; pandas copies all of them twice for each `query`."""
        return _Copied(self)

    def _is_pythons(self, name: str) -> bool:
        """Whether a name is one that each process has for itself."""
        return name.startswith("__") or (hasattr(builtins, name) and name not in self.theirs)

    def own(self, name: str) -> list[Any]:
        """The author's value of a name, if there is one."""
        return [dict.__getitem__(self, name)] if dict.__contains__(self, name) else []


class _Copied(Namespace):
    """A copy that looks up the learner's names when it is asked for them, each of them once."""

    def __init__(self, names: Namespace) -> None:
        super().__init__({name: dict.__getitem__(names, name) for name in dict.__iter__(names)})
        self.conversation, self.theirs = names.conversation, names.theirs
        self._answered = len(names.conversation.exchanges) if names.conversation else 0

    def __missing__(self, name: str) -> Any:
        value = super().__missing__(name)
        self._require_no_answer_since(f"`{name}`")
        self[name] = value
        return value

    def keys(self) -> KeysView[str]:  # type: ignore[override]
        """See `Namespace.keys`."""
        self._require_no_answer_since("the names")
        return super().keys()

    def _require_no_answer_since(self, read: str) -> None:
        """The learner's code may have set a name since it was asked for something."""
        if self.conversation and len(self.conversation.exchanges) != self._answered:
            raise self.conversation.refuse(f"it reads {read} in an old copy of all names")


@dataclass
class LiveConversation(Conversation):
    """Sends only what arrives as it was, and brings back what became of it."""

    learner: LinkedLearner
    names: Namespace = field(default_factory=Namespace)
    shares: frozenset[str] = frozenset()  # names that the learner's code reads, once set here
    foreseen: frozenset[str] | None = None  # where the reference answers give objects, if known
    met: set[str] = field(default_factory=set)  # where these answers do
    own_object: str = ""  # what it said that it is, where a class of the notebook's was met
    _there: dict[str, Any] = field(default_factory=dict)  # what was shared so far

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
        """See `Conversation.look_up`; what stays there can be given to the learner's functions."""
        try:
            value = self.learner.get(name)
        except StudentError as error:
            self._refuse_uncodable(name, error)
            raise StudentError(error.kind, error.message, error.lines, error.timeout) from None
        if type(value) is Handle:
            return self._stand_in(value, name)
        return self._present(value, name)

    def settle(self, name: str, reply: Reply) -> Any:
        """See `Conversation.settle`; an exception is, for the test, the one that was raised."""
        self._refuse_uncodable(name, reply.error)
        for stream, text in reply.streams:
            getattr(sys, stream).write(text)  # where the test captures what is printed
        if isinstance(reply.error, StudentError):
            reply = Reply(None, _as_raised(reply.error), reply.prints)
        return super().settle(name, reply)

    def _refuse_uncodable(self, name: str, error: Exception | None) -> None:
        if isinstance(error, StudentError) and error.kind in _UNCODABLE:
            raise self.refuse(f"`{name}` gave what cannot cross: {error.message}")

    def call(self, target: Target, name: str, args: Any, kwargs: Any) -> Any:
        """See `Conversation.call`."""
        self.share()
        sent = self._sendable(name, (args, kwargs))
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

    def ask(self, name: str, source: str, *args: Any) -> Any:
        """See `grader.foreign.asking.Asking`."""
        self.share()
        for each in args:
            if type(each) is UnforeseenStandIn:
                each._refuse()
        sent = self._sendable(name, args)
        return self.settle(name, self.learner.probe(source, "ask", sent, {}))

    def share(self) -> None:
        """Set the names that the test has set and the learner's code reads, there as here."""
        found = {name: value for name in sorted(self.shares) for value in self.names.own(name)}
        new = {name: value for name, value in found.items() if not self._is_there(name, value)}
        if not new:
            return
        for name, value in new.items():
            self._refuse_odd(value, f"it sets `{name}`, which other cells read, to a `{{}}`")
        try:
            self.learner.bind(as_handles(new))
        except CodecError as error:
            raise self.refuse(str(error)) from None
        self._there |= new

    def _is_there(self, name: str, value: Any) -> bool:
        same = name in self._there and self._there[name] is value
        return same and type(value) in _UNCHANGING

    def _sendable(self, name: str, given: Any) -> Any:
        self._refuse_odd(given, f"it gives `{name}` a `{{}}`, which is a subclass or no plain data")
        try:
            return as_handles(given)
        except NotPlainData as error:
            raise self.refuse(str(error)) from None

    def _refuse_odd(self, value: Any, why: str) -> None:
        for odd in _odd_in(value):
            raise self.refuse(why.replace("{}", type(odd).__name__))

    def _present(self, value: Any, name: str) -> Any:
        return put_back(value, lambda handle: self._stand_in(handle, f"{name}(...)"))

    def _stand_in(self, handle: Handle, name: str) -> StandIn:
        place = _place_of(name)
        self.met.add(place)
        foreseen = self.foreseen is None or place in self.foreseen
        kind = LiveStandIn if foreseen else UnforeseenStandIn
        return kind(self, handle.number, name, handle.kind)


def _place_of(name: str) -> str:
    """Where a test came by an object: by which name, and by which step at last.

    What is between is left out, so that a longer way through a list or a tree is the same place.
    """
    first, *steps = name.replace("(...)", "()").split(".")
    return f"{first.partition('(')[0]}.{steps[-1]}" if steps else first


def _odd_in(value: Any) -> Iterator[Any]:
    """What of an argument would arrive as something else, or would not arrive."""
    if is_stand_in(value) or type(value) is Handle:
        return
    if not arrives_as_it_is(value):
        yield value
    for item in inside(value):
        yield from _odd_in(item)


class _Raised(StudentError):
    """The learner's exception as it would be in one process: its name, its text."""

    def __str__(self) -> str:
        return self.message


def _as_raised(error: StudentError) -> StudentError:
    bases = type(error).__bases__
    known = tuple(b for b in bases if b is not Exception and not issubclass(b, StudentError))
    raised = type(error.kind if error.kind.isidentifier() else "Exception", (_Raised, *known), {})
    given: StudentError = raised(error.kind, error.message, error.lines, error.timeout)
    return given

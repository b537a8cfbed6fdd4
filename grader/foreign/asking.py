"""What a test that runs apart may ask of the learner's objects, beyond calls and attributes.

An object's own methods answer where the test then looks at plain data: its length, its text,
an item, what a generator yields next, a sum. They do not answer where their answer would be
the mark: comparisons, membership, truth and `isinstance` stay refused (`grader.link.stand_in`).
Questions of ``inspect`` are answered by the learner's process, as text and plain data: it can
lie about its own source there, as it could if the test ran beside it.
"""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from grader.link.stand_in import StandIn
from grader.link.student_error import StudentError

__all__ = [
    "Asking",
    "LiveStandIn",
    "UnforeseenStandIn",
    "builtins_for",
    "inspecting",
    "is_stand_in",
]


class Asking(Protocol):
    """Runs a function of ours in the learner's process."""

    def ask(self, name: str, source: str, *args: Any) -> Any:
        """The value of the function ``ask`` that `source` defines; `name` is for messages."""


def is_stand_in(value: object) -> bool:
    """Whether a value stands for an object of the learner's; asks nothing of it."""
    return issubclass(type(value), StandIn)


def _operation(expression: str) -> Callable[..., Any]:
    source = f"def ask(it, *a):\n    return {expression}"

    def operation(self: Any, *others: Any) -> Any:
        return self._conversation.ask(f"{self._name}.({expression})", source, self, *others)

    return operation


class LiveStandIn(StandIn):
    """A stand-in whose object answers for itself where the answer is looked at."""

    __slots__ = ()

    __len__ = _operation("len(it)")
    __str__ = _operation("str(it)")
    __repr__ = _operation("repr(it)")
    __format__ = _operation("format(it, *a)")
    __dir__ = _operation("dir(it)")
    __getitem__ = _operation("it[a[0]]")
    __setitem__ = _operation("it.__setitem__(*a)")
    __delitem__ = _operation("it.__delitem__(*a)")
    __setattr__ = _operation("setattr(it, *a)")
    __iter__ = _operation("iter(it)")
    __reversed__ = _operation("reversed(it)")
    __float__, __int__, __complex__ = map(_operation, ("float(it)", "int(it)", "complex(it)"))
    __abs__, __neg__, __pos__ = map(_operation, ("abs(it)", "-it", "+it"))
    __round__ = _operation("round(it, *a)")
    __add__, __radd__ = _operation("it + a[0]"), _operation("a[0] + it")
    __sub__, __rsub__ = _operation("it - a[0]"), _operation("a[0] - it")
    __mul__, __rmul__ = _operation("it * a[0]"), _operation("a[0] * it")
    __truediv__, __rtruediv__ = _operation("it / a[0]"), _operation("a[0] / it")
    __floordiv__, __rfloordiv__ = _operation("it // a[0]"), _operation("a[0] // it")
    __mod__, __rmod__ = _operation("it % a[0]"), _operation("a[0] % it")
    __pow__, __rpow__ = _operation("it ** a[0]"), _operation("a[0] ** it")
    __matmul__, __rmatmul__ = _operation("it @ a[0]"), _operation("a[0] @ it")
    __and__, __or__, __xor__ = map(_operation, ("it & a[0]", "it | a[0]", "it ^ a[0]"))
    __doc__ = property(_operation("it.__doc__"))
    _next = _operation("next(it)")

    def __next__(self) -> Any:  # type: ignore[override]
        """The next of an iterator; its end ends the test's loop."""
        try:
            return self._next()
        except StudentError as error:
            if error.kind == "StopIteration":
                raise StopIteration from None
            raise

    def __getattr__(self, name: str) -> Any:
        if name in _ASKED:
            return self._conversation.ask(
                f"{self._name}.{name}", f"def ask(it):\n    return it.{name}", self
            )
        return super().__getattr__(name)


class UnforeseenStandIn(StandIn):
    """Stands for an object where the reference answers give plain data: it answers nothing.

    Whatever it is asked with (``it.equals(expected)``, ``it - expected``) would tell it the mark.
    """

    __slots__ = ()

    __call__ = __repr__ = __str__ = __format__ = StandIn._refuse

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._refuse()


# what tests read of functions and objects; other such names are protocols that libraries look for
_ASKED = frozenset(
    "__name__ __qualname__ __module__ __defaults__ __kwdefaults__ __annotations__ __code__ "
    "__closure__ __dict__ __wrapped__ __init__".split()
)


def builtins_for(asking: Asking) -> dict[str, Any]:
    """Python's own functions, as a test that runs apart needs them."""

    def can_be_called(thing: object, /) -> bool:
        if not is_stand_in(thing):
            return callable(thing)
        return asking.ask("callable", "def ask(it):\n    return callable(it)", thing) is True

    def has_attribute(thing: object, name: str, /) -> bool:
        if not is_stand_in(thing):
            return hasattr(thing, name)
        source = "def ask(it, name):\n    return hasattr(it, name)"
        return asking.ask("hasattr", source, thing, name) is True

    return vars(builtins) | {"callable": can_be_called, "hasattr": has_attribute}


@contextmanager
def inspecting(asking: Asking) -> Iterator[None]:
    """Let ``inspect`` look at the learner's objects where they are."""
    usual = {name: getattr(inspect, name) for name in (*_PLAINLY, *_REBUILT)}

    def asker(name: str) -> Callable[..., Any]:
        def ask(thing: Any, *args: Any, **kwargs: Any) -> Any:
            if not is_stand_in(thing):
                return usual[name](thing, *args, **kwargs)
            source, made = _REBUILT.get(name, (_plainly(name), _as_it_is))
            return made(asking.ask(f"inspect.{name}", source, thing))

        return ask

    for name in usual:
        setattr(inspect, name, asker(name))
    try:
        yield
    finally:
        for name, function in usual.items():
            setattr(inspect, name, function)


_PLAINLY = (
    "getsource getsourcelines getdoc isfunction isclass ismethod isroutine isgenerator "
    "isgeneratorfunction iscoroutinefunction isabstract"
).split()


def _plainly(name: str) -> str:
    return f"def ask(it):\n    import inspect\n    return inspect.{name}(it)"


def _as_it_is(value: Any) -> Any:
    return value


# an annotation crosses as the name of a type of Python's own, or as its text
_ANNOTATION = """
    def said(note):
        if note is inspect.Parameter.empty:
            return None
        own = isinstance(note, type) and note.__module__ == "builtins"
        return [own, note.__name__ if own else str(note)]
"""
_SIGNATURE = f"""
def ask(it):
    import inspect
{_ANNOTATION}
    seen = inspect.signature(it)
    return [
        [
            [p.name, int(p.kind), [] if p.default is p.empty else [p.default], said(p.annotation)]
            for p in seen.parameters.values()
        ],
        said(seen.return_annotation),
    ]
"""
_ARGUMENTS = f"""
def ask(it):
    import inspect
{_ANNOTATION}
    seen = inspect.getfullargspec(it)
    return [*seen[:6], {{name: said(note) for name, note in seen.annotations.items()}}]
"""


def _annotation(said: Any) -> Any:
    if said is None:
        return inspect.Parameter.empty
    return getattr(builtins, said[1], said[1]) if said[0] else said[1]


def _signature(said: Sequence[Any]) -> inspect.Signature:
    parameters = [
        inspect.Parameter(
            name,
            inspect._ParameterKind(kind),
            default=default[0] if default else inspect.Parameter.empty,
            annotation=_annotation(note),
        )
        for name, kind, default, note in said[0]
    ]
    return inspect.Signature(parameters, return_annotation=_annotation(said[1]))


def _arguments(said: Sequence[Any]) -> inspect.FullArgSpec:
    notes = {name: _annotation(note) for name, note in said[6].items()}
    args, varargs, varkw, defaults, only, usual = said[:6]
    return inspect.FullArgSpec(args, varargs, varkw, defaults, only, usual, notes)


_REBUILT: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "signature": (_SIGNATURE, _signature),
    "getfullargspec": (_ARGUMENTS, _arguments),
}

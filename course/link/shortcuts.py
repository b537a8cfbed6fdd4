"""Shortcuts: library functions that are the exercise, and what happens when one is called.

An author declares them with an answer. In the learner's process each is wrapped once, before
any cell runs, and works as ever, but for one moment: while a test of that exercise is asking.
Then it raises, and the reply tells the test process, so that code which catches the error
hides nothing. Other exercises, the learner's own cells and figures may use it.
This teaches; it is no wall: torch.ops and private kernels are within reach, and a process
that lies about what it called can only keep quiet. What it says can deny its own marks, and
never gives any.
Option chosen: wrapt, which keeps signatures, methods and pickling as they were, and a hook
for modules that are not imported yet, so that nothing is imported before a learner does it.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import ModuleType
from typing import Any

import wrapt

__all__ = ["ShortcutRefused", "Shortcuts", "refusal"]

_Wrapper = Callable[[Any, Any, tuple[Any, ...], dict[str, Any]], Any]


class ShortcutRefused(RuntimeError):
    """Raised in the place of a shortcut's result."""


class Shortcuts:
    """The shortcuts that a learner's process was told of, and those that a test met."""

    def __init__(self) -> None:
        self._declared: dict[str, frozenset[str]] = {}
        self._asking = ""
        self._met: set[str] = set()

    def watch(self, declared: Mapping[str, Sequence[str]]) -> None:
        """Wrap the dotted names that each exercise declares, now or when they are imported.

        A name that is nowhere to be found is left alone; ``grader audit`` finds those.
        """
        self._declared = {exercise: frozenset(names) for exercise, names in declared.items()}
        for name in sorted(frozenset().union(*self._declared.values())):
            parts = name.split(".")
            for cut in range(1, len(parts)):
                hook = partial(_wrap, path=".".join(parts[cut:]), wrapper=self._wrapper(name))
                wrapt.register_post_import_hook(hook, ".".join(parts[:cut]))

    @contextlib.contextmanager
    def asked_by(self, exercise: str) -> Iterator[set[str]]:
        """While a test of `exercise` asks; gives the shortcuts that it meets. "": no test."""
        self._asking, self._met = exercise, set()
        try:
            yield self._met
        finally:
            self._asking = ""

    def _wrapper(self, name: str) -> _Wrapper:
        def refuse(
            wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
        ) -> Any:
            if name in self._declared.get(self._asking, ()):
                self._met.add(name)
                raise ShortcutRefused(refusal(self._asking, [name]))
            return wrapped(*args, **kwargs)

        return refuse


def refusal(exercise: str, names: Sequence[str]) -> str:
    """Why there are no marks, and what to do.

    Example:
        >>> refusal("softmax_loss", ["torch.log_softmax"])
        '`softmax_loss` calls `torch.log_softmax`, which does the work that this exercise asks you \
to write. Write it yourself; everything else in torch is yours to use.'
    """
    called = _listed([f"`{name}`" for name in names])
    libraries = _listed(list(dict.fromkeys(name.partition(".")[0] for name in names)))
    return (
        f"`{exercise}` calls {called}, which {'does' if len(names) == 1 else 'do'} the work that "
        "this exercise asks you to write. Write it yourself; everything else in "
        f"{libraries} is yours to use."
    )


def _maker(kind: type) -> str:
    """The method that every call of a class goes through, its own `__init__` where it has one."""
    # a class without an __init__ must stay so: object's takes arguments only as long as it does
    own = {name for each in kind.__mro__ if each is not object for name in vars(each)}
    return "__new__" if "__new__" in own and "__init__" not in own else "__init__"


def _listed(words: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _wrap(module: ModuleType, *, path: str, wrapper: _Wrapper) -> None:
    """Wrap what stands at `path` in a module that has just been imported."""
    first = vars(module).get(path.partition(".")[0])  # getattr could import a lazy one
    if first is None or isinstance(first, ModuleType):
        return  # that module's own hook sees to it, once it is imported
    with contextlib.suppress(AttributeError, TypeError):  # not there, or not to be replaced
        found = wrapt.resolve_path(module, path)[2]
        if inspect.isclass(found):
            path = f"{path}.{_maker(found)}"
        wrapt.wrap_function_wrapper(module, path, wrapper)

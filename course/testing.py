"""What a test cell uses, `assert_close`, `exercise` and `probe`, and a figure, `with_fallback`.

The same cell runs in three places: beside the learner's code in JupyterLab, under
stock nbgrader, and in a test process of its own that reaches the learner's code over a
link. Nothing here may therefore depend on where it runs, with two exceptions that are
spelled out: `exercise` is gentle only while nobody is grading, and `probe` crosses the
link when there is one.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["assert_close", "exercise", "probe", "probes_sent_by", "with_fallback"]

P = ParamSpec("P")
R = TypeVar("R")


class ProbeSender(Protocol):
    """Turns a probe into a function that runs at the other end of a link."""

    def __call__(self, function: Callable[P, R], /) -> Callable[P, R]: ...


_sender: ProbeSender | None = None


def assert_close(
    actual: object,
    expected: object,
    what: str = "the answer",
    *,
    rtol: float = 1e-6,
    atol: float = 1e-8,
) -> None:
    """Assert that `actual` equals `expected` up to rounding, and say where it does not.

    An entry passes when ``|actual - expected| <= atol + rtol * |expected|``. Shapes must
    be equal; dtypes need not be. Python numbers, nested lists, NumPy arrays and torch
    tensors are all welcome.

    Raises:
        AssertionError: with the shapes, or the worst entry with both of its values.

    Example:
        >>> assert_close([1.0, 2.0], [1.0, 2.0])
        >>> assert_close(6.27, 5.27, "the loss")
        Traceback (most recent call last):
        AssertionError: the loss: expected 5.27, got 6.27
    """
    got = _as_numbers(actual, what)
    want = _as_numbers(expected, what)
    if got.shape != want.shape:
        raise AssertionError(f"{what}: expected shape {want.shape}, got shape {got.shape}")
    with np.errstate(over="ignore", invalid="ignore"):
        wrong = ~np.isclose(got, want, rtol=rtol, atol=atol, equal_nan=True)
    if wrong.any():
        raise AssertionError(f"{what}: {_worst_entry(got, want, wrong)}")


def _as_numbers(value: object, what: str) -> npt.NDArray[np.generic]:
    if value is None:
        raise AssertionError(f"{what}: got None (is a `return` missing?)")
    try:
        numbers = np.asarray(_without_graph(value))
    except (ValueError, TypeError, RuntimeError):  # ragged lists, and tensors of odd kinds
        numbers = np.asarray(None)
    if numbers.dtype.kind not in "biufc":
        raise AssertionError(f"{what}: expected numbers, got {_kind_of(value, numbers)}")
    # float16 could not even hold its own tolerance
    return numbers if numbers.dtype.itemsize > 2 else numbers.astype(np.float64)


def _without_graph(value: Any) -> Any:
    """A tensor as an array; a list with each of its tensors as an array."""
    if hasattr(value, "detach"):
        tensor = value.detach().cpu().resolve_conj().resolve_neg()
        # NumPy has no bfloat16
        return (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).numpy()
    return [_without_graph(item) for item in value] if isinstance(value, list | tuple) else value


def _kind_of(value: object, numbers: npt.NDArray[np.generic]) -> str:
    name = type(value).__name__
    if isinstance(value, list | tuple):
        return f"a {name} that is no table of numbers (are its rows of equal length?)"
    return f"{name} of {numbers.dtype}" if isinstance(value, np.ndarray) else name


def _worst_entry(
    got: npt.NDArray[np.generic], want: npt.NDArray[np.generic], wrong: npt.NDArray[np.bool_]
) -> str:
    if got.ndim == 0:
        return _both(want.item(), got.item())
    with np.errstate(invalid="ignore", over="ignore"):
        # complex128 holds every kind of number that is let in, so one subtraction serves all
        distance = np.abs(got.astype(np.complex128) - want.astype(np.complex128))
    distance = np.where(wrong, np.nan_to_num(distance, nan=np.inf), -1.0)
    where = tuple(int(i) for i in np.unravel_index(int(distance.argmax()), distance.shape))
    return (
        f"{int(wrong.sum())} of {wrong.size} entries differ; the worst is at index "
        f"{where}: {_both(want[where].item(), got[where].item())}"
    )


def _both(want: Any, got: Any) -> str:
    short, shown = f"{want:.6g}", f"{got:.6g}"
    if short == shown:  # they differ further down
        short, shown = f"{want!r}", f"{got!r}"
    return f"expected {short}, got {shown}"


@contextmanager
def exercise(name: str) -> Iterator[None]:
    """Wrap the visible tests of an exercise, so that an untouched notebook runs clean.

    In the learner's own notebook an answer that still raises `NotImplementedError` is
    reported in one line, and a passed test says so. Whenever somebody grades (nbgrader
    sets ``NBGRADER_EXECUTION``) it changes nothing: every error passes through, so that
    an unattempted answer can never look like a passed one.

    Example:
        >>> with exercise("svm_loss"):
        ...     raise NotImplementedError
        svm_loss: not attempted yet. Replace `raise NotImplementedError()` and run both cells.
    """
    try:
        yield
    except NotImplementedError:
        if os.environ.get("NBGRADER_EXECUTION"):
            raise
        print(  # noqa: T201 - a notebook cell speaks by printing
            f"{name}: not attempted yet. Replace `raise NotImplementedError()` and run both cells."
        )
    else:
        if not os.environ.get("NBGRADER_EXECUTION"):
            print(f"{name}: this test passes.")  # noqa: T201


def with_fallback(yours: Callable[P, R], library: Callable[P, R]) -> Callable[P, R]:
    """The learner's function where it is written, the library's where it is not.

    For figures and experiments that build on an exercise: they draw what the learner wrote,
    and still run in a notebook in which nothing is solved. At the first call that raises
    `NotImplementedError` one line says so, and `library` answers this call and all others.
    Any other error is the learner's to see.

    Example:
        >>> def square(x: float) -> float:
        ...     raise NotImplementedError
        >>> area = with_fallback(square, lambda x: x * x)
        >>> area(3.0)
        square: not attempted yet, so the library's function is used here.
        9.0
        >>> area(2.0)
        4.0
    """
    chosen = yours

    @functools.wraps(library)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        nonlocal chosen
        if chosen is not yours:
            return chosen(*args, **kwargs)
        try:
            return yours(*args, **kwargs)
        except NotImplementedError:
            chosen = library
            name = getattr(yours, "__name__", "your function")
            print(  # noqa: T201 - a notebook cell speaks by printing
                f"{name}: not attempted yet, so the library's function is used here."
            )
        return library(*args, **kwargs)

    return call


def probe(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a function of a test cell that must run where the learner's objects live.

    Beside the learner's code it is the function itself. When the tests run in a process
    of their own, the *source* of the function is sent over and runs in the learner's
    process: it may use its arguments, the notebook's names and the learner's names, and
    must return plain data.

    Example:
        >>> @probe
        ... def leaves_its_input_alone(x: list[int]) -> bool:
        ...     before = list(x)
        ...     sorted(x)
        ...     return x == before
        >>> leaves_its_input_alone([3, 1, 2])
        True
    """
    return function if _sender is None else _sender(function)


@contextmanager
def probes_sent_by(sender: ProbeSender) -> Iterator[None]:
    """While the context lasts, `probe` hands its functions to `sender` (a link does this)."""
    global _sender
    previous, _sender = _sender, sender
    try:
        yield
    finally:
        _sender = previous

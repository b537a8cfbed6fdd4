"""Gradients by central differences.

In float64 only, as float32 leaves no digits after the subtraction; central, because the
error of a one-sided difference falls only with h and not with its square. The function
may look at `x` through its argument or through a closure, as CS231n's notebooks do: `x`
itself is changed, one entry at a time, and is given back bit for bit.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import array_api_compat
import numpy as np
from jaxtyping import Float64

from course.arrays import ArrayT, Number, constant, describe, is_array, namespace, require_number
from course.errors import ArgumentTypeError, ArgumentValueError

__all__ = ["Index", "numerical_gradient", "require_writable_float64", "slopes_at"]

Index = tuple[int, ...]


def numerical_gradient(
    f: Callable[[ArrayT], Any], x: Float64[ArrayT, "..."], h: Number = 1e-5
) -> Float64[ArrayT, "..."]:
    r"""Gradient of a scalar function by central differences.

    .. math:: \frac{\partial f}{\partial x_k} \approx \frac{f(x + h e_k) - f(x - h e_k)}{2h}

    with e_k the k-th unit vector; the error is of order h^2. The width 2h is measured on
    the numbers that x + h and x - h round to, which matters once x is large.

    Args:
        f: takes `x` itself and returns a scalar. It is called twice per entry.
        x: float64, of any shape. It is changed while f runs and restored bit for bit,
            also when f raises.
        h: the step, above 0.

    Returns:
        An array of the shape of `x`. Where f returns NaN or infinity, it shows.

    Raises:
        ArgumentTypeError: if `x` is no float64 array.
        ArgumentValueError: if `x` cannot be written to, if h is not above 0 or vanishes
            beside an entry of `x`, or if f returns no scalar.

    Example:
        >>> numerical_gradient(lambda x: (x**2).sum(), np.array([1.0, -3.0])).round(6)
        array([ 2., -6.])

    Source: CS231n, notes on optimization, "Computing the gradient numerically".
    """
    require_writable_float64(x)
    step = require_number("h", h, positive=True)
    slopes = list(slopes_at(f, x, step, np.ndindex(*x.shape)))
    gradient: ArrayT = namespace(x).zeros_like(constant(x))
    for index, slope in slopes:
        gradient[index] = slope
    return gradient


def slopes_at(
    f: Callable[[Any], Any], x: Any, h: float, indices: Iterable[Index]
) -> Iterator[tuple[Index, float]]:
    """The central difference of f at each of the indices of `x`, one after the other."""
    with _restored(x) as (view, original):
        for index in indices:
            centre = float(original[index])
            above, below = centre + h, centre - h
            if above == below:
                raise ArgumentValueError(
                    "h",
                    f"{h}, which vanishes beside the entry {centre} at index {index}",
                    "a step that changes every entry of x",
                    "Take a larger h, or bring x to the scale of 1.",
                )
            view[index] = above
            upper = _as_scalar(f(x))
            view[index] = below
            lower = _as_scalar(f(x))
            view[index] = centre
            yield index, (upper - lower) / (above - below)


@contextmanager
def _restored(x: Any) -> Iterator[tuple[Any, Any]]:
    # .data leaves autograd's version counter alone: a graph made earlier stays valid,
    # as the numbers it saved come back
    view = x.data if array_api_compat.is_torch_array(x) else x
    original = namespace(x).asarray(view, copy=True)
    try:
        yield view, original
    finally:
        view[...] = original


def _as_scalar(value: Any) -> float:
    shape = tuple(getattr(value, "shape", ()))
    if shape != () or not (is_array(value) or isinstance(value, float | int)):
        raise ArgumentValueError(
            "f",
            f"a function that returns {describe(value)}",
            "a function that returns a scalar",
            "Reduce its result, for instance with .mean() or .sum().",
        )
    return float(constant(value))


def require_writable_float64(x: Any) -> None:
    """Check that `x` is a float64 array each of whose entries can be changed by itself."""
    expected = "a float64 NumPy array or torch tensor"
    if not is_array(x) or isinstance(x, np.generic):
        raise ArgumentTypeError("x", describe(x), expected, "Wrap it with np.array(x, float).")
    if x.dtype != namespace(x).float64:
        hint = "Convert with x.astype(np.float64), or x.double() in torch: the differences"
        raise ArgumentTypeError("x", describe(x), expected, f"{hint} need all its digits.")
    torch_tensor = array_api_compat.is_torch_array(x)
    if not torch_tensor and not x.flags.writeable:
        raise ArgumentValueError(
            "x", "a read-only array", "an array that can be changed for a moment", "Use x.copy()."
        )
    strides = x.stride() if torch_tensor else x.strides
    if any(step == 0 and length > 1 for step, length in zip(strides, x.shape, strict=True)):
        raise ArgumentValueError(
            "x", "entries that share memory", "entries of their own", "Copy the expanded array."
        )

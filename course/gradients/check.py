"""The gradient check: an analytic gradient against the numerical one, and its record."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from jaxtyping import Float, Float64

from course.arrays import ArrayT, Number, constant, describe, is_array, require_number
from course.errors import ArgumentTypeError, ArgumentValueError
from course.gradients.error import relative_error
from course.gradients.numerical import Index, require_writable_float64, slopes_at

__all__ = ["GradientCheck", "check_gradient"]


@dataclass(frozen=True)
class GradientCheck:
    """What `check_gradient` saw: the entry where the two gradients differ most.

    Attributes:
        relative_error: the largest relative error over the entries that were checked.
        index: where it is.
        analytic: the gradient under test there.
        numeric: the numerical gradient there.
        checked: how many entries were checked.
        size: how many entries there are.
        tolerance: the relative error up to which the check passes.

    Example:
        >>> print(GradientCheck(0.5, (1, 0), 3.0, 6.0, checked=4, size=4, tolerance=1e-6))
        gradient check FAILED: the worst relative error is 5.0e-01 at index (1, 0) \
(analytic 3, numeric 6); 4 of 4 entries checked, tolerance 1e-06
    """

    relative_error: float
    index: Index
    analytic: float
    numeric: float
    checked: int
    size: int
    tolerance: float

    @property
    def passed(self) -> bool:
        """Whether the worst relative error is within the tolerance; never for NaN."""
        return self.relative_error <= self.tolerance

    def __str__(self) -> str:
        return (
            f"gradient check {'passed' if self.passed else 'FAILED'}: the worst relative error is "
            f"{self.relative_error:.1e} at index {self.index} (analytic {self.analytic:.8g}, "
            f"numeric {self.numeric:.8g}); {self.checked} of {self.size} entries checked, "
            f"tolerance {self.tolerance:.0e}"
        )


def check_gradient(
    f: Callable[[ArrayT], Any],
    gradient: Float[ArrayT, "*shape"],
    x: Float64[ArrayT, "*shape"],
    *,
    h: Number = 1e-5,
    tolerance: Number = 1e-6,
    samples: int | None = None,
    generator: np.random.Generator | None = None,
) -> GradientCheck:
    """Compare an analytic gradient with the numerical one, entry by entry.

    The result is a record to print, and its `passed` is a verdict to assert. It says
    where the worst entry is and what both gradients hold there. An entry whose true
    derivative is below about 1e-10 * abs(f) / tolerance is lost in the rounding of f and
    may fail although it is right: compare the two numbers before you blame the formula.

    Args:
        f: takes `x` and returns a scalar.
        gradient: the gradient of f at `x` to be checked, of the shape of `x`.
        x: float64, of any shape; restored bit for bit.
        h: the step of the central differences.
        tolerance: the relative error up to which the check passes.
        samples: check so many entries, drawn without replacement, instead of all.
        generator: draws them; needed when `samples` is given.

    Raises:
        ArgumentTypeError: as `numerical_gradient`; or if `gradient` is no array, or a
            sample is asked for without a generator.
        ArgumentValueError: as `numerical_gradient`; or if the shapes differ, `x` is
            empty, or there are not so many entries to sample.

    Example:
        >>> x = np.array([1.0, -3.0])
        >>> check = check_gradient(lambda x: (x**2).sum(), np.array([2.0, 6.0]), x)
        >>> check.passed, check.index, check.analytic, round(check.numeric, 6)
        (False, (1,), 6.0, -6.0)

    Source: CS231n, notes on neural networks 3, "Gradient checks".
    """
    require_writable_float64(x)
    _require_gradient_of(gradient, x)
    step = require_number("h", h, positive=True)
    limit = require_number("tolerance", tolerance)
    indices = _indices(tuple(x.shape), samples, generator)
    entries = []
    for index, numeric in slopes_at(f, x, step, indices):
        analytic = float(constant(gradient)[index])
        entries.append((float(relative_error(analytic, numeric)), index, analytic, numeric))
    worst = max(entries, key=lambda entry: math.inf if math.isnan(entry[0]) else entry[0])
    return GradientCheck(*worst, checked=len(entries), size=math.prod(x.shape), tolerance=limit)


def _indices(
    shape: Index, samples: int | None, generator: np.random.Generator | None
) -> list[Index]:
    size = math.prod(shape)
    if size == 0:
        raise ArgumentValueError(
            "x", f"the empty shape {shape}", "at least one entry", "There is nothing to check."
        )
    if samples is None:
        return list(np.ndindex(*shape))
    if generator is None:
        raise ArgumentTypeError(
            "generator",
            "None",
            "a numpy.random.Generator, as samples is given",
            "Pass generator=np.random.default_rng(0).",
        )
    if not 1 <= samples <= size:
        raise ArgumentValueError(
            "samples",
            repr(samples),
            f"a number in 1..{size}, the entries of x",
            "Leave it out to check them all.",
        )
    chosen = np.sort(generator.choice(size, samples, replace=False))
    return [tuple(int(i) for i in np.unravel_index(int(k), shape)) for k in chosen]


def _require_gradient_of(gradient: object, x: Any) -> None:
    expected = f"an array of shape {tuple(x.shape)}, as x"
    if not is_array(gradient):
        hint = "Pass the gradient at x, not the function that computes it."
        raise ArgumentTypeError("gradient", describe(gradient), expected, hint)
    if tuple(cast(Any, gradient).shape) != tuple(x.shape):
        hint = "The gradient of a scalar has the shape of what it is taken by."
        raise ArgumentValueError("gradient", describe(gradient), expected, hint)

"""The exponential moving average, with the correction for its start at 0."""

from typing import Any

import numpy as np
import numpy.typing as npt
from jaxtyping import Float64

from course.arrays import Number, require_number
from course.errors import ArgumentTypeError, ArgumentValueError

__all__ = ["MovingAverage", "exponential_moving_average", "require_beta"]


class MovingAverage:
    """The average while the values still come in.

    Example:
        >>> average = MovingAverage(0.5)
        >>> average.update(2.0), average.update(4.0)
        (2.0, 3.3333333333333335)
    """

    def __init__(self, beta: float, *, debias: bool = True) -> None:
        self._beta = beta
        self._debias = debias
        self._biased = 0.0
        self._missing = 1.0  # beta ** n, the weight that the start at 0 still has

    def update(self, value: float) -> float:
        """Take in one more value, and return the average so far."""
        self._biased = self._beta * self._biased + (1 - self._beta) * value
        self._missing *= self._beta
        return self._biased / (1 - self._missing) if self._debias else self._biased


def exponential_moving_average(
    values: npt.ArrayLike, beta: Number, debias: bool = True
) -> Float64[np.ndarray, " n"]:
    r"""Smooth a noisy curve: each value counts `beta` times less than the one after it.

    .. math::
        m_i = \beta \, m_{i-1} + (1 - \beta) \, x_i, \quad m_{-1} = 0, \qquad
        \hat m_i = \frac{m_i}{1 - \beta^{i+1}}

    with ``x`` = `values` and the Greek beta = `beta`. It looks back over about
    1 / (1 - beta) values. Without the division the first ones are drawn towards 0: at
    beta = 0.98 the first average would be a fiftieth of the first value.

    Args:
        values: (n,), numbers; from the first NaN on the average is NaN.
        beta: at least 0, below 1; 0 leaves the values as they are.
        debias: divide by 1 - beta ** (i + 1).

    Returns:
        (n,), float64.

    Raises:
        ArgumentTypeError: if `values` are no numbers.
        ArgumentValueError: if they have more than one dimension, or beta is out of range.

    Example:
        >>> exponential_moving_average([4.0, 4.0, 1.0], 0.5)
        array([4.        , 4.        , 2.28571429])
        >>> exponential_moving_average([4.0, 4.0, 1.0], 0.5, debias=False)
        array([2., 3., 2.])

    Source: Kingma and Ba, "Adam", ICLR 2015, section 3, for the correction.
    """
    average = MovingAverage(require_beta("beta", beta), debias=debias)
    numbers = _as_row(values)
    return np.array([average.update(float(value)) for value in numbers], dtype=np.float64)


def require_beta(name: str, beta: object) -> float:
    """Check that the weight of the past is at least 0 and below 1.

    Example:
        >>> require_beta("smoothing", 98)
        Traceback (most recent call last):
        course.errors.ArgumentValueError: smoothing: expected a number in 0..1, below 1, got 98. \
Try 0.98.
    """
    number = require_number(name, beta)
    if number >= 1:
        raise ArgumentValueError(name, repr(beta), "a number in 0..1, below 1", "Try 0.98.")
    return number


def _as_row(values: Any) -> npt.NDArray[np.float64]:
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        hint = "Pass a list or an array of losses."
        raise ArgumentTypeError("values", f"a {type(values).__name__}", "numbers", hint) from None
    if numbers.ndim != 1:
        hint = "Smooth one curve at a time."
        raise ArgumentValueError("values", f"shape {numbers.shape}", "shape (n,)", hint)
    return numbers

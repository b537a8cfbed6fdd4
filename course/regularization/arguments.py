"""The checks that the members of this package share."""

import math
from typing import Any, cast

import numpy as np

from course.arrays import constant, describe, is_array, namespace
from course.errors import ArgumentTypeError, ArgumentValueError

__all__ = ["require_array", "require_weights"]


def require_array(name: str, value: object) -> Any:
    """Check that an argument is a floating array or tensor that is not empty; return its namespace.

    Example:
        >>> require_array("x", np.array([1, 2]))
        Traceback (most recent call last):
        course.errors.ArgumentTypeError: x: expected a floating NumPy array or torch tensor, \
got a int64 array of shape (2,). Convert it: x.astype(np.float64), or x.double() in torch.
    """
    array = cast(Any, value)
    if not is_array(value) or not namespace(value).isdtype(array.dtype, "real floating"):
        expected = "a floating NumPy array or torch tensor"
        hint = f"Convert it: {name}.astype(np.float64), or {name}.double() in torch."
        raise ArgumentTypeError(name, describe(value), expected, hint)
    if 0 in array.shape:
        raise ArgumentValueError(name, describe(value), "at least one entry", "Check its shape.")
    return namespace(value)


def require_weights(weights: object, *, bias_row: bool) -> Any:
    """Check weights, NaN and infinity included; return those that a penalty counts.

    Example:
        >>> require_weights(np.array([[1.0], [2.0]]), bias_row=True)
        array([[1.]])
    """
    xp, array = require_array("weights", weights), cast(Any, weights)
    with np.errstate(over="ignore", invalid="ignore"):
        total = float(xp.sum(constant(array)))
    if not math.isfinite(total) and not bool(xp.all(xp.isfinite(array))):
        hint = "Look at the step before: too large a learning rate is a common cause."
        raise ArgumentValueError("weights", "NaN or infinity", "finite numbers", hint)
    if not bias_row:
        return array
    if array.ndim < 1 or array.shape[0] < 2:
        hint = "With the bias trick W has shape (D + 1, C); otherwise leave bias_row out."
        raise ArgumentValueError("weights", describe(weights), "a bias row below others", hint)
    return array[:-1]

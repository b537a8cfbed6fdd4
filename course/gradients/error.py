"""The relative error between two gradients, entry by entry.

CS231n's `rel_error` returns the maximum; here every entry keeps its own, so that one
can see *where* two gradients differ.
"""

from typing import Any

import array_api_compat
import numpy as np
from jaxtyping import Float

from course.arrays import ArrayT, Number, constant, describe, is_array, namespace
from course.errors import ArgumentTypeError

__all__ = ["relative_error"]


def relative_error(a: ArrayT | Number, b: ArrayT | Number) -> Float[ArrayT, "..."]:
    r"""Relative error of each entry, as large as the larger of the two numbers allows.

    .. math:: \frac{|a - b|}{\max(|a|, |b|)}, \quad 0 \text{ where } a = b = 0

    It lies in 0..2, is symmetric, and is 2 wherever the two differ in sign only. CS231n's
    `rel_error` returns the maximum over the entries; here each keeps its own, so that one
    can see *where* the gradients differ. For the worst of them write
    ``relative_error(a, b).max()``, or use `check_gradient`, which names the place.

    Args:
        a: a number or an array; integers are taken as float64.
        b: the other, of a shape that broadcasts with that of `a`.

    Returns:
        An array of the common shape, a scalar for scalars. NaN where either is NaN or
        infinite, so that no comparison with a tolerance passes there.

    Raises:
        ArgumentTypeError: if either is no number and no array, or if one is a NumPy
            array and the other a torch tensor.

    Example:
        >>> relative_error(np.array([2.0, 0.0, 1.0]), np.array([1.0, 0.0, -1.0]))
        array([0.5, 0. , 2. ])
        >>> float(relative_error(1e-9, 2e-9))
        0.5

    Source: CS231n, notes on neural networks 3, "Gradient checks".
    """
    first, second = _alike(a, b)
    xp = namespace(first)
    with np.errstate(invalid="ignore", over="ignore"):
        larger = xp.maximum(xp.abs(first), xp.abs(second))
        error: ArrayT = xp.abs(first - second) / xp.where(larger == 0, 1.0, larger)
    return error


def _alike(a: object, b: object) -> tuple[Any, Any]:
    """Both as floating arrays of one library; a number joins whichever the other is."""
    for name, value in (("a", a), ("b", b)):
        if not is_array(value) and not isinstance(value, float | int):
            hint = "Convert it with np.asarray."
            raise ArgumentTypeError(name, describe(value), "a number or an array", hint)
    if is_array(a) and is_array(b) and namespace(a) is not namespace(b):
        expected = f"a {_library(a)} array, as a is"
        hint = "Use b.detach().numpy() or torch.as_tensor(b)."
        raise ArgumentTypeError("b", f"a {_library(b)} array", expected, hint)
    model = _floating(a if is_array(a) else b if is_array(b) else np.float64(0))
    xp, device = namespace(model), array_api_compat.device(model)
    first, second = (
        _floating(value) if is_array(value) else xp.asarray(value, dtype=model.dtype, device=device)
        for value in (a, b)
    )
    return first, second


def _library(array: object) -> str:
    return "torch" if array_api_compat.is_torch_array(array) else "NumPy"


def _floating(array: Any) -> Any:
    xp = namespace(array)
    if xp.isdtype(array.dtype, "real floating"):
        return constant(array)
    return xp.astype(array, xp.float64)

"""Helpers that let one algorithm serve NumPy arrays and torch tensors alike.

The algorithms are written once against the array API standard, which array-api-compat
provides for both. (The alternative, one implementation per library, would have to be
kept equal by hand.) torch itself is never imported here: it is only there if the caller
brought a tensor.

The checks below guarantee that an algorithm sees arrays of one library, of the right
dtype, shape and range, and they are cheap beside the algorithm: nothing larger than a
vector is allocated, and the scores are read at most once.
"""

import math
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import array_api_compat
import numpy as np

from course.errors import ArgumentTypeError, ArgumentValueError

if TYPE_CHECKING:
    import numpy.typing as npt
    import torch

    ArrayT = TypeVar("ArrayT", npt.NDArray[Any], torch.Tensor)
else:
    ArrayT = TypeVar("ArrayT")

__all__ = [
    "ArrayT",
    "Number",
    "Reduction",
    "constant",
    "describe",
    "is_array",
    "namespace",
    "raise_not_finite",
    "reduce_rows",
    "require_count",
    "require_finite",
    "require_number",
    "require_reduction",
    "require_scores",
    "require_targets",
]

Number = float | int
Reduction = Literal["mean", "sum", "none"]


def is_array(value: object) -> bool:
    """Whether `value` is a NumPy array (or scalar) or a torch tensor.

    Example:
        >>> is_array(np.zeros(3)), is_array([0, 0, 0])
        (True, False)
    """
    return array_api_compat.is_numpy_array(value) or array_api_compat.is_torch_array(value)


def namespace(array: object) -> Any:
    """The array API namespace of an array: the functions that fit its library.

    Example:
        >>> float(namespace(np.zeros(3)).sum(np.ones(3)))
        3.0
    """
    return array_api_compat.array_namespace(array)


def constant(array: ArrayT) -> ArrayT:
    """The same numbers, cut off from any autograd graph (a NumPy array is returned as it is).

    Example:
        >>> import torch
        >>> constant(torch.ones(2, requires_grad=True)).requires_grad
        False
    """
    detach = getattr(array, "detach", None)
    plain: ArrayT = array if detach is None else detach()
    return plain


def describe(value: object) -> str:
    """A value in the words of an error message.

    Example:
        >>> describe(np.zeros((2, 3))), describe([1, 2]), describe("mean")
        ('a float64 array of shape (2, 3)', 'a list', "'mean'")
    """
    if is_array(value):
        array = cast(Any, value)
        return f"a {_dtype_name(array)} array of shape {tuple(array.shape)}"
    if value is None or isinstance(value, str | int | float):
        return repr(value)
    return f"a {type(value).__name__}"


def _dtype_name(array: Any) -> str:
    return str(array.dtype).removeprefix("torch.")


def require_scores(scores: object) -> Any:
    """Check that `scores` is a floating (N, C) array with N, C >= 1; return its namespace.

    Raises:
        ArgumentTypeError: if `scores` is no array, or holds no real floating-point numbers.
        ArgumentValueError: if its shape is not (N, C) with N >= 1 and C >= 1.

    Example:
        >>> require_scores(np.zeros(3))
        Traceback (most recent call last):
        course.errors.ArgumentValueError: scores: expected shape (N, C) with N >= 1 examples \
and C >= 1 classes, got a float64 array of shape (3,). For a single example use scores[None, :].
    """
    if not is_array(scores):
        raise ArgumentTypeError(
            "scores",
            describe(scores),
            "a NumPy array or a torch tensor",
            "Convert it first, for instance with np.asarray(scores, dtype=np.float64).",
        )
    xp, array = namespace(scores), cast(Any, scores)
    if not xp.isdtype(array.dtype, "real floating"):
        raise ArgumentTypeError(
            "scores",
            describe(scores),
            "floating-point numbers",
            "Choose a precision yourself: scores.astype(np.float64), or scores.double() in torch.",
        )
    if array.ndim != 2 or 0 in array.shape:
        raise ArgumentValueError(
            "scores",
            describe(scores),
            "shape (N, C) with N >= 1 examples and C >= 1 classes",
            "For a single example use scores[None, :].",
        )
    return xp


def require_targets(scores: Any, targets: object) -> Any:
    """Check `targets` against checked `scores`; return them as int64 indices.

    Raises:
        ArgumentTypeError: if they are no integers or of another array library.
        ArgumentValueError: if they are not N classes in 0..C-1 on the device of the scores.

    Example:
        >>> require_targets(np.zeros((2, 3)), np.array([0, 3]))
        Traceback (most recent call last):
        course.errors.ArgumentValueError: targets: expected classes in 0..2, got 3 at index 1. \
Classes count from 0; scores has 3 columns.
    """
    _require_same_library(scores, targets)
    xp, array = namespace(scores), cast(Any, targets)
    if not xp.isdtype(array.dtype, "integral"):
        raise ArgumentTypeError(
            "targets",
            describe(targets),
            "integers",
            "targets[i] is the index of the correct class of row i, not a one-hot row.",
        )
    examples, classes = scores.shape
    if tuple(array.shape) != (examples,):
        raise ArgumentValueError(
            "targets",
            f"shape {tuple(array.shape)}",
            f"shape ({examples},), one class for each row of scores",
            "Flatten with targets.reshape(-1), or check that both hold the same examples.",
        )
    # torch reads a uint8 index as a mask, and cannot compare every unsigned dtype
    indices = xp.astype(array, xp.int64, copy=False)
    if int(xp.min(indices)) < 0 or int(xp.max(indices)) >= classes:
        _raise_out_of_range(xp, indices, classes)
    return indices


def _require_same_library(scores: Any, targets: object) -> None:
    if not is_array(targets) or namespace(targets) is not namespace(scores):
        wanted = "a torch tensor" if array_api_compat.is_torch_array(scores) else "a NumPy array"
        raise ArgumentTypeError(
            "targets",
            f"a {type(targets).__module__}.{type(targets).__name__}",
            f"{wanted} of integers, as scores is {wanted}",
            "Convert it with torch.as_tensor(targets) or np.asarray(targets).",
        )
    if array_api_compat.device(targets) != array_api_compat.device(scores):
        raise ArgumentValueError(
            "targets",
            f"an array on {array_api_compat.device(targets)}",
            f"an array on {array_api_compat.device(scores)}, where scores is",
            "Move it with targets.to(scores.device).",
        )


def _raise_out_of_range(xp: Any, indices: Any, classes: int) -> None:
    position = int(xp.argmax(xp.astype((indices < 0) | (indices >= classes), xp.int8)))
    raise ArgumentValueError(
        "targets",
        f"{int(indices[position])} at index {position}",
        f"classes in 0..{classes - 1}",
        f"Classes count from 0; scores has {classes} columns.",
    )


def require_finite(scores: Any) -> None:
    """Check that no score is NaN or infinite, by one sum over them.

    A finite sum proves it without a temporary array; only a sum that overflowed makes us
    look at each entry.

    Raises:
        ArgumentValueError: if a score is NaN or infinite.

    Example:
        >>> require_finite(np.array([[1.0, np.nan]]))
        Traceback (most recent call last):
        course.errors.ArgumentValueError: scores: expected finite numbers, got nan \
at index (0, 1). Look at the step before: too large a learning rate is a common cause.
    """
    xp, scores = namespace(scores), constant(scores)
    with np.errstate(over="ignore", invalid="ignore"):
        if math.isfinite(float(xp.sum(scores))):
            return
    rows, columns = xp.nonzero(~xp.isfinite(scores))
    if len(rows):
        raise_not_finite(scores, int(rows[0]), int(columns[0]))


def raise_not_finite(scores: Any, row: int, column: int) -> None:
    """Raise the error for a score that is NaN or infinite where it may not be."""
    raise ArgumentValueError(
        "scores",
        f"{float(scores[row, column])} at index {(row, column)}",
        "finite numbers",
        "Look at the step before: too large a learning rate is a common cause.",
    )


def require_number(name: str, value: object, *, positive: bool = False) -> float:
    """Check that an argument is a finite number, at least 0 (or above 0 if `positive`).

    Example:
        >>> require_number("margin", -1.0)
        Traceback (most recent call last):
        course.errors.ArgumentValueError: margin: expected a finite number >= 0, got -1.0. \
Check its sign.
    """
    expected = f"a finite number {'>' if positive else '>='} 0"
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ArgumentTypeError(name, describe(value), expected, "Use a Python float.")
    number = float(value)
    if not math.isfinite(number) or number < 0 or (positive and number == 0):
        raise ArgumentValueError(name, repr(value), expected, "Check its sign.")
    return number


def require_count(name: str, value: object, *, at_least: int = 1) -> int:
    """Check that an argument is a whole number of a certain size; return it as an int.

    Example:
        >>> require_count("steps", 2.5)
        Traceback (most recent call last):
        course.errors.ArgumentTypeError: steps: expected a whole number >= 1, got 2.5. Use an int.
    """
    expected = f"a whole number >= {at_least}"
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise ArgumentTypeError(name, describe(value), expected, "Use an int.")
    if value < at_least:
        hint = f"The least that makes sense is {at_least}."
        raise ArgumentValueError(name, describe(value), expected, hint)
    return int(value)


def require_reduction(reduction: object) -> None:
    """Check that `reduction` is one of "mean", "sum" and "none".

    Example:
        >>> require_reduction("average")
        Traceback (most recent call last):
        course.errors.ArgumentValueError: reduction: expected 'mean', 'sum' or 'none', \
got 'average'. The course averages over examples: 'mean'.
    """
    if reduction not in ("mean", "sum", "none"):
        raise ArgumentValueError(
            "reduction",
            describe(reduction),
            "'mean', 'sum' or 'none'",
            "The course averages over examples: 'mean'.",
        )


def reduce_rows(losses: ArrayT, reduction: Reduction) -> ArrayT:
    """Reduce the losses of N examples: their mean, their sum, or each by itself.

    Example:
        >>> float(reduce_rows(np.array([1.0, 3.0]), "mean"))
        2.0
    """
    if reduction == "none":
        return losses
    reduced: ArrayT = getattr(namespace(losses), reduction)(losses)
    return reduced

r"""Softmax cross-entropy: the negative log-probability of the correct class.

It is computed from ``logsumexp`` with each row shifted by its own maximum, so that no
finite score overflows and no probability is rounded to 0 before its logarithm is taken:
``log(softmax(s))`` would give infinity where the answer is, say, 20 000. The shift
cancels from the mathematics, hence it carries no gradient.

The options chosen: torch's own fused `log_softmax` and `softmax` do this for tensors, in
two passes and with an autograd that can be differentiated twice; NumPy has no such
function, and gets it written out. A row that cannot be right comes out as NaN, so the
check looks at one column of the result and never reads the scores again.

A score of minus infinity is allowed: that class then has probability 0. Its loss, if it
is the correct class, is infinite.
"""

import math
from typing import Any

import numpy as np
from array_api_compat import is_torch_array
from jaxtyping import Float, Integer

from course.arrays import (
    ArrayT,
    Reduction,
    constant,
    namespace,
    raise_not_finite,
    reduce_rows,
    require_reduction,
    require_scores,
    require_targets,
)

__all__ = ["log_softmax", "softmax_cross_entropy", "softmax_cross_entropy_gradient"]


def log_softmax(scores: Float[ArrayT, "N C"]) -> Float[ArrayT, "N C"]:
    r"""Logarithm of the class probabilities.

    .. math:: \log p_{ij} = s_{ij} - \log \sum_k e^{s_{ik}}

    with ``s`` = `scores`.

    Args:
        scores: (N, C), of any floating dtype, which is kept.

    Returns:
        (N, C), at most 0; the exponentials of each row sum to 1.

    Raises:
        ArgumentTypeError: if the scores are no array of floating-point numbers.
        ArgumentValueError: if their shape is not (N, C), or a row holds NaN, plus
            infinity or nothing but minus infinity.

    Example:
        >>> import numpy as np
        >>> log_softmax(np.array([[1e4, 0.0, -1e4]]))
        array([[     0., -10000., -20000.]])

    Source: CS231n, notes on linear classification, "Practical issues: Numeric stability".
    """
    require_scores(scores)
    result: ArrayT = _log_softmax(scores)
    return result


def softmax_cross_entropy(
    scores: Float[ArrayT, "N C"],
    targets: Integer[ArrayT, " N"],
    *,
    reduction: Reduction = "mean",
) -> Float[ArrayT, "..."]:
    r"""Cross-entropy between the softmax of the scores and the correct classes.

    .. math:: L_i = \log \sum_j e^{s_{ij}} - s_{i y_i} = -\log p_{i y_i}

    with ``s`` = `scores` and ``y`` = `targets`; the logarithm is the natural one. At
    W = 0 all scores are equal and each example costs log C.

    Args:
        scores: (N, C), of any floating dtype, which is kept.
        targets: (N,), integers in 0..C-1.
        reduction: "mean" or "sum" over the examples, or "none" for the N losses.

    Returns:
        The loss, of shape () or, with reduction="none", (N,).

    Raises:
        ArgumentTypeError: no array, no floating-point scores, or targets that are no
            integers of the same library.
        ArgumentValueError: a shape, a target or a reduction that cannot be right, or a
            row that holds NaN, plus infinity or nothing but minus infinity.

    Example:
        The cat of the lecture: probabilities .13, .87 and .00, and -ln(.13) = 2.04
        (slides that print 0.89 took the logarithm to base 10):

        >>> import numpy as np
        >>> scores = np.array([[3.2, 5.1, -1.7]])
        >>> round(float(softmax_cross_entropy(scores, np.array([0]))), 2)
        2.04

    Source: CS231n, lecture 3, "Softmax classifier".
    """
    require_reduction(reduction)
    xp = require_scores(scores)
    indices = require_targets(scores, targets)
    rows = xp.arange(len(indices), device=indices.device)
    losses: ArrayT = -_log_softmax(scores)[rows, indices]
    return reduce_rows(losses, reduction)


def softmax_cross_entropy_gradient(
    scores: Float[ArrayT, "N C"],
    targets: Integer[ArrayT, " N"],
    *,
    reduction: Reduction = "mean",
) -> Float[ArrayT, "N C"]:
    r"""Gradient of `softmax_cross_entropy` by the scores.

    .. math:: \frac{\partial L_i}{\partial s_{ij}} = p_{ij} - [j = y_i]

    so every row sums to 0, and "mean" divides by N. With "sum" and "none" row i holds the
    gradient of the loss of example i.

    Args:
        scores: (N, C), of any floating dtype, which is kept.
        targets: (N,), integers in 0..C-1.
        reduction: that of the loss which is differentiated.

    Returns:
        (N, C), the dtype of the scores, without an autograd graph.

    Raises:
        ArgumentTypeError: as `softmax_cross_entropy`.
        ArgumentValueError: as `softmax_cross_entropy`.

    Example:
        >>> import numpy as np
        >>> softmax_cross_entropy_gradient(np.zeros((1, 4)), np.array([1]))
        array([[ 0.25, -0.75,  0.25,  0.25]])

    Source: CS231n, notes "Putting it together: minimal neural network case study".
    """
    require_reduction(reduction)
    xp = require_scores(scores)
    indices = require_targets(scores, targets)
    gradient: ArrayT = _softmax(constant(scores))
    gradient[xp.arange(len(indices), device=indices.device), indices] -= 1
    if reduction == "mean":
        gradient /= len(gradient)
    return gradient


def _log_softmax(scores: Any) -> Any:
    if is_torch_array(scores):
        result = scores.log_softmax(1)
        _require_no_nan(constant(result), scores)
        return result
    shifted = _shifted(scores)
    shifted -= np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    return shifted


def _softmax(scores: Any) -> Any:
    if is_torch_array(scores):
        result = scores.softmax(1)
        _require_no_nan(result, scores)
        return result
    result = _shifted(scores)
    np.exp(result, out=result)
    result /= np.sum(result, axis=1, keepdims=True)
    return result


def _require_no_nan(result: Any, scores: Any) -> None:
    """A row with NaN, plus infinity or only minus infinity is NaN all over once normalised."""
    if bool(result[:, 0].isnan().any()):
        _raise_for_row(constant(scores), int(result[:, 0].isnan().nonzero()[0]))


def _shifted(scores: Any) -> Any:
    """Scores less the maximum of their row, which is where NaN and infinity show up."""
    largest = np.max(scores, axis=1, keepdims=True)
    fine = np.isfinite(largest[:, 0])
    if not fine.all():
        _raise_for_row(scores, int(fine.argmin()))
    return scores - largest


def _raise_for_row(scores: Any, row: int) -> None:
    fine = scores[row] < math.inf  # False for NaN too
    lowest = namespace(scores).astype(fine, namespace(scores).int8)
    raise_not_finite(scores, row, int(namespace(scores).argmin(lowest)))

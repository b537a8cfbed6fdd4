"""The multiclass support vector machine (hinge) loss of Weston and Watkins.

The option chosen: the sum over all wrong classes, as in CS231n. Crammer and Singer take
the worst class only (scikit-learn's `hinge_loss`), and torch's `multi_margin_loss`
divides this sum by C. At the kink, where a margin is met exactly, the loss has no
derivative; both the gradient here and autograd through the loss take the subgradient 0.
"""

from typing import Any

import numpy as np
from array_api_compat import is_torch_array
from jaxtyping import Float, Integer

from course.arrays import (
    ArrayT,
    Number,
    Reduction,
    constant,
    namespace,
    reduce_rows,
    require_finite,
    require_number,
    require_reduction,
    require_scores,
    require_targets,
)

__all__ = ["multiclass_hinge", "multiclass_hinge_gradient"]


def multiclass_hinge(
    scores: Float[ArrayT, "N C"],
    targets: Integer[ArrayT, " N"],
    *,
    margin: Number = 1.0,
    reduction: Reduction = "mean",
) -> Float[ArrayT, "..."]:
    r"""Multiclass SVM loss: every wrong class should stay a margin below the correct one.

    .. math:: L_i = \sum_{j \ne y_i} \max(0,\; s_{ij} - s_{i y_i} + \Delta)

    with ``s`` = `scores`, ``y`` = `targets` and the Greek Delta = `margin`. At W = 0 all
    scores are equal and each example costs (C - 1) * margin.

    Args:
        scores: (N, C), finite, of any floating dtype, which is kept.
        targets: (N,), integers in 0..C-1.
        margin: how far below the correct score is far enough, at least 0.
        reduction: "mean" or "sum" over the examples, or "none" for the N losses.

    Returns:
        The loss, of shape () or, with reduction="none", (N,).

    Raises:
        ArgumentTypeError: no array, no floating-point scores, or targets that are no
            integers of the same library.
        ArgumentValueError: a shape, a target, a margin, a reduction or a score (NaN,
            infinite) that cannot be right.

    Example:
        The cat, car and frog of the lecture, whose losses are 2.9, 0 and 12.9:

        >>> import numpy as np
        >>> scores = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
        >>> multiclass_hinge(scores, np.array([0, 1, 2]), reduction="none").round(4)
        array([ 2.9,  0. , 12.9])
        >>> round(float(multiclass_hinge(scores, np.array([0, 1, 2]))), 4)
        5.2667

    Source: Weston and Watkins, "Support vector machines for multi-class pattern
    recognition", ESANN 1999; CS231n, lecture 3.
    """
    require_reduction(reduction)
    excess, _, _ = _excess(scores, targets, margin)
    losses: ArrayT = namespace(scores).sum(_positive_part(excess), axis=1)
    return reduce_rows(losses, reduction)


def multiclass_hinge_gradient(
    scores: Float[ArrayT, "N C"],
    targets: Integer[ArrayT, " N"],
    *,
    margin: Number = 1.0,
    reduction: Reduction = "mean",
) -> Float[ArrayT, "N C"]:
    r"""Gradient of `multiclass_hinge` by the scores.

    .. math::
        \frac{\partial L_i}{\partial s_{ij}} = [s_{ij} - s_{i y_i} + \Delta > 0]
        \quad (j \ne y_i), \qquad
        \frac{\partial L_i}{\partial s_{i y_i}} = -\sum_{j \ne y_i}
        \frac{\partial L_i}{\partial s_{ij}}

    so every row sums to 0, and "mean" divides by N. With "sum" and "none" row i holds the
    gradient of the loss of example i. A margin that is met exactly counts as met.

    Args:
        scores: (N, C), finite, of any floating dtype, which is kept.
        targets: (N,), integers in 0..C-1.
        margin: as for `multiclass_hinge`.
        reduction: that of the loss which is differentiated.

    Returns:
        (N, C), the dtype of the scores, without an autograd graph.

    Raises:
        ArgumentTypeError: as `multiclass_hinge`.
        ArgumentValueError: as `multiclass_hinge`.

    Example:
        >>> import numpy as np
        >>> scores = np.array([[2.2, 2.5, -3.1]])  # both wrong classes are too high
        >>> multiclass_hinge_gradient(scores, np.array([2]))
        array([[ 1.,  1., -2.]])

    Source: CS231n, notes on optimization, "Gradient computation".
    """
    require_reduction(reduction)
    excess, rows, indices = _excess(constant(scores), targets, margin)
    xp = namespace(scores)
    gradient: ArrayT = xp.astype(excess > 0, excess.dtype)
    gradient[rows, indices] = -xp.sum(gradient, axis=1)
    if reduction == "mean":
        gradient /= len(gradient)
    return gradient


def _excess(scores: Any, targets: object, margin: object) -> tuple[Any, Any, Any]:
    """s_j - s_y + margin, 0 in the column of the correct class; and that column's index."""
    xp = require_scores(scores)
    indices = require_targets(scores, targets)
    width = require_number("margin", margin)
    require_finite(scores)
    rows = xp.arange(scores.shape[0], device=indices.device)
    excess = scores - scores[rows, indices][:, None]
    excess += width
    excess[rows, indices] = 0
    return excess, rows, indices


def _positive_part(excess: Any) -> Any:
    """max(0, excess), in place; of torch's ways to say it, relu is 0 at the kink."""
    return excess.relu_() if is_torch_array(excess) else np.maximum(excess, 0, out=excess)

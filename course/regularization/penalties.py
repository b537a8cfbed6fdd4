r"""Penalties on the weights, and their gradients.

The options chosen: no 1/2 before the squares, and a sum over all weights, not a mean.
scikit-learn's elastic net and many books write :math:`\tfrac12 \lambda \sum W^2`; their
lambda is twice ours. Where a weight is 0, the absolute value has no derivative, and the
subgradient 0 is taken, as torch's autograd does.

A bias moves the decision without making it more complex, so it is usually left out. Where
it is an array of its own, do not pass it. Where it is the last row of W (the bias trick,
with a column of ones at the end of X), say ``bias_row=True``.
"""

from typing import Any

from jaxtyping import Float

from course.arrays import ArrayT, Number, namespace, require_number
from course.regularization.arguments import require_weights

__all__ = [
    "elastic_net",
    "elastic_net_gradient",
    "l1",
    "l1_gradient",
    "l2",
    "l2_gradient",
]


def l1(
    weights: Float[ArrayT, "..."], strength: Number, *, bias_row: bool = False
) -> Float[ArrayT, ""]:
    r"""L1 penalty (lasso): each weight costs its distance from 0, and many end there.

    .. math:: R(W) = \lambda \sum |W|

    with ``W`` = `weights` and lambda = `strength`.

    Args:
        weights: of any shape and floating dtype, which is kept; finite.
        strength: at least 0.
        bias_row: leave out the last row, which is the bias.

    Raises:
        ArgumentTypeError: no floating array, or a strength that is no number.
        ArgumentValueError: empty, NaN or infinite weights, or a negative strength.

    Example:
        >>> import numpy as np
        >>> float(l1(np.array([[1.0, -2.0], [0.0, 3.0]]), 0.1).round(6))
        0.6
        >>> float(l1(np.array([[1.0, -2.0], [0.0, 3.0]]), 0.1, bias_row=True).round(6))
        0.3

    Source: CS231n, lecture 3, "Regularization"; Tibshirani, "Regression shrinkage and
    selection via the lasso", 1996.
    """
    return elastic_net(weights, l1=require_number("strength", strength), l2=0, bias_row=bias_row)


def l2(
    weights: Float[ArrayT, "..."], strength: Number, *, bias_row: bool = False
) -> Float[ArrayT, ""]:
    r"""L2 penalty (ridge): large weights cost most, so that many small ones share the work.

    .. math:: R(W) = \lambda \sum W^2

    with ``W`` = `weights` and lambda = `strength`; there is no 1/2.

    Args:
        weights: of any shape and floating dtype, which is kept; finite.
        strength: at least 0.
        bias_row: leave out the last row, which is the bias.

    Raises:
        ArgumentTypeError, ArgumentValueError: as `l1`.

    Example:
        >>> import numpy as np
        >>> float(l2(np.array([[1.0, -2.0], [0.0, 3.0]]), 0.1).round(6))
        1.4

    Source: CS231n, lecture 3, "Regularization".
    """
    return elastic_net(weights, l1=0, l2=require_number("strength", strength), bias_row=bias_row)


def elastic_net(
    weights: Float[ArrayT, "..."], *, l1: Number, l2: Number, bias_row: bool = False
) -> Float[ArrayT, ""]:
    r"""Elastic net: the L1 and the L2 penalty together.

    .. math:: R(W) = \lambda_1 \sum |W| + \lambda_2 \sum W^2

    with ``W`` = `weights`, lambda_1 = `l1` and lambda_2 = `l2`.

    Args:
        weights: of any shape and floating dtype, which is kept; finite.
        l1: strength of the absolute values, at least 0.
        l2: strength of the squares, at least 0.
        bias_row: leave out the last row, which is the bias.

    Raises:
        ArgumentTypeError, ArgumentValueError: as `l1`.

    Example:
        >>> import numpy as np
        >>> float(elastic_net(np.array([1.0, -2.0]), l1=0.1, l2=0.2).round(6))
        1.3

    Source: Zou and Hastie, "Regularization and variable selection via the elastic net",
    2005; CS231n, lecture 3.
    """
    counted, first, second = _checked(weights, l1, l2, bias_row)
    xp = namespace(weights)
    penalty: ArrayT = first * xp.sum(xp.abs(counted)) + second * xp.sum(counted * counted)
    return penalty


def l1_gradient(
    weights: Float[ArrayT, "..."], strength: Number, *, bias_row: bool = False
) -> Float[ArrayT, "..."]:
    r"""Gradient of `l1` by the weights: lambda sign(W), 0 for a weight of 0.

    Args:
        weights: as for `l1`.
        strength: as for `l1`.
        bias_row: as for `l1`; the gradient of that row is 0.

    Returns:
        The shape and dtype of the weights.

    Raises:
        ArgumentTypeError, ArgumentValueError: as `l1`.

    Example:
        >>> import numpy as np
        >>> l1_gradient(np.array([3.0, 0.0, -0.5]), 0.1)
        array([ 0.1,  0. , -0.1])

    Source: CS231n, notes on neural networks, part 2, "Regularization".
    """
    strength = require_number("strength", strength)
    return elastic_net_gradient(weights, l1=strength, l2=0, bias_row=bias_row)


def l2_gradient(
    weights: Float[ArrayT, "..."], strength: Number, *, bias_row: bool = False
) -> Float[ArrayT, "..."]:
    r"""Gradient of `l2` by the weights: 2 lambda W, as there is no 1/2.

    Args:
        weights: as for `l2`.
        strength: as for `l2`.
        bias_row: as for `l2`; the gradient of that row is 0.

    Returns:
        The shape and dtype of the weights.

    Raises:
        ArgumentTypeError, ArgumentValueError: as `l1`.

    Example:
        >>> import numpy as np
        >>> l2_gradient(np.array([3.0, 0.0, -0.5]), 0.5)
        array([ 3. ,  0. , -0.5])

    Source: CS231n, notes on neural networks, part 2, "Regularization".
    """
    strength = require_number("strength", strength)
    return elastic_net_gradient(weights, l1=0, l2=strength, bias_row=bias_row)


def elastic_net_gradient(
    weights: Float[ArrayT, "..."], *, l1: Number, l2: Number, bias_row: bool = False
) -> Float[ArrayT, "..."]:
    r"""Gradient of `elastic_net` by the weights.

    .. math:: \frac{\partial R}{\partial W} = \lambda_1 \operatorname{sign}(W) + 2 \lambda_2 W

    Args:
        weights: as for `elastic_net`.
        l1: as for `elastic_net`.
        l2: as for `elastic_net`.
        bias_row: as for `elastic_net`; the gradient of that row is 0.

    Returns:
        The shape and dtype of the weights.

    Raises:
        ArgumentTypeError, ArgumentValueError: as `l1`.

    Example:
        >>> import numpy as np
        >>> elastic_net_gradient(np.array([3.0, 0.0]), l1=0.5, l2=1.0)
        array([6.5, 0. ])

    Source: as `elastic_net`.
    """
    _, first, second = _checked(weights, l1, l2, bias_row)
    gradient: ArrayT = first * namespace(weights).sign(weights) + 2 * second * weights
    if bias_row:
        gradient[-1] = 0
    return gradient


def _checked(weights: Any, l1: object, l2: object, bias_row: bool) -> tuple[Any, float, float]:
    counted = require_weights(weights, bias_row=bias_row)
    return counted, require_number("l1", l1), require_number("l2", l2)
